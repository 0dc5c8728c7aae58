"""The price map of litellm, read from its wheel as data: importing litellm takes seconds."""

import importlib.util
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from memeval.kit.tokens import ENCODINGS
from memeval.pricing.prices import APPROXIMATE_TOKENIZER, KINDS, MILLION, CacheRules, Price, Target, Tier

_MAP = "model_prices_and_context_window_backup.json"
_ABOVE = re.compile(r"input_cost_per_token_above_(\d+)(k?)_tokens")
# Names of the four prices in the map.
_IN_MAP = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
}


def find(model: str) -> tuple[str, Mapping[str, Any]] | None:
    """The entry of a model and the name it stands under; `provider/name` is also looked up without its provider."""
    known = _price_map()
    if model in known:
        return model, known[model]
    provider, slash, bare = model.partition("/")
    if provider and slash and str(known.get(bare, {}).get("litellm_provider", "")).startswith(provider):
        return bare, known[bare]
    return None


def names() -> Iterable[str]:
    """All names of the map."""
    return _price_map()


def price(entry: Mapping[str, Any]) -> Price:
    """The prices of an entry."""
    source = f"litellm's price map (litellm {_litellm_version()})"
    # A few are priced by ranges of the prompt's length, the others by keys that name a threshold.
    ranges = {int((each.get("range") or [0])[0]): each for each in entry.get("tiered_pricing") or ()}
    base = _prices({**ranges.get(0, {}), **entry})
    if not base["input"]:
        # The map writes 0 for models that are free for now and for those whose price it does not know.
        return Price(source=source)
    steps = {start: _prices(each) for start, each in ranges.items() if start}
    for above, suffix in _thresholds(entry):
        steps[above] = _prices(entry, suffix)
    tiers = []
    for above, own in sorted(steps.items()):
        base = {kind: base[kind] if own[kind] is None else own[kind] for kind in KINDS}
        tiers.append(Tier(above, **base))
    return Price(**_prices({**ranges.get(0, {}), **entry}), tiers=tuple(tiers), source=source)


def _prices(entry: Mapping[str, Any], suffix: str = "") -> dict[str, float | None]:
    return {kind: _per_million(entry.get(key + suffix)) for kind, key in _IN_MAP.items()}


def target(name: str, entry: Mapping[str, Any]) -> Target | None:
    """The target that an entry describes; None if it has no context window."""
    window = entry.get("max_input_tokens") or entry.get("max_tokens")
    if not window:
        return None
    prices = price(entry)
    tokenizer = _tokenizer(name, entry)
    return Target(
        name=name,
        window=int(window),
        usable=int(window),
        tokenizer=tokenizer or APPROXIMATE_TOKENIZER,
        exact_tokenizer=tokenizer is not None,
        price=prices,
        cache=_rules(entry),
        provider=str(entry.get("litellm_provider", "")),
        source=prices.source,
        notes="usable is the whole window: litellm's map says nothing of it",
    )


def _tokenizer(name: str, entry: Mapping[str, Any]) -> str | None:
    """Of OpenAI's own models that tiktoken knows."""
    import tiktoken.model

    if entry.get("litellm_provider") != "openai":
        return None
    try:
        encoding = tiktoken.model.encoding_name_for_model(name.removeprefix("openai/"))
    except KeyError:
        return None
    return encoding if encoding in ENCODINGS else None


@cache
def _price_map() -> Mapping[str, Mapping[str, Any]]:
    found = importlib.util.find_spec("litellm")
    path = Path(found.origin).parent / _MAP if found is not None and found.origin else None
    if path is None or not path.is_file():
        return {}
    content: dict[str, dict[str, Any]] = json.loads(path.read_bytes())
    content.pop("sample_spec", None)
    return content


def _thresholds(entry: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Thresholds in tokens, and how keys that hold above them end."""
    for key in entry:
        if match := _ABOVE.fullmatch(key):
            yield int(match[1]) * (1000 if match[2] else 1), key.removeprefix("input_cost_per_token")


def _rules(entry: Mapping[str, Any]) -> CacheRules | None:
    """The rules of a provider whose cache we know, with the map's own minimum where it has one."""
    if not entry.get("supports_prompt_caching") or entry.get("cache_read_input_token_cost") is None:
        return None
    provider = str(entry.get("litellm_provider", ""))
    minimum = int(entry.get("prompt_cache_min_tokens") or 1024)
    if provider in ("openai", "azure"):
        return CacheRules(automatic=True, minimum=minimum, step=128, seconds=600.0)
    return CacheRules(automatic="claude" not in provider and provider != "anthropic", minimum=minimum)


def _litellm_version() -> str:
    from importlib.metadata import version

    return version("litellm")


def _per_million(value: Any) -> float | None:
    # Rounded, since the map has dollars per token: 1e-07 * 1e6 is not quite 0.1.
    return None if value is None else round(float(value) * MILLION, 9)
