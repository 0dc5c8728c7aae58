"""A stand-in for Pinecone (API 2026-07): control plane and vectors, in memory, checked by the client's own models.

It refuses what Pinecone refuses, and serves a query from before a write once, saying so, as Pinecone may for seconds.
"""

import json
import re
import sys
import threading
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from pinecone.models.indexes.deployment import IndexDeployment
from pinecone.models.indexes.index import IndexModel
from pinecone.models.indexes.schema import DenseVectorField, IndexSchema
from pinecone.models.vectors.responses import FetchResponse, ListResponse, QueryResponse

from standins.web import Answer, Refused, Request, StandIn, run

LIMIT_RECORDS, LIMIT_BYTES, LIMIT_METADATA, LIMIT_ID, LIMIT_ANSWER = 1_000, 2 * 2**20, 40_960, 512, 4 * 2**20
PAGE = 100
COMPARE: dict[str, Any] = {
    "$eq": lambda have, want: have == want,
    "$ne": lambda have, want: have != want,
    "$gt": lambda have, want: have > want,
    "$gte": lambda have, want: have >= want,
    "$lt": lambda have, want: have < want,
    "$lte": lambda have, want: have <= want,
}


class PineconeServer(StandIn):
    name = "pinecone"
    systems = ("pinecone",)
    module = "standins.pinecone"
    probe = "/health"


class Index:
    def __init__(self, model: dict[str, Any], dimension: int) -> None:
        self.model = model
        self.dimension = dimension
        self.spaces: dict[str, dict[str, dict[str, Any]]] = {}
        self.log = 0
        # What queries still see of a namespace that was written to, and the position in the log that it is from.
        self.before: dict[str, tuple[dict[str, dict[str, Any]], int]] = {}


class Pinecone:
    def __init__(self, port: int) -> None:
        self.port = port
        self.indexes: dict[str, Index] = {}
        self.lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        if request.path == ("health",):
            return Answer({})
        if not request.headers.get("api-key"):
            raise Refused(401, {"error": {"code": "UNAUTHENTICATED", "message": "Invalid API Key"}, "status": 401})
        with self.lock:
            if request.path[:1] == ("indexes",):
                return self.control(request)
            if request.path[:1] == ("host",) and len(request.path) > 2:
                index = self.indexes.get(request.path[1])
                if index is None:
                    raise refusal(404, "Index not found", 5)
                operation = OPERATIONS.get((request.method, "/".join(request.path[2:])))
                if operation is not None:
                    return operation(index, request)
        raise refusal(404, f"{request.method} {request.path} is not known", 5)

    def control(self, request: Request) -> Answer:
        name = request.path[1] if len(request.path) > 1 else None
        if name is not None and name not in self.indexes:
            raise control_refusal(404, "NOT_FOUND", f"Resource {name} not found")
        match (request.method, name):
            case ("GET", None):
                return Answer({"indexes": [each.model for each in self.indexes.values()]})
            case ("GET", str()):
                return Answer(self.indexes[name].model)
            case ("DELETE", str()):
                del self.indexes[name]
                return Answer(None, 202)
            case ("POST", None):
                return self.create(request.body)
        raise control_refusal(405, "METHOD_NOT_ALLOWED", request.method)

    def create(self, body: Mapping[str, Any]) -> Answer:
        name = body.get("name", "")
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,43}[a-z0-9])?", name):
            raise control_refusal(400, "INVALID_ARGUMENT", "Name must consist of lower case letters, digits and -")
        if name in self.indexes:
            raise control_refusal(409, "ALREADY_EXISTS", f"Resource {name} already exists")
        try:
            schema = msgspec.convert(body["schema"], IndexSchema)
            msgspec.convert(body["deployment"], IndexDeployment)
        except (KeyError, msgspec.ValidationError) as error:
            raise control_refusal(400, "INVALID_ARGUMENT", str(error)) from error
        fields = [each for each in schema.fields.values() if isinstance(each, DenseVectorField)]
        if len(fields) != 1 or not 1 <= fields[0].dimension <= 20_000:
            raise control_refusal(400, "INVALID_ARGUMENT", "one dense field of 1 to 20000 dimensions")
        model = {
            "name": name,
            "host": f"http://127.0.0.1:{self.port}/host/{name}",
            "status": {"ready": True, "state": "Ready"},
            "schema": body["schema"],
            "deployment": body["deployment"],
            "deletion_protection": "disabled",
        }
        msgspec.convert(model, IndexModel)
        self.indexes[name] = Index(model, fields[0].dimension)
        return Answer(model, 201)


