"""Questions that need several turns: chains of facts, dates, values that change."""

from datetime import datetime, timedelta

from memeval.benchmarks.demo import changes, kin
from memeval.benchmarks.demo.chains import CHAINS
from memeval.benchmarks.demo.chitchat import prefixes
from memeval.benchmarks.demo.draw import between, capital, pick, shuffled
from memeval.benchmarks.demo.events import EVENTS
from memeval.benchmarks.demo.facts import PERSON
from memeval.benchmarks.demo.frames import Bond, Change, Trait
from memeval.benchmarks.demo.layout import Beat
from memeval.benchmarks.demo.plot import Draft, Facts, sentence
from memeval.benchmarks.demo.templates import say
from memeval.benchmarks.demo.updates import UPDATES, Update
from memeval.benchmarks.demo.updates import EVENTS as DEEDS

_MONTHS = "January February March April May June July August September October November December".split()


def day_of(time: datetime) -> str:
    """A date as people write it, in English on every machine: 12 March 2026."""
    return f"{time.day} {_MONTHS[time.month - 1]} {time.year}"


class Stories:
    """Tells what takes several turns, by means of `facts`."""

    def __init__(self, facts: Facts) -> None:
        """Everything is still to be told."""
        self._facts, self._rng, self._world, self._layout = facts, facts.rng, facts.world, facts.layout
        rng = self._rng
        self._chains = shuffled(rng, CHAINS)
        self._bonds, self._own = shuffled(rng, kin.BONDS), shuffled(rng, kin.OWN)
        self._changes: list[Change] = shuffled(rng, changes.FRAMES)
        self._updates: list[Update] = shuffled(rng, UPDATES)
        # (statement with {when}, completes "When did I", a name, and whether that question uses other words)
        self._events = [
            (pick(rng, event.say), guess, event.theme if other else event.name, other)
            for event in EVENTS
            for other in (rng.random() < 0.4,)
            for guess in (event.guess if other else event.ask,)
        ] + [(f"{{when}} I {past}.", base, name, False) for past, base, name in DEEDS]
        self._events = shuffled(rng, self._events)

    # -- chains ------------------------------------------------------------------------------------------------------

    def multi(self, turn: int) -> Draft | None:
        """Two or three facts told on different days; the question names only the beginning."""
        kind = turn % 3
        if kind == 1 and self._bonds:
            return self._acquaintance(pick(self._rng, self._world.people).name, [], self._bonds.pop(), kin.TRAITS)
        if kind == 2 and self._own:
            own = self._own.pop()
            name = self._world.name(self._rng.random() < 0.5)
            first = say(self._rng, pick(self._rng, own.say), {"b": name})
            if self._bonds and self._rng.random() < 0.4:
                return self._acquaintance(name, [first], self._bonds.pop(), kin.TRAITS, own.phrase)
            trait = pick(self._rng, kin.OWN_TRAITS)
            return self._known(trait, name, own.phrase, [first])
        return self._chain()

    def _acquaintance(
        self, name: str, told: list[str], bond: Bond, traits: tuple[Trait, ...], start: str | None = None
    ) -> Draft | None:
        other = self._world.name(self._rng.random() < 0.5)
        link = say(self._rng, pick(self._rng, bond.say), {"a": name, "b": other})
        return self._known(pick(self._rng, traits), other, bond.phrase.format(a=start or name), [*told, link])

    def _known(self, trait: Trait, name: str, phrase: str, told: list[str]) -> Draft | None:
        value = self._world.draw(kin.POOLS[trait.values])
        key = self._world.draw(kin.POOLS[trait.keys]) if trait.keys else ""
        if value is None or key is None:
            return None
        last = say(self._rng, pick(self._rng, trait.say), {"b": name, "k": key, "v": value})
        text = say(self._rng, pick(self._rng, trait.ask), {"who": phrase, "k": key})
        draft = self._joined([*told, last], text, value)
        near = self._world.draw(kin.POOLS[trait.values])
        if draft is not None and near is not None:
            person = pick(self._rng, self._world.people)
            self._facts.place(say(self._rng, pick(self._rng, trait.say), {"b": person.name, "k": key, "v": near}))
        return draft

    def _chain(self) -> Draft | None:
        if not self._chains:
            return None
        chain = self._chains.pop()
        names: dict[str, str] = {}
        for letter, kind in zip("ab", chain.names, strict=False):
            if kind == "surname":
                names[letter] = self._world.value("surname") or self._world.name(True)
            else:
                names[letter] = self._world.name(kind == "woman" or self._rng.random() < 0.5)
        value = self._world.value(chain.pool)
        if value is None:
            return None
        return self._joined([capital(text.format(v=value, **names)) for text in chain.told], chain.asked, value)

    def _joined(self, texts: list[str], text: str, value: str) -> Draft | None:
        sessions = self._layout.spread(len(texts))
        if sessions is None:
            return None
        order = shuffled(self._rng, sessions)
        beats = [self._layout.book(session, told) for session, told in zip(order, texts, strict=True)]
        return Draft(text, "multi-hop", (value,), beats, tags=(f"{len(beats)}-hop",))

    # -- values that change ------------------------------------------------------------------------------------------

    def update(self, turn: int) -> Draft | None:
        """A value that is replaced one to three times; some questions come before the last change."""
        if turn % 4 == 3 or not (self._changes or self._updates):
            found = self._of_person()
        elif self._changes and (turn % 2 == 0 or not self._updates):
            found = self._of_frame(self._changes.pop())
        else:
            found = self._of_user(self._updates.pop())
        if found is None:
            return None
        texts, values, asked, lexical = found
        sessions = self._layout.spread(len(texts))
        if sessions is None:
            return None
        current, time, recent = len(texts) - 1, None, False
        if turn % 3 == 1:
            late = self._layout.recent()
            if late is not None and self._layout.sessions[late].day > self._layout.sessions[sessions[-2]].day:
                sessions[-1], recent, time = late, True, self._layout.evening(late)
        elif turn % 3 == 2 and current > 1:
            current -= 1
            days = self._layout.sessions
            before = range(sessions[current], sessions[current + 1])
            time = self._layout.evening(
                pick(self._rng, [i for i in before if days[i].day < days[sessions[current + 1]].day])
            )
        beats = [
            self._layout.book(session, text, recent and place == len(texts) - 1)
            for place, (session, text) in enumerate(zip(sessions, texts, strict=True))
        ]
        return Draft(
            asked, "knowledge-update", (values[current],), [beats[current]], beats[:current], tuple(values[:current]),
            ("lexical",) if lexical else (), time,
        )  # fmt: skip

    def _of_person(self) -> tuple[list[str], list[str], str, bool] | None:
        found = self._facts.unsaid([attribute for attribute in PERSON if attribute.changed])
        if found is None:
            return None
        attribute, person = found
        drawn = [self._world.value(attribute.pool) for _ in range(1 + between(self._rng, 1, len(attribute.changed)))]
        values = [value for value in drawn if value is not None]
        if len(values) < 2:
            return None
        told = [pick(self._rng, attribute.told), *shuffled(self._rng, attribute.changed)]
        texts = [sentence(text, person, value) for text, value in zip(told, values, strict=False)]
        return texts, values, sentence(pick(self._rng, attribute.asked), person, ""), True

    def _of_user(self, update: Update) -> tuple[list[str], list[str], str, bool] | None:
        drawn = [self._world.draw(update.values) for _ in range(between(self._rng, 2, 1 + len(update.later)))]
        values = [value for value in drawn if value is not None]
        if len(values) < 2:
            return None
        told = [pick(self._rng, update.first), *shuffled(self._rng, update.later)]
        texts = [text.format(v=value) for text, value in zip(told, values, strict=False)]
        return texts, values, pick(self._rng, update.asked), False

    def _of_frame(self, change: Change) -> tuple[list[str], list[str], str, bool] | None:
        key = self._world.draw(changes.POOLS[change.keys]) if change.keys else ""
        drawn = [self._facts.value(change.values, changes.POOLS) for _ in range(between(self._rng, 2, 4))]
        values = [value for value in drawn if value is not None]
        if len(values) < 2 or key is None:
            return None
        told = [pick(self._rng, change.say), *shuffled(self._rng, change.update * 2)]
        texts = [
            say(self._rng, text, {"k": key, "v": value}) for text, value in zip(told, values, strict=False)
        ]
        near = self._facts.value(change.values, changes.POOLS)
        if near is not None and change.other:
            person = pick(self._rng, self._world.people)
            self._facts.place(say(self._rng, pick(self._rng, change.other), {"p": person.full, "k": key, "v": near}))
        return texts, values, say(self._rng, pick(self._rng, change.ask), {"k": key}), bool(key)

    # -- dates -------------------------------------------------------------------------------------------------------

    def temporal(self, turn: int) -> Draft | None:
        """The day of an event, the earlier of two, or the days between them."""
        if len(self._events) < 2:
            return None
        if turn % 2 == 0:
            session = self._layout.recent() if turn % 8 == 6 else self._layout.session(0, len(self._layout) - 1)
            if session is None:
                return None
            beat, time, base, _, other = self._event(session, recent=turn % 8 == 6)
            if other:
                beat.avoid = prefixes(base)
            asked = self._layout.evening(session) if turn % 8 == 6 else None
            tags = ("paraphrase",) if other else ("lexical",)
            return Draft(f"When did I {base}?", "temporal", (day_of(time),), [beat], tags=(*tags, "when"), asked=asked)
        sessions = self._layout.spread(2)
        if sessions is None or self._layout.sessions[sessions[1]].day - self._layout.sessions[sessions[0]].day < 3:
            return None
        (first, early, _, name, _), (second, late, _, other_name, _) = (self._event(session) for session in sessions)
        if turn % 4 == 1:
            one, two = shuffled(self._rng, (name, other_name))
            return Draft(f"Which came first, {one} or {two}?", "temporal", (name,), [first, second], tags=("order",))
        days = (late.date() - early.date()).days
        text = f"How many days lay between {name} and {other_name}?"
        return Draft(text, "temporal", (f"{days} days", str(days)), [first, second], tags=("duration",))

    def _event(self, session: int, recent: bool = False) -> tuple[Beat, datetime, str, str, bool]:
        told, base, name, other = self._events.pop()
        start = self._layout.sessions[session].start
        forms, shift = ["today", "earlier today", *(["this morning"] if start.hour >= 11 else [])], 0
        if self._rng.random() < 0.25:
            forms, shift = ["yesterday"], 1
        beat = self._layout.book(session, say(self._rng, told, {"when": pick(self._rng, forms)}), recent)
        return beat, start - timedelta(days=shift), base, name, other
