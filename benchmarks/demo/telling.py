"""Exchanges: a statement of a form, worded, with the reaction to it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from memeval.benchmarks.demo import changes, details, events, kin, moments, personal, tastes
from memeval.benchmarks.demo.frames import Change, Event, Frame, Lines
from memeval.benchmarks.demo.story import Exchange, Story
from memeval.benchmarks.demo.wording import stems

_T = TypeVar("_T")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_FORMS: tuple[Frame | Change, ...] = (*personal.FRAMES, *tastes.FRAMES, *changes.FRAMES)
_SHARED = tuple(form for form in _FORMS if form.other)
_KEYED: tuple[Frame, ...] = tuple(frame for frame in (*details.FRAMES, *tastes.FRAMES) if frame.keys)
_KEYED_CHANGES: tuple[Change, ...] = tuple(change for change in changes.FRAMES if change.keys)

_OTHERS: Lines = (
    "[I see|Oh|Ah], {name} again! [What do you make of it|Were you surprised|And how is the rest of the family]?",
    "[How is {name} taking it|What does {name} say to that|Is {name} well otherwise]? [You two talk a lot, it seems|Give my regards].",
    "[That's {name} for you, I suppose|So {name} keeps you busy with news|One hears a lot about {name}]. [And you|Did you say anything]?",
    "[Thanks for telling me|Noted] about {name}. [Does it affect you|Will you see each other soon|Do you want to do something about it]?",
)


def rotated(forms: list[_T]) -> _T:
    """The first of the forms, which goes to the end of the list."""
    form = forms.pop(0)
    forms.append(form)
    return form


def told(
    story: Story, say: Sequence[str], slots: dict[str, str], reply: Sequence[str], question: str = "", opens: bool = True
) -> Exchange:  # fmt: skip
    """The user says something; with `question` in none of its words."""
    wording = story.wording
    avoid = stems(question) if question else None
    core = wording.core(say, slots, avoid)
    return Exchange(
        wording.user(core, avoid, opens, ends=not opens), wording.assistant(wording.core(reply, slots), reacts=opens)
    )


def keyed(story: Story, frame: Frame, slots: dict[str, str]) -> Exchange:
    """A detail under its key, by the user, or by the assistant on request."""
    if not frame.request:
        return told(story, frame.say, slots, frame.reply)
    wording = story.wording
    return Exchange(wording.user(wording.core(frame.request, slots)), wording.assistant(wording.core(frame.say, slots)))


def rest(story: Story, form: Frame | Change) -> dict[str, str]:
    """A key and a value of a form that no question is about."""
    return {"k": story.deck.rest(form.keys), "v": story.deck.rest(form.values)}


def keyed_change(story: Story, change: Change) -> Exchange:
    """A change of something that no question is about."""
    return told(story, story.voice.pick((change.say, change.update)), rest(story, change), change.reply)


def of_other(story: Story, form: Frame | Change) -> Exchange:
    """What a form says, said of another person."""
    one, two = story.cast.pair()
    slots = {"p": one.full, "p2": two.name, "name": one.name, "v": story.deck.rest(form.values)}
    return told(story, form.other, slots, _OTHERS)


def other_event(story: Story, event: Event, slot: int) -> Exchange:
    """An event in the life of another person."""
    person = story.cast.anyone()
    slots = {"when": when_said(story, slot)[0], "p": person.full, "name": person.name}
    return told(story, event.other, slots, _OTHERS)


def bond(story: Story) -> Exchange:
    """Who somebody is to somebody, about whom nothing is asked."""
    form = story.voice.pick(kin.BONDS)
    first = story.deck.rest("name")
    second = story.deck.rest("name")
    while second == first:
        second = story.deck.rest("name")
    return told(story, form.say, {"a": first, "b": second}, form.reply)


def trait(story: Story) -> Exchange:
    """What is known of somebody, about whom nothing is asked."""
    form = story.voice.pick((*kin.TRAITS, *kin.OWN_TRAITS))
    slots = {"b": story.deck.rest("name"), "v": story.deck.rest(form.values)}
    if form.keys:
        slots["k"] = story.deck.rest(form.keys)
    return told(story, form.say, slots, form.reply)


def anything(story: Story, slot: int) -> Exchange:
    """Some fact that nothing is asked about."""
    draw = story.voice.random()
    if draw < 0.2:
        frame = story.voice.pick(moments.RECORDS)
        return keyed(story, frame, rest(story, frame))
    if draw < 0.55:
        return of_other(story, story.voice.pick(_SHARED))
    if draw < 0.7:
        frame = story.voice.pick(_KEYED)
        return keyed(story, frame, rest(story, frame))
    if draw < 0.77:
        return keyed_change(story, story.voice.pick(_KEYED_CHANGES))
    if draw < 0.84:
        return other_event(story, story.voice.pick(events.EVENTS), slot)
    return trait(story) if draw < 0.93 else bond(story)


def when_said(story: Story, slot: int) -> tuple[str, datetime]:
    """How a recent day is named on the day of the slot, and which one it is."""
    today = story.calendar.date_of(slot)
    ago = story.voice.pick((0, 0, 1, 1, 2, 3, 4, 5, 6))
    date = today - timedelta(days=ago)
    words = ("today", "yesterday", "the day before yesterday")
    return (words[ago] if ago < 3 else f"on {_DAYS[date.weekday()]}"), date


def date_forms(date: datetime) -> tuple[str, ...]:
    """A day as people and machines write it."""
    month = _MONTHS[date.month - 1]
    return (f"{date.day} {month} {date.year}", f"{month} {date.day}, {date.year}", f"{date:%Y-%m-%d}")
