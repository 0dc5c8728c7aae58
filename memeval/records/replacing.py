"""Files that are replaced whole: written beside the old ones first, then renamed.

A kill or a full disk leaves the old file. What is left beside it after a kill goes with the next attempt.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path


def replace_files(texts: Mapping[Path, str]) -> None:
    """Write texts into files; no old file is lost where one of the new ones cannot be written.

    Raises:
        OSError: a full disk, no permission; then all files are as they were.
    """
    places = {path: _place(path) for path in texts}
    beside = {path: _beside(place) for path, place in places.items() if place is not None}
    try:
        for path, text in texts.items():
            with beside.get(path, path).open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                if path in beside:
                    os.fsync(file.fileno())
    except BaseException:
        for each in beside.values():
            _drop(each)
        raise
    for path, each in beside.items():
        _put(each, places[path] or path)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """The path to write to in place of `path`, which is replaced when the block ends without an error.

    Its name ends in `.tmp`: whoever goes by a file's ending has to be told the format.
    """
    place = _place(path)
    if place is None:
        yield path
        return
    beside = _beside(place)
    try:
        yield beside
    except BaseException:
        _drop(beside)
        raise
    _put(beside, place)


def _place(path: Path) -> Path | None:
    """The file itself where the path is a link to it; None for what is no file: a pipe, a terminal, /dev/stdout."""
    place = path.resolve() if path.is_symlink() else path
    return None if place.exists() and not place.is_file() and not place.is_dir() else place


def _beside(place: Path) -> Path:
    return place.with_name(f"{place.name}.tmp")


def _put(beside: Path, place: Path) -> None:
    with suppress(OSError):
        # Others may be allowed to read it.
        shutil.copymode(place, beside)
    beside.replace(place)


def _drop(beside: Path) -> None:
    with suppress(OSError):
        beside.unlink(missing_ok=True)
