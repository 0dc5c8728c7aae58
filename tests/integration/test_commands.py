"""Every command of the docs, of --help and of error messages, in a folder that holds runs of several benchmarks.

Commands of a page are carried out in order in a fresh copy of that folder. Runs are short: see `support.pages.small`.
What needs a server, a key or a network is marked on the page (`<!-- not run: ... -->`), and its words are parsed.
"""

import ast
import importlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support import pages
from support.pages import LOCOMO, ROOT, Command, Reader, called

from memeval.cli import words
from memeval.cli.main import COMMANDS
from memeval.harness.compose import composer
from memeval.kit.errors import ConfigError
from memeval.options import root

pytestmark = pytest.mark.xdist_group("commands")

WITH_BLOCKS = [page for page in pages.pages() if pages.blocks(page)]
# test_tutorials carries them out over the whole demo and compares the numbers that they show.
AT_LENGTH = ("start.md", "choose-a-memory.md", "keep-it-from-getting-worse.md", "measure-my-own-memory.md")
CARRIED_OUT = [page for page in WITH_BLOCKS if page.name not in AT_LENGTH]
OWN = {
    "id": "anna",
    "turns": [
        {"id": "t1", "role": "user", "text": "My bike is green.", "time": "2024-02-26"},
        {"id": "t2", "role": "assistant", "text": "Noted."},
        {"id": "t3", "role": "user", "text": "I painted the bike blue.", "time": "2024-03-01"},
    ],
    "questions": [{"id": "q1", "text": "What colour is the bike?", "answers": ["blue"], "evidence": ["t3"]}],
}
MINE = '''"""A memory that somebody has at hand."""

from memeval.kit.types import Context


class Memory:
    def write(self, turns): ...

    def read(self, query, budget):
        return Context([])
'''
# What stands for something of the reader's, in a folder like the stored one.
PLACEHOLDERS = {
    "RUN": "locomo/none+bm25-2000",
    "QUESTION": "conv-1_qa0",
    "BENCHMARK": "demo",
    "FILE": "my.jsonl",
    "GROUP": "retriever",
    "COMMAND": "run",
}
# In --help, where no comment can say so.
NOT_RUN = {
    "memeval judge-check": "needs an API key",
    "memeval data fetch": "downloads",
    "memeval stores serve": "starts servers",
    "memeval data show locomo": "needs the published data",
    "memeval reproduce": "needs the published data; test_reproduce carries it out",
    "memeval data show longmemeval": "needs the published data",
    "memeval demo budget=500 benchmark.turns=10000": "takes a minute",
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with files of the reader's and with runs of the demo, of LoCoMo's form and of a file."""
    folder = tmp_path_factory.mktemp("stored")
    (folder / "my.jsonl").write_text(json.dumps(OWN))
    (folder / "mine.py").write_text(MINE)
    # For what memeval new writes.
    (folder / "my_memory").mkdir()
    (folder / "my_memory" / "__init__.py").touch()
    (folder / "results").mkdir()
    (folder / "results" / "reference").symlink_to(ROOT / "results" / "reference")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        # Vectors of a text are made once for all pages.
        patch.setenv("MEMEVAL_CACHE", str(tmp_path_factory.mktemp("cache")))
        own = ["benchmark=jsonl", "benchmark.path=my.jsonl"]
        for axes in (
            ["-m", "benchmark=demo", "strategy=none,sliding_window", "retriever=bm25"],
            ["-m", "benchmark=locomo", "strategy=none,sliding_window", "retriever=bm25,vector"],
            ["-m", "benchmark=locomo", "strategy=sliding_window,truncation,summary"],
            ["-m", *own, "strategy=none,sliding_window", "retriever=bm25,kv"],
            ["benchmark=locomo", "mode=replay", "strategy=full", "targets=[gpt-4o]"],
        ):
            code, _, err = called(pages.small(["run", *axes]))
            assert code == 0, err
        yield folder


@pytest.fixture
def here(stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh copy of the stored folder, which is the working directory."""
    copy = tmp_path / "here"
    shutil.copytree(stored, copy, symlinks=True)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("HOME", str(copy))
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    return copy


@pytest.mark.parametrize("page", CARRIED_OUT, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_shows_works(page: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = pages.blocks(page)
    reader = Reader(monkeypatch)
    reader.read(page, found)
    assert reader.carried_out or not any(
        block.kind in (pages.SHELL, "python") and block.reason is None for block in found
    )


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda page: str(page.relative_to(ROOT)))
def test_blocks_are_what_they_say(page: Path) -> None:
    """What is typed into a shell is marked as such, and a shell takes it as it stands."""
    for block in pages.blocks(page):
        if block.kind == pages.SHELL:
            for line in block.body.replace("\\\n", " ").splitlines():
                assert pages.unquoted(line) == [] or "memeval" not in line, (
                    f"{page.name}, line {block.line}: quote this"
                )
                assert re.search(r"\S {3,}[^# ]", line.partition("#")[0]) is None, f"{line}: explain after a #"
        else:
            typed = re.search(r"^(memeval|pip|make|export) ", block.body, re.MULTILINE)
            assert block.kind or typed is None, f"{page.name}, line {block.line}: mark it as {pages.SHELL}"


def test_most_is_carried_out() -> None:
    """Reasons why a block is not run are of a few kinds."""
    every = [block for page in WITH_BLOCKS for block in pages.blocks(page) if block.kind in (pages.SHELL, "python")]
    reasons = [block.reason for block in every if block.reason is not None]
    assert len(every) > 80 and len(reasons) < 0.4 * len(every)
    kinds = re.compile(r"needs |starts |downloads |writes |embeds |a test |the package ")
    assert [reason for reason in reasons if not kinds.match(reason)] == []


def examples(module: str) -> list[str]:
    """The commands that a --help shows."""
    found = vars(importlib.import_module(f"memeval.cli.{module}")).values()
    return [line for command in found if isinstance(command, words.Command) for line, _ in command.examples]


def filled(line: str) -> Command:
    """A command with a stored thing for each placeholder."""
    given = pages.command(line)
    filled_in = tuple(PLACEHOLDERS.get(word.removesuffix("..."), word) for word in given.words)
    return Command(given.text, given.settings, filled_in, given.code)


@pytest.mark.parametrize("name, module", [(name, module) for name, module, _ in COMMANDS])
def test_what_help_shows_works(name: str, module: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = examples(module)
    assert lines
    reader = Reader(monkeypatch)
    for line in lines:
        assert pages.unquoted(line) == [], f"{line}: quote this"
        if any(line.startswith(start) for start in NOT_RUN):
            pages.parse(filled(line).words[1:], f"memeval {name} --help")
        else:
            reader.type(filled(line), f"memeval {name} --help")


def test_what_the_help_of_memeval_shows_works(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, text, _ = called(["--help"])
    lines = re.findall(r"^ {2,}(memeval .*)$", text, re.MULTILINE)
    assert code == 0 and len(lines) >= 6
    reader = Reader(monkeypatch)
    for line in lines:
        reader.type(filled(line), "memeval --help")


@pytest.mark.parametrize("page", pages.pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_sentences_are_known(page: Path) -> None:
    for span in pages.spans(page):
        typed = filled(span.replace("NAME", "a_name")).words[1:]
        named = bool(typed) and typed[0] != "a_name" and not typed[0].startswith("-")
        # `memeval new strategy` speaks of the command.
        if named and not (typed[0] == "new" and len(typed) < 3):
            pages.parse(typed, f"{page.name}: {span}")


def sentences() -> Iterator[tuple[Path, str]]:
    """The texts that the code can print, with `...` for what is filled in."""
    for folder in ("memeval", "strategies", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.is_relative_to(ROOT / "memeval" / "cli" / "templates"):
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
            for node in ast.walk(tree):
                if isinstance(node, ast.JoinedStr):
                    yield path, "".join(str(p.value) if isinstance(p, ast.Constant) else "..." for p in node.values)
                elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs | inner:
                    yield path, node.value


def test_commands_in_messages_are_known() -> None:
    found = 0
    known = {name for name, *_ in COMMANDS}
    for path, text in sentences():
        for name in re.findall(r"(?:^|[\s;:(])(?<!this )memeval ([a-z][a-z-]+) (?:[A-Z]{3}|\S*=|--|'|\.\.\.)", text):
            assert name in known, f"{path.name}: {text}"
            found += 1
    assert found > 20


# key=value, with a value that may be a list, a mapping or in quotes.
_VALUE = r"(?:\[\{.*?\}\]|\[[^\]]*\]|\{[^}]*\}|'[^']*'|[^\s,;:()\[\]{}'])+"
_WORD = rf"[+~]{{0,2}}[a-z_][\w.@]*={_VALUE}"
SUGGESTED = re.compile(rf"(?:e\.g\.|type|add|give|choose|with|want|by|or|is) ((?:{_WORD} ?)+)")


def test_options_in_messages_can_be_typed() -> None:
    """Words that stand together are composed together, with the first choice of a group that has their option."""
    names = root.names()
    hints = {}
    for path, text in sentences():
        for group in SUGGESTED.findall(text):
            typed = [word.rstrip(".`").replace("'", "") for word in re.findall(_WORD, group)]
            known = [re.split("[.@]", word.partition("=")[0].lstrip("+~"))[0] in names for word in typed]
            filled_in = re.search(r"\.\.\.|=\{\w+\}|=$", " ".join(typed))
            if all(known) and not filled_in:
                hints[tuple(typed)] = path
    assert len(hints) > 50
    wrong = []
    with composer() as hydra:
        for typed, path in hints.items():
            starts = dict.fromkeys(start for word in typed for start in choice_with(word))
            chosen = {word.partition("=")[0] for word in typed}
            try:
                hydra.cells([*(each for each in starts if each.partition("=")[0] not in chosen), *typed], False)
            except ConfigError as error:
                wrong.append(f"{path.name}: {' '.join(typed)}: {error}")
    assert wrong == []


def choice_with(word: str) -> list[str]:
    """What makes an option such as `retriever.k1` known: `retriever=bm25`."""
    group, _, key = word.partition("=")[0].lstrip("+~").partition(".")
    folder = ROOT / "configs" / ("llm" if group == "judge_llm" else group)
    if not key or not folder.is_dir():
        return []
    first, *rest = key.split(".")
    for path in sorted(folder.glob("*.yaml")):
        node = yaml.safe_load(path.read_text(encoding="utf-8"))
        for part in (first, *rest):
            node = node.get(part, ...) if isinstance(node, dict) else ...
        if node is not ...:
            return [f"llm@judge_llm={path.stem}" if group == "judge_llm" else f"{group}={path.stem}"]
    return []


def test_the_short_data_are_those_of_the_project() -> None:
    assert LOCOMO.is_file() and pages.small(["run", "benchmark=locomo"])[-1] == f"benchmark.path={LOCOMO}"
    assert "limit=1" in pages.small(["run", "-m", "strategy=none"])
    assert pages.small(["score", "bm25"]) == ["score", "bm25"]
