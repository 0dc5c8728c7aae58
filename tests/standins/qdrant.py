"""A stand-in for a Qdrant server: its REST interface, checked by the client's own models, over the client's local mode.

It refuses what Qdrant refuses: unknown and existing collections, wrong dimensions, ids of another kind, large requests.
"""

import sys
import threading
import uuid
import warnings
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel, ValidationError
from qdrant_client import QdrantClient, models

from standins.web import MARK, Answer, Refused, Request, StandIn, run

LIMIT_BYTES = 32 * 2**20


class QdrantServer(StandIn):
    name = "qdrant"
    systems = ("qdrant",)
    module = "standins.qdrant"


class Qdrant:
    def __init__(self) -> None:
        self.local = QdrantClient(":memory:")
        self.lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        if request.path == ():
            return Answer({"title": f"{MARK} for Qdrant", "version": version("qdrant-client"), "commit": None})
        if request.size > LIMIT_BYTES:
            raise refusal(413, f"Payload error: JSON payload ({request.size} bytes) is larger than allowed")
        if request.path[0] != "collections":
            raise Refused(404, None)
        with self.lock:
            try:
                result = self.collections(request) if len(request.path) == 1 else self.collection(request)
            except ValidationError as error:
                raise refusal(400, f"Format error in JSON body: {error.errors()[0]['msg']}") from error
        if isinstance(result, BaseModel):
            result = result.model_dump(mode="json")
        return Answer({"result": result, "status": "ok", "time": 0.0})

    def collections(self, request: Request) -> Any:
        return self.local.get_collections()

    def collection(self, request: Request) -> Any:
        name, rest = request.path[1], "/".join(request.path[2:])
        exists = self.local.collection_exists(name)
        match (request.method, rest):
            case ("GET", "exists"):
                return {"exists": exists}
            case ("PUT", "") if exists:
                raise refusal(409, f"Wrong input: Collection `{name}` already exists!")
            case ("PUT", ""):
                wanted = models.CreateCollection.model_validate(request.body)
                assert isinstance(wanted.vectors, models.VectorParams)
                if not 1 <= wanted.vectors.size <= 65_536:
                    raise refusal(422, "Validation error in JSON body: [vectors.size: value invalid, 1 to 65536]")
                self.local.create_collection(name, vectors_config=wanted.vectors, hnsw_config=wanted.hnsw_config)
                return True
            case ("DELETE", ""):
                return self.local.delete_collection(name)
        operation = OPERATIONS.get((request.method, rest))
        if operation is None:
            raise Refused(404, None)
        if not exists:
            raise refusal(404, f"Not found: Collection `{name}` doesn't exist!")
        return operation(self.local, name, request.body)


def describe(local: QdrantClient, name: str, body: Mapping[str, Any]) -> Any:
    return local.get_collection(name)


def index(local: QdrantClient, name: str, body: Mapping[str, Any]) -> Any:
    wanted = models.CreateFieldIndex.model_validate(body)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the local mode says that it needs none
        return local.create_payload_index(name, wanted.field_name, wanted.field_schema)


def upsert(local: QdrantClient, name: str, body: Mapping[str, Any]) -> Any:
    points = models.PointsList.model_validate(body).points
    for point in points:
        check_id(point.id)
        check_vector(local, name, point.vector)
    return local.upsert(name, points)


def query(local: QdrantClient, name: str, body: Mapping[str, Any]) -> Any:
    wanted = models.QueryRequest.model_validate(body)
    if wanted.limit is not None and wanted.limit < 1:
        raise refusal(422, "Validation error in JSON body: [limit: value 0 invalid, must be 1 or larger]")
    vector = wanted.query.nearest if isinstance(wanted.query, models.NearestQuery) else wanted.query
    check_vector(local, name, vector)
    return local.query_points(
        name,
        query=vector,
        query_filter=wanted.filter,
        search_params=wanted.params,
        limit=wanted.limit or 10,
        with_payload=wanted.with_payload or False,
        with_vectors=wanted.with_vector or False,
    )


def scroll(local: QdrantClient, name: str, body: Mapping[str, Any]) -> Any:
    wanted = models.ScrollRequest.model_validate(body)
    points, page = local.scroll(
        name,
        scroll_filter=wanted.filter,
        limit=wanted.limit or 10,
        offset=wanted.offset,
        with_payload=wanted.with_payload or False,
        with_vectors=wanted.with_vector or False,
    )
    return models.ScrollResult(points=points, next_page_offset=page)


def count(local: QdrantClient, name: str, body: Mapping[str, Any]) -> Any:
    return local.count(name, count_filter=models.CountRequest.model_validate(body).filter)


def delete(local: QdrantClient, name: str, body: Mapping[str, Any]) -> Any:
    points = models.PointIdsList.model_validate(body).points
    for each in points:
        check_id(each)
    return local.delete(name, points)


def check_id(given: Any) -> None:
    if isinstance(given, str):
        try:
            uuid.UUID(given)
        except ValueError:
            raise refusal(400, f"Format error in JSON body: value {given} is not a valid point ID") from None


def check_vector(local: QdrantClient, name: str, vector: Any) -> None:
    size = local.get_collection(name).config.params.vectors.size  # type: ignore[union-attr]
    if len(vector) != size:
        raise refusal(400, f"Wrong input: Vector dimension error: expected dim: {size}, got {len(vector)}")


OPERATIONS: dict[tuple[str, str], Callable[[QdrantClient, str, Mapping[str, Any]], Any]] = {
    ("GET", ""): describe,
    ("PUT", "index"): index,
    ("PUT", "points"): upsert,
    ("POST", "points/query"): query,
    ("POST", "points/scroll"): scroll,
    ("POST", "points/count"): count,
    ("POST", "points/delete"): delete,
}


def refusal(status: int, message: str) -> Refused:
    return Refused(status, {"status": {"error": message}, "time": 0.0})


if __name__ == "__main__":
    run("qdrant", int(sys.argv[1]), Qdrant().answer).serve_forever()
