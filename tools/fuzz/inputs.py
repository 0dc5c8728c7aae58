"""One input of the fuzzer: files, a command, and what it has to say."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Input:
    """Files in a folder of their own, and a command that is typed there.

    Attributes:
        kind: which generator made it.
        words: the command without `memeval`.
        files: content by path below the folder.
        twin: an input that means the same and must give the same numbers.
        wrong: the command cannot be carried out, so that 0 and 1 are faults.
    """

    kind: str
    words: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    twin: "Input | None" = None
    wrong: bool = False

    def write(self, folder: Path) -> None:
        """Write the files."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def command(self, folder: Path) -> str:
        """What to type in a shell to repeat it."""
        words = " ".join(shlex.quote(word) for word in self.words)
        return f"cd {shlex.quote(str(folder))} && PYTHONPATH={shlex.quote(str(ROOT))} python -m memeval.cli {words}"

    def keep(self, folder: Path, reason: str, said: str) -> None:
        """Keep it in a folder of its own, with the command that repeats it and what is wrong."""
        folder.mkdir(parents=True, exist_ok=True)
        self.write(folder)
        lines = [self.command(folder)]
        if self.twin is not None:
            other = folder / "twin"
            other.mkdir(exist_ok=True)
            self.twin.write(other)
            lines.append(self.twin.command(other))
        # Words of a fuzzer may hold what no file does.
        (folder / "COMMAND.sh").write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogateescape")
        (folder / "FAULT.txt").write_text(f"{reason}\n\n{said}\n", encoding="utf-8", errors="backslashreplace")
