"""Retrieval by the similarity of embeddings."""

from collections.abc import Mapping, Sequence
from typing import Any

from memeval.kit import powers
from memeval.kit.errors import ConfigError
from memeval.kit.protocols import Embedder, Forgets, Writing
from memeval.kit.stores import VectorStore
from memeval.kit.types import Hit, Passage, Query, Turn
from memeval.strategies.long_term.importance import Ratings


class Vector:
    """Passages ranked by the cosine between their embedding and the query's.

    Passages are embedded and stored at `flush` or the next search, all that have gathered in one batch; each text once.
    The store keeps text and sources beside each vector: a memory opened on a store that holds vectors already is asked
    as it stands, and refuses to write.
    """

    def __init__(self, writing: Writing, embedder: Embedder, store: VectorStore, scope: str = "default") -> None:
        """Open an empty memory.

        Args:
            writing: makes the passages.
            embedder: embeds passages and queries.
            store: keeps the vectors.
            scope: whose vectors these are in the store.
        """
        self._writing = writing
        self._embedder = embedder
        self._store = store
        self._scope = scope
        self._passages: dict[str, Passage] = {}
        self._pending: dict[str, Passage] = {}
        self._forgotten: set[str] = set()
        self._ratings = Ratings()
        self._opened = False

    def prepare(self) -> None:
        """Load the embedder and what the writing needs."""
        powers.prepare(self._embedder, self._writing)

    def write(self, turns: Sequence[Turn]) -> None:
        """Take in the next turns."""
        self._put(self._writing.write(turns))

    def _put(self, passages: Sequence[Passage]) -> None:
        for passage in passages:
            if self._forgotten.isdisjoint(passage.sources):
                self._passages[passage.id] = passage
                self._ratings.note(passage.sources, passage.importance)
                self._pending[passage.id] = passage

    def flush(self) -> None:
        """Embed and store what has changed.

        Raises:
            ConfigError: a store on disk that holds vectors of an earlier run.
        """
        if not self._pending:
            return
        if not self._opened and (held := self._store.count(self._scope)):
            raise ConfigError(
                f"the vector store already holds {held} vectors of {self._scope!r}, which this run has not written: "
                "give it a fresh place, e.g. vector_store.path='${scratch}/vectors', or another scope"
            )
        self._opened = True
        pending = list(self._pending.values())
        vectors = self._embedder.embed([passage.text for passage in pending])
        ids = [passage.id for passage in pending]
        self._store.upsert(self._scope, ids, vectors, [_payload(passage) for passage in pending])
        self._pending = {}

    def search(self, query: Query, k: int) -> Sequence[Hit]:
        """The at most `k` most similar passages, as the store gives them back; the query's time is not used."""
        self.flush()
        if k < 1 or not (self._passages or self._store.count(self._scope)):
            return []
        vector = self._embedder.embed([query.text])[0]
        # Made from what the store holds, not from what was written: a vector of somebody else, or one that should have
        # been deleted, then shows as what it is.
        return [
            Hit(held["text"], tuple(held["sources"]), match.score, held["verbatim"], held.get("importance"))
            for match in self._store.search(self._scope, vector, k)
            for held in (match.payload,)
        ]

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Remove what was made from these turns; a writing that can forget gives the other turns of a passage back."""
        self._forgotten.update(turn_ids)
        self._ratings.forget(turn_ids)
        if isinstance(self._writing, Forgets):
            self._writing.forget(turn_ids)
            self._put(self._writing.write(()))
        gone = [name for name, passage in self._passages.items() if not self._forgotten.isdisjoint(passage.sources)]
        for name in gone:
            del self._passages[name]
            self._pending.pop(name, None)
        self._store.delete(self._scope, gone)
        # What is left of a passage replaces it now: the store may be closed before the next search.
        self.flush()

    def rating(self, turn: str) -> int | None:
        """What the writing says of a turn's importance."""
        return self._ratings.get(turn)

    def stats(self) -> Mapping[str, float]:
        """Passages stored, and what the store says of itself; a store shared by several scopes speaks of all."""
        self.flush()
        return {"items": self._store.count(self._scope), **powers.stats(self._store, self._writing)}

    def close(self) -> None:
        """Close the store."""
        self._store.close()


def _payload(passage: Passage) -> dict[str, Any]:
    """What the store keeps beside the vector: all that a hit is made of."""
    held = {"text": passage.text, "sources": list(passage.sources), "verbatim": passage.verbatim}
    return held if passage.importance is None else {**held, "importance": passage.importance}
