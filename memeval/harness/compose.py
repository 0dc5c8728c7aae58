"""From the words on the command line to plans, by Hydra's composition."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from difflib import get_close_matches
from itertools import product
from typing import Any

from memeval.harness.plan import Plan
from memeval.kit.errors import ConfigError, MemevalError
from memeval.kit.protocols import Benchmark
from memeval.llm import providers
from memeval.options import forms, root
from memeval.options.build import TARGET, build
from memeval.options.identity import CONFIG_MODULE, plugin_packages
from memeval.options.keys import check_keys, hidden
from memeval.options.overrides import in_grammar, items, key_of, read, settings
from memeval.options.parts import with_parts
from memeval.options.shape import check_choice, check_shape
from memeval.pricing import completed, find_target

# In a block of a sweep: all options of a group, those of plug-ins too.
EVERY = "glob(*)"


@dataclass(frozen=True, slots=True)
class Cell:
    """A composed cell of a sweep."""

    config: Mapping[str, Any]
    names: Mapping[str, str]
    overrides: tuple[str, ...]

    def plan(self, benchmark: Benchmark) -> Plan:
        """The plan of this cell over its benchmark.

        Raises:
            ConfigError: values that cannot be run together.
        """
        config = self.config
        alone = not _target(config["retriever"])
        strategy = dict(config["strategy"])
        # A strategy may name a budget of its own: `full` names the target's window.
        budget = strategy.pop("budget", config["budget"])
        memory = strategy if alone else {**config["memory"], "window": strategy}
        if not alone and _target(strategy).startswith("memeval.harness.references."):
            raise ConfigError(
                f"strategy={self.names['strategy']} is a reference and is not combined: add retriever=none, or choose "
                "another strategy"
            )
        return Plan(
            names=self.names,
            benchmark=config["benchmark"],
            fingerprint=benchmark.fingerprint(),
            memory=memory,
            tokenizer=config["tokenizer"],
            document=config["document"],
            budget=budget,
            window=config["target"]["window"],
            limit=config["limit"],
            max_turn_tokens=config["max_turn_tokens"],
            timeout=config["timeout"],
            isolation=config["isolation"],
            forget=config["forget"],
            increments=config["increments"],
            depth=config["depth"],
            mode=config["mode"],
            reader=config["reader"] if _target(config["reader"]) else None,
            judge=config["judge"] if _target(config["judge"]) else None,
            others={name: config[name] for name in _others()},
        )


def _others() -> Iterator[str]:
    """What stands in the identity and has no place of its own in a plan, since no harness reads it."""
    own = {each.name for each in fields(Plan)}
    return (option.name for option in root.identified() if option.name not in own)


def _targets_by_name(words: Sequence[str]) -> list[str]:
    """With models in place of options of the group target: `target=gpt-5-mini` is target=litellm of that name."""
    named: list[str] = []
    for override in words:
        value = settings([override]).get("target")
        known = value is not None and find_target(value)
        named += ["target=litellm", f"target.name={value}"] if known else [override]
    return named


def _root(override: str) -> str:
    """The first word of an override's key."""
    return key_of(override).partition(".")[0]


def _name(axis: str, option: str, words: Sequence[str]) -> str:
    """The option's name, or that of the class that was put in its place: `strategy._target_=package.Class`."""
    target = settings(words).get(f"{axis}.{TARGET}")
    return option if target is None else target.rpartition(".")[2]


def _target(node: Any) -> str:
    return str(node.get(TARGET) or "") if isinstance(node, Mapping) else ""


@contextmanager
def composer() -> Iterator["Composer"]:
    """Open Hydra on memeval's configs and those of installed plug-ins."""
    from hydra import initialize_config_module
    from hydra.core.config_store import ConfigStore

    ConfigStore.instance().store(name="config_schema", node=root.schema())
    logging.getLogger("hydra").setLevel(logging.ERROR)
    with initialize_config_module(CONFIG_MODULE, version_base="1.3"):
        yield Composer([f"pkg://{package}" for package in plugin_packages()])


