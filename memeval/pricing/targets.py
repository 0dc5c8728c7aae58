"""Targets by name: our own files first, then litellm's price map."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

from memeval.kit.errors import ConfigError
from memeval.pricing import price_map
from memeval.pricing.prices import APPROXIMATE_TOKENIZER, KINDS, MILLION, CacheRules, Price, Target, Tier

_TARGETS = "memeval.configs"
# Examples of messages.
_NAMES = {"name": "gpt-4o-mini", "tokenizer": "o200k_base"}


def price_of(model: str) -> Price | None:
    """The price of a model by its name, with or without litellm's provider in front; None if not known.

    From our own target files first, then from litellm's map; `Price.source` says which.
    """
    own = _own(model)
    if own is not None:
        return own.price if own.price.known else None
    found = price_map.find(model)
    if found is None:
        return None
    price = price_map.price(found[1])
    return price if price.known else None


def find_target(name: str) -> Target:
    """A target by the name of its file, an alias, or any name of litellm's map.

    Raises:
        ConfigError: nobody knows the name, or litellm knows no window for it.
    """
    own = _own(name)
    if own is not None:
        return own
    found = price_map.find(name)
    if found is None:
        known = [target.name for target in own_targets()]
        close = get_close_matches(name, {*known, *price_map.names()}, n=3)
        hint = f", did you mean {' or '.join(close)}?" if close else ""
        raise ConfigError(
            f"unknown target {name!r}{hint}: choose target= one of {', '.join(known)}, any model of litellm's price "
            "map, or describe it: target=litellm target.name=NAME target.window=128000 target.usable=128000 "
            "target.price.input=1.0 target.price.output=2.0"
        )
    target = price_map.target(name, found[1])
    if target is None:
        raise ConfigError(
            f"litellm's map has no context window for {name!r}: give it, e.g. target=litellm target.name={name} "
            "target.window=128000 target.usable=128000"
        )
    return target


def read_target(node: Mapping[str, Any]) -> Target:
    """The target that a config's node describes; one without prices (an old run's) is looked up by its name.

    Raises:
        ConfigError: a value that cannot be, or no name.
    """
    check_types(node)
    name = str(node.get("name") or "")
    if not name:
        raise ConfigError("the target has no name: add target.name=MODEL, e.g. target.name=gpt-4o-mini")
    if "price" not in node:
        known = find_target(name) if is_known(name) else Target(name, int(node["window"]), int(node["usable"]))
        return replace(known, window=int(node["window"]), usable=int(node["usable"]))
    price, rules = node["price"] or {}, node.get("cache")
    unknown = (set(price) - {*KINDS, "tiers"}) | (set(rules or ()) - {"automatic", "minimum", "step", "seconds"})
    if unknown:
        raise ConfigError(f"target {name!r} has {', '.join(sorted(unknown))}, which nothing reads: remove it")
    source, as_of = str(node.get("source") or ""), str(node.get("as_of") or "")
    tiers = sorted((_tier(name, tier) for tier in price.get("tiers") or ()), key=lambda tier: tier.above)
    try:
        target = Target(
            name=name,
            window=int(node["window"]),
            usable=min(int(node["usable"]), int(node["window"])),
            tokenizer=str(node.get("tokenizer") or APPROXIMATE_TOKENIZER),
            exact_tokenizer=bool(node.get("exact_tokenizer", False)),
            price=Price(
                **{kind: _dollars(name, kind, price.get(kind)) for kind in KINDS},
                tiers=tuple(tiers),
                source=f"{source}, {as_of}" if as_of else source,
            ),
            cache=None
            if rules is None
            else CacheRules(
                bool(rules["automatic"]), int(rules["minimum"]), int(rules["step"]), float(rules["seconds"])
            ),
            provider=str(node.get("provider") or ""),
            source=source,
            as_of=as_of,
            aliases=tuple(map(str, node.get("aliases") or ())),
            notes=str(node.get("notes") or ""),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f"target {name!r} lacks or misstates {error}: it needs window, usable and, under cache, automatic, "
            "minimum, step and seconds (memeval run --cfg shows it)"
        ) from error
    if target.window < 1 or target.usable < 1:
        raise ConfigError(
            f"target {name!r} has window={target.window} and usable={target.usable}: give tokens, 1 or more"
        )
    if target.cache is not None and (target.cache.minimum < 0 or target.cache.step < 1 or target.cache.seconds < 0):
        raise ConfigError(
            f"target {name!r} has cache minimum={target.cache.minimum}, step={target.cache.step}, "
            f"seconds={target.cache.seconds}: give a step of 1 or more and nothing negative"
        )
    return target


def completed(node: Mapping[str, Any]) -> dict[str, Any]:
    """A config's target node, what it leaves open (null) filled in from what is known of its name.

    Raises:
        ConfigError: a name that nobody knows, in a node that does not say its window.
    """
    check_types(node)
    name, window = str(node.get("name") or ""), node.get("window")
    if node.get("source") is not None or not name:
        return dict(node)
    if window is None or is_known(name):
        found = find_target(name)
    else:
        found = Target(name, int(window), int(window), source="the command line")
    if window is not None:
        found = replace(found, usable=min(found.usable, int(window)))
    return _filled(node, found.node())


def check_types(node: Mapping[str, Any]) -> None:
    """Refuse a target's node whose parts are of other types than those of a target.

    Raises:
        ConfigError: names the part and what to type.
    """
    for key in ("window", "usable"):
        value = node.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise ConfigError(f"target.{key}={value!r:.80} is no number of tokens: give e.g. target.{key}=128000")
    for key in ("name", "tokenizer"):
        if not isinstance(node.get(key), str | None):
            raise ConfigError(f"target.{key}={node[key]!r:.80} is no name: give e.g. target.{key}={_NAMES[key]}")
    for key, part in (("price", "input=2.5"), ("cache", "automatic=true")):
        if not isinstance(node.get(key), Mapping | None):
            raise ConfigError(f"target.{key}={node[key]!r:.80} is no {key}: set its parts, e.g. target.{key}.{part}")
    tiers = (node.get("price") or {}).get("tiers")
    if tiers is not None and not (isinstance(tiers, list | tuple) and all(isinstance(tier, Mapping) for tier in tiers)):
        raise ConfigError(
            f"target.price.tiers={tiers!r:.80} is no list of tiers: give e.g. target.price.tiers='[{{above: 200000, "
            "input: 5.0, output: 15.0}]'"
        )
    aliases = node.get("aliases")
    if aliases is not None and not isinstance(aliases, list | tuple):
        raise ConfigError(f"target.aliases={aliases!r:.80} is no list of names: leave it out, or give e.g. [gpt-4o]")


def is_known(name: str) -> bool:
    """Whether our own files or litellm's map have the name."""
    return _own(name) is not None or price_map.find(name) is not None


