"""What can be chosen by name: memeval's own and, by entry points, what other installed packages offer.

The metadata of installed packages is read only for a name that memeval does not know itself, or for a list. The code
of a package is imported only for the name that was asked for. memeval's own names come first: no package replaces one.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from memeval.kit.errors import ConfigError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

T = TypeVar("T")


def packages(group: str) -> "Mapping[str, tuple[EntryPoint, ...]]":
    """The entry points of a group by name, sorted; a name that two packages offer has two."""
    return _packages(group, tuple(sys.path))


@cache
def _packages(group: str, path: tuple[str, ...]) -> "Mapping[str, tuple[EntryPoint, ...]]":
    """What stands on a path does not change while a process runs; reading it takes milliseconds."""
    # Slow to import, and most commands need no other package.
    from importlib.metadata import entry_points

    points: dict[str, tuple[EntryPoint, ...]] = {}
    for point in sorted(entry_points(group=group), key=lambda point: (point.name, offered_by(point))):
        if all(offered_by(other) != offered_by(point) for other in points.get(point.name, ())):
            points[point.name] = (*points.get(point.name, ()), point)
    return points


def offered_by(point: "EntryPoint") -> str:
    """The package that an entry point belongs to."""
    return point.dist.name if point.dist is not None else point.value.partition(":")[0]


def import_all(path: list[str], package: str) -> None:
    """Import every module of a package, so that each registers what it defines."""
    from pkgutil import iter_modules

    for module in sorted(iter_modules(path), key=lambda module: module.name):
        import_module(f"{package}.{module.name}")


def instance_of(kind: type[Any]) -> Callable[[str, object], str | None]:
    """The check that an object is of a kind, and that its attribute `name` is the name that it is offered under."""

    def fault(name: str, value: object) -> str | None:
        if not isinstance(value, kind):
            return f"is no {kind.__name__}"
        own = getattr(value, "name", name)
        return None if own == name else f"is called {own!r}: give the entry point that name"

    return fault


class Registry(Mapping[str, T]):
    """Things of one kind by name.

    Iterating lists the names, those of installed packages last, and imports nothing. Taking a value imports the package
    that offers it.
    """

    def __init__(
        self, group: str, kind: str, fault: Callable[[str, object], str | None], own: Mapping[str, T] | None = None
    ) -> None:
        """Begin with memeval's own.

        Args:
            group: the group of entry points, e.g. `memeval.measures`.
            kind: what one of them is called in messages, e.g. `measure`.
            fault: what is wrong with an object that is offered under a name; None for one that can be used.
            own: by name; more can be added.
        """
        self.group, self.kind = group, kind
        self._fault = fault
        self._own: dict[str, T] = dict(own or {})
        self._loaded: dict[str, T] = {}

    def add(self, name: str, value: T) -> T:
        """Register one of memeval's own."""
        self._own[name] = value
        return value

    def __getitem__(self, name: str) -> T:
        """The thing of a name.

        Raises:
            KeyError: there is none.
            ConfigError: the package that offers it cannot be imported, or two packages offer it.
        """
        if name in self._own:
            return self._own[name]
        if name not in self._loaded:
            self._loaded[name] = self._load(packages(self.group)[name])
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        """Whether there is one of that name; imports nothing."""
        return name in self._own or name in self._loaded or name in packages(self.group)

    def __iter__(self) -> Iterator[str]:
        """All names; imports nothing."""
        yield from self._own
        yield from (name for name in packages(self.group) if name not in self._own)

    def __len__(self) -> int:
        """How many there are."""
        return sum(1 for _ in self)

    def available(self) -> Iterator[tuple[str, T | ConfigError]]:
        """All by name, imported; in place of one that cannot be used the error that says why."""
        for name in self:
            try:
                yield name, self[name]
            except ConfigError as error:
                yield name, error

    def own(self) -> Mapping[str, T]:
        """Those that are registered in this process without an entry point."""
        return dict(self._own)

    def _load(self, points: "tuple[EntryPoint, ...]") -> T:
        point = points[0]
        title = f"the {self.kind} {point.name!r} of the package {offered_by(point)}"
        if len(points) > 1:
            names = " and ".join(offered_by(point) for point in points)
            raise ConfigError(f"two packages offer the {self.kind} {point.name!r}: {names}; uninstall one of them")
        try:
            value = point.load()
        except Exception as error:
            raise ConfigError(
                f"{title} cannot be loaded ({type(error).__name__}: {error}): correct or uninstall the package"
            ) from error
        fault = self._fault(point.name, value)
        if fault is not None:
            raise ConfigError(f"{title} cannot be used: {point.value} {fault}; correct or uninstall the package")
        loaded: T = value
        return loaded
