"""Exact search by a matrix product: no engine, no loss, the measure of all others."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from memeval.strategies.stores.vectors import best, checked, fits
from memeval.types import Match, Vectors


class _Scope:
    """The rows of one user; a deleted row stays as a gap until half of them are gaps."""

    def __init__(self, dimension: int) -> None:
        self.rows: dict[str, int] = {}
        self.ids: list[str | None] = []
        self.payloads: list[Mapping[str, Any]] = []
        self.matrix = np.empty((16, dimension), dtype=np.float32)

    def put(self, name: str, vector: Vectors, payload: Mapping[str, Any]) -> None:
        row = self.rows.get(name)
        if row is None:
            row = self.rows[name] = len(self.ids)
            self.ids.append(name)
            self.payloads.append(payload)
            if row == len(self.matrix):
                self.matrix = np.concatenate([self.matrix, np.empty_like(self.matrix)])
        self.matrix[row] = vector
        self.payloads[row] = payload

    def remove(self, name: str) -> None:
        row = self.rows.pop(name, None)
        if row is None:
            return
        self.ids[row] = None
        if len(self.rows) * 2 < len(self.ids):
            kept = [row for row, each in enumerate(self.ids) if each is not None]
            self.matrix = np.concatenate([self.matrix[kept], np.empty((16, self.matrix.shape[1]), dtype=np.float32)])
            self.payloads = [self.payloads[row] for row in kept]
            self.ids = [self.ids[row] for row in kept]
            self.rows = {str(name): row for row, name in enumerate(self.ids)}


class NumpyStore:
    """Vectors in memory, a matrix for each scope; equal scores keep the order of first writing."""

    def __init__(self) -> None:
        """Start empty."""
        self._scopes: dict[str, _Scope] = {}
        self._dimension: int | None = None

    def upsert(self, scope: str, ids: Sequence[str], vectors: Vectors, payloads: Sequence[Mapping[str, Any]]) -> None:
        """Add or replace."""
        vectors = checked(vectors, self._dimension, len(ids))
        self._dimension = vectors.shape[1]
        rows = self._scopes.setdefault(scope, _Scope(self._dimension))
        for name, vector, payload in zip(ids, vectors, payloads, strict=True):
            rows.put(name, vector, payload)

    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        """The k most similar."""
        vector = checked(vector[None], self._dimension)[0]
        rows = self._scopes.get(scope)
        if rows is None or not rows.rows or k < 1:
            return []
        size = len(rows.ids)
        scores = rows.matrix[:size] @ vector
        if len(rows.rows) < size or where is not None:
            gone = [row for row in range(size) if rows.ids[row] is None or not fits(rows.payloads[row], where)]
            scores[gone] = -np.inf
        found = best(scores, np.arange(size), k)
        return [Match(str(rows.ids[row]), score, rows.payloads[row]) for row, score in found]

    def delete(self, scope: str, ids: Sequence[str]) -> None:
        """Remove."""
        rows = self._scopes.get(scope)
        if rows is not None:
            for name in ids:
                rows.remove(name)

    def count(self, scope: str) -> int:
        """Vectors of the scope."""
        rows = self._scopes.get(scope)
        return 0 if rows is None else len(rows.rows)

    def stats(self) -> Mapping[str, float]:
        """Bytes of all matrices."""
        return {"index_bytes": sum(rows.matrix.nbytes for rows in self._scopes.values())}

    def close(self) -> None:
        """Let go of everything."""
        self._scopes.clear()
