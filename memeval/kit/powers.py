"""What only some parts can do (prepare, flush, forget, rate, report, close), asked of several parts at once.

A part without the power is passed over. Forgetting is the exception: it is done by all parts or by none.
"""

from collections.abc import Mapping, Sequence

from memeval.kit.calling import called
from memeval.kit.errors import ConfigError
from memeval.kit.protocols import Closes, Flushes, Forgets, Prepares, Rates, Reports, Retriever, Strategy
from memeval.kit.types import Turn


def prepare(*parts: object) -> None:
    """Prepare the parts in order; the first failure is raised."""
    for part in parts:
        if isinstance(part, Prepares):
            called("prepare", part.prepare)


def write(turns: Sequence[Turn], *parts: Strategy | Retriever) -> None:
    """Write turns to the parts in order; the first failure is raised."""
    for part in parts:
        called("write", part.write, turns)


def flush(*parts: object) -> None:
    """Finish the pending indexing of the parts in order; the first failure is raised."""
    for part in parts:
        if isinstance(part, Flushes):
            called("flush", part.flush)


def forgetful(*parts: object) -> list[Forgets]:
    """The parts, all of which can forget; the parts of a `Composite` are asked, too.

    Raises:
        ConfigError: one cannot; names its class.
    """
    able: list[Forgets] = []
    for part in parts:
        if not isinstance(part, Forgets):
            raise ConfigError(f"{type(part).__name__} cannot forget: choose one that has forget(), or leave it out")
        if isinstance(part, Composite):
            forgetful(*part.parts)
        able.append(part)
    return able


def forget(turn_ids: Sequence[str], *parts: object) -> None:
    """Let all parts forget these turns; all are asked whether they can before the first one does.

    Raises:
        ConfigError: a part cannot forget; then no part has forgotten anything.
    """
    for part in forgetful(*parts):
        called("forget", part.forget, turn_ids)


def rating(turn: str, *parts: object) -> int | None:
    """The highest importance that the writing of a part gave a turn; None if none did."""
    known = [part.rating(turn) for part in parts if isinstance(part, Rates)]
    return max((each for each in known if each is not None), default=None)


def stats(*parts: object) -> dict[str, float]:
    """The counters of all parts; those of one name are added up."""
    total: dict[str, float] = {}
    for part in parts:
        if isinstance(part, Reports):
            for name, value in part.stats().items():
                total[name] = total.get(name, 0) + value
    return total


def close(*parts: object) -> None:
    """Close all parts, also after one of them failed; then the first failure is raised, with notes of the others."""
    first: BaseException | None = None
    for part in parts:
        if isinstance(part, Closes):
            try:
                called("close", part.close)
            except BaseException as error:
                if first is None:
                    first = error
                else:
                    first.add_note(f"{type(part).__name__}.close() failed, too: {type(error).__name__}: {error}")
    if first is not None:
        raise first


class Composite:
    """A memory that is made of other memories: it has every power, and uses it on its parts."""

    def __init__(self, *parts: object) -> None:
        """Take the parts, in the order in which they are prepared, asked and closed."""
        self.parts = parts

    def prepare(self) -> None:
        """Prepare the parts."""
        prepare(*self.parts)

    def flush(self) -> None:
        """Finish the pending indexing of the parts."""
        flush(*self.parts)

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Forget in every part, or, if one cannot, in none.

        Raises:
            ConfigError: a part cannot forget.
        """
        forget(turn_ids, *self.parts)

    def rating(self, turn: str) -> int | None:
        """What the writings of the parts say of a turn's importance; None if nothing."""
        return rating(turn, *self.parts)

    def stats(self) -> Mapping[str, float]:
        """Counters of the parts, added up."""
        return stats(*self.parts)

    def close(self) -> None:
        """Close every part; the first failure is raised when all have been closed."""
        close(*self.parts)
