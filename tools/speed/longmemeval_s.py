"""A file of LongMemEval-S's shape (500 questions, 250,000 turns), BM25 over turns: whole command against the bare loop.

The ratio is (whole command - start-up) / bare loop, as in locomo_bm25.py. With `--memory` the haystacks have M's size
and only memory is looked at: it must not grow with the number of questions, so that a file of any length fits.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from haystacks import write
from measuring import MEMEVAL, execute, in_turn, peak, say, say_runs, verdict, verdict_net

LIMIT = 3.0
MEMORY_LIMIT = 2000.0
# How much more half as many questions again may take, once memos of bounded size are full.
GROWTH_LIMIT = 1.1
M_TURNS = 5_000
M_QUESTIONS = (10, 20, 30)


def overrides(file: Path, results: str, variant: str) -> tuple[str, ...]:
    """Of the run over a file."""
    return (
        "benchmark=longmemeval",
        f"benchmark.variant={variant}",
        f"benchmark.path={file}",
        "strategy=none",
        "retriever=bm25",
        "overwrite=true",
        "progress=off",
        f"results={results}",
    )


def speed(questions: int, turns: int, times: int) -> bool:
    """Whole command against bare loop."""
    with TemporaryDirectory(prefix="memeval-speed-") as folder:
        file = Path(folder) / "haystacks.json"
        total = write(file, questions, turns)
        say(f"{questions:,} questions, {total:,} turns, {file.stat().st_size / 1e6:,.0f} MB")
        options = overrides(file, f"{folder}/results", "s")
        bare = (sys.executable, str(Path(__file__).with_name("bare_bm25s.py")), "longmemeval", str(file))
        found = in_turn(
            {
                "memeval run": lambda: execute((*MEMEVAL, "run", *options)),
                "memeval run --cfg": lambda: execute((*MEMEVAL, "run", "--cfg", *options)),
                "bare script": lambda: execute(bare),
            },
            times,
            # A long run is hardly changed by what a first round would warm up.
            warm_up=questions <= 100,
        )
    say_runs(found)
    startup = "memeval run --cfg"
    return verdict_net(found["memeval run"], found[startup], found["bare script"], LIMIT, startup)


def memory(turns: int) -> bool:
    """Peak memory over more and more questions."""
    peaks = []
    with TemporaryDirectory(prefix="memeval-speed-") as folder:
        file = Path(folder) / "haystacks.json"
        for questions in M_QUESTIONS:
            total = write(file, questions, turns)
            size = file.stat().st_size / 1e6
            run = execute((*MEMEVAL, "run", *overrides(file, f"{folder}/results", "m")))
            peaks.append(peak([run]) / 1e6)
            say(
                f"{questions} questions, {total:,} turns, {size:,.0f} MB: peak {peaks[-1]:,.0f} MB, {run.seconds:.1f} s"
            )
    kept = verdict("peak memory", max(peaks), MEMORY_LIMIT, " MB")
    growth = peaks[-1] / peaks[-2]
    return verdict(f"{M_QUESTIONS[-1]} questions / {M_QUESTIONS[-2]} questions", growth, GROWTH_LIMIT) and kept


def main() -> int:
    """Measure and judge; exit code 1 if a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=500, help="500; 50 are quick and give the same ratio")
    parser.add_argument("--turns", type=int, help="of each haystack (default 500; with --memory 5000)")
    parser.add_argument("--times", type=int, default=3, help="executions of each command (default 3)")
    parser.add_argument("--memory", action="store_true", help="haystacks of M's size, 10, 20 and 30 of them")
    arguments = parser.parse_args()
    if arguments.memory:
        kept = memory(arguments.turns or M_TURNS)
    else:
        kept = speed(arguments.questions, arguments.turns or 500, arguments.times)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
