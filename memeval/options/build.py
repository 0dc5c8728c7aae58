"""From a resolved config node to the object it describes.

A node is a mapping with `_target_` (a class or function by its dotted name) and its arguments; child nodes are built
first. The constructor's signature is the schema: argument names and types are checked against it, so that a
plug-in's options are checked like our own. Hydra's `instantiate` does not check types and cannot be told to build a
fresh object for every dialogue cheaply.
"""

import importlib
import inspect
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from memeval.kit.errors import CallTimedOut, ConfigError, MemevalError, words
from memeval.kit.ranges import hints, limits
from memeval.options import root

TARGET = "_target_"
# The version of an option's behaviour, in its YAML: part of the identity of a result, no argument.
VERSION = "_version_"
# Names of the benchmarks whose results the defaults of an option were chosen by, in its YAML: no argument either.
TUNED = "_tuned_on_"
# The composite's parts stand under names of their own on the command line, and so do their parts.
_TYPED = {"memory.window": "strategy", "memory.retriever": "retriever"}
_METHODS = {"strategy": ("write", "read"), "retriever": ("write", "search")}
# Names that stand for objects of this process.
_here: dict[str, Callable[..., Any]] = {}


def build(node: Mapping[str, Any], path: str = "", shared: dict[str, Any] | None = None) -> Any:
    """Build the object that a node describes.

    Args:
        node: a plain mapping with all interpolations resolved.
        path: where it stands in the config, for messages, e.g. `strategy`.
        shared: where given, a child named `store` is built once, kept in it and used by all that have an equal node.

    Raises:
        ConfigError: a target that cannot be imported, an argument that it does not take, or one of the wrong type.
    """
    target = node.get(TARGET)
    if not isinstance(target, str):
        raise ConfigError(
            f"{path or 'this node'} has no {TARGET}: name a class, e.g. "
            f"{path or 'strategy'}.{TARGET}=package.module.Class"
        )
    signature = signature_of(target)
    arguments: dict[str, Any] = {}
    for key, value in node.items():
        if key in (TARGET, VERSION, TUNED):
            continue
        where = _typed(path, key)
        if not signature.open and key not in signature.parameters:
            takes = ", ".join(signature.parameters) or "none"
            raise ConfigError(f"{target} takes no option {key!r}: it takes {takes}{_of_its_own(path, target)}")
        if isinstance(value, Mapping) and TARGET in value:
            if value[TARGET] is None:
                # An option `none` of a group: what takes no None says so itself.
                arguments[key] = None
            elif key == "store" and shared is not None:
                name = json.dumps(value, sort_keys=True)
                if name not in shared:
                    shared[name] = build(value, where)
                arguments[key] = shared[name]
            else:
                arguments[key] = build(value, where, shared)
        elif isinstance(value, list) and any(isinstance(part, Mapping) and TARGET in part for part in value):
            arguments[key] = [build(part, f"{where}[{index}]", shared) for index, part in enumerate(value)]
        else:
            arguments[key] = signature.check(key, value, where)
    missing = [name for name in signature.required if name not in arguments]
    if missing:
        # What the node lacks has no place in the config yet: such words begin with a plus.
        words_to_add = " ".join(f"+{path}.{name}={_filled(name)}" for name in missing)
        raise ConfigError(f"{path or target} lacks {', '.join(missing)}: {target} needs it, e.g. {words_to_add}")
    try:
        made = signature.call(**arguments)
        if absent := [name for name in _METHODS.get(path, ()) if not callable(getattr(made, name, None))]:
            raise ConfigError(
                f"{target} has no method {absent[0]}: a {path} has the methods {' and '.join(_METHODS[path])} "
                "(docs/extending.md)"
            )
        return made
    except (MemevalError, KeyboardInterrupt, CallTimedOut):
        raise
    except BaseException as error:
        # Even where a plug-in wants to end the process.
        raise ConfigError(f"{target} cannot be made: {type(error).__name__}: {words(error)}") from error


