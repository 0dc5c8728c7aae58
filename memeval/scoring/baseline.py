"""A run as the gate sees it, measured now or kept as a baseline: what it was and its values by question, no text.

A baseline is a folder a run with `run.json` (what was run) and `scores.json` (one line a measure).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from memeval.kit.errors import BaselineError, MemevalError, RecordsError
from memeval.options import root
from memeval.options.overrides import key_of, settings
from memeval.records.record import RUN_FILE, Data, Execution, RunRecord, read
from memeval.records.replacing import replace_files
from memeval.records.runs import Run
from memeval.scoring.measures import Measure, QuestionMeasure, parse
from memeval.scoring.measures.base import Floats
from memeval.scoring.scores import Scores

SCORES_FILE = "scores.json"
BASELINE_VERSION = 1
# Far below one question of any benchmark, far above what adding in another order changes.
_DECIMALS = 6
_CURE = "bring it back from git, or delete it and make it again with memeval gate --update"


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure of a run.

    Attributes:
        value: None where it does not apply.
        definition: all options of the measure and its worst value, so that a changed default is noticed.
        values: rounded, by question or, for measures of dialogues, by dialogue, nan where not in the denominator; None
            for measures of time, whose single values are not kept.
    """

    value: float | None
    definition: Mapping[str, Any]
    values: Floats | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A measured run.

    Attributes:
        folder: where it lies.
        record: what of the run's record is kept.
        questions, categories: of each question, aligned.
        dialogues: ids.
        clusters: (questions,) index into `dialogues`.
        measures: by canonical name.
        broken: why the run shows nothing: unfinished, empty, questions that failed; None for a sound one.
        other_data: why it cannot be scored here at all.
    """

    folder: Path
    record: RunRecord
    questions: tuple[str, ...]
    categories: tuple[str, ...]
    dialogues: tuple[str, ...]
    clusters: npt.NDArray[np.int64]
    measures: Mapping[str, Measured]
    broken: str | None = None
    other_data: str | None = None

    @property
    def id(self) -> str:
        """The run's id."""
        return self.record.id

    def matches(self) -> tuple[str, ...]:
        """What a glob of runs is tried on."""
        names = (self.id, self.record.short_name)
        return (*names, *(f"{self.record.benchmark.name}/{name}" for name in names))


def entry_of(run: Run, scores: Scores) -> Entry:
    """A scored run as an entry."""
    return Entry(
        folder=run.folder,
        record=_kept(run.record),
        questions=scores.questions,
        categories=scores.categories,
        dialogues=scores.dialogues,
        clusters=scores.clusters,
        measures={
            str(measure): Measured(
                value=None if score.value is None else round(score.value, _DECIMALS),
                definition=definition(measure),
                values=None if measure.timed else np.round(scores.values[measure], _DECIMALS),
            )
            for measure, score in scores.overall.items()
        },
        broken=_broken(run, scores),
    )


def unscored(run: Run, *, broken: str | None = None, other_data: str | None = None) -> Entry:
    """A run that has no scores, and why."""
    return Entry(run.folder, _kept(run.record), (), (), (), np.zeros(0, np.int64), {}, broken, other_data)


def _kept(record: RunRecord) -> RunRecord:
    """What says what was run and by what; nothing that names a machine's folders."""
    return replace(
        record,
        benchmark=Data(record.benchmark.name, record.benchmark.licence),
        # Dollars are at the prices of this one.
        config={"target": record.target} if record.target else None,
        execution=Execution(record.made_on) if record.made_on else None,
        overrides=tuple(filter(_says_what, record.overrides)),
        judge=None,
        outcomes=None,
    )


def _says_what(override: str) -> bool:
    """Neither how it is carried out or shown, nor where something lies on this machine."""
    value = next(iter(settings([override]).values()), "")
    return key_of(override) not in root.without_effect() and not Path(value.strip("'\"")).is_absolute()


def _broken(run: Run, scores: Scores) -> str | None:
    if not run.finished:
        return f"the run is not finished: {len(scores.dialogues)} dialogues are there; start the same command again"
    if not scores.questions:
        return "the run is empty: it holds no question"
    failed = int(scores.failed.sum())
    if not failed:
        return next((record.error for record in run.records() if record.error), None) if run.record.errors else None
    for result in run.results():
        for outcome in result.outcomes:
            if outcome.error:
                return (
                    f"{failed} of {len(scores.questions)} questions failed, the first ({outcome.question}) with "
                    f"{outcome.error}"
                )
    return f"{failed} of {len(scores.questions)} questions have no outcome"


