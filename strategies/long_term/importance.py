"""How much a text matters, by rules."""

import re
from collections.abc import Iterable

# Family, health, death, work, moving: what people would want remembered.
_VITAL = re.compile(
    r"\b(?:wife|husband|partner|fianc[eé]+|mother|mom|mum|father|dad|sister|brother|daughter|son|kids?|child(?:ren)?|"
    r"parents?|grand(?:mother|father|ma|pa)|baby|pregnan\w*|birth(?:day)?|born|married|wedding|engaged|divorced?|"
    r"died|dead|death|passed away|funeral|hospital|surgery|diagnos\w+|cancer|illness|allerg\w+|accident|injur\w+|"
    r"promot(?:ed|ion)|fired|laid off|new job|hired|retired?|graduat\w+|adopt\w*|moved|moving|bought a|"
    r"favou?rite|always|never|important|remember|promise\w*)\b",
    re.IGNORECASE,
)
_PERSONAL = re.compile(r"\b(?:I|I'm|I've|I'll|I'd|[Mm]y|[Ww]e|[Oo]ur)\b")
# A name or a number: a capital inside a sentence, or a digit.
_SPECIFIC = re.compile(r"(?<=[a-z,;] )(?!I\b)[A-Z][a-z]+|\d")
_PLEASANTRY = 6


def importance(text: str) -> int:
    """1 (trivial) to 5 (vital), for a text without what the document template adds.

    1 for everything, and one more each for: a statement about oneself (I, my, we, our), a name or a number; two more
    for a word of family, health, death, work, moving or lasting preference. Less than six words, or nothing but
    questions, stay at 1 unless such a word is in them. A heuristic in the place of the rating that Park et al. 2023
    (section 4.1) ask of a language model.
    """
    vital = _VITAL.search(text) is not None
    asks = text.rstrip().endswith("?") and not re.search(r"[.!]\s", text)
    if not vital and (asks or len(text.split()) < _PLEASANTRY):
        return 1
    points = 1 + 2 * vital + (_PERSONAL.search(text) is not None) + (_SPECIFIC.search(text) is not None)
    return min(points, 5)


class Ratings:
    """How important turns are by what was made from them: the highest rating counts."""

    def __init__(self) -> None:
        """Start without any."""
        self._of: dict[str, int] = {}

    def note(self, names: Iterable[str], rating: int | None) -> None:
        """Note the rating of something made from these turns; None says nothing."""
        if rating is not None:
            for name in names:
                self._of[name] = max(rating, self._of.get(name, 0))

    def get(self, name: str) -> int | None:
        """The rating of a turn, None if nothing made from it was rated."""
        return self._of.get(name)

    def forget(self, names: Iterable[str]) -> None:
        """Drop turns."""
        for name in names:
            self._of.pop(name, None)
