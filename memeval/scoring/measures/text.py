"""Texts as measures compare them, after SQuAD (Rajpurkar et al. 2016, section 6.1)."""

import re
import string
from functools import lru_cache

from memeval.language.folding import compatible, fold, pattern, spaced

_ARTICLES = frozenset(("a", "an", "the"))
_QUOTES = "'‘’‚“”„«»´\""
# Characters of private use stand for marks that belong to a word or number, until the others are gone.
_KEPT = {
    ".": "\ue000",
    ",": "\ue001",
    ":": "\ue002",
    "/": "\ue003",
    "^": "\ue004",
    "-": "\ue005",
    "+": "\ue006",
    "#": "\ue007",
}
_BEGINS = "\ue00f"
_JOINED = str.maketrans(dict.fromkeys(string.punctuation + _QUOTES) | dict.fromkeys("–—―…•·", " "))
_PARTED = str.maketrans(dict.fromkeys(string.punctuation + "–—―…•·", " ") | dict.fromkeys(_QUOTES))

# Each begins with the character that is looked for, which is much faster than to begin with what stands before it.
_SIGN = re.compile(r"-\d")
_FEET = re.compile(r"'(?<=\d')\d")
_THOUSANDS = re.compile(r",(?<=\d,)(?<!\d{4},)(?=\d{3}(?!\d))")
_HALF_DAY = re.compile(r"(\d\s?[ap])\.(m)\b\.?", re.IGNORECASE)
_DOTTED = re.compile(r"[^\W\d_](?<![\w.].)(?:\.[^\W\d_])+(?!\w)")
_IN_NUMBER = re.compile(r"(\d)((?:[^\w\s]|_)+)(?=\d)")
_MINUS = re.compile(r"-(?<![\w)\]%°.-]-)(?=\d)")
_NAMED_NUMBER = re.compile(r"-(?<=[^\W\d_]-)(?=\d)")
_SUFFIX = re.compile(r"[^\W\d_][+#]+(?![^\W\d_])")
_CAPITALS = re.compile(r"\b[A-Z]{2,4}\b")
_FIGURE = re.compile(r"\d")
_NUMBER_WORD = re.compile(r"(?<=\d) (?=[^\W\d_])|(?<=[^\W\d_]) (?=\d)")
_WORD_IN_NUMBER = re.compile(r"(?<=\d)(?=[^\W\d_\ue000-\ue00f])|(?<=[^\W\d_\ue000-\ue00f])(?=\d)")


# The rows of a table share most of their texts.
@lru_cache(maxsize=8192)
def searchable(text: str) -> str:
    """The form of a text in which `needles` are looked for: words with one blank between them and at both ends.

    Lower case, no punctuation, no articles; typographic and compatible characters (full width, NFD) as their plain
    forms. What belongs to a number, an abbreviation or a name stays: `3.5`, `10:30`, `2/3`, `-5`, `U.S.`, `C++`;
    `1,200` is `1200`. Where a mark within a word may be left out or be a blank (`check-in`), the text stands twice,
    once in each form, in two lines. Each character of a script without borders between words is a word.
    """
    return "\n".join(_forms(text))


@lru_cache(maxsize=4096)
def needles(answer: str) -> tuple[str, ...]:
    """The forms of an answer, any of which a `searchable` text may have; none for an answer without a letter or figure.

    A number and the word after or before it are looked for with and without a blank (`5 km`, `5km`), and an
    abbreviation with and without its points, as long as its capitals tell it from a word: `US` in U.S., `us` not.
    """
    answer = compatible(answer)
    forms = [*_forms(answer), *_forms(_CAPITALS.sub(_dotted, answer)), *_forms(_DOTTED.sub(_undotted, answer))]
    if _FIGURE.search(answer):
        forms += [change for form in forms for change in (_NUMBER_WORD.sub("", form), _WORD_IN_NUMBER.sub(" ", form))]
    return tuple(dict.fromkeys(form for form in forms if form.strip()))


