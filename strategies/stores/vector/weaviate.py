"""Vectors at a Weaviate server: one collection with a tenant for each scope, compared exactly or through HNSW."""

import os
import re
import warnings
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import numpy as np

from memeval.kit.engines import Engine, Settings
from memeval.kit.errors import ConfigError
from memeval.kit.types import Vectors
from memeval.strategies.stores.clients.remote import BUSY, PREFIX, checked_name
from memeval.strategies.stores.clients.server import AtServer
from memeval.strategies.stores.vector.base import Row, VectorBase, check_range, hnsw, key

_SIZE = re.compile(r"memeval, (\d+) dimensions")
# What the client's errors say of gRPC calls that may go through another time.
_PASSING = re.compile(r"UNAVAILABLE|DEADLINE_EXCEEDED|Deadline Exceeded|failed to connect|Retr(y|ies)", re.IGNORECASE)
_NO_TENANT = re.compile(r"tenant.* not found", re.IGNORECASE | re.DOTALL)
_READ = ["name", "place", "payload"]


class _Server(AtServer):
    choice, system = "vector_store=weaviate", "weaviate"
    module = "weaviate"
    example = "http://host:8080?grpc_port=50051"

    def part(self, module: str) -> ModuleType:
        with warnings.catch_warnings(record=True):
            # Its import warns of a package that a package of its own uses.
            return super().part(module)

    @property
    def errors(self) -> Any:
        return self.part("weaviate.exceptions")

    def _connect(self) -> Any:
        start = self.part("weaviate.classes.init")
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(f"the address of {self.system} is none: write it as {self.example}")
        secure = parts.scheme == "https"
        options = {name: values[0] for name, values in parse_qs(parts.query).items()}
        token = os.environ.get("MEMEVAL_WEAVIATE_API_KEY")
        limits = start.Timeout(init=self.timeout, query=self.timeout, insert=self.timeout)
        made = self.library.WeaviateClient(
            self.library.connect.ConnectionParams.from_params(
                http_host=parts.hostname,
                http_port=parts.port or (443 if secure else 80),
                http_secure=secure,
                grpc_host=options.get("grpc_host", parts.hostname),
                grpc_port=int(options.get("grpc_port", 443 if secure else 50051)),
                grpc_secure=secure,
            ),
            auth_client_secret=start.Auth.api_key(token) if token else None,
            additional_config=start.AdditionalConfig(timeout=limits),
            # They ask PyPI for the client's latest version.
            skip_init_checks=True,
        )
        try:
            made.connect()
        except BaseException:
            made.close()
            raise
        return made

    def _passes(self, error: Exception) -> bool:
        errors = self.errors
        if isinstance(error, errors.UnexpectedStatusCodeError):
            return error.status_code in BUSY
        lost = errors.WeaviateConnectionError | errors.WeaviateTimeoutError | errors.WeaviateStartUpError
        lost |= errors.WeaviateRetryError | errors.WeaviateClosedClientError
        return isinstance(error, lost) or (
            isinstance(error, errors.WeaviateBaseError) and _PASSING.search(str(error)) is not None
        )

    def engine(self, settings: Settings | None = None) -> Engine:
        told = self.ask(self.client.get_meta)
        # Ours says so; other programs that speak its interface are not known.
        mark = str(told.get("hostname", ""))
        if "memeval-stand-in" in mark:
            return Engine(self.system, "stand-in", mark, str(told["version"]), settings or {})
        return Engine(self.system, "real", "Weaviate", str(told["version"]), settings or {})

    def leftovers(self) -> list[str]:
        names = self.ask(lambda: list(self.client.collections.list_all(simple=True)))
        return sorted(name for name in names if name.startswith(PREFIX.capitalize()))

    def remove(self, name: str) -> None:
        self.ask(lambda: self.client.collections.delete(name))


