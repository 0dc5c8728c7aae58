"""From templates to turns: what is put around a statement, and that a paraphrase repeats no word."""

import re
from collections.abc import Sequence

from memeval.benchmarks.demo.grammar import Voice, tidy
from memeval.benchmarks.demo.manners import ACKNOWLEDGEMENTS, ASIDES, CODAS, LEADS, QUESTION_LEADS
from memeval.benchmarks.demo.vocabulary import POOLS

_WORD = re.compile(r"[a-z0-9]+")
_SMALL = frozenset(
    "a an the and or but if so as at by for from in into of off on onto out over to up with without than then that this these "
    "those there here i me my mine we us our you your he him his she her it its they them their who whom whose which what "
    "where when how why do does did done doing don t s m ll ve re d is am are was were be been being have has had having will "
    "would should could can may might must shall not no nor only own same too very just now today all any both each few more "
    "most other some such again because about against before after above below between through during under until while "
    "one let get got go went say said".split()
)


def stems(text: str) -> set[str]:
    """Rough stems of the content words: the first four letters without a plural s.

    Rougher than a stemmer, so that texts without a common rough stem have none in common.
    """
    return {word.rstrip("s").replace("y", "i")[:4] for word in _WORD.findall(text.lower()) if word not in _SMALL}


class Wording:
    """How one user and the assistant put things."""

    def __init__(self, name: str, voice: Voice) -> None:
        """Draw the manner of the user `name`: how often they lead in and trail off."""
        self._name = name
        self._voice = voice
        self._leads = 0.3 + 0.3 * voice.random()
        self._asides = 0.25 + 0.25 * voice.random()

    def core(self, templates: Sequence[str], slots: dict[str, str], avoid: set[str] | None = None) -> str:
        """One of the templates, filled; with `avoid` one without these stems, if any is."""
        text = ""
        for _ in range(25):
            text = self._voice.say(self._voice.pick(templates), dict(slots), POOLS)
            if not avoid or avoid.isdisjoint(stems(text)):
                break
        return text

    def user(self, core: str, avoid: set[str] | None = None, opens: bool = True, ends: bool = False) -> str:
        """What the user says: perhaps a lead-in (if it `opens` a subject), the core, perhaps an aside (unless it `ends`)."""
        voice = self._voice
        asks = core.partition("?")[0].find(".") < 0 and "?" in core
        lead = self._extra(QUESTION_LEADS if asks else LEADS, avoid) if opens and voice.chance(self._leads) else ""
        aside = " " + self._extra(ASIDES, avoid) if not ends and voice.chance(self._asides) else ""
        return tidy(lead + core + aside)

    def assistant(self, core: str, reacts: bool = False) -> str:
        """What the assistant says: perhaps an acknowledgement (if it `reacts` to news), the core, perhaps a coda."""
        before = self._extra(ACKNOWLEDGEMENTS, None) if reacts and self._voice.chance(0.5) else ""
        coda = " " + self._extra(CODAS, None) if self._voice.chance(0.3) else ""
        return tidy(before + core + coda)

    def _extra(self, templates: Sequence[str], avoid: set[str] | None) -> str:
        for _ in range(10):
            text = self._voice.say(self._voice.pick(templates), {"me": self._name}, POOLS)
            if not avoid or avoid.isdisjoint(stems(text)):
                return text
        return ""
