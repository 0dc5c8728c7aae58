"""A stand-in for a Weaviate server: schema over REST, objects over gRPC with the client's own messages, in memory.

It refuses what Weaviate refuses: unknown collections and tenants, wrong dimensions, properties of another type.
"""

import re
import sys
import threading
import uuid
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import numpy as np

with warnings.catch_warnings(record=True):
    from weaviate.proto.v1 import (
        aggregate_pb2,
        base_pb2,
        batch_delete_pb2,
        batch_pb2,
        properties_pb2,
        search_get_pb2,
        weaviate_pb2_grpc,
    )

from memeval.servers.base import free_port
from standins.web import MARK, Answer, Refused, Request, StandIn, run

VERSION = "1.33.0"
MOST, LIMIT_BYTES = 10_000, 10 * 2**20
OPERATOR = base_pb2.Filters.Operator


class WeaviateServer(StandIn):
    name = "weaviate"
    systems = ("weaviate",)
    module = "standins.weaviate"
    probe = "/v1/meta"

    def __init__(self) -> None:
        super().__init__()
        self.grpc_port = free_port()

    @property
    def url(self) -> str:
        return f"{super().url}?grpc_port={self.grpc_port}"

    def arguments(self) -> Sequence[str]:
        return [str(self.port), str(self.grpc_port)]


class Collection:
    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.types = {each["name"]: each["dataType"][0] for each in config.get("properties") or []}
        # By tenant; by id: values and vector.
        self.tenants: dict[str, dict[str, tuple[dict[str, Any], np.ndarray]]] = {}


class Weaviate(weaviate_pb2_grpc.WeaviateServicer):
    def __init__(self) -> None:
        self.collections: dict[str, Collection] = {}
        self.lock = threading.RLock()

    # REST

    def answer(self, request: Request) -> Answer:
        with self.lock:
            match (request.method, *request.path[1:]):
                case ("GET", "meta"):
                    return Answer({"hostname": f"{MARK}/weaviate", "version": VERSION, "modules": {}})
                case ("GET", "schema"):
                    return Answer({"classes": [each.config for each in self.collections.values()]})
                case ("POST", "schema"):
                    return self.create(request.body)
                case ("GET", "schema", name) if name in self.collections:
                    return Answer(self.collections[name].config)
                case ("GET", "schema", _):
                    raise Refused(404, None)
                case ("DELETE", "schema", name):
                    self.collections.pop(name, None)
                    return Answer()
        raise Refused(404, {"code": 404, "message": f"path {request.path} was not found"})

    def create(self, config: dict[str, Any]) -> Answer:
        name = config["class"]
        if not re.fullmatch(r"[A-Z][_0-9A-Za-z]{0,255}", name):
            raise refused(422, f"'{name}' is not a valid class name")
        if name in self.collections:
            raise refused(422, f"class name {name} already exists")
        if not (config.get("multiTenancyConfig") or {}).get("enabled"):
            raise refused(422, "this stand-in knows collections with multi-tenancy only")
        for index in [each["vectorIndexType"] for each in (config.get("vectorConfig") or {}).values()]:
            if index not in ("flat", "hnsw", "dynamic"):
                raise refused(422, f"unrecognized or unsupported vectorIndexType {index!r}")
        self.collections[name] = Collection(described(config))
        return Answer(config)

    # gRPC

    def tenant(self, context: grpc.ServicerContext, request: Any) -> dict[str, tuple[dict[str, Any], np.ndarray]]:
        collection = self.collections.get(request.collection)
        if collection is None:
            context.abort(grpc.StatusCode.UNKNOWN, f"could not find class {request.collection} in schema")
        elif not request.tenant:
            context.abort(grpc.StatusCode.UNKNOWN, f"class {request.collection} has multi-tenancy enabled: no tenant")
        elif request.tenant not in collection.tenants:
            context.abort(grpc.StatusCode.UNKNOWN, f'tenant not found: "{request.tenant}"')
        assert collection is not None
        return collection.tenants[request.tenant]

    def BatchObjects(self, request: batch_pb2.BatchObjectsRequest, context: grpc.ServicerContext) -> Any:
        errors = []
        with self.lock:
            for position, each in enumerate(request.objects):
                if (error := self.put(each)) is not None:
                    errors.append(batch_pb2.BatchObjectsReply.BatchError(index=position, error=error))
        return batch_pb2.BatchObjectsReply(took=0.0, errors=errors)

    def put(self, given: batch_pb2.BatchObject) -> str | None:
        collection = self.collections.get(given.collection)
        if collection is None:
            return f"class {given.collection} not found in schema"
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", given.tenant):
            return f"class {given.collection} has multi-tenancy enabled, but request was without a valid tenant"
        vector = vector_of(given)
        held = collection.tenants.setdefault(given.tenant, {})
        sizes = {len(row) for tenant in collection.tenants.values() for _, row in tenant.values()}
        if sizes and len(vector) not in sizes:
            return f"vector lengths don't match: {sizes.pop()} vs {len(vector)}"
        values: dict[str, Any] = dict(given.properties.non_ref_properties.items())
        values |= {each.prop_name: list(each.values) for each in given.properties.text_array_properties}
        values |= dict.fromkeys(given.properties.empty_list_props, [])
        kinds: Mapping[str, Any] = {"text": str, "int": float, "text[]": list}
        for name, value in values.items():
            if not isinstance(value, kinds[collection.types[name]]):
                return f"invalid {collection.types[name]} property '{name}' on class '{given.collection}'"
        held[given.uuid] = values, vector
        return None

    def Search(self, request: search_get_pb2.SearchRequest, context: grpc.ServicerContext) -> Any:
        if request.limit > MOST:
            context.abort(grpc.StatusCode.UNKNOWN, "query maximum results exceeded")
        with self.lock:
            held = dict(self.tenant(context, request))
        found = [(name, *held[name]) for name in sorted(held) if fits(name, held[name][0], request)]
        distances = [0.0] * len(found)
        if request.HasField("near_vector"):
            query = np.frombuffer(request.near_vector.vectors[0].vector_bytes, dtype="<f4")
            if found and len(found[0][2]) != len(query):
                sizes = f"{len(found[0][2])} vs {len(query)}"
                context.abort(grpc.StatusCode.UNKNOWN, f"vector search: vector lengths don't match: {sizes}")
            scores = np.array([row for _, _, row in found], dtype=np.float32).reshape(len(found), len(query)) @ query
            order = np.argsort(-scores)
            found, distances = [found[each] for each in order], [-float(scores[each]) for each in order]
        elif request.after:
            found = [each for each in found if each[0] > request.after]
        results = []
        for (name, values, row), distance in zip(found[: request.limit or 10], distances, strict=False):
            meta = search_get_pb2.MetadataResult(
                id=name, id_as_bytes=uuid.UUID(name).bytes, distance=distance, distance_present=True
            )
            if request.metadata.vector or request.metadata.vectors:
                kind = base_pb2.Vectors.VECTOR_TYPE_SINGLE_FP32
                meta.vectors.append(base_pb2.Vectors(name="default", vector_bytes=row.tobytes(), type=kind))
            fields = {each: value(values[each]) for each in request.properties.non_ref_properties if each in values}
            properties = search_get_pb2.PropertiesResult(
                non_ref_props=properties_pb2.Properties(fields=fields), target_collection=request.collection
            )
            results.append(search_get_pb2.SearchResult(metadata=meta, properties=properties))
        return search_get_pb2.SearchReply(took=0.0, results=results)

    def BatchDelete(self, request: batch_delete_pb2.BatchDeleteRequest, context: grpc.ServicerContext) -> Any:
        with self.lock:
            held = self.tenant(context, request)
            gone = [name for name in held if fits(name, held[name][0], request)]
            for name in gone:
                del held[name]
        return batch_delete_pb2.BatchDeleteReply(took=0.0, matches=len(gone), successful=len(gone), failed=0)

    def Aggregate(self, request: aggregate_pb2.AggregateRequest, context: grpc.ServicerContext) -> Any:
        with self.lock:
            count = len(self.tenant(context, request))
        return aggregate_pb2.AggregateReply(
            took=0.0, single_result=aggregate_pb2.AggregateReply.Single(objects_count=count)
        )


