"""The frame of a dialogue: sessions on days, exchanges within sessions, and the booking of places for facts."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from memeval.benchmarks.demo.draw import between, pick

_FIRST_DAY = datetime(2025, 9, 1)
RECENT_TURNS = 10


@dataclass(slots=True)
class Beat:
    """A place in the dialogue that carries something.

    Attributes:
        ask: the user's request, where it is the assistant who says it.
        reply: what the other one answers; None leaves that to small talk.
        avoid: beginnings of words that must not stand in the same turn.
    """

    session: int
    exchange: int
    text: str
    ask: str | None = None
    reply: str | None = None
    avoid: frozenset[str] = frozenset()
    turn: str = ""


@dataclass(slots=True)
class Session:
    """A sitting of `size` turns that begins at `start`; user and assistant take turns."""

    start: datetime
    size: int
    day: int
    free: list[int] = field(default_factory=list)
    beats: dict[int, Beat] = field(default_factory=dict)
    last_of_day: bool = True


class Layout:
    """Sessions for `turns` turns (without the system turn) and the places still free in them."""

    def __init__(self, rng: Random, turns: int) -> None:
        """Draw sizes and days."""
        self._rng = rng
        self.sessions: list[Session] = []
        crowded = turns > 6000
        day, left = between(rng, 0, 90), turns
        while left:
            size = min(left, 2 * between(rng, 4, 12))
            if 0 < left - size < 8:
                size = left if left <= 24 else size - 8
            previous = self.sessions[-1] if self.sessions else None
            same = previous is not None and rng.random() < (0.5 if crowded else 0.08) and previous.start.hour < 17
            if previous is not None and not same:
                day += between(rng, 1, 2) if crowded else pick(rng, (1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 9, 12, 16))
            hour = between(rng, previous.start.hour + 3, 21) if same and previous is not None else between(rng, 7, 21)
            start = _FIRST_DAY + timedelta(days=day, hours=hour, minutes=between(rng, 0, 50))
            if same and previous is not None:
                previous.last_of_day = False
            # The first exchange opens the sitting, so facts stand in later ones mostly.
            self.sessions.append(Session(start, size, day, list(range(size // 2))))
            left -= size

    def __len__(self) -> int:
        return len(self.sessions)

    def session(self, low: int, high: int) -> int | None:
        """A session from `low` to `high` with a free place, at random."""
        for _ in range(8):
            index = between(self._rng, low, high)
            if len(self.sessions[index].free) > 1:
                return index
        return next((i for i in range(low, high + 1) if len(self.sessions[i].free) > 1), None)

    def spread(self, count: int) -> list[int] | None:
        """`count` sessions on different days in order of time, one drawn from each equal stretch of the dialogue."""
        total = len(self.sessions)
        found: list[int] = []
        for index in range(count):
            session = self.session(index * total // count, max(index * total // count, (index + 1) * total // count - 1))
            if session is None or (found and self.sessions[session].day <= self.sessions[found[-1]].day):
                return None
            found.append(session)
        return found

    def book(self, session: int, text: str, recent: bool = False) -> Beat:
        """Take a free place of a session; with `recent` one of its last ten turns."""
        place = self.sessions[session]
        places = [i for i in place.free if 2 * i >= place.size - RECENT_TURNS] if recent else place.free
        exchange = pick(self._rng, places or place.free)
        place.free.remove(exchange)
        beat = Beat(session, exchange, text)
        place.beats[exchange] = beat
        return beat

    def recent(self) -> int | None:
        """A session after which a question about its last turns can be asked: the last of its day, with room."""
        for _ in range(30):
            index = between(self._rng, len(self) // 3, len(self) - 1)
            place = self.sessions[index]
            late = sum(2 * i >= place.size - RECENT_TURNS for i in place.free)
            if place.last_of_day and late > 2:
                return index
        return None

    def evening(self, session: int) -> datetime:
        """Some minutes after the last session of that session's day."""
        while not self.sessions[session].last_of_day:
            session += 1
        place = self.sessions[session]
        return place.start + timedelta(minutes=2 * place.size + 9)

    def after(self) -> datetime:
        """The day after the last session."""
        last = self.sessions[-1].start
        return datetime(last.year, last.month, last.day, 9, 30) + timedelta(days=1)
