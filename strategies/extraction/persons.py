"""What is said of others, put as they would say it themselves, so that one set of patterns serves all."""

import re
from collections.abc import Iterator

from memeval.strategies.extraction.words import CAPITAL, STOP_WITHIN, TITLES

_SUBJECT = re.compile(
    rf"\b(?P<name>(?:(?:{TITLES}){STOP_WITHIN} )?{CAPITAL}[\w-]+)(?:, (?:my|our) [a-z -]{{3,30}},|,? who)? "
    r"(?P<rest>(?!and\b|or\b|to\b|in\b|at\b)[a-z'].*)"
)
_PRONOUN = re.compile(r"(?:^|\b(?:that|and|but) )(?:[Hh]e|[Ss]he) (?P<rest>[a-z'].*)")
_OWNER = re.compile(rf"\b(?P<name>{CAPITAL}[\w-]+)'s (?P<rest>(?:favou?rite|birthday|job|home|address) .*)")
_ADVERBS = re.compile(
    r"(?:(?:really|just|also|still|always|absolutely|now|only|never|truly|actually|recently|finally) )*"
)
_FIRST = {
    "is": "am", "has": "have", "does": "do", "doesn't": "don't", "isn't": "am not", "hasn't": "haven't", "goes": "go",
    "was": "was", "wasn't": "was not", "this": "this", "always": "always",
}  # fmt: skip


def as_first_person(clause: str, names: frozenset[str], person: str) -> Iterator[tuple[str, str]]:
    """Of `my sister Caroline lives in Oslo`: (`Caroline`, `I live in Oslo`).

    Args:
        clause: at most one statement.
        names: who is known to be a person.
        person: whom he or she means; "" for nobody.
    """
    match = _SUBJECT.search(clause)
    while match is not None:
        if match["name"] in names:
            yield match["name"], f"I {_first(match['rest'])}"
            return
        match = _SUBJECT.search(clause, match.end("name"))
    owner = _OWNER.search(clause)
    if owner is not None and owner["name"] in names:
        yield owner["name"], f"my {owner['rest']}"
        return
    pronoun = _PRONOUN.search(clause) if person else None
    if pronoun is not None:
        yield person, f"I {_first(pronoun['rest'])}"


def _first(predicate: str) -> str:
    """`lives in Oslo` as `live in Oslo`."""
    adverbs = _ADVERBS.match(predicate)
    start = adverbs.end() if adverbs is not None else 0
    verb, space, rest = predicate[start:].partition(" ")
    if verb in _FIRST:
        verb = _FIRST[verb]
    elif verb.endswith("ies") and len(verb) > 4:
        verb = verb[:-3] + "y"
    elif verb.endswith(("shes", "ches", "xes", "sses")):
        verb = verb[:-2]
    elif verb.endswith("s") and not verb.endswith(("ss", "us")):
        verb = verb[:-1]
    return f"{predicate[:start]}{verb}{space}{rest}"
