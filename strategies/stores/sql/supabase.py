"""SQL store in a Supabase project, over its web address: PostgREST and functions that are set up there once."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from memeval.kit.engines import Engine, Kind, Settings
from memeval.kit.errors import ConfigError, StorageError
from memeval.kit.stores import SqlExtent, SqlFilters, SqlRows
from memeval.kit.text import storable, time_of
from memeval.kit.types import Hit, Turn
from memeval.strategies.stores.clients.remote import PREFIX
from memeval.strategies.stores.clients.server import AtServer, StoreAtServer
from memeval.strategies.stores.sql.base import SqlBase, check_normalization, periods, second
from memeval.strategies.stores.sql.guard import ScopeCopy

SETUP = Path(__file__).with_name("supabase.sql")
_OPTION = "sql_store"
_KEY = "MEMEVAL_SUPABASE_KEY"
# Turns in one request, and rows in one answer: Supabase cuts answers at a thousand.
_BATCH = 500
_PAGE = 1_000
# PostgREST cannot reach its database, too many requests, a gateway that waits; and what PostgreSQL itself lets pass.
_PASSING = {"PGRST000", "PGRST001", "PGRST002", "PGRST003", "429", "502", "503", "504", "520"}
_PASSING |= {"40001", "40P01", "53300", "57P01", "57P02", "57P03", "08000", "08003", "08006"}
_MISSING = {"PGRST202", "PGRST205", "42P01", "42883"}
_COLUMNS = "number,id,session,ordinal,speaker,role,text,caption,time"
_CELLS = ("id", "session", "ordinal", "speaker", "role", "text", "caption", "time")
_T = TypeVar("_T")


class _Project(AtServer):
    """The project's client. What is not set up is said by name."""

    choice, system = "sql_store=supabase", "supabase"
    module = "supabase"
    example = "https://project.supabase.co"

    def _connect(self) -> Any:
        key = os.environ.get(_KEY)
        if not key:
            raise ConfigError(
                f"{self.choice} needs the project's secret key (service_role) in the environment: {_KEY}=..."
            )
        session = self.part("httpx").Client(timeout=self.timeout, follow_redirects=True)
        options = self.library.ClientOptions(
            httpx_client=session, postgrest_client_retry=False, auto_refresh_token=False, persist_session=False
        )
        return self.library.create_client(self.url, key, options)

    def _disconnect(self) -> None:
        self._session.close()

    @property
    def _session(self) -> Any:
        return self.client.options.httpx_client

    @property
    def _refusal(self) -> Any:
        return self.part("postgrest.exceptions").APIError

    def run(self, request: Callable[[Any], _T]) -> _T:
        """Let the client make a request, which must do no harm if it is done twice."""

        def call() -> _T:
            try:
                return request(self.client)
            except self._refusal as error:
                if error.code in _MISSING:
                    raise StorageError(
                        f"supabase: the project is not set up ({error.message}): run {SETUP} once in its SQL editor"
                    ) from None
                raise

        return self.ask(call)

    def _passes(self, error: Exception) -> bool:
        if isinstance(error, self._refusal):
            return str(error.code) in _PASSING
        return isinstance(error, self.part("httpx").TransportError)

    def call(self, function: str, **arguments: Any) -> Any:
        """A function of the setup."""
        return self.run(lambda supabase: supabase.rpc(function, arguments).execute().data)

    def engine(self, settings: Settings | None = None) -> Engine:
        """Which program answers: PostgREST says so in the description of itself, a stand-in in a header."""

        def root(supabase: Any) -> Any:
            answer = self._session.get(f"{supabase.rest_url}/", headers=supabase.options.headers)
            if answer.status_code in (401, 403):
                raise StorageError(
                    f"{self.system} refuses the key: {_KEY} must be the project's secret (service_role) key"
                )
            answer.raise_for_status()
            return answer

        answer = self.run(root)
        server = answer.headers.get("Server", "")
        told = answer.json().get("info", {})
        version = str(told.get("version", "0")).split()[0]
        if server.startswith("memeval-stand-in"):
            return Engine(self.system, "stand-in", "memeval stand-in", server.partition("/")[2], settings or {})
        real = "postgrest" in f"{told.get('description')} {server}".lower()
        kind: Kind = "real" if real else "emulator"
        return Engine(self.system, kind, "PostgREST" if real else server, version, settings or {})

    def count(self, collection: str, scope: str | None = None) -> int:
        """Turns of a collection, or of one scope of it."""

        def request(supabase: Any) -> Any:
            # Not by HEAD: its refusals have no text.
            query = supabase.table("memeval_turns").select("number", count="exact").eq("collection", collection)
            return (query if scope is None else query.eq("scope", scope)).limit(1).execute().count

        return int(self.run(request))

    def leftovers(self) -> list[str]:
        return [row["name"] for row in self.call("memeval_collections") if row["name"].startswith(PREFIX)]

    def remove(self, name: str) -> None:
        self.run(lambda supabase: supabase.table("memeval_turns").delete().eq("collection", name).execute())


