"""A report in a real browser, from disk: hostile texts stay text, two clicks from a score to its question, keyboard."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.browser import CHROMIUM, Browser
from support.hostile import PAYLOADS, Hostile, stored

from memeval.cli.main import main
from memeval.evaluate import evaluate
from memeval.measures import ContextTokens, EvidenceRecall, ReadSeconds
from memeval.report.html import write_report
from memeval.report.rows import Row

MEASURES = (EvidenceRecall(), ContextTokens(), ReadSeconds(p=95))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("install chromium (Debian: apt-get install chromium) to test the report in a browser")
    found = Browser(tmp_path_factory.mktemp("profile"), CHROMIUM)
    yield found
    found.close()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [Row(run, evaluate(run, MEASURES)) for run in stored(tmp_path_factory.mktemp("runs"))]
    return write_report(rows, MEASURES, tmp_path_factory.mktemp("hostile") / "<b> 'q' %41", PAYLOADS[1]).index


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    words = ["benchmark=demo", "strategy=sliding_window,truncation", "retriever=none,bm25", "limit=3", "progress=off"]
    assert main(["run", "-m", *words, f"results={folder / 'runs'}"]) == 0
    assert main(["report", f"results={folder / 'runs'}", f"out={folder / 'report'}"]) == 0
    return folder / "report" / "index.html"


@pytest.fixture(autouse=True)
def nothing_breaks(browser: Browser) -> Iterator[None]:
    browser.size(1280)
    browser.problems.clear()
    browser.requests.clear()
    yield
    assert browser.problems == []
    assert [each for each in browser.requests if not each.startswith(("file:", "about:blank"))] == []


def shown(text: str) -> str:
    """A text as a page gives it back: control characters as pictures, what is no character as a question mark."""
    pictures = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", lambda found: chr(0x2400 + ord(found[0])), text)
    return pictures.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def page(browser: Browser) -> str:
    """All text of the page, in which lone surrogates are made visible as well."""
    return str(browser.js("document.querySelector('main').textContent.toWellFormed()"))


def untouched(browser: Browser) -> None:
    assert browser.js("typeof window.hacked") == "undefined"
    assert browser.js("document.querySelectorAll('script').length") == 1
    assert (
        browser.js(
            "document.querySelectorAll('img,iframe,object,embed,base,form,b,i,[onerror],[onload],[onclick]').length"
        )
        == 0
    )
    assert browser.js("[...document.querySelectorAll('a')].every((a) => a.getAttribute('href').startsWith('#'))")


def follow(browser: Browser, selector: str) -> str:
    """A click on a link; gives where it leads."""
    place = str(browser.js(f"document.querySelector({json.dumps(selector)}).getAttribute('href')"))
    browser.js(
        f"document.querySelector({json.dumps(selector)}).dispatchEvent(new MouseEvent('click', {{bubbles: true, cancelable: true}}))"
    )
    browser.ready(place)
    return place


def test_hostile_texts_are_shown_as_text_and_run_nothing(browser: Browser, hostile: Path):
    questions = [question for dialogue in Hostile() for question in dialogue.questions]
    browser.open(hostile)
    untouched(browser)
    for text in (Hostile.licence, PAYLOADS[1], "<b onclick=window.hacked=1>", *Hostile.categories):
        assert text in page(browser)
    for run in range(3):
        browser.open(hostile, f"#/run/@{run}")
        untouched(browser)
        text = page(browser)
        for question in questions[:4]:
            assert shown(question.id) in text and shown(question.query.text) in text
    for place in range(len(PAYLOADS)):
        where = f"#/question/@{place + 16 * (place % 2)}/@0/@{1 + place % 2}"
        browser.open(hostile, where)
        untouched(browser)
        text = page(browser)
        for payload in PAYLOADS[:-1]:
            assert shown(payload) in text, (where, payload)
        assert PAYLOADS[-1] not in text and f"Show all {len(PAYLOADS[-1]) + 70:,}"[:10] in text
        assert "\u2717 failed" in text if place % 2 else "derived text only" in text
    browser.js(
        "[...document.querySelectorAll('button')].filter((b) => b.textContent.startsWith('Show all')).forEach((b) => b.click())"
    )
    assert PAYLOADS[-1] in page(browser)
    untouched(browser)


def test_links_lead_to_hostile_ids(browser: Browser, hostile: Path):
    browser.open(hostile)
    runs = browser.js("[...document.querySelectorAll('#runs ~ * tbody th a')].map((a) => a.getAttribute('href'))")
    assert len(runs) == 3 and runs[2] == "#/run/@2"
    for run in runs:
        browser.open(hostile, run)
        links = browser.js("[...document.querySelectorAll('tbody th a')].map((a) => a.getAttribute('href'))")
        assert len(set(links)) == 32
        for link in links[::9]:
            browser.open(hostile, link)
            assert browser.js("document.querySelector('h1').textContent").startswith("Question ")


def test_the_policy_stops_what_would_run(browser: Browser, demo: Path):
    browser.open(demo)
    refused = """(() => {
      const tries = [
        () => { document.body.innerHTML = "<img src=x onerror=window.hacked=1>"; },
        () => { const s = document.createElement("script"); s.text = "window.hacked=1"; document.head.append(s); },
        () => { const s = document.createElement("script"); s.src = "https://example.org/x.js"; },
        () => eval("window.hacked=1"),
      ];
      return tries.map((attempt) => { try { attempt(); return "done"; } catch (error) { return error.name; } });
    })()"""
    assert set(browser.js(refused)) <= {"TypeError", "EvalError"}
    asked = browser.js("fetch('https://example.org/').then(() => 'fetched', () => 'refused')")
    button = "(() => { const b = document.createElement('button'); b.setAttribute('onclick', 'window.hacked=1'); document.body.append(b); b.click(); })()"
    browser.js(button)
    assert asked == "refused" and browser.js("typeof window.hacked") == "undefined"
    # The refusals are written to the console; here they are what was asked for.
    assert browser.problems and all("Content Security Policy" in each or "Trusted" in each for each in browser.problems)
    browser.problems.clear()
    browser.requests[:] = [each for each in browser.requests if "example.org" not in each]


def test_two_clicks_from_a_score_to_the_question_behind_it(browser: Browser, demo: Path):
    browser.open(demo)
    assert "For at most 2,000 tokens and 50 ms" in page(browser)
    run = follow(browser, "#runs ~ * tbody td.number a")
    assert run.startswith("#/run/") and "measure=0" in run
    first = browser.js("document.querySelector('tbody tr').textContent")
    question = follow(browser, "tbody th a")
    text = page(browser)
    for word in (
        "Evidence",
        "Context",
        "Ranking",
        "Tokens by section",
        "Time and model calls",
        "read",
        "query",
        "frame",
    ):
        assert word in text
    found, gold = map(int, re.findall(r"(\d+) of (\d+) evidence turns? in the context", text)[0])
    assert text.count("\u2713 found") == found and text.count("\u2717 missing") == gold - found
    assert f"({found} of {gold})" in first
    # Every piece of evidence that is found is marked where it stands in the context.
    assert browser.js("document.querySelectorAll('h4 + ol li.gold .mark.found').length") == found
    browser.js(
        "(() => { const s = document.querySelectorAll('.controls select')[1]; s.selectedIndex = 2; s.dispatchEvent(new Event('change')); })()"
    )
    browser.wait("document.querySelector('.two')")
    assert browser.js("location.hash").startswith(question + "/")
    only = [int(number) for number in re.findall(r"alone: (\d+) piece", page(browser))]
    marked = browser.js(
        "[...document.querySelectorAll('.column')].map((c) => c.querySelectorAll('.mark.alone').length)"
    )
    assert marked == only
    browser.js("document.querySelector('.check input').click()")
    assert browser.js(
        "[...document.querySelectorAll('.column h4 + ol > li')].filter((li) => li.offsetHeight).length"
    ) == sum(only)


def test_filters_and_categories(browser: Browser, demo: Path):
    browser.open(demo)
    rows = "document.querySelectorAll('#runs ~ * tbody tr').length"
    everything = browser.js(rows)
    browser.js(
        "(() => { const i = document.getElementById('filter-text'); i.value = 'bm25'; i.dispatchEvent(new Event('input')); })()"
    )
    assert 0 < browser.js(rows) < everything
    assert "bm25" in browser.js("document.querySelector('#runs ~ * tbody tr').textContent")
    assert browser.js("document.querySelectorAll('a.point').length") == browser.js(rows)
    browser.js(
        "(() => { const i = document.getElementById('max-tokens'); i.value = '1'; i.dispatchEvent(new Event('input')); })()"
    )
    assert "none of these runs" in page(browser)
    shown_mean = browser.js("document.querySelector('#categories ~ * tbody td.number a').textContent")
    follow(browser, "#categories ~ * tbody td.number a")
    assert f"mean evidence recall {shown_mean} %" in page(browser)
    assert (
        browser.js("new Set([...document.querySelectorAll('tbody td:nth-child(2)')].map((td) => td.textContent)).size")
        == 1
    )


def test_sorting_and_the_plot_work_by_keyboard(browser: Browser, demo: Path):
    browser.open(demo)
    column = "[...document.querySelectorAll('#runs ~ * tbody tr')].map((r) => parseFloat(r.cells[{}].textContent.replace(',', '')))"
    head = "document.querySelectorAll('#runs ~ * thead th')[{}]"
    place = browser.js(
        "[...document.querySelectorAll('#runs ~ * thead th')].findIndex((th) => th.textContent.includes('context'))"
    )
    browser.js(f"{head.format(place)}.querySelector('button').focus()")
    for expected in ("descending", "ascending"):
        browser.press("Enter")
        assert browser.js(f"{head.format(place)}.getAttribute('aria-sort')") == expected
        values = browser.js(column.format(place))
        assert values == sorted(values, reverse=expected == "descending") and len(set(values)) > 1
    assert browser.js("document.querySelectorAll('#runs ~ * th[aria-sort=ascending]').length") == 1
    assert "ascending" in browser.js("document.getElementById('status').textContent")
    browser.press("Tab")
    assert browser.js("document.activeElement.tagName") == "BUTTON"
    browser.js("document.querySelector('a.point[tabindex=\"0\"]').focus()")
    before = browser.js("document.querySelector('.tip').textContent")
    browser.press("ArrowRight")
    assert browser.js("document.querySelector('.tip').textContent") != before
    place = browser.js("document.activeElement.getAttribute('href')")
    browser.press("Enter")
    browser.ready(place)
    browser.open(demo)
    browser.press("Tab")
    assert browser.js("document.activeElement.className") == "skip"
    browser.press("Enter")
    assert browser.js("document.activeElement.id") == "main" and browser.js("location.hash") == "#/"


def places(browser: Browser, index: Path) -> list[str]:
    browser.open(index)
    run = browser.js("document.querySelector('#runs ~ * tbody th a').getAttribute('href')")
    browser.open(index, run)
    question = browser.js("document.querySelector('tbody th a').getAttribute('href')")
    return ["#/", run, question, f"{question}/@1"]


@pytest.mark.parametrize("width", [1280, 400])
def test_pages_fit_the_window_and_say_what_things_are(browser: Browser, demo: Path, hostile: Path, width: int):
    browser.size(width)
    for index in (demo, hostile):
        for place in places(browser, index):
            browser.open(index, place)
            assert browser.js("document.documentElement.scrollWidth <= innerWidth"), (place, width)
            for rule in (
                "document.querySelectorAll('h1').length === 1",
                "[...document.querySelectorAll('input,select')].every((each) => each.labels.length === 1 && each.labels[0].textContent.trim())",
                "[...document.querySelectorAll('table')].every((each) => each.caption && each.caption.textContent)",
                "[...document.querySelectorAll('th')].every((each) => each.scope)",
                "[...document.querySelectorAll('button,a:not(.point)')].every((each) => each.textContent.trim())",
                "[...document.querySelectorAll('.point[href]')].every((each) => each.getAttribute('aria-label'))",
            ):
                assert browser.js(rule), (rule, place)


def contrast(one: Any, other: Any) -> float:
    """The contrast ratio of two colours (WCAG 2.2)."""

    def light(colour: list[int]) -> float:
        parts = [c / 255 for c in colour[:3]]
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_light_and_dark_can_be_read(browser: Browser, demo: Path, dark: bool):
    browser.size(1280, dark=dark)
    browser.open(demo)
    style = "getComputedStyle(document.documentElement).getPropertyValue('--{}').trim()"

    def colour(name: str) -> list[int]:
        value = browser.js(style.format(name))
        return [int(value[at : at + 2], 16) for at in (1, 3, 5)]

    pairs = [("text", "back"), ("dim", "back"), ("dim", "soft"), ("link", "back"), ("link", "soft"), ("text", "soft")]
    pairs += [(name, f"{name}-back") for name in ("good", "bad", "warn", "new")]
    pairs += [("text", f"{name}-back") for name in ("good", "bad", "warn")]
    for ink, paper in pairs:
        assert contrast(colour(ink), colour(paper)) >= 4.5, (ink, paper)
    for place in range(8):
        assert contrast(colour(f"s{place}"), colour("back")) >= 3, place


def test_wrong_addresses_and_lost_files_are_explained(browser: Browser, demo: Path, tmp_path: Path):
    for place in (
        "#/run/nothing",
        "#/question/nothing/@0",
        "#/question/@0/@99",
        "#/question/@0",
        "#/%E0%A4%A",
        "#/x/y",
    ):
        browser.open(demo, place)
        assert "Not in this report" in page(browser), place
    for path in demo.parent.rglob("*.*"):
        if path.name != "run-0.js":
            target = tmp_path / path.relative_to(demo.parent)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(path.read_bytes())
    browser.open(tmp_path / "index.html", "#/run/@0")
    assert "data/run-0.js cannot be read" in page(browser)
    browser.problems[:] = [each for each in browser.problems if "ERR_FILE_NOT_FOUND" not in each]
