"""The clock and the books: what each phase of a run cost, as measured and as it would cost without caches."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace

from memeval.kit.types import Usage


class Meter:
    """Books of one phase. `usage` is complete once the phase has ended."""

    def __init__(self) -> None:
        """Open empty books."""
        self.usage = Usage()
        self._booked = Usage()

    def _add(self, usage: Usage) -> None:
        self._booked += usage

    def _close(self, seconds: float) -> None:
        self.usage = replace(self._booked, seconds=seconds, booked_seconds=seconds + self._booked.booked_seconds)


_open: ContextVar[Meter | None] = ContextVar("memeval_open_meter", default=None)


@contextmanager
def phase() -> Iterator[Meter]:
    """Time the block and collect what is booked inside it; the meter's `usage` is set when the block ends."""
    meter = Meter()
    token = _open.set(meter)
    start = time.perf_counter()
    try:
        yield meter
    finally:
        meter._close(time.perf_counter() - start)
        _open.reset(token)


def book(
    *,
    model_seconds: float = 0.0,
    cached_seconds: float = 0.0,
    calls: int = 0,
    tokens_in: int = 0,
    tokens_out: int = 0,
    cached_tokens_in: int = 0,
    cache_write_tokens_in: int = 0,
    estimated_calls: int = 0,
    embedding_tokens: int = 0,
    dollars: float | None = 0.0,
) -> None:
    """Add to the books of the phase that is open; without one (a notebook, a test) nothing is booked.

    Args:
        model_seconds: wall clock spent in a model just now; already part of the phase's own clock.
        cached_seconds: what answers taken from a cache had cost when they were made; not part of the clock.
        calls: calls of language models; the token counts are theirs, from cache or not.
        tokens_in: prompt tokens.
        tokens_out: completion tokens.
        cached_tokens_in: prompt tokens that the provider served from its own prompt cache.
        cache_write_tokens_in: prompt tokens that the provider wrote into it.
        estimated_calls: calls without usage in their reply.
        embedding_tokens: tokens of embedding calls that are paid by the token.
        dollars: the price of it; None if it is not known.
    """
    meter = _open.get()
    if meter is not None:
        meter._add(
            Usage(
                booked_seconds=cached_seconds,
                model_seconds=model_seconds + cached_seconds,
                calls=calls,
                tokens_in=tokens_in,
                tokens_out=tokens_out,
                cached_tokens_in=cached_tokens_in,
                cache_write_tokens_in=cache_write_tokens_in,
                estimated_calls=estimated_calls,
                embedding_tokens=embedding_tokens,
                dollars=dollars,
            )
        )
