"""rank_bm25: scores computed at search time in Python, as many published baselines do."""

import sys
from collections.abc import Mapping
from typing import Any

from memeval.language.analysis import Analyses
from memeval.strategies.long_term.bm25.engine import best


class RankBm25Engine:
    """Okapi with the package's floor under negative idf, BM25L or BM25+; built anew at each update."""

    def __init__(self, analysis: Analyses, method: str, k1: float, b: float, delta: float, epsilon: float) -> None:
        """Start empty."""
        self._analysis = analysis
        self._method = method
        self._options = {"k1": k1, "b": b} | ({"epsilon": epsilon} if method == "okapi" else {"delta": delta})
        self._delta = delta
        self._corpus: dict[int, list[str]] = {}
        self._numbers: list[int] = []
        self._index: Any = None
        self._rebuilds = 0

    def update(self, texts: Mapping[int, str | None]) -> None:
        """Analyse what changed and build the index anew."""
        import rank_bm25

        for number, text in texts.items():
            if text is None:
                self._corpus.pop(number, None)
            else:
                self._corpus[number] = self._analysis.terms(text)
        self._numbers = list(self._corpus)
        self._index = None
        # Nothing to divide by: rank_bm25 fails on a corpus without a single term.
        if any(self._corpus.values()):
            classes = {"okapi": rank_bm25.BM25Okapi, "bm25l": rank_bm25.BM25L, "bm25plus": rank_bm25.BM25Plus}
            self._index = classes[self._method](list(self._corpus.values()), **self._options)
            self._rebuilds += 1

    def search(self, text: str, k: int, every: bool) -> list[tuple[int, float]]:
        """See `Engine.search`."""
        numbers = self._numbers
        terms = self._analysis.terms(text) if self._index is not None else []
        known = [term for term in terms if term in self._index.idf]
        if not known:
            return [(number, 0.0) for number in numbers[:k]] if every else []
        scores = self._index.get_scores(known)
        floor = 0.0
        if self._method == "bm25plus":
            # In the package's own order of additions, so that it equals the score of a text without the terms exactly.
            for term in known:
                floor += self._index.idf[term] * self._delta
        return [(numbers[position], score) for position, score in best(scores, k, None if every else floor)]

    def knows(self, text: str) -> bool:
        """See `Engine.knows`."""
        return self._index is not None and any(term in self._index.idf for term in self._analysis.terms(text))

    def stats(self) -> Mapping[str, float]:
        """Bytes of the tables of term frequencies and idf, without the strings that they share."""
        tables = [*self._index.doc_freqs, self._index.idf] if self._index is not None else []
        return {"index_bytes": sum(sys.getsizeof(table) for table in tables), "rebuilds": self._rebuilds}

    def close(self) -> None:
        """Nothing to release."""