def upsert(index: Index, request: Request) -> Answer:
    records, space = request.body["vectors"], request.body.get("namespace", "")
    if request.size > LIMIT_BYTES:
        raise refusal(
            413, f"message length too large: found {request.size} bytes, the limit is {LIMIT_BYTES} bytes", 11
        )
    if not 1 <= len(records) <= LIMIT_RECORDS:
        raise refusal(400, f"You may upsert 1 to {LIMIT_RECORDS} vectors per request", 3)
    for record in records:
        check_record(index, record)
    held = index.spaces.setdefault(space, {})
    index.before.setdefault(space, (dict(held), index.log))
    index.log += 1
    held.update((record["id"], record) for record in records)
    return Answer({"upsertedCount": len(records)}, headers={"x-pinecone-request-lsn": str(index.log)})


def check_record(index: Index, record: Mapping[str, Any]) -> None:
    if not 1 <= len(record["id"]) <= LIMIT_ID or not record["id"].isascii():
        raise refusal(400, f"Vector ID must be ASCII of 1 to {LIMIT_ID} characters", 3)
    check_values(index, record["values"])
    metadata = record.get("metadata") or {}
    size = len(json.dumps(metadata, ensure_ascii=False).encode())
    if size > LIMIT_METADATA:
        raise refusal(400, f"metadata size is {size} bytes, which exceeds the limit of {LIMIT_METADATA} bytes", 3)
    for name, value in metadata.items():
        texts = isinstance(value, list) and all(isinstance(each, str) for each in value)
        if name.startswith("$") or not (isinstance(value, str | int | float | bool) or texts):
            raise refusal(400, f"Metadata value must be a string, number, boolean or list of strings: {name}", 3)


def check_values(index: Index, values: list[float]) -> None:
    if len(values) != index.dimension:
        raise refusal(
            400, f"Vector dimension {len(values)} does not match the dimension of the index {index.dimension}", 3
        )
    if not any(values):
        raise refusal(400, "Dense vectors must contain at least one non-zero value", 3)


def query(index: Index, request: Request) -> Answer:
    body = request.body
    space, k = body.get("namespace", ""), body["topK"]
    if not 1 <= k <= 10_000:
        raise refusal(400, f"topK {k} is not between 1 and 10000", 3)
    check_values(index, body["vector"])
    held, seen = index.before.pop(space, (index.spaces.get(space, {}), index.log))
    fitting = [each for each in held.values() if fits(each.get("metadata") or {}, body.get("filter") or {})]
    rows = np.array([each["values"] for each in fitting], dtype=np.float32).reshape(len(fitting), index.dimension)
    scores = rows @ np.array(body["vector"], dtype=np.float32)
    best = np.argsort(-scores)[:k]
    matches = []
    for position in best:
        match: dict[str, Any] = {"id": fitting[position]["id"], "score": float(scores[position])}
        if body.get("includeValues"):
            match["values"] = fitting[position]["values"]
        if body.get("includeMetadata"):
            match["metadata"] = as_stored(fitting[position].get("metadata") or {})
        matches.append(match)
    answer = {"matches": matches, "namespace": space, "usage": {"readUnits": 1}}
    msgspec.convert(answer, QueryResponse)
    if len(json.dumps(answer)) > LIMIT_ANSWER:
        raise refusal(400, f"Query response is larger than {LIMIT_ANSWER} bytes", 3)
    return Answer(answer, headers={"x-pinecone-max-indexed-lsn": str(seen)})


