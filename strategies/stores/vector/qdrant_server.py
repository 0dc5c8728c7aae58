"""Vectors at a Qdrant server, over REST: exact, or through its HNSW index with a filter on the tenant."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from memeval.kit.engines import Engine, Kind, Settings
from memeval.kit.types import Vectors
from memeval.strategies.stores.clients.remote import BUSY, PREFIX, checked_name
from memeval.strategies.stores.clients.server import AtServer
from memeval.strategies.stores.vector.base import Row, VectorBase, check_range, hnsw, key

_PAGE = 1_000


class _Server(AtServer):
    choice, system = "vector_store=qdrant_server", "qdrant"
    module = "qdrant_client"
    example = "http://host:6333"

    def _connect(self) -> Any:
        # The check of versions is a request of its own, in a thread; `engine` asks anyway.
        return self.library.QdrantClient(
            url=self.url,
            api_key=os.environ.get("MEMEVAL_QDRANT_API_KEY"),
            timeout=max(1, round(self.timeout)),
            check_compatibility=False,
        )

    def status(self, error: Exception) -> int | None:
        refused = self.part("qdrant_client.http.exceptions").UnexpectedResponse
        return error.status_code if isinstance(error, refused) else None

    def _passes(self, error: Exception) -> bool:
        lost = self.part("qdrant_client.http.exceptions").ResponseHandlingException
        limited = self.part("qdrant_client.common.client_exceptions").ResourceExhaustedResponse
        return isinstance(error, lost | limited) or self.status(error) in BUSY

    def engine(self, settings: Settings | None = None) -> Engine:
        told = self.ask(self.client.info)
        kind: Kind = "emulator"
        if told.title.startswith("qdrant"):
            kind = "real"
        elif "memeval-stand-in" in told.title:
            kind = "stand-in"
        return Engine(self.system, kind, "Qdrant" if kind == "real" else told.title, told.version, settings or {})

    def leftovers(self) -> list[str]:
        found = self.ask(lambda: self.client.get_collections().collections)
        return sorted(each.name for each in found if each.name.startswith(PREFIX))

    def remove(self, name: str) -> None:
        self.ask(lambda: self.client.delete_collection(name))


class QdrantServerStore(VectorBase):
    """One collection, scopes told apart by an indexed payload field, as Qdrant advises for many tenants.

    The API key is read from MEMEVAL_QDRANT_API_KEY. Until some 10,000 vectors Qdrant compares with all anyway.
    """

    server = _Server
    _base: _Server
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
        self._collection = checked_name("vector_store", "collection", collection)
        check_range("m", m, 2, 512)
        check_range("ef_construction", ef_construction, 4, 10_000)
        check_range("ef_search", ef_search, 1, 100_000)
        base = _Server(url, timeout, retries)
        super().__init__(base.system, index == "exact", base)
        self._keep = keep
        self._models = base.part("qdrant_client.models")
        self._hnsw = self._models.HnswConfigDiff(m=m, ef_construct=ef_construction)
        self._search = self._models.SearchParams(exact=index == "exact", hnsw_ef=ef_search)
        self._client = base.client
        with base.opening(hnsw(index, m, ef_construction, ef_search)):
            pass

    def _find(self) -> int | None:
        if not self._client.collection_exists(self._collection):
            return None
        return int(self._client.get_collection(self._collection).config.params.vectors.size)

    def _create(self, dimension: int) -> None:
        if not self._keep:
            self._base.made("collection", self._collection)
        models = self._models
        try:
            # Not COSINE: Qdrant would change the last bits of vectors that have unit length already.
            size = models.VectorParams(size=dimension, distance=models.Distance.DOT)
            self._client.create_collection(self._collection, vectors_config=size, hnsw_config=self._hnsw)
        except Exception as error:
            if self._base.status(error) != 409:
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


def payload_of(scope: str, row: Row) -> dict[str, Any]:
    """What is kept with a point."""
    return {"scope": scope, "id": row.id, "place": row.place, "payload": row.payload, "facts": list(row.facts)}


def row_of(payload: Mapping[str, Any], vector: Sequence[float]) -> Row:
    """A row from a point."""
    return Row(payload["id"], payload["place"], np.array(vector, dtype=np.float32), payload["payload"])
