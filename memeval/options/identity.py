"""What an option is, wherever its class lies: the names that identities of runs are made of.

A config node names a class by its place in the code (`_target_: memeval.strategies.long_term.bm25.BM25`). A stored
result names the same thing by its option: `{"option": "retriever/bm25", "version": 1, "k1": 1.5, ...}`. So a class can
move to another file, and every stored run keeps its id. A class that no config names is a class of the user's own: it
is stored as `{"class": "mine.Memory", ...}`.

`_version_: 2` in an option's YAML says that its behaviour has changed: results of version 1 are then other results.
`_tuned_on_: [locomo]` says that its defaults were chosen by results on this benchmark, which reports then say.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NamedTuple

from memeval.kit.errors import ConfigError
from memeval.options import given
from memeval.options.build import TARGET, TUNED, VERSION, Signature, signature_of

CONFIG_MODULE = "memeval.configs"
ENTRY_POINTS = "memeval.configs"
OPTION = "option"
CLASS = "class"
# Of an object that the caller gave: no name rebuilds it, and these are its attributes.
REBUILDABLE = "rebuildable"
STATE = "state"
_OF_NAME = (OPTION, CLASS, "version", REBUILDABLE, STATE)
# Where classes lay when their dotted names were part of stored results.
_FORMER = "former_targets.json"
_asked_for: set[str] = set()
_TUNED = re.compile(rf"^{TUNED}:[ \t]*\[([^\]\n]*)\]", re.MULTILINE)
_LINE = re.compile(r"^( *)([\w-]+):[ \t]*([^\s#]*)", re.MULTILINE)


class Registered(NamedTuple):
    """An option that a config names: `name` is `group/option`, `tuned_on` what its defaults were chosen by."""

    name: str
    target: str
    version: int
    tuned_on: tuple[str, ...] = ()


def plugin_packages() -> list[str]:
    """Packages with configs of installed plug-ins: entry points of the group `memeval.configs`."""
    return sorted(point.value for point in metadata.entry_points(group=ENTRY_POINTS))


def config_packages() -> list[str]:
    """Packages with configs: memeval's own, then those of installed plug-ins."""
    return [CONFIG_MODULE, *plugin_packages()]


@cache
def _registered() -> tuple[dict[str, Registered], dict[str, Registered]]:
    """All registered options by target and by name. memeval's own come first, so that no plug-in renames them."""
    by_target: dict[str, Registered] = {}
    by_name: dict[str, Registered] = {}
    for package in config_packages():
        try:
            root: Traversable = files(package)
        except ImportError as error:
            raise ConfigError(
                f"the configs of the plug-in {package} cannot be read ({error}): install it again or remove it"
            ) from error
        options, parts = [], []
        for folder in sorted(root.iterdir(), key=lambda path: path.name):
            if folder.is_dir() and not folder.name.startswith(("_", ".")):
                for file in sorted(folder.iterdir(), key=lambda path: path.name):
                    if file.name.endswith(".yaml"):
                        own, nested = _options_in(file, f"{folder.name}/{file.name.removesuffix('.yaml')}")
                        options += own
                        parts += nested
            elif folder.name == "config.yaml":
                parts += _options_in(folder, "")[1]
        for option in (*options, *parts):
            by_name.setdefault(option.name, option)
            by_target.setdefault(option.target, option)
    return by_target, by_name


def _options_in(file: Traversable, name: str) -> tuple[list[Registered], list[Registered]]:
    """The option that a file is, and the classes that stand inside it under a key: `extractor/RuleExtractor`."""
    own, nested = [], []
    above: list[tuple[int, str]] = []
    target, version = "", 1
    text = file.read_text(encoding="utf-8")
    benchmarks = tuple(word.strip() for found in _TUNED.findall(text) for word in found.split(",") if word.strip())
    for blanks, key, value in _LINE.findall(text):
        depth = len(blanks)
        above = [entry for entry in above if entry[0] < depth]
        if key == VERSION and not above:
            version = int(value)
        elif key == TARGET and value not in ("", "null"):
            if above:
                nested.append(Registered(f"{above[-1][1]}/{value.rpartition('.')[2]}", value, 1))
            else:
                target = value
        above.append((depth, key))
    if target and name:
        own.append(Registered(name, target, version, benchmarks))
    return own, nested


def options() -> Mapping[str, Registered]:
    """All registered options by name."""
    return _registered()[1]


def option_of(target: str) -> Registered | None:
    """The option of a class by its dotted name; None for a class of the user's own."""
    return _registered()[0].get(target)


def target_of(name: str) -> str:
    """The dotted name of an option's class.

    Raises:
        ConfigError: no installed package has such an option.
    """
    found = _registered()[1].get(name)
    if found is None:
        raise ConfigError(f"no installed package has the option {name!r}: install the plug-in that brings it")
    return found.target


def named_here(node: Any) -> None:
    """Note the classes of a config that this process was asked to use: its own results may name them again."""
    if isinstance(node, Mapping):
        if isinstance(node.get(TARGET), str):
            _asked_for.add(node[TARGET])
        for value in node.values():
            named_here(value)
    elif isinstance(node, list):
        for value in node:
            named_here(value)


