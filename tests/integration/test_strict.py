"""--strict: what is skipped, cut, empty, unfit or unfinished is said below the tables, and ends a command with 1."""

import csv
import io
import json
from pathlib import Path

import pytest

from memeval.cli.main import main
from memeval.options import identity
from memeval.options.identity import tuned_on

FACTS = "facts: "
UNFIT = "do not fit the context window of"


def data(folder: Path, language: str = "en") -> str:
    """Three dialogues of 20 turns with 10 questions each; in German the rules that find facts find none."""
    said = {"en": "My box {} is green.", "de": "Die Kiste {} steht im Keller und nicht im Garten."}[language]
    lines = []
    for number in range(3):
        turns = [
            {"id": f"t{place}", "speaker": "Ann", "role": "user", "text": said.format(f"n{place}")}
            for place in range(20)
        ]
        questions = [
            {"id": f"q{number}-{place}", "text": f"n{place}?", "answers": ["green"], "evidence": [f"t{place}"]}
            for place in range(10)
        ]
        lines.append(json.dumps({"id": f"d{number}", "turns": turns, "questions": questions}))
    path = folder / f"data.{language}.jsonl"
    path.write_text("\n".join(lines))
    return f"benchmark.path={path}"


def run(folder: Path, *words: str) -> int:
    return main(["run", "benchmark=jsonl", "progress=off", f"results={folder}/runs", *words])


def test_a_whole_run_passes_and_one_with_gaps_does_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, data(tmp_path), "strategy=truncation", "budget=100", "--strict") == 0
    assert "strict" not in capsys.readouterr().err
    german = (data(tmp_path, "de"), "strategy=none", "retriever=kv", "references=[]", "budget=100")
    for asked in ("--strict", "strict=yes", "--strict=true"):
        assert run(tmp_path, *german, asked) == 1
        streams = capsys.readouterr()
        assert f"{FACTS}0 of 60 turns" in streams.out and "2 lines above say what is missing" in streams.err
    for asked in ("strict=no", "--strict=off"):
        assert run(tmp_path, *german, asked) == 0
    assert run(tmp_path, *german[:2], "retriever=bm25", *german[3:]) == 0
    runs = [f"results={tmp_path}/runs"]
    capsys.readouterr()
    for command in (
        ["score", "none+kv*", *runs],
        ["compare", "none+*", *runs],
        ["compare", "none+*", *runs, "format=csv"],
        ["report", "none+*", *runs, f"out={tmp_path / 'pages'}"],
    ):
        assert main(command) == 0, command
        streams = capsys.readouterr()
        assert FACTS in streams.out + streams.err, command
        assert main([*command, "--strict"]) == 1, command
        capsys.readouterr()
    baseline = ["gate", "--baseline", str(tmp_path / "baseline"), "--results", f"{tmp_path}/runs", "none+kv*"]
    assert main([*baseline, "--update"]) == 0
    capsys.readouterr()
    assert main(baseline) == 0
    assert FACTS in capsys.readouterr().out
    assert main([*baseline, "--format", "json", "--strict"]) == 1
    streams = capsys.readouterr()
    assert json.loads(streams.out) and FACTS in streams.err


def test_prompts_that_do_not_fit_have_a_marked_dash_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (data(tmp_path), "strategy=truncation", "target=gpt-4o", "target.window=150", "references=[]")
    # A context that fills the window leaves no room for the question.
    for budget in (150, 50):
        assert run(tmp_path, *words, f"budget={budget}") == 0
    capsys.readouterr()
    runs = [f"results={tmp_path}/runs"]
    measures = "measures=[EvidenceRecall,InputDollars]"
    assert main(["compare", "*", *runs, measures, "across=budget"]) == 0
    text = capsys.readouterr().out
    lines = [line for line in text.split("\n") if line.strip().startswith("truncation")]
    assert [(" 150 " in line, "–*" in line) for line in lines[:2]] == [(True, True), (False, False)] and UNFIT in text
    assert main(["compare", "*", *runs, measures, "across=budget", "format=csv"]) == 0
    streams = capsys.readouterr()
    rows = [row for row in csv.DictReader(io.StringIO(streams.out)) if row["measure"].startswith("InputDollars")]
    assert {(row["budget"], row["value"] == "", row["unfit"]) for row in rows} == {
        ("150", True, "30"), ("50", False, "0"),
    }  # fmt: skip
    assert UNFIT in streams.err
    assert main(["report", "*", *runs, measures, f"out={tmp_path / 'pages'}", "--strict"]) == 1
    assert UNFIT in capsys.readouterr().out
    pages = "".join(path.read_text() for path in (tmp_path / "pages").rglob("*.js"))
    assert UNFIT in pages and '"unfit": [0, 30' in pages.replace('"unfit":[0,30', '"unfit": [0, 30')


