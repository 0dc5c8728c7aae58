"""What SQL stores share: which turns they take, the limits of a SELECT, and how times stand in their tables."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime

from memeval.kit.errors import ConfigError, ContractError
from memeval.kit.stores import SqlFilters
from memeval.kit.text import flaw, stamp, storable
from memeval.kit.types import Turn


class SqlBase(ABC):
    """A store that takes only what every database takes; a subclass says how its database does each thing."""

    def __init__(self, max_rows: int, max_seconds: float) -> None:
        """Keep the limits of `select`: how many rows it returns, and how long it may take.

        Raises:
            ConfigError: they let nothing through.
        """
        for name, value in (("max_rows", max_rows), ("max_seconds", max_seconds)):
            if not value > 0:
                raise ConfigError(f"sql_store.{name}={value} answers nothing: give more than 0")
        self._max_rows = max_rows
        self._seconds = max_seconds

    def write(self, scope: str, turns: Sequence[Turn], texts: Sequence[str]) -> None:
        """Write turns with the text that each is found by; see `SqlStore`.

        Raises:
            ContractError: a text that some database would cut or change; names the turn.
        """
        for turn, text in zip(turns, texts, strict=True):
            for each in (scope, turn.id, turn.session, turn.speaker, turn.text, turn.caption or "", text):
                if reason := flaw(each):
                    raise ContractError(f"a text of turn {turn.id!r:.80} contains {reason} ({each!r:.80})")
        if turns:
            self._put(scope, turns, texts)

    @abstractmethod
    def _put(self, scope: str, turns: Sequence[Turn], texts: Sequence[str]) -> None:
        """Write these, of which there is one at least."""

    def forget(self, scope: str, turn_ids: Sequence[str]) -> None:
        """Remove turns, and sessions and speakers of which no turn is left."""
        ids = [name for name in turn_ids if storable(name)]
        if ids:
            self._forget(scope, ids)

    @abstractmethod
    def _forget(self, scope: str, turn_ids: Sequence[str]) -> None:
        """Remove these, of which there is one at least; unknown ones are ignored."""


def check_normalization(mask: int) -> None:
    """Refuse what is no bit mask of PostgreSQL's `ts_rank`.

    Raises:
        ConfigError: it is below 0 or above 63.
    """
    if not 0 <= mask <= 63:
        raise ConfigError(f"sql_store.normalization={mask} is no mask: give 0 to 63, e.g. 1")


def second(time: datetime | None) -> str | None:
    """A time as text that sorts by time, to the second."""
    return stamp(time, " ", "seconds")


def periods(filters: SqlFilters) -> list[tuple[str, str]]:
    """Each period of the filters as two texts; an open end is one that sorts before or after every date."""
    return [(second(start) or "", second(end) or "~") for start, end in filters.periods]
