"""Chat models over HTTP, against a small server on loopback that misbehaves on demand."""

import os
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from support import chat_server
from support.chat_server import Answer, ChatServer, fails, says, words

from memeval.kit import ledger
from memeval.kit.errors import ConfigError, ModelError, ReplyError
from memeval.llm import providers
from memeval.llm.litellm_model import LiteLLM
from memeval.options.build import build

VERDICT = {
    "type": "object",
    "properties": {"verdict": {"enum": ["yes", "no"]}},
    "required": ["verdict"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module", autouse=True)
def imported() -> None:
    with warnings.catch_warnings():
        # litellm's own, at its import.
        warnings.simplefilter("ignore")
        providers.litellm()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path / "cache"))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    with chat_server.serving() as made:
        yield made


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between calls, which are not slept."""
    slept: list[float] = []
    monkeypatch.setattr("memeval.kit.retrying.time.sleep", slept.append)
    return slept


def user(text: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": "Be short."}, {"role": "user", "content": text}]


def model(server: ChatServer, **options: Any) -> LiteLLM:
    return LiteLLM(**{"model": "tiny", "api_base": server.base, "cache": "off", **options})


def test_what_is_sent_and_what_is_booked(server: ChatServer) -> None:
    with ledger.phase() as meter:
        reply = model(server, max_tokens=77, seed=5, temperature=0.5).complete(user("Who likes tea?"))
    assert (reply.text, reply.finish, reply.data) == ("echo: Who likes tea?", "stop", None)
    request = server.requests[0]
    assert request["messages"] == user("Who likes tea?")
    assert (request["model"], request["max_tokens"], request["seed"], request["temperature"]) == ("tiny", 77, 5, 0.5)
    assert "response_format" not in request
    booked = meter.usage
    assert (booked.calls, booked.tokens_in, booked.tokens_out, booked.estimated_calls) == (1, 5, 4, 0)
    assert 0 < booked.model_seconds <= booked.seconds == booked.booked_seconds
    assert reply.usage.seconds == reply.usage.model_seconds == booked.model_seconds
    # Nobody knows what a server of one's own costs.
    assert booked.dollars is None and reply.usage.dollars is None
    model(server, temperature=None).complete(user("x"))
    assert not {"temperature", "seed"} & set(server.requests[1])


@pytest.mark.parametrize("name", ["tiny", "openai/tiny", "meta-llama/Tiny-3", "hosted_vllm/tiny"])
def test_any_name_with_an_address(server: ChatServer, name: str) -> None:
    assert model(server, model=name).complete(user("hi")).text == "echo: hi"
    sent = name.removeprefix("openai/").removeprefix("hosted_vllm/")
    assert server.requests[0]["model"] == sent
    # No key in the environment, and none of ours.
    assert "Bearer sk-" not in server.headers[0].get("Authorization", "")


def test_a_name_that_nobody_knows(server: ChatServer) -> None:
    with pytest.raises(ModelError, match="knows no provider of 'tiny'.*llm.model=.*llm.api_base"):
        LiteLLM(model="tiny", cache="off").complete(user("hi"))


def test_usage_of_the_reply(server: ChatServer) -> None:
    details = {"prompt_tokens_details": {"cached_tokens": 80}}
    script = chat_server.completion("ok", usage=chat_server.usage(100, 10, **details))
    server.script = [lambda request: script]
    price = {"input": 2.0, "output": 10.0, "cache_read": 0.5}
    with ledger.phase() as meter:
        model(server, price=price).complete(user("hi"))
    assert (meter.usage.tokens_in, meter.usage.cached_tokens_in, meter.usage.cache_write_tokens_in) == (100, 80, 0)
    # 20 tokens at $2, 80 at $0.50, 10 at $10 a million.
    assert meter.usage.dollars == pytest.approx((20 * 2 + 80 * 0.5 + 10 * 10) / 1e6)


def test_cache_writes_of_anthropic(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its protocol counts cached and written tokens beside the others: ours are parts of the whole."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-planted-123456")
    body = {
        "id": "m", "type": "message", "role": "assistant", "model": "claude", "stop_reason": "end_turn",
        "content": [{"type": "text", "text": "ok"}],
        "usage": {"input_tokens": 5, "output_tokens": 7, "cache_read_input_tokens": 40,
                  "cache_creation_input_tokens": 55},
    }  # fmt: skip
    server.script = [lambda request: Answer(body)]
    options = {"model": "anthropic/claude-sonnet-4-5", "api_base": server.base.removesuffix("/v1")}
    price = {"input": 3.0, "output": 15.0, "cache_read": 0.3, "cache_write": 3.75}
    with ledger.phase() as meter:
        model(server, price=price, **options).complete(user("hi"))
    booked = meter.usage
    assert (booked.tokens_in, booked.cached_tokens_in, booked.cache_write_tokens_in) == (100, 40, 55)
    assert booked.dollars == pytest.approx((5 * 3 + 40 * 0.3 + 55 * 3.75 + 7 * 15) / 1e6)


def test_missing_usage_is_estimated_and_marked(server: ChatServer) -> None:
    server.script = [lambda request: chat_server.completion("one two three")]
    with ledger.phase() as meter:
        reply = model(server).complete(user("Who likes tea?"))
    assert meter.usage.estimated_calls == reply.usage.estimated_calls == 1
    assert words(user("Who likes tea?")) < meter.usage.tokens_in < 25 and 3 <= meter.usage.tokens_out <= 5


def test_a_published_price_is_found(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = LiteLLM(model="gpt-4o-mini")._caller
    usage = ledger.Usage(tokens_in=1_000_000, tokens_out=1_000_000)
    assert caller.cost(usage) == pytest.approx(0.15 + 0.60)
    assert LiteLLM(model="nobody/knows-this")._caller.cost(usage) is None
    assert LiteLLM(model="gpt-4o-mini", api_base=server.base)._caller.cost(usage) is None


@pytest.mark.parametrize(
    ("storm", "calls"),
    [
        ([fails(429)] * 4, 5),
        ([fails(500), fails(502), fails(503), fails(504), fails(529)], 6),
        ([fails(408), fails(409)], 3),
        ([lambda request: Answer("<html>busy</html>")], 2),
        ([lambda request: Answer({})], 2),
    ],
)
def test_what_passes_is_tried_again(server: ChatServer, waits: list[float], storm: list[Any], calls: int) -> None:
    server.script = list(storm)
    with ledger.phase() as meter:
        assert model(server).complete(user("hi")).text == "echo: hi"
    assert len(server.requests) == calls
    # Growing and shaken, and only the call that was answered is booked.
    assert all(2**n / 2 <= wait <= 2**n for n, wait in enumerate(waits)) and len(waits) == calls - 1
    assert meter.usage.calls == 1


def test_pauses_are_bounded_and_differ(server: ChatServer, waits: list[float]) -> None:
    server.default = fails(429)
    for _ in range(2):
        with pytest.raises(ModelError, match="did not answer after 11 calls.*RateLimitError.*llm.concurrency"):
            model(server, retries=10).complete(user("hi"))
    assert len(server.requests) == 22 and max(waits) <= 60 and min(waits[7:10]) >= 30
    assert waits[:10] != waits[10:]


@pytest.mark.parametrize(("says_wait", "low", "high"), [("7", 7, 7), ("0.25", 0.25, 0.25), ("date", 55, 90)])
def test_retry_after_is_honoured(
    server: ChatServer, waits: list[float], says_wait: str, low: float, high: float
) -> None:
    when = formatdate(time.time() + 90, usegmt=True) if says_wait == "date" else says_wait
    server.script = [fails(429, Retry_After=when), fails(503, Retry_After=when)]
    model(server).complete(user("hi"))
    assert len(waits) == 2 and all(low <= wait <= high for wait in waits)


@pytest.mark.parametrize(
    "answer", [fails(429, Retry_After="3600"), fails(429, "You exceeded your current quota (insufficient_quota)")]
)
def test_no_use_in_waiting(server: ChatServer, waits: list[float], answer: Any) -> None:
    server.default = answer
    with pytest.raises(ModelError, match="RateLimitError"):
        model(server).complete(user("hi"))
    assert len(server.requests) == 1 and not waits


def test_a_server_that_is_slow(server: ChatServer, waits: list[float]) -> None:
    go_on = threading.Event()
    server.script = [lambda request: (go_on.wait(60), fails(500)(request))[1]]
    try:
        assert model(server, timeout=0.5).complete(user("hi")).text == "echo: hi"
        assert len(server.requests) == 2 and len(waits) == 1
    finally:
        go_on.set()


def test_nobody_there(server: ChatServer, waits: list[float]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        with pytest.raises(ModelError, match=r"did not answer after 3 calls.*llm.api_base.*goes on from there"):
            model(server, api_base=base, retries=2).complete(user("hi"))
    assert len(waits) == 2


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (fails(400, "no such parameter"), ModelError, "refuses the request.*llm.temperature.*llm.json_schema"),
        (fails(401), ModelError, "does not take the key.*OPENAI_API_KEY"),
        (fails(403), ModelError, "does not take the key"),
        (fails(404), ModelError, "check llm.model and llm.api_base"),
        (fails(413), ReplyError, "too long"),
        (fails(422), ModelError, "refuses"),
        (fails(400, "the request exceeds the available context size"), ReplyError, "too long for 'tiny'.*budget"),
        (fails(400, "This model's maximum context length is 8192 tokens."), ReplyError, "too long for 'tiny'"),
    ],
)
def test_what_stays_fails_at_once(server: ChatServer, answer: Any, kind: type[Exception], text: str) -> None:
    server.default = answer
    with ledger.phase() as meter, pytest.raises(ModelError, match=text) as caught:
        model(server).complete(user("hi"))
    assert type(caught.value) is kind
    assert len(server.requests) == 1 and meter.usage.calls == 0
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


def test_an_empty_reply_is_asked_for_once_more(server: ChatServer) -> None:
    for empty in ("", None, " \n"):
        server.script = [says(empty)]
        with ledger.phase() as meter:
            reply = model(server).complete(user("hi"))
        assert reply.text == "echo: hi" and reply.usage.calls == meter.usage.calls == 2
    server.script = [lambda request: Answer({"id": "1", "object": "chat.completion", "created": 1, "choices": []})]
    assert model(server).complete(user("hi")).text == "echo: hi"
    server.requests.clear()
    server.default = says("", reasoning_content="let me think")
    with ledger.phase() as meter, pytest.raises(ReplyError, match="is empty, twice"):
        model(server).complete(user("hi"))
    # Both were paid for.
    assert len(server.requests) == 2 and meter.usage.calls == 2 and meter.usage.tokens_in == 6
    server.default = says("", finish="length")
    with pytest.raises(ReplyError, match="raise llm.max_tokens"):
        model(server).complete(user("hi"))
    server.default = says("", finish="content_filter")
    with pytest.raises(ReplyError, match="filter"):
        model(server).complete(user("hi"))
    assert len(server.requests) == 4


def test_a_reply_of_a_hundred_thousand_tokens(server: ChatServer) -> None:
    """A server that ignores max_tokens: all of it is booked, no more than was asked for is kept."""
    long = "word " * 100_000
    server.script = [says(long, tokens_out=100_000), says("x" * 400_000, tokens_out=100_000)]
    with ledger.phase() as meter:
        reply = model(server, max_tokens=50).complete(user("hi"))
    assert reply.finish == "length" and 40 <= len(reply.text.split()) <= 50
    assert meter.usage.tokens_out == 100_000
    assert len(model(server, max_tokens=50).complete(user("hi")).text) <= 50 * 16
    server.script = [lambda request: chat_server.completion(long)]
    estimated = model(server, max_tokens=50).complete(user("hi"))
    assert estimated.finish == "length" and estimated.usage.tokens_out > 90_000 and len(estimated.text) < 1000


def test_a_reply_cut_by_its_limit(server: ChatServer) -> None:
    server.default = says('{"verdict": "ye', finish="length", tokens_out=9)
    assert model(server).complete(user("hi")).finish == "length"
    server.requests.clear()
    with pytest.raises(ReplyError, match="cut after 9 tokens.*raise llm.max_tokens"):
        model(server).complete(user("hi"), VERDICT)
    # A repair would be cut at the same place.
    assert len(server.requests) == 1


def test_schemas_are_sent_and_held(server: ChatServer) -> None:
    server.script = [says('{"verdict": "yes"}'), says('{"verdict": "maybe"}'), says('{"verdict": "no"}')]
    assert model(server).complete(user("so?"), VERDICT).data == {"verdict": "yes"}
    sent = server.requests[0]["response_format"]
    assert sent["type"] == "json_schema" and sent["json_schema"]["schema"] == VERDICT
    assert sent["json_schema"]["strict"] is True
    with ledger.phase() as meter:
        assert model(server).complete(user("so?"), VERDICT).data == {"verdict": "no"}
    assert meter.usage.calls == 2 and "'maybe' is not one of" in server.prompts[2]
    assert server.requests[2]["response_format"] == sent
    loose = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a"]}
    server.script = [says('{"a": "x"}')]
    model(server).complete(user("so?"), loose)
    assert server.requests[3]["response_format"]["json_schema"]["strict"] is False


def test_schemas_in_words(server: ChatServer) -> None:
    server.script = [says('```json\n{"verdict": "yes"}\n```')]
    messages = user("so?")
    assert model(server, json_schema=False).complete(messages, VERDICT).data == {"verdict": "yes"}
    assert "response_format" not in server.requests[0]
    assert server.prompts[0].startswith("so?\n\n") and '"enum":["yes","no"]' in server.prompts[0]
    assert messages == user("so?")


def test_never_more_at_once_than_allowed(server: ChatServer) -> None:
    both = threading.Barrier(2)

    def together(request: dict[str, Any]) -> Answer:
        # Answers only when two are inside: one at a time would break it.
        both.wait(timeout=60)
        # Time for one more to come in, if it can.
        time.sleep(0.05)
        return chat_server.fair(request)

    server.default = together
    # Several objects, as each dialogue builds its own.
    ask = lambda number: model(server, concurrency=2).complete(user(str(number))).text  # noqa: E731
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(12))) == [f"echo: {number}" for number in range(12)]
    assert server.most_at_once == 2


def test_text_that_json_cannot_carry(server: ChatServer) -> None:
    assert model(server, cache="on").complete(user("half \ud83d a pair")).text == "echo: half ? a pair"


def test_back_again_after_it_was_gone(tmp_path: Path, server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with chat_server.serving() as first:
        port = int(first.base.rsplit(":", 1)[1].removesuffix("/v1"))
        asked = model(first, retries=3)
        assert asked.complete(user("one")).text == "echo: one"
    restarted: list[Any] = []

    def sleep(seconds: float) -> None:
        if not restarted:
            restarted.append(chat_server.serving(port))
            restarted.append(restarted[0].__enter__())

    monkeypatch.setattr("memeval.kit.retrying.time.sleep", sleep)
    try:
        assert asked.complete(user("two")).text == "echo: two"
        assert restarted[1].prompts == ["two"]
    finally:
        restarted[0].__exit__(None, None, None)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"model": " "}, "llm.model"),
        ({"max_tokens": 0}, "max_tokens=0"),
        ({"concurrency": 0}, "concurrency=0"),
        ({"retries": -1}, "retries=-1"),
        ({"timeout": 0.0}, "timeout=0"),
        ({"temperature": -0.1}, "temperature=-0.1"),
        ({"cache": "maybe"}, "llm.cache"),
        ({"price": {"input": 1.0}}, "llm.price"),
        ({"price": {"input": 1.0, "output": 1.0, "cached": 1.0}}, "cache_read"),
        ({"price": {"input": -1.0, "output": 1.0}}, "llm.price"),
        ({"api_base": "http://ann:secret@host/v1"}, "llm.api_base"),
        ({"api_base": "http://host/v1?key=secret"}, "llm.api_base"),
    ],
)
def test_options(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text) as caught:
        build({"_target_": "memeval.llm.litellm_model.LiteLLM", **options}, "llm")
    assert "secret" not in str(caught.value)


def test_yaml_takes_on_for_yes() -> None:
    node = {"_target_": "memeval.llm.litellm_model.LiteLLM"}
    fingerprints = {build({**node, "cache": value}, "llm").fingerprint for value in (True, "on", False, "replay")}
    assert len(fingerprints) == 1


def test_what_changes_a_reply_changes_the_fingerprint() -> None:
    options: list[dict[str, Any]] = [
        {}, {"model": "gpt-4o"}, {"api_base": "http://h/v1"}, {"temperature": None}, {"temperature": 1.0},
        {"max_tokens": 5}, {"seed": 1}, {"json_schema": True}, {"json_schema": False},
    ]  # fmt: skip
    assert len({LiteLLM(**each).fingerprint for each in options}) == len(options)
    same = {LiteLLM(**{name: value}).fingerprint for name, value in [
        ("timeout", 1.0), ("retries", 0), ("concurrency", 1), ("cache", "replay"), ("price", {"input": 1, "output": 1}),
    ]}  # fmt: skip
    assert same == {LiteLLM().fingerprint}


@pytest.mark.parametrize("llm", ["none", "scripted"])
def test_a_run_without_a_provider_imports_none(tmp_path: Path, root: Path, llm: str) -> None:
    code = (
        "import sys\nfrom memeval.cli import main\n"
        f"code = main(['run', 'benchmark=demo', 'limit=1', 'llm={llm}', 'results={tmp_path}', 'progress=off'])\n"
        "loaded = {'litellm', 'openai', 'jsonschema'} & set(sys.modules)\n"
        "sys.exit(f'{code} {loaded}' if code or loaded else 0)"
    )
    env = {**os.environ, "MEMEVAL_CACHE": str(tmp_path / "cache")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, env=env)
    assert done.returncode == 0, done.stderr
    assert "RecallFraction" in done.stdout or done.stdout


@pytest.mark.parametrize(
    ("model", "variable"),
    [
        ("gpt-4o-mini", "OPENAI_API_KEY"),
        ("anthropic/claude-3-5-haiku-20241022", "ANTHROPIC_API_KEY"),
        ("gemini/gemini-2.0-flash", "GEMINI_API_KEY"),
    ],
)
def test_a_missing_key_is_named_at_the_first_call(
    model: str, variable: str, waits: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path))
    for name in (variable, "OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_ADMIN_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    with pytest.raises(ModelError, match=f"set {variable} in the environment"):
        LiteLLM(model=model).complete(user("Hello"))
    assert waits == []
