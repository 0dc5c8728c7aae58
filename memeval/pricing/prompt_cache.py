"""What a provider's prompt cache makes of consecutive requests: tokens read, written and charged in full."""

from dataclasses import dataclass

from memeval.kit.types import Request
from memeval.pricing import CacheRules


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
