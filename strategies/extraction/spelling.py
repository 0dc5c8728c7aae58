"""One spelling for what means the same: spaces, apostrophes, capitals, line breaks, stops that end no sentence."""

import re
import unicodedata

from memeval.kit.text import encodable
from memeval.strategies.extraction.calendar import MONTHS, WEEKDAYS
from memeval.strategies.extraction.words import ANIMALS, PEOPLE, SMALL, STOP_WITHIN, TITLES

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_CHARACTERS = str.maketrans(
    {
        **dict.fromkeys("’‘ʼ＇´", "'"),
        **dict.fromkeys("\u00a0\u1680\u202f\u205f\u3000\t\v\f\0", " "),
        **{chr(code): " " for code in range(0x2000, 0x200B)},
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", ""),
        **dict.fromkeys("\r\u2028\u2029\u0085", "\n"),
        STOP_WITHIN: ".",
    }
    | {chr(code): chr(plain) for code, plain in _FULL_WIDTH.items() if chr(plain) != "'"}
)  # fmt: skip
_SPACES = re.compile(r" {2,}")
_LINE = re.compile(r" *\n *")

_CONTRACTED = {
    "im": "I'm", "ive": "I've", "dont": "don't", "doesnt": "doesn't", "didnt": "didn't", "cant": "can't",
    "wont": "won't", "isnt": "isn't", "arent": "aren't", "wasnt": "wasn't", "werent": "weren't", "havent": "haven't",
    "hasnt": "hasn't", "hadnt": "hadn't", "wouldnt": "wouldn't", "couldnt": "couldn't", "shouldnt": "shouldn't",
    "youre": "you're", "youve": "you've", "theyre": "they're", "theyve": "they've", "weve": "we've", "hes": "he's",
    "shes": "she's", "thats": "that's", "theres": "there's", "whats": "what's", "aint": "ain't",
}  # fmt: skip
_WITHOUT_APOSTROPHE = re.compile(rf"(?<![\w'@#./-])(?:{'|'.join(_CONTRACTED)})(?![\w'@/-]|\.\w)", re.IGNORECASE)
_LOWER_I = re.compile(r"(?<![\w.'@#/-])i(?=$|[\s,;!?…)]|'(?:m|ve|d|ll|s)\b|\.(?!\w))")
_DAY_NAMES = re.compile(
    rf"\b(?:{WEEKDAYS})\b|\b(?:{MONTHS})(?= \d)|(?<=\d )(?:{MONTHS})\b|(?<=(?:st|nd|rd|th) )(?:{MONTHS})\b"
    rf"|(?<=\b(?:in|of) )(?:{MONTHS})\b|(?<=\b(?:last|next|this) )(?:{MONTHS})\b|(?<=\bsince )(?:{MONTHS})\b"
    rf"|(?<=\bduring )(?:{MONTHS})\b",
    re.IGNORECASE,
)

