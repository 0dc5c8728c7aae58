"""pytest plugin: the fixture `memeval` runs a memory and holds it against a committed baseline; see docs/gate.md.

pytest loads this file in every project where memeval is installed: it imports nothing before a test asks.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from memeval.gating import Rule, Verdicts
    from memeval.records.runs import Run

_UPDATES = pytest.StashKey[list[str]]()


class GateFailed(AssertionError):
    """A memory got worse than its baseline, or cannot be compared with it; the message says what fell and where."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes baselines."""
    group = parser.getgroup("memeval")
    group.addoption(
        "--memeval-update",
        action="store_true",
        default=False,
        help="memeval.gate() writes its runs as the new baseline and passes; without pytest-xdist it says what changed",
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what --memeval-update changed."""
    if lines := config.stash.get(_UPDATES, []):
        terminalreporter.section("memeval baselines")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture
def memeval(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator["Memeval"]:
    """Runs memories and gates them; each test has results of its own, so nothing stale is ever compared."""
    yield Memeval(request.config, tmp_path / "memeval")


class Runs:
    """Stored runs of one call of `memeval.run`."""

    def __init__(self, runs: Sequence["Run"]) -> None:
        """Take the runs in the order of the combinations."""
        self.runs = tuple(runs)

    def __getitem__(self, measure: str) -> float | None:
        """The value of a measure, such as `run["EvidenceRecall"]`; None where it does not apply.

        Raises:
            ConfigError: an unknown measure, or several runs of which it could be.
        """
        from memeval.kit.errors import ConfigError
        from memeval.scoring.evaluate import evaluate
        from memeval.scoring.measures import parse

        if len(self.runs) != 1:
            raise ConfigError(f"{len(self.runs)} runs have {len(self.runs)} values: gate them, or run one at a time")
        asked = parse(measure)
        return evaluate(self.runs[0], [asked])[asked].value


class Memeval:
    """What the fixture gives: `run` and `gate`."""

    def __init__(self, config: pytest.Config, results: Path) -> None:
        """Keep the runs below `results`; baselines are looked for from pytest's root folder."""
        self._config = config
        self._results = results
        self._runs: list[Run] = []

    def run(self, *overrides: str, multirun: bool = False, **options: Any) -> Runs:
        """Run a memory over a benchmark.

        Args:
            overrides: as for `memeval run`: `benchmark=demo`, `strategy._target_=my.package.Memory`, `budget=1000`.
            multirun: run every combination of comma-separated values.
            options: as for `memeval.run` in Python, also objects: `strategy=Memory`, `budget=1000`.

        Raises:
            MemevalError: what cannot be run.
        """
        __tracebackhide__ = True
        from memeval.api.words import Words
        from memeval.kit.errors import MemevalError
        from memeval.options.overrides import settings, text
        from memeval.scoring.sweeps import run_afresh

        words = Words()
        overrides = (*overrides, *(word for key, value in options.items() for word in words.of(key, value)))
        given = settings(overrides)
        own = {"results": f"results={text(str(self._results))}", "progress": "progress=off"}
        try:
            runs = run_afresh([*overrides, *(word for key, word in own.items() if key not in given)], multirun)
        except MemevalError as error:
            # The message says it all; the way through memeval would hide it.
            raise error.with_traceback(None) from None
        self._runs += runs
        return Runs(runs)

    def gate(
        self,
        baseline: str | Path,
        rules: str | Path | Sequence[Mapping[str, Any]] | None = None,
        only: Sequence[str] = (),
    ) -> "Verdicts":
        """Compare all that this test has run with a baseline; with --memeval-update, write the baseline.

        Args:
            baseline: folder, from pytest's root folder.
            rules: a YAML file, from pytest's root folder, or the rules themselves; None: nothing may get worse.
            only: globs over runs and baselines; others are left out on both sides.

        Returns:
            the verdicts of a gate that passed, which are true.

        Raises:
            GateFailed: it did not pass.
            MemevalError: no baseline, or a rule that makes no sense or checks nothing.
        """
        __tracebackhide__ = True
        from memeval.kit.errors import MemevalError

        try:
            verdicts = self._verdicts(baseline, rules, only)
        except MemevalError as error:
            raise error.with_traceback(None) from None
        if not verdicts:
            from memeval.reports.gate import message

            raise GateFailed(f"{message(verdicts)}\nIf this is meant: pytest --memeval-update, and commit {baseline}.")
        return verdicts

    def _verdicts(
        self, baseline: str | Path, rules: str | Path | Sequence[Mapping[str, Any]] | None, only: Sequence[str]
    ) -> "Verdicts":
        from memeval.gating import open_gate
        from memeval.reports.gate import updated

        folder = self._config.rootpath / baseline
        gate = open_gate(folder, self._runs, self._rules(rules), only)
        if self._config.getoption("--memeval-update"):
            changes = gate.update()
            self._config.stash.setdefault(_UPDATES, []).append(updated(changes))
            gate = open_gate(folder, self._runs, self._rules(rules), only)
        return gate.verdicts("pytest --memeval-update")

    def _rules(self, rules: str | Path | Sequence[Mapping[str, Any]] | None) -> "Sequence[Rule] | None":
        from memeval.gating import load_rules
        from memeval.gating.rules import read_rule

        if rules is None:
            return None
        if isinstance(rules, str | Path):
            return load_rules(self._config.rootpath / rules)
        return tuple(read_rule(rule) for rule in rules)
