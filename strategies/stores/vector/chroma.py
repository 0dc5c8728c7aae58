"""Vectors in Chroma, in this process or at a server: an HNSW index with a filter on the tenant."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from memeval.kit import engines
from memeval.kit.engines import Engine, Settings
from memeval.kit.errors import ConfigError, ModelError
from memeval.kit.types import Vectors
from memeval.strategies.stores.clients.remote import PREFIX, checked_name, client
from memeval.strategies.stores.clients.server import AtServer
from memeval.strategies.stores.vector.base import Row, VectorBase, check_range, hnsw, key

_PAGE = 1_000
# In every row's list of facts, since Chroma takes no empty list.
_ANY = "any"


class _Server(AtServer):
    choice, system, extra = "vector_store=chroma_server", "chroma", "chroma-client"
    module = "chromadb"
    example = "http://host:8000"

    def _connect(self) -> Any:
        parts = urlsplit(self.url)
        secure = parts.scheme == "https"
        token = os.environ.get("MEMEVAL_CHROMA_TOKEN")
        made = self.library.HttpClient(
            host=parts.hostname or self.url,
            port=parts.port or (443 if secure else 8000),
            ssl=secure,
            headers={"Authorization": f"Bearer {token}"} if token else None,
            settings=self.part("chromadb.config").Settings(anonymized_telemetry=False),
        )
        # It waits for ever, and offers no way to say otherwise.
        for each in (made, made._admin_client):
            each._server._session.timeout = self.timeout
        return made

    def _disconnect(self) -> None:
        _close(self.client)

    def _passes(self, error: Exception) -> bool:
        if isinstance(error, ValueError) and "Could not connect" in str(error):
            return True
        return isinstance(error, self.part("httpx").TransportError | self.part("chromadb.errors").RateLimitError)

    def engine(self, settings: Settings | None = None) -> Engine:
        return self.ask(lambda: _engine(self.client, settings))

    def leftovers(self) -> list[str]:
        def work() -> list[str]:
            names: list[str] = []
            while page := self.client.list_collections(limit=_PAGE, offset=len(names)):
                names += [each.name for each in page]
            return names

        return sorted(name for name in self.ask(work) if name.startswith(PREFIX))

    def remove(self, name: str) -> None:
        def work() -> None:
            try:
                self.client.delete_collection(name)
            except Exception as error:
                if not _absent(error):
                    raise

        self.ask(work)


class ChromaStore(VectorBase):
    """One collection, scopes told apart by a metadata field. Chroma on one machine knows no exact search.

    A token for a server is read from MEMEVAL_CHROMA_TOKEN. Vectors are always given: Chroma embeds nothing, and loads
    no model.
    """

    server = _Server
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
        self._collection = checked_name("vector_store", "collection", collection)
        check_range("m", m, 2, 1_000)
        check_range("ef_construction", ef_construction, 1, 100_000)
        check_range("ef_search", ef_search, 1, 100_000)
        base = _Server(url, timeout, retries) if mode == "server" else None
        super().__init__(_Server.system, False, base)
        self._keep = keep
        self._handle: Any = None
        self._hnsw = {"space": "ip", "max_neighbors": m, "ef_construction": ef_construction, "ef_search": ef_search}
        settings = {"mode": mode, **hnsw("hnsw", m, ef_construction, ef_search)}
        self._memory = mode == "embedded" and path is None
        if base is not None:
            self._client = base.client
            with base.opening(settings):
                return
        self._client = _embed(path)
        try:
            engines.served_by(_engine(self._client, settings))
        except BaseException:
            _close(self._client)
            raise

    def _find(self) -> int | None:
        try:
            self._handle = self._client.get_collection(self._collection, embedding_function=None)
        except Exception as error:
            if not _absent(error):
                raise
            return None
        return int(self._handle.metadata["dimension"])

    def _create(self, dimension: int) -> None:
        if not self._keep and self._base is not None:
            self._base.made("collection", self._collection)
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
        if self._base is None:
            _close(self._client)
        super()._release()


def _embed(path: str | None) -> Any:
    """The engine in this process.

    Raises:
        ConfigError: a folder that cannot be opened.
        ModelError: Chroma, or the engine beside its client, is not installed.
    """
    chroma = client("chromadb", f"vector_store={_Server.system}", _Server.system)
    if chroma.is_client:
        raise ModelError(
            "vector_store=chroma needs the whole of Chroma, this is its thin client: pip install 'memeval[chroma]', or "
            "choose vector_store=chroma_server"
        )
    settings = chroma.config.Settings(anonymized_telemetry=False)
    try:
        return chroma.EphemeralClient(settings) if path is None else chroma.PersistentClient(path, settings)
    except Exception as error:
        raise ConfigError(
            f"vector_store.path={path} cannot be opened ({error}): name another folder, or null to keep the "
            "vectors in memory"
        ) from error


def _close(server: Any) -> None:
    # Its own close leaves connections to a server open, its own and those of a second client inside it.
    for each in (server, server._admin_client):
        session = getattr(each._server, "_session", None)
        if session is not None:
            session.close()
    server.close()


def _absent(error: Exception) -> bool:
    return isinstance(error, client("chromadb.errors", f"vector_store={_Server.system}", _Server.system).NotFoundError)


def _engine(server: Any, settings: Settings | None) -> Engine:
    # A server tells the version of its interface, not its own.
    return Engine(_Server.system, "real", "Chroma", str(server.get_version()), settings or {})
