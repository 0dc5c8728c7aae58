"""Runs whose model misbehaves: what was answered is never paid for again, results are those of a calm run."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.chat_server import Answer, completion, fails, serving, usage, words

from memeval.cli.main import main
from memeval.kit.types import Outcome, Usage
from memeval.llm import retrying
from memeval.records.runs import runs

QUESTIONS = 40
FLOOD = 100_000
MAX_TOKENS = 50


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path / "cache"))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    # Storms are sat out at once.
    monkeypatch.setattr(retrying, "_FIRST_WAIT", 0.0)


def command(base: str, results: Path, *more: str) -> list[str]:
    return [
        "run", "benchmark=demo", "limit=1", "strategy=truncation", "retriever=none", "budget=300", "reader=llm",
        "judge=llm", "llm=litellm", "llm.model=openai/tiny", f"llm.api_base={base}", "llm.concurrency=1",
        f"llm.max_tokens={MAX_TOKENS}", f"results={results}", "progress=off", *more,
    ]  # fmt: skip


def is_judging(request: dict[str, Any]) -> bool:
    return "You grade an answer" in request["messages"][0]["content"]


def number(request: dict[str, Any]) -> int:
    """Something that only the request decides."""
    return int(hashlib.sha256(json.dumps(request["messages"]).encode()).hexdigest()[:8], 16)


def calm(request: dict[str, Any]) -> Answer:
    """Answers by the request alone; every ninth answer has no end."""
    tokens = words(request["messages"])
    if is_judging(request):
        correct = number(request) % 2 == 0
        text = json.dumps({"reason": "so", "abstained": False, "correct": correct})
        if "cannot be answered" in request["messages"][0]["content"]:
            text = json.dumps({"reason": "so", "abstained": correct, "correct": correct})
        return completion(text, usage=usage(tokens, 9))
    if number(request) % 9 == 0:
        return completion("and so on " * (FLOOD // 3), usage=usage(tokens, FLOOD))
    return completion(f"answer {number(request) % 100}", usage=usage(tokens, 2))


class Weather:
    """Before a request is answered it goes wrong in one way, chosen by the request; counts what was paid for."""

    def __init__(self) -> None:
        self.tried: Counter[int] = Counter()
        self.paid: Counter[int] = Counter()
        self.tokens = Usage()

    def __call__(self, request: dict[str, Any]) -> Answer:
        name = number(request)
        self.tried[name] += 1
        # An eighth of the requests fails three times in a row, the others once.
        if self.tried[name] <= (3 if name % 8 == 0 else 1):
            kind = (name // 9) % 5
            if kind == 0:
                return fails(429, "slow down", Retry_After="0")(request)
            if kind == 1:
                return Answer('{"choices": [{"message": {"content": "cut in the mid')
            if kind == 2:
                return fails(503, "overloaded")(request)
            if kind == 3 and self.tried[name] == 1:
                return self._billed(completion("", usage=usage(words(request["messages"]), 1)))
        self.paid[name] += 1
        return self._billed(calm(request))

    def _billed(self, answer: Answer) -> Answer:
        used = answer.body["usage"]
        self.tokens += Usage(calls=1, tokens_in=used["prompt_tokens"], tokens_out=used["completion_tokens"])
        return answer


def outcomes(results: Path) -> Sequence[Outcome]:
    [run] = runs(results)
    assert run.finished
    [result] = run.results()
    return result.outcomes


def facts(results: Path) -> list[tuple[Any, ...]]:
    return [(each.question, each.context, each.tokens, each.answer, each.verdict) for each in outcomes(results)]


def booked(results: Path) -> Usage:
    return sum((each.usage[phase] for each in outcomes(results) for phase in ("answer", "judge")), Usage())


def test_a_run_through_storms_pays_once_and_equals_one_in_calm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving() as server:
        server.default = calm
        assert main(command(server.base, tmp_path / "calm")) == 0
        still = facts(tmp_path / "calm")
        assert len(still) == QUESTIONS and len(server.requests) == 2 * QUESTIONS
        # Of a reply of 100,000 tokens all is booked and the beginning is kept.
        floods = [each for each in outcomes(tmp_path / "calm") if each.usage["answer"].tokens_out == FLOOD]
        assert floods and all((each.answer or "").startswith("and so on and") for each in floods)
        assert all(len((each.answer or "").split()) <= MAX_TOKENS for each in floods)

        monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path / "another"))
        weather = Weather()
        server.default = weather
        server.requests.clear()
        # One retry: what goes wrong three times stops the run, and the same command goes on.
        stops = 0
        while main(words := command(server.base, tmp_path / "storm", "llm.retries=1")) != 0:
            stops += 1
            assert "the same command goes on" in capsys.readouterr().err
            assert stops < 2 * QUESTIONS
        assert stops > 1
        assert facts(tmp_path / "storm") == still
        assert set(weather.paid.values()) == {1} and len(weather.paid) == 2 * QUESTIONS
        # What was paid is what is booked: empty replies too, over all the starts.
        total = booked(tmp_path / "storm")
        assert (total.calls, total.tokens_in, total.tokens_out) == (
            weather.tokens.calls, weather.tokens.tokens_in, weather.tokens.tokens_out,
        )  # fmt: skip
        assert total.calls > 2 * QUESTIONS and total.estimated_calls == 0

        # From here on everything is free: run, judged by another, scored, gated.
        made = len(server.requests)
        server.default = fails(500)
        replay = [*words, "llm.cache=replay"]
        assert main([*replay, "overwrite=true"]) == 0
        assert facts(tmp_path / "storm") == still and booked(tmp_path / "storm").tokens_in == total.tokens_in
        rules = tmp_path / "rules.yaml"
        rules.write_text("rules:\n  - {measure: JudgedAccuracy, max_drop: 0}\n  - {measure: TokenF1, max_drop: 0}\n")
        gate = ["gate", "--baseline", str(tmp_path / "baseline"), "--rules", str(rules)]
        gate += ["--results", str(tmp_path / "gated")]
        gated = [word for word in replay[1:] if not word.startswith(("results=", "progress="))]
        assert main([*gate, "--update", *gated]) == 0
        assert main([*gate, *gated]) == 0
        assert main([*replay, "llm@judge_llm=scripted", f"results={tmp_path / 'judged'}"]) == 0
        capsys.readouterr()
        assert main(["score", "truncation*", f"results={tmp_path / 'storm'}", "measures=[JudgedAccuracy,TokenF1]"]) == 0
        assert "JudgedAccuracy" in capsys.readouterr().out
        assert len(server.requests) == made


def test_a_server_that_goes_away_and_comes_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answered = 23
    with serving() as first:

        def leaves(request: dict[str, Any]) -> Answer:
            answer = calm(request)
            if len(first.requests) < answered:
                return answer
            # Nobody listens any more once this one is answered.
            first.http.shutdown()
            first.http.server_close()
            return Answer(answer.body, headers={"Connection": "close"})

        first.default = leaves
        words = command(first.base, tmp_path / "runs", "llm.retries=1")
        port = first.http.server_port
        assert main(words) == 2
        assert "did not answer after 2 calls" in capsys.readouterr().err
    before = [number(request) for request in first.requests]
    assert len(before) == answered
    with serving(port) as second:
        second.default = calm
        assert main(words) == 0
        after = [number(request) for request in second.requests]
        assert not set(before) & set(after) and len(set(before) | set(after)) == 2 * QUESTIONS == len(before + after)
        assert main(command(second.base, tmp_path / "whole", "llm.cache=off")) == 0
    assert facts(tmp_path / "runs") == facts(tmp_path / "whole")


def test_what_has_no_usable_reply_is_noted_and_asked_again(tmp_path: Path) -> None:
    """Empty twice: the question has no answer, the others do; run again, it is asked for alone."""
    with serving() as server:
        unlucky: list[int] = []

        def some_are_empty(request: dict[str, Any]) -> Answer:
            if not is_judging(request) and (number(request) in unlucky or len(unlucky) < 2):
                unlucky.append(number(request))
                return completion("", usage=usage(3, 0))
            return calm(request)

        server.default = some_are_empty
        words = command(server.base, tmp_path / "runs")
        assert main(words) == 1
        [silent] = [each for each in outcomes(tmp_path / "runs") if each.answer is None]
        assert silent.verdict is not None and "empty" in silent.verdict["error"] and silent.context
        assert silent.usage["answer"].calls == 2 and silent.usage["judge"].calls == 0
        made = len(server.requests)
        server.default = calm
        assert main(words) == 1 and len(server.requests) == made, "kept as it is, and still an error"
        assert main([*words, "overwrite=true"]) == 0
        assert len(server.requests) == made + 2, "its answer and the verdict on it"
        assert all(each.answer for each in outcomes(tmp_path / "runs"))
