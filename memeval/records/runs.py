"""Results on disk: one folder a run, with `run.json` (what was run) and `outcomes.jsonl` (what came out).

Outcomes are appended one dialogue at a time; the line that closes a dialogue makes it finished. Starting the same
run again keeps finished dialogues and drops what follows the last closing line, so a run survives being killed at
any moment.
"""

import errno
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from memeval.kit.errors import RecordsError
from memeval.kit.plain_names import RULE, as_file_name, is_plain
from memeval.kit.types import DialogueRecord, DialogueResult, Outcome
from memeval.records.outcomes import (
    SCHEMA_VERSION,
    outcome_from_json,
    outcome_to_json,
    record_from_json,
    record_to_json,
    upgraded,
)

RUN_FILE = "run.json"
OUTCOMES_FILE = "outcomes.jsonl"
_LOCK_FILE = ".lock"
_SYNC_SECONDS = 1.0
# How the line starts that closes a dialogue.
_CLOSING = '{"finished":'


@dataclass(frozen=True, slots=True)
class Run:
    """A stored run. `meta` is the content of run.json."""

    folder: Path
    meta: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The run's id."""
        return str(self.meta["id"])

    @property
    def finished(self) -> bool:
        """Whether every dialogue is there."""
        return self.meta.get("status") == "finished"

    @property
    def is_replay(self) -> bool:
        """Whether its queries are the user's turns: then it has no gold and no scores."""
        return bool(self.meta["identity"].get("mode") == "replay")

    def results(self) -> Iterator[DialogueResult]:
        """Finished dialogues in the order of the file, streamed.

        Raises:
            RecordsError: a line that is not of this schema.
        """
        outcomes: list[Outcome] = []
        path = self.folder / OUTCOMES_FILE
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
        with (self.folder / OUTCOMES_FILE).open(encoding="utf-8") as file:
            for line in file:
                if line.startswith(_CLOSING) and line.endswith("\n"):
                    yield record_from_json(json.loads(line))


def load(folder: Path) -> Run:
    """The run stored in a folder.

    Raises:
        RecordsError: no run there, or one written by a newer memeval.
    """
    path = folder / RUN_FILE
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecordsError(f"{folder} holds no run (no {RUN_FILE}): memeval show lists the stored runs") from None
    except (OSError, ValueError) as error:
        raise RecordsError(f"{path} cannot be read ({error}): start the run again with overwrite=true") from error
    if not isinstance(meta, dict):
        raise RecordsError(f"{path} holds no record of a run: start the run again with overwrite=true")
    meta = upgraded(meta)
    version = meta.get("schema_version")
    if version != SCHEMA_VERSION:
        raise RecordsError(
            f"{path} has schema version {version}, this memeval reads {SCHEMA_VERSION}: install the memeval that wrote "
            "it, or run it again"
        )
    check_names(meta, path)
    return Run(folder, meta)


def check_names(meta: Mapping[str, Any], path: Path) -> None:
    """Refuse a record whose names, which become parts of paths, lead elsewhere.

    Args:
        meta: the content of run.json.
        path: of run.json.

    Raises:
        RecordsError: the id or the name of the benchmark is missing or no plain name.
    """
    named, benchmark = meta.get("names"), meta.get("benchmark")
    for what, name in (
        ("id", meta.get("id")),
        ("names.benchmark", named.get("benchmark") if isinstance(named, dict) else None),
        ("benchmark.name", benchmark.get("name") if isinstance(benchmark, dict) else None),
    ):
        if not is_plain(name):
            raise RecordsError(
                f"{path} has {what} {name!r:.200}, which is no plain name ({RULE}): memeval did not write it so; leave "
                "this run alone, or make it again"
            )


def runs(root: Path) -> list[Run]:
    """All readable runs below `root`, sorted by folder; set-aside runs (of older code) are left out."""
    return [load(path.parent) for path in sorted(root.glob(f"*/*/{RUN_FILE}")) if "~" not in path.parent.name]


def find(root: Path, patterns: Sequence[str]) -> list[Run]:
    """Runs named by folder, id, start of an id, or glob of folders or of ids below `root`; each once.

    A folder that is no run names all runs somewhere below it.

    Raises:
        RecordsError: a pattern that names no run.
    """
    found: dict[Path, Run] = {}
    for pattern in patterns:
        magic = any(sign in pattern for sign in "*?[")
        matching = {path for folder in _folders(pattern, magic) for path in _below(folder)}
        if not matching and not Path(pattern).is_absolute():
            ids = pattern if magic else f"{pattern}*"
            named = {*root.glob(f"*/{ids}"), *root.glob(ids)}
            matching = {path for path in named if (path / RUN_FILE).is_file() and "~" not in path.name}
        if not matching:
            raise RecordsError(f"no run matches {pattern!r}, here or below {root}: memeval show lists the stored runs")
        found.update((path.resolve(), load(path)) for path in sorted(matching))
    return list(found.values())


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


def reuse(folder: Path, meta: Mapping[str, Any]) -> Run | None:
    """The run in `folder` if it is finished, free of errors and made by the code that `meta` names."""
    previous = _previous(folder)
    if previous is None or previous.get("schema_version") != SCHEMA_VERSION or previous.get("code") != meta["code"]:
        return None
    return Run(folder, previous) if previous.get("status") == "finished" and not previous.get("errors") else None


