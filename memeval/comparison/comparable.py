"""Whether runs may stand side by side, and whether their seconds may."""

import json
from collections.abc import Mapping, Sequence, Set
from typing import Any

from memeval.kit.errors import BaselineError, ConfigError
from memeval.options import root
from memeval.records.runs import Run


def check_comparable(runs: Sequence[Run], across: Set[str] = frozenset(), fixed: Set[str] = frozenset()) -> None:
    """Refuse runs whose scores mean different things.

    Args:
        runs: what is to stand side by side.
        across: of `memeval.options.root.across()`, what may differ since it is asked for.
        fixed: ids of runs such as `full`, whose budget is part of what they are.

    Raises:
        BaselineError: names two runs, what differs between them, and what to type.
        ConfigError: an axis that does not exist.
    """
    unknown = sorted(across - set(root.across()))
    if unknown:
        raise ConfigError(f"across={unknown[0]} is not among what may differ: choose of {', '.join(root.across())}")
    for run in runs:
        if not run.finished:
            raise BaselineError(
                f"{run.id} is not finished, so it has not answered the questions of the others: start its command "
                "again, it goes on where it stopped, or leave the run out"
            )
    # What a fixed run may differ in is not seen by holding the others against it.
    ordered = sorted(runs, key=lambda run: run.id in fixed)
    for run in ordered[1:]:
        differing = differs(ordered[0], run, across, fixed)
        if differing is not None:
            raise BaselineError(differing)


def differs(one: Run, other: Run, across: Set[str] = frozenset(), fixed: Set[str] = frozenset()) -> str | None:
    """Why the scores of two runs mean different things, and what to do about it; None if they do not."""
    ours, theirs = one.record.identity, other.record.identity
    both = f"{one.id} and {other.id} cannot stand side by side: "
    for key in dict.fromkeys([*ours["benchmark"], *theirs["benchmark"]]):
        a, b = ours["benchmark"].get(key), theirs["benchmark"].get(key)
        if a != b:
            names = [run.folder.parent.name for run in (one, other)]
            which = f" (put its name in front, as in {names[0]}/{_start(one)})" if names[0] != names[1] else ""
            return (
                f"{both}they were asked of other data ({key} is {_short(a)} and {_short(b)}). Compare runs of one data "
                f"set at a time{which}, or run one of them again with the other's benchmark"
            )
    # First what `across=` cannot lift.
    for option in sorted(root.must_agree(), key=lambda option: option.agrees == "across"):
        key = option.name
        a, b = option.value_in(ours), option.value_in(theirs)
        if a == b or key in across or (key == "budget" and fixed & {one.id, other.id}):
            continue
        if option.agrees == "always":
            return (
                f"{both}they were asked other questions ({key}={_short(a)} and {key}={_short(b)}). Run one of them "
                f"again with the other's {key}"
            )
        return (
            f"{both}their {key} is {_short(a)} and {_short(b)}. Name runs of one {key}, or type "
            f"across={','.join(sorted({*across, key}))} to see them side by side all the same"
        )
    return None


def timing_differences(one: Run, other: Run) -> tuple[str, ...]:
    """In what the making of two runs differs, so that their seconds cannot be held against each other."""
    here, there = one.record.environment, other.record.environment
    codes = [run.record.harness_code or run.record.code for run in (one, other)]
    ours, theirs = one.record.execution, other.record.execution
    differing = {
        "code": codes[0] != codes[1],
        "Python": here.python != there.python,
        "platform": here.platform != there.platform,
        "number of cores": here.cores != there.cores,
        # Records of earlier versions name no executor.
        "executor": _differ(ours and ours.executor, theirs and theirs.executor),
        "number of workers": _differ(ours and ours.workers, theirs and theirs.workers),
    }
    return tuple(name for name, differs in differing.items() if differs)


def _differ(one: object, other: object) -> bool:
    """Whether both are known and not the same."""
    return None not in (one, other) and one != other


def _start(run: Run) -> str:
    """The id without its hash."""
    return run.id.rpartition("-")[0]


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("name", json.dumps(value, sort_keys=True)))
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return text if len(text) <= 24 else f"{text[:12]}..."
