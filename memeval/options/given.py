"""Objects that a caller gives in place of options: a class, a factory without arguments, or an instance.

A class that its module offers under its name is named by that name, as on the command line. All others stand in a
config under a name that only this process knows. Their records say `"rebuildable": false`, with a hash of their source
in the code of the run.
"""

import copy
import hashlib
import inspect
import marshal
import pickle
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from memeval.kit.errors import ConfigError
from memeval.options.build import TARGET, put, signature_of

# What an object needs to take the place of an option of the group.
_METHODS = {
    "strategy": ("write", "read"),
    "retriever": ("write", "search"),
    "benchmark": ("fingerprint", "__iter__", "__len__"),
    "executor": ("run",),
}
# Each dialogue gets a new one.
_FRESH = ("strategy", "retriever")


@dataclass(frozen=True, slots=True)
class Given:
    """An object that no name rebuilds.

    Attributes:
        module: where its class lies; `__main__` for a script or a notebook.
        source: hash of the source of its class, and of the factory.
        state: attributes of an instance. Numbers stand as they are, all others as hashes: a record holds no keys.
    """

    module: str
    source: str
    state: Mapping[str, Any] = field(default_factory=dict)


_given: dict[str, Given] = {}


def found(target: str) -> Given | None:
    """The object that stands under a name of this process; None for a class that is imported by its name."""
    return _given.get(target)


def inside(node: Any) -> list[str]:
    """The names that a config uses of objects of this process, at any depth."""
    if isinstance(node, Mapping):
        own = [str(node[TARGET])] if node.get(TARGET) in _given else []
        return own + [name for value in node.values() for name in inside(value)]
    return [name for value in node for name in inside(value)] if isinstance(node, list) else []


def give(group: str, value: Any) -> str:
    """Let an object take the place of an option.

    Args:
        group: e.g. `strategy`.
        value: a class, a factory without arguments, or an instance. An instance of a memory is copied for each
            dialogue.

    Returns:
        the name that stands for it in a config.

    Raises:
        ConfigError: an object that cannot be one of the group, or an instance that cannot be copied.
    """
    if isinstance(value, type):
        _check(group, value, value.__name__)
        target = f"{value.__module__}.{value.__qualname__}".replace(".<locals>", "")
        if _is_importable(value):
            if signature_of(target).call is not value:
                # The module was loaded again since.
                signature_of.cache_clear()
            _given.pop(target, None)
            return target
        return _put(target, value, Given(value.__module__, _source(value)))
    if callable(value) and not _is_of(group, value):
        return _put_factory(group, value)
    kind = type(value)
    _check(group, value, kind.__name__)
    return _put(_name(kind, state := _state(value)), _maker(group, value), Given(kind.__module__, _source(kind), state))


def _put_factory(group: str, factory: Callable[[], Any]) -> str:
    words = getattr(factory, "__name__", type(factory).__name__)
    try:
        made = factory()
    except TypeError as error:
        raise ConfigError(
            f"{group}={words} is called without arguments and fails ({error}): pass a factory that needs none, e.g. "
            f"{group}=lambda: MyMemory(size=10)"
        ) from error
    _check(group, made, f"{words}()")
    kind = type(made)
    return _put(_name(kind, state := _state(made)), factory, Given(kind.__module__, _source(kind, factory), state))


def _maker(group: str, value: Any) -> Callable[[], Any]:
    if group not in _FRESH:
        return lambda: value
    try:
        # The caller may go on using the object.
        kept = copy.deepcopy(value)
    except Exception as error:
        kind = type(value).__name__
        raise ConfigError(
            f"{group}={kind}(...) cannot be copied ({type(error).__name__}: {error}), and each dialogue needs a fresh "
            f"one: pass the class, {group}={kind}, or a factory, {group}=lambda: {kind}(...)"
        ) from error
    return lambda: copy.deepcopy(kept)


def _put(target: str, make: Callable[..., Any], given: Given) -> str:
    put(target, make)
    _given[target] = given
    return target


def _name(kind: type, state: Mapping[str, Any]) -> str:
    """Instances with other attributes have other names, so that a sweep can hold several."""
    plain = f"{kind.__module__}.{kind.__qualname__}".replace(".<locals>", "")
    return f"{plain}-{_hash(repr(sorted(state.items())).encode())[:6]}" if state else plain


def _is_importable(kind: type) -> bool:
    module = sys.modules.get(kind.__module__)
    return (
        kind.__module__ != "__main__"
        and kind.__qualname__ == kind.__name__
        and getattr(module, kind.__name__, None) is kind
        and getattr(module, "__spec__", None) is not None
    )


def _is_of(group: str, value: Any) -> bool:
    return all(callable(getattr(value, method, None)) for method in _METHODS.get(group, ("__class__",)))


def _check(group: str, value: Any, words: str) -> None:
    missing = [name for name in _METHODS.get(group, ()) if not callable(getattr(value, name, None))]
    if missing:
        raise ConfigError(
            f"{group}={words} has no {missing[0]}: a {group} is a class with the methods "
            f"{', '.join(_METHODS[group])}, or the name of an option (memeval list {group})"
        )


def _state(value: Any) -> dict[str, Any]:
    state = value.__getstate__()
    parts = state if isinstance(state, tuple) else (state,)
    attributes = {str(key): each for part in parts if isinstance(part, Mapping) for key, each in part.items()}
    return {key: _written(each) for key, each in sorted(attributes.items())}


def _written(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    try:
        return f"sha256:{_hash(pickle.dumps(value, protocol=5))[:10]}"
    except Exception:  # whatever an object of the user's raises
        return f"{type(value).__module__}.{type(value).__qualname__}"


def _source(kind: type, factory: Callable[..., Any] | None = None) -> str:
    """Hash of the texts, and of what they compile to: in a notebook the text of a class cannot always be had."""
    parts: list[bytes] = []
    of: list[Any] = [*kind.__mro__, *([] if factory is None else [factory])]
    for each in of:
        try:
            parts.append(inspect.getsource(each).encode())
        except (OSError, TypeError):
            pass
        functions = vars(each).values() if isinstance(each, type) else (each,)
        parts += [marshal.dumps(member.__code__) for member in functions if inspect.isfunction(member)]
    return _hash(b"\0".join(parts))[:16]


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
