"""timeout=: a call that hangs is an error that names plug-in, dialogue and question, and the run goes on."""

import threading
from pathlib import Path
from typing import Any

import pytest
from support.dialogues import Memory
from support.plans import plan, window

from memeval.harness.once import Finished, Settings, run_plan
from memeval.harness.runner import Runner
from memeval.kit.errors import ConfigError
from memeval.kit.types import DialogueResult
from memeval.options.root import SCOPE

TIMEOUT = 0.4


def hangs(method: str, how: str = "waits", **options: Any) -> dict[str, Any]:
    return {"_target_": "support.strategies.Hangs", "scope": SCOPE, "method": method, "how": how, **options}


def run(folder: Path, node: dict[str, Any], workers: int = 1, **settings: Any) -> Finished:
    benchmark = Memory(dialogues=3)
    return run_plan(plan(benchmark, node, timeout=TIMEOUT, **settings), benchmark, {}, Settings(folder, workers))


def results(done: Finished) -> dict[str, DialogueResult]:
    return {result.record.dialogue: result for result in done.run.results()}


@pytest.mark.parametrize("method", ["__init__", "prepare", "write", "read", "stats", "close"])
def test_what_waits_is_broken_off_and_named(method: str, tmp_path: Path) -> None:
    # In this process: nothing is killed here, and no worker has to start.
    with_limit = Runner(plan(Memory(), hangs(method), timeout=TIMEOUT), tmp_path)
    try:
        found = {dialogue.id: with_limit.run(dialogue) for dialogue in Memory(dialogues=3)}
    finally:
        with_limit.close()
    for name in ("d0", "d2"):
        assert found[name].record.error is None
        assert all(outcome.error is None for outcome in found[name].outcomes)
    questions = [outcome.error for outcome in found["d1"].outcomes]
    assert len(questions) == 4
    errors = questions if method in ("__init__", "prepare", "write", "read") else [found["d1"].record.error]
    for error in errors:
        assert error is not None and "CallTimedOut" in error
        assert f"Hangs took more than timeout=0.4 s in {method}()" in error and "dialogue d1" in error
    if method == "read":
        assert [f"question {outcome.question} of" in (outcome.error or "") for outcome in found["d1"].outcomes] == [
            True
        ] * 4


def test_only_the_question_that_hangs_fails(tmp_path: Path) -> None:
    # The second read and all that follow.
    found = Runner(plan(Memory(), hangs("second read", victim="d0"), timeout=TIMEOUT), tmp_path).run(
        next(iter(Memory()))
    )
    errors = [outcome.error for outcome in found.outcomes]
    assert errors[0] is None and all(error and "in read(), question" in error for error in errors[1:])
    assert found.record.error is None


@pytest.mark.parametrize("how", ["locks", "turns"])
def test_python_code_and_locks_are_broken_off(how: str, tmp_path: Path) -> None:
    found = Runner(plan(Memory(), hangs("read", how, victim="d0"), timeout=TIMEOUT), tmp_path).run(next(iter(Memory())))
    assert all("CallTimedOut while reading" in (outcome.error or "") for outcome in found.outcomes)


def test_a_thread_other_than_the_main_one_has_limits_too(tmp_path: Path) -> None:
    found: list[DialogueResult] = []

    def work() -> None:
        runner = Runner(plan(Memory(), hangs("read", "turns", victim="d0"), timeout=TIMEOUT), tmp_path)
        found.extend(runner.run(dialogue) for dialogue in list(Memory())[:2])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert [len([each for each in one.outcomes if each.error]) for one in found] == [4, 0]


@pytest.mark.parametrize(("how", "workers"), [("swallows", 1), ("alone", 2)])
def test_what_cannot_be_broken_off_ends_with_its_process(
    how: str, workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run(tmp_path, hangs("read", how), workers)
    found = results(done)
    assert list(found) == ["d0", "d1", "d2"]
    assert all(outcome.error is None for name in ("d0", "d2") for outcome in found[name].outcomes)
    for outcome in found["d1"].outcomes:
        assert outcome.error is not None and "Hangs took more than timeout=0.4 s in read(), question" in outcome.error
        assert "its process was ended" in outcome.error
    # An error is not kept: the same command tries again.
    assert done.errors == 4 and done.run.record.errors == 4


def test_a_limit_changes_neither_outcomes_nor_the_id(tmp_path: Path) -> None:
    benchmark = Memory()
    free, bound = plan(benchmark, window()), plan(benchmark, window(), timeout=30.0)
    assert free.run_id == bound.run_id
    (tmp_path / "scratch").mkdir()
    runners = [Runner(each, tmp_path / "scratch") for each in (free, bound)]
    for dialogue in benchmark:
        contexts = [[each.context for each in runner.run(dialogue).outcomes] for runner in runners]
        assert contexts[0] == contexts[1] and all(context is not None for context in contexts[0])
    for runner in runners:
        runner.close()


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("nan"), float("inf")])
def test_what_is_no_limit_is_refused(timeout: float) -> None:
    with pytest.raises(ConfigError, match="timeout="):
        plan(Memory(), window(), timeout=timeout)
