"""One form for texts that read the same, and the borders of words in scripts that write none."""

import re
import unicodedata
from functools import cache
from typing import Any

# Written without blanks between words, or (Hangul) with particles that no blank sets off.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}\p{Tai_Le}ー々〆"
# They say how a neighbour is drawn or joined, and no reader sees them: soft hyphen, joiners, variation selectors.
_UNSEEN = re.compile("[\u00ad\u034f\u180b-\u180e\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]")
# NFKC would write 10² as 102 and 2½ as 21/2.
_RAISED = re.compile(r"(?<=\d)(?=[²³¹⁰⁴-⁹₀-₉])")
_FRACTION = re.compile(r"(?<=\d)(?=[¼-¾⅐-⅞])")
_SAME = str.maketrans({"\u2044": "/", "\u2212": "-", "ı": "i", "‘": "'", "’": "'", "ʼ": "'"})


def compatible(text: str) -> str:
    """NFKC without what no reader sees, case as it is: full width and half width, NFD and NFC are one.

    A raised or lowered figure after a figure stays apart (10² is 10^2), as does a fraction (2½ is 2 1/2).
    """
    if text.isascii():
        return text
    text = _FRACTION.sub(" ", _RAISED.sub("^", text))
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).translate(_SAME)


def fold(text: str) -> str:
    """`compatible`, and case folded.

    The Turkish letters with and without a dot become one, since no text says which language its capital I is of.
    """
    if text.isascii():
        return text.lower()
    folded = compatible(text).casefold().replace("i\u0307", "i")
    return unicodedata.normalize("NFKC", folded).translate(_SAME)


@cache
def pattern(expression: str) -> Any:
    """A compiled expression of the package regex, which knows scripts and combining marks; loaded for such texts only.

    `{unspaced}` stands for the characters of scripts without borders between words, as part of a class.
    """
    import regex

    return regex.compile(expression.replace("{unspaced}", _UNSPACED))


def spaced(text: str, begins: str = "") -> str:
    """With blanks around each character of a script that sets off no words, and around each emoji.

    A combining mark stays with its letter.

    Args:
        text: folded.
        begins: is put before a Hangul syllable that begins a word, so that a word can be looked for from its beginning
            (its particles stand at its end); one character.
    """
    if text.isascii():
        return text
    if begins:
        text = pattern(r"(?<!\p{Hangul})(?=\p{Hangul})").sub(begins, text)
    one = rf"{begins}?[{{unspaced}}]\p{{M}}*" if begins else r"[{unspaced}]\p{M}*"
    return str(pattern(rf"{one}|\p{{Extended_Pictographic}}\p{{EMod}}?").sub(r" \g<0> ", text))
