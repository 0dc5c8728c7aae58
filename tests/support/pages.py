"""Code blocks of the documentation, carried out in order in a folder of their own.

A comment on the line above a block takes it out, and says why: `<!-- not run: needs a Redis server -->`. Of such a
block only the words must be known: see `parse`.
"""

import ast
import importlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from memeval.cli.main import COMMANDS, main
from memeval.cli.words import Command as Command_
from memeval.options import root

ROOT = Path(__file__).resolve().parents[2]
LOCOMO = ROOT / "tests" / "fixtures" / "locomo.json"
LONGMEMEVAL = ROOT / "tests" / "fixtures" / "longmemeval.json"
SHELL = "sh"
_BLOCK = re.compile(
    r"^(?:<!-- not run: (?P<reason>[^\n]+) -->\n)?"
    r'(?P<indent> *)```(?P<kind>\w*)(?: title="(?P<file>[^"]+)")?\n(?P<body>.*?)^ *```$',
    re.MULTILINE | re.DOTALL,
)
_EXIT_CODE = re.compile(r"# exit code (\d)")
_SETTING = re.compile(r"([A-Z][A-Z_]*)=(.*)", re.DOTALL)
# What a shell would replace or refuse where it is not quoted; `zsh` refuses a list of several names in brackets.
_FOR_THE_SHELL = re.compile(r"[\[\]*?(){}<>|]")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, the file that its title names, its text, and why it is not run."""

    kind: str
    file: str | None
    body: str
    line: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Command:
    """A line of a shell: settings before the command, its words, and the exit code that the page promises."""

    text: str
    settings: tuple[tuple[str, str], ...]
    words: tuple[str, ...]
    code: int = 0


def pages() -> list[Path]:
    """All pages of the project."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tools").rglob("*.md")])


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(found["kind"], found["file"], found["body"], text[: found.start()].count("\n") + 1, found["reason"])
        for found in _BLOCK.finditer(text)
    ]


def commands(body: str) -> list[Command]:
    """The commands of a shell block."""
    return [command(line) for line in body.replace("\\\n", " ").splitlines() if line.split("#")[0].strip()]


def command(line: str) -> Command:
    """One line as a shell takes it apart."""
    promised = _EXIT_CODE.search(line)
    words = shlex.split(line, comments=True)
    settings = []
    while words and (setting := _SETTING.fullmatch(words[0])):
        settings.append((setting[1], setting[2]))
        words.pop(0)
    return Command(line.strip(), tuple(settings), tuple(words), int(promised[1]) if promised else 0)


def unquoted(line: str) -> list[str]:
    """Words of a line that a shell would change."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "''", line.partition(" #")[0])
    return [word for word in bare.split() if _FOR_THE_SHELL.search(word) and word != "..."]


def small(words: Sequence[str]) -> list[str]:
    """The words of a command with what keeps a test short: one dialogue, or the small file of LoCoMo's form.

    They are overrides of `memeval run` that a user may give as well.
    """
    if words[0] not in ("run", "gate", "demo") or "--help" in words:
        return list(words)
    keys = {word.lstrip("+").partition("=")[0]: word.partition("=")[2] for word in words}
    if words[0] == "gate" and not set(root.axes()) & set(keys):
        # Of runs that are stored already.
        return list(words)
    added = ["progress=off"]
    if "limit" not in keys and keys.get("benchmark", "demo") == "demo":
        added.append("limit=1")
    for name, file in (("locomo", LOCOMO), ("longmemeval", LONGMEMEVAL)):
        if keys.get("benchmark") == name and "benchmark.path" not in keys:
            added.append(f"benchmark.path={file}")
    if "replay" in (keys.get("mode"), keys.get("experiment")):
        # Each target has a picture of its own.
        added.append("targets=[gpt-4o]")
    return [*words, *(word for word in added if word.partition("=")[0] not in keys)]


def called(words: Sequence[str]) -> tuple[int, str, str]:
    """Call memeval in this process: exit code, what it printed, and what it printed as an error."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(list(words))
        except SystemExit as end:
            code = int(end.code or 0)
    return code, out.getvalue(), err.getvalue()


