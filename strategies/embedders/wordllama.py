"""WordLlama: static word vectors, averaged; a hundred times faster than a transformer, and less exact."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import numpy as np

from memeval.kit.errors import ModelError
from memeval.kit.ranges import ranged
from memeval.kit.text import encodable
from memeval.kit.types import Vectors
from memeval.strategies.embedders.base import CachedEmbedder

DIMENSIONS = (64, 128, 256)
_CARRIED = 256
# Tokens gathered at once: a very long text must not become a very large matrix.
_PORTION = 8192


@ranged
class Wordllama(CachedEmbedder):
    """Mean of static token vectors taken from a large model and compressed (dleemiller/WordLlama, MIT).

    The whole text is read, whatever its length. Smaller dimensions are the first ones of the larger, as the model was
    trained for (Kusupati et al. 2022, Matryoshka Representation Learning).
    """

    def __init__(self, dimension: Literal[64, 128, 256] = 256, cache: bool = False) -> None:
        """Set up; the vectors are loaded on first use, once for a process.

        Args:
            dimension: 64, 128 or 256.
            cache: keep vectors on disk; computing them takes about as long as reading them.

        Raises:
            ConfigError: a dimension that the model does not have.
        """
        self._size = dimension
        super().__init__(cache, dimension)

    @property
    def fingerprint(self) -> str:
        """Package version and size."""
        return f"wordllama:{_version()}:{self._size}:mean:v2"

    def prepare(self) -> None:
        """Load the vectors."""
        _model(self._size)

    def compute(self, texts: Sequence[str]) -> Vectors:
        """Mean token vectors (n, d)."""
        tokenizer, table = _model(self._size)
        # The tokenizer refuses unpaired surrogates.
        encoded = tokenizer.encode_batch([encodable(text) for text in texts], add_special_tokens=False)
        vectors = np.zeros((len(texts), self._size), dtype=np.float32)
        for row, each in enumerate(encoded):
            ids = np.minimum(np.array(each.ids, dtype=np.int64), len(table) - 1)
            for start in range(0, len(ids), _PORTION):
                vectors[row] += table[ids[start : start + _PORTION]].sum(axis=0)
        # The mean: the embedder's base brings every sum to unit length.
        return vectors


@lru_cache(maxsize=1)
def _version() -> str:
    try:
        return version("wordllama")
    except PackageNotFoundError:
        return "missing"


@lru_cache(maxsize=len(DIMENSIONS))
def _model(dimension: int) -> tuple[Any, Any]:
    """The tokenizer, which does not pad, and the table of token vectors (words, dimension)."""
    try:
        with _quiet_import():
            import wordllama
    except ImportError as error:
        raise ModelError(
            "embedder=wordllama needs its package: pip install wordllama, or choose embedder=minilm"
        ) from error
    # The wheel carries the vectors: without these arguments it would look for them on a hub.
    model = wordllama.WordLlama.load(
        dim=_CARRIED,
        trunc_dim=dimension if dimension < _CARRIED else None,
        cache_dir=Path(wordllama.__file__).parent,
        disable_download=True,
    )
    model.tokenizer.no_padding()
    return model.tokenizer, np.asarray(model.embedding, dtype=np.float32)


@contextmanager
def _quiet_import() -> Iterator[None]:
    """Undo what the package does to the log of the process: each HTTP request of each client would be printed."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    try:
        yield
    finally:
        root.setLevel(level)
        for handler in root.handlers[:]:
            if handler not in handlers:
                root.removeHandler(handler)
