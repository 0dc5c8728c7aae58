"""The functions of `memeval`: each does what the command of its name does, and returns what that prints."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from memeval.api.results import Compared, Result, Results, compared
from memeval.api.words import Words
from memeval.gating import Rule, Verdicts, load_rules, open_gate, stored
from memeval.gating.rules import read_rule
from memeval.harness.compose import composer
from memeval.harness.sweep import Listener, Silent
from memeval.kit.errors import ConfigError, MemevalError, RecordsError
from memeval.kit.protocols import Benchmark, Retriever, Strategy
from memeval.records import runs as records
from memeval.records.runs import OUTCOMES_FILE, Run
from memeval.scoring.measures import DEFAULT_MEASURES, Measure, parse
from memeval.scoring.rows import Row

ROOT = "results/runs"
Setting = str | Mapping[str, Any]
AnyStrategy = Setting | Strategy | type[Strategy] | Callable[[], Strategy]
AnyRetriever = Setting | Retriever | type[Retriever] | Callable[[], Retriever]
AnyBenchmark = Setting | Benchmark | type[Benchmark] | Callable[[], Benchmark]
Measures = Sequence[str | Measure]
Runs = Result | Results | Run | str | Path | Sequence[Result | Run | str | Path]


class Warnings(Silent):
    """The listener of the API: what a sweep leaves out becomes a Python warning."""

    def skipped(self, sentence: str) -> None:
        """Warn."""
        warnings.warn(sentence, stacklevel=2)

    def stopped(self, run_id: str, error: MemevalError) -> None:
        """Warn."""
        warnings.warn(f"{run_id}: {error}", stacklevel=2)


def run(
    benchmark: AnyBenchmark | None = None,
    strategy: AnyStrategy | None = None,
    retriever: AnyRetriever | None = None,
    *,
    budget: int | None = None,
    measures: Measures | None = None,
    results: str | Path = ROOT,
    workers: int = 1,
    overwrite: bool | None = None,
    listener: Listener | None = None,
    **options: Any,
) -> Result:
    """Run one memory over a benchmark and score it. A finished run of named options is not run again.

    Args:
        benchmark: an option by name (`"locomo"`), by name with settings (`{"option": "demo", "turns": 500}`), or an
            object. None takes the default.
        strategy: likewise; an object is a class, a factory without arguments, or an instance. Each dialogue gets a
            memory of its own: an instance is copied before it is used.
        retriever: as for `strategy`.
        budget: tokens that a context may have.
        measures: measures or their names; None takes the default ones.
        results: folder of stored runs.
        workers: processes. An object that no import finds runs with `workers=1` only.
        overwrite: run again what is stored. None does so where an object is given that no name rebuilds.
        listener: hears of runs and dialogues; None turns what is left out into Python warnings.
        options: all other options of `memeval run`: `limit=3`, `top_k=10`, `embedder="wordllama"`,
            `**{"retriever.k1": 0.9}`.

    Raises:
        MemevalError: what cannot be run, in a sentence.

    Example:
        >>> class Last:
        ...     def __init__(self): self.turns = []
        ...     def write(self, turns): self.turns = [*self.turns, *turns][-3:]
        ...     def read(self, query, budget):
        ...         return Context([Segment("history", turn.text, (turn.id,)) for turn in self.turns])
        >>> result = memeval.run(benchmark="locomo", strategy=Last, budget=2000)
        >>> print(result["EvidenceRecall"], result.folder)
    """
    given = dict(options, benchmark=benchmark, strategy=strategy, retriever=retriever, budget=budget)
    words = Words()
    point = [word for key, value in given.items() if value is not None for word in words.of(key, value)]
    return _carried_out([point], words, measures, results, workers, overwrite, listener, single=True)[0]


def sweep(
    benchmark: AnyBenchmark | Sequence[AnyBenchmark] | None = None,
    strategy: AnyStrategy | Sequence[AnyStrategy] | None = None,
    retriever: AnyRetriever | Sequence[AnyRetriever] | None = None,
    *,
    budget: int | Sequence[int] | None = None,
    measures: Measures | None = None,
    results: str | Path = ROOT,
    workers: int = 1,
    overwrite: bool | None = None,
    listener: Listener | None = None,
    **options: Any,
) -> Results:
    """Run every combination of the lists, with the reference rows that belong to a table.

    Args:
        benchmark: as for `memeval.run`, or a list of such values.
        strategy: likewise.
        retriever: likewise.
        budget: likewise.
        measures: as for `memeval.run`.
        results: folder of stored runs.
        workers: as for `memeval.run`.
        overwrite: as for `memeval.run`.
        listener: as for `memeval.run`.
        options: as for `memeval.run`; a list gives several values. For an option that is a list itself, such as
            `references`, a list is one value. `experiment="demo"` runs a sweep from a file.

    Raises:
        MemevalError: what cannot be run. If some runs are stopped, the others are finished and a warning says which.

    Example:
        >>> runs = memeval.sweep("demo", ["truncation", "sliding_window"], ["none", "bm25"], budget=[500, 2000])
        >>> runs.frame().sort_values("EvidenceRecall")
    """
    given = dict(options, benchmark=benchmark, strategy=strategy, retriever=retriever, budget=budget)
    words = Words()
    points = list(words.points({key: value for key, value in given.items() if value is not None}))
    return _carried_out(points, words, measures, results, workers, overwrite, listener)


def _carried_out(
    points: Sequence[list[str]],
    words: Words,
    measures: Measures | None,
    results: str | Path,
    workers: int,
    overwrite: bool | None,
    listener: Listener | None,
    single: bool = False,
) -> Results:
    from memeval.reports.plots import measures_drawn
    from memeval.reports.table import failures
    from memeval.scoring.sweeps import run_cells

    again = bool(words.objects) if overwrite is None else overwrite
    common = {"results": Path(results), "workers": workers, "overwrite": again}
    if measures is not None:
        common["measures"] = [str(measure) for measure in _measures(measures, ())]
    extra = [word for key, value in common.items() for word in words.of(key, value)]
    with composer() as hydra:
        cells = hydra.cells_of([[*point, *extra] for point in points])
    if single and len(cells) != 1:
        raise ConfigError(f"these options make {len(cells)} runs: memeval.sweep(...) runs several")
    if any(cell.config["mode"] == "replay" for cell in cells):
        raise ConfigError("a replay asks no questions, so nothing is scored: type memeval run mode=replay in a shell")
    rows, errors = run_cells(cells, listener or Warnings(), measures_drawn(cells[0].config["plots"]))
    for sentence in filter(None, map(failures, rows)):
        warnings.warn(sentence, stacklevel=3)
    return Results([Result(row, int(row.scores.failed.sum())) for row in rows], errors)


def load(patterns: str | Path | Sequence[str | Path] = (), *, results: str | Path = ROOT) -> list[Run]:
    """Stored runs, not scored.

    Args:
        patterns: ids, starts of ids, globs of ids, or folders; without any, all finished runs.
        results: folder of stored runs.

    Raises:
        RecordsError: a pattern that names no run.

    Example:
        >>> memeval.load("sliding_window*")
    """
    if not patterns:
        return [each for each in records.runs(Path(results)) if each.finished]
    several = [patterns] if isinstance(patterns, str | Path) else patterns
    return records.find(Path(results), [str(pattern) for pattern in several])


def score(
    runs: Runs, measures: Measures | None = None, *, preset: str | None = None, results: str | Path = ROOT
) -> Results:
    """Score stored runs, without running them again.

    Args:
        runs: what `run`, `sweep` or `load` returned, or patterns as for `load`.
        measures: measures or their names; None takes the default ones, or those of the preset.
        preset: another team's definition of gold and denominator (memeval list presets).
        results: folder of stored runs.

    Raises:
        MemevalError: an unknown measure or run, or data that are not those of the run.

    Example:
        >>> memeval.score("bm25*", ["EvidenceRecall(unit=session,rule=any)", "Recall@5"]).frame()
    """
    from memeval.scoring.evaluate import evaluate
    from memeval.scoring.measures.presets import get_preset
    from memeval.scoring.stored import scored

    chosen = _finished(runs, results)
    if preset is None:
        return Results([Result(row) for row in scored(chosen, _measures(measures, DEFAULT_MEASURES))])
    definition = get_preset(preset)
    asked = _measures(measures, definition.measures)
    return Results([Result(Row(each, evaluate(each, asked, definition))) for each in chosen])


def compare(
    runs: Runs,
    measures: Measures | None = None,
    *,
    reference: str | None = None,
    by_category: bool = False,
    across: Sequence[str] = (),
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    results: str | Path = ROOT,
) -> Compared:
    """Put runs side by side, with intervals, and test each against a reference run.

    Args:
        runs: as for `score`, two or more.
        measures: the first is tested; None takes those of `memeval compare`.
        reference: the id, or its start, of the run to test against; None takes the best one.
        by_category: test within categories as well.
        across: what may differ beside the memory: budget, tokenizer, isolation, forget, judge.
        level: of confidence, 0 to 1.
        resamples: of the bootstrap.
        seed: of the bootstrap.
        results: folder of stored runs.

    Raises:
        MemevalError: runs whose scores mean different things.

    Example:
        >>> print(memeval.compare(memeval.sweep("demo", ["truncation", "sliding_window"])))
    """
    from memeval.reports.defaults import COMPARED

    asked = _measures(measures, COMPARED)
    return compared(_finished(runs, results), asked, reference, by_category, across, level, resamples, seed)


def gate(
    baseline: str | Path,
    runs: Runs = (),
    rules: str | Path | Sequence[Mapping[str, Any] | Rule] | None = None,
    *,
    only: Sequence[str] = (),
    update: bool = False,
    results: str | Path = ROOT,
) -> Verdicts:
    """Hold runs against a committed baseline. The verdicts are true where nothing got worse.

    Args:
        baseline: folder of the baselines.
        runs: as for `score`; without any, the stored runs with the ids of the baselines.
        rules: a YAML file, or rules such as `{"measure": "EvidenceRecall", "max_drop": 0.01}`; None: nothing may get
            worse.
        only: globs over runs and baselines; all others are left out.
        update: write the runs as the new baseline first.
        results: folder of stored runs.

    Raises:
        MemevalError: no baseline, or a rule that checks nothing.

    Example:
        >>> verdicts = memeval.gate("gate/baseline", result)
        >>> if not verdicts: raise SystemExit(verdicts.exit_code)
    """
    folder = Path(baseline)
    chosen = _stored(runs, results) if not isinstance(runs, Sequence) or runs else stored(Path(results), folder)
    asked: Sequence[Rule] | None = None
    if isinstance(rules, str | Path):
        asked = load_rules(Path(rules))
    elif rules is not None:
        asked = [rule if isinstance(rule, Rule) else read_rule(rule) for rule in rules]
    opened = open_gate(folder, chosen, asked, only)
    if update:
        opened.update()
        opened = open_gate(folder, chosen, asked, only)
    return opened.verdicts("memeval.gate(..., update=True)")


def plot(
    runs: Runs = (),
    kinds: Sequence[str] | None = None,
    *,
    out: str | Path | None = None,
    results: str | Path = ROOT,
) -> dict[str, list[Path]]:
    """Draw runs of one benchmark as PNG and SVG.

    Args:
        runs: as for `score`; without any, all finished runs.
        kinds: trade-off, budget, heat-map, categories, evidence-age, scaling, backends; None draws all that can be.
        out: folder of the files; None takes the folder in which the runs lie.
        results: folder of stored runs.

    Returns:
        files by kind; a kind is missing where there is nothing to draw.

    Example:
        >>> memeval.plot("*", ["trade-off"], out="plots")
    """
    from memeval.reports.plots import PLOTS, named_plots
    from memeval.scoring.stored import scored

    plots = named_plots(list(PLOTS) if kinds is None else kinds)
    needed = dict.fromkeys([*DEFAULT_MEASURES, *(measure for each in plots for measure in each.measures)])
    rows = scored(_of_one_benchmark(_finished(runs, results)), tuple(needed))
    folder = rows[0].run.folder.parent if out is None else Path(out)
    drawn = {each.name: each(rows, folder, each.name) for each in plots}
    return {kind: files for kind, files in drawn.items() if files}


def report(
    runs: Runs = (),
    *,
    out: str | Path,
    measures: Measures | None = None,
    across: Sequence[str] = (),
    results: str | Path = ROOT,
) -> Path:
    """Write runs of one benchmark into a folder of pages that opens in a browser, with no network.

    Args:
        runs: as for `score`; without any, all finished runs.
        out: a folder that is new, empty, or an earlier report. It will hold the dialogues' texts.
        measures: the first is the main one; None takes those of `memeval report`.
        across: what may differ beside the budget.
        results: folder of stored runs.

    Returns:
        the page to open.

    Example:
        >>> memeval.report("sliding_window*", out="report")
    """
    from memeval.comparison import check_comparable
    from memeval.reports.defaults import REPORTED
    from memeval.reports.html import write_report
    from memeval.reports.table import title_of
    from memeval.scoring.measures import ContextTokens, ReadSeconds
    from memeval.scoring.stored import scored

    chosen = _of_one_benchmark(_finished(runs, results))
    for each in chosen:
        if not (each.folder / OUTCOMES_FILE).is_file():
            raise RecordsError(f"{each.folder} keeps scores only, and a report shows contexts: name the run itself")
    check_comparable(chosen, {"budget", *across})
    asked = _measures(measures, REPORTED)
    if measures is not None:
        asked = tuple(dict.fromkeys((*asked, ContextTokens(), ReadSeconds(p=95))))
    rows = scored(chosen, asked)
    return write_report(rows, asked, Path(out), title_of(chosen[0].record.benchmark.name, rows)).index


def _stored(runs: Runs, results: str | Path) -> list[Run]:
    if isinstance(runs, Results):
        return runs.runs
    several: Sequence[Result | Run | str | Path]
    several = [runs] if isinstance(runs, Result | Run | str | Path) else runs
    if not several:
        return load(results=results)
    found: dict[Path, Run] = {}
    for each in several:
        if isinstance(each, Result | Run):
            own = [each.run if isinstance(each, Result) else each]
        else:
            own = load(each, results=results)
        found.update((run.folder.resolve(), run) for run in own)
    return list(found.values())


def _finished(runs: Runs, results: str | Path) -> list[Run]:
    done, others = records.finished_ones(_stored(runs, results))
    for each in others:
        warnings.warn(f"{each.id} is not finished and is left out: run it again", stacklevel=3)
    return done


def _of_one_benchmark(runs: Sequence[Run]) -> Sequence[Run]:
    names = list(dict.fromkeys(run.record.benchmark.name for run in runs))
    if len(names) != 1:
        raise ConfigError(f"these are runs of {' and '.join(names) or 'nothing'}: name runs of one benchmark")
    return runs


def _measures(asked: Measures | None, default: Sequence[Measure]) -> tuple[Measure, ...]:
    if asked is None:
        return tuple(default)
    if isinstance(asked, str) or not asked:
        raise ConfigError(f"measures={asked!r} is no list of measures: give e.g. ['EvidenceRecall', 'Recall@5']")
    return tuple(dict.fromkeys(parse(each) if isinstance(each, str) else each for each in asked))
