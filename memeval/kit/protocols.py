"""What plug-ins implement: a class with these methods is enough, there is no base class to inherit from."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from memeval.kit.types import Context, Dialogue, Hit, Passage, Query, Reply, Turn, Vectors


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
class Rates(Protocol):
    """For retrievers whose writing judges how important what it stores is."""

    def rating(self, turn: str) -> int | None:
        """The importance of a turn, 1 (trivial) to 5 (vital): the highest of what was made from it, if judged."""


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


class Model(Protocol):
    """A language model. It books what a call cost on the phase that is open, by `memeval.kit.ledger`."""

    @property
    def fingerprint(self) -> str:
        """Names provider, model, address and every parameter that changes a reply; never a key."""

    def complete(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any] | None = None) -> Reply:
        """Answer chat messages (`role`, `content`).

        Args:
            messages: system, user and assistant messages in order.
            schema: a JSON schema that the reply must follow; it is then parsed into `Reply.data`.

        Raises:
            ModelError: no answer, an empty one, or one that does not follow the schema after one repair attempt.
        """


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
