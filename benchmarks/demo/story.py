"""The plan of one dialogue: which things are told in which slot, and what is asked about them."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from memeval.benchmarks.demo.calendar import Calendar
from memeval.benchmarks.demo.cast import Cast
from memeval.benchmarks.demo.grammar import Voice
from memeval.benchmarks.demo.vocabulary import POOLS
from memeval.benchmarks.demo.wording import Wording

_DIGITS = "0123456789"
_SIGNS = "BCDFGHJKLMNPQRTVWXZ"
_LEADING = "123456789"
# Values that are made up sign by sign. Amounts end in an odd digit other than 5: no other pool has such numbers.
_NUMERALS = {
    "code": (_SIGNS, _SIGNS, _DIGITS, _DIGITS, _SIGNS, _SIGNS),
    "serial": (_SIGNS, _SIGNS, "-", _DIGITS, _DIGITS, _DIGITS, _DIGITS),
    "amount": (_LEADING, ",", _DIGITS, _DIGITS, "1379"),
}


def _longer(pattern: tuple[str, ...]) -> tuple[str, ...]:
    """The pattern with one more digit: behind a leading digit with commas set anew, else at the end."""
    if pattern[0] != _LEADING:
        return (*pattern, _DIGITS)
    signs = [_LEADING, _DIGITS, *(letters for letters in pattern[1:] if letters != ",")]
    grouped: list[str] = []
    for left, letters in zip(range(len(signs), 0, -1), signs, strict=True):
        grouped.append(letters)
        if left > 1 and left % 3 == 1:
            grouped.append(",")
    return tuple(grouped)


def _values(pattern: tuple[str, ...]) -> int:
    """How many values a pattern has."""
    return math.prod(map(len, pattern))


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is said in a slot: by the user, then by the assistant."""

    user: str
    assistant: str


@dataclass(frozen=True, slots=True)
class Told:
    """Where a planned statement is: its slot, and whether the assistant makes it."""

    slot: int
    by_assistant: bool = False


@dataclass(slots=True)
class Draft:
    """A question whose evidence is known by slots; `day` is when it is asked, None at the end."""

    category: str
    tags: tuple[str, ...]
    text: str
    answers: tuple[str, ...]
    evidence: tuple[Told, ...]
    stale: tuple[Told, ...] = ()
    stale_answers: tuple[str, ...] = ()
    day: int | None = None


class Deck:
    """The values of all pools in an order of this dialogue; what was dealt is nobody else's."""

    def __init__(self, voice: Voice) -> None:
        """Shuffle a pool when it is first used."""
        self._voice = voice
        self._open: dict[str, list[str]] = {}
        self._made: set[str] = set()
        self._patterns = dict(_NUMERALS)
        self._left = {pool: _values(pattern) for pool, pattern in _NUMERALS.items()}

    def deal(self, pool: str) -> str:
        """A value for gold: never dealt again, and not among the rest."""
        return self._numeral(pool) if pool in _NUMERALS else self._cards(pool).pop()

    def rest(self, pool: str) -> str:
        """Any value that has not been dealt."""
        return self._numeral(pool) if pool in _NUMERALS else self._voice.pick(self._cards(pool))

    def _cards(self, pool: str) -> list[str]:
        if pool not in self._open:
            self._open[pool] = self._voice.shuffled(POOLS[pool])
        return self._open[pool]

    def _numeral(self, pool: str) -> str:
        """A value that was not made before; once a pattern has no more values, they have one more digit."""
        if not self._left[pool]:
            self._patterns[pool] = _longer(self._patterns[pool])
            self._left[pool] = _values(self._patterns[pool])
        while True:
            made = "".join(self._voice.pick(letters) for letters in self._patterns[pool])
            if made not in self._made:
                self._made.add(made)
                self._left[pool] -= 1
                return made


class NoRoom(Exception):
    """No slot left for a statement."""


@dataclass(slots=True)
class Story:
    """What is planned so far."""

    calendar: Calendar
    voice: Voice
    wording: Wording
    cast: Cast
    deck: Deck
    placed: dict[int, Exchange] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)
    # (frame number, day) of the moments that must stay the only ones of their day.
    moments: set[tuple[int, int]] = field(default_factory=set)
    # Distractors wait until all gold values are dealt.
    later: list[Callable[[], None]] = field(default_factory=list)

    def reserve(self, low: int, high: int, without: Iterable[int] = ()) -> int:
        """A random free slot of low <= slot < high, in none of the sessions `without`; it is then taken.

        Raises:
            NoRoom: none found.
        """
        banned = set(without)
        for _ in range(60):
            slot = self.voice.between(low, high - 1) if high > low else low
            if self.free(slot) and self.calendar.session_of(slot) not in banned:
                break
        else:
            open_slots = [
                slot for slot in range(low, min(high, low + 5_000))
                if self.free(slot) and self.calendar.session_of(slot) not in banned
            ]  # fmt: skip
            if not open_slots:
                raise NoRoom
            slot = self.voice.pick(open_slots)
        self.placed[slot] = Exchange("", "")
        return slot

    def free(self, slot: int) -> bool:
        """Whether something may still be told there: first and last slots of sessions are for greetings."""
        session = self.calendar.sessions[self.calendar.session_of(slot)]
        return slot not in self.placed and session.first < slot < session.end - 1

    def spread(self, count: int, distinct_days: bool = False, low: int = 0, high: int | None = None) -> list[int]:
        """`count` slots in order of time, each in another session (with `distinct_days`: on another day).

        Raises:
            NoRoom: not found; nothing is taken then.
        """
        high = self.calendar.slots if high is None else high
        taken: list[int] = []
        banned: set[int] = set()
        try:
            for _ in range(count):
                slot = self.reserve(low, high, banned)
                taken.append(slot)
                here = self.calendar.session_of(slot)
                banned.add(here)
                if distinct_days:
                    sessions = self.calendar.sessions
                    for step in (-1, 1):
                        near = here + step
                        while 0 <= near < len(sessions) and sessions[near].day == sessions[here].day:
                            banned.add(near)
                            near += step
        except NoRoom:
            for slot in taken:
                del self.placed[slot]
            raise
        return sorted(taken)

    def date(self, slot: int) -> datetime:
        """Midnight of the slot's day."""
        return self.calendar.date_of(slot)

    def slots_of_day(self, day: int) -> int:
        """One past the last slot of a day."""
        return self.calendar.sessions[self.calendar.last_of_day[day]].end

    def distract(self, make: "Callable[[int], Exchange]", high: int | None = None) -> None:
        """Have `make` tell something in a random slot once all gold is dealt, if there is room."""

        def place() -> None:
            try:
                slot = self.reserve(0, self.calendar.slots if high is None else high)
            except NoRoom:
                return
            self.placed[slot] = make(slot)

        self.later.append(place)
