"""Which language a text is in, by its script and its function words; the stop words and the stemmer of a language."""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

from memeval.kit.errors import ConfigError
from memeval.language.folding import fold

AUTO = "auto"
ENGLISH = "en"

# Lucene's 33, the same as bm25s's: written down here, since importing them from bm25s takes half a second.
_LUCENE = (
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this "
    "to was will with"
)
# Snowball's name of a language's stemmer; a version of PyStemmer that lacks it keeps words as they are.
_STEMMERS: Mapping[str, str] = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "fa": "persian", "fi": "finnish", "fr": "french", "hi": "hindi",
    "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
# Of a script, by the first word of its characters' names: the language whose stemmer its words get, then others that a
# dialogue may be in instead.
_BY_SCRIPT: Mapping[str, tuple[str, ...]] = {
    "ARABIC": ("ar", "fa", "ur"),
    "ARMENIAN": ("hy",),
    "CYRILLIC": ("ru", "sr", "uk", "bg"),
    "DEVANAGARI": ("hi", "ne", "mr"),
    "GREEK": ("el",),
    "HEBREW": ("he", "yi"),
    "TAMIL": ("ta",),
}
_OF_SCRIPT: Mapping[str, str] = {script: languages[0] for script, languages in _BY_SCRIPT.items()} | {
    "BENGALI": "bn", "CJK": "zh", "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "KHMER": "km", "LAO": "lo",
    "MYANMAR": "my", "THAI": "th",
}  # fmt: skip
# Without a stemmer and stop words here; their words are found as they are written, or by character.
_PLAIN = ("bg", "bn", "he", "ja", "km", "ko", "lo", "mr", "my", "th", "uk", "ur", "vi", "zh")
LANGUAGES = tuple(sorted({*_STEMMERS, *_PLAIN}))

# Function words that decide; later texts are not looked at, so that the language of a dialogue stands early.
_ENOUGH = 100
_ENOUGH_LETTERS = 1000
# Of another language than English: at least so many, and so many times as many as of English.
_LEAST = 2
_RATIO = 1.25


def check(language: str, option: str) -> str:
    """The language, if it is known.

    Raises:
        ConfigError: it is not.
    """
    if language != AUTO and language not in LANGUAGES:
        raise ConfigError(f"{option}={language} is not known: give {AUTO}, or one of {', '.join(LANGUAGES)}")
    return language


def stop_words(language: str) -> frozenset[str]:
    """Words of the language that say nothing by themselves; none where memeval has no list."""
    return frozenset(_LUCENE.split() if language == ENGLISH else map(fold, _function_words().get(language, ())))


def stemmer_of(script: str, language: str) -> str | None:
    """Snowball's name of the stemmer for words in a script; None for none.

    Args:
        script: the first word of the Unicode name of the word's first letter, e.g. LATIN.
        language: of the dialogue; counts where it is written in this script.
    """
    if script == "LATIN":
        # Of a dialogue in another script: its Latin words are mostly names and English words.
        return _STEMMERS.get(language if language in _function_words() else ENGLISH)
    known = _BY_SCRIPT.get(script, ())
    return _STEMMERS.get(language if language in known else known[0]) if known else None


class Detector:
    """The language of a dialogue, from its texts in the order in which they are said; given, or found out.

    The script of most letters decides, and among languages in Latin letters the function words. The first hundred
    function words or the first thousand letters of other scripts are enough. English is the answer where nothing speaks
    for another language.
    """

    def __init__(self, language: str) -> None:
        """Take a language, or `auto`."""
        self.language = ENGLISH if language == AUTO else language
        self.settled = language != AUTO
        self._words: Counter[str] = Counter()
        self._seen = 0
        self._letters: Counter[str] = Counter()

    def read(self, text: str) -> bool:
        """Take the next text into account; whether the language is another one now."""
        if self.settled:
            return False
        folded = fold(text)
        if not folded.isascii():
            self._letters.update(script(letter) for letter in folded if not letter.isascii() and letter.isalpha())
        known = _languages()
        for word in "".join(letter if letter.isalpha() else " " for letter in folded).split():
            if word.isascii():
                self._letters["LATIN"] += len(word)
            languages = known.get(word)
            if languages:
                self._seen += 1
                self._words.update(languages)
        self.settled = self._seen >= _ENOUGH or self._letters.total() - self._letters["LATIN"] >= _ENOUGH_LETTERS
        before, self.language = self.language, self._best()
        return before != self.language

    def _best(self) -> str:
        written = max(sorted(self._letters), key=self._letters.__getitem__, default="LATIN")
        if written != "LATIN":
            if written == "CJK" and 10 * (self._letters["HIRAGANA"] + self._letters["KATAKANA"]) > self._letters["CJK"]:
                return "ja"
            return _OF_SCRIPT.get(written, ENGLISH)
        # Equal counts: the first of the alphabet, so that the order of the table says nothing.
        language, count = max(sorted(self._words.items()), key=lambda item: item[1], default=(ENGLISH, 0))
        return language if count >= max(_LEAST, _RATIO * self._words[ENGLISH]) else ENGLISH


@lru_cache(maxsize=4096)
def script(letter: str) -> str:
    """The first word of a letter's Unicode name: LATIN, CYRILLIC, CJK, HIRAGANA and so on."""
    return unicodedata.name(letter, "").partition(" ")[0]


@cache
def _function_words() -> Mapping[str, tuple[str, ...]]:
    """Words of languages in Latin letters that say which language a text is in, and are its stop words."""
    found: dict[str, list[str]] = {}
    for line in Path(__file__).with_name("function_words.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            head, colon, rest = line.partition(":")
            if colon:
                words = found[head] = []
            words += (rest if colon else line).split()
    return {language: tuple(words) for language, words in found.items()}


@cache
def _languages() -> Mapping[str, tuple[str, ...]]:
    """The languages that each function word belongs to."""
    found: dict[str, list[str]] = {}
    for language, words in _function_words().items():
        for word in dict.fromkeys(map(fold, words)):
            # A single letter is an abbreviation, a move of chess or a grade in any language.
            if len(word) == 1:
                continue
            found.setdefault(word, []).append(language)
    return {word: tuple(languages) for word, languages in found.items()}
