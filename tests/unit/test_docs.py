"""Links of the documentation lead somewhere; README is short. What the pages show is run by test_commands."""

import re
from pathlib import Path

import pytest
from support.pages import ROOT, pages

LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)]*)?\)")


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    missing = [
        target for target, _ in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / target).exists()
    ]
    assert missing == []


def test_readme_is_read_in_five_minutes():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) < 130 and [line for line in lines if len(line) > 120] == []


def test_a_page_defines_what_it_teaches():
    """The page on extending has one class of each kind, which test_commands carries out."""
    text = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 5
    assert {"FirstAndLast", "Overlap", "Birthdays"} <= set(re.findall(r"^class (\w+)", "\n".join(blocks), re.MULTILINE))
