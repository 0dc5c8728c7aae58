"""`memeval reproduce`."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from typing import Any

from memeval.cli import tables, words
from memeval.harness.compose import composer
from memeval.kit.errors import ConfigError
from memeval.kit.escaping import shortened
from memeval.reports.grid import DASH, Column, Grid, Line, Report, number, text_column
from memeval.reports.grid import words as words_of

COMMAND = words.Command(
    "reproduce",
    "Meet numbers that others have published: runs each row's command, prints the expected value beside the one "
    "obtained, "
    "and OK or not. Exit code 1 if a number is not met.",
    (
        ("memeval reproduce", "all rows (memeval list reproduction)"),
        ("memeval reproduce memini okapi", "some"),
        ("memeval reproduce memini workers=2 results=elsewhere", "in two processes, into another folder"),
    ),
    words.Words("[ROW...]", "rows to reproduce; left out, all", most=None),
    (tables.FORMAT, tables.OUT),
    overrides="All other words key=value are options of memeval run, for all rows (default: "
    "results=results/runs/reproduce).",
)
# Apart from the user's own runs: these are of other golds and texts, and nothing could be compared with them.
_RESULTS = "results=results/runs/reproduce"


@dataclass(frozen=True, slots=True)
class Check:
    """One number of a row, in percent; `obtained` None means that there was nothing to measure."""

    row: str
    name: str
    expected: float
    tolerance: float
    obtained: float | None

    @property
    def met(self) -> bool:
        """Whether it is within the tolerance; the edge, as printed, is."""
        return self.obtained is not None and abs(self.obtained - self.expected) <= self.tolerance + 1e-9


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval reproduce`."""
    given = COMMAND.parse(argv)
    output = tables.Output(given)
    known = rows()
    wanted = given.words or tuple(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        close = get_close_matches(unknown[0], known, n=1)
        meant = f", did you mean {close[0]}?" if close else ""
        names = shortened(", ".join(unknown))
        raise ConfigError(f"there is no row {names} to reproduce{meant}: choose some of {', '.join(known)}")
    checks: list[Check] = []
    for name in wanted:
        output.say(f"{name}: memeval run {command(known[name])}")
        checks += run_row(name, known[name], given.overrides)
    output.report([Report((grid(checks),))])
    missed = [check for check in checks if not check.met]
    output.say(f"{len(checks) - len(missed)} of {len(checks)} published numbers met.")
    return 1 if missed else 0


def rows() -> dict[str, Mapping[str, Any]]:
    """The published rows by name, from the configs."""
    import yaml

    folder = files("memeval.configs").joinpath("reproduction")
    return {
        file.name.removesuffix(".yaml"): yaml.safe_load(file.read_text(encoding="utf-8"))
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".yaml")
    }


def command(row: Mapping[str, Any]) -> str:
    """The overrides of a row as one types them."""
    return " ".join(shlex.quote(override) for override in row["overrides"])


def run_row(name: str, row: Mapping[str, Any], extra: Sequence[str]) -> Iterator[Check]:
    """Run a row and compare what it gives with what was published."""
    from memeval.cli.run import run_with_bars
    from memeval.scoring.evaluate import evaluate
    from memeval.scoring.measures import parse
    from memeval.scoring.measures.presets import get_preset

    with composer() as hydra:
        cells = hydra.cells([*row["overrides"], _RESULTS, *extra], multirun=False)
    ran, _ = run_with_bars(cells)
    scores = evaluate(ran[0].run, [parse(each) for each in row["expected"]], get_preset(row["preset"]))
    for text, expected in row["expected"].items():
        value = scores[parse(text)].value
        yield Check(name, text, expected, row["tolerance"], None if value is None else value * 100)
    for text, categories in row.get("categories", {}).items():
        parts = scores[parse(text)].by_category
        for category, expected in categories.items():
            value = parts[category].value if category in parts else None
            obtained = None if value is None else value * 100
            yield Check(name, f"{text}, {category}", expected, row["category_tolerance"], obtained)


def grid(checks: Sequence[Check]) -> Grid:
    """Expected beside obtained."""
    columns = (
        text_column("row"),
        text_column("measure"),
        *(Column((f"{name} [%]",), name, "%") for name in ("published", "tolerance", "obtained")),
        text_column("", name="verdict"),
    )
    lines = [
        Line(
            (
                words_of(check.row),
                words_of(check.name),
                *(number(value, f"{value:g}") for value in (check.expected, check.tolerance)),
                number(check.obtained, DASH if check.obtained is None else f"{check.obtained:.2f}"),
                words_of("OK" if check.met else "NOT MET"),
            ),
            "" if check.met else "bold red",
        )
        for check in checks
    ]
    return Grid("", columns, tuple(lines), names=2)