def _forms(text: str) -> list[str]:
    """The text with blanks for the marks within words, and without these marks; once if both are the same."""
    if text.isascii() and not ("+" in text or "#" in text or _SIGN.search(text) or _FEET.search(text)):
        lower = text.lower()
        words = lower.translate(_PARTED).split()
        if len(words) == len(lower.translate(_JOINED).split()):
            # No mark stands within a word.
            return [_line(words)]
    kept = _keep(compatible(text))
    if text.isascii():
        # The characters of private use have one case, and are neither punctuation nor letters.
        lower = kept.lower()
        return list(dict.fromkeys(_line(lower.translate(table).split()) for table in (_PARTED, _JOINED)))
    return list(dict.fromkeys(_line(_words(kept, table)) for table in (_PARTED, _JOINED)))


def _words(text: str, table: dict[int, str | int | None]) -> list[str]:
    folded = fold(text).translate(table)
    if not folded.isascii():
        folded = pattern(r"[^\P{P}]|[^\P{S}\p{Extended_Pictographic}\p{EMod}]").sub(" ", spaced(folded, _BEGINS))
    return folded.split()


def _line(words: list[str]) -> str:
    # An answer that is nothing but an article (a grade "A") would otherwise match every text.
    return f" {' '.join([word for word in words if word not in _ARTICLES] or words)} "


def _keep(text: str) -> str:
    """With the marks that belong to numbers, abbreviations and names as characters that `_words` leaves alone."""
    text = _THOUSANDS.sub("", text)
    text = _HALF_DAY.sub(r"\1\2", text)
    text = _DOTTED.sub(lambda found: found[0].replace(".", _KEPT["."]), text)
    text = _IN_NUMBER.sub(lambda found: found[1] + (" " if found[2] == "-" else _KEPT.get(found[2], " ")), text)
    text = _MINUS.sub(_KEPT["-"], text)
    text = _NAMED_NUMBER.sub("", text)
    return _SUFFIX.sub(lambda found: "".join(_KEPT.get(each, each) for each in found[0]), text)


def _dotted(found: re.Match[str]) -> str:
    return ".".join(found[0])


def _undotted(found: re.Match[str]) -> str:
    return found[0].replace(".", "")


_SQUAD_ARTICLES = re.compile(r"\b(a|an|the)\b")
_SQUAD_TABLE = str.maketrans("", "", string.punctuation)
_ROUGE_SPLIT = re.compile(r"[^a-z0-9]+")


def squad_words(text: str) -> list[str]:
    """Words as in the official script of SQuAD 1.1: lower case, then no ASCII punctuation, then no articles.

    Beyond ASCII, which that script leaves as it is: characters in their compatible, folded form (NFKC), typographic
    quotes deleted as plain ones are, other punctuation a blank, and each character of a script without borders between
    words a word, as is each Hangul syllable and each emoji.
    """
    if text.isascii():
        return _SQUAD_ARTICLES.sub(" ", text.lower().translate(_SQUAD_TABLE)).split()
    folded = fold(text).translate(_SQUAD_TABLE).translate(_UNQUOTED)
    return _SQUAD_ARTICLES.sub(" ", pattern(r"\p{P}").sub(" ", spaced(folded))).split()


def rouge_words(text: str) -> list[str]:
    """Words as in Google's rouge_score without stemming: runs of letters and digits, lower case.

    There they are letters of ASCII; here those of any script, each character of a script without borders between words
    a word, as is each Hangul syllable and each emoji.
    """
    if text.isascii():
        return [word for word in _ROUGE_SPLIT.split(text.lower()) if word]
    found: list[str] = pattern(r"[\p{L}\p{M}\p{N}]+|\p{Extended_Pictographic}\p{EMod}?").findall(spaced(fold(text)))
    return found


_UNQUOTED = str.maketrans(dict.fromkeys(_QUOTES))