def _typed(path: str, key: str) -> str:
    """What the user types for an option, which is where its value comes from."""
    where = f"{path}.{key}" if path else key
    if path == "retriever" and key in root.nodes():
        return key
    return _TYPED.get(where, where)


# Arguments that many classes have: the config has their values under the same names.
_SHARED = ("document", "tokenizer", "language", "seed", "scope", "scratch")


def _filled(name: str) -> str:
    """A value for an argument that is missing: what every memory may have stands in the config under its own name."""
    return f"'${{{name}}}'" if name in _SHARED else "..."


def _of_its_own(path: str, target: str) -> str:
    """What to type where a class took the place of an option and got that option's settings."""
    if path not in ("strategy", "retriever"):
        return ""
    return f"; a class of your own starts from none: {path}=none {path}.{TARGET}={target}"


class Signature:
    """What a target takes, read once."""

    def __init__(self, target: str) -> None:
        self.call = _locate(target)
        # Two signs set what is in a config and add what is not: a class from elsewhere may stand without a YAML.
        self._signs = "" if target.startswith("memeval.") else "++"
        parameters = inspect.signature(self.call).parameters.values()
        named = [
            parameter
            for parameter in parameters
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        ]
        self.parameters = [parameter.name for parameter in named]
        self.required = [parameter.name for parameter in named if parameter.default is parameter.empty]
        self.open = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
        self._defaults = {parameter.name: parameter.default for parameter in named}
        self._hints = hints(self.call)
        self._limits = limits(self.call)

    def is_default(self, key: str, value: Any) -> bool:
        """Whether an argument left out would have this value."""
        default = self._defaults.get(key, inspect.Parameter.empty)
        if isinstance(default, tuple):
            default = list(default)
        if default is inspect.Parameter.empty or isinstance(default, bool) is not isinstance(value, bool):
            return False
        # 60 and 60.0 are one number, also where the default of a float is written without a point.
        return bool(default == value)

    def check(self, key: str, value: Any, where: str) -> Any:
        """The value as the hint wants it: of its type and within its range.

        Hints that are not plain values (protocols, classes) are not checked.
        """
        default = self._defaults.get(key, inspect.Parameter.empty)
        known = self._limits.get(key)
        if known is not None and not known.holds(value):
            raise ConfigError(known.refusal(where, value, default, "null"))
        adapter = _adapter(self._hints.get(key, Any))
        if adapter is None:
            return value
        from pydantic import ValidationError

        try:
            return adapter.validate_python(value)
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            example = (
                ""
                if default is inspect.Parameter.empty
                else f", e.g. {self._signs}{where}={'null' if default is None else default}"
            )
            raise ConfigError(f"{where}={value!r} is not valid: {reason[0].lower()}{reason[1:]}{example}") from None


@cache
def signature_of(target: str) -> Signature:
    """What a class or function takes, by its dotted name.

    Raises:
        ConfigError: it cannot be imported.
    """
    return Signature(target)


def put(target: str, make: Callable[..., Any]) -> None:
    """Let a dotted name stand for a class or function of this process, which no import finds."""
    if _here.get(target) is not make:
        _here[target] = make
        signature_of.cache_clear()


def _locate(target: str) -> Any:
    if target in _here:
        return _here[target]
    module, _, name = target.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (KeyboardInterrupt, CallTimedOut):
        raise
    except BaseException as error:
        raise ConfigError(
            f"{target} cannot be imported ({_root(error)}): check the spelling and that its package is installed; "
            f"python -c 'import {module}' says more"
        ) from error


def _root(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {error}".splitlines()[0]


@cache
def _adapter(hint: Any) -> Any:
    # pydantic is told to be strict, so that 0.5 is no int and 3 no string; an int is still taken for a float.
    from pydantic import ConfigDict, PydanticUserError, TypeAdapter

    if hint is Any:
        return None
    try:
        return TypeAdapter(hint, config=ConfigDict(strict=True))
    except PydanticUserError:
        # Protocols and classes have no schema, and dataclasses refuse a config: they are built, not typed in.
        return None
