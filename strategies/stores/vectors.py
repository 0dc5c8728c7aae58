"""What all vector stores share: which vectors they take, and in which order equal scores come."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from memeval.errors import ContractError
from memeval.types import Vectors

# Engines sum in different orders; beyond these decimals their cosines differ by nothing but that.
_DECIMALS = 6
_UNIT = 1e-3


def checked(vectors: Vectors, dimension: int | None, entries: int | None = None) -> Vectors:
    """The vectors (n, d) as contiguous float32.

    Args:
        vectors: (n, d).
        dimension: d of the store; None if nothing was written yet.
        entries: how many ids and payloads come with them.

    Raises:
        ContractError: another shape, values that are not finite, or rows that are not of unit length (or zero).
    """
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    if vectors.ndim != 2 or (entries is not None and len(vectors) != entries):
        raise ContractError(f"vectors of shape {vectors.shape} do not fit {entries} ids: give one row for each id")
    if dimension is not None and vectors.shape[1] != dimension:
        raise ContractError(
            f"vectors of {vectors.shape[1]} dimensions do not fit a store of {dimension}: use one embedder for a store"
        )
    if not np.isfinite(vectors).all():
        raise ContractError("a vector has values that are no numbers: check the embedder")
    norms = np.linalg.norm(vectors, axis=1)
    if not np.all((np.abs(norms - 1) < _UNIT) | (norms == 0)):
        raise ContractError("a vector is not of unit length: normalise what the embedder gives")
    return vectors


def best(scores: Vectors, order: npt.NDArray[np.int64], k: int) -> list[tuple[int, float]]:
    """Positions and scores of the k highest of `scores` (n,); equal ones by `order` (n,), -inf never."""
    rounded = np.round(scores.astype(np.float64), _DECIMALS)
    if k < len(rounded):
        # All that tie with the k-th take part, so that the cut does not depend on how a selection breaks ties.
        cut = np.partition(rounded, len(rounded) - k)[len(rounded) - k]
        chosen = np.flatnonzero(rounded >= cut)
    else:
        chosen = np.arange(len(rounded))
    chosen = chosen[np.isfinite(rounded[chosen])]
    ranked = chosen[np.lexsort((order[chosen], -rounded[chosen]))][:k]
    return [(int(position), float(rounded[position])) for position in ranked]


def best_of(
    fetch: Callable[[int], Sequence[tuple[str, float]]],
    order: Mapping[str, int],
    k: int,
    size: int,
) -> list[tuple[str, float]]:
    """The k best of an engine that breaks ties in its own way.

    Args:
        fetch: gives the n best (id, score).
        order: place of each id in the order of writing.
        k: how many are wanted.
        size: how many there are.
    """
    asked = min(size, k + 8)
    while True:
        found = [(name, round(score, _DECIMALS)) for name, score in fetch(asked)]
        # The ties of the k-th are all there once something worse was fetched too.
        if asked >= size or len(found) < asked or (len(found) > k and found[-1][1] < found[k - 1][1]):
            found.sort(key=lambda each: (-each[1], order[each[0]]))
            return found[:k]
        asked = min(size, asked * 4)


def fits(payload: Mapping[str, Any], where: Mapping[str, Any] | None) -> bool:
    """Whether a payload has the wanted values."""
    return where is None or all(payload.get(name) == value for name, value in where.items())
