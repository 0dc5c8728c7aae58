"""Data as script files, since a page that was opened from disk may not fetch anything else.

A file calls one function of the page with a name and a string of JSON. The string has only ASCII characters and none
that HTML or JavaScript could read as the end of something; it is parsed, never executed.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Inside JSON these stand in strings only, where an escape means the same.
_ESCAPES = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "<>&'`"})


def script(name: str, value: Any) -> str:
    """The content of the file that brings `value` to the page under `name`, a name of our own making."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    quoted = text.translate(_ESCAPES).replace("\\", "\\\\")
    return f"memevalData('{name}','{quoted}');\n"


class Folder:
    """Writes data files and counts their bytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sizes: dict[str, int] = {}

    def write(self, name: str, value: Any) -> None:
        """Write `<name>.js`."""
        text = script(name, value)
        (self.path / f"{name}.js").write_text(text, encoding="ascii", newline="\n")
        self.sizes[name] = len(text)


class Parts:
    """Collects values of consecutive dialogues and writes a file whenever enough of them have come together.

    Attributes:
        places: number of the file that each dialogue is in, in the order they were added.
    """

    def __init__(self, folder: Folder, prefix: str, enough: int = 300_000) -> None:
        self._folder = folder
        self._prefix = prefix
        self._enough = enough
        self._pending: dict[str, Any] = {}
        self._size = 0
        self._files = 0
        self.places: list[int] = []

    def add(self, dialogue: int, value: Mapping[str, Any], size: int) -> None:
        """Add what belongs to a dialogue; `size` is about how many bytes it takes."""
        if self._pending and self._size + size > self._enough:
            self.flush()
        self._pending[str(dialogue)] = value
        self._size += size
        self.places.append(self._files)

    def flush(self) -> None:
        """Write what is pending."""
        if self._pending:
            self._folder.write(f"{self._prefix}-{self._files}", self._pending)
            self._files += 1
            self._pending, self._size = {}, 0
