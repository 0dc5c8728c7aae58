"""The files of a report: complete, the same every time, and nothing in them that could break out of its string."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dialogues import dialogue
from support.hostile import IDS, PAYLOADS, Hostile, stored

from memeval.cli.main import main
from memeval.kit.errors import RecordsError
from memeval.kit.types import ContextPart, Outcome
from memeval.reports.html import Written, write_report
from memeval.reports.html.packing import Packer, found_of
from memeval.reports.html.scripts import script
from memeval.scoring.evaluate import evaluate
from memeval.scoring.measures import ContextTokens, EvidenceRecall, ReadSeconds
from memeval.scoring.rows import Row

MEASURES = (EvidenceRecall(), ContextTokens(), ReadSeconds(p=95))


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    runs = stored(tmp_path_factory.mktemp("runs"))
    return [Row(run, evaluate(run, MEASURES)) for run in runs]


@pytest.fixture(scope="module")
def written(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write_report(rows, MEASURES, tmp_path_factory.mktemp("report") / "out", "</title><script>")


def read(path: Path) -> Any:
    """What the page gets: the string of the call, unescaped as JavaScript does, parsed as JSON."""
    found = re.fullmatch(r"memevalData\('([a-z0-9-]+)','(.*)'\);\n", path.read_text(encoding="ascii"), re.DOTALL)
    assert found is not None and found[1] == path.stem
    return json.loads(found[2].replace("\\\\", "\\"))


TEXTS = st.text(alphabet=st.characters(exclude_categories=()), max_size=40) | st.sampled_from(PAYLOADS)


@given(st.recursive(TEXTS | st.integers() | st.none(), lambda x: st.lists(x) | st.dictionaries(TEXTS, x), max_leaves=8))
def test_no_value_can_end_its_string_or_its_script(value: Any):
    text = script("turns-0-0", value)
    inside = text.removeprefix("memevalData('turns-0-0','").removesuffix("');\n")
    assert text.isascii() and text.count("\n") == 1
    assert not set("<>&'`\n\r") & set(inside)
    # Backslashes come in pairs: none is left to escape the quote at the end.
    assert set(map(len, re.findall(r"\\+", inside))) <= {n * 2 for n in range(1, 200)}
    assert json.loads(inside.replace("\\\\", "\\")) == value


def test_every_text_is_there_once_and_file_names_are_our_own(written: Written):
    data = written.index.parent / "data"
    names = sorted(path.name for path in data.iterdir())
    assert all(re.fullmatch(r"(summary|questions|run-\d(-\d+)?|turns-0-\d+)\.js", name) for name in names), names
    assert written.files == len(names)
    questions = read(data / "questions.js")["questions"]
    assert [each["id"] for each in questions] == [q.id for d in Hostile() for q in d.questions]
    turns: dict[str, Any] = {}
    for path in data.glob("turns-0-*.js"):
        turns |= read(path)
    for number, each in enumerate(Hostile()):
        kept = turns[str(number)]
        assert kept["ids"] == [turn.id for turn in each.turns] and kept["id"] == each.id
        assert all(turn.text.strip() in text for turn, text in zip(each.turns, kept["texts"], strict=True))
    # A run names turns by their number: none of their texts is written again.
    assert (data / "run-0-0.js").stat().st_size < 40_000 < (data / "turns-0-0.js").stat().st_size
    assert IDS[0] not in (data / "run-0-0.js").read_text()


def test_the_page_has_a_strict_policy_and_no_script_of_its_own(written: Written):
    page = written.index.read_text(encoding="utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None and page.index("Content-Security-Policy") < page.index("<script")
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    assert rules["default-src"] == "'none'" and rules["base-uri"] == "'none'" and rules["form-action"] == "'none'"
    assert rules["script-src"] == "'self' file:" and rules["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in policy[1] and "http:" not in policy[1]
    assert re.findall(r"<script[^>]*>[^<]*</script>", page) == ['<script src="report.js" defer></script>']
    assert "<title>&lt;/title&gt;&lt;script&gt; - memeval</title>" in page
    code = (written.index.parent / "report.js").read_text(encoding="utf-8")
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "eval(",
        "Function(",
        "http://",
        "https://",
    ):
        assert word not in code.replace("http://www.w3.org/2000/svg", ""), word


def test_the_summary_has_the_scores_of_the_runs(written: Written, rows: list[Row]):
    summary = read(written.index.parent / "data" / "summary.js")
    by_id = {row.run.id: row for row in rows}
    assert len(summary["runs"]) == 3 and summary["questions"] == 32 and summary["dialogues"] == 2
    assert summary["categories"] == list(PAYLOADS[:3]) and sum(summary["counts"]) == 32
    for place, run in enumerate(summary["runs"]):
        scores = by_id[run["id"]].scores
        for measure, shown in zip(MEASURES, run["scores"], strict=True):
            value = scores[measure].value
            assert (shown is None) == (value is None)
            assert shown is None or shown["v"] == pytest.approx(value, rel=1e-5)
        detail = read(written.index.parent / "data" / f"run-{place}.js")
        values = np.array(detail["values"]["0"], dtype=float)
        assert values == pytest.approx(scores.values[MEASURES[0]], rel=1e-4)
        assert run["failed"] == sum(found < 0 for found, _ in detail["found"])
    assert [run["scores"][0]["v"] for run in summary["runs"]] == [1.0, 0.0, 0.0]


def test_the_same_runs_give_the_same_files_and_another_folder_is_left_alone(rows: list[Row], tmp_path: Path):
    def content(folder: Path) -> dict[str, bytes]:
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    write_report(rows, MEASURES, tmp_path / "a", "title")
    first = content(tmp_path / "a")
    write_report(rows[::-1], MEASURES, tmp_path / "b", "title")
    assert content(tmp_path / "b") == first
    # Written again with fewer runs nothing of the old ones stays; what is not ours does.
    (tmp_path / "a" / "data" / "notes.txt").write_text("mine")
    write_report(rows[:1], MEASURES, tmp_path / "a", "title")
    assert not (tmp_path / "a" / "data" / "run-1.js").exists() and (tmp_path / "a" / "data" / "notes.txt").exists()
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "thesis.txt").write_text("mine")
    with pytest.raises(RecordsError, match="other files than a report"):
        write_report(rows, MEASURES, tmp_path / "c", "title")
    assert [path.name for path in (tmp_path / "c").iterdir()] == ["thesis.txt"]


def unpacked(packed: list[Any], ids: list[str]) -> list[list[str]]:
    found: list[list[Any]] = []
    for each in packed:
        if isinstance(each, dict):
            found += [[place] for place in range(each["r"][0], each["r"][1] + 1)]
        else:
            found.append(each if isinstance(each, list) else [each])
    return [[ids[place] if isinstance(place, int) else place for place in sources] for sources in found]


SOURCES = st.lists(st.sampled_from([f"t{n}" for n in range(20)] + ["t99", "<no turn>"]), max_size=3)


@given(st.lists(SOURCES, max_size=30))
def test_packed_sources_are_found_again(segments: list[list[str]]):
    about = dialogue(n=20)
    part = ContextPart("memory", True, tuple(map(tuple, segments)))
    outcome = Outcome(about.id, about.questions[0].id, 20, (part,), None, {})
    ids = [turn.id for turn in about.turns]
    packed = Packer(about).outcome(outcome)
    assert unpacked(packed["context"][0]["sources"], ids) == segments
    gold = set(about.questions[0].evidence or ())
    assert found_of(about.questions[0], outcome) == (len(gold & {s for each in segments for s in each}), len(gold))
    assert found_of(about.questions[0], None) == (-1, len(gold))


def test_a_verdict_is_said_in_words():
    about = next(iter(Hostile()))
    verdict = {"correct": True, "votes": [True, False, True], "reason": PAYLOADS[0], "agreement": 2 / 3}
    packed = Packer(about).outcome(Outcome(about.id, about.questions[0].id, 16, (), None, {}, verdict=verdict))
    assert packed["verdict"] == {
        "correct": "yes",
        "votes": "yes, no, yes",
        "reason": PAYLOADS[0],
        "agreement": str(2 / 3),
    }


def test_the_command_writes_the_demo_and_explains_what_it_cannot_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    results, out = f"results={tmp_path / 'runs'}", f"out={tmp_path / 'report'}"
    overrides = ["benchmark=demo", "strategy=sliding_window", "limit=2", "references=[none]", results, "progress=off"]
    assert main(["run", *overrides]) == 0
    assert main(["report", results, out]) == 0
    assert "index.html" in capsys.readouterr().out
    summary = read(tmp_path / "report" / "data" / "summary.js")
    assert [run["strategy"] for run in summary["runs"]] == ["sliding_window", "none"]
    # No call of a model was paid: money is what the contexts cost as input.
    assert summary["measures"][summary["dollars"]]["name"].startswith("InputDollars")
    assert summary["runs"][0]["scores"][summary["dollars"]]["v"] > 0
    for words, message in (
        ([results], "name the folder"),
        ([results, out, "colour=red"], "not colour="),
        ([results, out, "nothing"], "no run matches"),
        ([f"results={tmp_path / 'empty'}", out], "no runs in"),
        ([results, out, "measures=[]"], "shows nothing"),
    ):
        assert main(["report", *words]) == 2
        assert message in capsys.readouterr().err
