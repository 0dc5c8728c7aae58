"""The storage protocols: what a storage system must do to serve a retriever, and the data that it takes and gives.

Data and protocols only. Every store separates by scope: one scope a user.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from memeval.kit.engines import Engine
from memeval.kit.types import Hit, Turn, Vectors


@dataclass(frozen=True, slots=True)
class Match:
    """A vector store's answer: the id under which the vector was written, cosine similarity, and the payload."""

    id: str
    score: float
    payload: Mapping[str, Any]


class VectorStore(Protocol):
    """Storage of unit vectors with payloads, separated by scope (one scope a user)."""

    def upsert(self, scope: str, ids: Sequence[str], vectors: Vectors, payloads: Sequence[Mapping[str, Any]]) -> None:
        """Write `vectors` (n, d) under `ids`; a known id of the same scope is replaced.

        Raises:
            ContractError: vectors that are not finite or not of the store's dimension.
        """

    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        """The at most `k` nearest of the scope to `vector` (d,), best first; `where` filters payloads by equality."""

    def delete(self, scope: str, ids: Sequence[str]) -> None:
        """Remove; unknown ids are ignored."""

    def count(self, scope: str) -> int:
        """How many vectors the scope holds."""

    def close(self) -> None:
        """Release files and connections."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of a key-value store with its history. `current` is False once a newer value has taken its slot."""

    key: str
    slot: str
    value: str
    time: datetime | None
    sources: tuple[str, ...]
    current: bool = True


class KeyValueStore(Protocol):
    """Values under exact keys, separated by scope (one scope a user), with their history.

    Values under one key lie in slots: in the same slot the newer value supersedes the older, values in different slots
    stand side by side. An attribute with one value (home) uses the slot "", one with many (likes) a slot a value.
    """

    def upsert(self, scope: str, entries: Sequence[Entry]) -> None:
        """Write in order, all or none; `current` is not read.

        The value that the slot holds already gets the further sources and the later time. Another one takes the slot,
        unless it is older, or keeps it if it is: the loser is history. Without times the later written is the newer.

        Raises:
            ContractError: a text with a NUL or an unpaired surrogate.
        """

    def get(self, scope: str, key: str, limit: int | None = None) -> Sequence[Entry]:
        """The current values of a key, newest first, at most `limit`; written later counts as newer at equal times."""

    def history(self, scope: str, key: str) -> Sequence[Entry]:
        """All values that a key ever had, newest first."""

    def delete(self, scope: str, keys: Sequence[str]) -> None:
        """Remove keys with their history; unknown ones are ignored."""

    def keys(self, scope: str) -> Sequence[str]:
        """The keys of a scope, in order of first writing."""

    def count(self, scope: str) -> int:
        """How many values the scope holds, history included."""

    def close(self) -> None:
        """Release files and connections; later calls do nothing."""


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node of a graph store.

    Attributes:
        kind: `passage`, `concept`, `entity`, `relation`, or what a further writer needs.
        text: a passage's text, or the name.
        sources: ids of the turns that a passage was made from; empty for nodes that live by their edges.
        verbatim: as of `Passage`.
    """

    id: str
    kind: str
    text: str = ""
    sources: tuple[str, ...] = ()
    verbatim: bool = True


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """An edge of a graph store, known by head, tail and kind.

    Attributes:
        label: what the edge says, e.g. the value of a relation.
        weight: above 0.
        sources: ids of the turns that say so.
        valid_from, valid_to: since when it holds, and when it ceased to; None: not known, or it still holds.
    """

    head: str
    tail: str
    kind: str
    label: str = ""
    weight: float = 1.0
    sources: tuple[str, ...] = ()
    valid_from: datetime | None = None
    valid_to: datetime | None = None


class GraphStore(Protocol):
    """Nodes and edges with their sources, separated by scope (one scope a user)."""

    def upsert(self, scope: str, nodes: Sequence[GraphNode], edges: Sequence[GraphEdge]) -> None:
        """Write, all or none; what is known is replaced and keeps its place in the order of writing.

        A known node loses the edges that start at it, unless they are written with it; those that lead to it stay.

        Raises:
            ContractError: an edge with an end that is no node or with both ends the same, a weight that is not above
                0, a text with a NUL or an unpaired surrogate.
        """

    def nodes(self, scope: str, ids: Sequence[str]) -> Sequence[GraphNode]:
        """Those of the nodes that there are, each once, in the order of their first writing."""

    def degrees(self, scope: str, ids: Sequence[str]) -> Mapping[str, int]:
        """The number of edges at each of the nodes, in both directions; unknown ids are left out."""

    def neighbours(self, scope: str, ids: Sequence[str], limit: int | None = None) -> Mapping[str, Sequence[GraphEdge]]:
        """The edges at each of the nodes, in both directions, the first written first; unknown ids are left out.

        Args:
            scope: whose graph.
            ids: the nodes.
            limit: only so many of each node's edges, those written last.
        """

    def expand(self, scope: str, ids: Sequence[str], hops: int) -> Mapping[str, int]:
        """The nodes at most `hops` edges away from any of `ids` in either direction, by their shortest distance."""

    def remove(self, scope: str, ids: Sequence[str]) -> None:
        """Remove nodes with all their edges; unknown ids are ignored."""

    def forget(self, scope: str, turn_ids: Sequence[str]) -> Sequence[str]:
        """Remove what these turns are sources of.

        A node made from any of the turns goes with its edges, an edge when none of its sources is left, and then every
        node without sources that has lost its last edge.

        Returns:
            Ids of the nodes left that have lost an edge, in the order of their first writing.
        """

    def count(self, scope: str, kind: str | None = None) -> int:
        """How many nodes the scope holds, or of one kind."""

    def close(self) -> None:
        """Release files and connections; later calls do nothing."""


@dataclass(frozen=True, slots=True)
class SqlFilters:
    """Where and when something was said, as far as a question tells; an empty field says nothing.

    Attributes:
        speakers: any of these names.
        periods: any of these (from, until), until excluded; None is open.
        sessions: any of these numbers, 1 for the first that was written.
    """

    speakers: tuple[str, ...] = ()
    periods: tuple[tuple[datetime | None, datetime | None], ...] = ()
    sessions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SqlExtent:
    """What a scope of an SQL store spans: speakers by first appearance, the last session's number, the latest time."""

    speakers: tuple[str, ...]
    sessions: int
    latest: datetime | None


