"""What a run has at storage systems: which engines serve it, and what it made there and has to remove.

A store notes both when it connects. The harness opens a visit around what it runs, and clears up at its end, also when
that end is an error.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal

from memeval.kit.errors import StorageError

Kind = Literal["real", "emulator", "stand-in"]
Settings = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class Engine:
    """What answered under the name of a storage system.

    Attributes:
        system: as the user names it, e.g. `pgvector`.
        kind: `real` is the product itself, or what is sold under its protocol as itself; `emulator` another program
            that speaks its protocol; `stand-in` a server written for tests, whose times say nothing about the product.
        name, version: of the program that answered, as it says itself, e.g. `PostgreSQL`, `18.6`.
        settings: what bears on recall or speed, as it stands at the server, e.g. {"index": "hnsw", "ef_search": 40}.
    """

    system: str
    kind: Kind
    name: str
    version: str
    settings: Settings = field(default_factory=dict)


@dataclass(slots=True)
class Visit:
    """Notes of one visit, in order of arrival."""

    engines: list[Engine] = field(default_factory=list)
    made: dict[str, Callable[[], None]] = field(default_factory=dict)

    def clear(self) -> None:
        """Remove what was made, the last first; all of it is tried.

        Raises:
            StorageError: the first removal that failed, naming what was left.
        """
        failed: list[tuple[str, Exception]] = []
        while self.made:
            place, remove = self.made.popitem()
            try:
                remove()
            except Exception as error:
                failed.append((place, error))
        if failed:
            places = ", ".join(place for place, _ in failed)
            raise StorageError(
                f"{places} could not be removed ({failed[0][1]}): once the server answers, "
                "memeval stores clean removes it"
            ) from failed[0][1]


_visit: ContextVar[Visit | None] = ContextVar("memeval_visit", default=None)


@contextmanager
def visit() -> Iterator[Visit]:
    """Collect what stores note until the block ends; then what they made is removed.

    Raises:
        StorageError: see `Visit.clear`; an error of the block itself goes before it.
    """
    current = Visit()
    token = _visit.set(current)
    try:
        yield current
    except BaseException as error:
        try:
            current.clear()
        except StorageError as left:
            error.add_note(str(left))
        raise
    else:
        current.clear()
    finally:
        _visit.reset(token)


def served_by(engine: Engine) -> None:
    """Note which engine a store has reached; outside a visit nothing happens."""
    current = _visit.get()
    if current is not None and engine not in current.engines:
        current.engines.append(engine)


def engines() -> tuple[Engine, ...]:
    """The engines noted in the current visit."""
    current = _visit.get()
    return () if current is None else tuple(current.engines)


def made(place: str, remove: Callable[[], None]) -> None:
    """Note what a store has made at a server; outside a visit nothing happens, and the caller clears up.

    Args:
        place: what to call it in a message, e.g. `table memeval_3f2a at pgvector`. Noted again, it replaces the former.
        remove: removes it, over a connection of its own: by then the store is closed. What is gone already is fine.
    """
    current = _visit.get()
    if current is not None:
        current.made[place] = remove
