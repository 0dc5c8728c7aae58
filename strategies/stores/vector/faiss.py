"""FAISS: exact inner products on a flat index (Johnson et al. 2017)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from memeval.kit.errors import ConfigError, ModelError
from memeval.kit.stores import Match
from memeval.kit.types import Vectors
from memeval.strategies.stores.vector.ranking import check_query, check_write, fetch_near_best, fits, rank


class _Scope:
    """An index for each user: one for all would compare a query with everybody's vectors, or skip them one by one."""

    def __init__(self, index: Any) -> None:
        self.index = index
        # FAISS knows numbers only: they are given in order of first writing.
        self.numbers: dict[str, int] = {}
        self.names: dict[int, str] = {}
        self.payloads: dict[str, Mapping[str, Any]] = {}
        self.next = 0

    def put(self, ids: Sequence[str], vectors: Vectors, payloads: Sequence[Mapping[str, Any]]) -> None:
        self._take_out([name for name in ids if name in self.numbers])
        for name, payload in zip(ids, payloads, strict=True):
            if name not in self.numbers:
                self.numbers[name] = self.next
                self.names[self.next] = name
                self.next += 1
            self.payloads[name] = payload
        self.index.add_with_ids(vectors, np.array([self.numbers[name] for name in ids], dtype=np.int64))

    def remove(self, ids: Sequence[str]) -> None:
        known = [name for name in dict.fromkeys(ids) if name in self.numbers]
        self._take_out(known)
        for name in known:
            del self.names[self.numbers.pop(name)], self.payloads[name]

    def _take_out(self, ids: Sequence[str]) -> None:
        if ids:
            self.index.remove_ids(np.array([self.numbers[name] for name in ids], dtype=np.int64))


class FaissStore:
    """Vectors in a flat FAISS index in memory; payloads are kept beside it; equal scores keep the order of writing."""

    def __init__(self, threads: int = 1) -> None:
        """Open.

        Args:
            threads: of a search, set for all of FAISS in this process; more than one is slower below some 100,000
                vectors.

        Raises:
            ConfigError: no thread.
            ModelError: FAISS is not installed.
        """
        if threads < 1:
            raise ConfigError(f"vector_store.threads={threads} must be 1 or more, e.g. vector_store.threads=1")
        try:
            import faiss
        except ImportError as error:
            raise ModelError(
                "vector_store=faiss needs its package: pip install faiss-cpu, or choose vector_store=numpy"
            ) from error
        self._faiss = faiss
        self._threads = threads
        self._scopes: dict[str, _Scope] = {}
        self._dimension: int | None = None

    def upsert(self, scope: str, ids: Sequence[str], vectors: Vectors, payloads: Sequence[Mapping[str, Any]]) -> None:
        """Add or replace; a replaced vector keeps its place among equal scores."""
        if not len(ids) and not len(vectors):
            return
        names, vectors, contents = check_write(scope, ids, vectors, payloads, self._dimension)
        self._dimension = vectors.shape[1]
        if scope not in self._scopes:
            self._scopes[scope] = _Scope(self._faiss.IndexIDMap2(self._faiss.IndexFlatIP(self._dimension)))
        self._scopes[scope].put(names, vectors, contents)

    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        """The k most similar."""
        vector = check_query(vector, where, self._dimension)
        each = self._scopes.get(scope)
        if each is None or not each.numbers or k < 1:
            return []
        allowed = None
        size = len(each.numbers)
        if where is not None:
            fitting = [each.numbers[name] for name, payload in each.payloads.items() if fits(payload, where)]
            if not fitting:
                return []
            size = len(fitting)
            selector = self._faiss.IDSelectorBatch(np.array(fitting, dtype=np.int64))
            parameters: Any = self._faiss.SearchParameters
            allowed = parameters(sel=selector)
        self._faiss.omp_set_num_threads(self._threads)

        def fetch(n: int) -> Sequence[tuple[int, float]]:
            scores, numbers = each.index.search(vector[None], n, params=allowed)
            # Where there are fewer, FAISS fills up with -1.
            found = zip(numbers[0].tolist(), scores[0].tolist(), strict=True)
            return [(number, score) for number, score in found if number >= 0]

        numbers = fetch_near_best(fetch, k, size)
        rows = each.index.reconstruct_batch(np.array(numbers, dtype=np.int64))
        found = rank(numbers, rows, vector, numbers, k)
        return [Match(each.names[number], score, each.payloads[each.names[number]]) for number, score in found]

    def delete(self, scope: str, ids: Sequence[str]) -> None:
        """Remove."""
        if scope in self._scopes:
            self._scopes[scope].remove(ids)

    def count(self, scope: str) -> int:
        """Vectors of the scope."""
        return len(self._scopes[scope].numbers) if scope in self._scopes else 0

    def stats(self) -> Mapping[str, float]:
        """Bytes of vectors and their numbers, all scopes together."""
        width = 4 * (self._dimension or 0) + 8
        return {"index_bytes": sum(each.index.ntotal * width for each in self._scopes.values())}

    def close(self) -> None:
        """Let go of everything."""
        self._scopes.clear()
