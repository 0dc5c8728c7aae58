"""Published data, pinned, and where it is on this machine.

A file is looked for in the folder named by MEMEVAL_DATA and in the user's cache folder (or the one named by
MEMEVAL_CACHE). What is found there must have the pinned sha256; a file given by its path may be anything, its own hash
then stands in the record.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import platformdirs

from memeval.kit import user_files
from memeval.kit.errors import ConfigError, DataError
from memeval.kit.plugins import Registry, instance_of

DATA_VARIABLE = "MEMEVAL_DATA"
CACHE_VARIABLE = "MEMEVAL_CACHE"

_CC = "CC BY-NC 4.0 (attribution, no commercial use)"
_LOCOMO = "Maharana et al. (2024), Evaluating Very Long-Term Conversational Memory of LLM Agents, ACL 2024"
_LONGMEMEVAL = "Wu et al. (2024), LongMemEval: Benchmarking Chat Assistants on Long-Term Interactive Memory, ICLR 2025"
_LONGMEMEVAL_URL = (
    "https://huggingface.co/datasets/xiaowu0162/longmemeval-cleaned/resolve/98d7416c24c778c2fee6e6f3006e7a073259d48f/"
)
# Hashing what takes less time than reading a note about it is not worth a note.
_SMALL = 1 << 22


@dataclass(frozen=True, slots=True)
class Source:
    """A file of published data, pinned.

    Attributes:
        name: what to type after `memeval data fetch`.
        filename: below a data folder, with forward slashes.
        url: None for a file that is not published.
        size: in bytes; None where only the address is pinned, by the commit in it.
        sha256: None where only the address is pinned.
        licence: of the data, not of memeval.
        cite: whom to cite.
        optional: whether its collection may lack it.
    """

    name: str
    filename: str
    url: str | None
    size: int | None
    sha256: str | None
    licence: str
    cite: str
    optional: bool = False


_OWN = (
    Source(
        name="locomo",
        filename="locomo/locomo10.json",
        url="https://raw.githubusercontent.com/snap-research/locomo/main/data/locomo10.json",
        size=2_805_274,
        sha256="79fa87e90f04081343b8c8debecb80a9a6842b76a7aa537dc9fdf651ea698ff4",
        licence=_CC,
        cite=_LOCOMO,
    ),
    Source(
        name="locomo-audit",
        filename="locomo/locomo_audit_errors.json",
        url=(
            "https://raw.githubusercontent.com/dial481/locomo-audit/9493fb4b4af4256ed17a18e8fd0b3cfdeec29539/errors.json"
        ),
        size=150_552,
        sha256="f298ef46263fada20688a1d672be37d4f488c6da3b19343eea55ae5c1b5fe55e",
        licence=_CC,
        cite="dial481/locomo-audit: 156 corrections of LoCoMo's gold",
    ),
    Source(
        name="longmemeval-oracle",
        filename="longmemeval/longmemeval_oracle.json",
        url=_LONGMEMEVAL_URL + "longmemeval_oracle.json",
        size=15_388_478,
        sha256="821a2034d219ab45846873dd14c14f12cfe7776e73527a483f9dac095d38620c",
        licence="MIT",
        cite=_LONGMEMEVAL,
    ),
    Source(
        name="longmemeval-s",
        filename="longmemeval/longmemeval_s_cleaned.json",
        url=_LONGMEMEVAL_URL + "longmemeval_s_cleaned.json",
        size=277_383_467,
        sha256="d6f21ea9d60a0d56f34a05b609c79c88a451d2ae03597821ea3d5a9678c3a442",
        licence="MIT",
        cite=_LONGMEMEVAL,
    ),
    Source(
        name="longmemeval-m",
        filename="longmemeval/longmemeval_m_cleaned.json",
        url=_LONGMEMEVAL_URL + "longmemeval_m_cleaned.json",
        size=2_737_100_077,
        sha256="9d79e5524794a2e6900a3aa9cb7d9152c5a3e8319c9a87c25494ba1eacee495f",
        licence="MIT",
        cite=_LONGMEMEVAL,
    ),
    Source(
        name="longmemeval-s_dev16",
        filename="longmemeval/longmemeval_s_cleaned.dev16.json",
        url=None,
        size=8_201_406,
        sha256="542b587f42772800f6433f8ea19d5719db3c3c4ff5f4031e63021e337590f37f",
        licence="MIT",
        cite=_LONGMEMEVAL,
    ),
)

SOURCES: Registry[Source] = Registry(
    "memeval.sources", "source", instance_of(Source), {source.name: source for source in _OWN}
)


@dataclass(frozen=True, slots=True)
class Located:
    """A data file on this machine; `pinned` means that it is byte for byte the published one."""

    path: Path
    sha256: str
    pinned: bool


def get_source(name: str, choices: Iterable[str] = ()) -> Source:
    """The source of that name.

    Args:
        name: of a source.
        choices: names that an error offers; those of all sources if there are none.

    Raises:
        ConfigError: there is none.
    """
    if name in SOURCES:
        return SOURCES[name]
    offered = [*choices] or [*SOURCES]
    near = get_close_matches(name, offered, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(offered)}"
    raise ConfigError(f"no data source is called {name!r}: {hint}")


def locate(source: Source, path: str | None = None) -> Located:
    """Find a source's file.

    Args:
        source: what to find.
        path: a file to use instead, of whatever content.

    Raises:
        DataError: it is nowhere, cannot be read, or is not the published file although it stands in its place.
    """
    if path is not None:
        given = Path(path).expanduser()
        if not is_file(given):
            raise DataError(
                f"{given} does not exist or is no file: correct the path, or leave it out to use the published "
                f"{source.name}"
            )
        sha256 = file_sha256(given)
        return Located(given, sha256, sha256 == source.sha256)
    found = find(source)
    if found is None:
        raise DataError(nowhere(source))
    if source.size is None or source.sha256 is None:
        return Located(found, file_sha256(found), False)
    size = file_size(found)
    # The size alone settles most cases, such as a download that broke off.
    if size != source.size:
        raise DataError(_mismatch(source, found, f"{size:,} bytes", f"{source.size:,}"))
    actual = file_sha256(found)
    if actual != source.sha256:
        raise DataError(_mismatch(source, found, f"sha256 {actual}", source.sha256))
    return Located(found, source.sha256, True)


def find(source: Source) -> Path | None:
    """Where the source's file is on this machine, its content unchecked; None if it is nowhere."""
    return next((folder / source.filename for folder in _folders() if is_file(folder / source.filename)), None)


