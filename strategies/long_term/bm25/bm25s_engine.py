"""bm25s: scores computed at indexing time, so that a search is a few sums (Lu 2024, arXiv 2407.03618)."""

import logging
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

from memeval.language.analysis import Analyses
from memeval.strategies.long_term.bm25.engine import best


@cache
def _package() -> Any:
    """The package bm25s, which uses scipy only for an option that is not used here, and runs without it.

    Importing scipy takes longer than indexing and searching a benchmark of some conversations.
    """
    hidden = "scipy.sparse" not in sys.modules
    if hidden:
        # None makes an import of this name fail, which is what bm25s is prepared for.
        sys.modules["scipy.sparse"] = None  # type: ignore[assignment]
    try:
        import bm25s
    finally:
        if hidden:
            del sys.modules["scipy.sparse"]
    # The package lets all its debug lines through to whatever handler the application has.
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    return bm25s


class Bm25sEngine:
    """The index cannot be added to: it is built anew from the term ids of all texts, each analysed once."""

    def __init__(self, analysis: Analyses, method: str, k1: float, b: float, delta: float) -> None:
        """Start empty."""
        bm25s = _package()
        self._analysis = analysis
        self._vocabulary: dict[str, int] = {}
        self._corpus: dict[int, list[int]] = {}
        self._numbers: list[int] = []
        self._index = bm25s.BM25(
            k1=k1,
            b=b,
            delta=delta,
            method="bm25+" if method == "bm25plus" else method,
            backend="numpy",
            csc_backend="numpy",
        )
        self._built = False
        self._rebuilds = 0

    def update(self, texts: Mapping[int, str | None]) -> None:
        """Analyse what changed and build the index anew."""
        vocabulary = self._vocabulary
        for number, text in texts.items():
            if text is None:
                self._corpus.pop(number, None)
            else:
                self._corpus[number] = [
                    vocabulary.setdefault(term, len(vocabulary)) for term in self._analysis.terms(text)
                ]
        self._numbers = list(self._corpus)
        # Nothing to divide by: bm25s fails on a corpus without a single term.
        self._built = any(self._corpus.values())
        if self._built:
            corpus = list(self._corpus.values())
            self._index.index((corpus, vocabulary), create_empty_token=False, show_progress=False)
            self._rebuilds += 1

    def search(self, text: str, k: int, every: bool) -> list[tuple[int, float]]:
        """See `Engine.search`."""
        numbers = self._numbers
        known = self._vocabulary
        ids = [known[term] for term in self._analysis.terms(text) if term in known] if self._built else []
        if not ids:
            return [(number, 0.0) for number in numbers[:k]] if every else []
        scores = self._index.get_scores_from_ids(ids)
        # BM25L and BM25+ give something to texts without the term, too.
        floor = self._index.nonoccurrence_array
        above = None if every else 0.0 if floor is None else floor[ids].sum()
        return [(numbers[position], score) for position, score in best(scores, k, above)]

    def knows(self, text: str) -> bool:
        """See `Engine.knows`."""
        # The vocabulary also holds terms of texts that are gone.
        ids = {self._vocabulary[term] for term in self._analysis.terms(text) if term in self._vocabulary}
        return bool(ids) and not all(ids.isdisjoint(terms) for terms in self._corpus.values())

    def stats(self) -> Mapping[str, float]:
        """Bytes of the score matrix."""
        arrays = ("data", "indices", "indptr")
        size = sum(self._index.scores[name].nbytes for name in arrays) if self._built else 0
        return {"index_bytes": size, "rebuilds": self._rebuilds}

    def close(self) -> None:
        """Nothing to release."""
