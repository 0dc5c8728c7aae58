"""The forms in which the vocabulary is written down: what can be said, and what can be asked about it.

All texts are templates of `grammar`. `{v}` is the value that a question asks for, `{k}` a rare key that names the thing,
`{p}` another person ("my cousin Petra"). `say` and `ask` of a frame without a key share no word stem.
"""

from dataclasses import dataclass

Lines = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """An attribute with one value, told once.

    Attributes:
        values: name of the pool of values.
        say: the statement; by the user, or, with `request`, by the assistant in reply to one of `request`.
        other: the same said of another person: what makes the frame's distractors.
        reply: what the assistant says to it (with `request`: what the user says to the statement).
        ask: the questions.
        keys: name of the pool of keys; "" without.
    """

    values: str
    say: Lines
    other: Lines
    reply: Lines
    ask: Lines
    keys: str = ""
    request: Lines = ()


@dataclass(frozen=True, slots=True)
class Change:
    """An attribute whose value is replaced: `say` tells it first, `update` again. Keyed ones are asked with their key."""

    values: str
    say: Lines
    update: Lines
    other: Lines
    reply: Lines
    ask: Lines
    keys: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens once, `{when}` before it is told.

    Attributes:
        name: a noun phrase, the answer to "which came first"; shares its words with `say`.
        ask: follows "When did I"; shares words with `say`.
        guess: the same in other words, no stem shared.
        theme: a noun phrase in other words, for "which came first".
    """

    name: str
    say: Lines
    other: Lines
    reply: Lines
    ask: str
    guess: str
    theme: str


@dataclass(frozen=True, slots=True)
class Bond:
    """Who `{b}` is to `{a}` (or to the user, without `{a}`), and the noun phrase that stands for `{b}` in a question."""

    say: Lines
    reply: Lines
    phrase: str


@dataclass(frozen=True, slots=True)
class Trait:
    """What is known of `{b}`; `ask` has `{who}` for the person."""

    values: str
    say: Lines
    reply: Lines
    ask: Lines
    keys: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """Small talk: `answer[i]` answers the user's `open[i]`, then `close[j]` the user's `more[j]`.

    Attributes:
        pairs: values that belong together for the slots `{x}` and `{y}`.
    """

    open: Lines
    answer: Lines
    more: Lines
    close: Lines
    pairs: tuple[tuple[str, str], ...] = ()
