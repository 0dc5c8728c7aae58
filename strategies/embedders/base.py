"""What all embedders share: every text embedded once, vectors kept on disk, what they cost booked."""

import threading
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from memeval.kit import cache, ledger
from memeval.kit.errors import ModelError
from memeval.kit.types import Vectors

# Vectors kept in memory over the disk's, because a sweep asks for the same texts in every cell.
_MEMORY_BYTES = 64_000_000
# Texts embedded and stored at once: what a run that is killed loses, and at most what waits in memory.
_PORTION = 1024


class CachedEmbedder(ABC):
    """An embedder whose `compute` does the work; `embed` looks up first and books what was saved."""

    def __init__(self, cache: bool = True, dimension: int | None = None) -> None:
        """Set up without loading anything.

        Args:
            cache: keep vectors on disk, and the last used ones in memory.
            dimension: length of a vector; None if it is only known once there is one.
        """
        self._keeps = cache
        self._dimension = dimension

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """Model, weights and every setting that changes a vector; never a key or password."""

    @abstractmethod
    def compute(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, d) of different texts, not yet of unit length; there is at least one text.

        Raises:
            ModelError: the model is missing or does not answer.
        """

    @abstractmethod
    def prepare(self) -> None:
        """Load the model, so that the first text does not pay for it."""

    def effort(self, text: str) -> float:
        """How much of a batch's time a text is charged with, in any unit; its length if not overridden."""
        return len(text) + 1

    @property
    def dimension(self) -> int:
        """Length of a vector; asks the model once if it is not known without."""
        if self._dimension is None:
            self.embed(["dimension"])
        if self._dimension is None:
            raise ModelError(f"{self.fingerprint} gave no vector: check the model's name")
        return self._dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed `texts` into float32 (n, d), rows of unit length, in the order given.

        A text of which the model knows no part gets the vector whose values are all equal.

        Raises:
            ModelError: the model is missing, does not answer, or gave something that is no vector.
        """
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        keys = [cache.key(text) for text in texts]
        different = dict(zip(keys, texts, strict=True))
        shelf = _shelf(cache.folder(), self.fingerprint) if self._keeps else None
        known: dict[bytes, Vectors] = {}
        if shelf is not None:
            known, seconds = shelf.get(list(different), self._dimension)
            ledger.book(cached_seconds=seconds)
        missing = [name for name in different if name not in known]
        for start in range(0, len(missing), _PORTION):
            portion = missing[start : start + _PORTION]
            made = self._make(portion, [different[name] for name in portion])
            if shelf is not None:
                shelf.put(made)
            known.update((name, vector) for name, (vector, _) in made.items())
        vectors = np.stack([known[name] for name in keys])
        self._dimension = vectors.shape[1]
        return vectors

    def _make(self, keys: Sequence[bytes], texts: Sequence[str]) -> dict[bytes, tuple[Vectors, float]]:
        start = time.perf_counter()
        vectors = _unit(self.compute(texts), len(texts), self._dimension)
        seconds = time.perf_counter() - start
        ledger.book(model_seconds=seconds)
        efforts = np.array([self.effort(text) for text in texts], dtype=np.float64)
        shares = seconds * efforts / efforts.sum()
        return {name: (vector, float(share)) for name, vector, share in zip(keys, vectors, shares, strict=True)}


class _Shelf:
    """Vectors of one embedder, in memory over the disk, with the seconds that each had cost."""

    def __init__(self, fingerprint: str) -> None:
        self._disk = cache.Cache("vectors", fingerprint)
        self._memory: OrderedDict[bytes, tuple[Vectors, float]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, keys: Sequence[bytes], dimension: int | None) -> tuple[dict[bytes, Vectors], float]:
        """Known vectors of different keys, and what making them had cost together."""
        found: dict[bytes, tuple[Vectors, float]] = {}
        with self._lock:
            for name in keys:
                if (held := self._memory.get(name)) is not None:
                    self._memory.move_to_end(name)
                    found[name] = held
        from_disk = {}
        for name, entry in self._disk.get([name for name in keys if name not in found]).items():
            # What has another length was damaged, and is made again.
            if len(entry.blob) % 4 == 0 and len(entry.blob) == 4 * (dimension or len(entry.blob) // 4) > 0:
                from_disk[name] = (np.frombuffer(entry.blob, dtype="<f4"), entry.seconds)
        self._hold(from_disk)
        found |= from_disk
        # Added up in the order of the keys, so that a sum does not depend on where each was found.
        seconds = sum(found[name][1] for name in keys if name in found)
        return {name: vector for name, (vector, _) in found.items()}, seconds

    def put(self, made: Mapping[bytes, tuple[Vectors, float]]) -> None:
        entries = {name: cache.Entry(vector.astype("<f4").tobytes(), cost) for name, (vector, cost) in made.items()}
        self._disk.put(entries.items())
        # Not the rows as they were made: each would keep the whole portion's array in memory.
        self._hold({name: (np.frombuffer(entry.blob, dtype="<f4"), entry.seconds) for name, entry in entries.items()})

    def _hold(self, entries: Mapping[bytes, tuple[Vectors, float]]) -> None:
        with self._lock:
            for name, entry in entries.items():
                if name not in self._memory:
                    self._bytes += entry[0].nbytes
                self._memory[name] = entry
            while self._bytes > _MEMORY_BYTES:
                self._bytes -= self._memory.popitem(last=False)[1][0].nbytes


@lru_cache(maxsize=8)
def _shelf(folder: Path, fingerprint: str) -> _Shelf:
    # An embedder is built anew for every dialogue; what it knows is not. The folder may change between runs.
    return _Shelf(fingerprint)


def _unit(vectors: Vectors, n: int, dimension: int | None) -> Vectors:
    """Rows brought to unit length.

    Raises:
        ModelError: not (n, dimension), or values that are no numbers.
    """
    vectors = np.asarray(vectors, dtype=np.float32)
    if vectors.ndim != 2 or len(vectors) != n or vectors.shape[1] != (dimension or vectors.shape[1]):
        raise ModelError(
            f"the embedder gave vectors of shape {vectors.shape} instead of {(n, dimension or 'any')}: check its model"
        )
    if not np.isfinite(vectors).all():
        raise ModelError("the embedder gave values that are no numbers: check its model")
    # A static model gives zeros for a text without any known word. No store takes a vector without direction.
    vectors = np.where(np.any(vectors != 0, axis=1, keepdims=True), vectors, np.float32(1))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)
