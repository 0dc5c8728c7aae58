"""What the words of a question are called in facts: the table that stands in the place of a semantic search."""

from collections.abc import Mapping
from functools import cache

from memeval.strategies.extraction.words import ANIMALS, base

# An attribute of the rules, and the words of a question that ask for it.
_TABLE: Mapping[str, str] = {
    "home": "live living home address reside residence city town house apartment move relocate country neighbourhood",
    "job": "job work career profession occupation position employer company role living employed hired boss promotion",
    "name": "name called",
    "age": "age old",
    "birthday": "birthday born birth",
    "origin": "from hometown origin originally country homeland grow",
    "relationship": "relationship married marry marital single dating divorced engaged status spouse partner",
    "allergy": "allergy allergic allergies reaction avoid eat",
    "health": "health condition disease illness diagnosis diagnosed sick suffer medical allergy allergic allergies",
    "diet": "diet dietary vegan vegetarian eat food meal dinner recipe cook",
    "preference": (
        "like love enjoy prefer preference favourite fan hate dislike avoid interested interest hobby passion "
        "passionate into "
        "adore fond taste hobbies recommend suggest suggestion recommendation "
        # What advice is asked about.
        "please enjoy cook dinner supper meal dish ingredient food drink music playlist film movie cinema flower "
        "bouquet "
        "gift present outing"
    ),
    "eat": "eat cook dinner supper meal dish food",
    "drink": "drink order",
    "order": "drink order",
    "pet": f"pet animal {ANIMALS.replace('|', ' ')}",
    "plan": "plan planning going intend intention hope want goal future upcoming next consider dream",
    "feel": "feel feeling felt emotion react reaction describe mood happy excited proud",
    "be": "be",
    "photo": "photo picture image share shared photograph show pic painting",
    "buy": "buy purchase get order shop",
    "get": "buy receive get obtain acquire",
    "go": "go visit travel attend trip vacation",
    "visit": "go visit travel trip",
    "attend": "attend go participate",
    "join": "join participate attend member",
    "start": "start begin",
    "have": "have own possess",
    "own": "have own possess",
    "make": "make create bake cook build",
    "see": "see watch",
    "watch": "watch see",
    "read": "read book",
    "win": "win award prize victory",
    "mother": "mother mom mum parent",
    "father": "father dad parent",
    "kid": "kid child son daughter",
    "children": "kid child son daughter",
}

LASTING = frozenset(
    "home job name age birthday origin relationship allergy health diet preference pet plan feel be photo note".split()
)


@cache
def _invert() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for attribute, words in _TABLE.items():
        # The rules name lasting attributes in full and actions by the base of their verb.
        name = attribute if attribute in LASTING else base(attribute)
        for word in words.split():
            found.setdefault(base(word), {})[name] = None
    return {word: tuple(names) for word, names in found.items()}


def attributes(word: str) -> tuple[str, ...]:
    """The attributes that the base form of a word asks for: those of the table, then the word itself."""
    names = _invert().get(word, ())
    return names if word in names else (*names, word)
