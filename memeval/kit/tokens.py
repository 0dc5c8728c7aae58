"""Tokenizers with memoised line counts.

A piece of a prompt is a stripped text followed by one newline. With the byte-pair encodings of tiktoken a prompt
made of such pieces has exactly the sum of their counts (a newline never merges with the visible character after it), so
each piece is counted once and a prompt's count is a sum. One character is an exception: o200k_base merges punctuation,
the newline after it and slashes after that. No piece of a prompt begins with a slash, see `prompt.pieces`.
"""

import importlib.util
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from memeval.kit.errors import ConfigError

if TYPE_CHECKING:
    import tiktoken

ENCODINGS = ("o200k_base", "cl100k_base", "p50k_base")
_MEMO_CHARACTERS = 64_000_000


class Tokenizer:
    """Counts tokens of one encoding; get one by `get_tokenizer`, so that the memo is shared."""

    def __init__(self, name: str, encoding: "tiktoken.Encoding") -> None:
        """Wrap a loaded encoding."""
        self.name = name
        self._encode = encoding.encode_ordinary
        self._decode = encoding.decode
        self._memo: dict[str, int] = {}
        self._held = 0

    def count(self, text: str) -> int:
        """Tokens of `text` plus the newline that the prompt puts after it; 0 for the empty text."""
        known = self._memo.get(text)
        if known is not None:
            return known
        tokens = len(self._encode(text + "\n")) if text else 0
        # Bounded, so that a stream of millions of turns does not stay in memory.
        self._held += len(text)
        if self._held > _MEMO_CHARACTERS:
            self._memo.clear()
            self._held = len(text)
        self._memo[text] = tokens
        return tokens

    def counts(self, texts: Sequence[str]) -> list[int]:
        """`count` of each text."""
        return [
            self.count(text) if known is None else known
            for text, known in zip(texts, map(self._memo.get, texts), strict=True)
        ]

    def encode(self, text: str) -> list[int]:
        """The tokens that `count` counts."""
        return self._encode(text + "\n") if text else []

    def cut(self, text: str, limit: int) -> str:
        """The longest start of `text`, at word granularity where possible, whose count is at most `limit`."""
        if self.count(text) <= limit:
            return text
        size = limit
        while size > 0:
            shorter = self._decode(self._encode(text)[:size]).rstrip("�")
            kept = shorter.rsplit(None, 1)[0] if " " in shorter.strip() else shorter
            if self.count(kept.strip()) <= limit:
                return kept.strip()
            size -= 1
        return ""


def _vocabulary_folder() -> Path | None:
    # litellm's wheel carries the vocabularies under tiktoken's own cache names, so that counting works offline.
    spec = importlib.util.find_spec("litellm")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "litellm_core_utils" / "tokenizers"
    return folder if folder.is_dir() else None


@cache
def get_tokenizer(name: str) -> Tokenizer:
    """The shared tokenizer of an encoding.

    Raises:
        ConfigError: an encoding that is unknown or whose vocabulary cannot be loaded.
    """
    if name not in ENCODINGS:
        raise ConfigError(
            f"unknown tokenizer {name!r}: choose one of {', '.join(ENCODINGS)}, e.g. tokenizer.name=o200k_base"
        )
    folder = _vocabulary_folder()
    if folder is not None:
        os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(folder))
    import tiktoken

    try:
        encoding = tiktoken.get_encoding(name)
    except Exception as error:
        raise ConfigError(
            f"the vocabulary of {name} cannot be loaded ({error}): install litellm, whose package carries it, or set "
            "TIKTOKEN_CACHE_DIR to a folder that holds it"
        ) from error
    return Tokenizer(name, encoding)
