"""Writes the table of rooms into docs/design.md: what each folder of memeval is for, and which rooms it imports.

python tools/rooms.py            writes the table
python tools/rooms.py --lines    prints files and lines of each room as well

The purpose is the first line of the room's docstring, the imports are those of its code, imports inside functions
included. The order is that of ROOMS in tests/unit/test_house.py: a room imports only from rooms above it in the table.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "design.md"
BEGIN, END = "<!-- rooms: written by tools/rooms.py -->\n", "<!-- end of rooms -->\n"
# Folders beside memeval/, linked into it.
PLUGINS = ("strategies", "benchmarks")
# What a plug-in may import, and what makes an outcome.
KERNEL = ("kit", "records", "harness")


def rooms() -> list[str]:
    """Names of the rooms, lowest first, as the test of the house has them."""
    tree = ast.parse((ROOT / "tests" / "unit" / "test_house.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ROOMS":
            return [*ast.literal_eval(node.value), *PLUGINS]
    raise SystemExit("tests/unit/test_house.py has no ROOMS")


def files(room: str) -> list[Path]:
    """The source files of a room."""
    if room in PLUGINS:
        return sorted((ROOT / room).rglob("*.py"))
    folder = ROOT / "memeval" / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def purpose(room: str) -> str:
    """The first line of a room's docstring."""
    text = files(room)[0].read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]


def imported(room: str) -> Iterator[str]:
    """Rooms that a room imports."""
    for path in files(room):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "memeval":
                parts = (node.module or "").split(".")
                yield from [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]


def table() -> str:
    """The table in Markdown."""
    lines = ["| room | what it is for | imports |", "|---|---|---|"]
    order = rooms()
    for room in order:
        below = {name for name in imported(room) if name in order and name != room}
        place = f"`{room}/`" if room in PLUGINS else f"`memeval/{room}`"
        lines.append(f"| {place} | {purpose(room)} | {', '.join(name for name in order if name in below)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the table, or print the sizes."""
    if "--lines" in sys.argv[1:]:
        sizes = {room: [len(path.read_text(encoding="utf-8").splitlines()) for path in files(room)] for room in rooms()}
        for room, lines in sizes.items():
            print(f"{room:<14} {len(lines):>4} files {sum(lines):>7,} lines")  # noqa: T201
        kernel = sum(sum(sizes[room]) for room in KERNEL)
        print(f"kernel ({', '.join(KERNEL)}): {kernel:,} lines")  # noqa: T201
        return
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    PAGE.write_text(before + BEGIN + table() + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
