"""Runs side by side: whether they may stand there, and how sure it is that one is better than another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import NamedTuple

from memeval.comparison.comparable import timing_differences
from memeval.comparison.scored import Scored, aligned, best, values_of
from memeval.comparison.stats import Interval, Paired, bootstrap_interval, cluster_t_test, holm, paired
from memeval.kit.errors import ConfigError
from memeval.scoring.measures import DialogueMeasure, Measure, QuestionMeasure
from memeval.scoring.scores import Scores


@dataclass(frozen=True, slots=True)
class Estimate:
    """A score with its interval; both None where they do not apply or cannot be known.

    `unfit`: so many prompts do not fit the target's window, and have no price; there is no value then.
    """

    value: float | None
    interval: Interval | None
    n: int
    unfit: int = 0


@dataclass(frozen=True, slots=True)
class Tested:
    """A run against the reference run.

    Attributes:
        paired: differences are run - reference.
        p_holm: `paired.p_value` corrected for all that was tested.
        verdict: better or worse where the corrected p and the interval both say so, otherwise undecided; same if no
            question differs.
    """

    paired: Paired
    p_holm: float
    verdict: str


@dataclass(frozen=True, slots=True)
class Line:
    """One run of a comparison.

    Attributes:
        estimates: by measure.
        tested: None for the reference run and for the fixed rows.
        categories: of the main measure.
        tested_categories: by category; empty where it was not asked for, for the reference run and the fixed rows.
        timing: how its making differs from the reference run's, so that times cannot be held against each other.
    """

    row: Scored
    estimates: Mapping[Measure, Estimate]
    tested: Tested | None = None
    categories: Mapping[str, Estimate] = field(default_factory=dict)
    tested_categories: Mapping[str, Tested] = field(default_factory=dict)
    timing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs side by side.

    Attributes:
        lines: in the order given.
        measures: shown ones; the first is the main one, which is tested.
        reference: what the others are tested against.
        picked: the reference is the best of them, found by looking.
        family: how many tests Holm's correction counts.
        level: of intervals and verdicts.
    """

    lines: tuple[Line, ...]
    measures: tuple[Measure, ...]
    reference: Scored
    picked: bool
    family: int
    level: float

    @property
    def main(self) -> Measure:
        """The measure that is tested."""
        return self.measures[0]


