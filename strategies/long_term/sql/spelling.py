"""What a store's full-text index is given beside a text, where it would not split that text into its words itself."""

import re
from collections.abc import Iterable
from dataclasses import replace

from memeval.kit.text import encodable
from memeval.kit.types import Hit
from memeval.language.analysis import WORD, AllWords, Analyser, get_analysis, lone, unusual
from memeval.language.detection import ENGLISH, stop_words
from memeval.language.folding import compatible

# Stands between a text and the words that it is found by.
_BORDER = "\x1e"
_ANY_WORD = re.compile(r"\w+")
_ENGLISH_WORD = re.compile(WORD)
# Hexadecimal figures without vowels: no stemmer changes them.
_NO_VOWELS = str.maketrans("ae", "gh")


def found_by(text: str, analyser: Analyser) -> str:
    """The text, followed by those of its words, as `asked_for` spells them, that the index would not find by itself.

    English is split and stemmed by the store, so that plain English text stays as it is.
    """
    if analyser.language != ENGLISH:
        terms = analyser.terms(text)
        words = [*terms, *dict.fromkeys(AllWords().terms(text)).keys() - set(terms)]
        return _followed(text, map(_coded, words))
    if text.isascii():
        return _followed(text, ()) if _BORDER in text else text
    seen = set(_ANY_WORD.findall(text.lower()))
    plain = [word for word in _ANY_WORD.findall(compatible(text).lower()) if word not in seen]
    foreign = [_coded(word) for word in analyser.terms(text) if unusual(word)] if unusual(text) else []
    return _followed(text, [*plain, *foreign]) if plain or foreign or _BORDER in text else text


def shown(hit: Hit) -> Hit:
    """The hit with the text alone."""
    text, border, _ = hit.text.rpartition(_BORDER)
    return replace(hit, text=text[:-1]) if border else hit


def asked_for(query: str, analyser: Analyser) -> list[str]:
    """The words of a query that say something, letters that stand alone as names included, as the index knows them."""
    if analyser.language != ENGLISH:
        return [_coded(term) for term in analyser.terms(query)]
    plain = compatible(query).lower()
    words = get_analysis(WORD, False, None, None).words(plain) if unusual(plain) else _ENGLISH_WORD.findall(plain)
    kept = stop_words(ENGLISH)
    letters = [word for name in lone(query) for word in AllWords().terms(name) if word.isalpha()]
    said = [_coded(word) if unusual(word) else encodable(word) for word in words if word not in kept]
    return said + [letter for letter in letters if letter not in said]


def all_asked_for(query: str, analyser: Analyser) -> list[str]:
    """All words of a query, stop words and single characters included."""
    coded = analyser.language != ENGLISH
    return [_coded(word) if coded or unusual(word) else encodable(word) for word in AllWords().terms(query)]


def _followed(text: str, words: Iterable[str]) -> str:
    return f"{text}\n{_BORDER}{' '.join(words)}"


def _coded(word: str) -> str:
    """A word as Latin letters and figures that every index takes for one word."""
    return f"z{word.encode('utf-8', 'replace').hex().translate(_NO_VOWELS)}"
