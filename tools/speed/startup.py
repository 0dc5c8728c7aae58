"""How long memeval takes to start: importing it, help, lists, composing a config. Needs no data."""

import argparse
import sys

from measuring import MEMEVAL, execute, in_turn, say, say_runs, seconds, verdict

BASE = "python -c pass"
COMMANDS = {
    BASE: (sys.executable, "-c", "pass"),
    "python -c 'import memeval'": (sys.executable, "-c", "import memeval"),
    "memeval --help": (*MEMEVAL, "--help"),
    "memeval list": (*MEMEVAL, "list"),
    "memeval run --cfg": (*MEMEVAL, "run", "--cfg"),
}
LIMITS = {"python -c 'import memeval'": 0.3, "memeval --help": 1.0}


def main() -> int:
    """Measure and judge; exit code 1 if a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=7, help="executions of each command (default 7)")
    arguments = parser.parse_args()
    jobs = {name: lambda command=command: execute(command) for name, command in COMMANDS.items()}
    found = in_turn(jobs, arguments.times)
    say_runs(found)
    base = seconds(found[BASE])
    say("in starts of Python: " + ", ".join(f"{name} {seconds(runs) / base:.1f}" for name, runs in found.items()))
    kept = [verdict(name, seconds(found[name]), limit, " s") for name, limit in LIMITS.items()]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
