"""The reply cache: nothing is paid for twice, replays call nobody, and no key is ever kept."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support import chat_server
from support.chat_server import Answer, ChatServer, fails, says

from memeval.cli.main import main
from memeval.kit import ledger
from memeval.kit.errors import ConfigError, ModelError, ReplyError
from memeval.llm import Repeats, providers, replies, retrying
from memeval.llm.litellm_model import LiteLLM

KEY = "sk-planted-0123456789abcdef"
VERDICT = {"type": "object", "properties": {"verdict": {"enum": ["yes", "no"]}}, "required": ["verdict"]}
# A process of its own that asks for replies. It sends without litellm, whose import would take most of the time: what
# is tested here lies above it.
CLIENT = """
import json, sys, urllib.request
from types import SimpleNamespace
from memeval.llm import providers
from memeval.llm.litellm_model import LiteLLM

class Plain:
    def get_llm_provider(self, model):
        raise ValueError(model)

    def completion(self, api_base, **request):
        body = json.dumps({"model": request["model"], "messages": request["messages"]}).encode()
        sent = urllib.request.Request(api_base + "/chat/completions", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(sent, timeout=120) as answer:
            return json.loads(answer.read(), object_hook=lambda fields: SimpleNamespace(**fields))

providers.litellm = Plain
base, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for number in range(first, last):
    reply = LiteLLM("tiny", base).complete([{"role": "user", "content": f"prompt {number}"}])
    print(reply.text, flush=True)
"""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path / "cache"))
    for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(retrying, "_FIRST_WAIT", 0.0)
    with warnings.catch_warnings():
        # litellm's own, at its import.
        warnings.simplefilter("ignore")
        providers.litellm()
    with chat_server.serving() as made:
        yield made


def user(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def client(server: ChatServer, first: int, last: int, root: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", CLIENT, server.base, str(first), str(last)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )


def test_a_cached_reply_books_what_it_had_cost(server: ChatServer) -> None:
    price = {"input": 1.0, "output": 2.0}
    make = lambda **options: LiteLLM("tiny", server.base, price=price, **options)  # noqa: E731
    with ledger.phase() as cold:
        first = make().complete(user("one two three"))
    with ledger.phase() as warm:
        second = make().complete(user("one two three"))
    with ledger.phase() as replayed:
        make(cache="replay").complete(user("one two three"))
    assert len(server.requests) == 1 and first.text == second.text == "echo: one two three"
    for meter in (warm, replayed):
        assert meter.usage.model_seconds == pytest.approx(cold.usage.model_seconds)
        assert meter.usage.booked_seconds == pytest.approx(meter.usage.seconds + cold.usage.model_seconds)
        for name in ("calls", "tokens_in", "tokens_out", "cached_tokens_in", "dollars", "estimated_calls"):
            assert getattr(meter.usage, name) == getattr(cold.usage, name)
    assert cold.usage.dollars == pytest.approx((3 * 1 + 4 * 2) / 1e6)
    assert second.usage.seconds == 0 and second.usage.model_seconds == pytest.approx(first.usage.model_seconds)
    # A price given later holds for replies that are there already; one that is not known stays unknown.
    assert LiteLLM("tiny", server.base, price={"input": 0.0, "output": 1.0}).complete(
        user("one two three")
    ).usage.dollars == pytest.approx(4 / 1e6)
    make(cache="off").complete(user("one two three"))
    assert len(server.requests) == 2


def test_dollars_that_were_not_known(server: ChatServer) -> None:
    LiteLLM("tiny", server.base).complete(user("one"))
    with ledger.phase() as meter:
        LiteLLM("tiny", server.base).complete(user("one"))
    assert meter.usage.dollars is None
    with ledger.phase() as meter:
        LiteLLM("tiny", server.base, price={"input": 1.0, "output": 0.0}).complete(user("one"))
    assert meter.usage.dollars == pytest.approx(1e-6) and len(server.requests) == 1


def test_what_is_another_request(server: ChatServer) -> None:
    server.default = says('{"verdict": "yes"}')
    model = LiteLLM("tiny", server.base, seed=7)
    others: list[Any] = [
        lambda: model.complete(user("a")),
        lambda: model.complete(user("b")),
        lambda: model.complete([{"role": "system", "content": "a"}]),
        lambda: model.complete([*user("a"), *user("")]),
        lambda: model.complete(user("a"), VERDICT),
        lambda: model.complete(user("a"), {**VERDICT, "title": "v"}),
        lambda: model.repetition(1).complete(user("a")),
        lambda: model.repetition(2).complete(user("a")),
        lambda: LiteLLM("tiny", server.base, seed=8).complete(user("a")),
        lambda: LiteLLM("tiny", server.base, max_tokens=9, seed=7).complete(user("a")),
        lambda: LiteLLM("tiny", server.base.replace("127.0.0.1", "localhost"), seed=7).complete(user("a")),
    ]
    for expected, ask in enumerate(others, start=1):
        ask()
        assert len(server.requests) == expected
    for ask in others:
        ask()
    assert len(server.requests) == len(others)
    # The order of keys in a message or a schema is no difference, nor is a seed sent for another repetition.
    model.complete([{"content": "a", "role": "user"}], dict(reversed(VERDICT.items())))
    assert len(server.requests) == len(others)
    assert [request["seed"] for request in server.requests[:9]] == [7, 7, 7, 7, 7, 7, 8, 9, 8]
    assert isinstance(model, Repeats) and model.repetition(3).repetition(0).complete(user("a")).text
    assert len(server.requests) == len(others)


def test_a_replay_calls_nobody(server: ChatServer, tmp_path: Path) -> None:
    base = server.base
    LiteLLM("tiny", base).complete(user("known"))
    replay = LiteLLM("tiny", base, cache="replay")
    assert replay.complete(user("known")).text == "echo: known"
    with pytest.raises(
        ModelError, match=r"llm.cache=replay.*'tiny'.*[0-9a-f]{32}.*'never asked'.*llm.cache=on"
    ) as caught:
        replay.complete([{"role": "system", "content": "Be short."}, *user("never\nasked")])
    assert replies.key([{"role": "system", "content": "Be short."}, *user("never\nasked")], None, 0).hex() in str(
        caught.value
    )
    assert str(tmp_path) in str(caught.value) and not isinstance(caught.value, ReplyError)
    assert len(server.requests) == 1


def test_a_replay_needs_neither_litellm_nor_a_key(server: ChatServer, root: Path, tmp_path: Path) -> None:
    LiteLLM("tiny", server.base).complete(user("known"))
    code = (
        "import sys\nfrom memeval.llm.litellm_model import LiteLLM\n"
        f"model = LiteLLM('tiny', {server.base!r}, cache='replay')\nmodel.prepare()\n"
        "print(model.complete([{'role': 'user', 'content': 'known'}]).text)\n"
        "print({'litellm', 'openai', 'httpx'} & set(sys.modules))"
    )
    env = {**os.environ, "PYTHONPATH": str(root)}
    del env["OPENAI_API_KEY"]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, cwd=tmp_path)
    assert done.stdout.splitlines() == ["echo: known", "set()"], done.stderr


def test_what_failed_is_not_kept_and_a_repair_is(server: ChatServer) -> None:
    model = LiteLLM("tiny", server.base, retries=0)
    for failure in (fails(500), fails(429), fails(400), lambda request: Answer("not json")):
        server.script = [failure]
        with pytest.raises(ModelError):
            model.complete(user("a"))
    server.script = [says(""), says("")]
    with pytest.raises(ReplyError, match="empty"):
        model.complete(user("a"))
    assert model.complete(user("a")).text == "echo: a"
    server.requests.clear()
    server.script = [says("yes"), says('{"verdict": "yes"}')]
    for _ in range(2):
        with ledger.phase() as meter:
            assert model.complete(user("so?"), VERDICT).data == {"verdict": "yes"}
        assert meter.usage.calls == 2
    assert len(server.requests) == 2
    # An empty answer that was paid for on the way is part of what the reply had cost.
    server.script = [says(""), says("full")]
    for _ in range(2):
        with ledger.phase() as meter:
            model.complete(user("twice"))
        assert (meter.usage.calls, meter.usage.tokens_in) == (2, 2)
    assert len(server.requests) == 4


def test_a_repair_that_fails_is_not_paid_for_again(server: ChatServer) -> None:
    server.default = says("never JSON")
    model = LiteLLM("tiny", server.base)
    for _ in range(3):
        with pytest.raises(ReplyError, match="nor does its repair.*'never JSON'"):
            model.complete(user("so?"), VERDICT)
    assert len(server.requests) == 2


def test_threads_that_want_the_same(server: ChatServer) -> None:
    inside = threading.Barrier(3)

    def together(request: dict[str, Any]) -> Answer:
        # Three different prompts at once: none of them waits for the reply to another.
        inside.wait(timeout=60)
        return chat_server.fair(request)

    server.default = together

    def ask(number: int) -> str:
        with ledger.phase() as meter:
            text = LiteLLM("tiny", server.base, concurrency=8).complete(user(f"prompt {number % 3}")).text
        # Whoever waited for another's reply books it all the same.
        return f"{text} {meter.usage.calls}"

    with ThreadPoolExecutor(12) as pool:
        assert Counter(pool.map(ask, range(12))) == {f"echo: prompt {number} 1": 4 for number in range(3)}
    assert len(server.requests) == 3


def test_processes_that_want_the_same(server: ChatServer, root: Path) -> None:
    arrived = threading.Event()

    def slow(request: dict[str, Any]) -> Answer:
        # Long enough for the other process to come and want the same.
        arrived.wait(0.5)
        return chat_server.fair(request)

    server.default = slow
    others = [client(server, 0, 4, root) for _ in range(2)]
    outputs = [other.communicate(timeout=120) for other in others]
    assert [out for out, _ in outputs] == ["".join(f"echo: prompt {n}\n" for n in range(4))] * 2, outputs
    assert Counter(server.prompts) == {f"prompt {number}": 1 for number in range(4)}


def test_killed_in_the_middle_nothing_is_paid_for_twice(server: ChatServer, root: Path) -> None:
    third = threading.Event()

    def stuck(request: dict[str, Any]) -> Answer:
        if request["messages"][-1]["content"] == "prompt 3":
            third.set()
            time.sleep(1)
        return chat_server.fair(request)

    server.default = stuck
    first = client(server, 0, 6, root)
    assert third.wait(120)
    # Killed while it waits for the fourth reply.
    first.send_signal(signal.SIGKILL)
    answered = first.communicate(timeout=60)[0].splitlines()
    assert answered == ["echo: prompt 0", "echo: prompt 1", "echo: prompt 2"]
    second = client(server, 0, 6, root)
    assert second.communicate(timeout=120)[0].splitlines() == [f"echo: prompt {number}" for number in range(6)]
    paid = Counter(server.prompts)
    assert [paid[f"prompt {number}"] for number in range(6)] == [1, 1, 1, 2, 1, 1]


def test_a_damaged_entry_is_asked_for_again(server: ChatServer) -> None:
    import sqlite3

    model = LiteLLM("tiny", server.base)
    model.complete(user("a"))
    path = replies.replies_of(model.fingerprint).path
    for blob in (b"not json", b"[]", b'{"text": "x", "finish": "stop", "usage": {"unknown": 1}}', b'{"text": "x"}'):
        base = sqlite3.connect(path)
        with base:
            base.execute("UPDATE entries SET blob = ?", (blob,))
        base.close()
        before = len(server.requests)
        assert model.complete(user("a")).text == "echo: a"
        assert len(server.requests) == before + 1


def test_a_key_is_kept_nowhere(server: ChatServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Planted in the environment; servers quote it in errors and in replies that are none."""
    model = LiteLLM("tiny", server.base, retries=1)
    said: list[str] = [repr(model.complete(user("hello"))), model.fingerprint, repr(vars(model)), str(model._caller)]
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    for status in (400, 401, 403, 404, 429, 500):
        server.default = fails(status, f"the key {KEY} is no good, nor is sk-plan*****cdef", X_Key=KEY)
        with pytest.raises(ModelError) as caught:
            model.complete(user("again"))
        said += [str(caught.value), repr(caught.value.__cause__), "" if caught.value.__suppress_context__ else KEY]
    server.default = lambda request: Answer(f"<html>{KEY}</html>")
    with pytest.raises(ModelError) as caught:
        model.complete(user("again"))
    said.append(str(caught.value))
    for address in (f"http://ann:{KEY}@127.0.0.1/v1", f"http://127.0.0.1/v1?key={KEY}", f"http://127.0.0.1/{KEY}/v1"):
        with pytest.raises(ConfigError, match="llm.api_base") as refused:
            LiteLLM("tiny", address)
        said.append(str(refused.value))
    with pytest.raises(ModelError) as caught:
        LiteLLM("tiny", server.base, cache="replay").complete(user(f"a prompt that holds {KEY}"))
    said.append(str(caught.value))
    captured = capfd.readouterr()
    everything = "\n".join([*said, captured.out, captured.err])
    assert KEY not in everything and "cdef" not in everything
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".sqlite" for path in files)
    assert not [path for path in files if KEY.encode() in path.read_bytes() or KEY in path.name]


