"""Is the file of a finished run still the one that it finished with? Counts and a hash in run.json say so."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

# How the line starts that closes a dialogue.
CLOSING = b'{"finished":'
_CHUNK = 1 << 20


def contents(path: Path) -> dict[str, Any]:
    """What run.json keeps of the outcomes file: bytes, lines, and the SHA-256 of all bytes; streamed."""
    status = path.stat()
    return dict(_contents(path, status.st_size, status.st_mtime_ns, status.st_ino))


@lru_cache(maxsize=64)
def _contents(path: Path, size: int, changed: int, inode: int) -> tuple[tuple[str, Any], ...]:
    """Read once a process, as long as the file stays as it is."""
    digest = hashlib.sha256()
    lines = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            lines += chunk.count(b"\n")
    return (("bytes", size), ("lines", lines), ("sha256", digest.hexdigest()))


def damage(path: Path, meta: Mapping[str, Any], thorough: bool = True) -> str | None:
    """Why the outcomes of a run are not those that it finished with, in a sentence; None if they are.

    Args:
        path: the outcomes file.
        meta: the content of run.json. One of an older memeval has no hash: then lines and dialogues are counted.
        thorough: read the file; otherwise only its size is compared.
    """
    if meta.get("status") != "finished":
        return None
    if not path.is_file():
        return f"{path} is gone, and the run was finished: run it again"
    kept = meta.get("outcomes")
    if isinstance(kept, Mapping):
        size = path.stat().st_size
        if size != kept.get("bytes"):
            return f"{path} has {size:,} bytes, and the run finished with {kept.get('bytes')}: run it again"
        if thorough and contents(path)["sha256"] != kept.get("sha256"):
            return f"{path} was changed after the run had finished: run it again"
        return None
    if not thorough or "dialogues" not in meta or "questions" not in meta:
        return None
    dialogues = lines = 0
    with path.open("rb") as file:
        for line in file:
            lines += line.endswith(b"\n")
            dialogues += line.startswith(CLOSING) and line.endswith(b"\n")
    if (dialogues, lines - dialogues) != (meta["dialogues"], meta["questions"]):
        return (
            f"{path} holds {dialogues:,} dialogues and {lines - dialogues:,} questions, and the run finished with "
            f"{meta['dialogues']} and {meta['questions']}: run it again"
        )
    return None
