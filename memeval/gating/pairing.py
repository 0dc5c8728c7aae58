"""Which run is compared with which baseline, and whether the two can be compared at all."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memeval.options import root
from memeval.options.identity import CLASS, OPTION
from memeval.records.record import RunRecord
from memeval.scoring.baseline import Entry


@dataclass(frozen=True, slots=True)
class Pair:
    """A baseline and its run: `now` is None where there is none any more, `before` None where the run is new."""

    before: Entry | None
    now: Entry | None


def pair(before: Sequence[Entry], now: Sequence[Entry]) -> list[Pair]:
    """Find each baseline's run, in the order of the baselines, then the new runs.

    The same id is the same run. A changed default changes the id, so what is left is matched by what the user typed:
    options and overrides, then options and budget, then options alone, each where only one run fits.
    """
    found: dict[int, Entry] = {}
    left_before = list(range(len(before)))
    left_now = list(range(len(now)))
    keys: tuple[Callable[[RunRecord], tuple[Hashable, ...]], ...] = (
        lambda record: (record.current_id,),
        lambda record: (record.short_name, record.budget, frozenset(record.settings.items())),
        lambda record: (record.short_name, record.budget),
        lambda record: (record.short_name,),
    )
    for key in keys:
        old, new = _only(left_before, before, key), _only(left_now, now, key)
        for each, index in old.items():
            if each in new:
                found[index] = now[new[each]]
                left_before.remove(index)
                left_now.remove(new[each])
    pairs = [Pair(entry, found.get(index)) for index, entry in enumerate(before)]
    return pairs + [Pair(None, now[index]) for index in left_now]


def _only(
    indexes: Sequence[int], entries: Sequence[Entry], key: Callable[[RunRecord], tuple[Hashable, ...]]
) -> dict[Hashable, int]:
    """By benchmark and key, those that share it with no other."""
    grouped: dict[Hashable, list[int]] = {}
    for index in indexes:
        record = entries[index].record
        grouped.setdefault((record.benchmark.name, *key(record)), []).append(index)
    return {each: members[0] for each, members in grouped.items() if len(members) == 1}


def incomparable(before: Entry, now: Entry) -> str | None:
    """Why two runs cannot be compared, or None."""
    if now.other_data is not None:
        return now.other_data
    old, new = before.record.identity, now.record.identity
    for option in root.must_agree():
        was, is_now = option.value_in(old), option.value_in(new)
        if was != is_now:
            return f"{_difference(option.name, was, is_now)}; make a new baseline with --update if that is meant"
    if before.questions != now.questions:
        gone, added = set(before.questions) - set(now.questions), set(now.questions) - set(before.questions)
        if gone or added:
            return (
                f"the questions are others: {len(gone)} are gone, {len(added)} are new; --update makes a new baseline"
            )
        return "the questions stand in another order; --update makes a new baseline"
    if before.categories != now.categories:
        return "questions are in other categories than before; --update makes a new baseline"
    return None


def changed_settings(before: Entry, now: Entry) -> list[str]:
    """What was set otherwise, where the gate allows it: `memory.top_k: 10 -> 9`."""
    return [
        f"{key}: {_short(old)} -> {_short(new)}"
        for option in root.identified()
        if option.agrees == "no"
        for key, old, new in _differences(
            option.name, option.value_in(before.record.identity), option.value_in(now.record.identity)
        )
    ]


def _difference(key: str, old: Any, new: Any) -> str:
    where, was, now = next(iter(_differences(key, old, new)))
    return f"{where} was {_short(was)}, is now {_short(now)}"


def _differences(key: str, old: Any, new: Any) -> list[tuple[str, Any, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return [
            found
            for each in dict.fromkeys([*old, *new])
            for found in _differences(f"{key}.{each}", old.get(each), new.get(each))
        ]
    return [] if old == new else [(key, old, new)]


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return next((str(value[key]) for key in (OPTION, CLASS) if key in value), "set")
    return "none" if value is None else str(value)
