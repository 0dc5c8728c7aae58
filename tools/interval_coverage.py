"""How often the intervals of `memeval.comparison.stats` hold the truth, on simulated dialogues, as a Markdown table.

Questions are answered with yes or no; dialogues differ in their share of yes by a beta distribution. The last column
is the bootstrap that is usually meant, for comparison: ends at the 2.5 and 97.5 percentiles of resampled means.

    python tools/interval_coverage.py [--repeats 2000]
"""

import argparse
import sys

import numpy as np
import numpy.typing as npt

from memeval.comparison.stats import bootstrap_interval

# Questions with evidence in each dialogue of LoCoMo.
LOCOMO = (197, 105, 193, 260, 242, 158, 190, 239, 196, 202)
RESAMPLES = 1000
DESIGNS: tuple[tuple[str, tuple[int, ...], float, float], ...] = (
    *((f"{n} dialogues like LoCoMo's", tuple(np.resize(LOCOMO, n)), 0.75, 0.01) for n in (2, 3, 6, 8, 10, 20, 50)),
    *((f"{n} dialogues that differ much", tuple(np.resize(LOCOMO, n)), 0.95, 0.05) for n in (3, 6, 8, 10, 20, 50)),
    ("10, a small category of 89 questions", (5, 12, 9, 3, 15, 8, 11, 6, 13, 7), 0.5, 0.02),
    ("10, one with most of the questions", (1000, *(50,) * 9), 0.75, 0.05),
    ("500 of one question", (1,) * 500, 0.8, 0.01),
)


def coverage(sizes: npt.ArrayLike, mean: float, icc: float, repeats: int) -> tuple[float, float]:
    """Shares of 95 % intervals that hold `mean`: ours and the percentile bootstrap."""
    rng = np.random.default_rng(0)
    counts = np.asarray(sizes, dtype=np.float64)
    clusters = np.repeat(np.arange(len(counts)), counts.astype(int))
    weights = rng.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=RESAMPLES)
    spread = (1 - icc) / icc
    ours = plain = known = 0
    for _ in range(repeats):
        values = rng.random(len(clusters)) < rng.beta(mean * spread, (1 - mean) * spread, len(counts))[clusters]
        interval = bootstrap_interval(values, clusters, resamples=RESAMPLES)
        if interval is None:
            continue
        known += 1
        ours += interval.holds(mean)
        low, high = np.quantile((weights @ np.bincount(clusters, weights=values)) / (weights @ counts), [0.025, 0.975])
        plain += low <= mean <= high
    return ours / known, plain / known


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=2000)
    repeats = parser.parse_args().repeats
    lines = ["| dialogues | mean | correlation | memeval | percentile bootstrap |", "|---|---|---|---|---|"]
    for name, sizes, mean, icc in DESIGNS:
        ours, plain = coverage(sizes, mean, icc, repeats)
        lines.append(f"| {name} | {mean} | {icc} | {ours:.1%} | {plain:.1%} |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