def definition(measure: Measure) -> dict[str, Any]:
    """Everything that a measure's name leaves unsaid where it is the default."""
    options: dict[str, Any] = {each.name: getattr(measure, each.name) for each in fields(measure)}
    if isinstance(measure, QuestionMeasure):
        options["worst"] = measure.worst
    return options


def save(entry: Entry, folder: Path) -> None:
    """Write a baseline.

    Raises:
        BaselineError: the folder cannot be written, or the run is not sound.
    """
    if reason := entry.broken or entry.other_data:
        raise BaselineError(f"{entry.id} cannot be a baseline: {reason}")
    names = list(dict.fromkeys(entry.categories))
    index = {name: number for number, name in enumerate(names)}
    lines: dict[str, Any] = {
        "baseline_version": BASELINE_VERSION,
        "dialogues": entry.dialogues,
        "questions": entry.questions,
        "dialogue_of": entry.clusters.tolist(),
        "categories": names,
        "category_of": [index[name] for name in entry.categories],
    }
    measures = {
        name: {
            "value": measured.value,
            "definition": measured.definition,
            "values": _listed(measured),
        }
        for name, measured in entry.measures.items()
    }
    text = "{\n" + "".join(f"{_dump(key)}: {_dump(value)},\n" for key, value in lines.items())
    text += '"measures": {\n' + ",\n".join(f"{_dump(name)}: {_dump(line)}" for name, line in measures.items())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_files({folder / SCORES_FILE: text + "\n}\n}\n", folder / RUN_FILE: entry.record.to_json()})
    except OSError as error:
        raise BaselineError(f"the baseline cannot be written to {folder} ({error}): choose another folder") from error


def _listed(measured: Measured) -> list[float | int | None] | None:
    """Empty for a measure that applies to no question."""
    if measured.values is None:
        return None
    return [] if measured.value is None else [_plain(value) for value in measured.values.tolist()]


def _plain(value: float) -> float | int | None:
    if value != value:
        return None
    return int(value) if value == int(value) else value


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def load(folder: Path) -> Entry:
    """The baseline in a folder.

    Raises:
        BaselineError: damaged, or of another version.
    """
    path = folder / SCORES_FILE
    try:
        scores = json.loads(path.read_text(encoding="utf-8"))
        version = scores["baseline_version"]
        if version != BASELINE_VERSION:
            raise BaselineError(
                f"{path} has version {version}, this memeval reads {BASELINE_VERSION}: delete {folder} and make "
                "it again with memeval gate --update"
            )
        categories = scores["categories"]
        return Entry(
            folder=folder,
            record=read(folder / RUN_FILE, _CURE),
            questions=tuple(scores["questions"]),
            categories=tuple(categories[index] for index in scores["category_of"]),
            dialogues=tuple(scores["dialogues"]),
            clusters=np.asarray(scores["dialogue_of"], dtype=np.int64),
            measures={
                name: Measured(
                    value=line["value"],
                    definition=line["definition"],
                    values=_array(line["values"], len(scores["questions"])),
                )
                for name, line in scores["measures"].items()
            },
        )
    except RecordsError as error:
        raise BaselineError(str(error)) from error
    except (OSError, KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise BaselineError(
            f"{folder} is no sound baseline ({type(error).__name__}: {error!s:.200}): {_CURE}"
        ) from error


def _array(values: Sequence[float | None] | None, questions: int) -> Floats | None:
    return None if values is None else np.asarray(values or [None] * questions, dtype=np.float64)


def load_all(folder: Path) -> list[Entry]:
    """All baselines in a folder and below it, by path; none where there is no such folder."""
    return [load(path.parent) for path in sorted(folder.rglob(SCORES_FILE))]


def stored_measures(entries: Iterable[Entry]) -> tuple[Measure, ...]:
    """The measures that baselines hold and this memeval knows, once."""
    found: dict[Measure, None] = {}
    for entry in entries:
        for name in entry.measures:
            try:
                found.setdefault(parse(name))
            except MemevalError:
                # The check on it says so.
                continue
    return tuple(found)


def aggregate(name: str, values: Floats) -> float | None:
    """One number of the values in the denominator, rounded as all values of a baseline."""
    present = values[~np.isnan(values)]
    return round(parse(name).aggregate(present), _DECIMALS) if present.size else None


def units(entry: Entry, name: str) -> Sequence[str]:
    """What the values of a measure belong to: ids of questions or of dialogues."""
    return entry.dialogues if parse(name).is_of_dialogues else entry.questions
