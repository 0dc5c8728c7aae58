"""Fetching published data: resumable, checked against its pin, in place only when whole."""

import contextlib
import errno
import http.client
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock

from memeval.benchmarks.collections import Collection
from memeval.benchmarks.sources import (
    CACHE_VARIABLE,
    DATA_VARIABLE,
    SOURCES,
    Located,
    Source,
    cache_folder,
    data_folder,
    file_sha256,
    file_size,
    find,
    get_source,
    hash_file,
    is_file,
    locate,
    nowhere,
    option_for,
    remember_sha256,
)
from memeval.kit.errors import DataError

__all__ = ["CACHE_VARIABLE", "DATA_VARIABLE", "SOURCES", "Located", "Source", "fetch", "find", "get_source", "locate"]

_BLOCK = 1 << 18
_TIMEOUT = 60.0
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class MissingError(DataError):
    """There is no file at an address."""


def fetch_files(collection: Collection, force: bool = False, quiet: bool = False) -> Path:
    """Download all files of a collection; those that are there already are kept.

    Args:
        collection: what to fetch.
        force: also files that are there already.
        quiet: no progress bars.

    Returns:
        The folder of the collection.

    Raises:
        DataError: as `fetch` does. A file that the collection may lack, and that is not at its address, is no error.
    """
    paths: list[Path] = []
    for file in collection.files:
        try:
            paths.append(fetch(file, force, quiet))
        except MissingError:
            if not file.optional:
                raise
    name = collection.files[0].filename.removeprefix(collection.folder)
    return paths[0].parents[name.count("/") - 1]


def fetch(source: Source, force: bool = False, quiet: bool = False) -> Path:
    """Download a source into the cache folder, with a progress bar on a terminal.

    A download that broke off is resumed. The file appears under its name only when size and sha256 are right.

    Args:
        source: what to fetch.
        force: also if it is there already.
        quiet: no progress bar.

    Returns:
        Where the file is: in the folder named by MEMEVAL_DATA if it was there already.

    Raises:
        DataError: not published, not reachable, not what was pinned, or not writable; the message says what to do.
    """
    target = data_folder() / source.filename
    found = None if force else find(source)
    if found is not None and (found != target or _intact(source, target)):
        return locate(source).path
    if source.url is None:
        raise DataError(nowhere(source))
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Another process that fetches the same file is waited for, and what it has fetched is taken.
        lock = cache_folder() / "locks" / f"{source.name}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock):
            if force or not (is_file(target) and _intact(source, target)):
                _fetch(source, source.url, part, target, quiet)
    except OSError as error:
        raise _unwritable(source, error) from error
    return target


def _fetch(source: Source, url: str, part: Path, target: Path, quiet: bool) -> None:
    """Download into `part`, check it, and put it in place."""
    resumed = is_file(part)
    _download(source, url, part, quiet)
    actual = hash_file(part)
    if source.sha256 is None:
        part.replace(target)
        return
    if actual != source.sha256 and resumed:
        # The old part may be of another version: once more from the start.
        part.unlink()
        _download(source, url, part, quiet)
        actual = hash_file(part)
    if actual != source.sha256:
        part.unlink()
        raise DataError(
            f"{url} sent sha256 {actual}, expected {source.sha256}: it has been changed since memeval pinned it; "
            f"update memeval, or download it yourself and use it knowingly with {option_for(source)}=FILE"
        )
    part.replace(target)
    remember_sha256(target, actual)


def _intact(source: Source, path: Path) -> bool:
    if source.size is None or source.sha256 is None:
        return True
    return file_size(path) == source.size and file_sha256(path) == source.sha256


def _download(source: Source, url: str, part: Path, quiet: bool) -> None:
    """Fill `part` up to the source's size; what is there already is kept if the server can go on from it.

    A file without a pinned size is fetched from the start, and has the size that the server announces.
    """
    start = file_size(part) if is_file(part) else 0
    size = source.size
    if start and (size is None or start > size):
        part.unlink()
        start = 0
    if start == size:
        return
    if size is not None and shutil.disk_usage(part.parent).free < size - start:
        raise OSError(errno.ENOSPC, "No space left on device")
    request = urllib.request.Request(url, headers={"User-Agent": "memeval"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    with _open(source, url, request) as response:
        if response.status != http.HTTPStatus.PARTIAL_CONTENT:
            start = 0
        announced = response.headers.get("Content-Length")
        if size is None:
            size = None if announced is None else int(announced)
        elif announced is not None and start + int(announced) != size:
            part.unlink(missing_ok=True)
            raise DataError(_other_size(source, url, start + int(announced)))
        received = start
        with part.open("ab" if start else "wb") as file, _bar(source.name, size, start, quiet) as advance:
            for block in _blocks(source, url, response):
                received += len(block)
                if size is not None and received > size:
                    part.unlink()
                    raise DataError(_other_size(source, url, received))
                file.write(block)
                advance(len(block))
    if size is not None and received < size:
        raise DataError(_interrupted(source, url, f"it ended after {received:,} of {size:,} bytes"))


def _open(source: Source, url: str, request: urllib.request.Request) -> http.client.HTTPResponse:
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=_TIMEOUT)
        return response
    except urllib.error.HTTPError as error:
        error.close()
        gone = error.code in (http.HTTPStatus.NOT_FOUND, http.HTTPStatus.GONE)
        what = "it has moved; update memeval" if gone else "try again later"
        kind = MissingError if gone else DataError
        raise kind(f"{url} answered {error.code} {error.reason}: {what}, {_by_hand(source)}") from error
    except urllib.error.URLError as error:
        raise DataError(
            f"{url} cannot be reached ({error.reason}): check the connection, {_by_hand(source)}"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise DataError(_interrupted(source, url, str(error) or type(error).__name__)) from error


def _blocks(source: Source, url: str, response: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while block := response.read(_BLOCK):
            yield block
    except (OSError, http.client.HTTPException) as error:
        raise DataError(_interrupted(source, url, str(error) or type(error).__name__)) from error


@contextlib.contextmanager
def _bar(name: str, size: int | None, start: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as progress:
        task = progress.add_task(name, total=size, completed=start)
        yield lambda count: progress.advance(task, count)


def _other_size(source: Source, url: str, size: int) -> str:
    return (
        f"{url} has {size:,} bytes, expected {source.size or 0:,}: it has been changed since memeval pinned it; update "
        f"memeval, or download it yourself and use it knowingly with {option_for(source)}=FILE"
    )


def _interrupted(source: Source, url: str, why: str) -> str:
    return f"the download of {url} broke off ({why}): to go on from there, type: memeval data fetch {source.name}"


def _by_hand(source: Source) -> str:
    return f"or get the file by other means and put it at {data_folder() / source.filename}"


def _unwritable(source: Source, error: OSError) -> DataError:
    folder = data_folder()
    if error.errno in _NO_ROOM:
        return DataError(
            f"there is no room for {source.name} in {folder} (it needs {source.size or 0:,} bytes): free some, or set "
            f"{CACHE_VARIABLE} to a folder on another disk"
        )
    return DataError(
        f"{error.filename or folder} cannot be written ({error.strerror or error}): set {CACHE_VARIABLE} to a folder "
        "that is yours"
    )
