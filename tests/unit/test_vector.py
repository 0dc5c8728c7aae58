"""The vector retriever: what it embeds and when, what it forgets, and what it makes of a store that errs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from memeval.kit.document import Document
from memeval.kit.errors import ConfigError
from memeval.kit.stores import Match, VectorStore
from memeval.kit.types import Hit, Query, Turn, Vectors
from memeval.strategies.embedders.wordllama import Wordllama
from memeval.strategies.long_term.vector import Vector
from memeval.strategies.stores.vector.faiss import FaissStore
from memeval.strategies.stores.vector.numpy import NumpyStore
from memeval.strategies.stores.vector.qdrant import QdrantStore
from memeval.strategies.writing.sessions import Sessions
from memeval.strategies.writing.turns import Turns

PLAIN = Document(date=None, caption=None)
SAID = [
    ("s1", "Ann", "I adopted a kitten from the shelter."),
    ("s1", "Ben", "What did you call her?"),
    ("s1", "Ann", "Miso, because she loves soup."),
    ("s2", "Ann", "My sister moved to Norway for work."),
    ("s2", "Ben", "Does she still have her telescope?"),
    ("s2", "Ann", "It broke, so we replaced the mirror."),
]
TURNS = [
    Turn(f"t{number}", session, speaker, "user" if speaker == "Ann" else "assistant", text)
    for number, (session, speaker, text) in enumerate(SAID)
]


class Watched:
    """Wordllama that notes what it is asked for."""

    def __init__(self) -> None:
        self.inner = Wordllama()
        self.batches: list[list[str]] = []
        self.prepared = 0

    @property
    def fingerprint(self) -> str:
        return self.inner.fingerprint

    @property
    def dimension(self) -> int:
        return self.inner.dimension

    def prepare(self) -> None:
        self.prepared += 1

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.batches.append(list(texts))
        return self.inner.embed(texts)


def sources(hits: Sequence[Hit]) -> list[tuple[str, ...]]:
    return [hit.sources for hit in hits]


def test_turns_are_embedded_once_all_that_wait_in_one_batch() -> None:
    embedder = Watched()
    memory = Vector(Turns(PLAIN), embedder, NumpyStore())
    memory.prepare()
    assert embedder.prepared == 1
    for turn in TURNS[:4]:
        memory.write([turn])
    assert embedder.batches == []
    memory.flush()
    memory.flush()
    assert embedder.batches == [[f"{speaker}: {text}" for _, speaker, text in SAID[:4]]]
    memory.write(TURNS[4:])
    hits = memory.search(Query("a baby cat"), 2)
    assert embedder.batches[1:] == [[f"{speaker}: {text}" for _, speaker, text in SAID[4:]], ["a baby cat"]]
    assert sources(hits)[0] == ("t0",)
    assert hits[0].text == "Ann: I adopted a kitten from the shelter."
    assert hits[0].verbatim
    expected = float(np.prod(embedder.inner.embed([hits[0].text, "a baby cat"]).astype(float), axis=0).sum())
    assert hits[0].score == pytest.approx(expected, abs=1e-6)
    assert len(memory.search(Query("cat"), 99)) == len(TURNS)
    assert memory.stats() == {"items": 6, "index_bytes": 6 * 4 * 256}
    memory.close()


def test_nothing_is_asked_of_an_embedder_for_nothing() -> None:
    embedder = Watched()
    memory = Vector(Turns(PLAIN), embedder, NumpyStore())
    memory.write([])
    memory.flush()
    assert memory.search(Query("cat"), 5) == []
    memory.forget(["t0"])
    memory.write(TURNS)
    assert memory.search(Query("cat"), 0) == []
    assert len(embedder.batches) == 1, "the turns, not the query"
    assert len(memory.search(Query("cat"), 99)) == len(TURNS) - 1, "what is forgotten before it is written"


def test_a_session_that_grows_replaces_itself() -> None:
    embedder = Watched()
    memory = Vector(Sessions(PLAIN), embedder, NumpyStore())
    for number, turn in enumerate(TURNS, 1):
        memory.write([turn])
        found = memory.search(Query("soup"), 9)
        sessions = {turn.session for turn in TURNS[:number]}
        assert len(found) == memory.stats()["items"] == len(sessions)
        assert {source for hit in found for source in hit.sources} == {turn.id for turn in TURNS[:number]}
    # Several versions that wait for a flush are embedded as one.
    later = Vector(Sessions(PLAIN), other := Watched(), NumpyStore())
    for turn in TURNS:
        later.write([turn])
    later.flush()
    assert [len(batch) for batch in other.batches] == [2]
    assert list(later.search(Query("soup"), 9)) == list(memory.search(Query("soup"), 9))


@pytest.mark.parametrize("flushed", [True, False])
@pytest.mark.parametrize("store", [NumpyStore, FaissStore, QdrantStore])
def test_forgetting(store: type[Any], flushed: bool) -> None:
    for writing, left in ((Turns(PLAIN), {("t0",), ("t1",), ("t3",), ("t5",)}), (Sessions(PLAIN), None)):
        memory = Vector(writing, Wordllama(), store())
        memory.write(TURNS)
        if flushed:
            memory.flush()
        memory.forget(["t2", "t4", "never written"])
        memory.write([])
        hits = memory.search(Query("Miso loves soup, the telescope"), 99)
        assert {source for hit in hits for source in hit.sources} == {"t0", "t1", "t3", "t5"}
        assert not any("soup" in hit.text or "telescope" in hit.text for hit in hits)
        assert left is None or set(sources(hits)) == left
        assert memory.stats()["items"] == len(hits)
        memory.forget([turn.id for turn in TURNS])
        assert memory.search(Query("soup"), 99) == []
        assert memory.stats()["items"] == 0
        memory.close()
        memory.close()


def test_what_is_forgotten_is_gone_from_the_disk(tmp_path: Path) -> None:
    path = str(tmp_path / "vectors")
    memory = Vector(Sessions(PLAIN), Wordllama(), QdrantStore(path), "ann")
    memory.write(TURNS)
    memory.flush()
    memory.forget(["t2", "t3", "t4", "t5"])
    memory.close()
    again = Vector(Sessions(PLAIN), Wordllama(), QdrantStore(path), "ann")
    hits = again.search(Query("Miso loves soup in Norway"), 99)
    assert sources(hits) == [("t0", "t1")]
    assert "soup" not in hits[0].text
    with pytest.raises(ConfigError, match="already holds 1 vectors of 'ann'.*scratch"):
        again.write(TURNS[3:])
        again.flush()
    again.close()
    other = Vector(Turns(PLAIN), Wordllama(), QdrantStore(path), "ben")
    other.write(TURNS[3:])
    assert set(sources(other.search(Query("cat"), 99))) == {("t3",), ("t4",), ("t5",)}
    other.close()


def test_users_of_one_store_do_not_meet() -> None:
    store = NumpyStore()
    ann, ben = (Vector(Turns(PLAIN), Wordllama(), store, scope) for scope in ("ann", "ben"))
    ann.write(TURNS[:3])
    ben.write(TURNS[3:])
    assert set(sources(ann.search(Query("telescope"), 99))) == {("t0",), ("t1",), ("t2",)}
    assert set(sources(ben.search(Query("kitten"), 99))) == {("t3",), ("t4",), ("t5",)}
    ann.forget(["t3"])
    assert len(ben.search(Query("kitten"), 99)) == 3
    ann.close()
    ben.close()


class Careless(NumpyStore):
    """Forgets whose vectors it is asked for, and to delete."""

    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        found = [match for each in ("ann", "ben") for match in super(Careless, self).search(each, vector, k, where)]
        return sorted(found, key=lambda match: -match.score)[:k]

    def delete(self, scope: str, ids: Sequence[str]) -> None:
        pass


def test_leaks_and_ghosts_of_a_store_are_shown_not_hidden() -> None:
    store: VectorStore = Careless()
    ann, ben = (Vector(Turns(PLAIN), Wordllama(), store, scope) for scope in ("ann", "ben"))
    ann.write(TURNS[:3])
    ben.write([Turn("t1", "s9", "Eve", "user", "A telescope of my own!"), *TURNS[4:]])
    ben.flush()
    best = ann.search(Query("A telescope of my own!"), 1)[0]
    assert best.text == "Eve: A telescope of my own!", "under an id that ann has too"
    ben.forget(["t5"])
    assert ("t5",) in sources(ben.search(Query("mirror"), 99))


def test_times_do_not_matter_and_equal_passages_keep_their_order() -> None:
    memory = Vector(Turns(PLAIN), Wordllama(), FaissStore())
    memory.write([*TURNS, *(Turn(f"u{n}", "s3", "Ann", "user", "Same words.") for n in range(5, 0, -1))])
    for k in (1, 3, 5):
        for time in (None, datetime(2020, 1, 1)):
            found = memory.search(Query("Same words.", time), k)
            assert sources(found) == [("u5",), ("u4",), ("u3",), ("u2",), ("u1",)][:k]
    memory.close()