def described(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration as Weaviate gives it back: with the defaults of what was not given."""
    hnsw = {
        "cleanupIntervalSeconds": 300, "dynamicEfMin": 100, "dynamicEfMax": 500, "dynamicEfFactor": 8, "ef": -1,
        "efConstruction": 128, "maxConnections": 32, "flatSearchCutoff": 40000, "skip": False, "distance": "cosine",
        "vectorCacheMaxObjects": 10**12, "filterStrategy": "sweeping",
    }  # fmt: skip
    vectors = {
        name: {**each, "vectorIndexConfig": {**hnsw, **(each.get("vectorIndexConfig") or {})}}
        for name, each in (config.get("vectorConfig") or {}).items()
    }
    indexed = {"indexFilterable": True, "indexSearchable": False, "indexRangeFilters": False, "description": ""}
    return {
        "invertedIndexConfig": {
            "bm25": {"b": 0.75, "k1": 1.2}, "cleanupIntervalSeconds": 60,
            "stopwords": {"preset": "en", "additions": None, "removals": None},
        },
        "replicationConfig": {"factor": 1, "asyncEnabled": False, "deletionStrategy": "TimeBasedResolution"},
        "shardingConfig": {},
        **config,
        "vectorConfig": vectors,
        "properties": [{**indexed, **each} for each in config.get("properties") or []],
    }  # fmt: skip


def vector_of(given: batch_pb2.BatchObject) -> np.ndarray:
    raw = given.vectors[0].vector_bytes if given.vectors else given.vector_bytes
    return np.frombuffer(raw, dtype="<f4")


def value(given: Any) -> properties_pb2.Value:
    if isinstance(given, str):
        return properties_pb2.Value(text_value=given)
    if isinstance(given, float):
        return properties_pb2.Value(int_value=int(given))
    texts = properties_pb2.TextValues(values=given)
    return properties_pb2.Value(list_value=properties_pb2.ListValue(text_values=texts))


def fits(name: str, values: Mapping[str, Any], request: Any) -> bool:
    if not request.HasField("filters"):
        return True
    wanted = request.filters
    # The client names ids `_id`.
    have = [name] if wanted.target.property == "_id" else values.get(wanted.target.property, [])
    among = [each in have for each in wanted.value_text_array.values]
    if wanted.operator == OPERATOR.OPERATOR_CONTAINS_ALL:
        return all(among)
    if wanted.operator == OPERATOR.OPERATOR_CONTAINS_ANY:
        return any(among)
    raise NotImplementedError(OPERATOR.Name(wanted.operator))


def refused(status: int, message: str) -> Refused:
    return Refused(status, {"error": [{"message": message}]})


def serve(port: int, grpc_port: int) -> None:
    product = Weaviate()
    server = grpc.server(ThreadPoolExecutor(16), options=[("grpc.max_receive_message_length", LIMIT_BYTES)])
    weaviate_pb2_grpc.add_WeaviateServicer_to_server(product, server)
    server.add_insecure_port(f"127.0.0.1:{grpc_port}")
    server.start()
    answer: Callable[[Request], Answer] = product.answer
    run("weaviate", port, answer).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