class SupabaseSQL(StoreAtServer, SqlBase):
    """Rows of one table that carry the collection's name; every call is one request or a few.

    The ranking is PostgreSQL's `ts_rank` with English stemming and stop words.
    PostgREST runs no SQL of others: for `select` the scope's turns are fetched, and the SELECT runs on them in SQLite.
    """

    server = _Project
    _base: _Project

    def __init__(
        self,
        url: str | None = None,
        collection: str = "memeval_turns",
        normalization: int = 0,
        max_rows: int = 100,
        max_seconds: float = 2.0,
        keep: bool = False,
        timeout: float = 60.0,
        retries: int = 3,
    ) -> None:
        """Connect.

        Args:
            url: of the project; None: MEMEVAL_SUPABASE_URL. The key is read from MEMEVAL_SUPABASE_KEY.
            collection: what the rows of this store carry; one that is there already is gone on with.
            normalization: PostgreSQL's bit mask, 0 to 63: 0 does not look at how long texts are, 1 divides by 1 + the
                logarithm of their length.
            max_rows: of `select`: how many rows are returned.
            max_seconds: of `select`: how long it may take, once the turns are here.
            keep: do not remove the rows at the end of the run.
            timeout: seconds for each request.
            retries: how often again after a lost connection.

        Raises:
            ConfigError: no address or key, or settings that make no sense.
            ModelError: the client is not installed.
            StorageError: the project does not answer, refuses, or is not set up.
        """
        super().__init__(max_rows, max_seconds)
        if not collection or not storable(collection):
            raise ConfigError(f"{_OPTION}.collection={collection!r} is no name: give e.g. {PREFIX}${{unique}}")
        check_normalization(normalization)
        self._collection = collection
        self._normalization = normalization
        self._base = _Project(url, timeout, retries)
        with self._base.opening({"language": "english", "rank": "ts_rank", "normalization": normalization}):
            if not keep and not self._base.count(collection):
                self._base.made("collection", collection)

    def _put(self, scope: str, turns: Sequence[Turn], texts: Sequence[str]) -> None:
        rows = [
            {
                "id": turn.id,
                "session": turn.session,
                "speaker": turn.speaker,
                "role": turn.role,
                "text": turn.text,
                "caption": turn.caption,
                "time": second(turn.time),
                "document": text,
            }
            for turn, text in zip(turns, texts, strict=True)
        ]
        for start in range(0, len(rows), _BATCH):
            self._call("memeval_write", scope, turns=rows[start : start + _BATCH])

    def _call(self, function: str, scope: str, **arguments: Any) -> Any:
        return self._base.call(function, collection=self._collection, scope=scope, **arguments)

    def search(
        self, scope: str, words: Sequence[str], k: int, filters: SqlFilters, boost: float | None
    ) -> Sequence[Hit]:
        """The at most `k` best turns; see `SqlStore`. English stop words find nothing."""
        asked = [word for word in words if storable(word)]
        if k < 1 or not (asked or filters != SqlFilters()) or not storable(scope):
            return []
        spans = periods(filters)
        arguments = {
            "words": asked,
            "speakers": [name for name in filters.speakers if storable(name)],
            "starts": [start for start, _ in spans],
            "ends": [end for _, end in spans],
            "sessions": list(filters.sessions),
            "boost": boost,
            "normalization": self._normalization,
        }
        hits: list[Hit] = []
        while len(hits) < k:
            most = min(_PAGE, k - len(hits))
            rows = self._call("memeval_search", scope, **arguments, first=len(hits), most=most)
            hits += [Hit(row["document"], (row["id"],), row["score"]) for row in rows]
            if len(rows) < most:
                break
        return hits

    def select(self, scope: str, sql: str, parameters: Sequence[str | int | float | None] = ()) -> SqlRows:
        """Answer one SELECT in SQLite's dialect over the scope's turns, which are fetched for it."""
        cells = (tuple(row[name] for name in _CELLS) for row in self._turns(scope))
        with closing(ScopeCopy(cells)) as copy:
            return copy.select(sql, parameters, self._max_rows, self._seconds)

    def _turns(self, scope: str) -> Iterator[Mapping[str, Any]]:
        if not storable(scope):
            return
        last = -1
        while True:

            def request(supabase: Any, last: int = last) -> Any:
                query = supabase.table("memeval_turns").select(_COLUMNS).eq("collection", self._collection)
                return query.eq("scope", scope).gt("number", last).order("number").limit(_PAGE).execute().data

            rows = self._base.run(request)
            yield from rows
            if not rows:
                return
            last = rows[-1]["number"]

    def extent(self, scope: str) -> SqlExtent:
        """What the scope spans."""
        row = self._call("memeval_extent", scope)[0]
        latest = row["latest"]
        return SqlExtent(tuple(row["speakers"] or ()), row["sessions"] or 0, time_of(latest))

    def _forget(self, scope: str, turn_ids: Sequence[str]) -> None:
        self._call("memeval_forget", scope, ids=list(turn_ids))

    def count(self, scope: str) -> int:
        """How many turns the scope holds."""
        return self._base.count(self._collection, scope) if storable(scope) else 0

    def stats(self) -> Mapping[str, float]:
        """Bytes of the table with its indexes, all collections together."""
        return {"index_bytes": float(self._base.call("memeval_bytes")), "rebuilds": 0}
