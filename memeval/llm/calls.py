"""One chat completion by litellm: sent with patience, read with suspicion, and what it cost."""

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from memeval.kit import ledger
from memeval.kit.errors import ModelError, ReplyError
from memeval.kit.secrets import masked
from memeval.kit.tokens import Tokenizer, get_tokenizer
from memeval.kit.types import Reply, Usage
from memeval.llm import providers, retrying
from memeval.llm.structured import Messages, canonical
from memeval.pricing import Price, price_of

INSTRUCTION = "Reply with one JSON value that follows this JSON schema, and with nothing else:\n{schema}"
# What a client of OpenAI's protocol must send where the server wants no key.
_NO_KEY = "none"
# Chat formats put some tokens around each message; used only where the reply says nothing of its usage.
_AROUND = 4
# Characters that one token may stand for, generously.
_TOKEN_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Caller:
    """Makes calls to one model; the fields are the options of `LiteLLM`."""

    model: str
    api_base: str | None
    temperature: float | None
    max_tokens: int
    seed: int | None
    timeout: float
    retries: int
    concurrency: int
    json_schema: bool | None
    price: Price | None
    tokenizer: Tokenizer | None

    def call(self, messages: Messages, schema: Mapping[str, Any] | None) -> Reply:
        """Ask and book what it cost; after an empty answer ask once more.

        The usage holds the seconds of the calls that were answered, not those of waiting for one's turn.

        Raises:
            ReplyError: too long for the model, refused, or empty both times.
            ModelError: no answer.
        """
        usage = Usage()
        for _ in range(2):
            reply = self._once(messages, schema)
            usage += reply.usage
            if reply.text.strip():
                return replace(reply, usage=usage)
            if reply.finish in ("length", "content_filter"):
                break
        why = {
            "content_filter": "its provider's filter held it back",
            "length": f"its {self.max_tokens:,} tokens were gone before there was any text: raise llm.max_tokens",
        }.get(reply.finish, "twice: choose another model, or change the prompt")
        raise ReplyError(f"the reply of {self.model!r} is empty, {why}")

    def cost(self, usage: Usage) -> float | None:
        """Dollars of a call at the price given, otherwise at the published one; None if it is not known."""
        price = self.price
        if price is None and self.api_base is None:
            price = price_of(self.model)
        if price is None:
            return None
        return price.cost(usage.tokens_in, usage.tokens_out, usage.cached_tokens_in, usage.cache_write_tokens_in)

    def _once(self, messages: Messages, schema: Mapping[str, Any] | None) -> Reply:
        litellm = providers.litellm()
        request = self._request(litellm, messages, schema)
        seconds = 0.0

        def send() -> Any:
            nonlocal seconds
            start = time.perf_counter()
            answer = litellm.completion(**request)
            seconds = time.perf_counter() - start
            return answer

        # Held while waiting too: whoever is told to slow down does not make room for others.
        with _slots(self.model, self.api_base, self.concurrency, os.getpid()):
            answer = retrying.patiently(send, self.retries, self._failure)
        reply = self._read(answer, messages, seconds)
        book(reply.usage)
        return reply

    def _request(self, litellm: Any, messages: Messages, schema: Mapping[str, Any] | None) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self.model,
            "messages": [dict(message) for message in messages],
            "api_base": self.api_base,
            "max_tokens": self.max_tokens,
            "timeout": self.timeout,
            # Retried here, the same for every provider.
            "max_retries": 0,
            "num_retries": 0,
        }
        if self.temperature is not None:
            request["temperature"] = self.temperature
        if self.seed is not None:
            request["seed"] = self.seed
        provider = self._provider(litellm)
        if provider == "openai" and self.api_base is not None:
            request["custom_llm_provider"] = provider
            if not os.environ.get("OPENAI_API_KEY"):
                request["api_key"] = _NO_KEY
        if schema is not None:
            enforced = self.json_schema
            if enforced is None:
                enforced = self.api_base is not None or bool(litellm.supports_response_schema(model=self.model))
            if enforced:
                named = {"name": "reply", "schema": dict(schema), "strict": _is_strict(schema)}
                request["response_format"] = {"type": "json_schema", "json_schema": named}
            else:
                last = request["messages"][-1]
                last["content"] += "\n\n" + INSTRUCTION.format(schema=canonical(schema))
        return request

    def _provider(self, litellm: Any) -> str:
        try:
            return str(litellm.get_llm_provider(self.model)[1])
        except Exception:
            if self.api_base is not None:
                # A server of one's own speaks OpenAI's protocol, whatever its models are called.
                return "openai"
            raise ModelError(
                f"litellm knows no provider of {self.model!r}: name it in front, e.g. llm.model=anthropic/NAME, or "
                "give the address of a server that speaks OpenAI's protocol, e.g. llm.api_base=http://127.0.0.1:8000/v1"
            ) from None

    def _read(self, answer: Any, messages: Messages, seconds: float) -> Reply:
        choice = answer.choices[0] if answer.choices else None
        # Some servers quote the request with its key, and what is replied is kept.
        text = masked(str((choice.message.content if choice is not None else None) or ""))
        finish = str((choice.finish_reason if choice is not None else None) or "stop")
        usage, estimated = self._usage(answer, messages, text, seconds)
        if usage.tokens_out > self.max_tokens * (2 if estimated else 1):
            # A server that ignores the limit: what nobody expects must not flood a memory.
            text = self._counter().cut(text[: self.max_tokens * _TOKEN_CHARACTERS], self.max_tokens)
            finish = "length"
        return Reply(text, finish=finish, usage=usage)

    def _usage(self, answer: Any, messages: Messages, text: str, seconds: float) -> tuple[Usage, bool]:
        given = getattr(answer, "usage", None)
        # litellm puts zeros where the server says nothing.
        tokens_in = _number(given, "prompt_tokens")
        tokens_out = _number(given, "completion_tokens")
        details = getattr(given, "prompt_tokens_details", None)
        estimated = tokens_in == 0 or (tokens_out == 0 and bool(text))
        if tokens_in == 0:
            tokens_in = sum(self._counter().count(message["content"]) + _AROUND for message in messages)
        if tokens_out == 0:
            tokens_out = self._counter().count(text)
        cached = _number(details, "cached_tokens")
        written = _number(given, "cache_creation_input_tokens") or _number(details, "cache_write_tokens")
        usage = Usage(
            seconds=seconds,
            booked_seconds=seconds,
            model_seconds=seconds,
            calls=1,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            cached_tokens_in=min(cached, tokens_in),
            cache_write_tokens_in=min(written, tokens_in),
            estimated_calls=int(estimated),
        )
        return replace(usage, dollars=self.cost(usage)), estimated

    def _counter(self) -> Tokenizer:
        return self.tokenizer or get_tokenizer("o200k_base")

    def _failure(self, error: Exception, calls: int) -> ModelError:
        status = getattr(error, "status_code", None)
        said = f"{type(error).__name__}: {providers.without_secrets(str(error))}"
        if type(error).__name__ == "ContextWindowExceededError" or status == 413:
            return ReplyError(
                f"the request is too long for {self.model!r} ({said}): lower budget, or choose a model with a larger "
                "context window"
            )
        if type(error).__name__ == "ContentPolicyViolationError":
            return ReplyError(f"the provider of {self.model!r} refuses this request ({said})")
        if status in (401, 403):
            return ModelError(
                f"{self.model!r} does not take the key ({said}): put it into the environment, e.g. OPENAI_API_KEY=... "
                "or ANTHROPIC_API_KEY=..."
            )
        if status == 404:
            return ModelError(f"{self.model!r} is not there ({said}): check llm.model and llm.api_base")
        if retrying.passes(error):
            return ModelError(
                f"{self.model!r} did not answer after {calls} calls ({said}): check llm.api_base, raise llm.retries or "
                "llm.timeout, or lower llm.concurrency. What was answered is kept: the same command goes on from there"
            )
        return ModelError(
            f"{self.model!r} refuses the request ({said}): some models take no llm.temperature or llm.seed (set it to "
            "null) or no schema (llm.json_schema=false)"
        )