class WeaviateStore(VectorBase):
    """One collection with multi-tenancy, as Weaviate advises for many tenants: each has an index of its own.

    The API key is read from MEMEVAL_WEAVIATE_API_KEY. The client repeats gRPC calls by itself while nobody answers, for
    up to a minute, and only then the error is ours.
    """

    server = _Server
    _base: _Server
    # Weaviate's default limit for a message of gRPC is 10 MB.
    batch_rows = 500
    batch_bytes = 8_000_000
    # Weaviate's QUERY_MAXIMUM_RESULTS.
    most = 10_000

    def __init__(
        self,
        url: str | None = None,
        collection: str = "memeval_vectors",
        index: Literal["flat", "hnsw"] = "flat",
        m: int = 32,
        ef_construction: int = 128,
        ef_search: int = 100,
        keep: bool = False,
        timeout: float = 60.0,
        retries: int = 1,
    ) -> None:
        """Connect; the collection is made at the first write.

        Args:
            url: of the REST port, with `?grpc_port=` (50051, or 443 with https) and `&grpc_host=` where they differ;
                None: MEMEVAL_WEAVIATE_URL.
            collection: one that is there already is gone on with; its first letter becomes a capital.
            index: `flat` compares with every vector of the tenant.
            m: HNSW: neighbours of a node.
            ef_construction: HNSW: candidates looked at while building.
            ef_search: HNSW: candidates looked at in a search.
            keep: do not remove the collection at the end of the run.
            timeout: seconds for each request.
            retries: how often again after a lost connection.

        Raises:
            ConfigError: settings that Weaviate does not take.
            ModelError: the client is not installed.
            StorageError: the server does not answer or refuses.
        """
        checked_name("vector_store", "collection", collection)
        if "-" in collection:
            raise ConfigError(f"vector_store.collection={collection} has a -, which Weaviate does not take: use _")
        check_range("m", m, 4, 2_047)
        check_range("ef_construction", ef_construction, 4, 100_000)
        check_range("ef_search", ef_search, 1, 100_000)
        base = _Server(url, timeout, retries)
        super().__init__(base.system, index == "flat", base)
        self._name = collection[0].upper() + collection[1:]
        self._keep = keep
        self._hnsw = {"max_connections": m, "ef_construction": ef_construction, "ef": ef_search}
        self._flat = index == "flat"
        self._client = base.client
        with base.opening(hnsw(index, m, ef_construction, ef_search)):
            self._collection = self._client.collections.use(self._name)

    def _find(self) -> int | None:
        if not self._client.collections.exists(self._name):
            return None
        found = _SIZE.fullmatch(self._collection.config.get().description or "")
        if found is None:
            raise ConfigError(
                f"vector_store.collection={self._name} is none of memeval's: give another name, e.g. "
                f"vector_store.collection={PREFIX}${{unique}}"
            )
        return int(found.group(1))

    def _create(self, dimension: int) -> None:
        if not self._keep:
            self._base.made("collection", self._name)
        config = self._base.part("weaviate.classes.config")
        kinds, whole = config.DataType, config.Tokenization.FIELD
        build, metric = config.Configure.VectorIndex, config.VectorDistances.DOT
        graph = build.flat(distance_metric=metric) if self._flat else build.hnsw(distance_metric=metric, **self._hnsw)
        plain: dict[str, Any] = {"index_filterable": False, "index_searchable": False}
        try:
            self._client.collections.create(
                self._name,
                description=f"memeval, {dimension} dimensions",
                properties=[
                    config.Property(name="name", data_type=kinds.TEXT, tokenization=whole, **plain),
                    config.Property(name="place", data_type=kinds.INT, index_filterable=False),
                    config.Property(name="payload", data_type=kinds.TEXT, tokenization=whole, **plain),
                    config.Property(
                        name="facts", data_type=kinds.TEXT_ARRAY, tokenization=whole, index_searchable=False
                    ),
                ],
                vector_config=config.Configure.Vectors.self_provided(vector_index_config=graph),
                multi_tenancy_config=config.Configure.multi_tenancy(enabled=True, auto_tenant_creation=True),
            )
        except self._base.errors.UnexpectedStatusCodeError:
            # Another writer was first.
            if not self._client.collections.exists(self._name):
                raise

    def _tenant(self, scope: str) -> Any:
        # Names of tenants are short and ASCII.
        return self._collection.with_tenant(key(scope, ""))

    def _write(self, scope: str, rows: Sequence[Row]) -> None:
        kind = self._base.part("weaviate.classes.data").DataObject
        objects = [
            kind(
                uuid=key(scope, row.id),
                properties={"name": row.id, "place": row.place, "payload": row.payload, "facts": list(row.facts)},
                vector=row.vector.tolist(),
            )
            for row in rows
        ]
        answer = self._tenant(scope).data.insert_many(objects)
        for error in answer.errors.values():
            raise self._base.errors.WeaviateBatchError(error.message)

    def _near(self, scope: str, vector: Vectors, n: int, facts: Sequence[str]) -> Sequence[tuple[Row, float]]:
        query = self._base.part("weaviate.classes.query")
        try:
            answer = self._tenant(scope).query.near_vector(
                vector.tolist(),
                limit=n,
                filters=query.Filter.by_property("facts").contains_all(list(facts)) if facts else None,
                include_vector=True,
                return_metadata=query.MetadataQuery(distance=True),
                return_properties=_READ,
            )
        except self._base.errors.WeaviateQueryError as error:
            if not _NO_TENANT.search(str(error)):
                raise
            return []
        # The distance is the negative product.
        return [(_row(each), -each.metadata.distance) for each in answer.objects]

    def _remove(self, scope: str, names: Sequence[str]) -> None:
        query = self._base.part("weaviate.classes.query")
        try:
            keys = [key(scope, name) for name in names]
            self._tenant(scope).data.delete_many(where=query.Filter.by_id().contains_any(keys))
        except self._base.errors.WeaviateDeleteManyError as error:
            if not _NO_TENANT.search(str(error)):
                raise

    def _size(self, scope: str) -> int:
        try:
            return int(self._tenant(scope).aggregate.over_all(total_count=True).total_count)
        except self._base.errors.WeaviateQueryError as error:
            if not _NO_TENANT.search(str(error)):
                raise
            return 0

    def _written(self, scope: str) -> Mapping[str, int]:
        try:
            found = self._tenant(scope).iterator(return_properties=["name", "place"])
            return {each.properties["name"]: int(each.properties["place"]) for each in found}
        except self._base.errors.WeaviateQueryError as error:
            if not _NO_TENANT.search(str(error)):
                raise
            return {}


def _row(found: Any) -> Row:
    (vector,) = found.vector.values()
    values = found.properties
    return Row(values["name"], int(values["place"]), np.array(vector, dtype=np.float32), values["payload"])
