"""Is the file of a finished run still the one that it finished with? Counts and a hash in run.json say so."""

import hashlib
from functools import lru_cache
from pathlib import Path

from memeval.records.record import Contents, RunRecord

# How the line starts that closes a dialogue.
CLOSING = b'{"finished":'
_CHUNK = 1 << 20


def contents(path: Path) -> Contents:
    """What run.json keeps of the outcomes file; streamed."""
    status = path.stat()
    return _contents(path, status.st_size, status.st_mtime_ns, status.st_ino)


@lru_cache(maxsize=64)
def _contents(path: Path, size: int, changed: int, inode: int) -> Contents:
    """Read once a process, as long as the file stays as it is."""
    digest = hashlib.sha256()
    lines = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            lines += chunk.count(b"\n")
    return Contents(size, lines, digest.hexdigest())


def damage(path: Path, record: RunRecord, thorough: bool = True) -> str | None:
    """Why the outcomes of a run are not those that it finished with, in a sentence; None if they are.

    Args:
        path: the outcomes file.
        record: of the run. One of an older memeval has no hash: then lines and dialogues are counted.
        thorough: read the file; otherwise only its size is compared.
    """
    if not record.finished:
        return None
    if not path.is_file():
        return f"{path} is gone, and the run was finished: run it again"
    kept = record.outcomes
    if kept is not None:
        size = path.stat().st_size
        if size != kept.bytes:
            return f"{path} has {size:,} bytes, and the run finished with {kept.bytes:,}: run it again"
        if thorough and contents(path).sha256 != kept.sha256:
            return f"{path} was changed after the run had finished: run it again"
        return None
    if not thorough:
        return None
    dialogues = lines = 0
    with path.open("rb") as file:
        for line in file:
            lines += line.endswith(b"\n")
            dialogues += line.startswith(CLOSING) and line.endswith(b"\n")
    if (dialogues, lines - dialogues) != (record.dialogues, record.questions):
        return (
            f"{path} holds {dialogues:,} dialogues and {lines - dialogues:,} questions, and the run finished with "
            f"{record.dialogues} and {record.questions}: run it again"
        )
    return None
