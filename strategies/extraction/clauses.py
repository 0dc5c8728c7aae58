"""From a turn to the clauses that state something."""

import re
from collections.abc import Iterator

from memeval.strategies.extraction.unsaid import has_condition, is_joke, mark_all, mark_speech, mark_unreal

_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|\n+|\s+[–—-]+\s+|—|;\s+")
_NEXT_SUBJECT = r"(?:I|we|my|our|he|she|they|it|that's|there)\b"
_CLAUSE = re.compile(
    rf",?\s+(?:and|but|so|because|'?cause|which|since|though|although|while)\s+(?={_NEXT_SUBJECT})|"
    rf",\s+(?={_NEXT_SUBJECT})"
)
_ASIDE = re.compile(
    r"(?:(?:yeah|yea|yep|yes|yup|no|nope|nah|wow|oh|ooh|aww?|hey|hi|hello|thanks(?: so much| a lot| a ton| for "
    r"[^.!,]+)?|"
    r"thank you(?: so much)?|by the way|btw|fyi|also|and|but|so|well|actually|anyway|anyways|plus|lol|haha|sure|"
    r"definitely|"
    r"absolutely|totally|nice|cool|great|awesome|ok|okay|right|honestly|luckily|sadly|unfortunately|fortunately|lately|"
    r"recently|oh my god|omg|speaking of which|in fact|besides|then|now|finally|guess what|you know|i mean|as for me|"
    r"since (?:we|i) last (?:spoke|talked|chatted|met|caught up)|it's been \w+)\b"
    r"[,!.…:]*\s*)+",
    re.IGNORECASE,
)
_CALL = re.compile(r"[A-Z][\w'’-]+[,!]\s+(?!my\b|our\b|who\b)")
# What is asked is no statement, but a statement may stand before it: `I moved to Oslo, did you know?`
_QUESTION = re.compile(
    r",?\s*\b(?:and |but |so )?(?:what|which|how|why|when|where|who|do|does|did|have|has|can|could|would|will|"
    r"should|is|are|any|is it|don't|isn't)\b[^,]*\?$",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(r"\b(?:I|my|we|our|I'm|I've)\b")


# A question that has no mark, as on a phone, and a condition: `do you live here`, `had I known`.
_ASKED = re.compile(
    r"(?:(?:and|so|but|what|where|when|who|why|how|which) )*(?:do|does|did|am|are|is|was|were|have|has|can|could|would|"
    r"will|should|shall) (?:I|we|you|he|she|they|it|my|our|your|the|there)\b",
    re.IGNORECASE,
)


def sentences(text: str) -> Iterator[list[str]]:
    """The clauses of each sentence that is no question, without greetings and names called.

    Persons of whom a clause does not say that it is so are marked, see `unsaid`.

    Args:
        text: in the spelling of `spelling.plain`.
    """
    found = [sentence.strip() for sentence in _SENTENCE.split(mark_speech(text))]
    for place, sentence in enumerate(found):
        if sentence.endswith("?"):
            sentence = _QUESTION.sub("", sentence)
            if sentence.endswith("?") or not _FIRST_PERSON.search(sentence):
                continue
        elif _ASKED.match(sentence):
            continue
        joke = is_joke(sentence) or (place + 1 < len(found) and is_joke(found[place + 1]))
        condition = has_condition(sentence)
        clauses = [mark_all(clause) if joke else mark_unreal(clause, condition) for clause in _clauses(sentence)]
        if clauses:
            yield clauses


def _clauses(sentence: str) -> Iterator[str]:
    for clause in _CLAUSE.split(sentence):
        clause = _ASIDE.sub("", clause, count=1) if _ASIDE.match(clause) else clause
        if _CALL.match(clause):
            clause = _CALL.sub("", clause, count=1)
            clause = _ASIDE.sub("", clause, count=1) if _ASIDE.match(clause) else clause
        clause = clause.strip().rstrip(".!…:, ")
        if clause:
            yield clause
