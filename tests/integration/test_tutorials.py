"""The tutorials and the start page: every command is carried out in order, and prints the numbers that they show."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from memeval.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "docs" / "start.md", *sorted((ROOT / "docs" / "tutorials").glob("*.md"))]
BLOCK = re.compile(r'^```(?P<kind>\w*)(?: title="(?P<file>[^"]+)")?\n(?P<body>.*?)^```$', re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (?P<names>[^|]+(?:\| [^|]+)*?) \| (?P<value>\d+\.\d) \|", re.MULTILINE)
# Installs packages, or has no meaning outside a shell.
SKIPPED = ("make demo", "source .venv/bin/activate")
EXIT_CODE = re.compile(r"# exit code (\d)")


def commands(text: str) -> list[tuple[list[str], int]]:
    """The words of each command with the exit code that the page promises."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and line not in SKIPPED:
            promised = EXIT_CODE.search(line)
            words = shlex.split(line, comments=True)
            found.append((words, int(promised[1]) if promised else 0))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_tutorial(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    text = page.read_text(encoding="utf-8")
    shown, carried_out = "", 0
    for block in BLOCK.finditer(text):
        if block["file"]:
            (tmp_path / block["file"]).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / block["file"]).write_text(block["body"], encoding="utf-8")
        if block["kind"]:
            continue
        for words, code in commands(block["body"]):
            words = [word for word in words if word != "PYTHONPATH=."]
            if words[0] == "python":
                done = subprocess.run([sys.executable, *words[1:]], cwd=tmp_path, capture_output=True, text=True)
                assert done.returncode == code, done.stdout + done.stderr
            elif "strategy=my_notes" in words:
                # The option of a package that is not installed here: its class stands for it.
                pass
            else:
                assert words[0] == "memeval", words
                try:
                    ended = main(words[1:])
                except SystemExit as end:
                    ended = int(end.code or 0)
                output = capsys.readouterr()
                assert ended == code, f"{shlex.join(words)}: {output.out}{output.err}"
                shown += output.out
            carried_out += 1
    assert carried_out >= 5
    for row in ROW.finditer(text):
        names = [name.strip() for name in row["names"].split("|")]
        pattern = r"^\s*" + r"\s+".join(map(re.escape, names)) + rf"\s.*\b{re.escape(row['value'])}\b"
        assert re.search(pattern, shown, re.MULTILINE), f"no table has {row[0]}"
