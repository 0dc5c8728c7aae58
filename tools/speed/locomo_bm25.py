"""LoCoMo, all 1,986 questions, BM25 over turns: the whole command against the bare bm25s loop. Needs MEMEVAL_DATA.

The ratio is (whole command - start-up) / bare loop, where the bare loop is timed without starting Python and importing
bm25s. It is given with two meanings of start-up: `memeval run --cfg` (imports and composes the config; loading bm25s
and the tokenizer's vocabulary then counts as work), and the same command on a dialogue of one turn (which loads all of
that, too).
"""

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from measuring import MEMEVAL, data_file, execute, in_turn, say, say_runs, seconds, verdict_net

LIMIT = 3.0
OVERRIDES = ("strategy=none", "retriever=bm25", "overwrite=true", "progress=off")
ONE_TURN = {
    "id": "anna",
    "turns": [{"id": "t1", "session": "s1", "speaker": "Anna", "role": "user", "text": "My bike is green."}],
    "questions": [
        {"id": "q1", "text": "What colour is the bike?", "answers": ["green"], "evidence": ["t1"], "category": "fact"}
    ],
}


def main() -> int:
    """Measure and judge; exit code 1 if a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=7, help="executions of each command (default 7)")
    arguments = parser.parse_args()
    file = data_file("locomo", "locomo10.json")
    bare = (sys.executable, str(Path(__file__).with_name("bare_bm25s.py")), "locomo", str(file))
    with TemporaryDirectory(prefix="memeval-speed-") as folder:
        one = Path(folder) / "one.jsonl"
        one.write_text(json.dumps(ONE_TURN) + "\n", encoding="utf-8")
        options = (*OVERRIDES, f"results={folder}/results")
        found = in_turn(
            {
                "memeval run": lambda: execute((*MEMEVAL, "run", "benchmark=locomo", *options)),
                "memeval run --cfg": lambda: execute((*MEMEVAL, "run", "--cfg", "benchmark=locomo", *options)),
                "on one turn": lambda: execute((*MEMEVAL, "run", "benchmark=jsonl", f"benchmark.path={one}", *options)),
                "bare script": lambda: execute(bare),
            },
            arguments.times,
        )
    say_runs(found)
    whole, script = found["memeval run"], found["bare script"]
    say(f"whole command / whole bare script: {seconds(whole) / seconds(script):.2f}")
    kept = [verdict_net(whole, found[name], script, LIMIT, name) for name in ("memeval run --cfg", "on one turn")]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
