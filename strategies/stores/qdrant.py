"""Qdrant's local mode: the client's own engine in Python, in memory or in a folder."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from memeval.errors import ConfigError, ModelError
from memeval.strategies.stores.vectors import best_of, checked
from memeval.types import Match, Vectors

_BATCH = 256


class QdrantStore:
    """One collection, scopes told apart by a payload filter, as Qdrant advises for many tenants."""

    def __init__(self, path: str | None = None, collection: str = "memeval") -> None:
        """Open.

        Args:
            path: folder of the data, locked to one process; None keeps them in memory.
            collection: name of the collection.

        Raises:
            ConfigError: a folder that cannot be used.
        """
        try:
            from qdrant_client import QdrantClient, models
        except ImportError as error:
            raise ModelError(
                "vector_store=qdrant needs its client: pip install qdrant-client, or vector_store=numpy"
            ) from error
        self._models = models
        self._collection = collection
        try:
            self._client = QdrantClient(path=path) if path is not None else QdrantClient(":memory:")
        except (OSError, RuntimeError) as error:
            raise ConfigError(f"vector_store.path={path} cannot be opened ({error}): name another folder") from error
        self._dimension: int | None = None
        self._order: dict[tuple[str, str], int] = {}
        if self._client.collection_exists(collection):
            self._reopen()

    def _reopen(self) -> None:
        self._dimension = self._client.get_collection(self._collection).config.params.vectors.size  # type: ignore[union-attr]
        records, _ = self._client.scroll(self._collection, limit=1_000_000_000, with_payload=True)
        for record in sorted(records, key=lambda record: (record.payload or {})["order"]):
            payload = record.payload or {}
            self._order[payload["scope"], payload["id"]] = payload["order"]

    def upsert(self, scope: str, ids: Sequence[str], vectors: Vectors, payloads: Sequence[Mapping[str, Any]]) -> None:
        """Add or replace."""
        vectors = checked(vectors, self._dimension, len(ids))
        if self._dimension is None:
            self._dimension = vectors.shape[1]
            self._client.create_collection(
                self._collection,
                vectors_config=self._models.VectorParams(size=self._dimension, distance=self._models.Distance.DOT),
            )
        last = {name: position for position, name in enumerate(ids)}
        points = [
            self._models.PointStruct(
                id=_number(scope, name),
                vector=vectors[position].tolist(),
                payload={
                    "scope": scope,
                    "id": name,
                    "order": self._order.setdefault((scope, name), len(self._order)),
                    "payload": dict(payloads[position]),
                },
            )
            for name, position in last.items()
        ]
        for start in range(0, len(points), _BATCH):
            self._client.upsert(self._collection, points[start : start + _BATCH])

    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        """The k most similar."""
        query = checked(vector[None], self._dimension)[0].tolist()
        size = self.count(scope)
        if not size or k < 1:
            return []
        condition = self._filter(scope, where)
        payloads: dict[str, Mapping[str, Any]] = {}

        def fetch(n: int) -> Sequence[tuple[str, float]]:
            answer = self._client.query_points(self._collection, query=query, query_filter=condition, limit=n)
            found = []
            for point in answer.points:
                stored = point.payload or {}
                payloads[stored["id"]] = stored["payload"]
                found.append((stored["id"], point.score))
            return found

        order = {name: place for (each, name), place in self._order.items() if each == scope}
        return [Match(name, score, payloads[name]) for name, score in best_of(fetch, order, k, size)]

    def _filter(self, scope: str, where: Mapping[str, Any] | None) -> Any:
        wanted = {"scope": scope, **{f"payload.{name}": value for name, value in (where or {}).items()}}
        models = self._models
        return models.Filter(
            must=[
                models.FieldCondition(key=name, match=models.MatchValue(value=value)) for name, value in wanted.items()
            ]
        )

    def delete(self, scope: str, ids: Sequence[str]) -> None:
        """Remove."""
        known = [name for name in dict.fromkeys(ids) if self._order.pop((scope, name), None) is not None]
        if known:
            self._client.delete(self._collection, points_selector=[_number(scope, name) for name in known])

    def count(self, scope: str) -> int:
        """Vectors of the scope."""
        if self._dimension is None:
            return 0
        return self._client.count(self._collection, count_filter=self._filter(scope, None)).count

    def close(self) -> None:
        """Close the client."""
        self._client.close()


def _number(scope: str, name: str) -> str:
    # Qdrant's ids are integers or UUIDs; this one is the same in every process.
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{len(scope)}:{scope}{name}"))