# Titles stand before a name. Others end a sentence where a capital or a word that opens one follows.
_SHORTENED = (
    r"Jr|Sr|Inc|Ltd|Co|Corp|Bros|Ave|Blvd|Rd|Sq|Apt|Dept|Univ|Est|approx|etc|vs|cf|al|hrs?|yrs?|lbs?|oz|"
    r"(?:[A-Za-z]\.)+[A-Za-z]"
)
_BEFORE_NUMBER = r"no|nos|vol|ch|fig|pp|ext|tel|ver|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
_OPENER = (
    r"(?:I|I'm|I've|I'd|I'll|[Mm]y|[Ww]e|[Oo]ur|[Hh]e|[Ss]he|[Tt]hey|[Tt]heir|[Hh]is|[Hh]er|[Ii]t|[Ii]t's|[Ii]ts|"
    r"[Tt]he|[Tt]his|[Tt]hat|[Tt]hat's|[Tt]hese|[Tt]hose|[Tt]here|[Yy]ou|[Yy]our|A|An|And|But|So|Then|What|How|Why|When|"
    r"Where|Who|Do|Did|Does|Is|Are|Was|Were|Can|If|In|On|At|For|After|Before|Also|Anyway|Well|Now|Today|Yesterday|"
    r"Last|Next|As|Because|While|Since|Thanks|Let|Just|Not|No|Yes|Oh|Hey|Maybe|Our|Some|Any)\b"
)
_STOPS_WITHIN = (
    # 3.5, U.S.A, example.org; a small letter before a capital is a blank forgotten after a sentence.
    r"(?<=\w)\.(?=\w)(?<![a-z]\.(?=[A-Z]))"
    rf"|(?<![\w'])(?<!\d )TITLES_HERE\.(?=[ ]\w)(?! {_OPENER})"
    rf"|(?<![\w'])(?i:{_BEFORE_NUMBER})\.(?=[ ]?[#\d])"
    rf"|(?<![\w'])(?i:{_SHORTENED})\.(?=[ ][(\d{SMALL}]|[,;:])(?! {_OPENER})"
    # An initial, which is written small where everything is.
    rf"|(?<![\w'])[B-HJ-Zb-hj-z]\.(?=[ ]\w)(?! {_OPENER})"
)
_STOP_WITHIN = re.compile(_STOPS_WITHIN.replace("TITLES_HERE", f"(?:{TITLES})"))
_STOP_WITHIN_WITHOUT_CASE = re.compile(_STOPS_WITHIN.replace("TITLES_HERE", f"(?i:{TITLES})"))
# What a line cannot end with if it ends a sentence, and what opens a line that is none.
_OPEN_END = re.compile(
    r"(?:\b(?:a|an|the|my|our|your|his|her|its|their|this|that|these|those|in|on|at|to|of|for|with|from|by|about|into|"
    r"near|as|and|or|but|because|is|are|am|was|were|be|been|I|I'm|I've|we|he|she|they|called|named|very|really|not|"
    rf"{TITLES}|Doctor|Professor|Saint|{PEOPLE}|{ANIMALS})\.?|,)$",
    re.IGNORECASE,
)
_OWN_LINE = re.compile(rf"\s*(?:[-*•#>|+]|\d+[.)]|[a-z]\)|{_OPENER}|$)|(?:im|ive|i|we|my)\b", re.IGNORECASE)


def plain(text: str) -> str:
    """A text in the spelling that the rules read; two spellings that mean the same give one.

    - accents as single characters, full-width letters as narrow ones, straight apostrophes, one blank for any space,
      none for invisible characters; what no database takes (NUL, unpaired surrogates) goes
    - lines that were broken inside a sentence are joined
    - `i`, `im`, `dont` as `I`, `I'm`, `don't`; where a text has no capitals or no small letters, months and weekdays
      get a capital
    - a stop that ends no sentence (`St. Louis`, `no. 5`, `3.5`) becomes `STOP_WITHIN`; `written` undoes it
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", encodable(text))
    text = _SPACES.sub(" ", text.translate(_CHARACTERS))
    if "\n" in text:
        text = _joined(text)
    stop = _STOP_WITHIN
    if is_without_case(text):
        text = _DAY_NAMES.sub(lambda match: match[0].capitalize(), text.lower())
        stop = _STOP_WITHIN_WITHOUT_CASE
    text = _LOWER_I.sub("I", text)
    text = _WITHOUT_APOSTROPHE.sub(_contracted, text)
    return stop.sub(lambda match: match[0].replace(".", STOP_WITHIN), text) if "." in text else text


def written(text: str) -> str:
    """A part of a text from `plain` with its stops as they were."""
    return text.replace(STOP_WITHIN, ".")


def is_without_case(text: str) -> bool:
    """Whether a text has letters in small or in large only, as on a phone or in anger: then no name shows by a capital.

    A text of one or two words in capitals may be an abbreviation and is not meant.
    """
    return text == text.lower() or (text == text.upper() and len(text.split()) > 2)


def _contracted(match: re.Match[str]) -> str:
    form = _CONTRACTED[match[0].lower()]
    return form[0].upper() + form[1:] if match[0][0].isupper() else form


def _joined(text: str) -> str:
    """Lines that were broken inside a sentence in one line; a line that begins a sentence or a list stays."""
    lines = _LINE.split(text)
    whole = lines[:1]
    for before, line in zip(lines, lines[1:], strict=False):
        if before and line and _goes_on(before, line):
            whole[-1] += f" {line}"
        else:
            whole.append(line)
    return "\n".join(whole)


def _goes_on(before: str, line: str) -> bool:
    if before[-1] in ".!?…:;" and not re.search(rf"\b(?:{TITLES}|no)\.$", before, re.IGNORECASE):
        return False
    if _OPEN_END.search(before):
        return not re.match(r"\s*(?:[-*•#>|+]|\d+[.)]\s)", line)
    if _OWN_LINE.match(line):
        return False
    if line[0].islower():
        return True
    # Jose / Allen.
    return before.split()[-1][0].isupper() and re.fullmatch(r"\w[\w'-]*[.!?]?", line) is not None
