"""Results on disk: one folder a run, with `run.json` (what was run) and `outcomes.jsonl` (what came out).

Outcomes are appended one dialogue at a time; the line that closes a dialogue makes it finished. Starting the same
run again keeps finished dialogues and drops what follows the last closing line, so a run survives being killed at
any moment.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from memeval.kit.errors import RecordsError
from memeval.kit.types import DialogueRecord, DialogueResult, Outcome
from memeval.records.integrity import CLOSING, damage
from memeval.records.outcomes import outcome_from_json, record_from_json
from memeval.records.record import RUN_FILE, SCHEMA_VERSION, RunRecord, read

OUTCOMES_FILE = "outcomes.jsonl"
# So many runs are named in a message.
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Run:
    """A stored run."""

    folder: Path
    record: RunRecord

    @property
    def id(self) -> str:
        """The run's id."""
        return self.record.id

    @property
    def finished(self) -> bool:
        """Whether every dialogue is there."""
        return self.record.finished

    def results(self) -> Iterator[DialogueResult]:
        """Finished dialogues in the order of the file, streamed.

        Raises:
            RecordsError: a line that is not of this schema.
        """
        outcomes: list[Outcome] = []
        path = self.folder / OUTCOMES_FILE
        self.check()
        for number, line in _lines(path):
            try:
                if "finished" in line:
                    yield DialogueResult(record_from_json(line), tuple(outcomes))
                    outcomes = []
                else:
                    outcomes.append(outcome_from_json(line))
            except (KeyError, TypeError, ValueError) as error:
                raise RecordsError(
                    f"{path}, line {number} is not a line of schema version {SCHEMA_VERSION} ({error!r}): run it "
                    "again with overwrite=true"
                ) from error

    def records(self) -> Iterator[DialogueRecord]:
        """Records of the finished dialogues in the order of the file, without reading their outcomes."""
        path = self.folder / OUTCOMES_FILE
        self.check()
        with path.open("rb") as file:
            for line in file:
                if line.startswith(CLOSING) and line.endswith(b"\n"):
                    try:
                        yield record_from_json(json.loads(line))
                    except (KeyError, TypeError, ValueError) as error:
                        raise RecordsError(
                            f"{path} has a damaged line ({error!r:.200}): run it again with overwrite=true"
                        ) from error

    def check(self) -> None:
        """Refuse outcomes that are not those that the run finished with.

        Raises:
            RecordsError: names the file and what differs.
        """
        if reason := self.damage():
            raise RecordsError(reason)

    def damage(self, thorough: bool = True) -> str | None:
        """Why the outcomes are not those that the run finished with; None if they are, or if it is not finished."""
        return damage(self.folder / OUTCOMES_FILE, self.record, thorough)


def load(folder: Path) -> Run:
    """The run stored in a folder.

    Raises:
        RecordsError: no run there, a damaged one, or one written by a newer memeval.
    """
    return Run(folder, read(folder / RUN_FILE))


def runs(root: Path) -> list[Run]:
    """All readable runs below `root`, sorted by folder; set-aside runs (of older code) are left out."""
    return [load(path.parent) for path in sorted(root.glob(f"*/*/{RUN_FILE}")) if "~" not in path.parent.name]


def listing(root: Path) -> Iterator[tuple[Path, Run | None, str | None]]:
    """Every run below `root` as `runs` has them: its folder, the run if it can be read, and what is damaged."""
    for path in sorted(root.glob(f"*/*/{RUN_FILE}")):
        if "~" in path.parent.name:
            continue
        try:
            run = load(path.parent)
        except RecordsError as error:
            yield path.parent, None, str(error)
        else:
            yield path.parent, run, run.damage()


def finished_ones(found: Sequence[Run]) -> tuple[list[Run], list[Run]]:
    """Those of the runs that are finished, and the others.

    Raises:
        RecordsError: none is finished.
    """
    done, others = [run for run in found if run.finished], [run for run in found if not run.finished]
    if others and not done:
        raise RecordsError(
            f"{others[0].folder} is not finished: start the same command again, which goes on where it stopped"
        )
    return done, others


