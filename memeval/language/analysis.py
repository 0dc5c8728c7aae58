"""From text to terms, the same way for passages and queries, and for all memories that look for words."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Literal, Protocol

from memeval.kit.errors import ConfigError
from memeval.kit.text import encodable
from memeval.language import detection as languages
from memeval.language.folding import compatible, fold, pattern

Stemmer = Literal["english", "porter"]
StopWords = Literal["english"]

# A word of English, as bm25s and most published baselines take it. In other languages one character is enough.
WORD = r"\w{2,}"
_ANY_WORD = r"\w+"
# More than any dialogue's vocabulary; bounded, so that a stream of ever new words does not stay in memory.
_MEMO_WORDS = 500_000
# What `re` takes for no part of a word, or for one word although it is several.
_UNUSUAL = r"[\p{M}{unspaced}]"
_RUN = r"(?:[{unspaced}]\p{M}*)+"
_CLUSTER = r".\p{M}*"
_BY_ITSELF = r"[\p{Han}\p{Hangul}々〆]"
# Words with the marks that join them, symbols and emoji: all that a query can mean.
_WIDE = r"\w[\w\p{M}]*(?:[-.,:/'’_@]\w[\w\p{M}]*)*[+#]*|\p{Extended_Pictographic}\p{EMod}?|[\p{Sm}\p{Sc}]"
_MARKS = re.compile(r"[-.,:/'’_@+#]")
# A letter that stands alone as a name (vitamin C, plan B, C++). I and A are words, C. S. are initials.
_LETTER = re.compile(r"(?<![\w.&/-])(?<!\w')(?:[B-HJ-Z][+#]*|[AI][+#]+)(?![\w&/-])(?!'(?!s\b)\w)(?!\.\s*[A-Z])")
_EMOJI = r"\p{Extended_Pictographic}"


class Analysis:
    """Words by a pattern, folded, without stop words, stemmed.

    With a pattern of one's own the words are what it finds in the text in lower case, and nothing else, so that
    published figures can be met.

    With the usual pattern texts are in the form of `folding.fold`. Words of scripts with blanks between them follow the
    pattern. Of Chinese,
    Japanese, Korean, Thai, Lao, Khmer, Burmese and Tibetan text the words are each pair of neighbouring characters, and
    each ideograph and Hangul syllable by itself: whatever words two texts share, they share these. A word is stemmed by
    the stemmer of the language, or of the language that its script stands for.

    Get one by `get_analysis`, so that the memo is shared.

    Attributes:
        term: the term of a word, "" for a stop word.
    """

    def __init__(
        self,
        expression: str,
        lower: bool,
        stop_words: StopWords | None,
        stemmer: Stemmer | None,
        language: str = languages.ENGLISH,
    ) -> None:
        """Compile the pattern and load the stemmer."""
        try:
            compiled = re.compile(expression)
        except re.error as error:
            raise ConfigError(
                f"retriever.pattern={expression!r} is no regular expression ({error}): give one that matches a word, "
                r"e.g. '\w{2,}'"
            ) from error
        if compiled.groups:
            raise ConfigError(
                f"retriever.pattern={expression!r} has a group, so that it would give parts of words: write (?:...)"
            )
        self._usual = expression == WORD
        if language != languages.ENGLISH and self._usual:
            expression = _ANY_WORD
            compiled = re.compile(expression)
        self._expression = expression
        self._find: Callable[[str], list[str]] = compiled.findall
        self._lower = lower
        self.language = language
        held = frozenset() if stop_words is None else languages.stop_words(language)
        self.term = _Terms(held, stemmer, language)

    def words(self, text: str) -> list[str]:
        """Words in order, stop words included, not stemmed."""
        if text.isascii() or not self._usual:
            return self._find(text.lower() if self._lower else text)
        text = fold(text) if self._lower else compatible(text)
        if pattern(_UNUSUAL).search(text) is None:
            return self._find(text)
        return list(self._unusual(text))

    def _unusual(self, text: str) -> Iterator[str]:
        end = 0
        find = _findall(self._expression)
        for run in pattern(_RUN).finditer(text):
            yield from find(text[end : run.start()])
            yield from _pieces(run[0])
            end = run.end()
        yield from find(text[end:])

    def terms(self, text: str) -> list[str]:
        """Terms in order, with repetitions."""
        term = self.term
        return [found for word in self.words(text) if (found := term[word])]


class Analyser:
    """The analysis of one memory's dialogue: that of its language, which is given or found out from its texts.

    Attributes:
        current: the analysis of the language as far as it is known.
    """

    def __init__(self, language: str, make: Callable[[str], Analysis] | None = None, option: str = "language") -> None:
        """Start with no text read.

        Args:
            language: `auto` or a code such as de.
            make: from a language to an analysis; None: `usual`.
            option: how an error names the option.

        Raises:
            ConfigError: an unknown language.
        """
        self._make = usual if make is None else make
        self._detector = languages.Detector(languages.check(language, option))
        self.current = self._make(self.language)
        self._missed: str | None = None
        self._unknown = 0

    @property
    def language(self) -> str:
        """The language as far as it is known."""
        return self._detector.language

    @property
    def settled(self) -> bool:
        """The language will not be another one, whatever is read."""
        return self._detector.settled

    def read(self, text: str) -> bool:
        """Take the next text into account; whether the language, and so the terms of all texts, are others now."""
        if self._detector.settled or not self._detector.read(text):
            return False
        self.current = self._make(self.language)
        return True

    def terms(self, text: str) -> list[str]:
        """Terms in order, with repetitions."""
        return self.current.terms(text)

    def words(self, text: str) -> list[str]:
        """Words in order, stop words included, not stemmed."""
        return self.current.words(text)

    def miss(self, query: str) -> None:
        """Count a query of which no usual term is known; asked for again in a row, as for more hits, it counts once."""
        self._unknown += query != self._missed
        self._missed = query

    def stats(self) -> Mapping[str, float]:
        """Counters for the record of a run.

        `unknown_queries`: how many had no usual term that the memory knows; absent for none. `language_de`: 1 where the
        language is German; English is not said, so that the records of English data stay as they are.
        """
        unknown = {"unknown_queries": self._unknown} if self._unknown else {}
        return unknown | ({f"language_{self.language}": 1} if self.language != languages.ENGLISH else {})


class Analyses(Protocol):
    """What finds the words of texts: `Analysis`, `Analyser`, `AllWords`."""

    def terms(self, text: str) -> list[str]:
        """Terms in order, with repetitions."""

    def words(self, text: str) -> list[str]:
        """Words in order."""


class AllWords:
    """Every word of a text as a term, with its parts and without the marks between them: `e-mail` is also `email`.

    For queries of which `Analysis` leaves nothing that a memory knows: single letters and figures (`R`), stop words
    used as names (`The The`), symbols (`C++`) and emoji.
    """

    def terms(self, text: str) -> list[str]:
        """Terms in order, with repetitions."""
        return [term for word in pattern(_WIDE).findall(fold(text)) for term in _parts(word)]

    def words(self, text: str) -> list[str]:
        """The same."""
        return self.terms(text)


def lone(text: str) -> list[str]:
    """The words of an English query that mean something although they are one character: letters as names, and emoji.

    `WORD` leaves them out, as do the indexes of English texts. Where a query has them, a memory looks for them beside
    its usual terms by `AllWords`. A letter in a longer name (a Turbo S) is none: the other words find that.
    """
    text = compatible(text)
    emoji = [] if text.isascii() else pattern(_EMOJI).findall(text)
    return [*(found[0] for found in _LETTER.finditer(text) if not _in_a_name(text, found)), *emoji]


def _in_a_name(text: str, letter: re.Match[str]) -> bool:
    """Whether a neighbouring word has a capital although no sentence begins with it."""
    before, after = text[: letter.start()].split(), text[letter.end() :]
    if after[:1] == " " and after[1:2].isupper():
        return True
    begins = len(before) < 2 or before[-2][-1] in ".!?:"
    return bool(before) and before[-1][0].isupper() and before[-1][-1].isalnum() and before[-1] != "I" and not begins


def _parts(word: str) -> Iterator[str]:
    parts = [part for part in _MARKS.split(word) if part]
    for part in parts:
        end = 0
        for run in pattern(_RUN).finditer(part):
            yield from filter(None, (part[end : run.start()], *_pieces(run[0])))
            end = run.end()
        if end < len(part):
            yield part[end:]
    if len(parts) > 1:
        yield "".join(parts)
    if word.rstrip("+#") != word:
        yield word


def _pieces(run: str) -> Iterator[str]:
    """The pairs of neighbouring characters of a run without borders, and what is a word by itself."""
    clusters: list[str] = pattern(_CLUSTER).findall(run)
    alone = pattern(_BY_ITSELF)
    for place, cluster in enumerate(clusters):
        if len(clusters) == 1 or alone.match(cluster):
            yield cluster
        if place + 1 < len(clusters):
            yield cluster + clusters[place + 1]


class _Terms(dict[str, str]):
    """Memo of word -> term."""

    def __init__(self, stop_words: frozenset[str], stemmer: Stemmer | None, language: str) -> None:
        super().__init__()
        self._stop_words = stop_words
        self._stemmer = stemmer
        self._language = language

    def __missing__(self, word: str) -> str:
        if word in self._stop_words:
            term = ""
        else:
            term = word if self._stemmer is None else self._stem(encodable(word))
        if len(self) >= _MEMO_WORDS:
            self.clear()
        self[word] = term
        return term

    def _stem(self, word: str) -> str:
        # A pattern may match nothing.
        first = word[:1] or "a"
        script = "LATIN" if first.isascii() else languages.script(first)
        name = languages.stemmer_of(script, self._language)
        if name == "english" and self._stemmer == "porter":
            name = "porter"
        stem = None if name is None else _stemmer(name)
        return word if stem is None else stem(word)


@cache
def _stemmer(name: str) -> Callable[[str], str] | None:
    """Snowball's stemmer; None where this version of the package has it not."""
    import Stemmer

    if name not in Stemmer.algorithms():
        return None
    stem: Callable[[str], str] = Stemmer.Stemmer(name).stemWord
    return stem


@lru_cache(maxsize=64)
def get_analysis(
    expression: str,
    lower: bool,
    stop_words: StopWords | None,
    stemmer: Stemmer | None,
    language: str = languages.ENGLISH,
) -> Analysis:
    """The process's shared analysis for these options.

    Raises:
        ConfigError: a pattern that cannot be used.
    """
    return Analysis(expression, lower, stop_words, stemmer, language)


@cache
def _findall(expression: str) -> Callable[[str], list[str]]:
    import regex

    return regex.compile(expression).findall  # type: ignore[no-any-return]


def usual(language: str) -> Analysis:
    """The analysis of a language with its stop words and its stemmer, as BM25 has it by default."""
    return get_analysis(WORD, True, "english", "english", language)


def unusual(text: str) -> bool:
    """Whether a text has characters that `re` takes for no part of a word, or words without borders between them."""
    return not text.isascii() and pattern(_UNUSUAL).search(text) is not None
