"""Whatever stands in data is shown as text: on terminals, in exports, in logs that are read by programs."""

import csv
import html
import io
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memeval.kit.errors import ConfigError
from memeval.kit.escaping import csv_cell, latex, log_line, markdown, shortened, shown, xml

# Whole Unicode, halves of surrogate pairs included, and signs that act often.
ANY = st.text(st.characters() | st.sampled_from("\x1b\x07\x9b\n\r\t\u202e\u2066\ud800:#[]|<>&=-+@`*_\\!$%{}~^"))
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@given(ANY)
def test_nothing_shown_acts_on_a_terminal(text: str) -> None:
    assert not CONTROL.search(shown(text))
    assert not CONTROL.search(re.sub("[\n\t]", "", shown(text, lines=True)))
    assert shown(shown(text)) == shown(text)
    shown(text).encode()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain", "plain"),
        ("Zoë's crème brûlée, 東京, नमस्ते, 👩‍👩‍👧", "Zoë's crème brûlée, 東京, नमस्ते, 👩‍👩‍👧"),
        ("\x1b]52;c;cm0=\x07\x1b[2J", "\\x1b]52;c;cm0=\\x07\\x1b[2J"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\x9b31m", "\\x9b31m"),
        ("abc\u202ecba\u2028", "abc\\u202ecba\\u2028"),
        ("half \ud83d", "half \\ud83d"),
        ("tag \U000e0001", "tag \\U000e0001"),
        ("yes [/no] [red]", "yes [/no] [red]"),
    ],
)
def test_what_is_shown(text: str, wanted: str) -> None:
    assert shown(text) == wanted


def test_lines_stay_where_they_may() -> None:
    assert shown("a\n\tb\x1b", lines=True) == "a\n\tb\\x1b"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("short", "short"),
        ("x" * 200, "x" * 200),
        ("x" * 5_000_000, "x" * 200 + "... (5,000,000 characters in all)"),
        (["a"] * 3, "['a', 'a', 'a']"),
    ],
)
def test_values_in_messages_are_short(value: object, wanted: str) -> None:
    assert shortened(value) == wanted


def test_the_length_may_be_chosen() -> None:
    assert shortened("abcdef", most=3) == "abc... (6 characters in all)"
    assert shortened("abcdef", most=4, end=1) == "abc... (6 characters in all) ...f"


@pytest.mark.parametrize(
    ("text", "forbidden"),
    [
        ("a | b", r"(?<!\\)\|"),
        ("[x](javascript:alert(1))", r"(?<!\\)\["),
        ("![x](https://example.org/pixel.png)", r"(?<!\\)\[|://"),
        ("<img src=x onerror=alert(1)>", "[<>]"),
        ("&lt;script&gt;", "&(?!amp;)"),
        ("two\nlines\r\n# heading", r"\n|\r|(?<![\\&])#"),
        ("**bold** _it_ `code` ~~no~~ $x$", r"(?<!\\)[*_`~$]"),
        ("see https://example.org or www.example.org", r"://|www\."),
        ("@everyone mail@example.org", "@"),
        ("- item", "^-"),
        ("1. item", r"^\d\."),
    ],
)
def test_markdown_has_no_markup(text: str, forbidden: str) -> None:
    assert not re.search(forbidden, markdown(text)), markdown(text)


@pytest.mark.parametrize(
    "text", ["multi-hop (easy)", "sliding_window+bm25", "57.9 of 1,986", "[a|b] & <c>", "a: b", "gpt-4.1"]
)
def test_markdown_reads_as_written(text: str) -> None:
    assert html.unescape(markdown(text)).replace("\\", "") == text


@given(ANY)
def test_markdown_is_one_line_of_one_cell(text: str) -> None:
    made = markdown(text)
    assert len(made.splitlines()) <= 1
    assert "<" not in made
    assert not re.search(r"(?<!\\)\|", made.replace("\\\\", ""))


@given(ANY)
def test_no_cell_of_csv_is_a_formula_or_breaks_the_file(text: str) -> None:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerow([csv_cell(text), csv_cell(-1.5), csv_cell(None)])
    (row,) = csv.reader(io.StringIO(file.getvalue()))
    assert row[1:] == ["-1.5", ""]
    assert not row[0].lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert shown(text, lines=True) in (row[0], row[0][1:])


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_formulas_get_an_apostrophe(text: str) -> None:
    assert str(csv_cell(text)).startswith("'")


@given(ANY)
def test_latex_has_no_command(text: str) -> None:
    made = latex(text)
    assert not made.startswith(("[", "*"))
    left = re.sub(r"\\(text\w+\{\}|[{}$&#_%])", "", made.removeprefix("{}"))
    assert not set(left) & set("\\{}$&#_%~^<>")


@given(ANY)
def test_xml_holds_it(text: str) -> None:
    element = ElementTree.Element("a", name=xml(text))
    element.text = xml(text)
    ElementTree.fromstring(ElementTree.tostring(element, encoding="utf-8"))


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("::error::boo", "\\::error::boo"),
        ("  ::add-mask::x", "  \\::add-mask::x"),
        ("worse ::error::boo", "worse ::error::boo"),
        ("x ##[error]boo", "x #\\#[error]boo"),
    ],
)
def test_logs_hold_no_commands(line: str, wanted: str) -> None:
    assert log_line(line) == wanted


def test_messages_of_memeval_are_bounded() -> None:
    value = "x" * 1_000_000
    whole = f"budget={value!r} is no number: give e.g. budget=2000"
    message = str(ConfigError(whole))
    assert len(message) < 5_000
    assert message.startswith("budget='xxx") and message.endswith("xxx' is no number: give e.g. budget=2000")
    assert f"({len(whole):,} characters in all)" in message
    assert str(ConfigError("short")) == "short"
