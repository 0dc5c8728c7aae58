"""What all vector stores share: which vectors they take, and the order of what they find.

Engines add up in orders of their own, so that the same vector can score differently in its last bits from one row to
the next, which would break ties at random. They are therefore only asked for candidates; the scores are computed here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from memeval.kit.errors import ContractError
from memeval.kit.text import flaw
from memeval.kit.types import Vectors

# Above what the cosines of two engines, both in float32, differ by.
MARGIN = 1e-5
_UNIT = 1e-3
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_T = TypeVar("_T")


def check_write(
    scope: str,
    ids: Sequence[str],
    vectors: Vectors,
    payloads: Sequence[Mapping[str, Any]],
    dimension: int | None,
) -> tuple[list[str], Vectors, list[Mapping[str, Any]]]:
    """What is to be written, as contiguous float32; of an id given more than once, the last.

    Args:
        scope: whose vectors these are.
        ids: n names.
        vectors: (n, d).
        payloads: n mappings; they are copied.
        dimension: d of the store; None if nothing was written yet.

    Raises:
        ContractError: lengths that differ, vectors that no store takes, names that are no text.
    """
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    if vectors.ndim != 2 or not len(vectors) == len(ids) == len(payloads):
        raise ContractError(
            f"{len(ids)} ids, {len(payloads)} payloads and vectors of shape {vectors.shape} do not belong together: "
            "give one row and one payload for each id"
        )
    _check_vectors(vectors, dimension)
    for name in (scope, *ids):
        if reason := flaw(name):
            raise ContractError(f"{name!r:.80} is no name for a vector or scope: it contains {reason}")
    last = {name: row for row, name in enumerate(ids)}
    if len(last) < len(ids):
        vectors = np.ascontiguousarray(vectors[list(last.values())])
    return list(last), vectors, [dict(payloads[row]) for row in last.values()]


def check_query(vector: Vectors, where: Mapping[str, Any] | None, dimension: int | None) -> Vectors:
    """The query (d,) as contiguous float32.

    Raises:
        ContractError: a vector that no store takes; conditions that some engine could not hold.
    """
    vector = np.ascontiguousarray(vector, dtype=np.float32)
    if vector.ndim != 1:
        raise ContractError(f"a query of shape {vector.shape} is not one vector: give shape (d,)")
    _check_vectors(vector[None], dimension)
    for name, value in (where or {}).items():
        if not _NAME.fullmatch(name) or not isinstance(value, str | int):
            raise ContractError(
                f"where={{{name!r}: {value!r}}} cannot be asked of every engine: use a name of letters, digits and _, "
                "and a string, int or bool"
            )
    return vector


def _check_vectors(vectors: Vectors, dimension: int | None) -> None:
    if dimension is not None and vectors.shape[1] != dimension:
        raise ContractError(
            f"vectors of {vectors.shape[1]} dimensions do not fit a store of {dimension}: use one embedder for a store"
        )
    if not np.isfinite(vectors).all():
        raise ContractError("a vector has values that are no numbers: check the embedder")
    lengths = np.linalg.norm(vectors, axis=1)
    worst = lengths[np.argmax(np.abs(lengths - 1))] if len(lengths) else 1.0
    if abs(worst - 1) > _UNIT:
        raise ContractError(f"a vector has length {worst:.4g} instead of 1: normalise what the embedder gives")


def fits(payload: Mapping[str, Any], where: Mapping[str, Any] | None) -> bool:
    """Whether a payload has the wanted values; True is not 1."""
    return where is None or all(
        name in payload and type(payload[name]) is type(value) and payload[name] == value
        for name, value in where.items()
    )


def near_best(scores: Vectors, k: int) -> npt.NDArray[np.int64]:
    """Positions of all `scores` (n,) that might be among the k best; -inf never is."""
    if k < len(scores):
        cut = np.partition(scores, len(scores) - k)[len(scores) - k]
        if cut > -np.inf:
            return np.flatnonzero(scores >= cut - 2 * MARGIN)
    return np.flatnonzero(scores > -np.inf)


def fetch_near_best(fetch: Callable[[int], Sequence[tuple[_T, float]]], k: int, size: int) -> list[_T]:
    """All that might be among the k best of an engine.

    Args:
        fetch: gives the n best with their scores, best first.
        k: how many are wanted.
        size: how many there are.
    """
    asked = min(size, k + 8)
    while True:
        found = fetch(asked)
        # Something clearly worse was fetched too: none that equals the k-th can be missing.
        if asked >= size or len(found) < asked or found[-1][1] < found[k - 1][1] - 2 * MARGIN:
            return [name for name, _ in found]
        asked = min(size, asked * 4)


def rank(
    names: Sequence[_T], rows: Vectors, query: Vectors, places: Sequence[int] | npt.NDArray[np.int64], k: int
) -> list[tuple[_T, float]]:
    """The k best with their cosines; equal cosines by place.

    Args:
        names: n candidates.
        rows: their vectors (n, d).
        query: (d,).
        places: n places in the order of writing.
        k: how many are wanted.
    """
    # In double precision a product of two floats is exact, and each row is added up by itself, in one order: equal
    # vectors have equal scores, in every store. What ninth decimals differ by is no similarity.
    products = np.asarray(rows, dtype=np.float64) * query.astype(np.float64)
    scores = np.round(products.sum(axis=1), 9)
    ranked = np.lexsort((np.asarray(places), -scores))[:k]
    return [(names[position], float(scores[position])) for position in ranked]
