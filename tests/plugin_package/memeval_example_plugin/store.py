"""A vector store that keeps vectors in dictionaries."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from memeval.kit.stores import Match
from memeval.kit.types import Vectors
from memeval.strategies.stores.vector.ranking import check_query, check_write, fits, rank


class Dictionaries:
    """Unit vectors with payloads, one dictionary for each scope. A scope is one user.

    The functions of `memeval.strategies.stores.vector.ranking` refuse what no store takes, and compute the scores, so
    that every store gives the same vector the same score.
    """

    def __init__(self) -> None:
        self._scopes: dict[str, dict[str, tuple[Vectors, Mapping[str, Any]]]] = {}
        self._dimension: int | None = None

    def upsert(self, scope: str, ids: Sequence[str], vectors: Vectors, payloads: Sequence[Mapping[str, Any]]) -> None:
        """Write `vectors` (n, d) under `ids`; a known id of the same scope is replaced."""
        if not len(ids) and not len(vectors):
            return
        names, rows, contents = check_write(scope, ids, vectors, payloads, self._dimension)
        self._dimension = rows.shape[1]
        self._scopes.setdefault(scope, {}).update(
            (name, (row.copy(), content)) for name, row, content in zip(names, rows, contents, strict=True)
        )

    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        """The at most `k` nearest of the scope to `vector` (d,), best first; `where` filters payloads by equality."""
        query = check_query(vector, where, self._dimension)
        entries = {name: entry for name, entry in self._scopes.get(scope, {}).items() if fits(entry[1], where)}
        if not entries or k < 1:
            return []
        rows = np.stack([row for row, _ in entries.values()])
        best = rank(list(entries), rows, query, range(len(entries)), k)
        return [Match(name, score, dict(entries[name][1])) for name, score in best]

    def delete(self, scope: str, ids: Sequence[str]) -> None:
        """Remove; unknown ids are ignored."""
        for name in ids:
            self._scopes.get(scope, {}).pop(name, None)

    def count(self, scope: str) -> int:
        """How many vectors the scope holds."""
        return len(self._scopes.get(scope, {}))

    def close(self) -> None:
        """Release files and connections. It may be called twice."""
        self._scopes.clear()
