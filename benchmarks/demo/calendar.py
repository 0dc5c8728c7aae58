"""When a user writes: sessions over days, and the slots in them where something can be told."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta

from memeval.benchmarks.demo.grammar import Voice

_END = datetime(2026, 3, 1)
_LONGEST = timedelta(days=3650)
_USUAL_GAP = 4.2


@dataclass(frozen=True, slots=True)
class Session:
    """A sitting: `slots` exchanges of two turns, and with `parting` a last word of the user.

    Attributes:
        first: number of its first slot.
        day: number of its day among the days with sessions.
        step: mean seconds between turns.
    """

    start: datetime
    first: int
    slots: int
    parting: bool
    day: int
    step: float

    @property
    def end(self) -> int:
        """One past its last slot."""
        return self.first + self.slots


class Calendar:
    """All sessions of a dialogue of `turns` turns, the first of which is the system's."""

    def __init__(self, turns: int, voice: Voice) -> None:
        """Draw lengths and dates."""
        lengths = _lengths(turns - 1, voice)
        starts, days, room = _starts(len(lengths), voice)
        self.sessions: list[Session] = []
        first = 0
        for length, start, day in zip(lengths, starts, days, strict=True):
            step = min(voice.between(25, 110), room / (length + 1))
            self.sessions.append(Session(start, first, length // 2, length % 2 == 1, day, step))
            first += length // 2
        self.slots = first
        self.days = days[-1] + 1
        self._firsts = [session.first for session in self.sessions]
        self.last_of_day: dict[int, int] = {session.day: index for index, session in enumerate(self.sessions)}

    def session_of(self, slot: int) -> int:
        """Index of the session that has the slot."""
        return bisect_right(self._firsts, slot) - 1

    def day_of(self, slot: int) -> int:
        """Number of the day of the slot."""
        return self.sessions[self.session_of(slot)].day

    def date_of(self, slot: int) -> datetime:
        """Midnight of the slot's day."""
        return midnight(self.sessions[self.session_of(slot)].start)


def midnight(time: datetime) -> datetime:
    """The day of a time."""
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


def _lengths(turns: int, voice: Voice) -> list[int]:
    # Few turns in short sittings, very many in longer ones: nobody chats a thousand times a year.
    longest = 22 if turns < 2_000 else 40 if turns < 50_000 else 60
    lengths: list[int] = []
    left = turns
    while left > 0:
        length = min(voice.between(6, longest), left)
        if left - length < 6:
            length = left if left <= longest + 6 else left - 6
        lengths.append(length)
        left -= length
    return lengths


def _starts(n: int, voice: Voice) -> tuple[list[datetime], list[int], float]:
    """Starts in order, the number of each one's day, and the seconds that a session may take."""
    per_day = max(1, -(-int(n * _USUAL_GAP) // _LONGEST.days))
    day = 0
    dates: list[tuple[int, int]] = []
    days: list[int] = []
    number = -1
    while len(days) < n:
        if dates:
            # Mostly a few days apart, now and then a holiday or a busy spell.
            day += 1 if per_day > 1 else voice.pick((1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 9, 16))
        number += 1
        for index in range(per_day):
            if len(days) < n:
                dates.append((day, index))
                days.append(number)
    span = 15.0 * 3600 / per_day
    origin = _END - timedelta(days=day + voice.between(0, 60))
    starts = []
    for date, index in dates:
        seconds = 7 * 3600 + span * index + voice.random() * span * (0.25 if per_day > 1 else 0.9)
        starts.append(origin + timedelta(days=date, seconds=int(seconds)))
    return starts, days, span * 0.7 if per_day > 1 else 6_000.0
