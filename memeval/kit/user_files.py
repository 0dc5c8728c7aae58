"""Text files that users name: a file of a disk, of bounded size, in UTF-8; anything else is a sentence."""

import stat
from pathlib import Path
from typing import Any

from memeval.kit.errors import DataError

# Bytes of a file that is read whole.
WHOLE = 1_000_000_000
# Bytes of a file of settings.
SMALL = 10_000_000
_SIGNATURES = (
    (b"\x1f\x8b", "compressed with gzip", "unpack it first, e.g. with gunzip"),
    (b"PK\x03\x04", "a zip archive", "unpack it first, e.g. with unzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it first, e.g. with unzstd"),
    (b"\xfd7zXZ\x00", "compressed with xz", "unpack it first, e.g. with unxz"),
    (b"BZh", "compressed with bzip2", "unpack it first, e.g. with bunzip2"),
    (b"PAR1", "a Parquet file", "write it as JSON lines first"),
    (b"\xff\xfe", "in UTF-16 and not in UTF-8", "save it as UTF-8, e.g. with iconv -f UTF-16 -t UTF-8"),
    (b"\xfe\xff", "in UTF-16 and not in UTF-8", "save it as UTF-8, e.g. with iconv -f UTF-16 -t UTF-8"),
)


def check(path: Path) -> int:
    """The size of a text file, in bytes, once it is clear that it is one.

    Raises:
        DataError: it is no file of a disk (a folder, a device, a pipe), cannot be read, or begins as compressed files
            and those in UTF-16 do.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise DataError(f"{path} is a folder: name a file in it")
        if not stat.S_ISREG(status.st_mode):
            raise DataError(f"{path} is a device or a pipe: write its content into a file first, and name that")
        with path.open("rb") as file:
            beginning = file.read(8)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    for signature, what, cure in _SIGNATURES:
        if beginning.startswith(signature):
            raise DataError(f"{path} is {what}: {cure}")
    return status.st_size


def read(path: Path, most: int = WHOLE) -> str:
    """A whole text, without a byte order mark, its line ends as they are.

    Args:
        path: the file.
        most: how many bytes it may have.

    Raises:
        DataError: as of `check`; it is larger, or not UTF-8.
    """
    if (size := check(path)) > most:
        raise DataError(f"{path} has {size:,} bytes, more than the {most:,} that are read: split it, or name another")
    try:
        with path.open("rb") as file:
            return file.read(most).decode("utf-8-sig")
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise not_utf8(path, error) from error


def read_yaml(path: Path, most: int = SMALL) -> Any:
    """The content of a YAML file, of plain values only; a key that a mapping has twice is a mistake.

    Raises:
        DataError: as of `read`; it is no YAML, or repeats a key. The message begins with the path.
    """
    import yaml

    class Strict(yaml.SafeLoader):
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            known: set[Any] = set()
            for name, _ in node.value if isinstance(node, yaml.MappingNode) else ():
                if name.tag != "tag:yaml.org,2002:merge" and isinstance(name, yaml.ScalarNode):
                    if (name.tag, name.value) in known:
                        line = name.start_mark.line + 1
                        raise DataError(
                            f"{path}, line {line}: the key {name.value!r:.100} stands twice: keep one of the two"
                        )
                    known.add((name.tag, name.value))
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(read(path, most), Strict)  # noqa: S506  it is a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problem = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path} cannot be read as YAML ({problem})") from error


def unreadable(path: Path, error: Exception) -> DataError:
    """The error for a file that the system does not let us read."""
    reason = (error.strerror if isinstance(error, OSError) else None) or error
    return DataError(f"{path} cannot be read ({reason}): check the path and its permissions")


def not_utf8(path: Path, error: UnicodeDecodeError) -> DataError:
    """The error for a file that is in another encoding."""
    return DataError(f"{path} is not UTF-8 (byte 0x{error.object[error.start]:02x}): save it as UTF-8")
