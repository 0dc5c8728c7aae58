"""The pages that are made from code and configs, and the check that the site loads nothing from elsewhere."""

import re
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import docs_reference  # noqa: E402


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return docs_reference.pages()


def test_every_option_of_every_group_has_a_section(pages: dict[str, str]) -> None:
    for path in (ROOT / "configs").glob("*/*.yaml"):
        page = pages[f"reference/configs/{path.parent.name}.md"]
        assert f"## `{path.stem}` {{ #{path.stem} }}" in page
        target = yaml.safe_load(path.read_text(encoding="utf-8")).get("_target_")
        assert target is None or f"::: {target}\n" in page


def test_settings_are_shown_with_their_comments(pages: dict[str, str]) -> None:
    page = pages["reference/configs/retriever.md"]
    assert "# SQLite file shared by several scopes (fts5); null keeps the index in memory\npath: null" in page
    assert page.count("Ranks passages by the words they share with the query") == 2


def test_every_root_option_is_explained(pages: dict[str, str]) -> None:
    page = pages["reference/options.md"]
    options = yaml.safe_load((ROOT / "configs" / "config.yaml").read_text(encoding="utf-8"))
    for name, default in options.items():
        if name != "defaults":
            assert f"| `{name}` |" in page or f"| `{name}.{next(iter(default))}` |" in page
    assert re.search(r"^\| `budget` \| `2000` \|.* What a context may have", page, re.MULTILINE)
    assert "| [`retriever`](configs/retriever.md) | `none` |" in page


def test_every_command_and_measure_is_there(pages: dict[str, str]) -> None:
    from memeval.cli.main import COMMANDS

    for name, *_ in COMMANDS:
        assert f"## memeval {name} {{ #{name} }}" in pages["reference/commands.md"]
        assert f"usage: memeval {name}" in pages["reference/commands.md"]
    assert "| `Recall@k` | `unit=turn\\|session` `rule=fraction\\|any\\|all`" in pages["reference/measures.md"]


def test_groups_are_explained() -> None:
    assert set(docs_reference.groups()) == set(docs_reference.meanings()), "describe each group of configs/"


def test_pages_are_written_as_files(tmp_path: Path) -> None:
    import subprocess

    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "docs_reference.py"), str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "reference" / "configs" / "strategy.md").read_text().startswith("# `strategy`")


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<script src="https://cdn.example/x.js"></script>', 1),
        ('<link rel="stylesheet" href="//fonts.example/a.css">', 1),
        ('<img src="http://example.org/badge.svg">', 1),
        ('<div style="background: url(https://example.org/a.png)"></div>', 1),
        ('<pre class="mermaid"><code>graph</code></pre>', 1),
        ('<a href="https://example.org">a link that a reader may follow</a>', 0),
        ('<script src="assets/x.js"></script><link rel="icon" href="assets/f.png"><img src="a.png">', 0),
    ],
)
def test_what_a_page_loads_from_elsewhere_is_seen(tmp_path: Path, html: str, found: int) -> None:
    import docs_loads

    (tmp_path / "page.html").write_text(f"<html><body>{html}</body></html>")
    assert len(docs_loads.remote_loads(tmp_path)) == found


def test_style_sheets_are_read_too(tmp_path: Path) -> None:
    import docs_loads

    (tmp_path / "a.css").write_text(
        "@import 'https://fonts.example/b.css'; b { background: url(data:image/png;base64,) }"
    )
    assert docs_loads.remote_loads(tmp_path) == ["a.css: https://fonts.example/b.css"]
