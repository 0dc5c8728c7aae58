"""`memeval reproduce`."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from memeval.cli import console
from memeval.harness.compose import composer
from memeval.kit.errors import ConfigError

DESCRIPTION = """\
Meet numbers that others have published: runs each row's command, prints the expected value beside the one obtained,
and OK or not. Exit code 1 if a number is not met.
  memeval reproduce                 all rows (memeval list reproduction)
  memeval reproduce memini okapi    some
  memeval reproduce memini workers=2 results=FOLDER     (default: results/runs/reproduce)
"""
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
    parser = console.subparser("reproduce", DESCRIPTION)
    parser.add_argument(
        "words", nargs="*", metavar="ROW", help="rows to reproduce; key=value are overrides for all of them"
    )
    words = parser.parse_args(argv).words
    known = rows()
    extra = [word for word in words if "=" in word]
    wanted = [word for word in words if "=" not in word] or list(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ConfigError(f"there is no row {', '.join(unknown)} to reproduce: choose some of {', '.join(known)}")
    checks: list[Check] = []
    for name in wanted:
        console.out().print(f"{name}: memeval run {command(known[name])}", markup=False, soft_wrap=True)
        checks += run_row(name, known[name], extra)
    console.table(table(checks))
    missed = [check for check in checks if not check.met]
    console.out().print(f"{len(checks) - len(missed)} of {len(checks)} published numbers met.")
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


def table(checks: Sequence[Check]) -> Table:
    """Expected beside obtained."""
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("row", "measure", "published [%]", "tolerance", "obtained [%]", ""):
        grid.add_column(Text(heading), justify="left" if heading in ("row", "measure", "") else "right", no_wrap=True)
    for check in checks:
        verdict = Text("OK", style="green") if check.met else Text("NOT MET", style="bold red")
        obtained = "–" if check.obtained is None else f"{check.obtained:.2f}"
        grid.add_row(check.row, Text(check.name), f"{check.expected:g}", f"{check.tolerance:g}", obtained, verdict)
    return grid
