"""Retrieval from relational tables: full-text rank, and filters that the question itself names."""

from collections.abc import Mapping, Sequence
from typing import Literal

from memeval.kit.document import Document
from memeval.kit.errors import ConfigError
from memeval.kit.protocols import Prepares, Reports
from memeval.kit.stores import SqlFilters, SqlRows, SqlStore
from memeval.kit.types import Hit, Query, Turn
from memeval.strategies.long_term.bm25.analysis import get_analysis
from memeval.strategies.long_term.sql.asked import asked, warm_up
from memeval.strategies.writing.groups import line


class Sql:
    """Turns in tables, ranked by BM25 over their text and by who said them, when, and in which session.

    A question's filters are the speakers that it names, the dates that it spells, relative ones counted from the
    question's time (or the latest turn's), and sessions by number, first or last; see `asked`. A turn's text, date and
    caption as the document template writes them are what is indexed and shown.
    """

    def __init__(
        self,
        store: SqlStore,
        document: Document,
        scope: str = "default",
        filters: Literal["boost", "require", "off"] = "boost",
        boost: float = 0.5,
    ) -> None:
        """Open a scope of a store.

        Args:
            store: holds the turns; closed with this memory.
            document: the template that writes down a turn.
            scope: whose memory it is.
            filters: `boost`: what fits a filter ranks higher; `require`: only what fits all of them, or, if nothing
                does, all but the speakers, or anything; `off`: full text alone.
            boost: share of a turn's score that each fitting filter adds.
        """
        if not 0 <= boost < float("inf"):
            raise ConfigError(f"retriever.boost={boost} must be 0 or more, e.g. retriever.boost=0.5")
        self._store = store
        self._document = document
        self._scope = scope
        self._filters = filters
        self._boost = boost
        self._analysis = get_analysis(r"\w{2,}", True, "english", None)
        self._opened = False
        self._counts = dict.fromkeys(("refused", "queries", "filtered", "relaxed"), 0)

    def prepare(self) -> None:
        """Load what reads dates, and what the store needs."""
        warm_up()
        store: object = self._store
        if isinstance(store, Prepares):
            store.prepare()

    def write(self, turns: Sequence[Turn]) -> None:
        """Add the next turns; nothing is built anew.

        Raises:
            ConfigError: a store on disk that holds turns of an earlier run.
        """
        if not self._opened and turns and (held := self._store.count(self._scope)):
            raise ConfigError(
                f"the SQL store already holds {held} turns of {self._scope!r}, which this run has not written: give it "
                "a fresh place, e.g. sql_store.path='${scratch}/turns.sqlite', or another scope"
            )
        self._opened = self._opened or bool(turns)
        kept, texts = [], []
        for turn in turns:
            written = line(turn, self._document)
            if written is None:
                continue
            if not _storable(turn, written.text):
                self._counts["refused"] += 1
                continue
            kept.append(turn)
            texts.append(written.text)
        self._store.write(self._scope, kept, texts)

    def search(self, query: Query, k: int) -> Sequence[Hit]:
        """The at most `k` best turns; if none holds a word of the question, those that fit its filters."""
        if k < 1:
            return []
        words = [word.encode("utf-8", "replace").decode() for word in self._analysis.terms(query.text)]
        filters = SqlFilters()
        if self._filters != "off":
            filters = asked(query, self._store.extent(self._scope))
        self._counts["queries"] += 1
        self._counts["filtered"] += filters != SqlFilters()
        for relaxed, (wanted, given, boost) in enumerate(self._attempts(words, filters)):
            hits = self._store.search(self._scope, wanted, k, given, boost)
            if hits:
                self._counts["relaxed"] += relaxed > 0
                return hits
        return []

    def _attempts(
        self, words: Sequence[str], filters: SqlFilters
    ) -> list[tuple[Sequence[str], SqlFilters, float | None]]:
        """What is searched for until something is found."""
        if self._filters == "boost":
            return [(words, filters, self._boost), ((), filters, None)]
        softer = SqlFilters(periods=filters.periods, sessions=filters.sessions)
        steps = dict.fromkeys((filters, softer, SqlFilters()))
        return [*((words, each, None) for each in steps), ((), filters, None)]

    def run_select(self, sql: str, parameters: Sequence[str | int | float | None] = ()) -> SqlRows:
        """Answer one SELECT over this memory's turns, as a model may write it; see `SqlStore.select`."""
        return self._store.select(self._scope, sql, parameters)

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Remove these turns."""
        self._store.forget(self._scope, turn_ids)

    def stats(self) -> Mapping[str, float]:
        """Turns stored and refused; queries, those with a filter, those whose filters had to be relaxed."""
        store = self._store.stats() if isinstance(self._store, Reports) else {}
        return {"items": self._store.count(self._scope), **store, **self._counts}

    def close(self) -> None:
        """Close the store."""
        self._store.close()


def _storable(turn: Turn, text: str) -> bool:
    """No NUL, no unpaired surrogate: a store refuses them."""
    for each in (turn.id, turn.session, turn.speaker, turn.text, turn.caption or "", text):
        if "\0" in each:
            return False
        try:
            each.encode()
        except UnicodeEncodeError:
            return False
    return True
