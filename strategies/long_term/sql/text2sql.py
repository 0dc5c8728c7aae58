"""Retrieval by a SELECT that a language model writes for the question."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, cast

from memeval.kit import powers
from memeval.kit.document import Document
from memeval.kit.errors import ContractError, ReplyError
from memeval.kit.protocols import Model
from memeval.kit.stores import SqlExtent, SqlRows, SqlStore
from memeval.kit.text import time_of
from memeval.kit.types import Hit, Query, Role, Turn
from memeval.language.detection import AUTO
from memeval.llm.reply import without_thinking
from memeval.strategies.language import clean, needed, one_line
from memeval.strategies.long_term.sql import Sql

_FENCED = re.compile(r"```(?:\w+)?\s(?P<sql>.*?)```", re.DOTALL)
_BEGINNING = re.compile(r"^\s*(?:select|with)\b", re.IGNORECASE | re.MULTILINE)
_ID_COLUMNS = ("id", "turn_id", "turn")
# Turns got at once: databases limit the parameters of a query.
_BATCH = 50
_SPEAKERS_SHOWN = 50


class Text2Sql:
    """Turns in tables, found by one SELECT that a model writes for each question, or else as `Sql` finds them.

    The model sees the columns, the question with its date and what the scope spans (speakers, sessions, latest time),
    no turn. What it writes is run by the store, read-only and over the scope alone, and may name turns in any order.
    Only their ids are taken from its rows: the text of a hit is read from the table, so that no SELECT can
    put words into a turn. Where it is refused, fails or finds nothing, the offline search answers instead.
    """

    def __init__(
        self,
        store: SqlStore,
        document: Document,
        llm: Model | None,
        prompt: str,
        scope: str = "default",
        filters: Literal["boost", "require", "off"] = "boost",
        boost: float = 0.5,
        language: str = AUTO,
    ) -> None:
        """Open a scope of a store.

        Args:
            store: holds the turns; closed with this memory.
            document: the template that writes down a turn.
            llm: writes the SELECTs.
            prompt: what the model is told, with the columns of the views.
            scope: whose memory it is.
            filters: of the offline search, as of `Sql`.
            boost: of the offline search.
            language: of the offline search.

        Raises:
            ConfigError: no model.
        """
        self._llm = needed(llm, "retriever=text2sql", "retriever=sql")
        self._prompt = prompt
        self._document = document
        self._store = store
        self._scope = scope
        self._offline = Sql(store, document, scope, filters, boost, language)
        # A context may ask further down the same ranking; it is one SELECT all the same.
        self._last: tuple[Query, list[Hit]] | None = None
        self._counts = dict.fromkeys(("sql_asked", "sql_written", "sql_refused", "sql_failed", "sql_empty"), 0)

    def prepare(self) -> None:
        """Load what the offline search, the store and the model need."""
        self._offline.prepare()
        powers.prepare(self._llm)

    def write(self, turns: Sequence[Turn]) -> None:
        """Add the next turns, as `Sql` does."""
        self._last = None
        self._offline.write(turns)

    def search(self, query: Query, k: int) -> Sequence[Hit]:
        """The turns that the model's SELECT names, scored by their place (1, 1/2, 1/3 ...); else the offline search.

        Raises:
            ModelError: the model cannot be reached; a reply of no use only leads to the offline search.
        """
        if k < 1:
            return []
        if self._last is None or self._last[0] != query:
            self._last = (query, self._selected(query))
        hits = self._last[1]
        return hits[:k] if hits else self._offline.search(query, k)

    def _selected(self, query: Query) -> list[Hit]:
        if not query.text.strip() or not self._store.count(self._scope):
            return []
        self._counts["sql_asked"] += 1
        try:
            sql = _sql(self._llm.complete(self._messages(query)).text)
        except ReplyError:
            self._counts["sql_failed"] += 1
            return []
        self._counts["sql_written"] += 1
        try:
            rows = self._offline.run_select(sql)
            found = list(self._found(_ids(rows)))
        except ContractError:
            self._counts["sql_refused"] += 1
            return []
        if not rows.rows:
            self._counts["sql_empty"] += 1
            return []
        self._counts["sql_failed"] += not found
        # A hybrid fuses nothing without a score.
        return [Hit(text, (name,), 1 / place) for place, (name, text) in enumerate(found, 1)]

    def _messages(self, query: Query) -> list[dict[str, str]]:
        extent = self._store.extent(self._scope)
        asked = f"{_spans(extent)}\n{_asked(query, extent)}"
        return [{"role": "system", "content": self._prompt}, {"role": "user", "content": asked}]

    def _found(self, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
        """The turns of the scope among these ids, with their text as the template writes it."""
        for start in range(0, len(ids), _BATCH):
            wanted = ids[start : start + _BATCH]
            marks = ", ".join("?" * len(wanted))
            sql = f"SELECT id, session, speaker, role, text, caption, time FROM turns WHERE id IN ({marks})"
            # Never more rows than the model's SELECT had, and so never more than the store allows.
            texts = {row[0]: self._document.render(_turn(row)) for row in self._offline.run_select(sql, wanted).rows}
            yield from ((name, texts[name]) for name in wanted if name in texts)

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Remove these turns."""
        self._last = None
        self._offline.forget(turn_ids)

    def stats(self) -> Mapping[str, float]:
        """Those of `Sql`; SELECTs asked for and written; refused ones, failed (no reply, no turn ids), without rows."""
        return {**self._offline.stats(), **self._counts}

    def close(self) -> None:
        """Close the store."""
        self._offline.close()


def _spans(extent: SqlExtent) -> str:
    # As JSON, so that a speaker's name cannot be taken for a line of the prompt.
    names = [one_line(name) for name in extent.speakers[:_SPEAKERS_SHOWN]]
    latest = f", the latest turn at {extent.latest:%Y-%m-%d %H:%M}" if extent.latest else ", turns without times"
    return f"Speakers: {json.dumps(names, ensure_ascii=False)}. Sessions: 1 to {extent.sessions}{latest}."


def _asked(query: Query, extent: SqlExtent) -> str:
    now = query.time or extent.latest
    day = f"Asked on {now:%A}, {now:%Y-%m-%d}.\n" if now else ""
    return f"{day}Question: {one_line(query.text)}"


def _sql(reply: str) -> str:
    """The statement of a reply, without what models like to put around it."""
    reply = without_thinking(reply)
    fenced = _FENCED.search(reply)
    text = clean(fenced["sql"] if fenced else reply)
    beginning = _BEGINNING.search(text)
    return text[beginning.start() :].strip() if beginning else text


def _ids(rows: SqlRows) -> list[str]:
    """The turn ids of an answer, each once; none if no column is known to hold them."""
    columns = [column.lower() for column in rows.columns]
    place = next((columns.index(name) for name in _ID_COLUMNS if name in columns), 0 if len(columns) == 1 else None)
    if place is None:
        return []
    return list(dict.fromkeys(row[place] for row in rows.rows if isinstance(row[place], str)))


def _turn(row: Sequence[str | None]) -> Turn:
    name, session, speaker, role, text, caption, time = row
    moment = time_of(time)
    return Turn(name or "", session or "", speaker or "", cast("Role", role), text or "", moment, caption)
