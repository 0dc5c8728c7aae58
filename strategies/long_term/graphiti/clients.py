"""Memeval's model and embedder as Graphiti's clients, so that their calls are booked and kept."""

import asyncio
from collections.abc import Sequence
from typing import Any

from memeval.kit import ledger
from memeval.kit.protocols import Embedder, Model
from memeval.kit.types import Reply, Usage
from memeval.strategies.stores.clients.remote import client

_OPTION = "retriever=graphiti"
_ANY_OBJECT = {"type": "object"}


def model_client(llm: Model) -> Any:
    """A client of Graphiti's that has its prompts answered by `llm`."""
    module = client("graphiti_core.llm_client", _OPTION, "graphiti")
    base: Any = module.LLMClient

    class Client(base):  # type: ignore[misc]
        """Answers with the JSON that a prompt asks for."""

        async def _generate_response(
            self,
            messages: Sequence[Any],
            response_model: Any = None,
            max_tokens: int = 0,
            model_size: Any = None,
            *,
            model: str | None = None,
        ) -> dict[str, Any]:
            # Lengths and models are what the config says, not what Graphiti would choose.
            schema = _ANY_OBJECT if response_model is None else response_model.model_json_schema()
            said = [{"role": message.role, "content": message.content} for message in messages]
            reply, usage = await asyncio.to_thread(_ask, llm, said, schema)
            _book(usage)
            return dict(reply.data)

    return Client(module.LLMConfig(model=llm.fingerprint))


def embedder_client(embedder: Embedder) -> Any:
    """A client of Graphiti's that embeds by `embedder`."""
    base: Any = client("graphiti_core.embedder.client", _OPTION, "graphiti").EmbedderClient

    class Client(base):  # type: ignore[misc]
        """Embeds in the loop's own thread: local embedders are not made for several."""

        async def create(self, input_data: Any) -> list[float]:
            """The vector of a text, or of the first of a list."""
            text = input_data if isinstance(input_data, str) else next(iter(input_data))
            return list(map(float, embedder.embed([text])[0]))

        async def create_batch(self, input_data_list: list[str]) -> list[list[float]]:
            """The vectors of texts."""
            if not input_data_list:
                return []
            return [list(map(float, vector)) for vector in embedder.embed(input_data_list)]

    return Client()


def no_reranker() -> Any:
    """Stands where Graphiti would otherwise make a client of OpenAI's; no search of ours asks it."""
    base: Any = client("graphiti_core.cross_encoder.client", _OPTION, "graphiti").CrossEncoderClient

    class Client(base):  # type: ignore[misc]
        """Keeps the order."""

        async def rank(self, query: str, passages: list[str]) -> list[tuple[str, float]]:
            """All alike."""
            return [(passage, 0.0) for passage in passages]

    return Client()


def _ask(llm: Model, messages: Sequence[dict[str, str]], schema: dict[str, Any]) -> tuple[Reply, Usage]:
    # Books of its own: several calls are under way at a time, and adding up is not safe between threads.
    with ledger.phase() as meter:
        reply = llm.complete(messages, schema)
    return reply, meter.usage


def _book(usage: Usage) -> None:
    """Carry over what a call has booked; its seconds on the clock are the open phase's own already."""
    cached = usage.booked_seconds - usage.seconds
    ledger.book(
        model_seconds=usage.model_seconds - cached,
        cached_seconds=cached,
        calls=usage.calls,
        tokens_in=usage.tokens_in,
        tokens_out=usage.tokens_out,
        cached_tokens_in=usage.cached_tokens_in,
        cache_write_tokens_in=usage.cache_write_tokens_in,
        estimated_calls=usage.estimated_calls,
        embedding_tokens=usage.embedding_tokens,
        dollars=usage.dollars,
    )
