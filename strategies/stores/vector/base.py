"""What the vector stores at an engine share: places among ties, what can be filtered by, batches."""

import hashlib
import json
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from memeval.kit.engines import Settings
from memeval.kit.errors import ConfigError, MemevalError, StorageError
from memeval.kit.powers import close
from memeval.kit.stores import Match
from memeval.kit.text import lone_surrogate
from memeval.kit.types import Vectors
from memeval.strategies.stores.clients.server import AtServer
from memeval.strategies.stores.vector.ranking import check_query, check_write, fetch_near_best, rank

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Row:
    """A vector as it is written to an engine and read from it.

    Attributes:
        place: number in the order of first writing of its scope.
        vector: (d,), as it was given.
        payload: the payload as JSON, so that it comes back as it was.
        facts: what of the payload can be filtered by, see `fact`; empty when it was read.
    """

    id: str
    place: int
    vector: Vectors
    payload: str
    facts: tuple[str, ...] = ()


class VectorBase(ABC):
    """A vector store whose vectors lie in an engine; a subclass says how the engine does each thing.

    The engine is asked for candidates; the scores are computed here, as for all stores, and equal ones come in order of
    first writing. An approximate engine is asked for k and no more.
    """

    # Rows and bytes sent at once, and the most that a search may ask for.
    batch_rows = 500
    batch_bytes = 8_000_000
    most = 100_000_000

    def __init__(self, system: str, exact: bool, base: AtServer | None = None) -> None:
        """Keep what is asked for.

        Args:
            system: as the user names it.
            exact: the engine misses none of the nearest.
            base: the connection of a store at a server; closed with it.
        """
        self._system = system
        self._base = base
        self._exact = exact
        self._dimension: int | None = None
        self._places: dict[str, dict[str, int]] = {}
        self._next: dict[str, int] = {}
        self._closed = False

    @abstractmethod
    def _find(self) -> int | None:
        """The dimension of what is there under the store's name; None: nothing is."""

    @abstractmethod
    def _create(self, dimension: int) -> None:
        """Make it; one that another writer has made in between is fine."""

    @abstractmethod
    def _write(self, scope: str, rows: Sequence[Row]) -> None:
        """Write or replace; done twice, it is as done once."""

    @abstractmethod
    def _near(self, scope: str, vector: Vectors, n: int, facts: Sequence[str]) -> Sequence[tuple[Row, float]]:
        """The n nearest that have all the facts, best first, with the engine's own cosine."""

    @abstractmethod
    def _remove(self, scope: str, names: Sequence[str]) -> None:
        """Remove; unknown names are ignored."""

    @abstractmethod
    def _size(self, scope: str) -> int:
        """How many the scope holds, by the engine's own count."""

    @abstractmethod
    def _written(self, scope: str) -> Mapping[str, int]:
        """Names and places of all that the scope holds; asked once, before the first write."""

    def _release(self) -> None:
        """Close connections and files."""
        close(self._base)

    def _ask(self, call: Callable[[], _T]) -> _T:
        """Call; a store at a server does it again after failures that may pass.

        Raises:
            StorageError: it failed for good.
        """
        if self._base is not None:
            return self._base.ask(call)
        if self._closed:
            raise StorageError(f"the store at {self._system} is closed")
        try:
            return call()
        except MemevalError:
            raise
        except Exception as error:
            raise StorageError(f"{self._system} failed ({type(error).__name__}: {error})"[:400]) from error

    def _known(self) -> int | None:
        if self._dimension is None:
            self._dimension = self._ask(self._find)
        return self._dimension

    def upsert(self, scope: str, ids: Sequence[str], vectors: Vectors, payloads: Sequence[Mapping[str, Any]]) -> None:
        """Add or replace, batch by batch; a replaced vector keeps its place among equal scores."""
        if not len(ids) and not len(vectors):
            return
        names, rows, contents = check_write(scope, ids, vectors, payloads, self._known())
        if self._dimension is None:
            self._ask(lambda: self._create(rows.shape[1]))
            # Another writer may have been first.
            check_write(scope, ids, vectors, payloads, self._known())
        places = self._place(scope, names)
        whole = [
            Row(name, places[name], vector, text(content), facts(content))
            for name, vector, content in zip(names, rows, contents, strict=True)
        ]
        for part in self._batches(whole):
            self._ask(lambda part=part: self._write(scope, part))  # type: ignore[misc]

    def _place(self, scope: str, names: Sequence[str]) -> Mapping[str, int]:
        if scope not in self._places:
            known = dict(self._ask(lambda: self._written(scope)))
            self._places[scope] = known
            self._next[scope] = max(known.values(), default=-1) + 1
        known = self._places[scope]
        for name in names:
            if name not in known:
                known[name] = self._next[scope]
                self._next[scope] += 1
        return known

    def _batches(self, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
        start, size = 0, 0
        for position, row in enumerate(rows):
            # Generous: text as JSON inside of JSON, and up to 22 characters and a comma for a number.
            weight = 2 * len(row.payload.encode(errors="surrogatepass")) + 23 * len(row.vector) + 500
            if position > start and (position - start >= self.batch_rows or size + weight > self.batch_bytes):
                yield rows[start:position]
                start, size = position, 0
            size += weight
        yield rows[start:]

    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        """The k most similar."""
        vector = check_query(vector, where, self._known())
        if self._dimension is None or k < 1:
            return []
        wanted = facts(where or {})
        rows: dict[str, Row] = {}

        def fetch(n: int) -> Sequence[tuple[str, float]]:
            found = self._ask(lambda: self._near(scope, vector, min(n, self.most), wanted))
            rows.update((row.id, row) for row, _ in found)
            return [(row.id, score) for row, score in found]

        names = fetch_near_best(fetch, k, self.most) if self._exact else [name for name, _ in fetch(k)]
        if not names:
            return []
        matrix = np.array([rows[name].vector for name in names], dtype=np.float32)
        best = rank(names, matrix, vector, [rows[name].place for name in names], k)
        return [Match(name, score, json.loads(rows[name].payload)) for name, score in best]

    def delete(self, scope: str, ids: Sequence[str]) -> None:
        """Remove."""
        names = list(dict.fromkeys(ids))
        if not names or self._known() is None:
            return
        for start in range(0, len(names), self.batch_rows):
            part = names[start : start + self.batch_rows]
            self._ask(lambda part=part: self._remove(scope, part))  # type: ignore[misc]
        known = self._places.get(scope, {})
        for name in names:
            known.pop(name, None)

    def count(self, scope: str) -> int:
        """Vectors of the scope, counted by the engine."""
        return 0 if self._known() is None else self._ask(lambda: self._size(scope))

    def close(self) -> None:
        """Close connections and files; later calls do nothing."""
        if not self._closed:
            self._closed = True
            self._release()


def key(scope: str, name: str) -> str:
    """A UUID for two texts of any length, the same in every process."""
    digest = hashlib.blake2b(f"{len(scope)}:{scope}{name}".encode(errors="surrogatepass"), digest_size=16).digest()
    return str(uuid.UUID(bytes=digest))


def fact(name: str, value: str | int) -> str:
    """A short text for a name and a value, which all engines compare alike: True is not 1, and 1 is not "1"."""
    return hashlib.blake2b(json.dumps([name, value]).encode(), digest_size=12).hexdigest()


def facts(payload: Mapping[str, Any]) -> tuple[str, ...]:
    """One for each value that can be filtered by."""
    return tuple(fact(name, value) for name, value in payload.items() if isinstance(value, str | int))


def text(payload: Mapping[str, Any]) -> str:
    """As JSON that every engine takes."""
    plain = json.dumps(payload, ensure_ascii=False)
    # An unpaired surrogate can only be written as an escape.
    return plain if lone_surrogate(plain) is None else json.dumps(payload)


def hnsw(index: str, m: int, ef_construction: int, ef_search: int) -> Settings:
    """The settings to note of an engine with an HNSW index, or with another one, for which they say nothing."""
    graph = {"m": m, "ef_construction": ef_construction, "ef_search": ef_search}
    return {"index": index, **(graph if index == "hnsw" else {})}


def check_range(name: str, value: int, least: int, most: int) -> None:
    """Refuse a setting that an engine does not take.

    Raises:
        ConfigError: it is out of range.
    """
    if not least <= value <= most:
        raise ConfigError(f"vector_store.{name}={value} is out of range: give {least} to {most}")
