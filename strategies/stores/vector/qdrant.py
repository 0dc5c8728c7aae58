"""Qdrant's local mode: the client's own engine in Python, in memory or in a folder."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from memeval.kit import engines
from memeval.kit.errors import ConfigError, ModelError
from memeval.kit.stores import Match
from memeval.kit.types import Vectors
from memeval.strategies.stores.vector.ranking import check_query, check_write, fetch_near_best, fits, rank

# Points sent at once, below a server's limit for a request.
_BATCH = 256


class QdrantStore:
    """One collection, scopes told apart by a payload filter, as Qdrant advises for many tenants.

    The local mode compares a query with all vectors of all scopes, in Python: use it to try a server's client out, not
    to measure a server's speed. Equal scores keep the order of first writing, which is kept with each point.
    """

    def __init__(self, path: str | None = None, collection: str = "memeval") -> None:
        """Open.

        Args:
            path: folder of the data, locked to one process, about 70 points a second; None keeps them in memory.
            collection: name of the collection; one that is there already is gone on with.

        Raises:
            ConfigError: a folder or collection that cannot be used.
            ModelError: the client is not installed.
        """
        try:
            from qdrant_client import QdrantClient, models
        except ImportError as error:
            raise ModelError(
                "vector_store=qdrant needs its client: pip install qdrant-client, or choose vector_store=numpy"
            ) from error
        self._models = models
        self._collection = collection
        self._dimension: int | None = None
        self._places: dict[str, dict[str, int]] = {}
        self._next = 0
        try:
            self._client = QdrantClient(path=path) if path is not None else QdrantClient(":memory:")
            try:
                if self._client.collection_exists(collection):
                    self._reopen()
            except BaseException:
                self._client.close()
                raise
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            raise ConfigError(
                f"vector_store.path={path} with vector_store.collection={collection} cannot be opened ({error}): name "
                "another folder or collection"
            ) from error
        # It speaks the client's protocol, but is none of Qdrant's engines.
        told = {"search": "exact"}
        engines.served_by(
            engines.Engine("qdrant", "emulator", "Qdrant client's local mode", version("qdrant-client"), told)
        )

    def _reopen(self) -> None:
        vectors = self._client.get_collection(self._collection).config.params.vectors
        if not isinstance(vectors, self._models.VectorParams):
            raise ValueError("its vectors have names, it is none of memeval's")
        self._dimension = vectors.size
        count = self._client.count(self._collection).count
        records, _ = self._client.scroll(self._collection, limit=max(count, 1), with_payload=True)
        for payload in sorted((record.payload or {} for record in records), key=lambda payload: int(payload["place"])):
            self._places.setdefault(payload["scope"], {})[payload["id"]] = payload["place"]
            self._next = payload["place"] + 1

    def upsert(self, scope: str, ids: Sequence[str], vectors: Vectors, payloads: Sequence[Mapping[str, Any]]) -> None:
        """Add or replace; a replaced vector keeps its place among equal scores."""
        if not len(ids) and not len(vectors):
            return
        names, vectors, contents = check_write(scope, ids, vectors, payloads, self._dimension)
        models = self._models
        if self._dimension is None:
            self._dimension = vectors.shape[1]
            # Not COSINE: Qdrant would change the last bits of vectors that have unit length already.
            size = models.VectorParams(size=self._dimension, distance=models.Distance.DOT)
            self._client.create_collection(self._collection, vectors_config=size)
        places = self._places.setdefault(scope, {})
        points = []
        for name, vector, content in zip(names, vectors, contents, strict=True):
            if name not in places:
                places[name] = self._next
                self._next += 1
            stored = {"scope": scope, "id": name, "place": places[name], "payload": content}
            points.append(models.PointStruct(id=_number(scope, name), vector=vector.tolist(), payload=stored))
        for start in range(0, len(points), _BATCH):
            self._client.upsert(self._collection, points[start : start + _BATCH])

    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        """The k most similar."""
        vector = check_query(vector, where, self._dimension)
        places = self._places.get(scope)
        if not places or k < 1:
            return []
        condition = self._filter(scope, where)
        points: dict[str, Any] = {}

        def fetch(n: int) -> Sequence[tuple[str, float]]:
            limit = n
            while True:
                answer = self._client.query_points(
                    self._collection, query=vector.tolist(), query_filter=condition, limit=limit, with_vectors=True
                ).points
                # To Qdrant a list is equal to each of its members.
                kept = [point for point in answer if point.payload and fits(point.payload["payload"], where)]
                if len(kept) >= n or len(answer) < limit:
                    points.update((point.payload["id"], point) for point in kept[:n] if point.payload)
                    return [(point.payload["id"], point.score) for point in kept[:n] if point.payload]
                limit *= 4

        names = fetch_near_best(fetch, k, len(places))
        if not names:
            return []
        rows = np.array([points[name].vector for name in names], dtype=np.float32)
        found = rank(names, rows, vector, [places[name] for name in names], k)
        return [Match(name, score, points[name].payload["payload"]) for name, score in found]

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
        places = self._places.get(scope, {})
        known = [name for name in dict.fromkeys(ids) if places.pop(name, None) is not None]
        if known:
            self._client.delete(self._collection, points_selector=[_number(scope, name) for name in known])

    def count(self, scope: str) -> int:
        """Vectors of the scope."""
        return len(self._places.get(scope, {}))

    def stats(self) -> Mapping[str, float]:
        """Bytes of the vectors of all scopes."""
        return {"index_bytes": sum(map(len, self._places.values())) * 4 * (self._dimension or 0)}

    def close(self) -> None:
        """Close the client."""
        self._client.close()


def _number(scope: str, name: str) -> str:
    # Qdrant's ids are integers or UUIDs; this one is the same in every process.
    digest = hashlib.blake2b(f"{len(scope)}:{scope}{name}".encode(), digest_size=16).digest()
    return str(uuid.UUID(bytes=digest))
