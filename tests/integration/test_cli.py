"""The command line from outside: what it prints, what it refuses, with which exit code."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from memeval.cli.main import COMMANDS

HERE = Path(__file__).resolve().parents[1]


def memeval(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(HERE.parent), str(HERE)])
    return subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-m", "memeval.cli", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths, "MEMEVAL_CACHE": str(folder / "cache"), **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


WORDS = "anchor lantern copper violin falcon meadow cellar pepper garden river lamp barley".split()
DIALOGUE = {
    "id": "ann",
    "turns": [
        {"id": f"t{i}", "session": f"s{i // 4}", "speaker": "AB"[i % 2], "role": ("user", "assistant")[i % 2],
         "text": f"We talked about the {word} by the harbour.", "time": f"2024-05-{1 + i // 4:02}T10:{i:02}:00"}
        for i, word in enumerate(WORDS)
    ],
    "questions": [
        {"id": "q0", "text": "Who told of the lantern?", "answers": ["lantern"], "evidence": ["t1"], "category": "far"},
        {"id": "q1", "text": "What about the barley?", "answers": ["barley"], "evidence": ["t11"], "category": "near"},
    ],
}  # fmt: skip


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps(DIALOGUE) + "\n")
    return path


def test_help_teaches_and_version_answers(tmp_path: Path):
    top = memeval("--help", folder=tmp_path)
    assert top.returncode == 0 and "memeval run -m strategy=" in top.stdout and "Exit codes" in top.stdout
    for command, *_ in COMMANDS:
        assert re.search(rf"^ +{command}\s", top.stdout, re.MULTILINE), command
        answer = memeval(command, "--help", folder=tmp_path)
        assert answer.returncode == 0 and f"memeval {command}" in answer.stdout, answer.stderr
    assert memeval("--version", folder=tmp_path).stdout.startswith("memeval ")
    assert memeval(folder=tmp_path).returncode == 2


def test_a_sweep_ends_with_one_table_and_can_be_looked_into(tmp_path: Path, own: Path):
    sweep = ("run", "-m", "benchmark=jsonl", f"benchmark.path={own}", "strategy=truncation,sliding_window",
             "retriever=none,bm25", "strategy.turns=2", "budget=150")  # fmt: skip
    wrong = memeval(*sweep, folder=tmp_path)
    assert wrong.returncode == 2 and "strategy.turns" in wrong.stderr
    done = memeval(*(word for word in sweep if not word.startswith("strategy.")), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "nothing but results when all is well and no terminal is there"
    for row in ("truncation", "sliding_window", "bm25", "oracle", "random", "full", "(chance)", "n = 2"):
        assert row in done.stdout
    assert "–" in done.stdout
    stored = memeval("show", folder=tmp_path)
    assert stored.stdout.count("finished") == 8
    looked = memeval("show", "truncation-150", folder=tmp_path)
    assert looked.returncode == 0 and "q0" in looked.stdout
    question = memeval("show", "truncation+bm25", "q0", folder=tmp_path)
    assert question.returncode == 0, question.stderr
    assert "Evidence: 1 of 1 turns in the context" in question.stdout and "found   t1" in question.stdout
    scored = memeval("score", "*bm25*", "measures=[Recall@1, EvidenceRecall(unit=session)]", folder=tmp_path)
    assert scored.returncode == 0 and "Recall(unit=turn,rule=fraction)@1" in scored.stdout
    again = memeval(*(word for word in sweep if not word.startswith("strategy.")), folder=tmp_path)
    assert again.stdout == done.stdout, "a finished sweep is not run again"


def test_list_names_every_group_and_what_can_be_measured(tmp_path: Path):
    listing = memeval("list", folder=tmp_path).stdout
    for word in ("strategy:", "retriever:", "benchmark:", "target:", "measures:", "presets:", "sliding_window", "bm25"):
        assert word in listing
    one = memeval("list", "retriever", folder=tmp_path)
    assert "bm25" in one.stdout and "strategy:" not in one.stdout
    assert memeval("list", "nonsense", folder=tmp_path).returncode == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "strategy=slidng"], "did you mean sliding_window"),
        (["run", "benchmark=jsonl"], "benchmark.path=FILE"),
        (["run", "benchmark=jsonl", "benchmark.path=nowhere.jsonl"], "nowhere.jsonl"),
        (["run", "benchmark=locomo", "benchmark.path=nowhere.json"], "nowhere.json does not exist"),
        (["run", "benchmark=jsonl", "benchmark.path=OWN", "budget=0"], "budget=0"),
        (["run", "benchmark=jsonl", "benchmark.path=OWN", "budget=1000000"], "larger than the context window"),
        (["run", "benchmark=jsonl", "benchmark.path=OWN", "workers=0"], "workers=0"),
        (["run", "benchmark=jsonl", "benchmark.path=OWN", "strategy.tokens=some"], "strategy.tokens='some'"),
        (["run", "benchmark=jsonl", "benchmark.path=OWN", "progress=maybe"], "progress='maybe'"),
        (["run", "benchmark=jsonl", "benchmark.path=OWN", "measures=[Recal@5]"], "Recall"),
        (
            ["run", "benchmark=jsonl", "benchmark.path=OWN", "results=/proc/nowhere"],
            "choose another folder|no permission",
        ),
        (["run", "benchmark=jsonl", "benchmark.path=OWN", "max_turn_tokens=3"], "more than max_turn_tokens=3"),
        (
            ["run", "strategy._target_=no.such.Thing", "benchmark=jsonl", "benchmark.path=OWN"],
            "no.such.Thing cannot be",
        ),
        (["score", "nothing"], "no run matches 'nothing'"),
        (["show", "nothing"], "no run matches 'nothing'"),
        (["data", "validate", "nowhere.jsonl"], "nowhere.jsonl"),
        (["reproduce", "nothing"], "choose some of"),
    ],
)
def test_bad_input_gets_a_sentence_and_exit_code_2(tmp_path: Path, own: Path, arguments: list[str], sentence: str):
    answer = memeval(*(word.replace("OWN", str(own)) for word in arguments), folder=tmp_path)
    assert answer.returncode == 2, answer.stdout + answer.stderr
    assert re.search(sentence, answer.stderr), answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: d.update(turns=[]), "turns"),
        (lambda d: d["turns"][3].update(text="a\0b"), "NUL"),
        (lambda d: d["turns"][3].update(text="a\ud800b"), "surrogate"),
        (lambda d: d["questions"][0].update(time="2020-01-01"), "before the first turn"),
        (lambda d: d["questions"][0].update(evidence=["t99"]), "t99"),
        (lambda d: d["questions"][0].update(evidence="t1"), "evidence"),
        (lambda d: d["turns"][3].update(text="word " * 100_000), "max_turn_tokens"),
    ],
)
def test_bad_data_get_a_sentence_and_exit_code_2(tmp_path: Path, change, sentence: str):
    broken = json.loads(json.dumps(DIALOGUE))
    change(broken)
    path = tmp_path / "broken.jsonl"
    path.write_text(json.dumps(broken) + "\n")
    answer = memeval("run", "benchmark=jsonl", f"benchmark.path={path}", folder=tmp_path)
    assert answer.returncode == 2 and sentence in answer.stderr, answer.stdout + answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_strategy_that_raises_fails_its_questions_and_the_run_says_so(tmp_path: Path, own: Path):
    plain = memeval(
        "run", "benchmark=jsonl", f"benchmark.path={own}", "strategy=none",
        "strategy._target_=support.strategies.RaisesOnWrite", folder=tmp_path,
    )  # fmt: skip
    assert plain.returncode == 1
    assert "RaisesOnWrite" in plain.stdout and "2 questions failed" in plain.stderr
    assert "cannot hold more than ten" in plain.stderr
    assert "0.0" in plain.stdout and "failed" in plain.stdout


def test_a_truncated_data_file_is_named(tmp_path: Path, own: Path):
    path = tmp_path / "cut.jsonl"
    path.write_bytes(own.read_bytes()[:-40])
    answer = memeval("run", "benchmark=jsonl", f"benchmark.path={path}", folder=tmp_path)
    assert answer.returncode == 2 and "line 1" in answer.stderr


def test_two_workers_and_one_print_the_same(tmp_path: Path, own: Path):
    lines = own.read_text()
    own.write_text(
        "".join(
            lines.replace('"ann"', f'"ann{i}"').replace('"q0"', f'"q0_{i}"').replace('"q1"', f'"q1_{i}"')
            for i in range(4)
        )
    )
    tables = [
        memeval("run", "benchmark=jsonl", f"benchmark.path={own}", f"workers={n}", f"results=r{n}",
                "measures=[EvidenceRecall, ContextTokens]", folder=tmp_path).stdout.replace(f"r{n}/", "")
        for n in (1, 2)
    ]  # fmt: skip
    assert tables[0] == tables[1] and "4 dialogues" in tables[0]


def test_a_run_without_a_model_imports_nothing_of_models(tmp_path: Path, own: Path):
    """Also where models are named and not used: their groups stand in the config of every run."""
    listed = tmp_path / "modules.json"
    code = (
        "import json, sys\nfrom memeval.cli.main import main\ncode = main(sys.argv[2:])\n"
        "open(sys.argv[1], 'w').write(json.dumps(sorted(sys.modules)))\nsys.exit(code)"
    )
    words = ["run", "-m", "benchmark=jsonl", f"benchmark.path={own}", "strategy=sliding_window,summary"]
    words += ["retriever=none,bm25", "budget=150", f"results={tmp_path / 'runs'}", "progress=off"]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent), "MEMEVAL_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-c", code, str(listed), *words]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(listed.read_text()))
    assert "memeval.harness.runner" in loaded
    adapters = {f"memeval.llm.{name}" for name in ("litellm_model", "calls", "replies", "retrying", "scripted")}
    assert not loaded & (adapters | {"litellm", "openai", "httpx", "jsonschema"})
