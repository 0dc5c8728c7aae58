"""The model adapter against llama.cpp: what the server counts is what is booked."""

import threading
import warnings
from typing import Any

import pytest

from memeval.harness.prefixes import Prefixes
from memeval.kit import ledger, prompt
from memeval.kit.errors import ModelError, ReplyError
from memeval.kit.types import Context, Query, Segment, Usage
from memeval.llm import providers, retrying
from memeval.llm.litellm_model import LiteLLM

from .llama_server import LlamaServer
from .recorder import Recorder

VERDICT = {
    "type": "object",
    "properties": {"verdict": {"enum": ["yes", "no"]}, "score": {"type": "integer", "minimum": 1, "maximum": 5}},
    "required": ["verdict", "score"],
    "additionalProperties": False,
}


def user(text: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": "You are helpful and short."}, {"role": "user", "content": text}]


def model(recorded: Recorder, **options: Any) -> LiteLLM:
    return LiteLLM(**{"model": "smollm2", "api_base": recorded.base, "max_tokens": 64, **options})


def counts(usage: Usage) -> dict[str, int]:
    return {name: getattr(usage, name) for name in ("calls", "tokens_in", "tokens_out", "cached_tokens_in")}


def test_usage_is_the_servers(recorded: Recorder, llama: LlamaServer) -> None:
    with ledger.phase() as meter:
        reply = model(recorded).complete(user("What is the capital of France?"))
    assert counts(meter.usage) == counts(reply.usage) == recorded.used()
    assert meter.usage.estimated_calls == 0 and meter.usage.dollars is None
    assert meter.usage.tokens_in == len(llama.tokens(user("What is the capital of France?")))
    assert reply.text and reply.finish in ("stop", "length")
    with ledger.phase() as again:
        assert model(recorded).complete(user("What is the capital of France?")).text == reply.text
    assert counts(again.usage) == counts(meter.usage) and len(recorded.calls) == 1


def test_a_schema_is_followed(recorded: Recorder) -> None:
    with ledger.phase() as meter:
        for text in ("Is water wet?", "Is fire cold?", "Reply with the word banana."):
            data = model(recorded).complete(user(text), VERDICT).data
            assert data["verdict"] in ("yes", "no") and 1 <= data["score"] <= 5
    assert counts(meter.usage) == recorded.used()
    # The server holds the model to it: no repair was needed.
    assert len(recorded.calls) == 3
    with pytest.raises(ReplyError, match="raise llm.max_tokens"):
        model(recorded, max_tokens=3).complete(user("Is water wet?"), VERDICT)


def test_a_schema_in_words_is_too_hard_for_it(recorded: Recorder) -> None:
    """So that the failure of a weak model is seen to be one, with two calls booked."""
    with ledger.phase() as meter, pytest.raises(ReplyError):
        model(recorded, json_schema=False, max_tokens=40).complete(user("Is water wet?"), VERDICT)
    assert counts(meter.usage) == recorded.used() and meter.usage.calls in (1, 2)


def test_streaming_says_the_same(recorded: Recorder, llama: LlamaServer) -> None:
    """The adapter does not stream: a stream must have nothing that it misses, neither text nor usage."""
    whole = model(recorded).complete(user("Name three colours."))
    stream = providers.litellm().completion(
        model="openai/smollm2", messages=user("Name three colours."), api_base=llama.base, api_key="none",
        temperature=0.0, max_tokens=64, stream=True, stream_options={"include_usage": True}, max_retries=0,
    )  # fmt: skip
    with warnings.catch_warnings():
        # litellm's own, of its data classes.
        warnings.simplefilter("ignore")
        chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == whole.text
    (used,) = [chunk.usage for chunk in chunks if getattr(chunk, "usage", None) is not None]
    assert (used.prompt_tokens, used.completion_tokens) == (whole.usage.tokens_in, whole.usage.tokens_out)


def test_what_does_not_fit_is_said(recorded: Recorder, llama: LlamaServer) -> None:
    with ledger.phase() as meter, pytest.raises(ReplyError, match="too long for 'smollm2'.*lower budget"):
        model(recorded).complete(user("word " * (llama.context + 100)))
    assert meter.usage.calls == 0 and recorded.calls == []
    assert model(recorded).complete(user("Hello")).text


class OfServer:
    """The model's own tokenizer, as far as prefixes need one."""

    def __init__(self, llama: LlamaServer) -> None:
        self._llama = llama

    def encode(self, text: str) -> list[int]:
        return self._llama.encode(text + "\n") if text else []

    def count(self, text: str) -> int:
        return len(self.encode(text))


def test_cached_tokens_are_our_prefix(recorded: Recorder, llama: LlamaServer) -> None:
    """A history that grows keeps its prefix in the server's cache, one whose start moves does not."""
    lines = [f"Ann: On day {day} I planted {day + 2} tulips and watered them twice." for day in range(24)]
    growing = [lines[:12], lines[:18], lines]
    sliding = [lines[:12], lines[3:15], lines[6:18]]
    system = Segment("system", "You are helpful and short.", ())
    # Markers of the chat format, which our arithmetic leaves out.
    markers = shared(llama.tokens(user("A")), llama.tokens(user("B"))) - len(llama.encode(system.text))
    for windows in (growing, sliding):
        prefixes = Prefixes(OfServer(llama))  # type: ignore[arg-type]
        seen: list[int] = []
        for window in windows:
            context = Context([system, *(Segment("history", line, ()) for line in window)])
            ours = prefixes.measure(context, Query("How many tulips?"))
            messages = prompt.messages(context, Query("How many tulips?"))
            with ledger.phase() as meter:
                model(recorded, max_tokens=1).complete(messages)
            tokens = llama.tokens(messages)
            assert meter.usage.tokens_in == len(tokens)
            if seen:
                exact = shared(seen, tokens)
                assert abs(meter.usage.cached_tokens_in - exact) <= 1
                assert abs(ours.prefix + markers - exact) <= 2
            seen = tokens
        share = meter.usage.cached_tokens_in / meter.usage.tokens_in
        assert share > 0.6 if windows is growing else share < 0.3


def shared(old: list[int], new: list[int]) -> int:
    return next((place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))


def test_the_server_goes_and_comes_back(recorded: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped in the middle of a reply: the call is made again once it is there, and booked once."""
    with LlamaServer(context=1024) as other:
        asked = LiteLLM("smollm2", other.base, max_tokens=800, retries=8)
        assert asked.complete(user("Say hello.")).text
        monkeypatch.setattr(retrying, "_FIRST_WAIT", 0.5)
        waited = threading.Event()
        real = retrying.passes

        def passes(error: Exception) -> bool:
            waited.set()
            return real(error)

        monkeypatch.setattr(retrying, "passes", passes)

        def restart() -> None:
            other.stop()
            waited.wait(60)
            other.start()

        thread = threading.Thread(target=restart)
        thread.start()
        with ledger.phase() as meter:
            reply = asked.complete(user("Tell me a very long story about a river."))
        thread.join()
        assert waited.is_set() and reply.text and meter.usage.calls == 1
        # What had been answered before is not asked again.
        other.stop()
        assert asked.complete(user("Say hello.")).text
        with pytest.raises(ModelError, match="did not answer after 1 calls"):
            LiteLLM("smollm2", other.base, retries=0).complete(user("Anybody?"))
