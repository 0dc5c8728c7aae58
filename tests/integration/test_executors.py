import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.dialogues import Memory
from support.plans import plan, window

from memeval.harness.executors import get_executor
from memeval.harness.once import Settings, run_plan
from memeval.kit.errors import ConfigError, ModelError
from memeval.options.root import SCOPE
from memeval.records.outcomes import outcome_from_json
from memeval.records.runs import load

HERE = Path(__file__).resolve().parents[1]


def without_times(path: Path) -> list[object]:
    import json

    lines = []
    for line in path.read_text().splitlines():
        parsed = json.loads(line)
        parsed.pop("usage", None)
        parsed.pop("write", None)
        parsed.get("stats", {}).pop("start_seconds", None)
        lines.append(parsed)
    return lines


def test_two_workers_write_the_same_file_as_one(tmp_path: Path):
    benchmark = Memory(dialogues=7, turns=30, questions=6)
    made = plan(benchmark, window())
    one = run_plan(made, benchmark, {}, Settings(tmp_path / "one", workers=1))
    two = run_plan(made, benchmark, {}, Settings(tmp_path / "two", workers=2))
    assert one.executed == two.executed == 7
    first, second = (done.run.folder / "outcomes.jsonl" for done in (one, two))
    assert without_times(first) == without_times(second) and len(without_times(first)) == 7 * 7


@pytest.mark.parametrize("times", [1, 100])
def test_a_worker_that_is_killed_does_not_lose_the_run(tmp_path: Path, times: int):
    benchmark = Memory(dialogues=5)
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    node = {
        "_target_": "support.strategies.KillsWorker",
        "scope": SCOPE,
        "victim": "d2",
        "folder": str(deaths),
        "times": times,
    }
    done = run_plan(plan(benchmark, node), benchmark, {}, Settings(tmp_path / "runs", workers=2))
    results = {result.record.dialogue: result for result in done.run.results()}
    assert list(results) == ["d0", "d1", "d2", "d3", "d4"]
    assert len(list(deaths.iterdir())) >= 1
    for name, result in results.items():
        if times == 100 and name == "d2":
            assert all("worker process died" in str(outcome.error) for outcome in result.outcomes)
        else:
            assert [outcome.error for outcome in result.outcomes] == [None] * 4
    assert done.errors == (4 if times == 100 else 0)


def test_what_stops_a_run_is_raised_from_a_worker_with_its_sentence(tmp_path: Path):
    benchmark = Memory()
    with pytest.raises(ModelError, match="install it"):
        run_plan(
            plan(benchmark, {"_target_": "support.strategies.NeedsModel"}), benchmark, {}, Settings(tmp_path, workers=2)
        )


def test_no_workers_is_refused():
    with pytest.raises(ConfigError, match="workers=0"):
        get_executor(0)


SCRIPT = """
import sys
from pathlib import Path
from support.dialogues import Memory
from support.plans import plan
from memeval.harness.once import Settings, run_plan

if __name__ == "__main__":
    benchmark = Memory(dialogues=8)
    node = {"_target_": "support.strategies.Slow", "seconds": 0.02}
    done = run_plan(plan(benchmark, node), benchmark, {}, Settings(Path(sys.argv[1]), workers=int(sys.argv[2])))
    print(done.kept, done.executed)
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_sigkill_at_any_moment_and_started_again_ends_the_same(tmp_path: Path, workers: int):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent)])}

    def start(folder: Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(script), str(folder), str(workers)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    undisturbed = start(tmp_path / "undisturbed")
    assert undisturbed.communicate(timeout=120)[0].split() == ["0", "8"]
    kept_before = 0
    for at_least in (1, 2, 4):
        process = start(tmp_path / "killed")
        deadline = time.monotonic() + 60
        while _finished(tmp_path / "killed") < at_least and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert _finished(tmp_path / "killed") >= kept_before
        kept_before = _finished(tmp_path / "killed")
    kept, executed = map(int, start(tmp_path / "killed").communicate(timeout=120)[0].split())
    assert kept == kept_before >= 1 and kept + executed == 8
    killed, whole = (next((tmp_path / name).glob("*/*/outcomes.jsonl")) for name in ("killed", "undisturbed"))
    assert without_times(killed) == without_times(whole)
    assert load(killed.parent).finished
    assert outcome_from_json({**_first(killed)}).error is None


def _first(path: Path) -> dict[str, object]:
    import json

    with path.open() as file:
        line: dict[str, object] = json.loads(file.readline())
    return line


def _finished(folder: Path) -> int:
    return sum(path.read_bytes().count(b'\n{"finished"') for path in folder.glob("*/*/outcomes.jsonl"))