def _filled(node: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(found)
    for key, value in node.items():
        if not isinstance(value, Mapping):
            merged[key] = found.get(key) if value is None else value
        elif found.get(key) is not None:
            merged[key] = _filled(value, found[key])
        elif any(each is not None for each in value.values()):
            # Only the rules of a prompt cache can be missing altogether.
            merged[key] = _filled(value, asdict(CacheRules()))
    return merged


@cache
def own_targets() -> tuple[Target, ...]:
    """The targets that memeval ships, by name."""
    return tuple(sorted(_read_files(), key=lambda target: target.name))


def _read_files() -> Iterator[Target]:
    import yaml

    for file in (files(_TARGETS) / "target").iterdir():
        if file.name.endswith(".yaml"):
            node = yaml.safe_load(file.read_text(encoding="utf-8"))
            # What is left open there is filled in from litellm's map by name.
            if node.get("window") is not None:
                yield read_target(node)


def _own(name: str) -> Target | None:
    for target in own_targets():
        names = {target.name, *target.aliases}
        provider, _, bare = name.partition("/")
        if name in names or (provider == target.provider and bare in names):
            return target
    return None


def _dollars(name: str, kind: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < MILLION:
        raise ConfigError(
            f"target {name!r} has price.{kind}={value!r}: give dollars per million tokens, e.g. 2.5, or null"
        )
    return float(value)


def _tier(name: str, node: Mapping[str, Any]) -> Tier:
    unknown = set(node) - {"above", *KINDS}
    above = node.get("above")
    if unknown or not isinstance(above, int) or above < 1:
        raise ConfigError(
            f"target {name!r} has a price tier {dict(node)!r}: it takes above (prompt tokens), {', '.join(KINDS)}"
        )
    return Tier(above, **{kind: _dollars(name, kind, node.get(kind)) for kind in KINDS})
