"""LoCoMo, all 1,986 questions, BM25 over turns: the whole command against the bare bm25s loop. Needs MEMEVAL_DATA.

The ratio is (whole command - start-up) / bare loop. Start-up is `memeval run --cfg` with the same overrides, which
imports and composes what every command does. The bare loop is timed without starting Python and importing bm25s, which
the whole command is charged with.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from measuring import MEMEVAL, data_file, execute, in_turn, printed_seconds, say_runs, seconds, verdict

LIMIT = 3.0
OVERRIDES = ("benchmark=locomo", "strategy=none", "retriever=bm25", "overwrite=true", "progress=off")


def main() -> int:
    """Measure and judge; exit code 1 if the limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=7, help="executions of each command (default 7)")
    arguments = parser.parse_args()
    file = data_file("locomo", "locomo10.json")
    bare = (sys.executable, str(Path(__file__).with_name("bare_bm25s.py")), "locomo", str(file))
    with TemporaryDirectory(prefix="memeval-speed-") as results:
        whole = (*MEMEVAL, "run", *OVERRIDES, f"results={results}")
        startup = (*MEMEVAL, "run", "--cfg", *OVERRIDES, f"results={results}")
        found = in_turn(
            {
                "memeval run": lambda: execute(whole),
                "start-up (memeval run --cfg)": lambda: execute(startup),
                "bare script": lambda: execute(bare),
            },
            arguments.times,
        )
    say_runs(found)
    net = seconds(found["memeval run"]) - seconds(found["start-up (memeval run --cfg)"])
    loop = printed_seconds(found["bare script"])
    kept = verdict(f"({net:.2f} s without start-up) / (bare loop {loop:.2f} s)", net / loop, LIMIT)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
