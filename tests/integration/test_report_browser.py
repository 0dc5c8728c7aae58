"""A report in a real browser, from disk: hostile texts stay text, two clicks from a score to its question, keyboard."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.browser import CHROMIUM, Browser
from support.hostile import PAYLOADS, Hostile, stored

from memeval.cli.main import main
from memeval.reports.html import write_report
from memeval.scoring.evaluate import evaluate
from memeval.scoring.measures import ContextTokens, EvidenceRecall, ReadSeconds
from memeval.scoring.rows import Row

MEASURES = (EvidenceRecall(), ContextTokens(), ReadSeconds(p=95))


def started(profile: Path) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("install chromium (Debian: apt-get install chromium) to test the report in a browser")
    found = Browser(profile, CHROMIUM)
    yield found
    found.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    yield from started(tmp_path_factory.mktemp("profile"))


@pytest.fixture
def attacked(tmp_path: Path) -> Iterator[Browser]:
    """A browser of its own, since refusals, which come when they come, are no problem here."""
    yield from started(tmp_path / "profile")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [Row(run, evaluate(run, MEASURES)) for run in stored(tmp_path_factory.mktemp("runs"))]
    return write_report(rows, MEASURES, tmp_path_factory.mktemp("hostile") / "<b> 'q' %41", PAYLOADS[1]).index


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    words = ["benchmark=demo", "strategy=sliding_window,truncation", "retriever=none,bm25", "limit=2", "progress=off"]
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


def _data(index: Path, name: str) -> Any:
    """What is in a data file."""
    text = (index.parent / "data" / f"{name}.js").read_text(encoding="ascii")
    return json.loads(text.removeprefix(f"memevalData('{name}','").removesuffix("');\n").replace("\\\\", "\\"))


def follow(browser: Browser, selector: str) -> str:
    """A click on a link; gives where it leads."""
    place = str(browser.js(f"document.querySelector({json.dumps(selector)}).getAttribute('href')"))
    click = "dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))"
    browser.js(f"document.querySelector({json.dumps(selector)}).{click}")
    browser.ready(place)
    return place


def files(browser: Browser) -> set[str]:
    return {address.split("#")[0].rsplit("/", 1)[1] for address in browser.requests if address.startswith("file:")}


def fill(browser: Browser, control: str, value: str) -> None:
    """Give an input or a list of choices (an expression) another value, as a user does."""
    events = "c.dispatchEvent(new Event('input')); c.dispatchEvent(new Event('change'));"
    browser.js(f"(() => {{ const c = {control}; c.value = {json.dumps(value)}; {events} }})()")


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
        for question in questions:
            assert shown(question.id) in text and shown(question.query.text) in text
    names = [run["name"] for run in _data(hostile, "summary")["runs"]]
    window, derived, failing = (
        next(at for at, name in enumerate(names) if name.startswith(start)) for start in ("sliding", "summary", "<b")
    )
    for place in range(0, len(PAYLOADS), 3):
        where = f"#/question/@{place + 16 * (place % 2)}/@{window}/@{derived if place % 2 else failing}"
        browser.open(hostile, where)
        untouched(browser)
        text = page(browser)
        for payload in PAYLOADS[:-1]:
            assert shown(payload) in text, (where, payload)
        assert PAYLOADS[-1] not in text and f"Show all {len(PAYLOADS[-1]) + 70:,}"[:10] in text
        assert ("\u2713 judged correct" in text) == bool(place % 2)
        assert ("derived text only" if place % 2 else "\u2717 failed") in text
    buttons = "[...document.querySelectorAll('button')].filter((each) => each.textContent.startsWith('Show all'))"
    browser.js(f"{buttons}.forEach((each) => each.click())")
    assert PAYLOADS[-1] in page(browser)
    untouched(browser)


def test_links_lead_to_hostile_ids(browser: Browser, hostile: Path):
    browser.open(hostile)
    runs = browser.js("[...document.querySelectorAll('#runs ~ * tbody th a')].map((a) => a.getAttribute('href'))")
    ids = [run["id"] for run in _data(hostile, "summary")["runs"]]
    # A run's id is a plain name; one with signs that have a meaning in an address stands as its number.
    unsafe = "na\u00efve+run~1"
    expected = [f"#/run/@{place}" if name == unsafe else f"#/run/{name}" for place, name in enumerate(ids)]
    assert len(runs) == 3 and runs == expected and unsafe in ids
    for run in runs:
        browser.open(hostile, run)
        links = browser.js("[...document.querySelectorAll('tbody th a')].map((a) => a.getAttribute('href'))")
        assert len(set(links)) == 32
        for link in links[::9]:
            browser.open(hostile, link)
            assert browser.js("document.querySelector('h1').textContent").startswith("Question ")


# Directives have standard names; what a browser writes to its console about them has not.
_NOTED = """window.refused = [];
document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));"""


def test_the_policy_stops_what_would_run(attacked: Browser, demo: Path):
    attacked.open(demo)
    attacked.js(_NOTED)
    refused = """(() => {
      const make = (name) => document.createElement(name);
      const tries = [
        () => { document.body.innerHTML = "<img src=x onerror=window.hacked=1>"; },
        () => { const script = make("script"); script.text = "window.hacked=1"; document.head.append(script); },
        () => { make("script").src = "https://example.org/x.js"; },
        () => { make("button").setAttribute("onclick", "window.hacked=1"); },
        () => eval("window.hacked=1"),
      ];
      return tries.map((attempt) => { try { attempt(); return "done"; } catch (error) { return error.name; } });
    })()"""
    results = attacked.js(refused)
    # A handler that is set may be refused only when it would run.
    assert set(results[:3]) == {"TypeError"} and results[4] in ("EvalError", "TypeError"), results
    assert attacked.js("fetch('https://example.org/').then(() => 'fetched', () => 'refused')") == "refused"
    attacked.wait("refused.includes('connect-src') && refused.includes('require-trusted-types-for')")
    assert attacked.js("typeof window.hacked") == "undefined"
    assert attacked.problems


def test_the_policy_stops_markup_that_was_not_escaped(attacked: Browser, demo: Path, tmp_path: Path):
    """As if our escaping had failed: the payloads stand in the page itself."""
    shutil.copytree(demo.parent, tmp_path / "copy")
    index = tmp_path / "copy" / "index.html"
    head = index.read_text(encoding="utf-8").split("<main")[0]
    payloads = ["<button onclick=window.hacked=1>x</button>", PAYLOADS[0], PAYLOADS[2], PAYLOADS[3]]
    index.write_text(head + "".join(payloads) + "<main id=main>", encoding="utf-8")
    attacked.call("Page.addScriptToEvaluateOnNewDocument", source=_NOTED)
    attacked.call("Page.navigate", url=index.as_uri())
    attacked.wait("document.querySelector('svg') && document.querySelector('img') && window.memevalData")
    attacked.js("document.querySelector('button').click()")
    attacked.wait("['script-src-elem', 'script-src-attr', 'img-src'].every((each) => refused.includes(each))")
    assert attacked.js("typeof window.hacked") == "undefined"
    assert attacked.problems


def test_two_clicks_from_a_score_to_the_question_behind_it(browser: Browser, demo: Path):
    browser.open(demo)
    assert "For at most 2,000 tokens and 50 ms" in page(browser)
    # However many runs there are, a page loads what it shows.
    loaded = {"index.html", "report.css", "report.js", "summary.js"}
    assert files(browser) == loaded
    run = follow(browser, "#runs ~ * tbody td.number a")
    assert run.startswith("#/run/") and "measure=0" in run
    assert {re.sub(r"\d+", "N", name) for name in files(browser) - loaded} == {"questions.js", "run-N.js"}
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
    second = "document.querySelectorAll('.controls select')[1]"
    fill(browser, second, browser.js(f"{second}.options[2].value"))
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


def test_questions_of_two_runs_lead_to_where_they_differ(browser: Browser, demo: Path):
    runs = _data(demo, "summary")["runs"]
    names = [run["name"] for run in runs]
    one, other = names.index("sliding_window + bm25"), names.index("truncation")
    values = zip(*(_data(demo, f"run-{place}")["values"]["0"] for place in (one, other)), strict=True)
    differences = [a - b for a, b in values if a is not None and b is not None]
    browser.open(demo)
    place = follow(browser, f"#runs ~ * tbody tr:nth-child({1 + one}) th a")
    fill(browser, "document.querySelectorAll('.controls select')[3]", runs[other]["id"])
    browser.wait("document.querySelector('thead').textContent.includes('difference')")
    found = re.findall(r"Better here: (\d+), better in truncation: (\d+), equal: (\d+)", page(browser))
    signs = [(d > 0) - (d < 0) for d in differences]
    assert [int(number) for number in found[0]] == [signs.count(sign) for sign in (1, -1, 0)] and signs.count(1) > 0
    # What this run loses by stands first.
    cells = browser.js("[...document.querySelectorAll('tbody tr')].map((each) => each.cells[6].textContent)")
    shown = [float(cell.replace("\u2212", "-")) for cell in cells if cell != "\u2013"]
    assert len(shown) > 20 and shown == pytest.approx([100 * d for d in sorted(differences)[: len(shown)]], abs=0.06)
    kept = browser.js("location.hash")
    assert kept.startswith(place.split("?")[0]) and "other=" in kept
    browser.js("window.scrollTo(0, 300)")
    question = follow(browser, "tbody tr:nth-child(9) th a")
    assert question.count("/") == 4 and browser.js("document.querySelectorAll('.column').length") == 2
    browser.js("history.back()")
    browser.ready(kept)
    assert browser.js("[scrollY, document.querySelector('tbody tr').cells.length]") == [300, 8]


def test_filters_and_categories(browser: Browser, demo: Path):
    browser.open(demo)
    rows = "document.querySelectorAll('#runs ~ * tbody tr').length"
    everything = browser.js(rows)
    fill(browser, "document.getElementById('filter-text')", "bm25")
    assert 0 < browser.js(rows) < everything
    assert "bm25" in browser.js("document.querySelector('#runs ~ * tbody tr').textContent")
    assert browser.js("document.querySelectorAll('a.point').length") == browser.js(rows)
    fill(browser, "document.getElementById('max-tokens')", "1")
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
    rows = "[...document.querySelectorAll('#runs ~ * tbody tr')]"
    column = rows + ".map((each) => parseFloat(each.cells[{}].textContent.replace(',', '')))"
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
                "[...document.querySelectorAll('input,select')].every((each) => each.labels.length === 1)",
                "[...document.querySelectorAll('input,select')].every((each) => each.labels[0].textContent.trim())",
                "[...document.querySelectorAll('table')].every((each) => each.caption && each.caption.textContent)",
                "[...document.querySelectorAll('th')].every((each) => each.scope)",
                "new Set([...document.querySelectorAll('[role=region]')].map((each) => each.ariaLabel)).size"
                " === document.querySelectorAll('[role=region]').length",
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
