"""Statistics: intervals that cover what they should, tests that agree with scipy and statsmodels, honest gaps."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from memeval.comparison.stats import (
    bootstrap_interval,
    cluster_mean,
    cluster_t_test,
    effect_size,
    holm,
    mcnemar_exact,
    minimum_detectable_effect,
    paired,
    permutation_test,
    t_quantile,
    t_two_sided,
)
from memeval.kit.errors import ConfigError

Floats = npt.NDArray[np.float64]
# Questions with evidence in each dialogue of LoCoMo.
LOCOMO = np.array([197, 105, 193, 260, 242, 158, 190, 239, 196, 202])


def clusters_of(sizes: npt.ArrayLike) -> npt.NDArray[np.int64]:
    return np.repeat(np.arange(len(np.asarray(sizes))), np.asarray(sizes))


def shares(rng: np.random.Generator, sizes: npt.ArrayLike, mean: float, icc: float) -> Floats:
    """Yes/no values whose dialogues differ as the intraclass correlation says (beta-binomial)."""
    spread = (1 - icc) / icc
    by_dialogue = rng.beta(mean * spread, (1 - mean) * spread, len(np.asarray(sizes)))
    clusters = clusters_of(sizes)
    return (rng.random(len(clusters)) < by_dialogue[clusters]).astype(np.float64)


@pytest.mark.parametrize("degrees", [0.7, 1, 2, 4.3, 9, 60, 499])
def test_student_t_is_scipys(degrees: float) -> None:
    for t in (0.0, 0.05, 1.0, 2.3, 9.0, 300.0):
        assert math.isclose(t_two_sided(t, degrees), 2 * scipy_stats.t.sf(t, degrees), rel_tol=1e-8, abs_tol=1e-15)
        assert t_two_sided(-t, degrees) == t_two_sided(t, degrees)
    for probability in (0.0001, 0.2, 0.5, 0.8, 0.975, 0.99999):
        expected = scipy_stats.t.ppf(probability, degrees)
        assert math.isclose(t_quantile(probability, degrees), expected, rel_tol=1e-8, abs_tol=1e-12)


@pytest.mark.parametrize(
    ("name", "sizes", "mean", "icc", "repeats"),
    [
        ("LoCoMo, as its retrievers differ between dialogues", LOCOMO, 0.75, 0.01, 2000),
        ("LoCoMo, dialogues that differ much", LOCOMO, 0.9, 0.05, 2000),
        ("a small category", [5, 12, 9, 3, 15, 8, 11, 6, 13, 7], 0.5, 0.02, 2000),
        ("three dialogues", LOCOMO[:3], 0.75, 0.01, 2000),
        ("LongMemEval, a question each", np.ones(300, dtype=np.int64), 0.8, 0.01, 1000),
    ],
)
def test_intervals_of_means_cover(name: str, sizes: npt.ArrayLike, mean: float, icc: float, repeats: int) -> None:
    rng = np.random.default_rng(1)
    clusters = clusters_of(sizes)
    found = [bootstrap_interval(shares(rng, sizes, mean, icc), clusters, resamples=800) for _ in range(repeats)]
    covered = np.mean([interval is not None and interval.holds(mean) for interval in found])
    # The simulation itself has a standard deviation of 0.5 points at 2,000 repeats and 0.7 at 1,000.
    assert 0.93 <= covered <= 0.975, f"{name}: {covered:.1%} of the intervals hold the truth"


def test_an_interval_that_forgets_the_dialogues_covers_too_little() -> None:
    """The check on the check: the simulation sees what clustering is for."""
    rng = np.random.default_rng(2)
    covered = np.mean(
        [
            interval is not None and interval.holds(0.75)
            for interval in (
                bootstrap_interval(shares(rng, LOCOMO, 0.75, 0.02), None, resamples=200) for _ in range(150)
            )
        ]
    )
    assert covered < 0.8


@pytest.mark.parametrize("percentile", [50, 95])
def test_intervals_of_percentiles_cover(percentile: float) -> None:
    rng = np.random.default_rng(3)
    sizes = LOCOMO // 4
    clusters = clusters_of(sizes)
    truth = math.exp(scipy_stats.norm.ppf(percentile / 100) * math.hypot(0.1, 0.5))
    covered = 0
    for _ in range(200):
        values = np.exp(rng.normal(0, 0.1, 10)[clusters] + rng.normal(0, 0.5, len(clusters)))
        interval = bootstrap_interval(values, clusters, percentile, resamples=400)
        covered += interval is not None and interval.holds(truth)
    assert 0.88 <= covered / 200 <= 0.99


def test_percentiles_of_resamples_are_numpys() -> None:
    """Also the expansion for ten dialogues: without it the ends would be other quantiles of the resamples."""
    rng = np.random.default_rng(4)
    sizes = [7, 12, 9, 9, 8, 11, 9, 10, 6, 9]
    values, clusters = rng.random(90), clusters_of(sizes)
    weights = np.random.default_rng(7).multinomial(10, np.full(10, 0.1), size=500)
    resampled = [np.concatenate([np.tile(values[clusters == g], w[g]) for g in range(10)]) for w in weights]
    effective = 90**2 / sum(size**2 for size in sizes)
    for percentile, level in ((40, 0.95), (95, 0.8), (50, 0.6)):
        interval = bootstrap_interval(values, clusters, percentile, level, resamples=500, seed=7)
        found = [np.percentile(each, percentile) for each in resampled]
        reach = math.sqrt(effective / (effective - 1)) * scipy_stats.t.ppf((1 + level) / 2, effective - 1)
        tail = scipy_stats.norm.cdf(-reach)
        assert interval is not None
        assert np.allclose([interval.low, interval.high], np.quantile(found, [tail, 1 - tail]), rtol=1e-9)


def test_bootstrap_t_is_the_textbook_one() -> None:
    rng = np.random.default_rng(5)
    sizes = np.array([4, 9, 7, 5, 8, 6, 10, 7, 3, 9, 6, 8])
    values, clusters = rng.random(sizes.sum()), clusters_of(sizes)
    interval = bootstrap_interval(values, clusters, resamples=300, seed=3)
    sums = np.array([values[clusters == g].sum() for g in range(12)])

    def ratio_and_error(picked: npt.NDArray[np.int64]) -> tuple[float, float]:
        ratio = sums[picked].sum() / sizes[picked].sum()
        return ratio, math.sqrt(((sums[picked] - ratio * sizes[picked]) ** 2).sum()) / sizes[picked].sum()

    ratio, error = ratio_and_error(np.arange(12))
    weights = np.random.default_rng(3).multinomial(12, np.full(12, 1 / 12), size=300)
    t = [(r - ratio) / e for r, e in (ratio_and_error(np.repeat(np.arange(12), w)) for w in weights)]
    low, high = np.quantile(t, [0.025, 0.975])
    assert interval is not None
    assert np.allclose([interval.low, interval.high], [ratio - high * error, ratio - low * error])


def test_what_cannot_be_known_has_no_interval() -> None:
    rng = np.random.default_rng(6)
    values = rng.random(100)
    assert bootstrap_interval(values, np.zeros(100)) is None, "one dialogue says nothing of others"
    assert bootstrap_interval(np.ones(100), np.arange(100) // 10) is None, "no spread to estimate from"
    assert bootstrap_interval(np.full(100, 0.1), np.arange(100) // 10) is None, "rounding is no spread"
    assert bootstrap_interval(np.full(5, np.nan), np.arange(5)) is None
    assert bootstrap_interval([], []) is None
    assert bootstrap_interval(values, np.arange(100) // 25, 95) is None, "four dialogues for a percentile"
    two = bootstrap_interval(values, np.arange(100) // 50)
    eight = bootstrap_interval(values, np.arange(100) // 12)
    assert two is not None and eight is not None and two.high - two.low > eight.high - eight.low
    mean = cluster_mean(values, np.zeros(100))
    assert mean is not None and mean.over_clusters is None and mean.clusters == 1 and mean.p_value() is None
    assert cluster_mean([np.nan], [0]) is None


def test_few_dialogues_with_most_of_the_questions_count_as_few() -> None:
    rng = np.random.default_rng(7)
    sizes = [1000, 20, 20, 20, 20, 20, 20, 20, 20, 20]
    found = cluster_mean(rng.random(sum(sizes)), clusters_of(sizes))
    even = cluster_mean(rng.random(1180), clusters_of([118] * 10))
    assert found is not None and even is not None
    assert found.over_clusters is not None and found.over_clusters.degrees < 1
    assert even.over_clusters is not None and math.isclose(even.over_clusters.degrees, 9)


def test_missing_values_leave_the_denominator_and_order_says_nothing() -> None:
    rng = np.random.default_rng(8)
    values, clusters = rng.random(200), clusters_of([20] * 10)
    holes = values.copy()
    holes[::7] = np.nan
    kept = ~np.isnan(holes)
    shuffled = rng.permutation(200)
    one = bootstrap_interval(holes, clusters)
    assert one == bootstrap_interval(holes[kept], clusters[kept])
    other = bootstrap_interval(holes[shuffled], clusters[shuffled])
    assert one is not None and other is not None and np.allclose([one.low, one.high], [other.low, other.high])
    again = bootstrap_interval(holes, clusters, seed=1)
    assert again is not None and again != one and math.isclose(again.low, one.low, abs_tol=0.03)
    narrow = bootstrap_interval(holes, clusters, level=0.5)
    assert narrow is not None and narrow.high - narrow.low < one.high - one.low


def test_arguments_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match="level=95"):
        bootstrap_interval([1.0, 0.0], [0, 1], level=95)
    with pytest.raises(ConfigError, match="resamples=10 "):
        bootstrap_interval([1.0, 0.0], [0, 1], resamples=10)
    with pytest.raises(ConfigError, match="2 values in 3 clusters"):
        bootstrap_interval([1.0, 0.0], [0, 1, 2])
    with pytest.raises(ConfigError, match="percentile=950"):
        bootstrap_interval([1.0, 0.0], [0, 1], 950)
    with pytest.raises(ConfigError, match="not pairs"):
        permutation_test([1.0], [1.0, 0.0])
    with pytest.raises(ConfigError, match="power=80"):
        minimum_detectable_effect([1.0, 0.0], power=80)


def test_permutation_test_is_scipys() -> None:
    rng = np.random.default_rng(9)
    for n in (5, 9, 13):
        a, b = rng.random(n), rng.random(n)
        theirs = scipy_stats.permutation_test(
            (a, b), lambda x, y, axis: np.mean(x - y, axis=axis), permutation_type="samples", n_resamples=np.inf
        )
        ours = permutation_test(a, b)
        assert ours.exact and ours.units == n
        assert math.isclose(ours.p_value, theirs.pvalue, rel_tol=1e-9)
    a, b = rng.normal(0.12, 1, 400), rng.normal(0, 1, 400)
    sampled = permutation_test(a, b, resamples=20_000)
    normal = 2 * scipy_stats.norm.sf(abs((a - b).sum()) / math.sqrt(((a - b) ** 2).sum()))
    assert not sampled.exact and math.isclose(sampled.p_value, normal, abs_tol=0.015)
    # However clear it is: a sample of permutations cannot prove a p of 0.
    assert permutation_test(a + 5, b, resamples=499).p_value == 1 / 500


def test_permutation_test_of_yes_and_no_is_mcnemars() -> None:
    rng = np.random.default_rng(10)
    for better in (0.7, 0.75, 0.9):
        a, b = (rng.random(1500) < better).astype(float), (rng.random(1500) < 0.7).astype(float)
        found = permutation_test(a, b)
        wins, losses = int((a > b).sum()), int((a < b).sum())
        assert found.exact and found.units == wins + losses
        assert math.isclose(found.p_value, mcnemar_exact(wins, losses), rel_tol=1e-9)


def test_flipping_whole_dialogues_enumerates_them() -> None:
    rng = np.random.default_rng(11)
    clusters = clusters_of(LOCOMO)
    a = rng.random(len(clusters))
    found = permutation_test(a + 0.01, a, clusters)
    assert found.exact and found.units == 10 and found.p_value == 2 / 1024
    sums = np.bincount(clusters, weights=a - 0.5)
    signs = np.array([[1 if pattern >> bit & 1 else -1 for bit in range(10)] for pattern in range(1024)])
    by_hand = np.mean(np.abs(signs @ sums) >= abs(sums.sum()) - 1e-9)
    assert math.isclose(permutation_test(a, np.full(len(a), 0.5), clusters).p_value, by_hand)
    assert permutation_test(a, a).p_value == 1.0
    assert permutation_test(a, np.full(len(a), np.nan)).units == 0


@given(
    st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]), min_size=1, max_size=12),
    st.integers(min_value=0, max_value=99),
)
def test_p_values_do_not_depend_on_who_is_first(differences: list[float], seed: int) -> None:
    values = np.array(differences)
    one, other = (
        permutation_test(values, np.zeros(len(values)), seed=seed),
        permutation_test(-values, np.zeros(len(values))),
    )
    assert math.isclose(one.p_value, other.p_value) and 0 < one.p_value <= 1


@pytest.mark.parametrize(
    ("wins", "losses"), [(0, 0), (1, 0), (0, 6), (10, 3), (7, 7), (300, 250), (3000, 2500), (1, 2000)]
)
def test_mcnemar_is_scipys_and_statsmodels(wins: int, losses: int) -> None:
    ours = mcnemar_exact(wins, losses)
    if wins + losses:
        assert math.isclose(ours, scipy_stats.binomtest(wins, wins + losses).pvalue, rel_tol=1e-6, abs_tol=1e-300)
        table = [[50, wins], [losses, 20]]
        assert math.isclose(ours, mcnemar(table, exact=True).pvalue, rel_tol=1e-6, abs_tol=1e-300)
    else:
        assert ours == 1.0
    assert ours == mcnemar_exact(losses, wins)


def test_holm_is_statsmodels() -> None:
    rng = np.random.default_rng(16)
    for n in (1, 2, 3, 7, 20, 20, 40):
        for p_values in (rng.random(n), rng.random(n) ** 6, rng.choice([0.0, 0.001, 0.02, 0.5, 1.0], n)):
            _, corrected, _, _ = multipletests(p_values, method="holm")
            assert np.allclose(holm(p_values.tolist()), corrected, rtol=1e-12, atol=0)


def test_holm_of_nothing_is_nothing() -> None:
    assert holm([]) == []


def test_the_t_test_is_the_paired_one_where_every_dialogue_has_one_question() -> None:
    rng = np.random.default_rng(12)
    a, b = rng.random(40), rng.random(40)
    expected = scipy_stats.ttest_rel(a, b).pvalue
    found = cluster_t_test(a - b)
    assert found is not None and math.isclose(found, expected, rel_tol=1e-9)
    assert cluster_t_test(a - b, np.zeros(40)) is None
    assert cluster_t_test(np.zeros(10)) == 1.0
    assert cluster_t_test(np.ones(60), np.arange(60) // 10) == 2 / 2**6


def test_dialogues_that_are_alike_by_chance_do_not_make_sure() -> None:
    """Six dialogues with one question more out of twelve each: six wins of six, not certainty."""
    differences = np.array(([1.0] + [0.0] * 11) * 6)
    clusters = clusters_of([12] * 6)
    found, interval = cluster_t_test(differences, clusters), bootstrap_interval(differences, clusters)
    assert found is not None and 0.01 < found < 0.06
    assert interval is not None and interval.low < 0.02 and interval.high > 0.14


def test_false_alarms_keep_their_level_only_with_dialogues() -> None:
    """Differences of retrievers on LoCoMo have an intraclass correlation of about 0.01."""
    rng = np.random.default_rng(13)
    clusters = clusters_of(LOCOMO)
    repeats, over_dialogues, over_questions = 2000, 0, 0
    for _ in range(repeats):
        differences = rng.normal(0, math.sqrt(0.01), 10)[clusters] + rng.normal(0, math.sqrt(0.99), len(clusters))
        p = cluster_t_test(differences, clusters)
        over_dialogues += p is not None and p <= 0.05
        normal = abs(differences.sum()) / math.sqrt((differences**2).sum())
        over_questions += 2 * scipy_stats.norm.sf(normal) <= 0.05
    assert 0.035 <= over_dialogues / repeats <= 0.065
    assert over_questions / repeats > 0.15, "the simulation would not see what clustering is for"


@pytest.mark.parametrize(("sizes", "icc"), [(LOCOMO, 0.01), ([20] * 6, 0.05), ([1] * 200, 0.0)])
def test_the_minimum_detectable_effect_is_found_with_its_power(sizes: npt.ArrayLike, icc: float) -> None:
    rng = np.random.default_rng(14)
    clusters = clusters_of(sizes)
    groups = len(np.asarray(sizes))

    def draw() -> Floats:
        return rng.normal(0, math.sqrt(icc), groups)[clusters] + rng.normal(0, math.sqrt(1 - icc), len(clusters))

    # Each pair tells its own effect; on average it is the one of the design.
    effects = [minimum_detectable_effect(draw(), clusters) for _ in range(200)]
    effect = math.sqrt(np.mean([each**2 for each in effects if each is not None]))
    p_values = [cluster_t_test(draw() + effect, clusters) for _ in range(400)]
    power = np.mean([p is not None and p <= 0.05 for p in p_values])
    assert 0.74 <= power <= 0.88, f"power is {power:.1%}"


def test_detectable_grows_with_what_is_asked() -> None:
    rng = np.random.default_rng(15)
    differences, clusters = rng.normal(0, 1, len(clusters_of(LOCOMO))), clusters_of(LOCOMO)
    usual = minimum_detectable_effect(differences, clusters)
    stricter = minimum_detectable_effect(differences, clusters, level=0.01)
    surer = minimum_detectable_effect(differences, clusters, power=0.95)
    assert usual is not None and stricter is not None and surer is not None
    assert usual < stricter and usual < surer
    assert minimum_detectable_effect(differences, np.zeros(len(differences))) is None
    assert minimum_detectable_effect(np.zeros(50), np.arange(50)) is None


def test_paired_says_everything_of_a_pair() -> None:
    clusters = clusters_of([6, 6, 6, 6])
    a = np.array([1.0] * 12 + [0.0] * 8 + [1.0, 1.0, np.nan, 1.0])
    b = np.array([1.0] * 9 + [0.0] * 12 + [1.0, 1.0, 1.0])
    found = paired(a, b, clusters)
    assert found is not None
    assert (found.n, found.dialogues, found.wins, found.losses, found.ties) == (23, 4, 4, 0, 19)
    assert math.isclose(found.difference, 4 / 23)
    assert found.mcnemar == found.by_question.p_value == 2 / 2**4
    differences = (a - b)[~np.isnan(a)]
    assert found.effect_size is not None
    assert math.isclose(found.effect_size, differences.mean() / differences.std(ddof=1))
    assert found.interval is not None and found.interval.low < found.difference < found.interval.high
    backwards = paired(b, a, clusters)
    assert backwards is not None and backwards.interval is not None
    assert math.isclose(backwards.difference, -found.difference) and backwards.losses == 4
    assert math.isclose(backwards.p_value, found.p_value)
    corrected = paired(a, b, clusters, tests=10)
    assert corrected is not None and corrected.p_value == found.p_value
    assert corrected.detectable is not None and found.detectable is not None
    assert corrected.detectable > found.detectable


def test_paired_on_one_dialogue_falls_back_to_its_questions() -> None:
    a, b = np.array([1.0] * 8 + [0.0] * 4), np.zeros(12)
    found = paired(a, b, np.zeros(12))
    assert found is not None and found.interval is None and found.detectable is None
    assert found.p_value == found.by_question.p_value == 2 / 2**8
    assert found.by_dialogue.p_value == 1.0
    assert paired([np.nan], [1.0], [0]) is None
    fractions = paired([0.5, 0.2], [0.1, 0.2], [0, 1])
    assert fractions is not None and fractions.mcnemar is None


def test_effect_size_without_spread_is_unknown() -> None:
    assert effect_size([0.1, 0.1, 0.1]) is None
    assert effect_size([0.3]) is None
    assert math.isclose(effect_size([0.0, 1.0, np.nan]) or 0, 0.5 / math.sqrt(0.5))