class Composer:
    """Composes cells from overrides."""

    def __init__(self, plugins: Sequence[str]) -> None:
        """Take the config packages of plug-ins."""
        self._plugins = [f"hydra.searchpath=[{','.join(plugins)}]"] if plugins else []

    def cell(self, overrides: Sequence[str]) -> Cell:
        """Compose one cell.

        Raises:
            ConfigError: an override that Hydra refuses, with the choices where there are some.
        """
        self._check_experiment(overrides)
        self._check_choices(overrides)
        try:
            config, choices = self._compose(overrides)
        except MemevalError:
            raise
        except Exception as error:
            # Hydra raises errors of its own, and where a word surprises it any other.
            raise ConfigError(_readable(error, overrides, self._known_keys(overrides))) from error
        unread = set(config) - root.names() - set(choices)
        if unread:
            raise ConfigError(
                f"nothing reads {', '.join(sorted(unread))}: remove it; memeval run --cfg shows every option"
            )
        root.check(config)
        providers.check_addresses(config)
        check_keys(config)
        return Cell(
            config, {axis: _name(axis, str(choices.get(axis)), overrides) for axis in root.axes()}, tuple(overrides)
        )

    def _check_experiment(self, words: Sequence[str]) -> None:
        """Refuse experiments that do not exist: the group is optional, so that Hydra takes any name for none."""
        for override in filter(None, map(read, words)):
            if override.key != "experiment":
                continue
            for name in items(override.value):
                options = self._options("experiment", [word for word in words if word.startswith("hydra.searchpath=")])
                if name not in options:
                    raise ConfigError(
                        f"unknown experiment {name!r:.200}{_did_you_mean(name, options)}: choose experiment= one of "
                        f"{', '.join(options)}"
                    )

    def _check_choices(self, overrides: Sequence[str]) -> None:
        """Refuse groups that are set to a number, a list, null or true, or removed: Hydra has no words for them."""
        groups = {key: option.group for option in root.OPTIONS if option.group for key in option.keys}
        parsed = _parsed(overrides)
        # An object of the caller's takes the place of the option.
        keys = [override.key_or_group for override in parsed]
        replaced = {key.removesuffix(f".{TARGET}") for key in keys if key.endswith(f".{TARGET}")}
        for override in parsed:
            key = override.get_key_element().lstrip("+~")
            if override.is_delete() and key in root.names() and key not in replaced:
                raise ConfigError(f"{key} is removed, and every run needs it: leave ~{key} out")
            if key in groups and not override.is_delete():
                check_choice(key, override.value(), self._options(str(groups[key])))

    def _compose(self, overrides: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        from hydra import compose
        from hydra.errors import MissingConfigException
        from omegaconf import OmegaConf

        try:
            composed = compose("config", overrides=[*self._plugins, *overrides], return_hydra_config=True)
        except MissingConfigException:
            named = _targets_by_name(overrides)
            if named == list(overrides):
                raise
            composed = compose("config", overrides=[*self._plugins, *named], return_hydra_config=True)
        choices = dict(composed.hydra.runtime.choices)
        plain = OmegaConf.masked_copy(composed, [str(key) for key in composed if key != "hydra"])
        typed: Any = OmegaConf.to_container(plain)
        check_shape(typed)
        # Before the tokenizer and the strategies take their values from it.
        target: Any = OmegaConf.to_container(plain["target"])
        OmegaConf.update(plain, "target", completed(target), merge=False)
        filled = with_parts(plain, self._option, self._options)
        config = OmegaConf.to_container(filled, resolve=True)
        if not isinstance(config, dict):
            raise ConfigError("the composed config is not a mapping: check the overrides")
        return {str(key): value for key, value in config.items()}, choices

    def _option(self, group: str, name: str) -> Any:
        """The config of one option as its file has it."""
        from hydra import compose

        return compose(f"{group}/{name}", overrides=self._plugins)[group]

    def _options(self, group: str, paths: Sequence[str] = ()) -> list[str]:
        """Names of a group's options, those of plug-ins and of other search paths included."""
        from hydra.core.global_hydra import GlobalHydra

        loader = GlobalHydra.instance().config_loader()
        return list(loader.get_group_options(group, config_name="config", overrides=[*self._plugins, *paths]))

    def _known_keys(self, overrides: Sequence[str]) -> list[str]:
        """Keys of the config without the overrides that set single values: they may be the misspelt ones."""
        groups = [override for override in overrides if "." not in key_of(override)]
        for candidate in (groups, []):
            try:
                return list(_keys(self._compose(candidate)[0]))
            except Exception:  # noqa: S112  of whatever makes these words no config
                continue
        return []

    def cells(self, overrides: Sequence[str], multirun: bool) -> list[Cell]:
        """Compose all cells: comma lists (with `multirun`), the config's own `sweep`; a sweep gets its reference rows.

        One cell gets those that its overrides name, e.g. references=[full].

        Raises:
            ConfigError: as `cell`, and a comma list without `multirun`.
        """
        return self.cells_of(_expand(overrides, multirun))

    def cells_of(self, points: Iterable[Sequence[str]]) -> list[Cell]:
        """As `cells`, for overrides of which each list is one combination."""
        found: list[Cell] = []
        words: list[str] = []
        for expanded in points:
            words += expanded
            first = self.cell(expanded)
            blocks = first.config["sweep"]
            if not blocks:
                found.append(first)
            given = {key_of(override) for override in expanded}
            for block in blocks:
                axes = {key: value for key, value in block.items() if key not in given}
                values = [self._values(key, value) for key, value in axes.items()]
                for point in product(*values):
                    found.append(
                        self.cell([*expanded, *(f"{key}={value}" for key, value in zip(axes, point, strict=True))])
                    )
        wanted = len(found) > 1 or any(_root(override) == "references" for override in words)
        return [*found, *self._references(found)] if wanted else found

    def _values(self, key: str, value: Any) -> list[Any]:
        """What a block of a sweep gives for a key: a list, one value, or `glob(*)` for every option of a group."""
        if value == EVERY:
            return self._options(key)
        return value if isinstance(value, list) else [value]

    def _references(self, cells: Iterable[Cell]) -> Iterator[Cell]:
        """For each combination of the other settings, the reference strategies."""
        seen: set[tuple[str, ...]] = set()
        shared = root.shared_with_references()
        for cell in cells:
            others = tuple(override for override in cell.overrides if _root(override) in shared)
            if others in seen:
                continue
            seen.add(others)
            for reference in cell.config["references"]:
                if cell.config["mode"] == "replay" and reference in ("oracle", "random"):
                    # They answer to the evidence of questions, of which a replay asks none.
                    continue
                yield self.cell([*others, f"strategy={reference}", "retriever=none"])


def _parsed(overrides: Sequence[str]) -> list[Any]:
    from hydra.core.override_parser.overrides_parser import OverridesParser

    try:
        parsed: list[Any] = OverridesParser.create().parse_overrides(list(overrides))
    except Exception as error:
        raise ConfigError(_readable(error, overrides, ())) from error
    return parsed


def _expand(overrides: Sequence[str], multirun: bool) -> Iterator[list[str]]:
    from hydra.errors import HydraException

    axes: list[list[str]] = []
    for override in _parsed(in_grammar(overrides)):
        if not override.is_sweep_override():
            axes.append([str(override.input_line)])
        elif multirun:
            try:
                axes.append([f"{override.get_key_element()}={value}" for value in override.sweep_string_iterator()])
            except HydraException:
                key = override.get_key_element()
                raise ConfigError(
                    f"{override.input_line} lists no values: write them, e.g. -m {key}=1,2,3 or "
                    f"-m {key}='range(1,10,3)'"
                ) from None
        else:
            raise ConfigError(
                f"{override.input_line} lists several values: add -m to run all of them, e.g. memeval run -m "
                f"{override.input_line}"
            )
    yield from (list(point) for point in product(*axes))


def _readable(error: Exception, given: Sequence[str], keys: Sequence[str]) -> str:
    """What Hydra refuses, in a sentence that says what to type."""
    text = str(error)
    words = " ".join(map(hidden, given))
    if match := re.search(r"Could not find '([^/']+)/([^']+)'", text):
        group, name = match.groups()
        options = re.findall(
            r"^\t(\S+)$", text.partition("Available options")[2].partition("Config search path")[0], re.M
        )
        choices = f"choose {group}= one of {', '.join(options)}{forms.instead(group, name)}"
        return f"unknown {group} {name!r}{_did_you_mean(name, options)}: {choices}"
    if match := re.search(r"Could not override '([^']+)'", text):
        key = match[1].rstrip(".")
        parent = key.rpartition(".")[0]
        siblings = [known for known in keys if known.rpartition(".")[0] == parent]
        siblings = [known for known in siblings if not known.endswith(f".{TARGET}")]
        instead = forms.unknown_key(key, given, nothing=not siblings and parent in root.nodes())
        known = ", ".join(siblings) or "none"
        return f"unknown option {key!r} in {words!r}{_did_you_mean(key, siblings)}: known are {known}{instead}"
    if match := re.search(r"Error merging override (\S+)", text):
        reason = str(error.__cause__ or "").splitlines()[0] if error.__cause__ else "it has the wrong type"
        key, _, value = match[1].partition("=")
        if "ListConfig" in reason:
            reason = f"it takes a list, e.g. {key}=[{value}]"
        return f"{match[1]} is not valid: {reason[:1].lower()}{reason[1:]}"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    reason = lines[0] if lines else type(error).__name__
    return f"{words!r} is not understood ({reason}): overrides read key=value, e.g. strategy=truncation"


def _did_you_mean(name: str, options: Sequence[str]) -> str:
    close = get_close_matches(name, options, n=1)
    return f", did you mean {close[0]}?" if close else ""


def _keys(node: Any, prefix: str = "") -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield f"{prefix}{key}"
            yield from _keys(value, f"{prefix}{key}.")


def build_benchmark(cell: Cell) -> Benchmark:
    """The benchmark of a cell."""
    benchmark: Benchmark = build(cell.config["benchmark"], "benchmark")
    return benchmark
