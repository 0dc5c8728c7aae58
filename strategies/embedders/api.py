"""Embeddings of a provider or of one's own server, by litellm."""

import math
import struct
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt

from memeval.kit import cache as caches
from memeval.kit import ledger
from memeval.kit.errors import ConfigError, ModelError
from memeval.kit.ranges import ranged
from memeval.kit.text import encodable
from memeval.kit.tokens import get_tokenizer
from memeval.kit.types import Vectors
from memeval.llm import providers, retrying
from memeval.pricing import Price, price_of
from memeval.strategies.embedders.base import CachedEmbedder

# What OpenAI's embedding models count by; for others and without a count in the reply it is an estimate.
_TOKENIZER = "cl100k_base"
_TOKENS = struct.Struct("<d")


@ranged
class Api(CachedEmbedder):
    """Vectors made by a remote model; keys come from the environment alone, as litellm names them.

    The same text may get slightly other vectors from one call to the next: with the cache on, the first is kept.
    """

    def __init__(
        self,
        model: str = "text-embedding-3-small",
        api_base: str | None = None,
        dimension: Annotated[int, Ge(1)] | None = None,
        batch_size: Annotated[int, Ge(1)] = 128,
        retries: Annotated[int, Ge(0)] = 3,
        timeout: Annotated[float, Gt(0)] = 60.0,
        cache: bool = True,
        price: Annotated[float, Ge(0)] | None = None,
    ) -> None:
        """Set up; nothing is asked yet.

        Args:
            model: as litellm names it, e.g. `voyage/voyage-3`, or `openai/<name>` with `api_base`.
            api_base: address of a server of one's own; what stands in it is recorded, so no password. None takes what
                the environment says, e.g. OPENAI_BASE_URL, or the provider's.
            dimension: ask for vectors of this length, of models that can; None takes the model's own.
            batch_size: texts sent in one call, at most.
            retries: how often a call that failed for a passing reason is made again.
            timeout: seconds to wait for an answer.
            cache: keep vectors on disk; without, every text is paid for again.
            price: dollars per million tokens; None takes the published price, and knows none for an `api_base`.

        Raises:
            ConfigError: a number out of range, or an address with a password.
        """
        if not model.strip():
            raise ConfigError("embedder.model is empty: name one, e.g. embedder.model=text-embedding-3-small")
        self._model = model
        self._api_base = providers.address("embedder", model, api_base)
        self._wanted = dimension
        self._batch_size = batch_size
        self._retries = retries
        self._timeout = timeout
        self._given_price = price
        # Tokens of each text as its call was paid for: of those embedded just now, and of those known from before.
        self._paid: dict[bytes, float] = {}
        super().__init__(cache, dimension)

    @property
    def fingerprint(self) -> str:
        """Model, address and length."""
        return f"api:{self._model}:{self._api_base or 'default'}:{self._wanted or 'full'}:v1"

    def prepare(self) -> None:
        """Import litellm, which takes seconds, and load the tokenizer that shares a call's tokens among its texts."""
        providers.litellm()
        get_tokenizer(_TOKENIZER)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As of every embedder; tokens and dollars are booked, those of vectors from the cache too."""
        self._paid = {}
        wanted: dict[bytes, str] = {}
        try:
            vectors = super().embed(texts)
            wanted = {caches.key(text): text for text in texts}
        finally:
            # Also of the calls before the one that failed.
            self._book(wanted)
        return vectors

    def _book(self, texts: Mapping[bytes, str]) -> None:
        """Book what embedding these texts cost when it was done; counted where that was not noted."""
        known = dict(self._paid)
        if self._keeps:
            notes = caches.Cache("embedding-tokens", self.fingerprint)
            notes.put((name, caches.Entry(_TOKENS.pack(tokens), 0.0)) for name, tokens in self._paid.items())
            for name, entry in notes.get([name for name in texts if name not in known]).items():
                if len(entry.blob) == _TOKENS.size:
                    known[name] = _TOKENS.unpack(entry.blob)[0]
        known |= {name: _counted(text) for name, text in texts.items() if name not in known}
        if tokens := round(math.fsum(known.values())):
            price = self._price()
            ledger.book(embedding_tokens=tokens, dollars=None if price is None else price.cost(tokens, 0))

    def _price(self) -> Price | None:
        if self._given_price is not None:
            return Price(input=self._given_price, source="given as embedder.price")
        return price_of(self._model) if self._api_base is None else None

    def compute(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, d), in calls of `batch_size`."""
        # Providers refuse empty texts, and JSON unpaired surrogates.
        clean = [encodable(text) if text.strip() else "." for text in texts]
        vectors: list[Vectors] = []
        for start in range(0, len(clean), self._batch_size):
            batch = clean[start : start + self._batch_size]
            answer = self._ask(batch)
            vectors.extend(self._read(answer, len(batch)))
            self._note(answer, texts[start : start + self._batch_size])
        if len({vector.shape for vector in vectors}) != 1:
            raise ModelError(f"{self._model!r} gave vectors of several lengths: is it one model that answers?")
        return np.stack(vectors)

    def _ask(self, batch: Sequence[str]) -> Any:
        litellm = providers.litellm()
        extra: dict[str, Any] = {}
        if self._wanted is not None:
            # Otherwise litellm refuses it for every model that it does not know.
            extra = {"dimensions": self._wanted, "allowed_openai_params": ["dimensions"]}

        def send() -> Any:
            return litellm.embedding(
                model=self._model,
                input=list(batch),
                api_base=self._api_base,
                timeout=self._timeout,
                # Retried here, the same for every provider.
                max_retries=0,
                encoding_format="float",
                **extra,
            )

        return retrying.patiently(send, self._retries, self._failure)

    def _note(self, answer: Any, batch: Sequence[str]) -> None:
        """Share the tokens of a call among its texts, by our own count of them."""
        counts = [_counted(text) for text in batch]
        usage = answer.get("usage") or {}
        told = usage.get("prompt_tokens") or usage.get("total_tokens") or sum(counts)
        for text, count in zip(batch, counts, strict=True):
            self._paid[caches.key(text)] = told * count / sum(counts)

    def _failure(self, error: Exception, calls: int) -> ModelError:
        return ModelError(
            f"the embedding model {self._model!r} did not answer after {calls} calls ({type(error).__name__}: "
            f"{providers.without_secrets(str(error))}): check embedder.model, embedder.api_base and the key in the "
            "environment, e.g. OPENAI_API_KEY"
        )

    def _read(self, answer: Any, n: int) -> list[Vectors]:
        try:
            data = [dict(each) for each in answer["data"]]
            # Some servers do not number what they give; it then stays in order.
            order = sorted(range(len(data)), key=lambda place: int(data[place].get("index") or 0))
            rows = [np.asarray(data[place]["embedding"], dtype=np.float32) for place in order]
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"the answer of {self._model!r} has no vectors ({type(error).__name__}: "
                f"{providers.without_secrets(str(error))}): is it an embedding model?"
            ) from None
        if len(rows) != n or any(row.ndim != 1 or not row.size for row in rows):
            raise ModelError(
                f"the answer of {self._model!r} has {len(rows)} vectors for {n} texts, or empty ones: is it an "
                "embedding model? Smaller calls may help, e.g. embedder.batch_size=16"
            )
        return rows


def _counted(text: str) -> int:
    return get_tokenizer(_TOKENIZER).count(text.strip()) or 1
