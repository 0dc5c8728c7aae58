"""The kinds of questions: each puts its evidence and its distractors into a story."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from memeval.benchmarks.demo import changes, details, events, kin, moments, personal, tastes
from memeval.benchmarks.demo.frames import Bond, Change, Event, Frame, Trait
from memeval.benchmarks.demo.story import Draft, Exchange, NoRoom, Story, Told
from memeval.benchmarks.demo.telling import (
    bond,
    date_forms,
    keyed,
    keyed_change,
    of_other,
    other_event,
    rest,
    rotated,
    told,
    when_said,
)

CATEGORIES = ("single-hop", "multi-hop", "temporal", "knowledge-update", "preference", "abstention")


@dataclass(slots=True)
class Stock:
    """Which forms a dialogue has not used yet."""

    facts: list[Frame]
    told: list[Frame]
    suggested: list[Frame]
    records: list[Frame]
    tastes: list[Frame]
    keyed_tastes: list[Frame]
    changes: list[Change]
    keyed_changes: list[Change]
    events: list[Event]
    bonds: list[Bond]
    own: list[Bond]
    traits: list[Trait]
    own_traits: list[Trait]

    @classmethod
    def of(cls, story: Story) -> "Stock":
        """Everything, in an order of this dialogue."""
        mix = story.voice.shuffled
        return cls(
            facts=mix(personal.FRAMES),
            told=mix([frame for frame in details.FRAMES if not frame.request]),
            suggested=mix([frame for frame in details.FRAMES if frame.request]),
            records=mix(moments.RECORDS),
            tastes=mix([frame for frame in tastes.FRAMES if not frame.keys]),
            keyed_tastes=mix([frame for frame in tastes.FRAMES if frame.keys]),
            changes=mix([change for change in changes.FRAMES if not change.keys]),
            keyed_changes=mix([change for change in changes.FRAMES if change.keys]),
            events=mix(events.EVENTS),
            bonds=mix(kin.BONDS),
            own=mix(kin.OWN),
            traits=mix(kin.TRAITS),
            own_traits=mix(kin.OWN_TRAITS),
        )


class Asker:
    """Writes questions of every kind into one story."""

    def __init__(self, story: Story) -> None:
        """Start with everything unused."""
        self._story = story
        self._stock = Stock.of(story)

    def ask(self, kind: str) -> None:
        """Add a question of a kind in `KINDS`.

        Raises:
            NoRoom: the dialogue is too short for another one.
        """
        _MAKERS[kind](self)

    # -- one statement ------------------------------------------------------------------------------------------------

    def _ask_told(self) -> None:
        self._keyed(rotated(self._stock.told), "single-hop")

    def _ask_record(self) -> None:
        self._keyed(rotated(self._stock.records), "single-hop")

    def _ask_suggested(self) -> None:
        self._keyed(rotated(self._stock.suggested), "single-hop")

    def _ask_fact(self) -> None:
        self._plain(self._stock.facts.pop(), "single-hop")

    def _ask_taste(self) -> None:
        self._plain(self._stock.tastes.pop(), "preference")

    def _ask_keyed_taste(self) -> None:
        self._keyed(rotated(self._stock.keyed_tastes), "preference")

    def _keyed(self, frame: Frame, category: str) -> None:
        story = self._story
        (slot,) = story.spread(1)
        slots = {"k": story.deck.deal(frame.keys), "v": story.deck.deal(frame.values)}
        story.placed[slot] = keyed(story, frame, slots)
        text = story.wording.core(frame.ask, slots)
        for _ in range(2):
            story.distract(lambda _: keyed(story, frame, rest(story, frame)))
        self._add(category, ("lexical",), text, (slots["v"],), (Told(slot, bool(frame.request)),))

    def _plain(self, frame: Frame, category: str) -> None:
        story = self._story
        (slot,) = story.spread(1)
        value = story.deck.deal(frame.values)
        text = story.wording.core(frame.ask, {})
        story.placed[slot] = told(story, frame.say, {"v": value}, frame.reply, text)
        for _ in range(2):
            story.distract(lambda _: of_other(story, frame))
        self._add(category, ("paraphrase",), text, (value,), (Told(slot),))

    def _ask_moment(self) -> None:
        story = self._story
        calendar = story.calendar
        number = len([1 for draft in story.drafts if "recent" in draft.tags]) % len(moments.FRAMES)
        frame = moments.FRAMES[number]
        days = story.voice.shuffled(range(calendar.days))[:20]
        if not any("recent" in draft.tags for draft in story.drafts):
            days.insert(0, calendar.days - 1)
        for day in days:
            if any((other, day) in story.moments for other in range(len(moments.FRAMES))):
                continue
            session = calendar.sessions[calendar.last_of_day[day]]
            if number == 0:
                slot = session.end - 1
                if slot in story.placed:
                    continue
            else:
                try:
                    slot = story.reserve(max(session.first, session.end - 4), session.end)
                except NoRoom:
                    continue
            break
        else:
            raise NoRoom
        story.moments.add((number, day))
        value = story.deck.deal(frame.values)
        story.placed[slot] = told(story, frame.say, {"v": value}, frame.reply, opens=False)
        text = story.wording.core(frame.ask, {})
        self._add("single-hop", ("recent",), text, (value,), (Told(slot),), day=day)

    # -- several statements -------------------------------------------------------------------------------------------

    def _ask_two_hops(self) -> None:
        self._chain(1)

    def _ask_three_hops(self) -> None:
        self._chain(2)

    def _chain(self, links: int) -> None:
        story = self._story
        slots = story.spread(links + 1)
        places = story.voice.shuffled(slots)
        who = story.deck.deal("name")
        evidence = []
        phrase = who
        for step in range(links):
            link = self._bond(possessive=step < links - 1)
            other = story.deck.deal("name")
            place = places.pop()
            story.placed[place] = told(story, link.say, {"a": who, "b": other}, link.reply)
            evidence.append(Told(place))
            phrase, who = link.phrase.replace("{a}", phrase), other
        trait = rotated(self._stock.traits)
        key, value = story.deck.deal(trait.keys), story.deck.deal(trait.values)
        (place,) = places
        story.placed[place] = told(story, trait.say, {"b": who, "k": key, "v": value}, trait.reply)
        evidence.append(Told(place))
        text = story.wording.core(trait.ask, {"who": phrase, "k": key})
        self._near(trait, key)
        story.distract(lambda _: bond(story))
        tags = ("lexical", f"{links + 1}-hop")
        self._add("multi-hop", tags, text, (value,), tuple(sorted(evidence, key=lambda told: told.slot)))

    def _ask_own_hops(self) -> None:
        story = self._story
        one, two = story.voice.shuffled(story.spread(2))
        link, trait = self._stock.own.pop(), rotated(self._stock.own_traits)
        person, value = story.deck.deal("name"), story.deck.deal(trait.values)
        text = story.wording.core(trait.ask, {"who": link.phrase})
        story.placed[one] = told(story, link.say, {"b": person}, link.reply, text)
        story.placed[two] = told(story, trait.say, {"b": person, "v": value}, trait.reply, text)
        self._near(trait, "")
        evidence = (Told(min(one, two)), Told(max(one, two)))
        self._add("multi-hop", ("paraphrase", "2-hop"), text, (value,), evidence)

    def _bond(self, possessive: bool) -> Bond:
        for _ in kin.BONDS:
            bond = rotated(self._stock.bonds)
            if bond.phrase.startswith("{a}") or not possessive:
                return bond
        raise NoRoom

    def _near(self, trait: Trait, key: str) -> None:
        story = self._story

        def make(_: int) -> Exchange:
            slots = {"b": story.deck.rest("name"), "k": key, "v": story.deck.rest(trait.values)}
            return told(story, trait.say, slots, trait.reply)

        story.distract(make)

    def _ask_when(self) -> None:
        self._when(guess=False)

    def _ask_guess_when(self) -> None:
        self._when(guess=True)

    def _when(self, guess: bool) -> None:
        story = self._story
        event = self._stock.events.pop()
        (slot,) = story.spread(1)
        text = f"When did I {event.guess if guess else event.ask}?"
        date = self._event(event, slot, text if guess else "")
        self._add("temporal", ("paraphrase" if guess else "lexical", "date"), text, date_forms(date), (Told(slot),))

    def _ask_order(self) -> None:
        self._order(guess=False)

    def _ask_guess_order(self) -> None:
        self._order(guess=True)

    def _order(self, guess: bool) -> None:
        story = self._story
        first, second = self._stock.events.pop(), self._stock.events.pop()
        # A date told is at most a week before its day: twelve days between keep the order.
        for _ in range(30):
            early, late = story.spread(2, distinct_days=True)
            if story.date(late) - story.date(early) > timedelta(days=12):
                break
            del story.placed[early], story.placed[late]
        else:
            raise NoRoom
        names = [event.theme if guess else event.name for event in (first, second)]
        text = "Which happened earlier, {} or {}?".format(*story.voice.shuffled(names))
        self._event(first, early, text if guess else "")
        self._event(second, late, text if guess else "")
        tags = ("paraphrase" if guess else "lexical", "order")
        self._add(
            "temporal",
            tags,
            text,
            tuple(dict.fromkeys((names[0], names[0].removeprefix("the ")))),
            (Told(early), Told(late)),
        )

    def _event(self, event: Event, slot: int, question: str) -> datetime:
        story = self._story
        when, date = when_said(story, slot)
        story.placed[slot] = told(story, event.say, {"when": when}, event.reply, question)
        self._other_event(event)
        return date

    def _other_event(self, event: Event) -> None:
        self._story.distract(lambda slot: other_event(self._story, event, slot))

    def _ask_change(self) -> None:
        self._change(self._stock.changes.pop(), middle=False)

    def _ask_change_seen_before(self) -> None:
        self._change(self._stock.changes.pop(), middle=True)

    def _ask_keyed_change(self) -> None:
        self._change(rotated(self._stock.keyed_changes), middle=False)

    def _ask_keyed_change_seen_before(self) -> None:
        self._change(rotated(self._stock.keyed_changes), middle=True)

    def _change(self, change: Change, middle: bool) -> None:
        story = self._story
        count = story.voice.between(3 if middle else 2, 4)
        slots = story.spread(count, distinct_days=True)
        values = [story.deck.deal(change.values) for _ in slots]
        key = {"k": story.deck.deal(change.keys)} if change.keys else {}
        text = story.wording.core(change.ask, key)
        asked = "" if change.keys else text
        for index, (slot, value) in enumerate(zip(slots, values, strict=True)):
            templates = change.update if index else change.say
            story.placed[slot] = told(story, templates, {"v": value, **key}, change.reply, asked)
        now, day = count - 1, None
        if middle:
            now = story.voice.between(1, count - 2)
            day = story.voice.between(story.calendar.day_of(slots[now]), story.calendar.day_of(slots[now + 1]) - 1)
        for _ in range(2):
            if change.keys:
                story.distract(lambda _: keyed_change(story, change))
            else:
                story.distract(lambda _: of_other(story, change))
        tag = "lexical" if change.keys else "paraphrase"
        draft = self._add("knowledge-update", (tag,), text, (values[now],), (Told(slots[now]),), day=day)
        draft.stale = tuple(Told(slot) for slot in slots[:now])
        draft.stale_answers = tuple(values[:now])

    # -- nothing to be found ------------------------------------------------------------------------------------------

    def _ask_no_fact(self) -> None:
        story = self._story
        frame = self._stock.facts.pop()
        for _ in range(2):
            story.distract(lambda _: of_other(story, frame))
        self._abstain(story.wording.core(frame.ask, {}))

    def _ask_no_detail(self) -> None:
        story = self._story
        frame = rotated(self._stock.told)
        for _ in range(2):
            story.distract(lambda _: keyed(story, frame, rest(story, frame)))
        self._abstain(story.wording.core(frame.ask, {"k": story.deck.deal(frame.keys)}))

    def _ask_no_event(self) -> None:
        event = self._stock.events.pop()
        self._other_event(event)
        self._other_event(event)
        self._abstain(f"When did I {event.ask}?")

    def _ask_no_trait(self) -> None:
        story = self._story
        (slot,) = story.spread(1)
        link, trait = self._bond(possessive=False), rotated(self._stock.traits)
        first, second, key = story.deck.deal("name"), story.deck.deal("name"), story.deck.deal(trait.keys)
        story.placed[slot] = told(story, link.say, {"a": first, "b": second}, link.reply)
        self._near(trait, key)
        self._abstain(story.wording.core(trait.ask, {"who": link.phrase.replace("{a}", first), "k": key}))

    def _abstain(self, text: str) -> None:
        self._add("abstention", ("near-miss",), text, (), ())

    def _add(
        self, category: str, tags: tuple[str, ...], text: str, answers: tuple[str, ...], evidence: tuple[Told, ...],
        day: int | None = None,
    ) -> Draft:  # fmt: skip
        story = self._story
        last = story.calendar.days - 1
        if day is None and evidence and category != "knowledge-update" and story.voice.chance(0.25):
            day = story.voice.between(story.calendar.day_of(evidence[-1].slot), last)
        draft = Draft(category, tags, text[0].upper() + text[1:], answers, evidence, day=day)
        story.drafts.append(draft)
        return draft


_MAKERS: Mapping[str, Callable[[Asker], None]] = {
    "told": Asker._ask_told,
    "record": Asker._ask_record,
    "suggested": Asker._ask_suggested,
    "fact": Asker._ask_fact,
    "taste": Asker._ask_taste,
    "keyed_taste": Asker._ask_keyed_taste,
    "moment": Asker._ask_moment,
    "two_hops": Asker._ask_two_hops,
    "three_hops": Asker._ask_three_hops,
    "own_hops": Asker._ask_own_hops,
    "when": Asker._ask_when,
    "guess_when": Asker._ask_guess_when,
    "order": Asker._ask_order,
    "guess_order": Asker._ask_guess_order,
    "change": Asker._ask_change,
    "change_seen_before": Asker._ask_change_seen_before,
    "keyed_change": Asker._ask_keyed_change,
    "keyed_change_seen_before": Asker._ask_keyed_change_seen_before,
    "no_fact": Asker._ask_no_fact,
    "no_detail": Asker._ask_no_detail,
    "no_event": Asker._ask_no_event,
    "no_trait": Asker._ask_no_trait,
}

# What is asked, in this order and again from its start; of the first twelve two are of each category.
KINDS: tuple[str, ...] = (
    "record", "own_hops", "when", "keyed_change_seen_before", "taste", "no_fact",
    "moment", "two_hops", "guess_order", "change", "keyed_taste", "no_detail",
    "fact", "record", "three_hops", "guess_when", "change_seen_before", "taste",
    "moment", "record", "no_trait", "fact", "two_hops", "order", "keyed_change", "taste",
    "moment", "suggested", "no_event", "own_hops", "when", "change", "no_fact",
    "moment", "fact", "record", "three_hops", "guess_when", "keyed_change_seen_before", "taste",
)  # fmt: skip