def cache_folder() -> Path:
    """The user's cache folder for memeval, or the one named by MEMEVAL_CACHE; it may not exist yet."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).expanduser() if named else Path(platformdirs.user_cache_dir("memeval"))


def data_folder() -> Path:
    """Where fetched data is kept."""
    return cache_folder() / "data"


def file_sha256(path: Path) -> str:
    """A file's sha256; of a large file it is remembered in the cache folder until its size or time changes.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        if user_files.check(path) < _SMALL:
            return hash_file(path)
        note, state = _note(path)
        known = _read_note(note, state)
        if known is None:
            known = hash_file(path)
            _write_note(note, state, known)
        return known
    except OSError as error:
        raise user_files.unreadable(path, error) from error


def hash_file(path: Path) -> str:
    """A file's sha256, from its bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remember_sha256(path: Path, sha256: str) -> None:
    """Spare the next caller of `file_sha256` the reading."""
    if path.stat().st_size >= _SMALL:
        _write_note(*_note(path), sha256)


def _note(path: Path) -> tuple[Path, list[object]]:
    """Where a file's hash is remembered, and the state of the file for which it holds."""
    resolved = str(path.resolve())
    status = path.stat()
    key = hashlib.sha256(resolved.encode(errors="surrogateescape")).hexdigest()[:32]
    return cache_folder() / "sha256" / f"{key}.json", [resolved, status.st_size, status.st_mtime_ns]


def _read_note(note: Path, state: list[object]) -> str | None:
    try:
        content = json.loads(note.read_bytes())
        return str(content["sha256"]) if content["state"] == state else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_note(note: Path, state: list[object], sha256: str) -> None:
    partial = note.with_suffix(f".{os.getpid()}.part")
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps({"state": state, "sha256": sha256}), encoding="utf-8")
        partial.replace(note)
    except OSError:
        # Without a writable cache the file is hashed again next time.
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def is_file(path: Path) -> bool:
    """Like `Path.is_file`, but a folder that may not be entered is an error of ours."""
    try:
        return path.is_file()
    except OSError as error:
        raise user_files.unreadable(path, error) from error


def file_size(path: Path) -> int:
    """In bytes."""
    try:
        return path.stat().st_size
    except OSError as error:
        raise user_files.unreadable(path, error) from error


def _folders() -> list[Path]:
    named = os.environ.get(DATA_VARIABLE)
    return [*([Path(named).expanduser()] if named else []), data_folder()]


def nowhere(source: Source) -> str:
    """The message for a source that is not on this machine."""
    places = " or ".join(str(folder / source.filename) for folder in _folders())
    get = (
        f"type: memeval data fetch {source.name}"
        if source.url is not None
        else f"it is not published; put it there if you have it, {source.size or 0:,} bytes"
    )
    return (
        f"{source.name} is not on this machine (looked for {places}): {get}, or set {DATA_VARIABLE} to the folder that "
        f"holds {source.filename}"
    )


def _mismatch(source: Source, found: Path, actual: str, expected: str) -> str:
    fetched = source.url is not None and found.is_relative_to(data_folder())
    again = f"type: memeval data fetch {source.name} --force" if fetched else "copy it again"
    return (
        f"{found} has {actual}, expected {expected}: it is damaged or another version; {again}; or use it knowingly "
        f"with {option_for(source)}={found}"
    )


def option_for(source: Source) -> str:
    """The option that replaces the source by a file of one's own."""
    return "benchmark.audit_path" if source.name == "locomo-audit" else "benchmark.path"