def test_a_key_of_the_environment_reaches_no_record(
    server: ChatServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A whole run: once as it should be, once with the key put into the address."""
    for number, address in enumerate((server.base, server.base.replace("127", f"ann:{KEY}@127"))):
        results = tmp_path / f"results{number}"
        words = [
            "run", "benchmark=demo", "limit=1", "strategy=model_summary", "retriever=none", "llm=litellm",
            "llm.model=tiny", f"llm.api_base='{address}'", f"results={results}", "progress=off",
        ]  # fmt: skip
        code = main(words)
        said = capfd.readouterr()
        if number == 0:
            assert code == 0 and server.requests, said.err
            assert server.headers[-1]["Authorization"] == f"Bearer {KEY}"
            assert any(results.rglob("run.json"))
        else:
            assert code == 2 and "llm.api_base" in said.err
        assert KEY not in said.out + said.err
        for path in results.rglob("*"):
            assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


def test_the_stored_form(server: ChatServer) -> None:
    """What lies on disk is the reply and its cost: no prompt, no header."""
    import sqlite3

    model = LiteLLM("tiny", server.base)
    model.complete(user("hello"))
    base = sqlite3.connect(replies.replies_of(model.fingerprint).path)
    (name, blob, seconds) = base.execute("SELECT key, blob, seconds FROM entries").fetchone()
    base.close()
    stored = json.loads(blob)
    assert name == replies.key(user("hello"), None, 0) and seconds > 0
    assert stored["text"] == "echo: hello" and set(stored) == {"text", "finish", "usage"}
    assert stored["usage"]["tokens_in"] == 1 and not [field for field in stored["usage"] if "seconds" in field]
