"""Any model of a hub or folder that the sentence-transformers package can load."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge

from memeval.kit.errors import ModelError
from memeval.kit.ranges import ranged
from memeval.kit.text import encodable
from memeval.kit.types import Vectors
from memeval.strategies.embedders.base import CachedEmbedder

EXTRA = 'pip install "memeval[sentence-transformers]"'


@ranged
class SentenceTransformers(CachedEmbedder):
    """A model by its name on the hub, which is downloaded, or by its folder."""

    def __init__(
        self,
        model: str = "sentence-transformers/all-MiniLM-L6-v2",
        revision: str | None = None,
        max_length: Annotated[int, Ge(1)] | None = None,
        batch_size: Annotated[int, Ge(1)] = 32,
        device: str = "cpu",
        cache: bool = True,
    ) -> None:
        """Set up; the model is loaded on first use, once for a process.

        Args:
            model: name on the hub, or a folder.
            revision: commit on the hub; None takes the newest, under which the cache cannot tell two releases apart.
            max_length: tokens read of a text; None takes the model's own limit.
            batch_size: texts run at once.
            device: cpu, cuda, mps.
            cache: keep vectors on disk.

        Raises:
            ConfigError: a number out of range.
        """
        self._arguments = (model, revision, max_length, device)
        self._batch_size = batch_size
        super().__init__(cache)

    @property
    def fingerprint(self) -> str:
        """Model, length and the package's version; of a folder its content, of the hub the revision."""
        model, revision, max_length, _ = self._arguments
        weights = _content(Path(model)) if Path(model).is_dir() else revision or "newest"
        return f"sentence_transformers:{_version()}:{model}:{weights}:max_length={max_length}:v1"

    def prepare(self) -> None:
        """Load the model."""
        _model(*self._arguments)

    def compute(self, texts: Sequence[str]) -> Vectors:
        """The model's own pooling (n, d)."""
        # Tokenizers refuse unpaired surrogates.
        clean = [encodable(text) for text in texts]
        vectors = _model(*self._arguments).encode(
            clean, batch_size=self._batch_size, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(vectors, dtype=np.float32)


@lru_cache(maxsize=1)
def _version() -> str:
    try:
        return version("sentence-transformers")
    except PackageNotFoundError:
        return "missing"


@lru_cache(maxsize=8)
def _content(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=2)
def _model(name: str, revision: str | None, max_length: int | None, device: str) -> Any:
    try:
        import sentence_transformers
    except ImportError as error:
        raise ModelError(
            f"embedder=sentence_transformers needs its package: {EXTRA}, or choose embedder=minilm"
        ) from error
    try:
        model = sentence_transformers.SentenceTransformer(name, revision=revision, device=device)
    except Exception as error:
        raise ModelError(
            f"the model {name!r} cannot be loaded on {device} ({type(error).__name__}: {error!s:.300}): check "
            "embedder.model and embedder.revision, or give the folder of a model that was downloaded before"
        ) from error
    if max_length is not None:
        model.max_seq_length = max_length
    return model
