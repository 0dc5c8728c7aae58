"""Vectors in a SQLite file, compared by numpy: exact, kept, and without an engine to install."""

import sqlite3
from collections.abc import Mapping, Sequence

import numpy as np

from memeval.kit import engines
from memeval.kit.types import Vectors
from memeval.strategies.stores.clients import sqlite
from memeval.strategies.stores.vector.base import Row, VectorBase
from memeval.strategies.stores.vector.ranking import near_best

_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (
    number INTEGER PRIMARY KEY, scope TEXT NOT NULL, id TEXT NOT NULL, place INTEGER NOT NULL,
    vector BLOB NOT NULL, payload TEXT NOT NULL, UNIQUE (scope, id)
);
CREATE TABLE IF NOT EXISTS facts (
    fact TEXT NOT NULL, number INTEGER NOT NULL REFERENCES vectors ON DELETE CASCADE, PRIMARY KEY (fact, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS facts_number ON facts (number);
"""
_UPSERT = """
INSERT INTO vectors (scope, id, place, vector, payload) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (scope, id) DO UPDATE SET vector = excluded.vector, payload = excluded.payload RETURNING number
"""
_HAS = " AND number IN (SELECT number FROM facts WHERE fact = ?)"
_ROWS = "SELECT number, id, place, payload FROM vectors WHERE number IN ({})"
# Below SQLite's limit for the parameters of a statement.
_PART = 500


class SqliteVectors(VectorBase):
    """One table of vectors, float32 as bytes. A search reads all vectors of the scope that fit the filter.

    Several processes may use the same file, each call being one transaction.
    """

    def __init__(self, path: str | None = None, timeout: float = 30.0) -> None:
        """Open or create.

        Args:
            path: the file; None keeps the table in memory.
            timeout: seconds to wait for another writer.

        Raises:
            ConfigError: a file that cannot be opened or is no SQLite database.
        """
        super().__init__("sqlite", exact=True)
        self._db = sqlite.opened("vector_store", path, timeout, _SCHEMA)
        engines.served_by(engines.Engine("sqlite", "real", "SQLite", sqlite3.sqlite_version, {"search": "exact"}))

    def _find(self) -> int | None:
        row = self._db.execute("SELECT length(vector) FROM vectors LIMIT 1").fetchone()
        return None if row is None else int(row[0]) // 4

    def _create(self, dimension: int) -> None:
        # The table knows no dimension; from here on this store does.
        self._dimension = dimension

    def _write(self, scope: str, rows: Sequence[Row]) -> None:
        with sqlite.transaction(self._db):
            for row in rows:
                values = (scope, row.id, row.place, row.vector.astype("<f4").tobytes(), row.payload)
                number = self._db.execute(_UPSERT, values).fetchone()[0]
                self._db.execute("DELETE FROM facts WHERE number = ?", (number,))
                self._db.executemany("INSERT INTO facts VALUES (?, ?)", [(each, number) for each in set(row.facts)])

    def _near(self, scope: str, vector: Vectors, n: int, facts: Sequence[str]) -> Sequence[tuple[Row, float]]:
        statement = "SELECT number, vector FROM vectors WHERE scope = ?" + _HAS * len(facts)
        found = self._db.execute(statement, (scope, *facts)).fetchall()
        if not found:
            return []
        matrix = np.frombuffer(b"".join(row[1] for row in found), dtype="<f4").reshape(len(found), -1)
        scores = matrix @ vector
        chosen = near_best(scores, n)
        chosen = chosen[np.argsort(-scores[chosen])]
        numbers = [found[position][0] for position in chosen]
        rows: dict[int, tuple[str, int, str]] = {}
        for start in range(0, len(numbers), _PART):
            part = numbers[start : start + _PART]
            for number, name, place, payload in self._db.execute(_ROWS.format(",".join("?" * len(part))), part):
                rows[number] = name, place, payload
        answer = []
        for number, position in zip(numbers, chosen, strict=True):
            if number in rows:  # else another process has removed it in between
                name, place, payload = rows[number]
                answer.append((Row(name, place, matrix[position], payload), float(scores[position])))
        return answer

    def _remove(self, scope: str, names: Sequence[str]) -> None:
        marks = ",".join("?" * len(names))
        self._db.execute(f"DELETE FROM vectors WHERE scope = ? AND id IN ({marks})", (scope, *names))

    def _size(self, scope: str) -> int:
        return int(self._db.execute("SELECT count(*) FROM vectors WHERE scope = ?", (scope,)).fetchone()[0])

    def _written(self, scope: str) -> Mapping[str, int]:
        return dict(self._db.execute("SELECT id, place FROM vectors WHERE scope = ?", (scope,)).fetchall())

    def stats(self) -> Mapping[str, float]:
        """Bytes of the database, all scopes together."""
        return {"index_bytes": sqlite.size(self._db)}

    def _release(self) -> None:
        self._db.close()
