"""The clock and the books: what each phase of a run cost, as measured and as it would cost without caches."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from memeval.types import Usage


class Meter:
    """Books of one phase. `usage` is complete once the phase has ended."""

    def __init__(self) -> None:
        """Open empty books."""
        self.usage = Usage()
        self._model_seconds = 0.0
        self._cached_seconds = 0.0
        self._calls = 0
        self._tokens_in = 0
        self._tokens_out = 0
        self._cached_tokens_in = 0

    def _add(
        self,
        model_seconds: float,
        cached_seconds: float,
        calls: int,
        tokens_in: int,
        tokens_out: int,
        cached_tokens_in: int,
    ) -> None:
        self._model_seconds += model_seconds
        self._cached_seconds += cached_seconds
        self._calls += calls
        self._tokens_in += tokens_in
        self._tokens_out += tokens_out
        self._cached_tokens_in += cached_tokens_in

    def _close(self, seconds: float) -> None:
        self.usage = Usage(
            seconds=seconds,
            booked_seconds=seconds + self._cached_seconds,
            model_seconds=self._model_seconds + self._cached_seconds,
            calls=self._calls,
            tokens_in=self._tokens_in,
            tokens_out=self._tokens_out,
            cached_tokens_in=self._cached_tokens_in,
        )


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
) -> None:
    """Add to the books of the phase that is open; without one (a notebook, a test) nothing is booked.

    Args:
        model_seconds: wall clock spent in a model just now; already part of the phase's own clock.
        cached_seconds: what answers taken from a cache had cost when they were made; not part of the clock.
        calls: calls of language models; the token counts are theirs, from cache or not.
        tokens_in: prompt tokens.
        tokens_out: completion tokens.
        cached_tokens_in: prompt tokens that the provider served from its own prompt cache.
    """
    meter = _open.get()
    if meter is not None:
        meter._add(model_seconds, cached_seconds, calls, tokens_in, tokens_out, cached_tokens_in)
