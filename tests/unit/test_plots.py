"""Plots of real runs of a small file: what is in them, that labels keep apart, that they are the same each time."""

import re
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import pytest
from matplotlib.text import Text

from memeval.cli.main import main
from memeval.harness.compose import composer
from memeval.kit.errors import ConfigError
from memeval.reports.plots import PLOTS, measures_drawn
from memeval.reports.plots.labels import label_ends, label_points
from memeval.reports.plots.style import canvas, frontier
from memeval.scoring.measures import EvidenceAge
from memeval.scoring.rows import Row
from memeval.scoring.sweeps import run_cells

QUIET = ["progress=off"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plots")


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[Row]:
    options = ["benchmark.turns=400", "plots=[evidence-age]", f"results={folder / 'runs'}", *QUIET]
    axes = ["strategy=sliding_window,truncation,none", "retriever=bm25,kv", "budget=200,800,1600"]
    with composer() as hydra:
        cells = hydra.cells([*options, *axes], multirun=True)
    made, errors = run_cells(cells, drawn=measures_drawn(["evidence-age"]))
    assert errors == 0 and len(made) > 18
    return made


def words(svg: Path) -> str:
    return " ".join(re.findall(r">([^<>]+)</t", svg.read_text(encoding="utf-8")))


@pytest.mark.parametrize("kind", [kind for kind in PLOTS if kind not in ("scaling", "backends")])
def test_a_plot_says_what_it_shows(kind: str, rows: list[Row], folder: Path) -> None:
    png, svg = PLOTS[kind](rows, folder / "drawn", kind)
    assert png.read_bytes()[:4] == b"\x89PNG" and png.stat().st_size > 10_000
    text = words(svg)
    assert "EvidenceRecall(unit=turn,rule=fraction), %" in text
    assert "demo" in text and "n = " in text and "questions" in text and "o200k_base" in text
    assert re.search(r"\d{4}-\d\d-\d\d", text), "the day of the runs"
    assert "bm25" in text and "kv" in text
    again = PLOTS[kind](rows, folder / "again", kind)
    assert again[0].read_bytes() == png.read_bytes() and again[1].read_bytes() == svg.read_bytes()


def test_units_stand_on_the_axes(rows: list[Row], folder: Path) -> None:
    expected = {
        "trade-off": ("tokens per question", "p95, ms"),
        "budget": ("budget, tokens",),
        "evidence-age": ("turns",),
    }
    for kind, units in expected.items():
        text = words(PLOTS[kind](rows, folder / "units", kind)[1])
        for unit in units:
            assert unit in text, (kind, unit)


def test_nothing_is_drawn_where_there_is_nothing_to_draw(rows: list[Row], folder: Path) -> None:
    one = [row for row in rows if row.name == "sliding_window + bm25" and row.budget == 800]
    assert len(one) == 1
    assert PLOTS["budget"](one, folder / "none", "x") == []
    assert PLOTS["heat-map"](one, folder / "none", "x") == []
    assert PLOTS["scaling"](rows, folder / "none", "x") == [], "one size of dialogue"
    assert PLOTS["trade-off"]([], folder / "none", "x") == []
    assert not (folder / "none").exists()


def test_scaling_draws_a_line_over_sizes(folder: Path) -> None:
    options = ["strategy=none", "retriever=kv", "increments=3", "references=[]", f"results={folder / 'sizes'}", *QUIET]
    options += ["benchmark.users=1", "benchmark.turns=100,400,1600"]
    options += ["measures=[EvidenceRecall,IncrementSeconds,'ReadSeconds(p=50)']"]
    with composer() as hydra:
        made, _ = run_cells(hydra.cells(options, multirun=True))
    files = PLOTS["scaling"](made, folder / "sizes", "scaling")
    text = words(files[1])
    assert "one more turn, ms" in text and "reading, ms per question" in text and "turns in the dialogue" in text
    assert "kv" in text


def boxes(axes: object) -> list[tuple[float, float, float, float]]:
    renderer = axes.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    for text in axes.texts:  # type: ignore[attr-defined]
        text.update_positions(renderer)
    found = [Text.get_window_extent(text, renderer) for text in axes.texts]  # type: ignore[attr-defined]
    return [(box.x0, box.y0, box.x1, box.y1) for box in found]


def overlapping(found: Sequence[tuple[float, float, float, float]]) -> int:
    return sum(
        a[0] < b[2] - 1 and b[0] < a[2] - 1 and a[1] < b[3] - 1 and b[1] < a[3] - 1 for a, b in combinations(found, 2)
    )


def test_labels_keep_apart() -> None:
    from matplotlib import pyplot

    figure, axes = canvas()
    axes.set_xlim(0, 10)
    axes.set_ylim(0, 100)
    crowded = [(f"sliding_window + retriever {number}", 5 + number / 50, 50 + number / 5) for number in range(14)]
    label_points(axes, crowded)
    assert len(axes.texts) >= 10
    assert overlapping(boxes(axes)) == 0
    pyplot.close(figure)
    figure, axes = canvas()
    axes.set_ylim(0, 100)
    axes.set_xlim(0, 10)
    label_ends(axes, [(f"line {number}", 9.0, 90 + number / 10, "black") for number in range(9)])
    figure.canvas.draw()
    found = boxes(axes)
    assert len(found) == 9 and overlapping(found) == 0
    assert max(box[3] for box in found) <= axes.get_window_extent().y1 + 12
    pyplot.close(figure)


def test_the_frontier_is_what_nothing_beats() -> None:
    points = [(1.0, 10.0), (2.0, 9.0), (2.0, 30.0), (3.0, 30.0), (4.0, 50.0), (0.5, 5.0)]
    assert frontier(points) == [(0.5, 5.0), (1.0, 10.0), (2.0, 30.0), (4.0, 50.0)]
    for x, y in points:
        beaten = any((a < x and b >= y) or (a <= x and b > y) for a, b in points)
        assert ((x, y) in frontier(points)) is not beaten


def test_age_is_a_fact_about_the_data(rows: list[Row]) -> None:
    ages = [row.scores.values[EvidenceAge()] for row in rows]
    for other in ages[1:]:
        assert ((other == ages[0]) | ((other != other) & (ages[0] != ages[0]))).all()
    assert ages[0][ages[0] == ages[0]].min() >= 1 and ages[0][ages[0] == ages[0]].max() <= 400


def test_the_command(rows: list[Row], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = f"results={folder / 'runs'}"
    assert main(["plot", where, "kinds=[budget]", f"out={folder / 'mine'}"]) == 0
    assert (folder / "mine" / "budget.png").is_file() and (folder / "mine" / "budget.svg").is_file()
    assert not (folder / "mine" / "heat-map.png").exists()
    assert "budget.png" in capsys.readouterr().out
    assert main(["plot", where, "kinds=[pie]"]) == 2
    assert "choose kinds among evidence-age" in capsys.readouterr().err
    assert main(["plot", "colour=red"]) == 2
    with pytest.raises(ConfigError, match="no plot 'pie'"):
        from memeval.cli.plot import chosen_plots

        chosen_plots(["pie"])
