"""What a model costs and when its provider's prompt cache serves: data, and the arithmetic of money."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

MILLION = 1_000_000
KINDS = ("input", "output", "cache_read", "cache_write")
# Stands in for the tokenizers that are not public.
APPROXIMATE_TOKENIZER = "o200k_base"


@dataclass(frozen=True, slots=True)
class Tier:
    """Prices of a request with more than `above` prompt tokens, for all of its tokens: not only for those above."""

    above: int
    input: float | None = None
    output: float | None = None
    cache_read: float | None = None
    cache_write: float | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens.

    Attributes:
        input, output: None if not known.
        cache_read: of prompt tokens served from the provider's prompt cache; None: no cheaper price is published, they
            cost as other input does.
        cache_write: of prompt tokens written into it; None: writing is free, they cost as other input does.
        tiers: other prices for long prompts, by ascending `above`.
        source: where the figures are from, with their date.
    """

    input: float | None = None
    output: float | None = None
    cache_read: float | None = None
    cache_write: float | None = None
    tiers: tuple[Tier, ...] = ()
    source: str = ""

    @property
    def known(self) -> bool:
        """Whether a prompt has a price."""
        return self.input is not None

    @property
    def write_premium(self) -> bool:
        """Whether a prompt token costs more if it is written into the provider's cache."""
        return self.cache_write is not None and self.input is not None and self.cache_write > self.input

    def at(self, tokens_in: int) -> "Price | Tier":
        """The prices of a request with this many prompt tokens, cached ones included."""
        found: Price | Tier = self
        for tier in self.tiers:
            if tokens_in > tier.above:
                found = tier
        return found

    def cost(
        self, tokens_in: int, tokens_out: int, cached_tokens_in: int = 0, cache_write_tokens_in: int = 0
    ) -> float | None:
        """Dollars of one request; None if a price that it needs is not known.

        Args:
            tokens_in: all tokens of the prompt; they alone choose the tier.
            tokens_out: of the completion.
            cached_tokens_in: the part of `tokens_in` that came out of the provider's cache.
            cache_write_tokens_in: the part of `tokens_in` that was written into it.
        """
        price = self.at(tokens_in)
        if price.input is None or (price.output is None and tokens_out):
            return None
        plain = max(0, tokens_in - cached_tokens_in - cache_write_tokens_in)
        read = price.input if price.cache_read is None else price.cache_read
        write = price.input if price.cache_write is None else price.cache_write
        return (
            plain * price.input
            + cached_tokens_in * read
            + cache_write_tokens_in * write
            + tokens_out * (price.output or 0.0)
        ) / MILLION


@dataclass(frozen=True, slots=True)
class CacheRules:
    """When a provider's prompt cache serves the start of a prompt.

    Attributes:
        automatic: every request reads and writes it; False: only up to breakpoints that the caller sets.
        minimum: shorter prefixes are not cached, tokens.
        step: a cached prefix is `minimum` plus a multiple of this, tokens.
        seconds: how long an entry lives after its last use.
    """

    automatic: bool = True
    minimum: int = 1024
    step: int = 1
    seconds: float = 300.0

    def cacheable(self, prefix: int) -> int:
        """How many tokens of a prefix the cache can hold: 0 below the minimum."""
        if prefix < self.minimum:
            return 0
        return prefix - (prefix - self.minimum) % self.step


@dataclass(frozen=True, slots=True)
class Target:
    """A model that the context is made for.

    Attributes:
        window: context window, tokens.
        usable: tokens up to which it is worth using: beyond it quality falls or the price rises.
        tokenizer: what counts its tokens here.
        exact_tokenizer: False if that is not the model's own, but stands in for it.
        cache: rules of the provider's prompt cache; None if it has none or none are known.
        provider: as litellm names it: `provider/name` is the same model.
        source: where window, prices and rules are from.
        as_of: ISO date on which they were looked up.
    """

    name: str
    window: int
    usable: int
    tokenizer: str = APPROXIMATE_TOKENIZER
    exact_tokenizer: bool = False
    price: Price = Price()
    cache: CacheRules | None = None
    provider: str = ""
    source: str = ""
    as_of: str = ""
    aliases: tuple[str, ...] = ()
    notes: str = ""

    def node(self) -> dict[str, Any]:
        """As a config has it."""
        price: dict[str, Any] = {kind: getattr(self.price, kind) for kind in KINDS}
        price["tiers"] = [
            {"above": tier.above, **{kind: getattr(tier, kind) for kind in KINDS}} for tier in self.price.tiers
        ]
        rules = self.cache
        return {
            "name": self.name,
            "window": self.window,
            "usable": self.usable,
            "tokenizer": self.tokenizer,
            "exact_tokenizer": self.exact_tokenizer,
            "provider": self.provider,
            "aliases": list(self.aliases),
            "price": price,
            "cache": None if rules is None else asdict(rules),
            "source": self.source,
            "as_of": self.as_of,
            "notes": self.notes,
        }


def caveats(targets: Iterable[Target]) -> list[str]:
    """What a table with these targets' numbers has to say below, a line for each thing."""
    targets = list(targets)
    lines = []
    for tokenizer in sorted({target.tokenizer for target in targets if not target.exact_tokenizer}):
        names = [each.name for each in targets if each.tokenizer == tokenizer and not each.exact_tokenizer]
        lines.append(
            f"{', '.join(names)}: tokens are counted by {tokenizer}, which stands in for a tokenizer that is not in "
            "reach; its own counts differ"
        )
    for target in targets:
        if not target.price.known:
            lines.append(
                f"{target.name}: no price is known; run with target.price.input=... target.price.output=... to give one"
            )
        elif not target.as_of:
            lines.append(f"{target.name}: window and prices are those of {target.source}, not checked by memeval")
    return lines
