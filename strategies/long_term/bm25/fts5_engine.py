"""SQLite FTS5: an inverted index on disk or in memory that texts are added to."""

import sqlite3
from collections.abc import Iterable, Mapping

from memeval.kit.errors import ConfigError
from memeval.kit.text import encodable
from memeval.language.analysis import Analyses

# Built into FTS5's bm25(): https://www.sqlite.org/fts5.html#the_bm25_function
K1 = 1.2
B = 0.75

_SCHEMA = (
    "CREATE TABLE passages(number INTEGER PRIMARY KEY, scope TEXT NOT NULL, text TEXT NOT NULL)",
    "CREATE INDEX passages_by_scope ON passages(scope)",
    "CREATE VIRTUAL TABLE search USING fts5(text, content='passages', content_rowid='number', tokenize='{tokenize}')",
)
_SEARCH = """
SELECT search.rowid, bm25(search) AS cost FROM search JOIN passages ON passages.number = search.rowid
WHERE search MATCH ? AND passages.scope = ? ORDER BY cost, search.rowid LIMIT ?
"""


class Fts5Engine:
    """One table in which several engines can each have a scope of their own.

    Document frequencies and average length are those of the whole table, all scopes together.
    """

    def __init__(self, analysis: Analyses, tokenize: str | None, scope: str, path: str | None) -> None:
        """Open or make the table.

        Args:
            analysis: splits queries and, unless `tokenize` is given, texts.
            tokenize: SQLite's own tokenizer for texts and for the words of queries, e.g. "porter unicode61".
            scope: whose texts these are; what an earlier run has left under it is removed.
            path: file of the database; None keeps it in memory.
        """
        self._analysis = analysis
        self._native = tokenize is not None
        self._scope = _storable(scope)
        self._row: dict[int, int] = {}
        self._number: dict[int, int] = {}
        try:
            self._base = sqlite3.connect(path or ":memory:", timeout=60, check_same_thread=False)
            self._base.execute("PRAGMA synchronous = OFF")
            self._open(tokenize or "ascii", path)
        except sqlite3.Error as error:
            raise ConfigError(
                f"SQLite cannot keep an index in {path or 'memory'} ({error}): check that retriever.path is a file "
                "that can be written and that this Python's SQLite has FTS5, or type retriever.engine=bm25s"
            ) from error

    def _open(self, tokenize: str, path: str | None) -> None:
        schema = [statement.format(tokenize=tokenize) for statement in _SCHEMA]
        with self._base:
            self._base.execute("BEGIN IMMEDIATE")
            known = {
                sql
                for (sql,) in self._base.execute("SELECT sql FROM sqlite_master WHERE name IN ('passages', 'search')")
            }
            if not known:
                for statement in schema:
                    self._base.execute(statement)
            elif not known.issubset(schema):
                raise ConfigError(
                    f"retriever.path={path} was made with other options of text analysis: name another file or delete "
                    "this one"
                )
            left = self._base.execute("SELECT number FROM passages WHERE scope = ?", (self._scope,)).fetchall()
            self._remove(row for (row,) in left)

    def update(self, texts: Mapping[int, str | None]) -> None:
        """Add, replace and remove; nothing else is touched."""
        with self._base:
            self._remove(
                self._row[number] for number, text in texts.items() if text is not None and number in self._row
            )
            # Replaced texts first: the row of a new one could otherwise be one of theirs.
            for number, text in sorted(texts.items(), key=lambda item: item[0] not in self._row):
                if text is None:
                    row = self._row.pop(number, None)
                    if row is not None:
                        self._remove([row])
                        del self._number[row]
                else:
                    self._add(number, _storable(text) if self._native else self._encode(self._analysis.terms(text)))

    def _add(self, number: int, text: str) -> None:
        # A replaced text keeps its row, and with it its place among equal scores.
        cursor = self._base.execute("INSERT INTO passages VALUES (?, ?, ?)", (self._row.get(number), self._scope, text))
        row = cursor.lastrowid or 0
        self._base.execute("INSERT INTO search(rowid, text) VALUES (?, ?)", (row, text))
        self._row[number] = row
        self._number[row] = number

    def _remove(self, rows: Iterable[int]) -> None:
        for row in rows:
            # An external-content table is told what its index held.
            self._base.execute(
                "INSERT INTO search(search, rowid, text) SELECT 'delete', number, text FROM passages WHERE number = ?",
                (row,),
            )
            self._base.execute("DELETE FROM passages WHERE number = ?", (row,))

    def _encode(self, terms: list[str]) -> str:
        # In hexadecimal no character of a term can be taken for a separator or folded by SQLite.
        return " ".join(term.encode("utf-8", "surrogatepass").hex() for term in terms)

    def search(self, text: str, k: int, every: bool) -> list[tuple[int, float]]:
        """See `Engine.search`; SQLite's cost with its sign turned is the score."""
        words = (
            self._analysis.words(_storable(text)) if self._native else self._encode(self._analysis.terms(text)).split()
        )
        found: list[tuple[int, float]] = []
        if words:
            query = " OR ".join('"' + word.replace('"', '""') + '"' for word in words)
            rows = self._base.execute(_SEARCH, (query, self._scope, k))
            found = [(self._number[row], -cost) for row, cost in rows]
        if every and len(found) < k:
            matched = {number for number, _ in found}
            found += [(number, 0.0) for number in sorted(self._row.keys() - matched)[: k - len(found)]]
        return found

    def knows(self, text: str) -> bool:
        """See `Engine.knows`."""
        return bool(self.search(text, 1, False))

    def stats(self) -> Mapping[str, float]:
        """Bytes of the whole database, all scopes together."""
        ((pages,),) = self._base.execute("PRAGMA page_count")
        ((size,),) = self._base.execute("PRAGMA page_size")
        return {"index_bytes": pages * size, "rebuilds": 0}

    def close(self) -> None:
        """Close the connection."""
        self._base.close()


def _storable(text: str) -> str:
    # SQLite takes neither unpaired surrogates nor, in a query, NUL.
    return encodable(text).replace("\0", " ")