def book(usage: Usage, cached: bool = False) -> None:
    """Book a call on the phase that is open, of now or out of the cache."""
    ledger.book(
        model_seconds=0.0 if cached else usage.model_seconds,
        cached_seconds=usage.model_seconds if cached else 0.0,
        calls=usage.calls,
        tokens_in=usage.tokens_in,
        tokens_out=usage.tokens_out,
        cached_tokens_in=usage.cached_tokens_in,
        cache_write_tokens_in=usage.cache_write_tokens_in,
        estimated_calls=usage.estimated_calls,
        dollars=usage.dollars,
    )


@lru_cache(maxsize=32)
def _slots(model: str, api_base: str | None, concurrency: int, process: int) -> threading.BoundedSemaphore:
    # Shared by all objects of one process; another process gets its own, even if it was forked with some of them taken.
    return threading.BoundedSemaphore(concurrency)


def _number(holder: Any, name: str) -> int:
    value = getattr(holder, name, None)
    return max(0, int(value)) if isinstance(value, int | float) else 0


def _is_strict(node: Any) -> bool:
    """Whether a schema keeps the rules of OpenAI's strict mode: objects are closed and require all they name."""
    if isinstance(node, list):
        return all(_is_strict(each) for each in node)
    if not isinstance(node, Mapping):
        return True
    if node.get("type") == "object" or "properties" in node:
        closed = node.get("additionalProperties") is False
        if not closed or set(node.get("required", ())) != set(node.get("properties", ())):
            return False
    return all(_is_strict(value) for value in node.values())
