"""Vectors at a Qdrant server, over REST: exact, or through its HNSW index with a filter on the tenant."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

import numpy as np

from memeval.kit import engines
from memeval.kit.types import Vectors
from memeval.strategies.stores.clients.remote import PREFIX, address, client, persistently
from memeval.strategies.stores.clients.settings import check_settings
from memeval.strategies.stores.vector.engine import EngineStore, Row, check_range, key

_SYSTEM = "qdrant"
_CHOICE = "vector_store=qdrant_server"
_EXAMPLE = "http://host:6333"
_PAGE = 1_000
_BUSY = (429, 500, 502, 503, 504)
_T = TypeVar("_T")


class QdrantServerStore(EngineStore):
    """One collection, scopes told apart by an indexed payload field, as Qdrant advises for many tenants.

    The API key is read from MEMEVAL_QDRANT_API_KEY. Until some 10,000 vectors Qdrant compares with all anyway.
    """

    # A request may have 32 MB.
    batch_rows = 256
    batch_bytes = 16_000_000

    def __init__(
        self,
        url: str | None = None,
        collection: str = "memeval_vectors",
        index: Literal["exact", "hnsw"] = "exact",
        m: int = 16,
        ef_construction: int = 100,
        ef_search: int = 100,
        keep: bool = False,
        timeout: float = 60.0,
        retries: int = 3,
    ) -> None:
        """Connect; the collection is made at the first write.

        Args:
            url: of the server's REST port; None: MEMEVAL_QDRANT_URL.
            collection: one that is there already is gone on with.
            index: `exact` compares with every vector of the scope, whatever is indexed.
            m: HNSW: neighbours of a node.
            ef_construction: HNSW: candidates looked at while building.
            ef_search: HNSW: candidates looked at in a search.
            keep: do not remove the collection at the end of the run.
            timeout: seconds for each request.
            retries: how often again after a lost connection.

        Raises:
            ConfigError: settings that Qdrant does not take.
            ModelError: the client is not installed.
            StorageError: the server does not answer or refuses.
        """
        check_settings("vector_store", "collection", collection, timeout, retries)
        check_range("m", m, 2, 512)
        check_range("ef_construction", ef_construction, 4, 10_000)
        check_range("ef_search", ef_search, 1, 100_000)
        super().__init__(_SYSTEM, index == "exact")
        self._given = url
        self._url = address(_SYSTEM, "vector_store", url, _EXAMPLE)
        self._collection = collection
        self._keep = keep
        self._timeout = timeout
        self._retries = retries
        self._models = client("qdrant_client.models", _CHOICE, _SYSTEM)
        self._hnsw = self._models.HnswConfigDiff(m=m, ef_construct=ef_construction)
        self._search = self._models.SearchParams(exact=index == "exact", hnsw_ef=ef_search)
        told: dict[str, str | int | float | bool | None] = {"index": index}
        if index == "hnsw":
            told |= {"m": m, "ef_construction": ef_construction, "ef_search": ef_search}
        self._client = _connect(self._url, timeout)
        try:
            engines.served_by(self._ask(lambda: _engine(self._client, told)))
        except BaseException:
            self._client.close()
            raise

    def _ask(self, call: Callable[[], _T]) -> _T:
        return super()._ask(lambda: persistently(call, _passes, _SYSTEM, self._url, self._retries))

    def _find(self) -> int | None:
        if not self._client.collection_exists(self._collection):
            return None
        return int(self._client.get_collection(self._collection).config.params.vectors.size)

    def _create(self, dimension: int) -> None:
        if not self._keep:
            name, url, timeout = self._collection, self._given, self._timeout
            engines.made(f"collection {name} at {_SYSTEM}", lambda: remove(url, [name], timeout))
        models = self._models
        try:
            # Not COSINE: Qdrant would change the last bits of vectors that have unit length already.
            size = models.VectorParams(size=dimension, distance=models.Distance.DOT)
            self._client.create_collection(self._collection, vectors_config=size, hnsw_config=self._hnsw)
        except Exception as error:
            if _status(error) != 409:
                raise
        tenant = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
        self._client.create_payload_index(self._collection, "scope", tenant, wait=True)
        self._client.create_payload_index(self._collection, "facts", models.PayloadSchemaType.KEYWORD, wait=True)

    def _write(self, scope: str, rows: Sequence[Row]) -> None:
        points = [
            self._models.PointStruct(id=key(scope, row.id), vector=row.vector.tolist(), payload=payload_of(scope, row))
            for row in rows
        ]
        self._client.upsert(self._collection, points, wait=True)

    def _filter(self, scope: str, facts: Sequence[str] = ()) -> Any:
        models = self._models
        wanted = [("scope", scope), *(("facts", each) for each in facts)]
        return models.Filter(
            must=[models.FieldCondition(key=name, match=models.MatchValue(value=value)) for name, value in wanted]
        )

    def _near(self, scope: str, vector: Vectors, n: int, facts: Sequence[str]) -> Sequence[tuple[Row, float]]:
        answer = self._client.query_points(
            self._collection,
            query=vector.tolist(),
            query_filter=self._filter(scope, facts),
            search_params=self._search,
            limit=n,
            with_payload=["id", "place", "payload"],
            with_vectors=True,
        )
        return [(row_of(point.payload, point.vector), point.score) for point in answer.points]

    def _remove(self, scope: str, names: Sequence[str]) -> None:
        self._client.delete(self._collection, [key(scope, name) for name in names], wait=True)

    def _size(self, scope: str) -> int:
        return int(self._client.count(self._collection, count_filter=self._filter(scope), exact=True).count)

    def _written(self, scope: str) -> Mapping[str, int]:
        places: dict[str, int] = {}
        page = None
        while True:
            points, page = self._client.scroll(
                self._collection,
                scroll_filter=self._filter(scope),
                limit=_PAGE,
                offset=page,
                with_payload=["id", "place"],
            )
            places.update((point.payload["id"], point.payload["place"]) for point in points)
            if page is None:
                return places

    def _release(self) -> None:
        self._client.close()


def payload_of(scope: str, row: Row) -> dict[str, Any]:
    """What is kept with a point."""
    return {"scope": scope, "id": row.id, "place": row.place, "payload": row.payload, "facts": list(row.facts)}


def row_of(payload: Mapping[str, Any], vector: Sequence[float]) -> Row:
    """A row from a point."""
    return Row(payload["id"], payload["place"], np.array(vector, dtype=np.float32), payload["payload"])


def _connect(url: str, timeout: float) -> Any:
    made = client("qdrant_client", _CHOICE, _SYSTEM).QdrantClient
    # The check of versions is a request of its own, in a thread; `_engine` asks anyway.
    return made(
        url=url,
        api_key=os.environ.get("MEMEVAL_QDRANT_API_KEY"),
        timeout=max(1, round(timeout)),
        check_compatibility=False,
    )


def _status(error: Exception) -> int | None:
    errors = client("qdrant_client.http.exceptions", _CHOICE, _SYSTEM)
    return error.status_code if isinstance(error, errors.UnexpectedResponse) else None


def _passes(error: Exception) -> bool:
    errors = client("qdrant_client.http.exceptions", _CHOICE, _SYSTEM)
    limited = client("qdrant_client.common.client_exceptions", _CHOICE, _SYSTEM).ResourceExhaustedResponse
    return isinstance(error, errors.ResponseHandlingException | limited) or _status(error) in _BUSY


def _engine(server: Any, settings: Mapping[str, str | int | float | bool | None]) -> engines.Engine:
    told = server.info()
    kind: engines.Kind = "emulator"
    if told.title.startswith("qdrant"):
        kind = "real"
    elif "memeval-stand-in" in told.title:
        kind = "stand-in"
    return engines.Engine(_SYSTEM, kind, "Qdrant" if kind == "real" else told.title, told.version, settings)


@contextmanager
def _visiting(url: str | None, timeout: float) -> Iterator[tuple[Any, str]]:
    """A connection for a look around, closed in the end."""
    place = address(_SYSTEM, "vector_store", url, _EXAMPLE)
    server = _connect(place, timeout)
    try:
        yield server, place
    finally:
        server.close()


def engine(url: str | None, timeout: float = 10.0) -> engines.Engine:
    """Which program answers at the address."""
    with _visiting(url, timeout) as (server, place):
        return persistently(lambda: _engine(server, {}), _passes, _SYSTEM, place, 0)


def leftovers(url: str | None, timeout: float = 10.0) -> list[str]:
    """Collections that memeval has made there."""
    with _visiting(url, timeout) as (server, place):
        found = persistently(lambda: server.get_collections().collections, _passes, _SYSTEM, place, 0)
        return sorted(each.name for each in found if each.name.startswith(PREFIX))


def remove(url: str | None, names: Sequence[str], timeout: float = 60.0) -> None:
    """Remove these collections; what is gone already is fine."""
    with _visiting(url, timeout) as (server, place):
        for name in names:
            persistently(lambda name=name: server.delete_collection(name), _passes, _SYSTEM, place, 3)  # type: ignore[misc]
