"""Replies kept on disk, so that none is paid for twice, with what each had cost.

One SQLite file per model fingerprint. A reply is stored the moment it arrives. While one thread or process waits for a
reply, others that want the same one wait with it.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from memeval.kit import cache
from memeval.kit.types import Reply, Usage
from memeval.llm.structured import canonical

KIND = "replies"
# Seconds between two looks at whether another process has its reply.
_PAUSE = 0.05
_SECONDS = ("seconds", "booked_seconds", "model_seconds")


class Replies:
    """The stored replies of one model."""

    def __init__(self, fingerprint: str) -> None:
        """Name the file; nothing is opened yet."""
        self._disk = cache.Cache(KIND, fingerprint)
        self._claims: dict[bytes, _Claim] = {}
        self._lock = threading.Lock()
        self._file = -1
        self._process = 0

    @property
    def path(self) -> Path:
        """The file."""
        return self._disk.path

    def get(self, name: bytes) -> Reply | None:
        """The reply stored under a key; its usage has the seconds, tokens and dollars of then, and no seconds of now.

        One that cannot be read is as good as none.
        """
        entry = self._disk.get([name]).get(name)
        if entry is None:
            return None
        try:
            fields = json.loads(entry.blob)
            usage = Usage(booked_seconds=entry.seconds, model_seconds=entry.seconds, **fields["usage"])
            return Reply(str(fields["text"]), finish=str(fields["finish"]), usage=usage)
        except (ValueError, TypeError, KeyError):
            return None

    def put(self, name: bytes, reply: Reply) -> None:
        """Store a reply; one that is there already stays."""
        usage = {field: value for field, value in asdict(reply.usage).items() if field not in _SECONDS}
        blob = canonical({"text": reply.text, "finish": reply.finish, "usage": usage})
        self._disk.put([(name, cache.Entry(blob.encode("utf-8", "replace"), reply.usage.model_seconds))])

    @contextmanager
    def claim(self, name: bytes) -> Iterator[None]:
        """Keep out all others that want this reply, in this process and in others, until the block ends."""
        with self._lock:
            claim = self._claims.setdefault(name, _Claim())
            claim.waiting += 1
        try:
            with claim.lock, self._alone(name):
                yield
        finally:
            with self._lock:
                claim.waiting -= 1
                if not claim.waiting:
                    del self._claims[name]

    @contextmanager
    def _alone(self, name: bytes) -> Iterator[None]:
        # A lock on one byte of one file for each key: it ends with the process, however that ends, and leaves nothing.
        place = int.from_bytes(name[:7], "big")
        file = self._lock_file()
        while not _locked(file, place):
            time.sleep(_PAUSE)
        try:
            yield
        finally:
            _unlock(file, place)

    def _lock_file(self) -> int | None:
        with self._lock:
            # Never closed: closing it anywhere in the process would end all of the process's locks on it.
            if self._file < 0 or self._process != os.getpid():
                path = self.path.with_suffix(".lock")
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
                except OSError:
                    return None
                self._process = os.getpid()
            return self._file


if sys.platform == "win32":

    def _locked(file: int | None, place: int) -> bool:
        return True

    def _unlock(file: int | None, place: int) -> None:
        return

else:
    import fcntl

    def _locked(file: int | None, place: int) -> bool:
        """Whether the byte is ours now. Where there are no locks it always is: then two processes may ask the same."""
        if file is None:
            return True
        # Not by waiting in the system call: it takes threads that wait crosswise for a deadlock of their processes.
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except (BlockingIOError, PermissionError):
            return False
        except OSError:
            return True
        return True

    def _unlock(file: int | None, place: int) -> None:
        if file is not None:
            with suppress(OSError):
                fcntl.lockf(file, fcntl.LOCK_UN, 1, place)


class _Claim:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting = 0


def key(messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any] | None, repetition: int) -> bytes:
    """The key of a request to a model; the model itself is named by the file."""
    return cache.key(canonical([dict(each) for each in messages]), canonical(schema), str(repetition))


def replies_of(fingerprint: str) -> Replies:
    """The replies of a model, shared by all objects of this process that name the same."""
    return _shared(cache.folder(), fingerprint)


@lru_cache(maxsize=32)
def _shared(folder: Path, fingerprint: str) -> Replies:
    # A model is built anew for every dialogue. The folder may change between runs.
    return Replies(fingerprint)
