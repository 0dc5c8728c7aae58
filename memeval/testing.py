"""The contracts of plug-ins as checks: each raises a ContractError that names the first broken rule."""

from memeval.testing_benchmarks import check_benchmark
from memeval.testing_embedders import check_embedder
from memeval.testing_kv import check_kv_store
from memeval.testing_retrievers import check_retriever
from memeval.testing_strategies import check_strategy
from memeval.testing_vectors import check_vector_store

__all__ = [
    "check_benchmark",
    "check_embedder",
    "check_kv_store",
    "check_retriever",
    "check_strategy",
    "check_vector_store",
]
