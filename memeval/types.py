"""The nouns of memeval and the protocols that plug-ins implement.

Everything here is data or a protocol: no behaviour, no import from the rest of the package but the errors.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

Kind = Literal["system", "summary", "memory", "history", "tool"]
Role = Literal["system", "user", "assistant"]
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance of a dialogue.

    Attributes:
        id: opaque, unique within its dialogue.
        session: id of the sitting it belongs to.
        time: the dialogue's own clock, naive; None where the data has no dates.
        caption: a description of an image shared with the turn.
    """

    id: str
    session: str
    speaker: str
    role: Role
    text: str
    time: datetime | None = None
    caption: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """All that a strategy sees of a question. `time` is the day it is asked; None means after the last turn."""

    text: str
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A query with its gold; the gold never leaves the harness.

    Attributes:
        id: unique within its benchmark.
        answers: accepted answer strings; empty means that the right behaviour is to abstain.
        evidence: ids of the turns that hold the answer; () means annotated as none; None means not annotated.
        evidence_sessions: ids of the sessions that hold the answer, where the data annotates sessions on their
            own; None means: the sessions of `evidence`.
        stale: ids of turns that hold a superseded value of the answer (knowledge update).
        stale_answers: the superseded values.
        tags: further facets of the question, e.g. `lexical`, `paraphrase`, `recent`.
    """

    id: str
    query: Query
    answers: tuple[str, ...]
    evidence: tuple[str, ...] | None
    category: str
    evidence_sessions: tuple[str, ...] | None = None
    stale: tuple[str, ...] = ()
    stale_answers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation in order of time with the questions asked about it."""

    id: str
    turns: Sequence[Turn]
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True)
class Passage:
    """A unit of storage and retrieval made from one or more turns.

    Attributes:
        id: unique within its dialogue; writing a passage under a known id replaces the old one (upsert).
        text: what is indexed and, if retrieved, shown; stripped.
        sources: ids of the turns it was made from, in order.
        time: of its last source.
        verbatim: the text contains every source's text; False for derived text (summaries, facts).
        importance: 1 (trivial) to 5 (vital), where the writer judges it.
    """

    id: str
    text: str
    sources: tuple[str, ...]
    time: datetime | None = None
    verbatim: bool = True
    importance: int | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage. Higher scores are better; a score of None orders by position only."""

    text: str
    sources: tuple[str, ...]
    score: float | None = None
    verbatim: bool = True


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the assembled context.

    `text` is stripped; the prompt puts one newline after it. `sources` are the ids of the turns it comes from: with
    `verbatim` it must contain their text, otherwise they are only what it claims to be made from.
    """

    kind: Kind
    text: str
    sources: tuple[str, ...]
    verbatim: bool = True


@dataclass(frozen=True, slots=True)
class Context:
    """What a strategy puts before the query, in prompt order.

    `ranking` is best first and only given by strategies that rank: None makes ranking measures show a dash.
    """

    segments: Sequence[Segment]
    ranking: Sequence[Hit] | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a phase cost.

    Attributes:
        seconds: wall clock, as measured in this run.
        booked_seconds: what it costs without any cache of the harness: measured plus the original seconds of every
            cached vector or reply.
        model_seconds: the part of `booked_seconds` spent in models (embedders included).
        calls, tokens_in, tokens_out, cached_tokens_in: of language models; embedder tokens are not counted here.
    """

    seconds: float = 0.0
    booked_seconds: float = 0.0
    model_seconds: float = 0.0
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cached_tokens_in: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.seconds + other.seconds,
            self.booked_seconds + other.booked_seconds,
            self.model_seconds + other.model_seconds,
            self.calls + other.calls,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.cached_tokens_in + other.cached_tokens_in,
        )


@dataclass(frozen=True, slots=True)
class ContextPart:
    """Stored form of consecutive segments of one kind: `sources[i]` are the source ids of the i-th segment.

    `texts` is kept only for derived segments (`verbatim` False); verbatim text is found again by its sources.
    """

    kind: Kind
    verbatim: bool
    sources: tuple[tuple[str, ...], ...]
    texts: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Raw facts about one question of one run; scores are computed from them afterwards.

    Attributes:
        written: how many turns of the dialogue had been written when the question was read.
        context: what reached the prompt; None if the strategy failed.
        ranking: (source ids, score) best first, at most the run's `depth`; None for strategies that do not rank.
        tokens: of the context by section (kinds of segments), of the `query`, and of the `frame` (the prompt's own
            headings).
        error: None, or what the strategy raised; such a question scores its worst value.
        leaks: sources of other dialogues that were cited, where dialogues share their stores; such a question failed.
        forgetting: where the run forgets: `turns` forgotten for this question, `ghosts` of them found when it was asked
            again, and found after the stores were `reopened`.
        usage: by phase: `read`, later `answer` and `judge`. Writing is booked on the dialogue.
    """

    dialogue: str
    question: str
    written: int
    context: tuple[ContextPart, ...] | None
    ranking: tuple[tuple[tuple[str, ...], float | None], ...] | None
    tokens: Mapping[str, int]
    answer: str | None = None
    verdict: Mapping[str, Any] | None = None
    error: str | None = None
    leaks: int = 0
    forgetting: Mapping[str, int] | None = None
    usage: Mapping[str, Usage] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DialogueRecord:
    """What a run notes of a finished dialogue beside its outcomes.

    Attributes:
        turns, tokens: length of the dialogue, tokens of all its turns as the run's document template renders them.
        write: usage of the write pipeline, all chunks together.
        stats: counters a strategy reports of itself (items stored, merged, dropped, index bytes).
    """

    dialogue: str
    turns: int
    tokens: int
    questions: int
    write: Usage
    error: str | None = None
    stats: Mapping[str, float] = field(default_factory=dict)


