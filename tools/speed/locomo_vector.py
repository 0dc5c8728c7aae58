"""LoCoMo, all 1,986 questions, MiniLM vectors over turns: cold against bare encoding, warm, memory. Needs MEMEVAL_DATA.

Cold: an empty cache, so that everything is encoded; compared with encoding the same texts without a harness. Warm: the
cache that the cold run has filled. Cold runs take about a minute each, so there are few of them.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from measuring import MEMEVAL, Measured, data_file, execute, peak, printed, say_runs, seconds, verdict

COLD_LIMIT = 1.3
WARM_LIMIT = 8.0
MEMORY_LIMIT = 1000.0
OVERRIDES = ("benchmark=locomo", "strategy=none", "retriever=vector", "overwrite=true", "progress=off")


def main() -> int:
    """Measure and judge; exit code 1 if a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=2, help="cold runs, each followed by two warm ones (default 2)")
    parser.add_argument("--limit", type=int, help="only the first so many conversations")
    arguments = parser.parse_args()
    file = data_file("locomo", "locomo10.json")
    bare = [sys.executable, str(Path(__file__).with_name("bare_minilm.py")), str(file)]
    overrides = list(OVERRIDES)
    if arguments.limit:
        bare += ["--conversations", str(arguments.limit)]
        overrides.append(f"limit={arguments.limit}")
    found: dict[str, list[Measured]] = {"cold": [], "bare": [], "warm": []}
    for _ in range(arguments.times):
        with TemporaryDirectory(prefix="memeval-speed-") as folder:
            whole = (*MEMEVAL, "run", *overrides, f"results={folder}/results")
            cache = {"MEMEVAL_CACHE": f"{folder}/cache"}
            found["cold"].append(execute(whole, cache))
            found["bare"].append(execute(bare))
            found["warm"] += [execute(whole, cache) for _ in range(2)]
    say_runs(found)
    encoding, _ = printed(found["bare"])
    kept = [
        verdict(f"cold / (bare encoding {encoding:.1f} s)", seconds(found["cold"]) / encoding, COLD_LIMIT),
        verdict("warm", seconds(found["warm"]), WARM_LIMIT, " s"),
        verdict("peak memory", max(peak(found["cold"]), peak(found["warm"])) / 1e6, MEMORY_LIMIT, " MB"),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
