"""Target models: context window, tokenizer, prices and prompt-cache rules; money from token counts."""

from memeval.pricing.prices import CacheRules, Price, Target, Tier, caveats
from memeval.pricing.targets import completed, find_target, own_targets, price_of, read_target

__all__ = [
    "CacheRules",
    "Price",
    "Target",
    "Tier",
    "caveats",
    "completed",
    "find_target",
    "own_targets",
    "price_of",
    "read_target",
]