def as_stored(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers of metadata are floats."""
    return {
        name: float(value) if isinstance(value, int) and not isinstance(value, bool) else value
        for name, value in metadata.items()
    }


def fits(metadata: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    for name, condition in wanted.items():
        if name in ("$and", "$or"):
            if not isinstance(condition, list) or not condition:
                raise refusal(400, f"{name} takes a list", 3)
            if not (all if name == "$and" else any)(fits(metadata, each) for each in condition):
                return False
        elif name.startswith("$"):
            raise refusal(400, f"{name} is not a valid operator", 3)
        elif not holds(metadata.get(name), condition if isinstance(condition, dict) else {"$eq": condition}):
            return False
    return True


def holds(value: Any, condition: Mapping[str, Any]) -> bool:
    # A list fits when any of its members does.
    values = value if isinstance(value, list) else [] if value is None else [value]
    for operator, want in condition.items():
        if operator == "$in":
            if not any(each in want for each in values):
                return False
        elif operator not in COMPARE:
            raise refusal(400, f"{operator} is not a valid operator", 3)
        elif not any(COMPARE[operator](each, want) for each in values):
            return False
    return True


def fetch(index: Index, request: Request) -> Answer:
    names, space = request.query.get("ids", []), request.query.get("namespace", [""])[0]
    if not 1 <= len(names) <= LIMIT_RECORDS:
        raise refusal(400, f"You may fetch 1 to {LIMIT_RECORDS} vectors per request", 3)
    held = index.spaces.get(space, {})
    found = {
        name: {**held[name], "metadata": as_stored(held[name].get("metadata") or {})} for name in names if name in held
    }
    answer = {"vectors": found, "namespace": space, "usage": {"readUnits": 1}}
    msgspec.convert(answer, FetchResponse)
    return Answer(answer)


def delete(index: Index, request: Request) -> Answer:
    body = request.body
    space = body.get("namespace", "")
    if space not in index.spaces:
        raise refusal(404, "Namespace not found", 5)
    if len(body.get("ids", [])) > LIMIT_RECORDS:
        raise refusal(400, f"You may delete up to {LIMIT_RECORDS} vectors per request", 3)
    held = index.spaces[space]
    index.before.pop(space, None)
    index.log += 1
    for name in [name for name, each in held.items() if selected(each, body)]:
        del held[name]
    return Answer({}, headers={"x-pinecone-request-lsn": str(index.log)})


def selected(record: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    if body.get("deleteAll"):
        return True
    if "filter" in body:
        return fits(record.get("metadata") or {}, body["filter"])
    return record["id"] in body["ids"]


def names(index: Index, request: Request) -> Answer:
    space = request.query.get("namespace", [""])[0]
    known = sorted(index.spaces.get(space, {}))
    start = int(request.query.get("paginationToken", ["0"])[0])
    answer: dict[str, Any] = {"vectors": [{"id": name} for name in known[start : start + PAGE]], "namespace": space}
    if start + PAGE < len(known):
        answer["pagination"] = {"next": str(start + PAGE)}
    msgspec.convert(answer, ListResponse)
    return Answer(answer)


def stats(index: Index, request: Request) -> Answer:
    spaces = {name: {"vectorCount": len(held)} for name, held in index.spaces.items()}
    total = sum(each["vectorCount"] for each in spaces.values())
    return Answer({"namespaces": spaces, "dimension": index.dimension, "totalVectorCount": total, "indexFullness": 0.0})


OPERATIONS = {
    ("POST", "vectors/upsert"): upsert,
    ("POST", "query"): query,
    ("GET", "vectors/fetch"): fetch,
    ("POST", "vectors/delete"): delete,
    ("GET", "vectors/list"): names,
    ("POST", "describe_index_stats"): stats,
}


def refusal(status: int, message: str, code: int) -> Refused:
    return Refused(status, {"code": code, "message": message, "details": []})


def control_refusal(status: int, code: str, message: str) -> Refused:
    return Refused(status, {"error": {"code": code, "message": message}, "status": status})


if __name__ == "__main__":
    port = int(sys.argv[1])
    run("pinecone", port, Pinecone(port).answer).serve_forever()
