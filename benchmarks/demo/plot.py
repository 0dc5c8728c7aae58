"""Which facts a dialogue holds, where they are told, and what is asked about them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from memeval.benchmarks.demo import details, likes, personal, tastes
from memeval.benchmarks.demo.chitchat import prefixes
from memeval.benchmarks.demo.draw import capital, pick, shuffled
from memeval.benchmarks.demo.facts import PERSON, PREFERENCE, Attribute
from memeval.benchmarks.demo.frames import Frame
from memeval.benchmarks.demo.layout import Beat, Layout
from memeval.benchmarks.demo.reworded import ASKS
from memeval.benchmarks.demo.templates import say
from memeval.benchmarks.demo.world import Person, World

CATEGORIES = ("single-hop", "multi-hop", "temporal", "knowledge-update", "preference", "abstention")
Pools = Mapping[str, Sequence[str]]
# "Where does my sibling live?" would have several answers, since brothers and sisters are among the people.
_AMBIGUOUS = ("sibling_town",)


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


class Facts:
    """Tells facts in a layout and writes questions that one turn answers."""

    def __init__(self, rng: Random, world: World, layout: Layout) -> None:
        """Nothing is told yet."""
        self.rng, self.world, self.layout = rng, world, layout
        self.told: set[tuple[str, str]] = set()
        self._personal = [frame for frame in shuffled(rng, personal.FRAMES) if frame.values not in _AMBIGUOUS]
        self._details = shuffled(rng, [frame for frame in details.FRAMES if not frame.request])
        self._suggested = shuffled(rng, [frame for frame in details.FRAMES if frame.request])
        self._tastes = shuffled(rng, likes.FRAMES)

    def place(self, text: str, recent: bool = False) -> tuple[Beat, datetime | None] | None:
        """Tell something once; with the time of the question where it is asked right afterwards."""
        if recent:
            session = self.layout.recent()
            if session is not None:
                return self.layout.book(session, text, recent=True), self.layout.evening(session)
        session = self.layout.session(0, len(self.layout) - 1)
        return None if session is None else (self.layout.book(session, text), None)

    def value(self, pool: str, pools: Pools) -> str | None:
        """An unused value of a pool, or one made up where values are codes, amounts or names."""
        if pool == "code":
            return self.world.code()
        if pool == "amount":
            return self.world.amount()
        if pool == "minor":
            return self.world.name(self.rng.random() < 0.5)
        return self.world.draw(pools[pool])

    # -- facts about other people ------------------------------------------------------------------------------------

    def unsaid(self, attributes: Sequence[Attribute]) -> tuple[Attribute, Person] | None:
        """Something that has not been said of a person yet; from now on it counts as said."""
        for _ in range(40):
            attribute, person = pick(self.rng, attributes), pick(self.rng, self.world.people)
            if (attribute.key, person.name) not in self.told:
                self.told.add((attribute.key, person.name))
                return attribute, person
        return None

    def about(self, attributes: Sequence[Attribute], category: str, tags: tuple[str, ...], recent: bool) -> Draft | None:
        """A fact of somebody and the question about it."""
        found = self.unsaid(attributes)
        if found is None:
            return None
        attribute, person = found
        value = self.world.value(attribute.pool)
        if value is None:
            return None
        placed = self.place(sentence(pick(self.rng, attribute.told), person, value), recent)
        if placed is None:
            return None
        text = sentence(pick(self.rng, attribute.asked), person, value)
        return Draft(text, category, (value,), [placed[0]], tags=tags, asked=placed[1])

    def distract(self) -> None:
        """A fact of the same kinds that nobody asks about."""
        attributes = PERSON if self.rng.random() < 0.6 else PREFERENCE
        found = self.unsaid(attributes)
        value = self.world.value(found[0].pool) if found is not None else None
        if found is not None and value is not None:
            self.place(sentence(pick(self.rng, found[0].told), found[1], value))

    # -- facts about the user ----------------------------------------------------------------------------------------

    def single(self, turn: int) -> Draft | None:
        """A question that one turn answers: own life, other people, named things, the assistant's suggestions."""
        recent = turn % 3 == 2
        kind = ("own", "detail", "own", "suggested", "own", "person")[turn % 6]
        if kind == "own" and self._personal:
            return self.frame(self._personal.pop(), personal.POOLS, "single-hop", recent)
        if kind == "detail" and self._details:
            return self.frame(self._details.pop(), details.POOLS, "single-hop", recent)
        if kind == "suggested" and self._suggested:
            return self.frame(self._suggested.pop(), details.POOLS, "single-hop", recent)
        return self.about(PERSON, "single-hop", ("lexical",), recent)

    def preference(self, turn: int) -> Draft | None:
        """What somebody likes or dislikes, asked as one asks for advice."""
        recent = turn % 4 == 3
        if turn % 2 == 0 and self._tastes:
            return self.frame(self._tastes.pop(), tastes.POOLS, "preference", recent)
        return self.about(PREFERENCE, "preference", (), recent)

    def frame(self, frame: Frame, pools: Pools, category: str, recent: bool) -> Draft | None:
        """A fact of the user's life, others like it beside it, and the question."""
        key = self.world.draw(pools[frame.keys]) if frame.keys else ""
        value = self.value(frame.values, pools)
        if value is None or key is None:
            return None
        slots = {"k": key, "v": value}
        placed = self.place(say(self.rng, pick(self.rng, frame.say), slots), recent)
        if placed is None:
            return None
        beat, asked = placed
        text = say(self.rng, pick(self.rng, ASKS.get(frame.values, frame.ask)), slots)
        if frame.request:
            beat.ask = say(self.rng, pick(self.rng, frame.request), slots)
            beat.reply = say(self.rng, pick(self.rng, frame.reply), slots)
        elif self.rng.random() < (0.5 if frame.keys else 0.8):
            beat.reply = say(self.rng, pick(self.rng, frame.reply), slots)
        if not frame.keys:
            beat.avoid = prefixes(text)
        self.beside(frame, pools)
        tags = ("lexical",) if frame.keys else ("paraphrase",)
        return Draft(text, category, (value,), [beat], tags=(*tags, "assistant") if frame.request else tags, asked=asked)

    def beside(self, frame: Frame, pools: Pools) -> bool:
        """The same said of somebody else or of another thing."""
        value = self.value(frame.values, pools)
        key = self.world.draw(pools[frame.keys]) if frame.keys else ""
        if value is None or key is None:
            return False
        one, two = shuffled(self.rng, self.world.people)[:2]
        slots = {"v": value, "k": key, "p": one.full, "p2": two.full}
        placed = self.place(say(self.rng, pick(self.rng, frame.other or frame.say), slots))
        if placed is not None and frame.request:
            placed[0].ask = say(self.rng, pick(self.rng, frame.request), slots)
        return placed is not None

    # -- what was never said -----------------------------------------------------------------------------------------

    def never(self, turn: int) -> Draft | None:
        """A question without an answer, although something near it was said."""
        kinds: list[tuple[list[Frame], Pools]] = [(self._personal, personal.POOLS), (self._details, details.POOLS)]
        own, pools = kinds[turn // 2 % 2]
        if turn % 2 == 0 and own:
            frame = own.pop()
            key = self.world.draw(pools[frame.keys]) if frame.keys else ""
            if key is not None and self.beside(frame, pools):
                text = say(self.rng, pick(self.rng, ASKS.get(frame.values, frame.ask)), {"k": key})
                return Draft(text, "abstention", (), [])
        for _ in range(400):
            attribute = pick(self.rng, (*PERSON, *PREFERENCE))
            person = pick(self.rng, self.world.people)
            known = {key for key, name in self.told if name == person.name}
            others = any(key == attribute.key for key, _ in self.told)
            if known and others and attribute.key not in known:
                self.told.add((attribute.key, person.name))
                return Draft(sentence(pick(self.rng, attribute.asked), person, ""), "abstention", (), [])
        return None


def sentence(template: str, person: Person, value: str) -> str:
    """A template about a person, filled in."""
    return capital(template.format(v=value, **person.words))


def plan(rng: Random, world: World, layout: Layout, questions: int) -> list[Draft]:
    """Tell facts and write `questions` questions about them, fewer if there is no room."""
    from memeval.benchmarks.demo.stories import Stories

    facts = Facts(rng, world, layout)
    stories = Stories(facts)
    makers: Sequence[Callable[[int], Draft | None]] = (
        facts.single, stories.multi, stories.temporal, stories.update, facts.preference,
    )  # fmt: skip
    drafts: list[Draft | None] = []
    unanswerable = questions // len(CATEGORIES)
    start = int(rng.random() * 12)
    for index in range(questions - unanswerable):
        drafts.append(makers[index % 5](start + index // 5))
    for _ in range(questions // 3):
        facts.distract()
    drafts.extend(facts.never(start + index) for index in range(unanswerable))
    return shuffled(rng, [draft for draft in drafts if draft is not None])
