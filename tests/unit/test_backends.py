"""The sweep over stores: which are tried, what is passed over, which engine stands beside the figures, the plot."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from memeval.cli import plot
from memeval.cli.run import main
from memeval.harness.compose import composer
from memeval.kit.engines import Engine, served_by
from memeval.kit.types import DialogueRecord, Usage
from memeval.reports.layout import grid_lines
from memeval.reports.plots import PLOTS
from memeval.reports.table import run_grid
from memeval.scoring.baseline import entry_of
from memeval.scoring.measures import IncrementSeconds, ReadSeconds, StartSeconds, WriteRate, WriteSeconds, parse
from memeval.scoring.rows import Row, axes
from memeval.scoring.sweeps import run_cells
from memeval.strategies.stores.kv.memory import MemoryKV

EMBEDDED = ("vector_store=numpy", "vector_store=faiss", "vector_store=sqlite", "kv_store=memory", "kv_store=sqlite")
TIMED = [WriteRate(clock="own"), ReadSeconds(p=95, clock="own"), StartSeconds()]


class StandIn(MemoryKV):
    """A store that says it is one of our own servers."""

    def __init__(self) -> None:
        super().__init__()
        served_by(Engine("thing", "stand-in", "memeval stand-in", "1", {"index": "none"}))


class Emulator(MemoryKV):
    """A store that says it is another program than the product."""

    def __init__(self) -> None:
        super().__init__()
        served_by(Engine("thing", "emulator", "Otherbase", "2.1"))


def told(rows: Sequence[Row]) -> str:
    return "\n".join(line.text for line in grid_lines(run_grid(rows, "stores"), 400, rules=False))


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """The experiment over stores inside the process, and over one that stands in and one that emulates."""
    common = ["experiment=backends", "benchmark=demo", "benchmark.users=2", "benchmark.turns=200", "embedder=wordllama"]
    common += [f"results={tmp_path_factory.mktemp('backends')}", "progress=off", "sweep=[]"]
    stores = [["retriever=vector" if "vector" in each else "retriever=kv", each] for each in EMBEDDED]
    for kind in ("StandIn", "Emulator"):
        stores.append(["retriever=kv", "~kv_store", f"+kv_store._target_={__name__}.{kind}"])
    with composer() as hydra:
        cells = [hydra.cell([*common, "strategy=none", *store]) for store in stores]
    made, errors = run_cells(cells)
    assert errors == 0 and len(made) == len(stores)
    return made


def test_the_sweep_names_every_store_there_is() -> None:
    with composer() as hydra:
        cells = hydra.cells(["experiment=backends", "benchmark=demo"], False)
        for group in ("vector_store", "kv_store", "graph_store", "sql_store"):
            swept = {word for cell in cells for word in cell.overrides if word.startswith(f"{group}=")}
            assert swept == {f"{group}={option}" for option in hydra._options(group)}, group
    assert any({"vector_store=pgvector", "vector_store.index=hnsw"} <= set(cell.overrides) for cell in cells)
    assert all(cell.config["isolation"] == "shared" for cell in cells), "what leaks is seen in shared stores only"


def test_what_does_not_answer_is_passed_over_with_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MEMEVAL_POSTGRES_URL", raising=False)
    words = ["experiment=backends", "benchmark=demo", "benchmark.users=1", "benchmark.turns=200", "plots=[]"]
    words += [f"results={tmp_path}", "progress=off", "embedder=wordllama"]
    words += ["sweep=[{strategy: none, retriever: kv, kv_store: [memory, postgres]}]"]
    assert main(words) == 0, "a store that is not there is no failure"
    said = capsys.readouterr()
    lines = [line for line in re.sub(r"\s+", " ", said.err).split("memeval: ") if line]
    assert len(lines) == 1 and lines[0].startswith("passed over kv_store=postgres: ")
    assert "MEMEVAL_POSTGRES_URL" in lines[0] or "pip install" in lines[0]
    assert len(list((tmp_path / "demo").iterdir())) == 1
    # Without the switch the same sweep ends as a failure, and the other store is measured all the same.
    assert main([*words, "skip_unreachable=false"]) == 1
    assert "some runs of the sweep were stopped" in re.sub(r"\s+", " ", capsys.readouterr().err)


def test_a_finished_run_needs_no_store_to_be_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["benchmark=demo", "benchmark.users=1", "benchmark.turns=200", "retriever=kv", "strategy=none", "plots=[]"]
    words += [f"results={tmp_path}", "progress=off", "skip_unreachable=true", "references=[]"]
    assert main(words) == 0
    monkeypatch.setattr("memeval.harness.sweep.unreachable", lambda plan: "it is down")
    assert main(words) == 0
    assert "passed over" not in capsys.readouterr().err


def test_the_engine_stands_beside_the_figures(rows: list[Row]) -> None:
    named = {row.store: row.engines for row in rows}
    assert named["numpy"] == "" and named["memory"] == ""
    assert named["StandIn"] == "memeval stand-in 1, stand-in" and named["Emulator"] == "Otherbase 2.1, emulator"
    text = told(rows)
    assert "engine" in text and "Otherbase 2.1, emulator" in text and "memeval stand-in 1, stand-in" in text
    for row in rows:
        engines = row.run.record.engines
        assert entry_of(row.run, row.scores).record.engines == engines, "a baseline names them, too"
        for record in row.run.records():
            assert [each["kind"] for each in record.engines] == [each.kind for each in engines]
    # One column for what no run has two of.
    assert axes(rows)[0] == "store" and not any("_store" in axis for axis in axes(rows))


def test_stand_ins_have_recall_and_no_times(rows: list[Row]) -> None:
    by_engine = {row.engines.rpartition(", ")[2]: row for row in rows}
    for kind, row in by_engine.items():
        assert row.scores[parse("EvidenceRecall")].value is not None
        assert row.scores[parse("LeakRate")].value == 0
        for measure in TIMED:
            value = row.scores[measure].value
            assert (value is None) == (kind == "stand-in"), (kind, measure, value)
    line = next(line for line in told(rows).splitlines() if "stand-in" in line)
    assert line.count("–") >= 5, line


def test_exact_stores_give_one_ranking(rows: list[Row]) -> None:
    values = {row.store: row.scores[parse("Recall@10")].value for row in rows if row.retriever == "vector"}
    assert len(values) == 3 and len(set(values.values())) == 1, values


@pytest.mark.parametrize("kind", ["real", "emulator", "stand-in"])
def test_no_time_of_a_stand_in_reaches_a_measure(kind: str) -> None:
    write = Usage(seconds=2.0, booked_seconds=3.0, model_seconds=1.0)
    stats = {"start_seconds": 0.5, "increment_seconds": 0.25}
    engines: tuple[Mapping[str, Any], ...] = ({"kind": "real"}, {"kind": kind})
    record = DialogueRecord("d", 10, 100, 3, write, stats=stats, engines=engines)
    expected = {
        WriteSeconds(): 3.0,
        WriteSeconds(clock="measured"): 2.0,
        WriteSeconds(clock="own"): 2.0,
        WriteSeconds(per="turn", clock="own"): 0.2,
        WriteRate(): 10 / 3,
        WriteRate(clock="own"): 5.0,
        StartSeconds(): 0.5,
        IncrementSeconds(): 0.25,
    }
    for measure, value in expected.items():
        found = measure.value(record)
        assert found is None if kind == "stand-in" else found == pytest.approx(value), measure


def test_the_plot_leaves_out_what_has_no_times(rows: list[Row], tmp_path: Path) -> None:
    png, svg = PLOTS["backends"](rows, tmp_path, "backends")
    text = " ".join(re.findall(r">([^<>]+)</text>", svg.read_text()))
    assert png.stat().st_size > 10_000
    for name in ("numpy", "faiss", "sqlite", "Emulator", "turns per second", "read latency p95"):
        assert name in text, name
    assert "StandIn" not in text
    assert PLOTS["backends"](rows[:1], tmp_path / "none", "x") == [], "one store is no comparison"


def test_the_plot_of_stored_runs(rows: list[Row], tmp_path: Path) -> None:
    """`memeval plot` scores what the plot needs, which is not among the default measures."""
    stored = rows[0].run.folder.parents[1]
    assert plot.main([f"results={stored}", "kinds=[backends]", f"out={tmp_path}"]) == 0
    assert (tmp_path / "backends.png").is_file()
