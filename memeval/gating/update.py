"""Writes baselines: all of them, or with a ratchet only those that got better and nowhere worse."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from memeval.gating.pairing import changed_settings, incomparable, pair
from memeval.records.record import RUN_FILE
from memeval.scoring.baseline import SCORES_FILE, Entry, save
from memeval.scoring.measures import Measure, parse


@dataclass(frozen=True, slots=True)
class Change:
    """What a baseline's measure was and is."""

    measure: Measure
    before: float | None
    now: float | None


@dataclass(frozen=True, slots=True)
class Updated:
    """What happened to one baseline.

    Attributes:
        what: written, changed, unchanged, or kept (there is no run of it now).
        folder: where the baseline lies.
        settings: what was set otherwise.
        changes: measures whose value changed.
    """

    name: str
    what: str
    folder: Path
    settings: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()


def update(
    folder: Path, before: Sequence[Entry], now: Sequence[Entry], only_better: Sequence[Measure] | None = None
) -> list[Updated]:
    """Write the runs as baselines.

    A run's baseline is replaced where it lies; a new one goes where the others of its benchmark lie, otherwise into
    `folder`. A baseline that only times have changed in is left as it is, so that git has nothing to show.

    Args:
        folder: of the baselines.
        before: what is there.
        now: the runs.
        only_better: replace only baselines of which one of these measures got better and none worse; write no new ones.

    Raises:
        BaselineError: a run that is broken, or a folder that cannot be written. Nothing is written if a run is broken.
    """
    pairs = pair(before, now)
    for each in pairs:
        if each.now is not None and (each.now.broken or each.now.other_data):
            # Says why.
            save(each.now, folder)
    done: list[Updated] = []
    for each in pairs:
        old, new = each.before, each.now
        if new is None:
            if old is not None:
                done.append(Updated(old.record.short_name, "kept", old.folder))
        elif old is None:
            if only_better is None:
                target = _home(folder, before, new) / new.id
                save(new, target)
                done.append(Updated(new.record.short_name, "written", target, changes=tuple(_changes(None, new))))
        elif _equal(old, new) or (only_better is not None and not _is_better(old, new, only_better)):
            done.append(Updated(new.record.short_name, "unchanged", old.folder))
        else:
            # A folder that the user named otherwise keeps its name.
            target = old.folder if old.folder.name != old.id else old.folder.with_name(new.id)
            _replace(old.folder, new, target)
            settings = tuple(changed_settings(old, new))
            done.append(Updated(new.record.short_name, "changed", target, settings, tuple(_changes(old, new))))
    return done


def _home(folder: Path, before: Sequence[Entry], new: Entry) -> Path:
    return next(
        (entry.folder.parent for entry in before if entry.record.benchmark.name == new.record.benchmark.name), folder
    )


def _replace(old: Path, new: Entry, target: Path) -> None:
    """Write over the old baseline, under the new name: at no moment are there two, or none."""
    moved = target != old and not target.exists()
    if moved:
        old.rename(target)
    try:
        save(new, target)
    except BaseException:
        if moved:
            target.rename(old)
        raise
    if target != old and not moved:
        _remove(old)


def _remove(folder: Path) -> None:
    for name in (SCORES_FILE, RUN_FILE):
        (folder / name).unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()


def _equal(old: Entry, new: Entry) -> bool:
    """Equal but for times and for what made them."""
    return (
        old.id == new.id
        and incomparable(old, new) is None
        and list(old.measures) == list(new.measures)
        and not any(_differs(old, new, name) for name in new.measures)
    )


def _differs(old: Entry, new: Entry, name: str) -> bool:
    first, second = old.measures[name], new.measures[name]
    if first.definition != second.definition:
        return True
    if first.value is None and second.value is None:
        return False
    if first.values is None or second.values is None:
        return first.values is not second.values
    return first.value != second.value or not np.array_equal(first.values, second.values, equal_nan=True)


def _changes(old: Entry | None, new: Entry) -> list[Change]:
    """Values that differ; times always do, and are left out."""
    names = dict.fromkeys([*(old.measures if old else ()), *new.measures])
    found = []
    for name in names:
        first = old.measures.get(name) if old else None
        second = new.measures.get(name)
        if second is not None and second.values is None:
            continue
        was, is_now = (None if each is None else each.value for each in (first, second))
        if was != is_now:
            found.append(Change(parse(name), was, is_now))
    return found


def _is_better(old: Entry, new: Entry, measures: Sequence[Measure]) -> bool:
    if incomparable(old, new) is not None:
        return False
    better = False
    for change in _changes(old, new):
        if change.measure in measures:
            if change.before is None or change.now is None:
                return False
            if (change.now > change.before) != (change.measure.better == "higher"):
                return False
            better = True
    return better
