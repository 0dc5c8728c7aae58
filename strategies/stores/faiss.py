"""FAISS: exact inner products on a flat index (Johnson et al. 2017)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from memeval.errors import ModelError
from memeval.strategies.stores.vectors import best_of, checked, fits
from memeval.types import Match, Vectors


class _Scope:
    """An index for each user: filtering one large index would read everybody's vectors for each query."""

    def __init__(self, index: Any) -> None:
        self.index = index
        self.numbers: dict[str, int] = {}
        self.names: dict[int, str] = {}
        self.payloads: dict[str, Mapping[str, Any]] = {}
        self.next = 0


class FaissStore:
    """Vectors in a flat FAISS index in memory; payloads are kept beside it."""

    def __init__(self, threads: int = 1) -> None:
        """Open; `threads` for a search, of which more than one is slower up to some 100,000 vectors."""
        try:
            import faiss
        except ImportError as error:
            raise ModelError(
                "vector_store=faiss needs its package: pip install faiss-cpu, or vector_store=numpy"
            ) from error
        self._faiss = faiss
        self._threads = threads
        self._scopes: dict[str, _Scope] = {}
        self._dimension: int | None = None

    def upsert(self, scope: str, ids: Sequence[str], vectors: Vectors, payloads: Sequence[Mapping[str, Any]]) -> None:
        """Add or replace; a replaced vector keeps its place among equal scores."""
        vectors = checked(vectors, self._dimension, len(ids))
        self._dimension = vectors.shape[1]
        each = self._scopes.get(scope)
        if each is None:
            index = self._faiss.IndexIDMap2(self._faiss.IndexFlatIP(self._dimension))
            each = self._scopes[scope] = _Scope(index)
        last = {name: position for position, name in enumerate(ids)}
        old = [each.numbers[name] for name in last if name in each.numbers]
        if old:
            each.index.remove_ids(np.array(old, dtype=np.int64))
        for name, position in last.items():
            if name not in each.numbers:
                each.numbers[name] = each.next
                each.names[each.next] = name
                each.next += 1
            each.payloads[name] = payloads[position]
        numbers = np.array([each.numbers[name] for name in last], dtype=np.int64)
        each.index.add_with_ids(vectors[list(last.values())], numbers)

    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        """The k most similar."""
        query = checked(vector[None], self._dimension)
        each = self._scopes.get(scope)
        if each is None or not each.numbers or k < 1:
            return []
        self._faiss.omp_set_num_threads(self._threads)
        allowed = None
        size = len(each.numbers)
        if where is not None:
            fitting = [each.numbers[name] for name, payload in each.payloads.items() if fits(payload, where)]
            if not fitting:
                return []
            size = len(fitting)
            selector: Any = self._faiss.IDSelectorBatch
            parameters: Any = self._faiss.SearchParameters
            allowed = parameters(sel=selector(np.array(fitting, dtype=np.int64)))

        def fetch(n: int) -> Sequence[tuple[str, float]]:
            scores, numbers = each.index.search(query, n, params=allowed)
            return [(each.names[int(i)], float(s)) for i, s in zip(numbers[0], scores[0], strict=True) if i >= 0]

        found = best_of(fetch, each.numbers, k, size)
        return [Match(name, score, each.payloads[name]) for name, score in found]

    def delete(self, scope: str, ids: Sequence[str]) -> None:
        """Remove."""
        each = self._scopes.get(scope)
        known = [name for name in ids if each is not None and name in each.numbers]
        if each is None or not known:
            return
        each.index.remove_ids(np.array([each.numbers[name] for name in dict.fromkeys(known)], dtype=np.int64))
        for name in dict.fromkeys(known):
            del each.names[each.numbers.pop(name)], each.payloads[name]

    def count(self, scope: str) -> int:
        """Vectors of the scope."""
        each = self._scopes.get(scope)
        return 0 if each is None else len(each.numbers)

    def stats(self) -> Mapping[str, float]:
        """Bytes of vectors and their ids."""
        width = 4 * (self._dimension or 0) + 8
        return {"index_bytes": sum(each.index.ntotal * width for each in self._scopes.values())}

    def close(self) -> None:
        """Let go of everything."""
        self._scopes.clear()
