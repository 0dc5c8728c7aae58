"""Temporary folders: each holds a lock of its owner, so that those of killed processes are known and removed."""

import fcntl
import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

PREFIX = "memeval-scratch-"
_LOCK = ".owner"
_INSIDE = "files"
# A folder without a lock is being made, or its maker was killed within the first microseconds.
_YOUNG = 60.0


class Scratch:
    """A folder that goes when its block ends, or at `remove`; after a kill of this process, at the next `sweep`.

    Attributes:
        path: the folder for files. The lock lies outside of it: who measures or gives away the folder has files only.
    """

    def __init__(self, name: str = "") -> None:
        """Make it in the folder for temporary files (TMPDIR); `name` becomes a part of its name."""
        while True:
            self._folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{name}-" if name else PREFIX))
            lock = _locked(self._folder / _LOCK, create=True)
            if lock is not None:
                break
            # Another process took it for one whose owner is dead.
            shutil.rmtree(self._folder, ignore_errors=True)
        self._lock = lock
        self._process = os.getpid()
        self.path = self._folder / _INSIDE
        self.path.mkdir(mode=0o700)

    def open_to_all(self) -> None:
        """Let other users pass through to `path`, which has rights of its own."""
        self._folder.chmod(0o711)

    def remove(self) -> None:
        """Remove it; more than once is fine, and a process that was forked off removes nothing."""
        if self._process != os.getpid() or self._lock < 0:
            return
        _remove(self._folder)
        os.close(self._lock)
        self._lock = -1

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def __del__(self) -> None:
        # Whoever drops it needs it no more.
        with suppress(Exception):
            self.remove()


def sweep() -> int:
    """Remove the temporary folders of this user whose owners are dead; returns how many there were."""
    removed = 0
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX):
                with suppress(OSError):
                    removed += _swept(Path(entry.path), entry.stat(follow_symlinks=False))
    return removed


def _swept(folder: Path, status: os.stat_result) -> bool:
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        return False
    lock = _locked(folder / _LOCK)
    if lock is None:
        if not (folder / _LOCK).exists() and time.time() > status.st_mtime + _YOUNG:
            folder.rmdir()
            return True
        return False
    try:
        _remove(folder)
    finally:
        os.close(lock)
    return True


def _remove(folder: Path) -> None:
    # The lock goes last: a kill in between leaves a folder that the next sweep knows.
    shutil.rmtree(folder / _INSIDE, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _locked(path: Path, create: bool = False) -> int | None:
    """The file opened with a lock that ends with this process; None if another process has it, or removed it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | (os.O_CREAT if create else 0), 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # A file system without locks: the folder is its owner's, and no sweep takes it.
        if create and not isinstance(error, BlockingIOError):
            return descriptor
        os.close(descriptor)
        return None
    with suppress(OSError):
        if os.path.samestat(os.fstat(descriptor), path.stat(follow_symlinks=False)):
            return descriptor
    os.close(descriptor)
    return None
