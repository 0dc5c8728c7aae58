"""What the documentation shows works: code blocks run, links lead somewhere, commands and options exist."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tools").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)]*)?\)")
BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUN = re.compile(r"^\s*(?:MEMEVAL_\w+=\S+ )?memeval run ((?:.*\\\n)*.*)", re.MULTILINE)
COMMAND = re.compile(r"^\s*(?:MEMEVAL_\w+=\S+ )?memeval ([a-z][a-z-]*)", re.MULTILINE)


def shell(page: Path) -> list[str]:
    """The code blocks of a page that are typed into a shell."""
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [body for kind, body in blocks if kind in ("", "bash", "sh", "console")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    missing = [
        target for target, _ in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / target).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page: Path):
    from memeval.cli.main import COMMANDS

    used = {name for block in shell(page) for name in COMMAND.findall(block)}
    assert used <= {name for name, *_ in COMMANDS}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_options_of_runs_exist(page: Path, capsys: pytest.CaptureFixture[str]):
    from memeval.cli.main import main

    lines = [line.replace("\\\n", " ") for block in shell(page) for line in RUN.findall(block)]
    for line in lines:
        # An explanation stands three spaces apart.
        words = shlex.split(re.split(r" {3,}", line)[0], comments=True)
        # Names in capitals stand for something of the user's, and dots for more of the same.
        if any(re.search(r"\b[A-Z]{3,}\b|\.\.\.|my_|mine|=my|last_words", word) for word in words):
            continue
        assert main(["run", *words, "--cfg"]) == 0, f"{line}: {capsys.readouterr().err}"
        capsys.readouterr()


def test_how_to_extend_works_as_it_stands():
    text = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 5
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "docs/extending.md", "exec"), names)
    assert {"FirstAndLast", "Overlap", "Birthdays"} <= set(names)
