"""What a composed config has to look like before anything is read from it.

What a single option means is checked where it is used; here are types of root options, and what no option may be.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from memeval.kit.errors import ConfigError
from memeval.kit.escaping import shortened
from memeval.options import forms, root

# How deep a config is nested at most; memeval's own are nested 8 deep.
_DEEPEST = 40


def check_shape(config: Mapping[str, Any]) -> None:
    """Refuse a config of which a root option is of another type.

    Args:
        config: as it was composed, with all root options; interpolations may stand as they were typed.

    Raises:
        ConfigError: names the option and what to type.
    """
    for option in root.OPTIONS:
        if option.name not in config:
            continue
        value = config[option.name]
        _check_values(option.name, value, 0)
        if option.name in _LISTS and value is not None:
            _check_names(option.name, value)
        if option.name == "sweep":
            _check_sweep(value)
        if option.role == "filled" and value != option.default:
            raise ConfigError(f"{option.name}={_shown(value)} cannot be given: memeval sets it itself; leave it out")
    forms.check_nodes(config)
    if not str(config["results"]).strip():
        raise ConfigError("results= is empty: name the folder of the stored runs, e.g. results=results/runs")


# Root options that are lists of names.
_LISTS = frozenset(option.name for option in root.OPTIONS if "list[str]" in str(option.kind))


def check_choice(group: str, value: object, options: Sequence[str]) -> None:
    """Refuse what is no name of an option of a group.

    Args:
        group: as it is typed, e.g. `llm@judge_llm`.
        value: what stands behind `=`, read as Hydra reads it.
        options: the names that there are.

    Raises:
        ConfigError: names the options.
    """
    if isinstance(value, list) and group.partition("@")[0] != "experiment":
        listed = ",".join(map(str, value))
        raise ConfigError(
            f"{group}={_shown(value)} is a list, and a run has one {group}: type "
            f"{group}={value[0] if value else options[0]}, or -m {group}={shortened(listed, 60)} for a run of each"
        )
    if not isinstance(value, str | list):
        typed = "null" if value is None else str(value).lower() if isinstance(value, bool) else shortened(value, 80)
        raise ConfigError(
            f"{group}={typed} is no name of an option: choose {group}= one of {', '.join(options)}"
            + forms.instead(group, typed)
        )


def _check_values(where: str, value: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise ConfigError(f"{shortened(where, 80)} is nested more than {_DEEPEST} deep: no option is")
    if isinstance(value, float) and not isfinite(value):
        raise ConfigError(f"{where}={value} is no finite number: give one, or null where the option may be left open")
    if isinstance(value, Mapping):
        for key, each in value.items():
            _check_values(f"{where}.{key}", each, depth + 1)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            _check_values(f"{where}[{index}]", each, depth + 1)


def _check_names(name: str, value: Any) -> None:
    wrong = [each for each in value if not isinstance(each, str)] if isinstance(value, list) else [value]
    if wrong:
        raise ConfigError(f"{name}: {_shown(wrong[0])} is no name: give a list of names, e.g. {name}=[NAME, NAME]")


def _check_sweep(blocks: Any) -> None:
    example = "e.g. sweep=[{strategy: [truncation, sliding_window], budget: [500, 2000]}]"
    for block in blocks if isinstance(blocks, list) else [blocks]:
        if not isinstance(block, Mapping):
            raise ConfigError(f"sweep: {_shown(block)} is no block of axes: give lists of values by option, {example}")
        for key, values in block.items():
            for each in values if isinstance(values, list) else [values]:
                if isinstance(each, Mapping):
                    raise ConfigError(f"sweep: {_shown(each)} is no value of {key}: give plain values, {example}")


def _shown(value: object) -> str:
    return "null" if value is None else shortened(value, 80)