class Reader:
    """Somebody who types in what a page shows, in the working directory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, shorten: Callable[[Sequence[str]], list[str]] = small) -> None:
        """Start; `shorten` changes the words of a command before it is carried out."""
        self._patch = monkeypatch
        self._shorten = shorten
        self._names: dict[str, object] = {"__name__": "page"}
        self.printed = ""
        self.carried_out = 0
        # Another reader's files have the same names.
        for name in [name for name in sys.modules if name.partition(".")[0] in ("mine", "my_memory")]:
            del sys.modules[name]
        monkeypatch.syspath_prepend(str(Path.cwd()))

    def read(self, page: Path, parts: Sequence[Block]) -> None:
        """Carry out blocks in order: files are written, commands and Python are run."""
        for block in parts:
            where = f"{page.name}, line {block.line}"
            if block.reason is not None:
                self._look(block, where)
                continue
            if block.file:
                Path(block.file).parent.mkdir(parents=True, exist_ok=True)
                Path(block.file).write_text(block.body, encoding="utf-8")
            elif block.kind == SHELL:
                for each in commands(block.body):
                    self.type(each, where)
            elif block.kind == "python":
                self._python(block.body, where)

    def type(self, typed: Command, where: str) -> None:
        """Carry out one command."""
        for name, value in typed.settings:
            if name == "PYTHONPATH":
                continue
            self._patch.setenv(name, value)
        if not typed.words:
            return
        first, *rest = typed.words
        if first == "memeval":
            code, out, err = called(self._shorten(rest))
            self.printed += out
            assert code == typed.code, f"{where}: {typed.text}\n{out[-2000:]}{err}"
        elif first == "export":
            for word in rest:
                setting = _SETTING.fullmatch(word)
                assert setting, f"{where}: {typed.text}"
                self._patch.setenv(setting[1], setting[2])
        elif first == "python":
            paths = os.pathsep.join((".", os.environ.get("PYTHONPATH", "")))
            done = subprocess.run(
                [sys.executable, *rest], env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True
            )
            assert done.returncode == typed.code, f"{where}: {typed.text}\n{done.stdout}{done.stderr}"
        else:
            outside(typed, where)
        self.carried_out += 1

    def _python(self, body: str, where: str) -> None:
        out = io.StringIO()
        before = set(self._names)
        with redirect_stdout(out):
            exec(compile(body, where, "exec"), self._names)
            for name in [name for name in self._names if name.startswith("test_") and name not in before]:
                test = self._names[name]
                assert callable(test)
                wanted = test.__code__.co_varnames[: test.__code__.co_argcount]
                test(**{argument: Path.cwd() for argument in wanted})
        self.printed += out.getvalue()
        self.carried_out += 1

    def _look(self, block: Block, where: str) -> None:
        if block.kind == SHELL:
            for each in commands(block.body):
                if each.words and each.words[0] == "memeval":
                    parse(each.words[1:], where)
                elif each.words:
                    outside(each, where)
        elif block.kind == "python":
            for node in ast.walk(ast.parse(block.body, where)):
                if isinstance(node, ast.ImportFrom) and node.module:
                    module = importlib.import_module(node.module)
                    assert all(hasattr(module, alias.name) for alias in node.names), f"{where}: {node.module}"


def parse(words: Sequence[str], where: str) -> None:
    """Make sure that a command would be understood, without carrying it out.

    Its own parser reads the words; what it would pass on to a run is composed.
    """
    name, *rest = [_STAND_INS.get(word, word) for word in words if word != "..."]
    module = next((module for known, module, _ in COMMANDS if known == name), None)
    assert module is not None, f"{where}: there is no command {name}"
    found = vars(importlib.import_module(f"memeval.cli.{module}")).values()
    known = {command.name: command for command in found if isinstance(command, Command_)}
    if not rest or "--help" in rest:
        return
    own = known.get(f"{name} {rest[0]}" if rest else name)
    if own and len(rest) == 1:
        return
    given = (own or known.get(name) or next(iter(known.values()))).parse(rest[1:] if own else rest)
    if given.overrides:
        # memeval data show takes the benchmark as a word.
        first = [f"benchmark={given.words[0]}"] if given.words and name == "data" else []
        multirun = ["-m"] if "-m" in rest else []
        code, _, err = called(["run", *multirun, *first, *given.overrides, "--cfg"])
        assert code == 0, f"{where}: memeval {shlex.join(words)}\n{err}"


def outside(typed: Command, where: str) -> None:
    """Make sure that a command of another program names what the project has."""
    first, *rest = typed.words
    if first == "pip":
        import tomllib

        from packaging.requirements import Requirement

        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        for wanted in map(Requirement, [word for word in rest[1:] if not word.startswith("-")]):
            if wanted.name == project["name"]:
                unknown = wanted.extras - set(project["optional-dependencies"])
                assert not unknown, f"{where}: there is no extra {unknown}"
    elif first == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        assert {word for word in rest if "=" not in word} <= set(targets), f"{where}: {typed.text}"
    else:
        assert first in _OTHERS, f"{where}: {typed.text}: no test knows the program {first}"


# Options of packages that a page tells its reader to write: their settings are those of one of ours.
_STAND_INS = {
    "strategy=my_notes": "strategy=truncation",
    "strategy=last_words": "strategy=truncation",
    "strategy.speakers=3": "strategy.turns=3",
}
_OTHERS = ("source", "git", "docker", "set", ".", "pre-commit", "open", "export")


def spans(page: Path) -> Iterator[str]:
    """Commands in the running text: `memeval list target`."""
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    yield from (" ".join(found.split()) for found in re.findall(r"`(memeval [^`]+)`", text))
