"""What the indexes of vector stores lose against exact search, as a Markdown table.

As in pgvector_filter.py: the turns of all ten LoCoMo dialogues in one store, each dialogue a tenant. Redis 8 (in
FalkorDB's server) and Chroma are started as child processes:

    pip install 'memeval[servers,qdrant]'
    python tools/vector_indexes.py
"""

import importlib
import os
import secrets
import sys
from contextlib import ExitStack
from typing import Any

from pgvector_filter import compare, fill, found, prepare

from memeval.kit import engines
from memeval.servers import server

_GRAPH = {"index": "hnsw", "full_scan_threshold": 10, "indexing_threshold": 10}
# What each row is called, the store, and the settings that are not its defaults.
ROWS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Redis, exact", "redis:RedisVectors", {}),
    ("Redis, hnsw", "redis:RedisVectors", {"index": "hnsw"}),
    ("Redis, hnsw, q8", "redis:RedisVectors", {"index": "hnsw", "quantization": "q8"}),
    ("Redis, hnsw, bin", "redis:RedisVectors", {"index": "hnsw", "quantization": "bin"}),
    (
        "Redis, hnsw, bin, ef_search 500",
        "redis:RedisVectors",
        {"index": "hnsw", "quantization": "bin", "ef_search": 500},
    ),
    ("Chroma, defaults", "chroma:ChromaStore", {"mode": "server"}),
    ("Chroma, ef_search 400", "chroma:ChromaStore", {"mode": "server", "ef_search": 400}),
    ("Chroma, m 4, ef_search 10", "chroma:ChromaStore", {"mode": "server", "m": 4, "ef_search": 10}),
    ("Qdrant Edge, exact", "qdrant_edge:QdrantEdgeStore", {}),
    ("Qdrant Edge, hnsw", "qdrant_edge:QdrantEdgeStore", {"index": "hnsw"}),
    ("Qdrant Edge, graph from 10 KB on", "qdrant_edge:QdrantEdgeStore", _GRAPH),
    ("Qdrant Edge, graph from 10 KB on, m 32", "qdrant_edge:QdrantEdgeStore", {**_GRAPH, "m": 32}),
)


def main() -> None:
    """Print the table."""
    everyone, truth = prepare(__doc__)
    sys.stdout.write(
        f"| index and settings | {' | '.join(f'recall k={k}' for k in truth)} |\n{'|---' * (len(truth) + 1)}|\n"
    )
    with ExitStack() as stack:
        for engine, variable in (("falkordb", "MEMEVAL_REDIS_URL"), ("chroma", "MEMEVAL_CHROMA_URL")):
            os.environ[variable] = stack.enter_context(server(engine)).url
        for name, target, settings in ROWS:
            module, _, kind = target.partition(":")
            argument = {"redis": "prefix", "chroma": "collection"}.get(module)
            named = {argument: f"memeval_index_{secrets.token_hex(4)}"} if argument else {}
            with engines.visit() as visit:
                store = getattr(importlib.import_module(f"memeval.strategies.stores.vector.{module}"), kind)(
                    **settings, **named
                )
                try:
                    fill(store, everyone)
                    cells = [f"{compare(found(store, everyone, k), truth[k])[0]:.4f}" for k in truth]
                finally:
                    store.close()
                (engine_,) = visit.engines
            sys.stdout.write(f"| {name} ({engine_.version}) | {' | '.join(cells)} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
