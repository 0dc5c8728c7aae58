"""From a measure's name to the measure."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from memeval.kit.errors import ConfigError
from memeval.options.overrides import items
from memeval.scoring.measures.base import KNOWN, Measure

# Other names in use, with the options that they stand for.
ALIASES: Mapping[str, tuple[str, Mapping[str, str]]] = {"Hit": ("Recall", {"rule": "any"})}

_NAME = re.compile(r"(?P<name>\w+)\s*(?:\((?P<options>[^()]*)\))?\s*(?:@\s*(?P<k>\S+))?")


def parse(text: str) -> Measure:
    """The measure of a name such as `Recall(unit=session,rule=any)@10`.

    Options may be left out (defaults), in any order, with white space anywhere between words. `Hit` is short for
    `Recall(rule=any)`.

    Raises:
        ConfigError: names the known measures, or the measure's options and choices.
    """
    match = _NAME.fullmatch(text.strip())
    if match is None:
        raise ConfigError(f"not a measure: {text!r}; write Name, Name(option=value,...) or Name(option=value,...)@k")
    name, given, k = match["name"], match["options"], match["k"]
    kind, options = _kind(name)
    for item in (given or "").split(","):
        if item.strip():
            key, value = _option(name, kind, item)
            if key in options:
                raise ConfigError(f"{text!r} sets {key} twice: give it once (Hit has rule=any already)")
            options[key] = value
    if kind.has_cutoff():
        if k is None or not k.isascii() or not k.isdigit():
            raise ConfigError(f"{text!r} needs a cut-off: type for example {name}@10")
        options["k"] = int(k)
    elif k is not None:
        raise ConfigError(f"{text!r}: {name} has no cut-off; type {text.strip().split('@')[0].strip()}")
    return kind(**options)


def parse_list(text: str) -> tuple[Measure, ...]:
    """Measures of a list (`memeval.options.overrides.items`), each once, in the order given.

    Raises:
        ConfigError: as `parse`.
    """
    return tuple(dict.fromkeys(map(parse, items(text))))


def _kind(name: str) -> tuple[type[Measure], dict[str, Any]]:
    alias, options = ALIASES.get(name, (name, {}))
    if alias in KNOWN:
        return KNOWN[alias], dict(options)
    names = [*KNOWN, *ALIASES]
    by_lower = {each.lower(): each for each in names}
    close = get_close_matches(name.lower(), by_lower, n=1)
    meant = f" (did you mean {by_lower[close[0]]}?)" if close else ""
    raise ConfigError(f"unknown measure {name!r}{meant}: choose from {', '.join(names)}")


def _option(name: str, kind: type[Measure], item: str) -> tuple[str, str | int]:
    options = kind.options()
    key, separator, value = (part.strip() for part in item.partition("="))
    if not separator or key not in options:
        close = get_close_matches(key, options, n=1)
        meant = f" (did you mean {close[0]}?)" if close else ""
        listed = "; ".join(f"{each}={'|'.join(map(str, choices))}" for each, choices in options.items())
        raise ConfigError(f"{name} has no option {item.strip()!r}{meant}: it takes {listed or 'none'}")
    for choice in options[key]:
        if str(choice) == value:
            return key, choice
    choices = ", ".join(f"{key}={choice}" for choice in options[key])
    raise ConfigError(f"{name} cannot take {key}={value}: choose one of {choices}")
