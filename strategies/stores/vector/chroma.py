"""Vectors in Chroma, in this process or at a server: an HNSW index with a filter on the tenant."""

import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from memeval.kit import engines
from memeval.kit.errors import ConfigError, MemevalError, ModelError
from memeval.kit.types import Vectors
from memeval.strategies.stores.clients.remote import PREFIX, address, client, persistently
from memeval.strategies.stores.clients.settings import check_settings
from memeval.strategies.stores.vector.engine import EngineStore, Row, check_range, key

_SYSTEM = "chroma"
_EXAMPLE = "http://host:8000"
_PAGE = 1_000
# In every row's list of facts, since Chroma takes no empty list.
_ANY = "any"
_T = TypeVar("_T")


class ChromaStore(EngineStore):
    """One collection, scopes told apart by a metadata field. Chroma on one machine knows no exact search.

    A token for a server is read from MEMEVAL_CHROMA_TOKEN. Vectors are always given: Chroma embeds nothing, and loads
    no model.
    """

    batch_rows = 1_000

    def __init__(
        self,
        mode: Literal["embedded", "server"] = "embedded",
        path: str | None = None,
        url: str | None = None,
        collection: str = "memeval_vectors",
        m: int = 16,
        ef_construction: int = 100,
        ef_search: int = 100,
        keep: bool = False,
        timeout: float = 60.0,
        retries: int = 3,
    ) -> None:
        """Open or connect; the collection is made at the first write.

        Args:
            mode: `embedded` runs the engine in this process.
            path: embedded: folder of the data; None keeps them in memory.
            url: server: its address; None: MEMEVAL_CHROMA_URL.
            collection: one that is there already is gone on with.
            m: neighbours of a node.
            ef_construction: candidates looked at while building.
            ef_search: candidates looked at in a search.
            keep: server: do not remove the collection at the end of the run.
            timeout: server: seconds for each request.
            retries: server: how often again after a lost connection.

        Raises:
            ConfigError: settings that Chroma does not take, or a folder that cannot be opened.
            ModelError: the client is not installed.
            StorageError: the server does not answer or refuses.
        """
        check_settings("vector_store", "collection", collection, timeout, retries)
        check_range("m", m, 2, 1_000)
        check_range("ef_construction", ef_construction, 1, 100_000)
        check_range("ef_search", ef_search, 1, 100_000)
        super().__init__(_SYSTEM, exact=False)
        self._collection = collection
        self._given = url
        place = address(_SYSTEM, "vector_store", url, _EXAMPLE) if mode == "server" else ""
        self._url = place or None
        self._keep = keep
        self._timeout = timeout
        self._retries = retries
        self._handle: Any = None
        self._hnsw = {"space": "ip", "max_neighbors": m, "ef_construction": ef_construction, "ef_search": ef_search}
        told: dict[str, str | int | float | bool | None] = {"mode": mode, "index": "hnsw", "m": m}
        told |= {"ef_construction": ef_construction, "ef_search": ef_search}
        try:
            self._client = self._ask(lambda: _connect(place, timeout)) if place else _embed(path)
        except MemevalError:
            raise
        except Exception as error:
            raise ConfigError(
                f"vector_store.path={path} cannot be opened ({error}): name another folder, or null to keep the "
                "vectors in memory"
            ) from error
        self._memory = mode == "embedded" and path is None
        try:
            engines.served_by(self._ask(lambda: _engine(self._client, told)))
        except BaseException:
            _close(self._client)
            raise

    def _ask(self, call: Callable[[], _T]) -> _T:
        url = self._url
        if url is None:
            return super()._ask(call)
        return super()._ask(lambda: persistently(call, _passes, _SYSTEM, url, self._retries))

    def _find(self) -> int | None:
        try:
            self._handle = self._client.get_collection(self._collection, embedding_function=None)
        except Exception as error:
            if not _absent(error):
                raise
            return None
        return int(self._handle.metadata["dimension"])

    def _create(self, dimension: int) -> None:
        if not self._keep and self._url is not None:
            name, url, timeout = self._collection, self._given, self._timeout
            engines.made(f"collection {name} at {_SYSTEM}", lambda: remove(url, [name], timeout))
        # Another writer's is got, not made anew.
        self._client.get_or_create_collection(
            self._collection,
            configuration={"hnsw": self._hnsw},
            metadata={"dimension": dimension},
            embedding_function=None,
        )

    def _write(self, scope: str, rows: Sequence[Row]) -> None:
        self._handle.upsert(
            ids=[key(scope, row.id) for row in rows],
            embeddings=[row.vector for row in rows],
            metadatas=[{"scope": scope, "id": row.id, "place": row.place, "facts": [_ANY, *row.facts]} for row in rows],
            documents=[row.payload for row in rows],
        )

    def _near(self, scope: str, vector: Vectors, n: int, facts: Sequence[str]) -> Sequence[tuple[Row, float]]:
        conditions = [{"scope": scope}, *({"facts": {"$contains": each}} for each in facts)]
        answer = self._handle.query(
            query_embeddings=[vector],
            n_results=n,
            where={"$and": conditions} if facts else conditions[0],
            include=["metadatas", "documents", "embeddings", "distances"],
        )
        columns = (answer[each][0] for each in ("metadatas", "documents", "embeddings", "distances"))
        return [
            (Row(note["id"], note["place"], row, text), 1 - distance)
            for note, text, row, distance in zip(*columns, strict=True)
        ]

    def _remove(self, scope: str, names: Sequence[str]) -> None:
        self._handle.delete(ids=[key(scope, name) for name in names])

    def _size(self, scope: str) -> int:
        return len(self._handle.get(where={"scope": scope}, include=[])["ids"])

    def _written(self, scope: str) -> Mapping[str, int]:
        places: dict[str, int] = {}
        while True:
            found = self._handle.get(where={"scope": scope}, include=["metadatas"], limit=_PAGE, offset=len(places))
            places.update((note["id"], note["place"]) for note in found["metadatas"])
            if len(found["ids"]) < _PAGE:
                return places

    def _release(self) -> None:
        # What is in memory belongs to the process, and would be there for the next store of this name.
        if self._memory and self._handle is not None:
            self._client.delete_collection(self._collection)
        _close(self._client)


