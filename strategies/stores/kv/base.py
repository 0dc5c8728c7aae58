"""What key-value stores share: which texts they take, and what writing an entry does to the values of its key."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from memeval.kit.errors import ContractError
from memeval.kit.stores import Entry
from memeval.kit.text import flaw, stamp, time_of

OLDEST = "0001-01-01T00:00:00.000000"


class KVBase(ABC):
    """A store that takes only what every database takes; a subclass says how its database does each thing."""

    def upsert(self, scope: str, entries: Sequence[Entry]) -> None:
        """Write in order, all or none; see `KeyValueStore`.

        Raises:
            ContractError: a text that some database would cut or change; names the key.
        """
        _check(scope, "scope", scope)
        for entry in entries:
            for name, text in (("key", entry.key), ("slot", entry.slot), ("value", entry.value)):
                _check(text, name, entry.key)
            for source in entry.sources:
                _check(source, "source", entry.key)
        if entries:
            self._put(scope, entries)

    @abstractmethod
    def _put(self, scope: str, entries: Sequence[Entry]) -> None:
        """Write these, of which there is one at least."""


def _check(text: str, name: str, key: str) -> None:
    if reason := flaw(text):
        raise ContractError(f"the {name} of key {key!r:.80} contains {reason}")


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it is stored.

    Attributes:
        time: ISO text of always the same length, "" without one; such texts are sorted as times.
        at: the age that values are ordered by: their time, or that of the newest value before them.
        serial: order of writing, which decides between equal ages.
    """

    slot: str
    value: str
    time: str
    at: str
    serial: int
    sources: tuple[str, ...]

    @property
    def age(self) -> tuple[str, int]:
        """Newer is greater."""
        return self.at, self.serial

    def entry(self, key: str, current: bool) -> Entry:
        """As the protocol has it."""
        time = time_of(self.time)
        return Entry(key, self.slot, self.value, time, self.sources, current)


@dataclass(slots=True)
class Held:
    """What is known of a key, and what a call changes.

    Attributes:
        slots: the current values of all slots that are written to.
        newest: the `at` of the newest current value, of all slots.
        changed: slots whose value is another now, or has other sources.
        retired: values that have become history, or were never more.
    """

    slots: dict[str, Value] = field(default_factory=dict)
    newest: str = OLDEST
    changed: set[str] = field(default_factory=set)
    retired: list[Value] = field(default_factory=list)

    def put(self, entry: Entry, serial: int) -> None:
        """Write one entry; see `KeyValueStore.upsert`."""
        time = microsecond(entry.time)
        at = time or self.newest
        new = Value(entry.slot, entry.value, time, at, serial, entry.sources)
        held = self.slots.get(entry.slot)
        if held is not None and held.value == entry.value:
            sources = tuple(dict.fromkeys((*held.sources, *entry.sources)))
            new = replace(held, time=max(held.time, time), at=max(held.at, at), sources=sources)
        elif held is not None and at < held.at:
            self.retired.append(new)
            return
        elif held is not None:
            self.retired.append(held)
        self.slots[entry.slot] = new
        self.changed.add(entry.slot)
        self.newest = max(self.newest, new.at)


def microsecond(time: datetime | None) -> str:
    """A time as text of always the same length, which sorts by time; empty for None."""
    return stamp(time, timespec="microseconds") or ""


def newest_first(values: Iterable[Value]) -> list[Value]:
    """By age."""
    return sorted(values, key=lambda value: value.age, reverse=True)
