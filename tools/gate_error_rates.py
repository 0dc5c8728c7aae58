"""Error rates of the gate's rules with confidence, on simulated pairs of runs: the figures of docs/gate.md.

python tools/gate_error_rates.py [PAIRS]
"""

import sys
from collections.abc import Callable

import numpy as np

from memeval.gating.decision import Test, decide

LEVEL = 0.05
Make = Callable[[np.random.Generator, int, int, float], Test]


def shares(rng: np.random.Generator, dialogues: int, questions: int, drop: float) -> Test:
    """Differences that vary by dialogue (standard deviation 0.05) and by question (0.3)."""
    clusters = np.repeat(np.arange(dialogues), questions)
    drops = drop + rng.normal(0, 0.05, dialogues)[clusters] + rng.normal(0, 0.3, len(clusters))
    return Test(drops, clusters, 0.0, LEVEL)


def answers(rng: np.random.Generator, dialogues: int, questions: int, drop: float) -> Test:
    """No and yes: a reader that answers one question in six anew, and loses `drop` of those it knew."""
    clusters = np.repeat(np.arange(dialogues), questions)
    knows = 1 / (1 + np.exp(-rng.normal(0, 0.8, dialogues)[clusters] - rng.normal(0, 1, len(clusters))))
    before = rng.random(len(clusters)) < knows
    now = np.where(rng.random(len(clusters)) < 1 / 6, rng.random(len(clusters)) < knows, before)
    now &= rng.random(len(clusters)) >= drop
    return Test(before.astype(np.float64) - now, clusters, 0.0, LEVEL)


def main(pairs: int) -> None:
    """Print a Markdown table: false alarms of one check and of five together, power at the size that `sees` states."""
    rows = ["| values | dialogues x questions | one check | five checks | sees | found at that size |"]
    rows.append("| --- | --- | --: | --: | --: | --: |")
    made: dict[str, Make] = {"shares": shares, "yes or no": answers}
    for name, make in made.items():
        for dialogues, questions in ((3, 50), (6, 40), (10, 200), (50, 10), (500, 1)):
            rng = np.random.default_rng(0)
            one = np.mean([decide([make(rng, dialogues, questions, 0.0)])[0].worse for _ in range(pairs)])
            five = np.mean(
                [
                    any(each.worse for each in decide([make(rng, dialogues, questions, 0.0) for _ in range(5)]))
                    for _ in range(pairs)
                ]
            )
            stated = [decide([make(rng, dialogues, questions, 0.0)])[0].sees for _ in range(200)]
            sees = float(np.median([each for each in stated if each is not None]))
            tests = [make(rng, dialogues, questions, sees / (1.0 if make is shares else 0.5)) for _ in range(pairs)]
            # What was lost of yes and no depends on how much was known: count the pairs that lost as much on average.
            found = np.mean([decide([test])[0].worse for test in tests])
            lost = np.mean([test.drops.mean() for test in tests])
            rows.append(
                f"| {name} | {dialogues} x {questions} | {one:.1%} | {five:.1%} | {sees:.3f} | {found:.0%} "
                f"of drops of {lost:.3f} |"
            )
    sys.stdout.write("\n".join(rows) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
