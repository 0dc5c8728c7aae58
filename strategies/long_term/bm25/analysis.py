"""From text to terms, the same way for passages and queries."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

from memeval.kit.errors import ConfigError

Stemmer = Literal["english", "porter"]
StopWords = Literal["english"]

# Written down here, since importing them from bm25s takes half a second that other engines need not spend.
_LUCENE_STOP_WORDS = (
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this "
    "to was will with"
)
# More than any dialogue's vocabulary; bounded, so that a stream of ever new words does not stay in memory.
_MEMO_WORDS = 500_000


class Analysis:
    """Words by a pattern, lower-cased, without stop words, stemmed.

    Get one by `get_analysis`, so that the memo is shared.

    Attributes:
        term: the term of a word, "" for a stop word.
    """

    def __init__(self, pattern: str, lower: bool, stop_words: StopWords | None, stemmer: Stemmer | None) -> None:
        """Compile the pattern and load the stemmer."""
        try:
            self._find = re.compile(pattern).findall
        except re.error as error:
            raise ConfigError(
                f"retriever.pattern={pattern!r} is no regular expression ({error}): give one that matches a word, "
                r"e.g. '\w{2,}'"
            ) from error
        if re.compile(pattern).groups:
            raise ConfigError(
                f"retriever.pattern={pattern!r} has a group, so that it would give parts of words: write (?:...)"
            )
        self._lower = lower
        self.term = _Terms(_stop_words(stop_words), _stem(stemmer))

    def words(self, text: str) -> list[str]:
        """Words in order, stop words included, not stemmed."""
        found: list[str] = self._find(text.lower() if self._lower else text)
        return found

    def terms(self, text: str) -> list[str]:
        """Terms in order, with repetitions."""
        term = self.term
        return [found for word in self.words(text) if (found := term[word])]


class _Terms(dict[str, str]):
    """Memo of word -> term."""

    def __init__(self, stop_words: frozenset[str], stem: Callable[[str], str] | None) -> None:
        super().__init__()
        self._stop_words = stop_words
        self._stem = stem

    def __missing__(self, word: str) -> str:
        if word in self._stop_words:
            term = ""
        else:
            term = word if self._stem is None else self._stem(word.encode("utf-8", "replace").decode())
        if len(self) >= _MEMO_WORDS:
            self.clear()
        self[word] = term
        return term


@lru_cache(maxsize=16)
def get_analysis(pattern: str, lower: bool, stop_words: StopWords | None, stemmer: Stemmer | None) -> Analysis:
    """The process's shared analysis for these options.

    Raises:
        ConfigError: a pattern that cannot be used.
    """
    return Analysis(pattern, lower, stop_words, stemmer)


def _stop_words(name: StopWords | None) -> frozenset[str]:
    if name is None:
        return frozenset()
    return frozenset(_LUCENE_STOP_WORDS.split())


def _stem(name: Stemmer | None) -> Callable[[str], str] | None:
    if name is None:
        return None
    import Stemmer

    stem: Callable[[str], str] = Stemmer.Stemmer(name).stemWord
    return stem
