"""Qdrant Edge: the engine of a Qdrant server, in this process."""

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from memeval.kit import engines
from memeval.kit.errors import ConfigError
from memeval.kit.scratch import Scratch
from memeval.kit.types import Vectors
from memeval.strategies.stores.clients.remote import client
from memeval.strategies.stores.vector.base import Row, VectorBase, check_range, hnsw, key
from memeval.strategies.stores.vector.qdrant_server import payload_of, row_of

_SYSTEM = "qdrant_edge"
_PAGE = 1_000
# The shard's own description of itself.
_CONFIG = "edge_config.json"


class QdrantEdgeStore(VectorBase):
    """One shard in a folder, scopes told apart by an indexed payload field.

    A shard indexes nothing by itself: with `index=hnsw` it is told to at the first search after its vectors have
    doubled, and even then builds no graph for less than `indexing_threshold`.
    """

    def __init__(
        self,
        path: str | None = None,
        index: Literal["exact", "hnsw"] = "exact",
        m: int = 16,
        ef_construction: int = 100,
        ef_search: int = 100,
        full_scan_threshold: int = 10_000,
        indexing_threshold: int = 10_000,
        threads: int = 1,
    ) -> None:
        """Open.

        Args:
            path: folder of the shard, for one process at a time; None: a temporary one, removed when it is closed.
            index: `exact` compares with every vector of the scope, whatever is indexed.
            m: HNSW: neighbours of a node.
            ef_construction: HNSW: candidates looked at while building.
            ef_search: HNSW: candidates looked at in a search.
            full_scan_threshold: KB of vectors below which all are compared with.
            indexing_threshold: KB of vectors of a segment from which a graph is built.
            threads: for searching and for building.

        Raises:
            ConfigError: a folder that cannot be used, or settings out of range.
            ModelError: the package is not installed.
        """
        super().__init__(_SYSTEM, index == "exact")
        check_range("m", m, 2, 512)
        check_range("ef_construction", ef_construction, 4, 10_000)
        check_range("ef_search", ef_search, 1, 100_000)
        check_range("full_scan_threshold", full_scan_threshold, 0, 2**31)
        check_range("indexing_threshold", indexing_threshold, 0, 2**31)
        check_range("threads", threads, 1, 1_024)
        self._edge = edge = client("qdrant_edge", f"vector_store={_SYSTEM}", "qdrant")
        self._indexed = index == "hnsw"
        self._scratch: Scratch | None = None
        if path is None:
            self._scratch = Scratch("qdrant")
            self._folder = self._scratch.path
        else:
            self._folder = Path(path)
        self._graph = edge.HnswIndexConfig(m, ef_construction, full_scan_threshold, max_indexing_threads=threads)
        self._optimizers = edge.EdgeOptimizersConfig(indexing_threshold=indexing_threshold)
        self._threads = threads
        self._params = edge.SearchParams(exact=not self._indexed, hnsw_ef=ef_search)
        # Points when the shard was last optimised, and points written since.
        self._settled = 0
        self._since = 0
        self._shard: Any = None
        try:
            if (self._folder / _CONFIG).is_file():
                self._shard = edge.EdgeShard.load(str(self._folder))
                self._settled = self._shard.count(edge.CountRequest())
        except Exception as error:
            raise ConfigError(
                f"vector_store.path={path} cannot be opened ({error}): name another folder, or end the process that "
                "has it open"
            ) from error
        told = {**hnsw(index, m, ef_construction, ef_search), "threads": threads}
        if self._indexed:
            told |= {"full_scan_threshold": full_scan_threshold, "indexing_threshold": indexing_threshold}
        engines.served_by(engines.Engine(_SYSTEM, "real", "Qdrant Edge", version("qdrant-edge-py"), told))

    def _find(self) -> int | None:
        if self._shard is None:
            return None
        config = json.loads((self._folder / _CONFIG).read_text(encoding="utf-8"))
        return int(config["vectors"][""]["size"])

    def _create(self, dimension: int) -> None:
        edge = self._edge
        if self._shard is None:
            config = edge.EdgeConfig(
                # Not Cosine: it would change the last bits of vectors that have unit length already.
                vectors=edge.EdgeVectorParams(size=dimension, distance=edge.Distance.Dot, hnsw_config=self._graph),
                hnsw_config=self._graph,
                optimizers=self._optimizers,
                max_search_threads=self._threads,
            )
            self._shard = edge.EdgeShard.create(str(self._folder), config)
            for field, tenant in (("scope", True), ("facts", False)):
                index = edge.KeywordIndexParams(is_tenant=tenant)
                self._shard.update(edge.UpdateOperation.create_field_index(field, index))

    def _write(self, scope: str, rows: Sequence[Row]) -> None:
        edge = self._edge
        points = [edge.Point(key(scope, row.id), row.vector.tolist(), payload_of(scope, row)) for row in rows]
        self._shard.update(edge.UpdateOperation.upsert_points(points))
        self._since += len(rows)

    def _filter(self, scope: str, facts: Sequence[str] = ()) -> Any:
        edge = self._edge
        wanted = [("scope", scope), *(("facts", each) for each in facts)]
        return edge.Filter(must=[edge.FieldCondition(name, match=edge.MatchValue(value)) for name, value in wanted])

    def _near(self, scope: str, vector: Vectors, n: int, facts: Sequence[str]) -> Sequence[tuple[Row, float]]:
        edge = self._edge
        if self._indexed and self._since > self._settled:
            self._shard.optimize()
            self._settled, self._since = self._shard.count(edge.CountRequest()), 0
        request = edge.QueryRequest(
            limit=n,
            query=edge.Query.Nearest(vector.tolist()),
            with_vector=True,
            with_payload=True,
            filter=self._filter(scope, facts),
            params=self._params,
        )
        return [(row_of(point.payload, point.vector), point.score) for point in self._shard.query(request)]

    def _remove(self, scope: str, names: Sequence[str]) -> None:
        self._shard.update(self._edge.UpdateOperation.delete_points([key(scope, name) for name in names]))

    def _size(self, scope: str) -> int:
        return int(self._shard.count(self._edge.CountRequest(filter=self._filter(scope))))

    def _written(self, scope: str) -> Mapping[str, int]:
        places: dict[str, int] = {}
        page = None
        while True:
            request = self._edge.ScrollRequest(page, _PAGE, self._filter(scope), with_payload=True)
            points, page = self._shard.scroll(request)
            places.update((point.payload["id"], point.payload["place"]) for point in points)
            if page is None:
                return places

    def stats(self) -> Mapping[str, float]:
        """Bytes of the shard's folder without its log, all scopes together; vectors that a graph holds."""
        if self._shard is None:
            return {"index_bytes": 0, "indexed": 0}
        self._ask(self._shard.flush)
        files = (self._folder / "segments").rglob("*")
        # Its files are sparse: what they take, not what they span.
        size = sum(each.stat().st_blocks * 512 for each in files if each.is_file())
        return {"index_bytes": size, "indexed": self._shard.info().indexed_vectors_count}

    def _release(self) -> None:
        if self._shard is not None:
            self._shard.flush()
            self._shard.close()
        if self._scratch is not None:
            self._scratch.remove()