class RunWriter:
    """Holds a run's folder open for writing: at most one process at a time."""

    def __init__(self, folder: Path, meta: Mapping[str, Any], overwrite: bool = False) -> None:
        """Open or create the folder and find out what is already finished.

        A run made by other code (`code` of `meta` differs) is not continued: its folder is set aside under a name
        that ends in `~` and its code's hash.

        Raises:
            RecordsError: the folder cannot be written, or another process is writing it.
        """
        self.folder = folder
        self.finished: dict[str, DialogueRecord] = {}
        self._meta = dict(meta)
        self._path = folder / OUTCOMES_FILE
        with _explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(folder / _LOCK_FILE)
            self._take_lock()
            if (folder / RUN_FILE).is_file() or self._path.is_file():
                self._continue(overwrite)
            self._write_meta("unfinished")
            self._synced = 0.0
            self._file = self._path.open("a", encoding="utf-8", newline="\n")

    def _take_lock(self) -> None:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise RecordsError(f"another process is writing {self.folder}: wait for it, or stop it first") from None

    def _continue(self, overwrite: bool) -> None:
        previous = _previous(self.folder)
        if overwrite:
            self._path.unlink(missing_ok=True)
        elif previous is not None and previous.get("code") != self._meta.get("code"):
            self._set_aside(str(previous.get("code", "unknown")))
        else:
            self._keep_finished()

    def _set_aside(self, code: str) -> None:
        aside = self.folder.with_name(f"{self.folder.name}~{as_file_name(code[:8])}")
        if aside.exists():
            shutil.rmtree(aside)
        self._lock.release()
        self.folder.rename(aside)
        self.folder.mkdir()
        self._take_lock()

    def _keep_finished(self) -> None:
        """Keep whole dialogues without errors; what a kill has torn, or an error has spoilt, is run again."""
        if not self._path.is_file():
            return
        kept: list[str] = []
        pending: list[str] = []
        spoilt = False
        for line in self._path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True):
            try:
                parsed = json.loads(line) if line.endswith("\n") else None
            except ValueError:
                parsed = None
            if not isinstance(parsed, dict):
                pending, spoilt = [], False
                continue
            pending.append(line)
            spoilt = spoilt or parsed.get("error") is not None
            if "finished" in parsed:
                record = record_from_json(parsed)
                if not spoilt and len(pending) == record.questions + 1:
                    self.finished[record.dialogue] = record
                    kept += pending
                pending, spoilt = [], False
        _replace_file(self._path, "".join(kept))

    def forget_all(self) -> None:
        """Start again: for runs whose dialogues depend on each other."""
        with _explained(self.folder):
            self._file.truncate(0)
        self.finished.clear()

    def append(self, result: DialogueResult) -> None:
        """Write a finished dialogue, out of this process's hands at once and onto the disk within about a second.

        Raises:
            RecordsError: the disk is full or the file cannot be written; what was written before stays readable.
        """
        lines = [outcome_to_json(outcome) for outcome in result.outcomes]
        lines.append(record_to_json(result.record))
        with _explained(self.folder):
            self._file.write("\n".join(lines) + "\n")
            self._file.flush()
            # What is flushed survives the death of this process. Forcing it onto the disk, for the death of the
            # machine, takes milliseconds, which small dialogues do not.
            if time.monotonic() > self._synced + _SYNC_SECONDS:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        self.finished[result.record.dialogue] = result.record

    def finish(self, order: Sequence[str], facts: Mapping[str, Any]) -> Run:
        """Put the dialogues in the benchmark's order, add `facts` to run.json and mark the run as finished."""
        with _explained(self.folder):
            os.fsync(self._file.fileno())
            self._file.close()
            if [record for record in self.finished] != list(order):
                self._sort(order)
            self._meta.update(facts)
            self._write_meta("finished")
        return load(self.folder)

    def _sort(self, order: Sequence[str]) -> None:
        """Rewrite the file in order without holding it in memory: block positions first, then copy."""
        blocks: dict[str, tuple[int, int]] = {}
        with self._path.open("rb") as file:
            start = 0
            while line := file.readline():
                if line.startswith(_CLOSING.encode()):
                    end = file.tell()
                    blocks[json.loads(line)["finished"]] = (start, end)
                    start = end
            temporary = self._path.with_suffix(".tmp")
            with temporary.open("wb") as sorted_file:
                for dialogue in order:
                    start, end = blocks[dialogue]
                    file.seek(start)
                    sorted_file.write(file.read(end - start))
        temporary.replace(self._path)

    def _write_meta(self, status: str) -> None:
        self._meta["status"] = status
        _replace_file(self.folder / RUN_FILE, json.dumps(self._meta, indent=2) + "\n")

    def close(self) -> None:
        """Let go of the folder; the run stays resumable."""
        if not self._file.closed:
            self._file.close()
        self._lock.release()


def _previous(folder: Path) -> Mapping[str, Any] | None:
    try:
        meta = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return meta if isinstance(meta, dict) else None


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.endswith("\n"):
                yield number, json.loads(line)


def _replace_file(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(path)


class _explained:
    """Turns what the operating system refuses into a sentence."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            if error.errno == errno.ENOSPC:
                cure = "the disk is full; free some space and start the same command again, finished dialogues are kept"
            elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                cure = "no permission to write there; choose another folder with results=FOLDER"
            else:
                cure = f"{error}; choose another folder with results=FOLDER"
            raise RecordsError(f"results cannot be written to {self._folder}: {cure}") from error