@dataclass(frozen=True, slots=True)
class SqlRows:
    """The answer to a SELECT; `truncated` if there were more rows than allowed."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool = False


class SqlStore(Protocol):
    """Turns in tables with a full-text index, separated by scope (one scope a user)."""

    def write(self, scope: str, turns: Sequence[Turn], texts: Sequence[str]) -> None:
        """Write turns with the text that each is found by; a known id of the scope is replaced and keeps its place.

        Raises:
            ContractError: a text with a NUL or an unpaired surrogate; then nothing of the call is written.
        """

    def search(
        self, scope: str, words: Sequence[str], k: int, filters: SqlFilters, boost: float | None
    ) -> Sequence[Hit]:
        """The at most `k` best turns that hold any of the words, best first, equal scores in order of writing.

        Args:
            scope: whose turns.
            words: as they are written; without any, all turns that a filter holds for.
            k: how many.
            filters: see `boost`.
            boost: each filter that holds for a turn adds this share of its score; None returns only turns that all
                filters hold for.
        """

    def select(self, scope: str, sql: str, parameters: Sequence[str | int | float | None] = ()) -> SqlRows:
        """Answer one SELECT that others have written, over the scope's rows only, in bounded time.

        Raises:
            ContractError: what is not one plain SELECT, or took too long.
        """

    def extent(self, scope: str) -> SqlExtent:
        """What the scope spans."""

    def forget(self, scope: str, turn_ids: Sequence[str]) -> None:
        """Remove; unknown ids are ignored."""

    def count(self, scope: str) -> int:
        """How many turns the scope holds."""

    def close(self) -> None:
        """Release files and connections; later calls do nothing."""


class Server(Protocol):
    """A connection to the server of a store, as `memeval stores` uses it."""

    def engine(self) -> Engine:
        """Which program answers."""

    def leftovers(self) -> Sequence[str]:
        """Names of what memeval has made there."""

    def remove(self, name: str) -> None:
        """Remove what `leftovers` names; what is gone already is fine."""

    def close(self) -> None:
        """Close the connection."""


class Opens(Protocol):
    """Opens a connection; a class of connections is one."""

    def __call__(self, *, url: str | None, timeout: float, retries: int) -> Server:
        """Connect to `url`, or, with None, to the address that the environment names."""


@runtime_checkable
class AtServer(Protocol):
    """The class of a store, or of a retriever with a store of its own, that is at a server."""

    server: Opens
