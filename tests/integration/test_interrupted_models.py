"""A run killed in the middle of model calls goes on through a storm, pays for nothing twice and ends as in calm."""

import gc
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.chat_server import Answer, ChatServer, completion, fails, serving, usage, words

from memeval.cli.main import main
from memeval.kit.types import Usage
from memeval.llm import retrying
from memeval.records.runs import Run, runs

HERE = Path(__file__).resolve().parents[1]
CONCURRENCY = 4
FLOOD = 100_000
MAX_TOKENS = 120
# Of threads that make a client at the same time litellm keeps one and drops the others with their connections open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


def command(base: str, results: Path, *more: str) -> list[str]:
    return [
        "run", "benchmark=demo", "limit=1", "strategy=model_summary", "retriever=none", "budget=600", "reader=llm",
        "judge=llm", "llm=litellm", "llm.model=openai/tiny", f"llm.api_base={base}", f"llm.concurrency={CONCURRENCY}",
        f"llm.max_tokens={MAX_TOKENS}", "llm.retries=1", f"results={results}", "progress=off", *more,
    ]  # fmt: skip


def name(request: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(request["messages"]).encode()).hexdigest()


def number(request: dict[str, Any]) -> int:
    return int(name(request)[:8], 16)


def use(request: dict[str, Any]) -> str:
    told = request["messages"][0]["content"]
    return "judge" if "You grade an answer" in told else "answer" if "You answer a question" in told else "write"


