"""WordLlama: static word vectors, averaged; a hundred times faster than a transformer, and less exact."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from memeval.errors import ConfigError, ModelError
from memeval.strategies.embedders.base import CachedEmbedder
from memeval.types import Vectors

DIMENSIONS = (256,)
_LONGEST = 20_000


class Wordllama(CachedEmbedder):
    """Mean of static token vectors taken from a large model and compressed (dleemiller/WordLlama, MIT)."""

    def __init__(self, dimension: int = 256, cache: bool = False) -> None:
        """Set up; the vectors are loaded on first use.

        Args:
            dimension: 256, what the wheel carries.
            cache: keep vectors on disk; computing them is faster than reading them.
        """
        if dimension not in DIMENSIONS:
            raise ConfigError(
                f"embedder.dimension={dimension}: the wheel carries {DIMENSIONS[0]}, type "
                f"embedder.dimension={DIMENSIONS[0]}"
            )
        self._dimension = dimension
        super().__init__(cache)

    @property
    def fingerprint(self) -> str:
        """Package version and size."""
        from importlib.metadata import version

        return f"wordllama:{version('wordllama')}:{self._dimension}"

    @property
    def dimension(self) -> int:
        """As configured."""
        return self._dimension

    def prepare(self) -> None:
        """Load the vectors."""
        _model(self._dimension)

    def compute(self, texts: Sequence[str]) -> Vectors:
        """Mean token vectors (n, d)."""
        clean = [text[:_LONGEST].encode("utf-8", "replace").decode("utf-8") for text in texts]
        vectors: Vectors = _model(self._dimension).embed(clean, norm=False)
        return vectors


@cache
def _model(dimension: int) -> Any:
    try:
        import wordllama
    except ImportError as error:
        raise ModelError(
            "embedder=wordllama needs its package: pip install wordllama, or choose embedder=minilm"
        ) from error
    # The wheel carries the vectors: without these arguments it would look for them on a hub.
    return wordllama.WordLlama.load(dim=dimension, cache_dir=Path(wordllama.__file__).parent, disable_download=True)