def compare(
    rows: Sequence[Scored],
    measures: Sequence[Measure],
    reference: Scored | None = None,
    by_category: bool = False,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Comparison:
    """Put scored runs side by side, and test each against a reference run on the first measure.

    P values are those of the t-test over dialogues, corrected by Holm. Where the reference was picked because it is the
    best, the correction counts all pairs of runs: any of them could have come out on top.

    Args:
        rows: runs that `check_comparable` lets pass.
        measures: to show.
        reference: the run to test against; None picks the best by the first measure.
        by_category: test within categories too, and correct for that.
        level: of confidence.
        resamples: of the bootstrap.
        seed: of the bootstrap and of sampled permutations.

    Raises:
        ConfigError: fewer than two runs, or a first measure that is not a mean.
    """
    if len(rows) < 2:
        raise ConfigError("one run alone is no comparison: name two or more, or a glob such as 'sliding_window*'")
    main = measures[0]
    options = _Options(level, resamples, seed)
    if not _is_mean(main):
        raise ConfigError(
            f"{main} comes first but is no mean over questions, so it cannot be tested: put another measure first, "
            f"e.g. measures='[EvidenceRecall, {main}]'"
        )
    picked = reference is None
    against = reference or best(rows, main)
    rivals = [index for index, row in enumerate(rows) if row is not against and not row.is_reference]
    names = _categories(rows, main) if by_category else ()
    competitors = [rows[index] for index in rivals] + [against]
    overall, family = _tested(rows, rivals, against, competitors if picked else (), (None,), main, options)
    within, _ = _tested(rows, rivals, against, competitors if picked else (), names, main, options)
    lines = tuple(
        Line(
            row,
            {measure: estimate(row.scores, measure, None, *options) for measure in measures},
            overall.get((index, None)),
            {name: estimate(row.scores, main, name, *options) for name in names},
            {name: within[index, name] for name in names if (index, name) in within},
            timing_differences(against.run, row.run),
        )
        for index, row in enumerate(rows)
    )
    return Comparison(lines, tuple(measures), against, picked, family, level)


class _Options(NamedTuple):
    level: float
    resamples: int
    seed: int


_Subset = str | None


def _tested(
    rows: Sequence[Scored],
    rivals: Sequence[int],
    against: Scored,
    competitors: Sequence[Scored],
    subsets: Sequence[_Subset],
    main: Measure,
    options: _Options,
) -> tuple[dict[tuple[int, _Subset], Tested], int]:
    """The rivals tested on each subset of the questions, by row and subset, and how many tests were corrected for.

    With `competitors` all their pairs are corrected for, those with `against` among them.
    """
    hidden: list[float] = []
    for one, other in combinations([row for row in competitors if row is not against], 2):
        for subset in subsets:
            values, others, clusters = aligned(one, other, main, subset)
            p_value = cluster_t_test(values - others, clusters)
            # One dialogue: `paired` looks at its questions then.
            p_value = cluster_t_test(values - others) if p_value is None else p_value
            hidden.append(1.0 if p_value is None else p_value)
    tests = len(hidden) + len(rivals) * len(subsets)
    found = {
        (index, subset): pair
        for subset in subsets
        for index in rivals
        if (pair := paired(*aligned(rows[index], against, main, subset), *options, tests)) is not None
    }
    corrected = holm([*(pair.p_value for pair in found.values()), *hidden])
    return {
        key: Tested(pair, p_holm, _verdict(pair, p_holm, main, options.level))
        for (key, pair), p_holm in zip(found.items(), corrected, strict=False)
    }, tests


def _verdict(pair: Paired, p_holm: float, main: Measure, level: float) -> str:
    if not pair.wins and not pair.losses:
        return "same"
    # The interval is not made from the p value: where they disagree, it is not sure.
    sure = p_holm <= 1 - level and (pair.interval is None or not pair.interval.holds(0.0))
    if not sure or main.better == "neither":
        return "undecided"
    return "better" if (pair.difference > 0) == (main.better == "higher") else "worse"


def estimate(
    scores: Scores,
    measure: Measure,
    category: _Subset = None,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """A score with its interval: every table, page and picture takes it from here, so that one run has one interval.

    Args:
        scores: of the run.
        measure: one of its measures.
        category: only questions of this one; None for all.
        level: of confidence.
        resamples: of the bootstrap.
        seed: of the bootstrap.
    """
    score = scores.overall.get(measure)
    if score is None:
        return Estimate(None, None, 0)
    value, n = (score.value, score.n) if category is None else score.by_category.get(category, (None, 0))
    if value is None:
        return Estimate(None, None, n, score.unfit if category is None else 0)
    percentile = measure.percentile
    if percentile is None and not _is_mean(measure):
        return Estimate(value, None, n)
    values, clusters = values_of(scores, measure, category)
    interval = bootstrap_interval(values, clusters, percentile, level, resamples, seed)
    if interval is not None and measure.quantity == "share":
        # The true share of something is no less than none of it and no more than all.
        interval = replace(interval, low=max(0.0, interval.low), high=max(value, min(1.0, interval.high)))
    return Estimate(value, interval, n)


def _is_mean(measure: Measure) -> bool:
    return type(measure).aggregate is Measure.aggregate and isinstance(measure, QuestionMeasure | DialogueMeasure)


def _categories(rows: Sequence[Scored], measure: Measure) -> tuple[str, ...]:
    """Those with questions that count, in the order of the benchmark."""
    found: dict[str, None] = {}
    for row in rows:
        score = row.scores.overall.get(measure)
        for name, part in score.by_category.items() if score is not None else ():
            if part.n:
                found.setdefault(name)
    return tuple(found)