def _settings() -> Any:
    return client("chromadb.config", f"vector_store={_SYSTEM}", _SYSTEM).Settings(anonymized_telemetry=False)


def _embed(path: str | None) -> Any:
    chroma = client("chromadb", f"vector_store={_SYSTEM}", _SYSTEM)
    if chroma.is_client:
        raise ModelError(
            "vector_store=chroma needs the whole of Chroma, this is its thin client: pip install 'memeval[chroma]', or "
            "choose vector_store=chroma_server"
        )
    settings = _settings()
    return chroma.EphemeralClient(settings) if path is None else chroma.PersistentClient(path, settings)


def _connect(url: str, timeout: float) -> Any:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    token = os.environ.get("MEMEVAL_CHROMA_TOKEN")
    made = client("chromadb", "vector_store=chroma_server", "chroma-client").HttpClient(
        host=parts.hostname or url,
        port=parts.port or (443 if secure else 8000),
        ssl=secure,
        headers={"Authorization": f"Bearer {token}"} if token else None,
        settings=_settings(),
    )
    # It waits for ever, and offers no way to say otherwise.
    for each in (made, made._admin_client):
        each._server._session.timeout = timeout
    return made


def _close(server: Any) -> None:
    # Its own close leaves connections to a server open, its own and those of a second client inside it.
    for each in (server, server._admin_client):
        session = getattr(each._server, "_session", None)
        if session is not None:
            session.close()
    server.close()


def _absent(error: Exception) -> bool:
    return isinstance(error, client("chromadb.errors", f"vector_store={_SYSTEM}", _SYSTEM).NotFoundError)


def _passes(error: Exception) -> bool:
    web = client("httpx", f"vector_store={_SYSTEM}", _SYSTEM)
    text = str(error)
    if isinstance(error, ValueError) and "Could not connect" in text:
        return True
    errors = client("chromadb.errors", f"vector_store={_SYSTEM}", _SYSTEM)
    return isinstance(error, web.TransportError | errors.RateLimitError)


def _engine(server: Any, settings: Mapping[str, str | int | float | bool | None]) -> engines.Engine:
    # A server tells the version of its interface, not its own.
    return engines.Engine(_SYSTEM, "real", "Chroma", str(server.get_version()), settings)


@contextmanager
def _visiting(url: str | None, timeout: float) -> Iterator[Callable[[Callable[[Any], Any]], Any]]:
    """A connection for a look around, closed in the end, as a way to ask it."""
    place = address(_SYSTEM, "vector_store", url, _EXAMPLE)
    server = persistently(lambda: _connect(place, timeout), _passes, _SYSTEM, place, 0)
    try:
        yield lambda work: persistently(lambda: work(server), _passes, _SYSTEM, place, 0)
    finally:
        _close(server)


def engine(url: str | None, timeout: float = 10.0) -> engines.Engine:
    """Which program answers at the address."""
    with _visiting(url, timeout) as ask:
        found: engines.Engine = ask(lambda server: _engine(server, {}))
        return found


def leftovers(url: str | None, timeout: float = 10.0) -> list[str]:
    """Collections that memeval has made there."""
    with _visiting(url, timeout) as ask:
        return sorted(each.name for each in ask(_collections) if each.name.startswith(PREFIX))


def _collections(server: Any) -> list[Any]:
    found: list[Any] = []
    while page := server.list_collections(limit=_PAGE, offset=len(found)):
        found += page
    return found


def remove(url: str | None, names: Sequence[str], timeout: float = 60.0) -> None:
    """Remove these collections; what is gone already is fine."""

    def work(name: str, server: Any) -> None:
        try:
            server.delete_collection(name)
        except Exception as error:
            if not _absent(error):
                raise

    with _visiting(url, timeout) as ask:
        for name in names:
            ask(functools.partial(work, name))
