"""What all embedders share: every text embedded once, vectors kept on disk, what they cost booked."""

import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from memeval import ledger
from memeval.cache import Cache, Entry, key
from memeval.errors import ModelError
from memeval.types import Vectors

# Vectors kept in memory over the disk's, because a sweep asks for the same queries in every cell.
_MEMORY_BYTES = 64_000_000


class CachedEmbedder(ABC):
    """An embedder whose `compute` does the work; `embed` looks up first and books what was saved."""

    def __init__(self, cache: bool = True) -> None:
        """Keep vectors on disk if `cache`."""
        self._cache = Cache("vectors", self.fingerprint) if cache else None
        self._memory: OrderedDict[bytes, tuple[Vectors, float]] = OrderedDict()

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """Model, weights and every setting that changes a vector."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Length of a vector."""

    @abstractmethod
    def compute(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, d) of different texts, not yet of unit length."""

    @abstractmethod
    def prepare(self) -> None:
        """Load the model, so that the first text does not pay for it."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed `texts` into float32 (n, d), rows of unit length, in the order given.

        Raises:
            ModelError: the model is missing, or gave something that is no vector.
        """
        keys = [key(text) for text in texts]
        known = self._known(keys)
        if known:
            ledger.book(cached_seconds=sum(seconds for _, seconds in known.values()))
        missing = {name: text for name, text in zip(keys, texts, strict=True) if name not in known}
        if missing:
            known.update(self._made(missing))
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        return np.stack([known[name][0] for name in keys])

    def _known(self, keys: Sequence[bytes]) -> dict[bytes, tuple[Vectors, float]]:
        known: dict[bytes, tuple[Vectors, float]] = {}
        if self._cache is None:
            return known
        asked: list[bytes] = []
        for name in dict.fromkeys(keys):
            kept = self._memory.get(name)
            if kept is None:
                asked.append(name)
            else:
                self._memory.move_to_end(name)
                known[name] = kept
        size = 4 * self.dimension
        for name, entry in self._cache.get(asked).items():
            if len(entry.blob) == size:
                known[name] = (np.frombuffer(entry.blob, dtype=np.float32), entry.seconds)
                self._remember(name, known[name])
        return known

    def _made(self, missing: dict[bytes, str]) -> dict[bytes, tuple[Vectors, float]]:
        start = time.perf_counter()
        vectors = _unit(self.compute(list(missing.values())), len(missing), self.dimension)
        seconds = time.perf_counter() - start
        ledger.book(model_seconds=seconds)
        # A model's time grows with the length of what it reads.
        lengths = np.array([len(text) + 1 for text in missing.values()], dtype=np.float64)
        shares = seconds * lengths / lengths.sum()
        made = {name: (vector, float(share)) for name, vector, share in zip(missing, vectors, shares, strict=True)}
        if self._cache is not None:
            self._cache.put((name, Entry(vector.tobytes(), share)) for name, (vector, share) in made.items())
            for name, each in made.items():
                self._remember(name, each)
        return made

    def _remember(self, name: bytes, each: tuple[Vectors, float]) -> None:
        self._memory[name] = each
        while len(self._memory) * self.dimension * 4 > _MEMORY_BYTES:
            self._memory.popitem(last=False)


def _unit(vectors: Vectors, n: int, dimension: int) -> Vectors:
    vectors = np.asarray(vectors, dtype=np.float32)
    if vectors.shape != (n, dimension):
        raise ModelError(
            f"the embedder gave vectors of shape {vectors.shape} instead of {(n, dimension)}: check its model"
        )
    if not np.isfinite(vectors).all():
        raise ModelError("the embedder gave values that are no numbers: check its model")
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    # A text without a single known word has the zero vector in static models; it is similar to nothing.
    return np.asarray(vectors / np.where(norms > 0, norms, 1), dtype=np.float32)
