"""Retrieval from relational tables: full-text rank, and filters that the question itself names."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from annotated_types import Ge

from memeval.kit import powers
from memeval.kit.document import Document
from memeval.kit.errors import ConfigError
from memeval.kit.ranges import ranged
from memeval.kit.stores import SqlFilters, SqlRows, SqlStore
from memeval.kit.text import storable
from memeval.kit.types import Hit, Query, Turn
from memeval.language.analysis import Analyser
from memeval.language.detection import AUTO
from memeval.strategies.long_term.sql.asked import asked, warm_up
from memeval.strategies.long_term.sql.spelling import all_asked_for, asked_for, found_by, shown
from memeval.strategies.writing.groups import line


@ranged
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
        boost: Annotated[float, Ge(0)] = 0.5,
        language: str = AUTO,
    ) -> None:
        """Open a scope of a store.

        Args:
            store: holds the turns; closed with this memory.
            document: the template that writes down a turn.
            scope: whose memory it is.
            filters: `boost`: what fits a filter ranks higher; `require`: only what fits all of them, or, if nothing
                does, all but the speakers, or anything; `off`: full text alone.
            boost: share of a turn's score that each fitting filter adds.
            language: of the dialogue, `auto` to find it out from its texts, or a code such as de.
        """
        self._store = store
        self._document = document
        self._scope = scope
        self._filters = filters
        self._boost = boost
        self._analyser = Analyser(language, option="retriever.language")
        # What may have to be written again in another language.
        self._early: dict[str, tuple[Turn, str]] = {}
        self._opened = False
        self._counts = dict.fromkeys(("refused", "queries", "filtered", "relaxed"), 0)

    def prepare(self) -> None:
        """Load what reads dates, and what the store needs."""
        warm_up()
        powers.prepare(self._store)

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
            if not storable(turn.id, turn.session, turn.speaker, turn.text, turn.caption, written.text):
                self._counts["refused"] += 1
                continue
            kept.append(turn)
            texts.append(written.text)
        if not self._analyser.settled:
            # What was written in another language than it is now known to be is written again, and keeps its place.
            changed = any([self._analyser.read(turn.text) for turn in kept])
            self._early |= {turn.id: (turn, text) for turn, text in zip(kept, texts, strict=True)}
            if changed:
                kept, texts = ([*each] for each in zip(*self._early.values(), strict=True))
        self._store.write(self._scope, kept, [found_by(text, self._analyser) for text in texts])

    def search(self, query: Query, k: int) -> Sequence[Hit]:
        """The at most `k` best turns; if none holds a word of the question, those that fit its filters.

        Without filters, those that hold any of its words, stop words and single characters included.
        """
        if k < 1:
            return []
        filters = SqlFilters()
        if self._filters != "off":
            filters = asked(query, self._store.extent(self._scope))
        self._counts["queries"] += 1
        self._counts["filtered"] += filters != SqlFilters()
        words = asked_for(query.text, self._analyser)
        for relaxed, (wanted, given, boost) in enumerate(self._attempts(words, filters)):
            hits = self._store.search(self._scope, wanted, k, given, boost)
            if hits:
                self._counts["relaxed"] += relaxed > 0
                return [shown(hit) for hit in hits]
        self._analyser.miss(query.text)
        if filters != SqlFilters():
            return []
        hits = self._store.search(self._scope, all_asked_for(query.text, self._analyser), k, SqlFilters(), None)
        return [shown(hit) for hit in hits]

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
        for turn in turn_ids:
            self._early.pop(turn, None)
        self._store.forget(self._scope, turn_ids)

    def stats(self) -> Mapping[str, float]:
        """Turns stored and refused; queries, those with a filter, those whose filters had to be relaxed; language."""
        return {
            "items": self._store.count(self._scope),
            **powers.stats(self._store),
            **self._counts,
            **self._analyser.stats(),
        }

    def close(self) -> None:
        """Close the store."""
        self._store.close()
