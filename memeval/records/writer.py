"""Writes a run's folder: outcomes are appended by dialogue; what stands there is replaced at the last moment."""

import errno
import json
import os
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from filelock import FileLock, Timeout

from memeval.kit.errors import RecordsError
from memeval.kit.plain_names import as_file_name
from memeval.kit.types import DialogueRecord, DialogueResult
from memeval.records.integrity import CLOSING, contents, damage
from memeval.records.outcomes import outcome_to_json, record_from_json, record_to_json
from memeval.records.record import RUN_FILE, RunRecord, read
from memeval.records.replacing import replacing
from memeval.records.runs import OUTCOMES_FILE, Run, load

_LOCK_FILE = ".lock"
_SYNC_SECONDS = 1.0


class RunWriter:
    """Holds a run's folder open for writing: at most one process at a time."""

    def __init__(self, folder: Path, record: RunRecord, overwrite: bool = False) -> None:
        """Open or create the folder and find out what is already finished.

        A run made by other code (`code` of `record` differs) is not continued: its folder is set aside under a name
        that ends in `~` and its code's hash, or in `~unknown` where its record cannot be read.

        Raises:
            RecordsError: the folder cannot be written, or another process is writing it.
        """
        self.folder = folder
        self.finished: dict[str, DialogueRecord] = {}
        self._record = record
        self._path = folder / OUTCOMES_FILE
        # What stands in the folder is not touched before there is something to write: see `_begin`.
        self._file: TextIO | None = None
        self._kept = ""
        self._aside: str | None = None
        self._made = [each for each in (folder, *folder.parents) if not each.exists()]
        self._synced = 0.0
        with _explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(folder / _LOCK_FILE)
            self._take_lock()
            if not overwrite and ((folder / RUN_FILE).is_file() or self._path.is_file()):
                self._look()

    def _take_lock(self) -> None:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise RecordsError(f"another process is writing {self.folder}: wait for it, or stop it first") from None

    def _look(self) -> None:
        if not (self.folder / RUN_FILE).is_file():
            # A kill between the two files: what was kept for this code stands in the one.
            self._keep_finished()
            return
        try:
            previous = read(self.folder / RUN_FILE)
        except RecordsError:
            self._aside = "unknown"
            return
        if previous.code != self._record.code:
            self._aside = previous.code
        elif damage(self._path, previous) is None:
            self._keep_finished()

    def _begin(self) -> TextIO:
        """Open the file, with what is kept in it; the first call sets aside or replaces what stood there."""
        if self._file is None:
            if self._aside is not None:
                self._set_aside(self._aside)
            _replace_file(self._path, self._kept)
            self._kept = ""
            self._write_record()
            self._file = self._path.open("a", encoding="utf-8", newline="\n")
        return self._file

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
        self._kept = "".join(kept)

    def forget_all(self) -> None:
        """Start again: for runs whose dialogues depend on each other."""
        with _explained(self.folder):
            self._kept = ""
            if self._file is not None:
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
            file = self._begin()
            file.write("\n".join(lines) + "\n")
            file.flush()
            # What is flushed survives the death of this process. Forcing it onto the disk, for the death of the
            # machine, takes milliseconds, which small dialogues do not.
            if time.monotonic() > self._synced + _SYNC_SECONDS:
                os.fsync(file.fileno())
                self._synced = time.monotonic()
        self.finished[result.record.dialogue] = result.record

    def finish(self, order: Sequence[str], record: RunRecord) -> Run:
        """Put the dialogues in the benchmark's order and write the record of the finished run, with its counts."""
        with _explained(self.folder):
            file = self._begin()
            os.fsync(file.fileno())
            file.close()
            if [record for record in self.finished] != list(order):
                self._sort(order)
            self._record = replace(record, status="finished", outcomes=contents(self._path))
            self._write_record()
        return load(self.folder)

    def _sort(self, order: Sequence[str]) -> None:
        """Rewrite the file in order without holding it in memory: block positions first, then copy."""
        blocks: dict[str, tuple[int, int]] = {}
        with self._path.open("rb") as file:
            start = 0
            while line := file.readline():
                if line.startswith(CLOSING):
                    end = file.tell()
                    blocks[json.loads(line)["finished"]] = (start, end)
                    start = end
            with replacing(self._path) as beside, beside.open("wb") as sorted_file:
                for dialogue in order:
                    start, end = blocks[dialogue]
                    file.seek(start)
                    sorted_file.write(file.read(end - start))

    def _write_record(self) -> None:
        _replace_file(self.folder / RUN_FILE, self._record.to_json())

    def close(self) -> None:
        """Let go of the folder; the run stays resumable. Where nothing was written nothing is left."""
        if self._file is not None:
            self._file.close()
        elif self._made:
            (self.folder / _LOCK_FILE).unlink(missing_ok=True)
            with suppress(OSError):
                # Another process may have begun in it.
                for folder in self._made:
                    folder.rmdir()
        self._lock.release()


def _replace_file(path: Path, text: str) -> None:
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


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
