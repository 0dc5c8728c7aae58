"""A running summary of the middle and the last turns as they are."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from annotated_types import Ge, Interval

from memeval.kit import powers
from memeval.kit.document import Document
from memeval.kit.protocols import Embedder
from memeval.kit.ranges import ranged
from memeval.kit.tokens import Tokenizer
from memeval.kit.types import Context, Query, Segment, Turn
from memeval.strategies.short_term.extractive import Extract, Sentence
from memeval.strategies.short_term.window import Window


@ranged
class Summary:
    """System turns, a summary of at most `tokens`, then the last `turns` turns.

    Turns that leave the window wait there until `block` of them have gathered and are then folded into the summary
    together: the new summary is chosen from the old one and the new turns alone, so that writing costs the same at
    the end of a long dialogue as at its start, and what was dropped once is gone, as with a summary that a model
    rewrites.
    """

    def __init__(
        self,
        document: Document,
        tokenizer: Tokenizer,
        embedder: Embedder,
        turns: Annotated[int, Ge(1)] = 10,
        tokens: Annotated[int, Ge(1)] = 600,
        block: Annotated[int, Ge(1)] = 32,
        diversity: Annotated[float, Interval(ge=0, le=1)] = 0.4,
    ) -> None:
        """Set the sizes.

        Args:
            document: template of the turns.
            tokenizer: counts the summary.
            embedder: compares sentences.
            turns: turns of history that are never summarised.
            tokens: size of the summary; a read with a small budget shows its best part, at most half of the budget.
            block: turns folded in at once.
            diversity: 0 takes the most central sentences, 1 the most different ones.
        """
        self._document = document
        self._count = tokenizer.count
        self._turns = turns
        self._tokens = tokens
        self._block = block
        self._embedder = embedder
        self._extract = Extract(embedder, diversity)
        self._window = Window(document, tokenizer)
        self._recent: list[Turn] = []
        self._summary: list[Sentence] = []
        self._shown: tuple[int, list[Segment]] | None = None
        self._folds = 0

    def prepare(self) -> None:
        """Load the embedder and the sentence splitter."""
        self._extract.prepare()
        powers.prepare(self._embedder)

    def write(self, turns: Sequence[Turn]) -> None:
        """Append, and fold whole blocks of turns that left the window into the summary."""
        self._window.write([turn for turn in turns if turn.role == "system"])
        self._recent += [turn for turn in turns if turn.role != "system" and (turn.text or turn.caption)]
        while len(self._recent) >= self._turns + self._block:
            leaving, self._recent = self._recent[: self._block], self._recent[self._block :]
            fresh = self._extract.sentences(leaving, self._document)
            self._summary = self._fold([*self._summary, *fresh])
            self._folds += 1
        self._window.restart(self._recent)
        self._shown = None

    def _fold(self, candidates: Sequence[Sentence]) -> list[Sentence]:
        kept: list[Sentence] = []
        left = self._tokens
        for sentence in self._extract.ranked(candidates):
            tokens = self._count(sentence.text)
            if tokens <= left:
                kept.append(sentence)
                left -= tokens
        return kept

    def read(self, query: Query, budget: int) -> Context:
        """System turns, the summary, the newest turns."""
        system = [segment for segment in self._window.read(budget) if segment.kind == "system"]
        room = budget - sum(self._count(segment.text) for segment in system)
        summary = self._best_part(room // 2)
        taken = sum(self._count(segment.text) for segment in summary)
        # The window counts the system turns again, so only the summary is taken from its budget.
        history = [segment for segment in self._window.read(budget - taken) if segment.kind == "history"]
        return Context((*system, *summary, *history))

    def _best_part(self, room: int) -> list[Segment]:
        if self._shown is not None and self._shown[0] == room:
            return self._shown[1]
        kept: list[Sentence] = []
        left = room
        for sentence in self._summary:
            tokens = self._count(sentence.text)
            if tokens <= left:
                kept.append(sentence)
                left -= tokens
        kept.sort(key=lambda sentence: sentence.order)
        self._shown = (room, [sentence.segment() for sentence in kept])
        return self._shown[1]

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Drop these turns and the sentences taken from them; what else they had displaced does not come back."""
        gone = set(turn_ids)
        self._recent = [turn for turn in self._recent if turn.id not in gone]
        self._summary = [sentence for sentence in self._summary if sentence.turn not in gone]
        self._window.forget(turn_ids)
        self._shown = None

    def stats(self) -> Mapping[str, float]:
        """How often the summary was rewritten and how many sentences it has."""
        return {"summary_folds": self._folds, "summary_sentences": len(self._summary)}
