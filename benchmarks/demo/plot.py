"""Which facts a dialogue holds, where they are told, and what is asked about them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from memeval.benchmarks.demo.chains import CHAINS
from memeval.benchmarks.demo.chitchat import prefixes
from memeval.benchmarks.demo.draw import between, capital, pick, shuffled
from memeval.benchmarks.demo.facts import NAMED, PERSON, PREFERENCE, RECOMMENDED, Attribute
from memeval.benchmarks.demo.layout import Beat, Layout
from memeval.benchmarks.demo.pairs import PAIRS
from memeval.benchmarks.demo.updates import EVENTS, UPDATES
from memeval.benchmarks.demo.world import Person, World

CATEGORIES = ("single-hop", "multi-hop", "temporal", "knowledge-update", "preference", "abstention")
_MONTHS = (
    "January February March April May June July August September October November December".split()
)


@dataclass(slots=True)
class Draft:
    """A question before the turns have their ids. `asked` None means at the end."""

    text: str
    category: str
    answers: tuple[str, ...]
    evidence: list[Beat]
    stale: list[Beat] = field(default_factory=list)
    stale_answers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    asked: datetime | None = None


def day_of(time: datetime) -> str:
    """A date as people write it, in English on every machine: 12 March 2026."""
    return f"{time.day} {_MONTHS[time.month - 1]} {time.year}"


class Plot:
    """Fills a layout with facts and writes the questions about them."""

    def __init__(self, rng: Random, world: World, layout: Layout, questions: int) -> None:
        """Plan `questions` questions, fewer if there is no room for them."""
        self._rng, self._world, self._layout = rng, world, layout
        self.drafts: list[Draft] = []
        self._told: set[tuple[str, str]] = set()
        self._pairs, self._named = shuffled(rng, PAIRS), shuffled(rng, NAMED)
        self._recommended, self._chains = shuffled(rng, RECOMMENDED), shuffled(rng, CHAINS)
        self._updates, self._events = shuffled(rng, UPDATES), shuffled(rng, EVENTS)
        makers: dict[str, Callable[[int], Draft | None]] = {
            "single-hop": self._single, "multi-hop": self._multi, "temporal": self._temporal,
            "knowledge-update": self._update, "preference": self._preference,
        }  # fmt: skip
        for index in range(questions - questions // len(CATEGORIES)):
            category = CATEGORIES[index % 5]
            draft = makers[category](index // 5)
            if draft is not None:
                self.drafts.append(draft)
        self._distract(questions)
        for _ in range(questions // len(CATEGORIES)):
            missing = self._abstain()
            if missing is not None:
                self.drafts.append(missing)
        self.drafts = shuffled(rng, self.drafts)

    # -- single facts ------------------------------------------------------------------------------------------------

    def _place(self, text: str, recent: bool) -> tuple[Beat, datetime | None] | None:
        """Tell something once; with the time of the question where it is asked right afterwards."""
        if recent:
            session = self._layout.recent()
            if session is not None:
                return self._layout.book(session, text, recent=True), self._layout.evening(session)
        session = self._layout.session(0, len(self._layout) - 1)
        if session is None:
            return None
        return self._layout.book(session, text), None

    def _fact(self, attributes: Sequence[Attribute]) -> tuple[Attribute, Person] | None:
        """Something that has not been said of a person yet."""
        for _ in range(40):
            attribute, person = pick(self._rng, attributes), pick(self._rng, self._world.people)
            if (attribute.key, person.name) not in self._told and self._world.left(attribute.pool):
                self._told.add((attribute.key, person.name))
                return attribute, person
        return None

    def _about(self, attributes: Sequence[Attribute], category: str, tags: tuple[str, ...], recent: bool) -> Draft | None:
        found = self._fact(attributes)
        if found is None:
            return None
        attribute, person = found
        value = self._world.value(attribute.pool)
        placed = self._place(sentence(pick(self._rng, attribute.told), person, value), recent)
        if placed is None:
            return None
        beat, asked = placed
        text = sentence(pick(self._rng, attribute.asked), person, value)
        return Draft(text, category, (value,), [beat], tags=tags, asked=asked)

    def _single(self, turn: int) -> Draft | None:
        kind = ("paraphrase", "person", "named", "paraphrase", "recommended", "person")[turn % 6]
        recent = turn % 4 == 3
        if kind == "paraphrase" and self._pairs:
            pair = self._pairs.pop()
            value = pick(self._rng, pair.values)
            placed = self._place(capital(pair.told.format(v=value)), recent)
            if placed is None:
                return None
            beat, asked = placed
            beat.avoid = prefixes(pair.asked)
            return Draft(pair.asked, "single-hop", (value,), [beat], tags=("paraphrase",), asked=asked)
        if kind == "named" and self._named and self._world.left("surname"):
            told, asks = self._named.pop()
            name, code = self._world.value("surname"), self._world.code()
            placed = self._place(told.format(n=name, v=code), recent)
            if placed is None:
                return None
            return Draft(asks.format(n=name), "single-hop", (code,), [placed[0]], tags=("lexical",), asked=placed[1])
        if kind == "recommended" and self._recommended:
            request, said, asks, values = self._recommended.pop()
            value = pick(self._rng, values)
            placed = self._place(said.format(v=value), recent)
            if placed is None:
                return None
            placed[0].ask = request
            return Draft(asks, "single-hop", (value,), [placed[0]], tags=("assistant",), asked=placed[1])
        return self._about(PERSON, "single-hop", ("lexical",), recent)

    def _preference(self, turn: int) -> Draft | None:
        return self._about(PREFERENCE, "preference", (), turn % 3 == 1)

    # -- several facts -----------------------------------------------------------------------------------------------

    def _multi(self, turn: int) -> Draft | None:
        if not self._chains:
            return None
        chain = self._chains.pop()
        names: dict[str, str] = {}
        for letter, kind in zip("ab", chain.names, strict=False):
            if kind == "surname":
                names[letter] = self._world.value("surname")
            else:
                names[letter] = self._world.name(kind == "woman" or self._rng.random() < 0.5)
        names["v"] = self._world.value(chain.pool)
        sessions = self._layout.spread(len(chain.told))
        if sessions is None:
            return None
        texts = [capital(text.format(**names)) for text in chain.told]
        beats = [
            self._layout.book(session, text) for session, text in zip(shuffled(self._rng, sessions), texts, strict=True)
        ]
        return Draft(chain.asked, "multi-hop", (names["v"],), beats, tags=(f"{len(beats)}-hop",))

    def _update(self, turn: int) -> Draft | None:
        versions = between(self._rng, 2, 4)
        person = None
        if turn % 3 == 2 or not self._updates:
            found = self._fact([attribute for attribute in PERSON if attribute.changed])
            if found is None:
                return None
            attribute, person = found
            versions = min(versions, self._world.left(attribute.pool), 1 + len(attribute.changed))
            values = [self._world.value(attribute.pool) for _ in range(versions)]
            later = shuffled(self._rng, attribute.changed)
            told = [pick(self._rng, attribute.told), *later[: versions - 1]]
            texts = [sentence(text, person, value) for text, value in zip(told, values, strict=True)]
            asked_text = sentence(pick(self._rng, attribute.asked), person, "")
        else:
            update = self._updates.pop()
            versions = min(versions, 1 + len(update.later))
            values = self._world.own(update.values, versions)
            told = [pick(self._rng, update.first), *shuffled(self._rng, update.later)[: versions - 1]]
            texts = [text.format(v=value) for text, value in zip(told, values, strict=True)]
            asked_text = pick(self._rng, update.asked)
        sessions = self._layout.spread(versions)
        if sessions is None:
            return None
        recent = turn % 3 == 1 and sorted({*sessions})[-1] != sessions[0]
        asked: datetime | None = None
        current = versions - 1
        if recent:
            session = self._layout.recent()
            if session is not None and self._layout.sessions[session].day > self._layout.sessions[sessions[-2]].day:
                sessions[-1] = session
                asked = self._layout.evening(session)
            else:
                recent = False
        beats = [
            self._layout.book(session, text, recent and place == versions - 1)
            for place, (session, text) in enumerate(zip(sessions, texts, strict=True))
        ]
        if not recent and turn % 2 == 0 and versions > 2:
            current = versions - 2
            low, high = sessions[current], sessions[current + 1] - 1
            days = self._layout.sessions
            between_days = [i for i in range(low, high + 1) if days[i].day < days[sessions[current + 1]].day]
            asked = self._layout.evening(pick(self._rng, between_days))
        return Draft(
            asked_text, "knowledge-update", (values[current],), [beats[current]], beats[:current],
            tuple(values[:current]), ("lexical",) if person is not None else (), asked,
        )  # fmt: skip

    def _event(self, session: int) -> tuple[Beat, datetime, tuple[str, str, str]]:
        event = self._events.pop()
        start = self._layout.sessions[session].start
        forms = ["Today I {e}.", "I {e} today.", "Earlier today I {e}."]
        shift = 0
        if start.hour >= 11:
            forms += ["This morning I {e}.", "I {e} this morning."]
        if self._rng.random() < 0.25:
            forms, shift = ["Yesterday I {e}.", "I {e} yesterday."], 1
        beat = self._layout.book(session, pick(self._rng, forms).format(e=event[0]))
        return beat, start - timedelta(days=shift), event

    def _temporal(self, turn: int) -> Draft | None:
        if len(self._events) < 2:
            return None
        if turn % 2 == 0:
            session = self._layout.session(0, len(self._layout) - 1)
            if session is None:
                return None
            beat, time, (_, base, _) = self._event(session)
            return Draft(f"When did I {base}?", "temporal", (day_of(time),), [beat], tags=("lexical", "when"))
        sessions = self._layout.spread(2)
        if sessions is None or self._layout.sessions[sessions[1]].day - self._layout.sessions[sessions[0]].day < 3:
            return None
        beats, times, events = zip(*(self._event(session) for session in sessions), strict=True)
        order = shuffled(self._rng, (0, 1))
        if turn % 4 == 1:
            one, two = (events[i][2] for i in order)
            return Draft(
                f"Which came first, {one} or {two}?", "temporal", (events[0][2],), list(beats), tags=("order",)
            )
        days = (times[1].date() - times[0].date()).days
        text = f"How many days lay between {events[0][2]} and {events[1][2]}?"
        return Draft(text, "temporal", (f"{days} days", str(days)), list(beats), tags=("duration",))

    # -- what is not asked, and what was never said ------------------------------------------------------------------

    def _distract(self, questions: int) -> None:
        """Further facts of the same kinds, so that a right attribute or a right person alone is not enough."""
        for _ in range(questions * 3 // 4):
            attributes = PERSON if self._rng.random() < 0.6 else PREFERENCE
            found = self._fact(attributes)
            if found is None or self._world.left(found[0].pool) < 2:
                continue
            self._place(sentence(pick(self._rng, found[0].told), found[1], self._world.value(found[0].pool)), False)

    def _abstain(self) -> Draft | None:
        for _ in range(60):
            attribute = pick(self._rng, (*PERSON, *PREFERENCE))
            person = pick(self._rng, self._world.people)
            known = {key for key, name in self._told if name == person.name}
            others = any(key == attribute.key for key, _ in self._told)
            if known and others and attribute.key not in known:
                self._told.add((attribute.key, person.name))
                return Draft(sentence(pick(self._rng, attribute.asked), person, ""), "abstention", (), [])
        return None


def sentence(template: str, person: Person, value: str) -> str:
    """A template about a person, filled in."""
    return capital(template.format(v=value, **person.words))