def find(root: Path, patterns: Sequence[str]) -> list[Run]:
    """Runs named by folder, id, start of an id, or glob of folders or of ids below `root`; each once.

    A folder that is no run names all runs somewhere below it. Where no id begins as a pattern does, the pattern means
    the retriever: `bm25-2000` finds `none+bm25-2000-1f9b3c02aa` and `sliding_window+bm25-2000-07d2c4e816`. With a
    benchmark in front, `locomo/none+bm25*`, a pattern means runs of that benchmark only.

    Raises:
        RecordsError: a pattern that names no run; the message says which runs there are.
    """
    found: dict[Path, Run] = {}
    for pattern in patterns:
        # A folder of that name is no glob.
        magic = any(sign in pattern for sign in "*?[") and not _exists(pattern)
        matching = {path for folder in _folders(pattern, magic) for path in _below(folder)}
        if not matching and not Path(pattern).is_absolute():
            matching = _named(root, pattern if magic else f"{pattern}*")
        if not matching:
            raise RecordsError(f"no run matches {pattern!r}, here or below {root}: {_known(root, pattern)}")
        found.update((path.resolve(), load(path)) for path in sorted(matching))
    return list(found.values())


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        # Too long a name, or a zero byte in it.
        return False


def _named(root: Path, ids: str) -> set[Path]:
    """Folders of the runs below `root` whose ids match a glob; else of those whose retrievers do."""
    benchmark, _, name = ids.rpartition("/")
    for glob in ({f"*/{ids}", ids}, {f"{benchmark or '*'}/*+{name}"}):
        try:
            found = {path for each in glob for path in root.glob(each)}
        except ValueError:
            # No pattern of pathlib's, such as `**x`.
            continue
        if matching := {path for path in found if (path / RUN_FILE).is_file() and "~" not in path.name}:
            return matching
    return set()


def _known(root: Path, pattern: str) -> str:
    """Which runs there are, those that look most like a pattern first."""
    names = [f"{path.parent.parent.name}/{path.parent.name}" for path in sorted(root.glob(f"*/*/{RUN_FILE}"))]
    names = [name for name in names if "~" not in name]
    if not names:
        return "there are no runs yet; memeval demo makes some"
    compared = names if "/" in pattern else [name.partition("/")[2] for name in names]
    close = get_close_matches(pattern.strip("*"), compared, n=_SHOWN, cutoff=0.5)
    first = list(dict.fromkeys([*(names[compared.index(each)] for each in close), *names]))[:_SHOWN]
    rest = f" and {len(names) - len(first):,} more" if len(names) > len(first) else ""
    return f"there are {', '.join(first)}{rest}; memeval show lists the stored runs"


def _folders(pattern: str, magic: bool) -> Iterable[Path]:
    # A glob without a folder in it is one of ids.
    if not magic or len(Path(pattern).parts) == 1:
        return [] if magic else [Path(pattern)]
    start = Path(pattern).anchor
    return Path(start).glob(str(Path(pattern).relative_to(start)))


def _below(folder: Path) -> list[Path]:
    """The folder if it is a run, else the runs below it; not those that were set aside."""
    if (folder / RUN_FILE).is_file():
        return [folder]
    return [path.parent for path in folder.rglob(RUN_FILE) if "~" not in path.parent.name] if folder.is_dir() else []


def reuse(folder: Path, record: RunRecord) -> Run | None:
    """The run in `folder` if it is finished, free of errors and made by the code that `record` names."""
    try:
        run = load(folder)
    except RecordsError:
        return None
    usable = run.finished and not run.record.errors and run.record.code == record.code
    return run if usable and run.damage() is None else None


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.endswith(b"\n"):
                try:
                    parsed = json.loads(line)
                except ValueError as error:
                    raise RecordsError(
                        f"{path}, line {number} is no JSON ({error!r:.200}): run it again with overwrite=true"
                    ) from error
                yield number, parsed
