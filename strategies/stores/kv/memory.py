"""Key-value store in the process's own memory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from memeval.kit.stores import Entry
from memeval.strategies.stores.kv.base import KVBase

_OLDEST = datetime(1, 1, 1)


class _Values:
    """The values of a key.

    `slots` holds the current ones in order of age, newest last, so that the newest few cost no sorting. An age is a
    time and a serial number; a value without a time is as old as the newest value before it.
    """

    __slots__ = ("old", "slots")

    def __init__(self) -> None:
        self.slots: dict[str, tuple[datetime, int, Entry]] = {}
        self.old: list[tuple[datetime, int, Entry]] = []

    def newest(self) -> datetime:
        return self.slots[next(reversed(self.slots))][0] if self.slots else _OLDEST

    def put(self, serial: int, entry: Entry) -> bool:
        """Write; True if a value was added, False if the slot held it already."""
        at = entry.time or self.newest()
        held = self.slots.get(entry.slot)
        if held is not None and held[2].value == entry.value:
            then, first, before = held
            sources = tuple(dict.fromkeys((*before.sources, *entry.sources)))
            times = [time for time in (before.time, entry.time) if time is not None]
            united = replace(before, sources=sources, time=max(times, default=None))
            self._place(entry.slot, (max(then, at), first, united))
            return False
        if held is not None and at < held[0]:
            self.old.append((at, serial, replace(entry, current=False)))
            return True
        if held is not None:
            self.old.append((held[0], held[1], replace(held[2], current=False)))
        self._place(entry.slot, (at, serial, replace(entry, current=True)))
        return True

    def _place(self, slot: str, value: tuple[datetime, int, Entry]) -> None:
        self.slots.pop(slot, None)
        last = self.slots[next(reversed(self.slots))] if self.slots else None
        self.slots[slot] = value
        if last is not None and value[:2] < last[:2]:
            self.slots = dict(sorted(self.slots.items(), key=lambda item: item[1][:2]))


class MemoryKV(KVBase):
    """Dictionaries: nothing on disk, gone with the process."""

    def __init__(self) -> None:
        """Start empty."""
        self._scopes: dict[str, dict[str, _Values]] = {}
        self._counts: dict[str, int] = {}
        self._serial = 0

    def _put(self, scope: str, entries: Sequence[Entry]) -> None:
        keys = self._scopes.setdefault(scope, {})
        for entry in entries:
            values = keys.get(entry.key)
            if values is None:
                values = keys[entry.key] = _Values()
            self._serial += 1
            self._counts[scope] = self._counts.get(scope, 0) + values.put(self._serial, entry)

    def get(self, scope: str, key: str, limit: int | None = None) -> Sequence[Entry]:
        """The current values of a key, newest first."""
        values = self._scopes.get(scope, {}).get(key)
        if values is None:
            return []
        return [entry for _, _, entry in islice(reversed(values.slots.values()), limit)]

    def history(self, scope: str, key: str) -> Sequence[Entry]:
        """All values that a key ever had, newest first."""
        values = self._scopes.get(scope, {}).get(key)
        if values is None:
            return []
        aged = sorted((*values.slots.values(), *values.old), key=lambda value: value[:2], reverse=True)
        return [entry for _, _, entry in aged]

    def delete(self, scope: str, keys: Sequence[str]) -> None:
        """Remove keys with their history."""
        held = self._scopes.get(scope, {})
        for key in keys:
            values = held.pop(key, None)
            if values is not None:
                self._counts[scope] -= len(values.slots) + len(values.old)

    def keys(self, scope: str) -> Sequence[str]:
        """The keys of a scope, in order of first writing."""
        return list(self._scopes.get(scope, ()))

    def count(self, scope: str) -> int:
        """How many values the scope holds, history included."""
        return self._counts.get(scope, 0)

    def stats(self) -> Mapping[str, float]:
        """Bytes of the texts held; what Python adds around them is not counted."""
        size = sum(
            len(entry.key) + len(entry.slot) + len(entry.value) + sum(map(len, entry.sources))
            for keys in self._scopes.values()
            for values in keys.values()
            for _, _, entry in (*values.slots.values(), *values.old)
        )
        return {"index_bytes": size}

    def close(self) -> None:
        """Nothing to release."""
