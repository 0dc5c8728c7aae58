"""A gate as commands and tests open it: baselines, runs and rules brought together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from memeval.gating.check import Verdicts, judge
from memeval.gating.gather import gather, measures_for
from memeval.gating.rules import Rule, default_rules, measures_of
from memeval.gating.update import Updated, update
from memeval.kit.errors import BaselineError, ConfigError
from memeval.options import identity
from memeval.records.record import RUN_FILE, folder_of
from memeval.records.runs import Run, load
from memeval.scoring.baseline import Entry, load_all, stored_measures
from memeval.scoring.rows import Row

# Where nothing else is said of a run with a language model in it, which does not repeat exactly.
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Gate:
    """Baselines in `folder`, the runs to compare with them, the rules, and the scores of the runs."""

    folder: Path
    before: tuple[Entry, ...]
    now: tuple[Entry, ...]
    rules: tuple[Rule, ...]
    rows: tuple[Row, ...] = ()

    def verdicts(self, how_to_make: str = "") -> Verdicts:
        """Compare.

        Args:
            how_to_make: the command that makes a baseline.

        Raises:
            BaselineError: there is no baseline.
            ConfigError: a rule that checks nothing.
        """
        if not self.before:
            command = how_to_make or f"memeval gate --update --baseline {self.folder} RUN..."
            raise BaselineError(f"{self.folder} holds no baseline, so nothing can be said: make one with {command}")
        return judge(self.before, self.now, self.rules)

    def update(self) -> list[Updated]:
        """Write the runs as the new baselines; see `memeval.gating.update.update`."""
        if not self.now:
            raise BaselineError("there is no run to make a baseline of: name runs, or overrides to run")
        return update(self.folder, self.before, self.now)

    def ratchet(self) -> list[Updated]:
        """Raise the baselines of runs that got better and nowhere worse."""
        return [
            each
            for each in update(self.folder, self.before, self.now, only_better=measures_of(self.rules))
            if each.what == "changed"
        ]


def open_gate(folder: Path, runs: Sequence[Run], rules: Sequence[Rule] | None = None, only: Sequence[str] = ()) -> Gate:
    """Read the baselines and score the runs with all measures that these or the rules name.

    Args:
        folder: of the baselines; it may not exist yet.
        runs: what to compare with them.
        rules: what may change; None takes the default rules: nothing may get worse.
        only: globs over runs and baselines; others are left out on both sides.

    Raises:
        BaselineError, ConfigError: damaged baselines, globs that match nothing.
    """
    asked = measures_of(default_rules() if rules is None else rules)
    before = _chosen(load_all(folder), only)
    entries, rows = gather(runs, measures_for(asked, stored_measures(before)))
    now = _chosen(entries, only)
    if only and not before and not now:
        raise ConfigError(f"--only {' '.join(only)} leaves nothing to compare: give globs of run ids or names")
    kept = {entry.id for entry in now}
    scored = tuple(row for row in rows if row.run.id in kept)
    return Gate(folder, tuple(before), tuple(now), tuple(_default_rules(now) if rules is None else rules), scored)


def stored(root: Path, folder: Path) -> list[Run]:
    """The stored runs with the ids of the baselines in a folder."""
    places = [
        next(
            (
                place
                for run_id in (entry.record.current_id, entry.id)
                if ((place := folder_of(root, entry.record.benchmark.name, run_id)) / RUN_FILE).is_file()
            ),
            None,
        )
        for entry in load_all(folder)
    ]
    return [load(place) for place in places if place is not None]


def _chosen(entries: Sequence[Entry], only: Sequence[str]) -> list[Entry]:
    return [
        entry
        for entry in entries
        if not only or any(fnmatchcase(name, glob) for name in entry.matches() for glob in only)
    ]


def _default_rules(entries: Sequence[Entry]) -> Iterator[Rule]:
    """Exact where a run repeats exactly, with confidence where a language model is in it."""
    with_model = tuple(entry.id for entry in entries if any(map(_is_model, identity.names_in(entry.record.identity))))
    without = tuple(entry.id for entry in entries if entry.id not in with_model)
    if not with_model:
        yield from default_rules()
        return
    yield from (replace(rule, runs=with_model) for rule in default_rules(_CONFIDENCE))
    if without:
        yield from (replace(rule, runs=without) for rule in default_rules())


def _is_model(name: str) -> bool:
    """Whether an option is a language model."""
    return name.startswith("llm/")
