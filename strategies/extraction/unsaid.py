"""What a text holds without saying that it is so: others' words, conditions, wishes, what almost happened, jokes.

Such words are marked instead of removed: a letter behind each pronoun and name makes it another word, which no pattern
takes for the speaker or a person. The sentence is still kept in its words. `shown` takes the marks away.
"""

import re

from memeval.strategies.extraction.calendar import MONTHS, WEEKDAYS
from memeval.strategies.extraction.sentences import third_person
from memeval.strategies.extraction.words import CAPITAL

# Letters that no text has. The first marks words of another, the second own words that are not meant so.
_QUOTED, _UNREAL = "\ua78c", "\ua78f"
_PERSON = re.compile(
    rf"\b(?:I|[Mm]y|[Mm]e|[Mm]ine|[Ww]e|[Oo]ur|[Uu]s|[Hh]e|[Ss]he|(?!(?:{MONTHS}|{WEEKDAYS})\b){CAPITAL}[\w-]+)\b"
    rf"(?![{_QUOTED}{_UNREAL}])"
)
_FIRST = re.compile(r"\b(?:I|[Mm]y|[Mm]e|[Ww]e|[Oo]ur)\b")
_SAYS = (
    r"(?:said|says?|asked|asks|told|tells|replied|replies|answered|wrote|writes|texted|goes|shouted|yelled|"
    r"whispered|claims|claimed|insists|insisted|thinks|believes|jokes|joked)"
)
_TO = r"(?: to)?(?: (?:me|us|him|her|them|you|everyone|everybody))?(?: that)?"
_SPEECH = re.compile(
    # In double quotes; what never ends, ends with its line.
    r"[\"“„«](?P<double>[^\"“”„«»\n]+)(?:[\"”“»]|$|(?=\n))"
    # In single quotes, which must not be apostrophes.
    rf"|(?:[:,]|\b{_SAYS}|\blike|\bquote)\s'(?!(?:cause|til|em|bout|tis|twas|n)\b)"
    r"(?P<single>(?:[^'\n]|(?<=\w)'(?=\w))+)(?:'(?!\w)|$|(?=\n))"
    # He said: I live in Rome.
    rf"|(?<!\bI )(?<!\b[Ww]e )\b{_SAYS}{_TO}:\s(?P<bare>(?![\"“'])[^.!?\n]+)"
    # Lines of another's letter.
    r"|^>(?P<line>[^\n]+)",
    re.MULTILINE,
)
# She says I am tall. What I say of myself, I say.
_REPORTED = re.compile(rf"(?<!\bI )(?<!\b[Ww]e )\b{_SAYS}{_TO} (?=(?:I|[Ww]e)\b)[^,;]*")
_UNLESS = re.compile(
    r"\b(?i:if|unless|whether|suppos(?:e|ing)|imagin(?:e|ing)|pretend(?:ing|ed)?|wish(?:es|ed|ing)?|thought|in case|"
    r"as though|let's say|say that|dream(?:ed|t)?)(?: only| ever| that)? "
    rf"(?=(?:I|[Mm]y|[Ww]e|[Oo]ur|[Hh]e|[Ss]he|[Tt]hey|it|someone|somebody)\b|{CAPITAL})[^,;]*"
)
_INVERTED = re.compile(r"(?:[Hh]ad|[Ww]ere|[Ss]hould) (?=(?:I|[Ww]e|[Hh]e|[Ss]he)\b)[^,;]*")
_ALMOST = re.compile(
    rf"\b(?:I|[Ww]e|[Hh]e|[Ss]he|[Tt]hey|[Mm]y [a-z-]+|{CAPITAL}[\w-]+)"
    r"(?='?(?:ve|d|m|re)?(?: (?:have|had|has|was|were|am|is|are|just|really|very|also|once|then))*"
    r" (?:(?:almost|nearly|just about) (?!(?:always|never|ever|every\w*|all|nothing|there|done|finished|ready|"
    r"as|an?|the)\b|\d)|(?<=was )about to |(?<=were )about to ))"
)
_COUNTERFACTUAL = re.compile(
    r"\b(?:I|[Ww]e|[Hh]e|[Ss]he|[Tt]hey)(?=(?:'d| would| could| should)(?: \w+ly)?(?: have|'ve) )"
)
_WOULD = re.compile(r"\b(?:I|[Ww]e|[Hh]e|[Ss]he|[Tt]hey)(?=(?:'d| would| could| might)(?: \w+ly)? [a-z])")
_JOKE = re.compile(
    r"\b(?:(?:just|only|i'm|i am) (?:kidding|joking)|jk|j/k|as if|yeah right|said no one ever|not really)[.!,]*$"
    r"|[,–—-] ?not!|\.\.\. ?not!|^(?:not|kidding|psych)[.!]*$",
    re.IGNORECASE,
)


def mark_speech(text: str) -> str:
    """The text with the persons of quoted speech marked; a quotation without a first person, such as a title, stays."""
    return _SPEECH.sub(_quoted, text)


def has_condition(sentence: str) -> bool:
    """Whether a sentence states something on a condition: `if I lived there`."""
    return _UNLESS.search(sentence) is not None or _INVERTED.match(sentence) is not None


def mark_unreal(clause: str, on_condition: bool = False) -> str:
    """The clause with the persons marked of whom it says only what might be, was wished or almost happened.

    Args:
        clause: a part of a sentence.
        on_condition: the sentence has a condition, so that `would` and `could` in this clause hang on it.
    """
    if on_condition:
        clause = _WOULD.sub(_whole, clause)
    clause = _REPORTED.sub(_in_scope, _UNLESS.sub(_in_scope, clause))
    if inverted := _INVERTED.match(clause):
        verb, space, rest = inverted[0].partition(" ")
        clause = verb + _UNREAL + space + _marked(rest, _UNREAL) + clause[inverted.end() :]
    return _COUNTERFACTUAL.sub(_whole, _ALMOST.sub(_whole, clause))


def mark_all(clause: str) -> str:
    """The clause with all its persons marked."""
    return _marked(clause, _UNREAL)


def is_joke(sentence: str) -> bool:
    """Whether a sentence takes back what it, or the one before, says: `just kidding`, `not!`."""
    return _JOKE.search(sentence.strip()) is not None


def shown(text: str) -> str:
    """The text without marks; the speaker's own words in the third person, another's as they were."""
    if _UNREAL in text:
        text = re.sub(rf"\bI{_UNREAL} was\b", "they were", text)
        text = re.sub(
            rf"(\w+){_UNREAL}((?:'(?:m|ve|re)| (?:am|have))?\b)", lambda match: third_person(match[1] + match[2]), text
        )
    return text.replace(_QUOTED, "")


def _marked(text: str, mark: str) -> str:
    return _PERSON.sub(lambda match: match[0] + mark, text)


def _in_scope(match: re.Match[str]) -> str:
    word, space, rest = match[0].partition(" ")
    return word + space + _marked(rest, _UNREAL)


def _whole(match: re.Match[str]) -> str:
    return _marked(match[0], _UNREAL)


def _quoted(match: re.Match[str]) -> str:
    kind = match.lastgroup or ""
    if not _FIRST.search(match[kind]):
        return match[0]
    start, end = match.start(kind) - match.start(), match.end(kind) - match.start()
    return match[0][:start] + _marked(match[kind], _QUOTED) + match[0][end:]
