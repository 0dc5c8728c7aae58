"""Longest common prefix of consecutive prompts, in tokens, and what a provider's prompt cache makes of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memeval.pricing import CacheRules
from memeval.prompt import pieces
from memeval.tokens import Tokenizer
from memeval.types import Context, Query, Request


@dataclass(frozen=True, slots=True)
class Measured:
    """A prompt beside the one before it.

    Attributes:
        tokens: of the whole prompt.
        prefix: tokens of the longest start that it shares with the previous prompt; 0 for the first.
        ends: token positions at which its sections end, ascending, without the query's.
    """

    tokens: int
    prefix: int
    ends: tuple[int, ...]


class Prefixes:
    """Measures the prompts of one dialogue, each against the one before it.

    Token counts of the shared pieces are kept from prompt to prompt: only what is new is counted, and only from the
    first piece that differs on are tokens compared, up to the first that differs. The markers that a provider puts
    around messages are not counted.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Start before the first prompt."""
        self._tokenizer = tokenizer
        self._pieces: Sequence[tuple[str, str]] = ()
        # Position i: tokens of the first i pieces.
        self._before = [0]

    def measure(self, context: Context, query: Query) -> Measured:
        """Measure the next prompt of the dialogue."""
        new = pieces(context, query)
        shared = _shared(self._pieces, new)
        prefix = self._before[shared] + _shared_tokens(self._tokens(self._pieces[shared:]), self._tokens(new[shared:]))
        del self._before[shared + 1 :]
        for _, text in new[shared:]:
            self._before.append(self._before[-1] + self._tokenizer.count(text))
        self._pieces = new
        ends = tuple(
            self._before[index]
            for index in range(1, len(new))
            if new[index - 1][0] != new[index][0] and self._before[index]
        )
        return Measured(self._before[-1], prefix, ends)

    def _tokens(self, rest: Sequence[tuple[str, str]]) -> Iterator[int]:
        for _, text in rest:
            yield from self._tokenizer.encode(text)


def _shared(old: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]]) -> int:
    """How many pieces the two begin with alike."""
    index = 0
    for (_, before), (_, now) in zip(old, new, strict=False):
        if before is not now and before != now:
            break
        index += 1
    return index


def _shared_tokens(old: Iterator[int], new: Iterator[int]) -> int:
    shared = 0
    for before, now in zip(old, new, strict=False):
        if before != now:
            break
        shared += 1
    return shared


@dataclass(frozen=True, slots=True)
class Split:
    """The tokens of a prompt by what a provider charges for them; together they are the whole prompt.

    Attributes:
        cached: read from the provider's cache.
        written: written into it at a price of their own.
        uncached: charged as without a cache.
    """

    cached: int
    written: int
    uncached: int


def split(previous: Request | None, request: Request, rules: CacheRules, writing_costs: bool = False) -> Split:
    """What a provider's cache makes of a request after the one before it in the same dialogue.

    Only the previous request is looked at, though older ones may still lie in the cache; it is there until it is too
    old, and where the data has no times it never is.

    A provider that caches by itself reads the shared start, from the minimum on in whole steps. Otherwise the caller
    marks where the cache is to be written, here at the end of each section, and what is read is the longest marked
    start of the previous prompt that the new one shares.

    Args:
        previous: the dialogue's request before; None for the first.
        request: the request to split.
        rules: of the provider's cache.
        writing_costs: a provider that caches by itself charges for what it writes, which is then the rest of the
            prompt; otherwise it counts as uncached. Marks are always counted as written.
    """
    prefix = request.prefix_tokens
    if previous is None or (request.seconds_since is not None and request.seconds_since > rules.seconds):
        prefix = 0
    if rules.automatic:
        cached = rules.cacheable(prefix)
        written = rules.cacheable(request.prompt_tokens) - cached if writing_costs else 0
        return Split(cached, written, request.prompt_tokens - cached - written)
    marks = previous.ends if previous is not None else ()
    cached = max((end for end in marks if rules.minimum <= end <= prefix), default=0)
    last = max(request.ends, default=0)
    written = max(0, last - cached) if last >= rules.minimum else 0
    return Split(cached, written, request.prompt_tokens - cached - written)
