"""Tokens by section and by phase, cached and uncached: in the records, in `memeval show` and in `memeval cost`."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.chat_server import Answer, ChatServer, completion, fails, serving, usage
from support.sections import TEXTS

from memeval.cli.main import main
from memeval.kit.tokens import get_tokenizer
from memeval.records.runs import runs

HEADINGS = ("[Summary of the conversation so far]", "[Relevant memories]", "[Conversation]", "[Tool results]")
QUERY = "What colour is the boat?"
VERDICT = {"reason": "same", "abstained": False, "correct": True}


def answer(request: dict[str, Any]) -> Answer:
    """Answers with 40 of 100 tokens out of the cache, verdicts with none of 70."""
    if "You grade" in request["messages"][0]["content"]:
        return completion(json.dumps(VERDICT), usage=usage(70, 9))
    return completion("Blue", usage=usage(100, 3, prompt_tokens_details={"cached_tokens": 40}))


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with serving() as served:
        served.default = answer
        yield served


@pytest.fixture
def words(server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What to say after a command to run it on two dialogues with a question each."""
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path / "cache"))
    turns = [
        {"id": f"t{n}", "session": "s0", "speaker": speaker, "role": role, "text": text}
        for n, (speaker, role, text) in enumerate(
            [("Ann", "user", "the boat is blue"), ("Ben", "assistant", "so it is")]
        )
    ]
    asked = {"text": QUERY, "answers": ["blue"], "evidence": ["t0"], "category": "single"}
    path = tmp_path / "own.jsonl"
    lines = [json.dumps({"id": f"d{n}", "turns": turns, "questions": [{**asked, "id": f"q{n}"}]}) for n in range(2)]
    path.write_text("\n".join(lines) + "\n")
    return [
        "benchmark=jsonl", f"benchmark.path={path}", "strategy=none", "strategy._target_=support.sections.EverySection",
        "reader=llm", "judge=llm", "llm=litellm", "llm.model=openai/tiny", f"llm.api_base={server.base}",
        "llm.price={input: 10, output: 20, cache_read: 1}",
    ]  # fmt: skip


def row(printed: str, phase: str) -> list[str]:
    """Cells from `calls` on of a phase's line, embedded tokens and dollars left out."""
    lines = [line.split() for line in printed.splitlines()]
    return next(cells[-8:-2] for cells in lines if cells[-10:-8] == [phase, "question"])


def test_every_section_and_phase_is_in_the_books(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "runs"
    assert main(["run", *words, f"results={results}", "progress=off"]) == 0
    [run] = runs(results)
    [[outcome], [other]] = [result.outcomes for result in run.results()]
    tokenizer = get_tokenizer("o200k_base")
    expected = {kind: tokenizer.count(text) for kind, text in TEXTS.items()}
    expected["query"] = tokenizer.count(QUERY)
    expected["frame"] = sum(map(tokenizer.count, (*HEADINGS, "[User query]")))
    assert outcome.tokens == expected
    assert other.tokens == outcome.tokens
    answered, judged = outcome.usage["answer"], outcome.usage["judge"]
    assert (answered.tokens_in, answered.cached_tokens_in, answered.tokens_out) == (100, 40, 3)
    assert (judged.tokens_in, judged.cached_tokens_in, judged.tokens_out) == (70, 0, 9)
    # 60 x 10 + 40 x 1 + 3 x 20, and 70 x 10 + 9 x 20, per million.
    assert (answered.dollars, judged.dollars) == (pytest.approx(700e-6), pytest.approx(880e-6))
    capsys.readouterr()

    headings = ["system", "summary", "memories", "history", "tool", "query"]
    for command in (["show", run.id, "--results", str(results)], ["cost", run.id, f"results={results}"]):
        assert main(command) == 0
        printed = capsys.readouterr().out
        assert re.search(r"\s+".join(headings), printed), command
        cells = [f"{tokens:,.1f}" for tokens in (*expected.values(), sum(expected.values()))]
        assert re.search(r"\s+".join(map(re.escape, cells)), printed), command
        # Calls, tokens in, of them cached, written and uncached, tokens out.
        assert row(printed, "answer") == ["1.00", "100.0", "40.0", "0.0", "60.0", "3.0"], command
        assert row(printed, "judge") == ["1.00", "70.0", "0.0", "0.0", "70.0", "9.0"], command
    assert main(["show", run.id, "q0", "--results", str(results)]) == 0
    printed = capsys.readouterr().out
    for said in ("Answered: Blue", "judged correct", "answer: 1 calls, 100 tokens in (40 cached), 3 out"):
        assert said in printed
    assert all(f"{kind} {tokens}" in printed for kind, tokens in expected.items())


def test_replies_are_carried_to_another_machine(
    words: list[str], server: ChatServer, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the page of models says: the files of `replies/` are enough to gate a run that was paid for."""
    gate = ["gate", "--baseline", str(tmp_path / "baseline")]
    # In a process of its own, since SQLite writes to another file until the last one that uses it ends.
    path = os.pathsep.join([str(root), str(root / "tests")])
    subprocess.run(
        [sys.executable, "-m", "memeval.cli", *gate, "--update", *words],
        env={**os.environ, "PYTHONPATH": path}, check=True, stdout=subprocess.DEVNULL, timeout=300,
    )  # fmt: skip
    paid = len(server.requests)
    assert paid == 2, "the same prompts again are not paid for again"
    server.default = fails(500)
    elsewhere = tmp_path / "elsewhere" / "replies"
    elsewhere.mkdir(parents=True)
    for file in (tmp_path / "cache" / "replies").glob("*.sqlite"):
        shutil.copy(file, elsewhere)
    monkeypatch.setenv("MEMEVAL_CACHE", str(elsewhere.parent))
    assert main([*gate, *words, "llm.cache=replay"]) == 0
    assert len(server.requests) == paid
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path / "empty"))
    assert main([*gate, *words, "llm.cache=replay"]) == 2
    assert len(server.requests) == paid
