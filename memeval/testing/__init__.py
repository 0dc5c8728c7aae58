"""The contracts of plug-ins as checks: each raises a ContractError that names the first broken rule."""

from memeval.testing.benchmarks import check_benchmark
from memeval.testing.embedders import check_embedder
from memeval.testing.executors import check_executor
from memeval.testing.graph import check_graph_store
from memeval.testing.kv import check_kv_store
from memeval.testing.measures import check_measure
from memeval.testing.retrievers import check_retriever
from memeval.testing.sql import check_sql_store
from memeval.testing.strategies import check_strategy
from memeval.testing.vectors import check_vector_store

__all__ = [
    "check_benchmark",
    "check_embedder",
    "check_executor",
    "check_graph_store",
    "check_kv_store",
    "check_measure",
    "check_retriever",
    "check_sql_store",
    "check_strategy",
    "check_vector_store",
]
