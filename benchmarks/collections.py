"""Published data that come as many files: each file is pinned, and all are found, fetched and hashed together."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from memeval.benchmarks.sources import SOURCES, Source, find, get_source, is_file, locate
from memeval.kit.errors import DataError
from memeval.kit.plugins import Registry, instance_of

# Names of the files of a chat of BEAM; the second is misspelt in the data.
CHAT, TRUNCATED, PROBES = "chat.json", "chat_trunecated.json", "probing_questions/probing_questions.json"
_BEAM_LAYOUT = (f"*/{CHAT}", f"*/{TRUNCATED}", f"*/{PROBES}")
_LISTS = Path(__file__).parent / "published"
_BEAM_URL = "https://raw.githubusercontent.com/mohammadtavakoli78/BEAM/b2a3ee8ba12d68f83143dda191097dc3e028ddd3/chats/"
_BEAM_LICENCE = "CC BY-SA 4.0 (attribution, share alike)"
_BEAM = "Tavakoli et al. (2025), Beyond a Million Tokens: Benchmarking and Enhancing Long-Term Memory in LLMs"
_REALTALK_URL = "https://raw.githubusercontent.com/danny911kr/REALTALK/b903e06a9770bf4e5fe9018c3e132889666d3b4a/data/"
_UNSTATED = "none stated (ask its makers before you pass text on)"
_REALTALK = "Lee et al. (2025), REALTALK: A 21-Day Real-World Dataset for Long-Term Conversation"


@dataclass(frozen=True, slots=True)
class Collection:
    """Files of published data that belong together.

    Attributes:
        name: what to type after `memeval data fetch`.
        folder: below a data folder, with forward slashes; the names of all files begin with it.
        files: all of them; one with `optional` may be missing.
        layout: patterns of file names for a folder of one's own, as `Path.glob` takes them.
    """

    name: str
    folder: str
    files: tuple[Source, ...]
    layout: tuple[str, ...]

    @property
    def size(self) -> int | None:
        """Bytes of all files; None where only their addresses are pinned."""
        sizes = [file.size for file in self.files]
        return None if any(size is None for size in sizes) else sum(size or 0 for size in sizes)

    @property
    def url(self) -> str | None:
        """Where the first file is; None if the files are not published."""
        return self.files[0].url

    @property
    def licence(self) -> str:
        """Of the data, not of memeval."""
        return self.files[0].licence

    @property
    def cite(self) -> str:
        """Whom to cite."""
        return self.files[0].cite


@dataclass(frozen=True, slots=True)
class LocatedFiles:
    """The files of a collection on this machine.

    Attributes:
        folder: where they are.
        paths: by name below the collection's folder; an optional file that is missing is left out.
        sha256: of the lines `sha256  name`, sorted by name, as `sha256sum` writes them.
        pinned: whether each file is byte for byte the published one.
    """

    folder: Path
    paths: dict[str, Path]
    sha256: str
    pinned: bool


def locate_files(collection: Collection, path: str | None = None) -> LocatedFiles:
    """Find the files of a collection.

    Args:
        collection: what to find.
        path: a folder of the same layout to use instead, with any content.

    Raises:
        DataError: a file is missing or is not the published one, or the folder holds none of them.
    """
    if path is not None:
        folder = Path(path).expanduser()
        found = {file for pattern in collection.layout for file in folder.glob(pattern) if is_file(file)}
        if not found:
            raise DataError(
                f"{folder} holds no files as {collection.name} has them (such as {next(_names(collection))}): correct "
                "the path, or leave it out to use the published data"
            )
        sources = dict(zip(_names(collection), collection.files, strict=True))
        located = {
            name: locate(sources.get(name, collection.files[0]), str(folder / name))
            for name in sorted((file.relative_to(folder).as_posix() for file in found), key=_natural)
        }
    else:
        absent = [file for file in collection.files if not file.optional and find(file) is None]
        if absent:
            raise DataError(
                f"{len(absent):,} of {len(collection.files):,} files of {collection.name} are not on this machine "
                f"(such as {absent[0].filename}): type: memeval data fetch {collection.name}"
            )
        located = {
            name: locate(file)
            for name, file in zip(_names(collection), collection.files, strict=True)
            if not file.optional or find(file) is not None
        }
        first = located[next(iter(located))].path
        folder = first.parents[len(Path(next(iter(located))).parts) - 1]
    lines = "".join(f"{located[name].sha256}  {name}\n" for name in sorted(located))
    return LocatedFiles(
        folder=folder,
        paths={name: found.path for name, found in located.items()},
        sha256=hashlib.sha256(lines.encode()).hexdigest(),
        pinned=all(found.pinned for found in located.values()) and len(located) == len(collection.files),
    )


def _names(collection: Collection) -> Iterator[str]:
    for file in collection.files:
        yield file.filename.removeprefix(f"{collection.folder}/")


def _natural(name: str) -> list[tuple[int, str]]:
    """Chat 2 before chat 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _pinned(name: str, folder: str, url: str, licence: str, cite: str, layout: tuple[str, ...]) -> Collection:
    """A collection whose files stand in a list beside this module, a line each: sha256, size, name."""
    files = []
    for line in (_LISTS / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        sha256, size, filename = line.split(" ", 2)
        address = url + quote(filename.removeprefix(f"{folder}/"))
        files.append(Source(name, filename, address, int(size), sha256, licence, cite))
    return Collection(name, folder, tuple(files), layout)


def _addressed(tier: str, chats: int) -> Collection:
    """A tier of BEAM of which only the addresses are pinned: their commit says which version they are."""
    name, folder = f"beam-{tier.lower()}", f"beam/{tier}"
    files = (
        Source(
            name=name,
            filename=f"{folder}/{chat}/{file}",
            url=f"{_BEAM_URL}{tier}/{chat}/{file}",
            size=None,
            sha256=None,
            licence=_BEAM_LICENCE,
            cite=_BEAM,
            optional=file == TRUNCATED,
        )
        for chat in range(1, chats + 1)
        for file in (CHAT, TRUNCATED, PROBES)
    )
    return Collection(name, folder, tuple(files), _BEAM_LAYOUT)


COLLECTIONS: Registry[Collection] = Registry(
    "memeval.collections",
    "collection",
    instance_of(Collection),
    {
        collection.name: collection
        for collection in (
            _pinned("beam-100k", "beam/100K", f"{_BEAM_URL}100K/", _BEAM_LICENCE, _BEAM, _BEAM_LAYOUT),
            _addressed("500K", 35),
            _addressed("1M", 35),
            _addressed("10M", 10),
            _pinned("realtalk", "realtalk", _REALTALK_URL, _UNSTATED, _REALTALK, ("Chat_*.json",)),
        )
    },
)


def published(name: str) -> Source | Collection:
    """The file or the collection that `memeval data list` shows under a name.

    Raises:
        ConfigError: there is none.
    """
    return COLLECTIONS[name] if name in COLLECTIONS else get_source(name, (*SOURCES, *COLLECTIONS))


def whereabouts(source: Source | Collection) -> Path | None:
    """Where a file, or the folder of a collection, is on this machine; None if it, or a file of it, is nowhere."""
    if isinstance(source, Source):
        return find(source)
    needed = [file for file in source.files if not file.optional]
    paths = [find(file) for file in needed]
    if None in paths or not paths or paths[0] is None:
        return None
    return paths[0].parents[needed[0].filename.removeprefix(source.folder).count("/") - 1]
