"""Models of providers and of servers of one's own, by litellm."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt

from memeval.kit.errors import ConfigError, ModelError
from memeval.kit.ranges import ranged
from memeval.kit.text import encodable
from memeval.kit.tokens import Tokenizer
from memeval.kit.types import Reply
from memeval.llm import providers, replies, structured
from memeval.llm.calls import Caller, book
from memeval.llm.structured import Messages
from memeval.pricing import Price

_PRICES = ("input", "output", "cache_read", "cache_write")
_FIRST_WORDS = 60


@ranged
class LiteLLM:
    """A chat model; keys come from the environment alone, as litellm names them."""

    def __init__(
        self,
        model: str = "gpt-4o-mini",
        api_base: str | None = None,
        temperature: Annotated[float, Ge(0)] | None = 0.0,
        max_tokens: Annotated[int, Ge(1)] = 1024,
        seed: int | None = None,
        timeout: Annotated[float, Gt(0)] = 120.0,
        retries: Annotated[int, Ge(0)] = 5,
        concurrency: Annotated[int, Ge(1)] = 4,
        cache: Literal["on", "off", "replay"] | bool = "on",
        json_schema: bool | None = None,
        price: dict[str, float] | None = None,
        tokenizer: Tokenizer | None = None,
    ) -> None:
        """Set up; nothing is imported or asked yet.

        Args:
            model: as litellm names it, e.g. `anthropic/claude-haiku-4-5`, or `openai/<name>` with `api_base`.
            api_base: address of a server of one's own; it stands in every record, so no password. None takes what the
                environment says, e.g. OPENAI_BASE_URL, or the provider's.
            temperature: 0 for the likeliest reply; None leaves it to the model, as some demand.
            max_tokens: of a reply; what is longer is cut, by a server that ignores the limit too.
            seed: sent if given; some providers refuse one.
            timeout: seconds to wait for an answer.
            retries: how often a call that failed for a passing reason is made again.
            concurrency: calls at the same time, of all threads of this process together.
            cache: `on`: no reply is paid for twice; `replay`: never call, fail where a reply is missing; `off`.
            json_schema: whether the provider can hold a reply to a schema; None asks litellm, and trusts an `api_base`.
                What cannot is told the schema in words.
            price: dollars per million tokens: `input`, `output` and where they differ `cache_read`, `cache_write`. None
                takes the published price, and knows none for an `api_base`.
            tokenizer: estimates the usage of a reply that has none; None takes o200k_base.

        Raises:
            ConfigError: a number out of range, an address with a password, a price that is none.
        """
        if not model.strip():
            raise ConfigError("llm.model is empty: name one, e.g. llm.model=gpt-4o-mini")
        # Unquoted, YAML takes on and off for yes and no.
        self._cache = {True: "on", False: "off"}.get(cache, cache) if isinstance(cache, bool) else cache
        if self._cache not in ("on", "off", "replay"):
            raise ConfigError(f"llm.cache={cache} is unknown: choose on, off or replay")
        self._model = model.strip()
        self._api_base = providers.address("llm", self._model, api_base)
        self._given_price = _price(price)
        self._seed = seed
        self._repetition = 0
        self._caller = Caller(
            model=self._model,
            api_base=self._api_base,
            temperature=None if temperature is None else float(temperature),
            max_tokens=max_tokens,
            seed=seed,
            timeout=float(timeout),
            retries=retries,
            concurrency=concurrency,
            json_schema=json_schema,
            price=self._given_price,
            tokenizer=tokenizer,
        )
        told = {None: "auto", True: "enforced", False: "told"}[json_schema]
        self._fingerprint = (
            f"litellm:{self._model}:{self._api_base or 'default'}:temperature={self._caller.temperature}:"
            f"max_tokens={max_tokens}:seed={seed}:schema={told}:v1"
        )

    @property
    def fingerprint(self) -> str:
        """Model, address and all that changes a reply."""
        return self._fingerprint

    def repetition(self, number: int) -> "LiteLLM":
        """The same model with other dice: another seed where one is given, and cached replies of its own."""
        other = copy(self)
        other._repetition = number
        seed = None if self._seed is None else self._seed + number
        other._caller = replace(self._caller, seed=seed)
        return other

    def prepare(self) -> None:
        """Import litellm, which takes seconds; not for a replay."""
        if self._cache != "replay":
            providers.litellm()

    def complete(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any] | None = None) -> Reply:
        """Answer chat messages; what each call costs is booked as soon as it has been made.

        Raises:
            ReplyError: this request has no usable reply: too long, empty, refused, cut or against the schema.
            ModelError: the model does not answer, or has no stored reply for a replay.
        """
        clean = [{key: encodable(value) for key, value in message.items()} for message in messages]
        return structured.complete(lambda each: self._ask(each, schema), clean, schema, repr(self._model))

    def _ask(self, messages: Messages, schema: Mapping[str, Any] | None) -> Reply:
        if self._cache == "off":
            return self._caller.call(messages, schema)
        shelf = replies.replies_of(self.fingerprint)
        name = replies.key(messages, schema, self._repetition)
        known = shelf.get(name)
        if known is None and self._cache == "replay":
            raise self._missing(messages, name, shelf.path)
        if known is None:
            with shelf.claim(name):
                # Another may have asked the same in the meantime.
                known = shelf.get(name)
                if known is None:
                    made = self._caller.call(messages, schema)
                    shelf.put(name, made)
                    return made
        if self._given_price is not None or known.usage.dollars is None:
            known = replace(known, usage=replace(known.usage, dollars=self._caller.cost(known.usage)))
        book(known.usage, cached=True)
        return known

    def _missing(self, messages: Messages, name: bytes, path: Path) -> ModelError:
        words = " ".join(messages[-1]["content"].split())[:_FIRST_WORDS] if messages else ""
        return ModelError(
            f"llm.cache=replay, but {self._model!r} has no stored reply to the prompt {name.hex()}, whose last message "
            f"begins {providers.without_secrets(words)!r}: run once with llm.cache=on and the same options, or name "
            f"the folder that holds the replies with MEMEVAL_CACHE=FOLDER (this is {path})"
        )


def _price(given: Mapping[str, float] | None) -> Price | None:
    if given is None:
        return None
    unknown = set(given) - set(_PRICES)
    if unknown or "input" not in given or "output" not in given or min(given.values()) < 0:
        raise ConfigError(
            f"llm.price={dict(given)} is no price: give dollars per million tokens, of {', '.join(_PRICES)} at least "
            "the first two, e.g. llm.price={input: 0.15, output: 0.6}"
        )
    return Price(
        given["input"], given["output"], given.get("cache_read"), given.get("cache_write"), source="given as llm.price"
    )