class Strategy(Protocol):
    """A memory as the harness drives it: fresh for each dialogue, sees turns and queries, never the gold."""

    def write(self, turns: Sequence[Turn]) -> None:
        """Take in the next turns of the dialogue, in order. Called once or more before each read."""

    def read(self, query: Query, budget: int) -> Context:
        """Assemble the context for a query in at most `budget` tokens."""


class Retriever(Protocol):
    """Long-term memory: what is fetched back."""

    def write(self, turns: Sequence[Turn]) -> None:
        """Take in the next turns of the dialogue, in order."""

    def search(self, query: Query, k: int) -> Sequence[Hit]:
        """The at most `k` best hits, best first; equal scores keep the order of writing."""


@runtime_checkable
class Prepares(Protocol):
    """For whatever loads models or opens connections."""

    def prepare(self) -> None:
        """Do it now, before the clock starts; called once before the first write, must be cheap when already done."""


@runtime_checkable
class Flushes(Protocol):
    """For strategies, retrievers and stores that index late: called after writing and before the next read."""

    def flush(self) -> None:
        """Finish all pending indexing; its time is booked as writing."""


@runtime_checkable
class Forgets(Protocol):
    """For strategies, retrievers and stores that can forget."""

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Make sure that nothing made from these turns is returned again."""


@runtime_checkable
class Reports(Protocol):
    """For strategies, retrievers and stores with counters worth recording."""

    def stats(self) -> Mapping[str, float]:
        """Counters by name, e.g. `items`, `index_bytes`, `merged`."""


@runtime_checkable
class Closes(Protocol):
    """For whatever holds files or connections."""

    def close(self) -> None:
        """Release them; called once when the dialogue is done, also after an error."""


class Writing(Protocol):
    """What is stored: turns a stream of turns into passages."""

    def write(self, turns: Sequence[Turn]) -> Sequence[Passage]:
        """Passages that are new or changed now; one with a known id replaces the old one."""


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


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def fingerprint(self) -> str:
        """Names model, weights and every setting that changes the vectors: the key of the vector cache."""

    @property
    def dimension(self) -> int:
        """Length d of a vector."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed `texts` into float32 (n, d), rows of unit length, in the order given."""


@runtime_checkable
class Describes(Protocol):
    """For benchmarks that can say what is in them; `memeval data show` prints it."""

    def describe(self) -> Mapping[str, Any]:
        """Counts, file, licence, in the order to show."""

    def anomalies(self) -> Mapping[str, int]:
        """What the loader repaired or left out: counts by name."""


class Benchmark(Protocol):
    """A source of dialogues with questions."""

    name: str
    licence: str
    categories: Sequence[str]

    def fingerprint(self) -> Mapping[str, Any]:
        """What identifies the data: at least `sha256` or a generator's version and seed, and the gold used."""

    def __iter__(self) -> Iterator[Dialogue]:
        """Dialogues in a fixed order, streamed: at most one needs to be in memory."""

    def __len__(self) -> int:
        """Number of dialogues."""


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
