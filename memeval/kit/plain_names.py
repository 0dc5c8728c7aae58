"""Names that become parts of paths: what a record, a plug-in or data calls itself never leaves its folder."""

import hashlib
import re

# A letter, digit or _ first, so that no name is hidden, an option, "." or "..".
_PLAIN = re.compile(r"\w[\w.+~-]{0,199}")
_OTHER = re.compile(r"[^A-Za-z0-9_-]+")
RULE = "letters, digits and . _ + - ~, a letter or digit first, at most 200"


def is_plain(name: object) -> bool:
    """Whether it is a text that may be a file's or a folder's name as it stands."""
    return isinstance(name, str) and _PLAIN.fullmatch(name) is not None


def as_file_name(name: str) -> str:
    """A file name for an id of data, which may be any text: the same for the same id, another for another.

    Plain names up to 150 bytes stay as they are. Others keep what is plain of their beginning, then `~` and a hash.
    """
    if is_plain(name) and len(name.encode()) <= 150 and "~" not in name:
        return name
    readable = _OTHER.sub("-", name).strip("-")[:40] or "id"
    return f"{readable}~{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