def described(node: Any) -> Any:
    """A config node as a stored result names it: options instead of classes, each value as its type wants it."""
    if isinstance(node, Mapping):
        target = node.get(TARGET)
        if TARGET in node and not isinstance(target, str):
            # The option `none` of a group.
            return None
        values = {key: described(value) for key, value in node.items() if key not in (TARGET, VERSION, TUNED)}
        if target is None:
            return values
        if (signature := _signature(target)) is not None:
            values = {key: _checked(signature, key, value) for key, value in values.items()}
        option = option_of(target)
        named = _named(target) if option is None else {OPTION: option.name, "version": option.version}
        return {**named, **values}
    if isinstance(node, list | tuple):
        return [described(value) for value in node]
    return node


def _named(target: str) -> dict[str, Any]:
    """How a class of the user's own, or an object of theirs, is named."""
    own = given.found(target)
    if own is None:
        return {CLASS: target}
    return {CLASS: target, REBUILDABLE: False, **({STATE: dict(own.state)} if own.state else {})}


def canonical(node: Any) -> Any:
    """A described node without what equals the class's own default: a new option with a neutral default changes no id.

    A default that changes is a change of behaviour: the option's version says so.
    """
    if isinstance(node, Mapping):
        kept = {key: canonical(value) for key, value in node.items()}
        if (target := _target(node)) is None or (signature := _signature(target)) is None:
            return kept
        return {
            key: value for key, value in kept.items() if key in _OF_NAME or not signature.is_default(key, node[key])
        }
    return [canonical(value) for value in node] if isinstance(node, list) else node


def short_name(names: Mapping[str, str]) -> str:
    """Strategy and retriever of a run: `sliding_window+bm25`, `truncation`."""
    retriever = names.get("retriever", "none")
    return names["strategy"] if retriever == "none" else f"{names['strategy']}+{retriever}"


def run_id(names: Mapping[str, str], whole: Mapping[str, Any]) -> str:
    """A readable name and the hash of an identity: equal on every machine, whatever file a class lies in."""
    parts = [*(["replay"] if whole.get("mode") == "replay" else []), short_name(names)]
    readable = re.sub(r"[^\w.+-]+", "-", "+".join(parts))
    text = json.dumps(canonical(whole), sort_keys=True, separators=(",", ":"))
    return f"{readable}-{whole['budget']}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def built_from(described_node: Mapping[str, Any]) -> dict[str, Any]:
    """The config node of a described one, for `memeval.options.build.build`: the opposite of `described`.

    Raises:
        ConfigError: a class that is not registered. What is read from results never names code.
    """
    own = described_node.get(CLASS)
    if OPTION not in described_node and own not in _asked_for:
        raise ConfigError(
            f"the result names {own or 'nothing'}, a class that no installed package registers: "
            "results never name code to import, so give the object itself, or register the class by a YAML of a plug-in"
        )
    values = {
        key: built_from(value) if isinstance(value, Mapping) and (OPTION in value or CLASS in value) else value
        for key, value in described_node.items()
        if key not in _OF_NAME
    }
    return {TARGET: str(own) if OPTION not in described_node else target_of(str(described_node[OPTION])), **values}


def upgraded(node: Any) -> Any:
    """What version 1 of a record holds, in today's words: options for the dotted names of classes."""
    if isinstance(node, Mapping):
        values = {key: upgraded(value) for key, value in node.items() if key != TARGET}
        if TARGET not in node:
            return values
        target = node[TARGET]
        if not isinstance(target, str):
            return None
        if name := _former().get(target):
            return {OPTION: name, "version": 1, **values}
        option = option_of(target)
        return {OPTION: option.name, "version": 1, **values} if option else {CLASS: target, **values}
    return [upgraded(value) for value in node] if isinstance(node, list) else node


def names_in(node: Any) -> list[str]:
    """All options and classes that a described node names, at any depth."""
    if isinstance(node, Mapping):
        own = [str(node[key]) for key in (OPTION, CLASS) if key in node]
        return own + [name for value in node.values() for name in names_in(value)]
    return [name for value in node for name in names_in(value)] if isinstance(node, list) else []


def tuned_on(node: Any) -> dict[str, tuple[str, ...]]:
    """The options in a described node whose defaults were chosen by results, with the benchmarks of these.

    A class that stands in an option's place is the option: its settings are those of its YAML, changed or not.
    """
    known = options()
    named = dict.fromkeys(name for name in names_in(node) if name in known)
    return {name: known[name].tuned_on for name in named if known[name].tuned_on}


@cache
def _former() -> Mapping[str, str]:
    text = Path(__file__).with_name(_FORMER).read_text(encoding="utf-8")
    former: Mapping[str, str] = json.loads(text)
    return former


def _target(node: Mapping[str, Any]) -> str | None:
    if OPTION in node:
        found = _registered()[1].get(str(node[OPTION]))
        return None if found is None else found.target
    return str(node[CLASS]) if CLASS in node else None


def _signature(target: str) -> Signature | None:
    """What a class takes; None where it cannot be imported, which building it explains."""
    try:
        return signature_of(target)
    except ConfigError:
        return None


def _checked(signature: Signature, key: str, value: Any) -> Any:
    """A value as its type wants it, so that 1 and 1.0 are one setting; what is refused stays, building it explains."""
    if not isinstance(value, int | float | str | list):
        return value
    try:
        checked = signature.check(key, value, key)
    except ConfigError:
        return value
    if isinstance(checked, tuple):
        checked = list(checked)
    return checked if isinstance(checked, int | float | str | list) else value
