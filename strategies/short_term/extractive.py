"""Sentences of a dialogue and which say most: LexRank for centrality, maximal marginal relevance for variety."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from memeval.kit.document import Document
from memeval.kit.protocols import Embedder
from memeval.kit.types import Segment, Turn, Vectors

_DAMPING = 0.85
_STEPS = 30
_LONGEST = 400
_ENDS = re.compile(r"[.!?…。！？]")


@dataclass(frozen=True, slots=True, eq=False)
class Sentence:
    """A sentence with its place in the dialogue. `vector` (d,) is its embedding, made once."""

    order: tuple[int, int]
    text: str
    turn: str
    verbatim: bool
    vector: Vectors

    def segment(self) -> Segment:
        """As a piece of a summary; verbatim only if it is the whole of its turn."""
        return Segment("summary", self.text, (self.turn,), self.verbatim)


class Extract:
    """Extractive summarising over an embedder.

    Sources: LexRank, Erkan and Radev 2004, section 3.2 (continuous form: the cosine matrix, row-normalised, with
    damping); maximal marginal relevance, Carbonell and Goldstein 1998, section 2.
    """

    def __init__(self, embedder: Embedder, diversity: float) -> None:
        """Take the embedder and the weight of variety, 0 to 1."""
        self._embedder = embedder
        self._diversity = diversity
        self._written = 0

    def prepare(self) -> None:
        """Load the sentence splitter."""
        _splitter()

    def sentences(self, turns: Sequence[Turn], document: Document) -> list[Sentence]:
        """Sentences of the turns, each written like a turn of its own, embedded in one batch."""
        found: list[tuple[tuple[int, int], str, str, str, bool]] = []
        for turn in turns:
            self._written += 1
            parts = split(turn.text) or [""]
            for number, part in enumerate(parts):
                caption = turn.caption if number == len(parts) - 1 else None
                if not part and not caption:
                    continue
                line = document.render(Turn(turn.id, turn.session, turn.speaker, turn.role, part, turn.time, caption))
                whole = turn.text.strip() in line
                found.append(((self._written, number), line, part or str(caption), turn.id, whole))
        vectors = self._embedder.embed([bare for _, _, bare, _, _ in found]) if found else ()
        return [
            Sentence(order, line, turn, verbatim, vector)
            for (order, line, _, turn, verbatim), vector in zip(found, vectors, strict=True)
        ]

    def ranked(self, sentences: Sequence[Sentence]) -> list[Sentence]:
        """All sentences, the most telling first; equal ones in order of the dialogue."""
        if not sentences:
            return []
        vectors = np.stack([sentence.vector for sentence in sentences])
        similar = np.clip(vectors @ vectors.T, 0, 1)
        central = _lexrank(similar)
        order: list[int] = []
        nearest = np.zeros(len(sentences), dtype=np.float32)
        open_ = np.ones(len(sentences), dtype=bool)
        for _ in sentences:
            gain = np.where(open_, (1 - self._diversity) * central - self._diversity * nearest, -np.inf)
            best = int(np.argmax(gain))
            order.append(best)
            open_[best] = False
            nearest = np.maximum(nearest, similar[best])
        return [sentences[index] for index in order]


def _lexrank(similar: Vectors) -> Vectors:
    """Centrality, scaled to a maximum of 1 so that it can be weighed against a cosine."""
    rows = similar / np.maximum(similar.sum(axis=1, keepdims=True), 1e-9)
    n = len(similar)
    rank = np.full(n, 1 / n, dtype=np.float32)
    for _ in range(_STEPS):
        rank = (1 - _DAMPING) / n + _DAMPING * (rows.T @ rank)
    return np.asarray(rank / rank.max(), dtype=np.float32)


def split(text: str) -> list[str]:
    """Sentences of a text, stripped; a text without a full stop is one sentence."""
    text = text.strip()
    if not text:
        return []
    if len(_ENDS.findall(text)) < 2 and "\n" not in text:
        return [text]
    lines = (line.strip() for line in text.splitlines())
    return [part.strip() for line in lines if line for part in _splitter()(line) if part.strip()]


@lru_cache(maxsize=1)
def _splitter() -> Any:
    from nupunkt import sent_tokenize

    return sent_tokenize
