"""From the arguments of a Python call to the overrides that the command line takes."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from memeval.kit.errors import ConfigError
from memeval.options import given
from memeval.options.build import TARGET
from memeval.options.overrides import text
from memeval.options.parts import SEVERAL
from memeval.options.root import OPTIONS

OPTION = "option"
# Options whose value is a list: in a sweep a list of lists gives several values.
_LISTS = frozenset((SEVERAL, *(option.name for option in OPTIONS if "list[" in str(option.kind))))


class Words:
    """Writes down the arguments of one call, and notes the objects among them that no name rebuilds."""

    def __init__(self) -> None:
        """Start without objects."""
        self._objects: dict[str, Any] = {}

    @property
    def objects(self) -> Sequence[str]:
        """Names of the objects that only this process knows."""
        return [target for target in self._objects if given.found(target) is not None]

    def of(self, key: str, value: Any) -> list[str]:
        """The overrides of one argument.

        Args:
            key: an option such as `budget`, `retriever` or `retriever.k1`.
            value: an option's name, a value, a mapping with the key `option` and settings, or an object.
        """
        if isinstance(value, Mapping) and OPTION in value:
            settings = [f"++{key}.{name}={text(each)}" for name, each in value.items() if name != OPTION]
            return [*self.of(key, value[OPTION]), *settings]
        if not isinstance(value, type) and _is_value(value):
            return [f"{'++' if '.' in key else ''}{key}={text(value)}"]
        if "." in key:
            raise ConfigError(f"{key}={value!r:.200} is an object: give it in place of a whole option, e.g. retriever=")
        target = given.give(key, value)
        if self._objects.setdefault(target, value) is not value:
            raise ConfigError(f"two different objects are called {target}: give one of them another name")
        return [f"~{key}", f"++{key}.{TARGET}={text(target)}"]

    def points(self, arguments: Mapping[str, Any]) -> Iterator[list[str]]:
        """The overrides of each combination of a sweep: lists are axes."""
        axes = [
            [self.of(key, each) for each in (value if _is_axis(key, value) else [value])]
            for key, value in arguments.items()
        ]
        for point in product(*axes):
            yield [word for words in point for word in words]


def _is_axis(key: str, value: Any) -> bool:
    if not isinstance(value, list | tuple):
        return False
    return key.rpartition(".")[2] not in _LISTS or any(isinstance(each, list | tuple) for each in value)


def _is_value(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str | Path | list | tuple | Mapping)
