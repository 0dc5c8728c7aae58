"""The tutorials and the start page: every command is carried out over the whole demo, and prints the numbers shown.

The folder holds runs of other benchmarks already, and a run of the demo with another budget.
"""

import re
from pathlib import Path

import pytest
from support import pages
from support.pages import LOCOMO, LONGMEMEVAL, ROOT, Reader, called

PAGES = [ROOT / "docs" / "start.md", *sorted((ROOT / "docs" / "tutorials").glob("*.md"))]
ROW = re.compile(r"^\| (?P<names>[^|]+(?:\| [^|]+)*?) \| (?P<value>\d+\.\d) \|", re.MULTILINE)
STORED = (
    ["benchmark=locomo", f"benchmark.path={LOCOMO}", "strategy=none,sliding_window", "retriever=bm25"],
    ["benchmark=longmemeval", f"benchmark.path={LONGMEMEVAL}", "strategy=none", "retriever=bm25,kv"],
    ["benchmark=demo", "limit=1", "strategy=sliding_window", "retriever=bm25,kv", "budget=1000"],
)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_tutorial(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for words in STORED:
        assert called(["run", "-m", *words, "progress=off"])[0] == 0
    reader = Reader(monkeypatch, shorten=list)
    reader.read(page, pages.blocks(page))
    assert reader.carried_out >= 5
    text = page.read_text(encoding="utf-8")
    for row in ROW.finditer(text):
        names = [name.strip() for name in row["names"].split("|")]
        pattern = r"^\s*" + r"\s+".join(map(re.escape, names)) + rf"\s.*\b{re.escape(row['value'])}\b"
        assert re.search(pattern, reader.printed, re.MULTILINE), f"no table has {row[0]}"