def calm(request: dict[str, Any]) -> Answer:
    """A reply by the request alone; some verdicts are no JSON until asked again, some answers have no end."""
    tokens, chosen = words(request["messages"]), number(request)
    if use(request) == "write":
        return completion(f"Summary {chosen % 1000} of what was said.", usage=usage(tokens, 7))
    if use(request) == "answer":
        if chosen % 9 == 0:
            return completion("and so on " * (FLOOD // 3), usage=usage(tokens, FLOOD))
        return completion(f"answer {chosen % 100}", usage=usage(tokens, 2))
    if chosen % 6 == 0 and len(request["messages"]) == 2:
        return completion('{"reason": "so", "abst', usage=usage(tokens, 4))
    unanswerable = "cannot be answered" in request["messages"][0]["content"]
    verdict = {"reason": "so", "abstained": bool(chosen % 2) and unanswerable, "correct": bool(chosen % 2)}
    return completion(json.dumps(verdict), usage=usage(tokens, 9))


class Till:
    """What the server was asked, what it answered of that, and what it wants to be paid for."""

    def __init__(self) -> None:
        self.tried: Counter[str] = Counter()
        self.paid: Counter[str] = Counter()
        self.bills: list[tuple[str, Usage]] = []
        self._lock = threading.Lock()

    def calm(self, request: dict[str, Any]) -> Answer:
        return self._bill(request, calm(request), usable=True)

    def storm(self, request: dict[str, Any]) -> Answer:
        """Before its reply each request goes wrong once, a few of them so often that the run stops."""
        with self._lock:
            self.tried[name(request)] += 1
            tried = self.tried[name(request)]
        if tried > (3 if number(request) % 24 == 0 else 1):
            return self.calm(request)
        kind = (number(request) // 9) % 4
        if kind == 0:
            return fails(503, "overloaded")(request)
        if kind == 1:
            return Answer('{"choices": [{"message": {"content": "cut in the mid')
        if kind == 2 and tried == 1:
            return self._bill(request, completion("", usage=usage(words(request["messages"]), 1)), usable=False)
        return fails(429, "slow down", Retry_After="0")(request)

    def _bill(self, request: dict[str, Any], answer: Answer, usable: bool) -> Answer:
        tokens = answer.body["usage"]
        with self._lock:
            self.paid[name(request)] += usable
            bill = Usage(calls=1, tokens_in=tokens["prompt_tokens"], tokens_out=tokens["completion_tokens"])
            self.bills.append((name(request), bill))
        return answer

    def total(self, without: Counter[str]) -> tuple[int, int, int]:
        """Calls and tokens of all bills, but for so many of each name."""
        left, summed = Counter(without), Usage()
        for request, bill in self.bills:
            if left[request]:
                left[request] -= 1
            else:
                summed += bill
        return summed.calls, summed.tokens_in, summed.tokens_out


def the_run(results: Path) -> Run:
    [run] = runs(results)
    assert run.finished
    return run


def facts(results: Path) -> list[tuple[Any, ...]]:
    [result] = the_run(results).results()
    return [(each.question, each.context, each.tokens, each.answer, each.verdict) for each in result.outcomes]


def booked(results: Path) -> tuple[int, int, int]:
    [result] = the_run(results).results()
    total = sum((each for outcome in result.outcomes for each in outcome.usage.values()), result.record.write)
    assert total.estimated_calls == 0
    return total.calls, total.tokens_in, total.tokens_out


@pytest.fixture(scope="module", autouse=True)
def surroundings() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patched:
        for variable in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
            patched.delenv(variable, raising=False)
        # Pauses are tested elsewhere.
        patched.setattr(retrying, "_FIRST_WAIT", 0.0)
        yield patched


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with serving() as served:
        yield served
    # What litellm dropped is found here, and not in another test.
    gc.collect()


@pytest.fixture(scope="module")
def undisturbed(
    surroundings: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Till, list[tuple[Any, ...]]]:
    """Bills and results of a run that nothing happens to."""
    folder, till = tmp_path_factory.mktemp("calm"), Till()
    surroundings.setenv("MEMEVAL_CACHE", str(folder / "cache"))
    with serving() as served:
        served.default = till.calm
        assert main(command(served.base, folder / "runs")) == 0
    assert booked(folder / "runs") == till.total(Counter()) and set(till.paid.values()) == {1}
    assert {use(request) for request in served.requests} == {"write", "answer", "judge"}
    assert any(bill.tokens_out == FLOOD for _, bill in till.bills)
    assert any(len(request["messages"]) > 3 for request in served.requests), "a verdict was repaired"
    return till, facts(folder / "runs")


def killed(server: ChatServer, command: list[str], till: Till, when: Callable[[dict[str, Any]], bool]) -> None:
    """Run a command in a process of its own and kill it while it waits for a reply."""
    process: list[subprocess.Popen[bytes]] = []
    started = threading.Event()

    def answer(request: dict[str, Any]) -> Answer:
        reply = till.calm(request)
        if when(request):
            # The reply is never read by anybody: a provider charges for it all the same.
            started.wait()
            process[0].kill()
            process[0].wait()
        return reply

    server.default = answer
    paths = os.pathsep.join([str(HERE.parent), str(HERE)])
    process.append(
        subprocess.Popen(
            [sys.executable, "-m", "memeval.cli", *command],
            env={**os.environ, "PYTHONPATH": paths},
            stdout=subprocess.DEVNULL,
        )
    )
    started.set()
    assert process[0].wait() == -signal.SIGKILL


@pytest.mark.parametrize(("phase", "count"), [("write", 3), ("judge", 17)])
def test_killed_then_through_a_storm_as_if_nothing_had_happened(
    server: ChatServer,
    undisturbed: tuple[Till, list[tuple[Any, ...]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    phase: str,
    count: int,
) -> None:
    bills, expected = undisturbed
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path / "cache"))
    till, seen = Till(), Counter[str]()

    def reached(request: dict[str, Any]) -> bool:
        seen[use(request)] += 1
        return use(request) == phase and seen[phase] == count

    line = command(server.base, tmp_path / "runs")
    killed(server, line, till, reached)
    assert not any(run.finished for run in runs(tmp_path / "runs"))
    server.default = till.storm
    stops = 0
    while main(line) != 0:
        stops += 1
        assert "the same command goes on" in capsys.readouterr().err
        assert stops < len(bills.paid)
    assert stops, "the storm was strong enough to stop the run"
    assert facts(tmp_path / "runs") == expected
    # What was in flight at the kill is lost, and nothing else is asked again once it was answered.
    lost = Counter({request: n - 1 for request, n in till.paid.items() if n > 1})
    assert 1 <= lost.total() <= CONCURRENCY and set(lost.values()) == {1}
    assert set(till.paid) == set(bills.paid)
    assert booked(tmp_path / "runs") == till.total(lost)
    if phase == "judge":
        free_from_here(server, line, tmp_path, capsys)


def free_from_here(server: ChatServer, line: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was paid for is run, scored, judged by another and gated without a call."""
    made = len(server.requests)
    server.default = fails(500)
    known, expected, total = the_run(folder / "runs").id, facts(folder / "runs"), booked(folder / "runs")
    replay = [*line, "llm.cache=replay"]
    assert main([*replay, "overwrite=true"]) == 0
    assert (the_run(folder / "runs").id, facts(folder / "runs"), booked(folder / "runs")) == (known, expected, total)
    capsys.readouterr()
    assert main(["score", known, f"results={folder / 'runs'}", "measures=[JudgedAccuracy,TokenF1]"]) == 0
    assert "JudgedAccuracy" in capsys.readouterr().out

    verdict = "{reason: so, abstained: false, correct: true}"
    scripted = ["llm@judge_llm=scripted", f"judge_llm.rules=[{{match: You grade, reply: {verdict}}}]"]
    other = folder / "judged"
    main([*replay, *scripted, f"results={other}"])
    judged = the_run(other)
    assert judged.id != known
    assert [each[:4] for each in facts(other)] == [each[:4] for each in expected]
    assert any(verdict != each[4] for verdict, each in zip([each[4] for each in facts(other)], expected, strict=True))

    rules = folder / "rules.yaml"
    rules.write_text("rules:\n  - {measure: JudgedAccuracy, max_drop: 0}\n  - {measure: TokenF1, max_drop: 0}\n")
    gate = ["gate", "--baseline", str(folder / "baseline"), "--rules", str(rules), "--results", str(folder / "gated")]
    words = [word for word in replay[1:] if not word.startswith(("results=", "progress="))]
    assert main([*gate, "--update", *words]) == 0
    assert main([*gate, *words]) == 0
    assert len(server.requests) == made
