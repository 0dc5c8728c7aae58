"""Measures of what a context and its making take: tokens and seconds."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from memeval.kit.types import DialogueRecord, Usage
from memeval.scoring.measures.base import (
    MILLISECONDS,
    Better,
    DialogueMeasure,
    Floats,
    Printed,
    Quantity,
    QuestionMeasure,
    option,
)
from memeval.scoring.measures.facts import Case

Clock = Literal["booked", "measured", "own"]
CLOCKS = ("booked", "measured", "own")


def _seconds(usage: Usage, clock: Clock) -> float:
    if clock == "own":
        # Never below 0: calls that were made at the same time add up to more than the clock has seen.
        return max(0.0, usage.booked_seconds - usage.model_seconds)
    return usage.booked_seconds if clock == "booked" else usage.seconds


def _stands_in(record: DialogueRecord | None) -> bool:
    """Whether a server written for tests stood in for a product, whose times it knows nothing of."""
    return record is not None and any(engine.get("kind") == "stand-in" for engine in record.engines)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Resource(QuestionMeasure):
    """What has no worst value: failed questions are left out and counted beside."""

    better: ClassVar[Better] = "lower"
    worst: ClassVar[float | None] = None

    def applies(self, case: Case) -> bool:
        """Every question, with gold or without."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ContextTokens(_Resource):
    """Tokens of the assembled context, without the query and the prompt's own headings."""

    summary: ClassVar[str] = "tokens of the context"
    label: ClassVar[tuple[str, ...]] = ("context",)
    quantity: ClassVar[Quantity] = "tokens"

    def value(self, case: Case) -> float:
        """A count."""
        return float(case.context_tokens())


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ContextShare(_Resource):
    """Tokens of the context divided by the tokens of the dialogue written so far; None before anything was written.

    Above 1 where a strategy adds more than it leaves out (a system text, a summary beside the full history).
    """

    summary: ClassVar[str] = "tokens of the context / tokens of the dialogue so far"
    label: ClassVar[tuple[str, ...]] = ("context", "share")

    def value(self, case: Case) -> float | None:
        """A share."""
        written = case.history.tokens_written(case.written)
        return case.context_tokens() / written if written else None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ReadSeconds(_Resource):
    """Percentile over questions of the seconds from query to context, linear between order statistics.

    Attributes:
        p: percentile.
        clock: booked is what it takes without the harness's caches, measured is this run's wall clock, own is booked
            without what models (embedders included) took of it.
    """

    summary: ClassVar[str] = "percentile of the seconds from query to context"
    label: ClassVar[tuple[str, ...]] = ("read",)
    quantity: ClassVar[Quantity] = "seconds"
    timed: ClassVar[bool] = True

    p: int = option(50, (50, 90, 95, 99), shown=True)
    clock: Clock = option("booked", CLOCKS)

    @property
    def printed(self) -> Printed:
        """Times of one query or one turn are in milliseconds."""
        return MILLISECONDS

    @property
    def percentile(self) -> int:
        """That of the option `p`."""
        return self.p

    def _heading_of(self, option: str, value: str | int) -> str:
        return f"p{value}" if option == "p" else str(value)

    def value(self, case: Case) -> float | None:
        """Seconds; None where the outcome has no books of reading, or a stand-in was read from."""
        if _stands_in(case.history.record):
            return None
        usage = case.outcome.usage.get("read") if case.outcome is not None else None
        return _seconds(usage, self.clock) if usage is not None else None

    def aggregate(self, values: Floats) -> float:
        """The percentile."""
        return float(np.percentile(values, self.p))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WriteSeconds(DialogueMeasure):
    """Seconds of writing a dialogue into memory, all chunks together: the mean over dialogues.

    Attributes:
        per: dialogue, or turn (each dialogue's seconds divided by its turns).
        clock: as of ReadSeconds.
    """

    summary: ClassVar[str] = "seconds of writing a dialogue into memory"
    label: ClassVar[tuple[str, ...]] = ("write",)
    better: ClassVar[Better] = "lower"
    quantity: ClassVar[Quantity] = "seconds"
    timed: ClassVar[bool] = True

    per: Literal["dialogue", "turn"] = option("dialogue", ("dialogue", "turn"))
    clock: Clock = option("booked", CLOCKS)

    @property
    def printed(self) -> Printed:
        """In milliseconds where it is by turn."""
        # Without its arguments `super` names the class that the decorator replaces by one with slots.
        return MILLISECONDS if self.per == "turn" else super(WriteSeconds, self).printed

    def value(self, record: DialogueRecord) -> float | None:
        """Seconds; None for a dialogue without turns where they are counted by turn, and for a stand-in."""
        if _stands_in(record):
            return None
        seconds = _seconds(record.write, self.clock)
        if self.per == "dialogue":
            return seconds
        return seconds / record.turns if record.turns else None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class IncrementSeconds(DialogueMeasure):
    """Seconds of writing one more turn to what has been written, pending indexing included: the mean over dialogues.

    Each dialogue gives the median over its last turns, where the run writes them one at a time (`increments`). Booked,
    without the harness's caches.
    """

    summary: ClassVar[str] = "seconds of writing one more turn"
    label: ClassVar[tuple[str, ...]] = ("one more", "turn")
    better: ClassVar[Better] = "lower"
    quantity: ClassVar[Quantity] = "seconds"
    timed: ClassVar[bool] = True

    @property
    def printed(self) -> Printed:
        """Times of one query or one turn are in milliseconds."""
        return MILLISECONDS

    def value(self, record: DialogueRecord) -> float | None:
        """Seconds; None for a run without increments, and for a stand-in."""
        return None if _stands_in(record) else record.stats.get("increment_seconds")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WriteRate(DialogueMeasure):
    """Turns written in a second: the mean over dialogues.

    Attributes:
        clock: as of ReadSeconds.
    """

    summary: ClassVar[str] = "turns written in a second"
    label: ClassVar[tuple[str, ...]] = ("turns", "written/s")
    quantity: ClassVar[Quantity] = "count"
    timed: ClassVar[bool] = True

    clock: Clock = option("booked", CLOCKS)

    def value(self, record: DialogueRecord) -> float | None:
        """Turns a second; None where writing took no time that a clock can see, and for a stand-in."""
        seconds = _seconds(record.write, self.clock)
        return record.turns / seconds if seconds > 0 and not _stands_in(record) else None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class StartSeconds(DialogueMeasure):
    """Seconds until a memory stands, connections to its stores included: the mean over dialogues that opened stores.

    Tables and collections that are made at the first write belong to writing. Models are loaded later, and not in it.
    """

    summary: ClassVar[str] = "seconds of opening the memory and its stores"
    label: ClassVar[tuple[str, ...]] = ("start",)
    better: ClassVar[Better] = "lower"
    quantity: ClassVar[Quantity] = "seconds"
    timed: ClassVar[bool] = True

    @property
    def printed(self) -> Printed:
        """Times of one query or one turn are in milliseconds."""
        return MILLISECONDS

    def value(self, record: DialogueRecord) -> float | None:
        """Seconds; None for a dialogue that found the stores open, and for a stand-in."""
        return None if _stands_in(record) else record.stats.get("start_seconds")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class IndexBytes(DialogueMeasure):
    """Size of the index at the end of a dialogue: the mean over dialogues.

    Attributes:
        where: memory, as the strategy reports it; disk, as the harness finds the files of its stores.
    """

    summary: ClassVar[str] = "bytes of the index of a dialogue"
    label: ClassVar[tuple[str, ...]] = ("index", "bytes")
    better: ClassVar[Better] = "lower"
    quantity: ClassVar[Quantity] = "count"

    where: Literal["memory", "disk"] = option("memory", ("memory", "disk"), shown=True)

    def value(self, record: DialogueRecord) -> float | None:
        """Bytes; None where there is no such index."""
        return record.stats.get("index_bytes" if self.where == "memory" else "disk_bytes")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ItemsPerTurn(DialogueMeasure):
    """Items (passages, facts, nodes) stored for each turn written: the mean over dialogues."""

    summary: ClassVar[str] = "items stored for each turn"
    better: ClassVar[Better] = "neither"
    quantity: ClassVar[Quantity] = "ratio"

    def value(self, record: DialogueRecord) -> float | None:
        """A ratio; None for a strategy that does not count its items."""
        items = record.stats.get("items")
        return None if items is None or not record.turns else items / record.turns
