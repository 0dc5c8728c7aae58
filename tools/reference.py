"""Makes the committed reference results again: baselines, one table and the plots of each benchmark.

python tools/reference.py [BENCHMARK...]

On a quiet machine, and with an empty vector cache (MEMEVAL_CACHE=NEWFOLDER): what was encoded before books what it took
then.
"""

import shutil
import subprocess
import sys
from pathlib import Path

BENCHMARKS = ("demo", "locomo", "longmemeval")
FOLDER = Path(__file__).resolve().parents[1] / "results" / "reference"


def memeval(*words: str) -> None:
    """Run a command of memeval and stop where it fails."""
    print("memeval", *words, flush=True)  # noqa: T201
    subprocess.run([sys.executable, "-m", "memeval.cli", *words], check=True)


def make(benchmark: str) -> None:
    """Run the experiment and put down what it found; what it no longer has goes."""
    folder = FOLDER / benchmark
    before = {path.parent for path in folder.glob("*/run.json")}
    for path in before:
        shutil.rmtree(path)
    # With one worker: two would take the cores from each other, which is then what their times tell.
    memeval("gate", "--baseline", str(folder), "--update", "experiment=reference", f"benchmark={benchmark}")
    memeval("plot", str(folder), f"out={folder}")
    memeval("compare", str(folder), f"out={folder / 'table.md'}")


if __name__ == "__main__":
    for name in sys.argv[1:] or BENCHMARKS:
        make(name)