def test_strict_is_for_commands_with_results(capsys: pytest.CaptureFixture[str]) -> None:
    for words, says in (
        (["list", "--strict"], "memeval list takes"),
        (["gate", "baseline=x", "strict=perhaps"], "strict=perhaps is unknown: choose one of yes, no"),
    ):
        assert main(words) == 2
        assert says in capsys.readouterr().err


def test_the_first_line_says_who_has_which_part_of_the_budget(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = data(tmp_path)
    for words, line in (
        (
            ["retriever=bm25"],
            "Memory: sliding_window with at least 150 of 300 tokens (retrieved_share=0.5) beside bm25.",
        ),
        (
            ["retriever=bm25", "memory.retrieved_share=0.8"],
            "Memory: sliding_window with at least 60 of 300 tokens (retrieved_share=0.8) beside bm25.",
        ),
        (["retriever=bm25", "strategy=none"], "Memory: bm25 alone with all 300 tokens."),
        (["strategy=truncation"], "Memory: truncation alone with all 300 tokens."),
    ):
        assert run(tmp_path, path, *words, "budget=300", "references=[]") == 0
        assert capsys.readouterr().out.split("\n")[0] == line


def test_settings_that_were_chosen_on_the_data_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    locomo = f"benchmark.path={Path(__file__).parents[1] / 'fixtures' / 'locomo.json'}"
    words = ["strategy=none", "progress=off", "references=[]", f"results={tmp_path}/runs"]
    said = "The default settings of retriever=graph were chosen on locomo: what"
    found = []
    for retriever in (["bm25"], ["graph"], ["decay", "retriever.inner=graph"]):
        given = ["benchmark=locomo", locomo, f"retriever={retriever[0]}", *retriever[1:], *words]
        assert main(["run", *given]) == 0
        found.append(said in capsys.readouterr().out)
    assert found == [False, True, True]
    runs = [f"results={tmp_path}/runs"]
    assert main(["compare", "*", *runs]) == 0
    assert f"{said} decay alone, graph alone reach here is too good" in capsys.readouterr().out
    assert main(["plot", "*", *runs, "kinds=[trade-off]", f"out={tmp_path / 'plots'}"]) == 0
    assert said in capsys.readouterr().out
    assert "settings of retriever=graph were chosen on this data" in (tmp_path / "plots" / "trade-off.svg").read_text()
    assert main(["report", "*", *runs, f"out={tmp_path / 'pages'}"]) == 0
    assert said in "".join(path.read_text() for path in (tmp_path / "pages").rglob("*.js"))
    capsys.readouterr()
    # The same settings over other data are as good as any.
    assert run(tmp_path, data(tmp_path), "strategy=none", "retriever=graph", "references=[]") == 0
    assert "were chosen on" not in capsys.readouterr().out


def test_an_option_says_in_its_yaml_what_it_was_tuned_on(tmp_path: Path) -> None:
    assert identity.options()["retriever/graph"].tuned_on == ("locomo",)
    assert identity.options()["retriever/bm25"].tuned_on == ()
    node = {"option": "retriever/decay", "inner": [{"option": "retriever/graph"}, {"class": "mine.Own"}]}
    assert tuned_on(node) == {"retriever/graph": ("locomo",)}
    with_composer = identity.described({"_target_": "memeval.strategies.long_term.graph.Graph", "_tuned_on_": ["x"]})
    assert "_tuned_on_" not in with_composer
