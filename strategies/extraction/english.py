"""Whether a text is English enough for rules that are written for English."""

import re

from memeval.strategies.extraction.words import IRREGULAR, STOP

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_LATIN = re.compile(r"[A-Za-zÀ-ɏḀ-ỿ]")
# Common words of other languages in Latin letters that are no English words.
_FOREIGN = frozenset(
    """
der die das und ich ist nicht ein eine einen einem einer mein meine meinen meinem meiner wir sie bin habe hat haben
mit auf für von zu zum zur den dem im wohne auch aber oder wenn gestern heute seit
le la les des et je est un une mon ma mes nous vous ils elle suis pas dans avec pour sur j'ai c'est qui que ne du au
el los las y yo es una mi mis soy tengo muy pero como por para con del al su sus estoy fue hace ayer he
il lo gli e io è sono mio mia non che ho di una della nel mi ieri ha per più
o os um uma eu é não meu minha com em do da no na ele ela tenho sou foi
het een ik niet mijn en van wij zij heb met voor op dat ben naar gisteren
och jag är inte ett min mitt att det som har på av för med till og jeg er ikke et på jeg har
ja nie jest się na w z do mam mój moja że mieszkam
ben bir ve bu çok için benim değil
""".split()
)
# Words of both kinds decide nothing.
_ENGLISH = (
    STOP
    | frozenset(IRREGULAR)
    | frozenset(
        """
live lives living work works working want wants need needs feel feels went going started bought moved born called
sister brother mother father mom dad friend friends dog cat home house job name birthday year years week weeks month
months day days time people today tomorrow yesterday been wasn't weren't isn't aren't didn't doesn't don't can't won't
i'm i've i'd i'll it's that's you're we're they're he's she's because family work allergic favorite favourite
""".split()
    )
)  # fmt: skip
_BOTH = _FOREIGN & _ENGLISH
_FEW = 5


def is_english(text: str) -> bool:
    """Whether the words of a text speak for English.

    A text in another script is not English. Otherwise common words of English are counted against those of other
    languages: the more decide. Where neither occurs, up to 5 words may be English (a name, `ok`), more are not.
    """
    letters = [letter for letter in text if letter.isalpha()]
    if sum(_LATIN.match(letter) is not None for letter in letters) * 2 < len(letters):
        return False
    words = [word.lower() for word in _WORD.findall(text.replace("’", "'"))]
    english = sum(word in _ENGLISH and word not in _BOTH for word in words)
    foreign = sum(word in _FOREIGN and word not in _BOTH for word in words)
    if english == foreign == 0:
        return len(words) <= _FEW
    return english >= foreign
