"""A run's id says what was run, wherever the classes lie; what was stored before is still found, shown and gated."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.dialogues import Memory
from support.plans import DOCUMENT, TOKENIZER, plan, window

from memeval.cli import main
from memeval.kit.errors import ConfigError
from memeval.options import identity
from memeval.records.runs import load

ROOT = Path(__file__).resolve().parents[2]
STORED = ROOT / "tests" / "fixtures" / "version_1"
BM25: dict[str, Any] = {"_target_": "memeval.strategies.long_term.bm25.BM25", "writing": None}


class Mine:
    """A class that no config names."""

    def __init__(self, size: int = 3, share: float = 0.5, words: tuple[str, ...] = ("a",), rate: float = 60) -> None:
        self.size, self.share, self.words, self.rate = size, share, words, rate


def mine(**options: Any) -> Mapping[str, Any]:
    return {"_target_": f"{__name__}.Mine", **options}


def run_id(memory: Mapping[str, Any]) -> str:
    return plan(Memory(), memory).run_id


def test_an_option_is_named_by_its_group_and_its_name() -> None:
    node = identity.described({**BM25, "k1": 2})
    assert node == {"option": "retriever/bm25", "version": 1, "writing": None, "k1": 2.0}
    assert identity.built_from(node) == {**BM25, "k1": 2.0}
    assert identity.described(TOKENIZER)["option"] == "tokenizer/get_tokenizer"
    assert identity.described({"_target_": None}) is None, "the option `none` of a group"


def test_a_class_of_ones_own_is_named_by_its_path() -> None:
    assert identity.described(mine(size=4)) == {"class": f"{__name__}.Mine", "size": 4}


def test_what_equals_the_default_changes_no_id() -> None:
    ids = [run_id(mine()), run_id(mine(size=3)), run_id(mine(share=0.5)), run_id(mine(words=["a"]))]
    assert len(set(ids)) == 1
    others = {run_id(mine(size=4)), run_id(mine(share=1)), run_id(mine(words=["b"])), ids[0]}
    assert len(others) == 4
    assert run_id(mine(share=1)) == run_id(mine(share=1.0)), "one setting, written in two ways"
    assert run_id(mine(rate=60)) == run_id(mine(rate=60.0)) == ids[0], "a float whose default has no point"


def test_no_stored_result_names_code() -> None:
    for node in (
        {"class": "subprocess.getoutput"},
        {"_target_": "subprocess.getoutput"},
        {"option": "writing/none"},
        {},
    ):
        with pytest.raises(ConfigError):
            identity.built_from(node)
    nested = {"option": "retriever/bm25", "writing": {"class": "subprocess.getoutput"}}
    with pytest.raises(ConfigError, match="subprocess.getoutput"):
        identity.built_from(nested)


def test_the_window_counts_where_an_outcome_depends_on_it() -> None:
    reader = {"_target_": "memeval.answers.reader.Reader", "model": {"_target_": "x.Y"}}
    for changes, depends in (({}, False), ({"reader": reader}, True), ({"mode": "replay"}, True)):
        ids = {plan(Memory(), window(), window=size, **changes).run_id for size in (128_000, 200_000)}
        assert len(ids) == (2 if depends else 1), changes


def test_two_options_of_one_class_are_one_thing() -> None:
    with_target = {name: option for name, option in identity.options().items() if "/" in name}
    assert with_target["vector_store/chroma"].target == with_target["vector_store/chroma_server"].target
    node = {"_target_": with_target["vector_store/chroma_server"].target}
    assert identity.described(node)["option"] == "vector_store/chroma"


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(ROOT)
    shutil.copytree(STORED, tmp_path / "stored")
    return tmp_path / "stored"


def test_runs_of_version_1_are_read(stored: Path) -> None:
    folders = sorted(path.parent for path in stored.glob("runs/*/*/run.json"))
    assert len(folders) == 4
    for folder in folders:
        assert json.loads((folder / "run.json").read_text())["schema_version"] == 1
        run = load(folder)
        assert run.id == folder.name
        assert "_target_" not in json.dumps(run.record.identity)
        assert run.record.identity["document"]["option"] == identity.described(DOCUMENT)["option"]


def test_runs_of_version_1_are_found_shown_scored_and_compared(
    stored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = f"results={stored / 'runs'}"
    assert main(["show", "--results", str(stored / "runs")]) == 0
    assert "sliding_window+bm25-60-56b104cd83" in capsys.readouterr().out
    assert main(["show", "sliding_window+bm25-60-56b104cd83", "--results", str(stored / "runs")]) == 0
    assert main(["score", "sliding*", "full*", "none*", root]) == 0
    assert "100.0" in capsys.readouterr().out
    assert main(["compare", "sliding*", "none*", root]) == 0
    assert main(["cost", "sliding*", root]) == 0


def test_a_baseline_of_version_1_gates_a_new_run(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["benchmark=jsonl", "benchmark.path=tests/fixtures/dialogues.jsonl", "strategy=sliding_window"]
    words += ["retriever=bm25", "budget=60", "progress=off"]
    results = ["--results", str(stored / "new")]
    assert main(["gate", "--baseline", str(stored / "baseline"), *results, *words]) == 0, capsys.readouterr()
    printed = capsys.readouterr().out
    assert "same" in printed and "new" not in printed.split("same")[0], "the same run, under today's id"
    # The stored run of that time answers to its baseline, too.
    assert main(["gate", "--baseline", str(stored / "baseline"), "--results", str(stored / "runs")]) == 0
