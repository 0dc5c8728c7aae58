"""Every retriever of our own keeps the protocol, on every passage unit; and the check itself notices who does not."""

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from memeval.kit.document import Document
from memeval.kit.errors import ContractError
from memeval.kit.protocols import Writing
from memeval.kit.stores import VectorStore
from memeval.kit.tokens import get_tokenizer
from memeval.kit.types import Hit, Query, Turn
from memeval.strategies.embedders.minilm import MiniLM
from memeval.strategies.embedders.wordllama import Wordllama
from memeval.strategies.long_term.bm25 import BM25
from memeval.strategies.long_term.capacity import Capacity
from memeval.strategies.long_term.decay import Decay
from memeval.strategies.long_term.hybrid import Hybrid
from memeval.strategies.long_term.sql import Sql
from memeval.strategies.long_term.vector import Vector
from memeval.strategies.stores.sql.sqlite import SqliteSQL
from memeval.strategies.stores.vector.faiss import FaissStore
from memeval.strategies.stores.vector.numpy import NumpyStore
from memeval.strategies.stores.vector.qdrant import QdrantStore
from memeval.strategies.writing.rounds import Rounds
from memeval.strategies.writing.sessions import Sessions
from memeval.strategies.writing.turns import Turns
from memeval.strategies.writing.windows import Windows
from memeval.testing.retrievers import check_retriever

WRITINGS: dict[str, Callable[[], Writing]] = {
    "turns": lambda: Turns(Document()),
    "rounds": lambda: Rounds(Document()),
    "sessions": lambda: Sessions(Document()),
    "windows": lambda: Windows(Document(), get_tokenizer("o200k_base"), tokens=60, overlap=20),
    "windows across sessions": lambda: Windows(
        Document(date=None, caption=None), get_tokenizer("o200k_base"), tokens=60, overlap=20, across_sessions=True
    ),
}
ENGINES: dict[str, dict[str, Any]] = {
    "bm25s": {},
    "bm25s plus": {"method": "bm25plus", "stemmer": None},
    "bm25s l": {"method": "bm25l", "stop_words": None},
    "rank_bm25": {"engine": "rank_bm25"},
    "rank_bm25 plus": {"engine": "rank_bm25", "method": "bm25plus"},
    "rank_bm25 all": {"engine": "rank_bm25", "stop_words": None, "zero_scores": True},
    "fts5": {"engine": "fts5"},
    "fts5 all": {"engine": "fts5", "zero_scores": True},
    "fts5 native": {"engine": "fts5", "tokenizer": "unicode61", "stop_words": None, "stemmer": "porter"},
    "other words": {"pattern": r"\S+", "lower": False},
    "other words in fts5": {"pattern": r"\S+", "lower": False, "engine": "fts5"},
}


@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize("engine", ENGINES)
def test_bm25(engine: str, writing: str) -> None:
    # Okapi's idf of a word in half of the passages is 0: with two sessions it ranks nothing.
    finds = engine != "rank_bm25" or writing not in ("sessions", "windows across sessions")
    check_retriever(lambda: BM25(WRITINGS[writing](), **ENGINES[engine]), finds=finds)


def test_fts5_in_a_file_that_is_used_again_and_again(tmp_path: Path) -> None:
    path = str(tmp_path / "index.sqlite")
    check_retriever(lambda: BM25(Turns(Document()), engine="fts5", path=path, scope="someone"))


@pytest.mark.parametrize("method", ["rrf", "weighted"])
@pytest.mark.parametrize("writing", WRITINGS)
def test_hybrid(writing: str, method: Any) -> None:
    check_retriever(
        lambda: Hybrid([BM25(WRITINGS[writing]()), BM25(Turns(Document()), engine="fts5")], method=method, depth=3)
    )


VECTOR_STORES: dict[str, Callable[[], VectorStore]] = {"numpy": NumpyStore, "faiss": FaissStore, "qdrant": QdrantStore}


@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize("store", VECTOR_STORES)
def test_vector(store: str, writing: str) -> None:
    check_retriever(lambda: Vector(WRITINGS[writing](), Wordllama(), VECTOR_STORES[store]()))


def test_vector_with_minilm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path))
    check_retriever(lambda: Vector(Turns(Document()), MiniLM(), NumpyStore()))


@pytest.mark.parametrize("mode", ["sum", "product"])
@pytest.mark.parametrize("writing", WRITINGS)
def test_decay(writing: str, mode: Any) -> None:
    check_retriever(lambda: Decay(BM25(WRITINGS[writing]()), mode=mode, depth=4), finds=False)
    check_retriever(
        lambda: Decay(BM25(WRITINGS[writing]()), mode=mode, recency=0.01, importance=0.01, depth=4, reads=2),
        same_in_chunks=False,
    )


@pytest.mark.parametrize("eviction", ["oldest", "least_recently_read", "least_important"])
@pytest.mark.parametrize("writing", WRITINGS)
def test_capacity(writing: str, eviction: Any) -> None:
    check_retriever(lambda: Capacity(BM25(WRITINGS[writing]()), turns=100, eviction=eviction))
    # Windows of what is left depend on when the others went, and reads on the searches between.
    same = eviction == "oldest" or (eviction == "least_important" and not writing.startswith("windows"))
    check_retriever(
        lambda: Capacity(BM25(WRITINGS[writing]()), turns=5, eviction=eviction, ttl_days=0.3),
        finds=False,
        same_in_chunks=same,
    )


@pytest.mark.parametrize("filters", ["boost", "require", "off"])
def test_sql(filters: Any, tmp_path: Path) -> None:
    serial = count()
    check_retriever(lambda: Sql(SqliteSQL(), Document(), filters=filters))
    check_retriever(lambda: Sql(SqliteSQL(str(tmp_path / f"{next(serial)}.sqlite")), Document(), filters=filters))


class Fair:
    """Every turn holding a word of the query, in order."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []

    def write(self, turns: Sequence[Turn]) -> None:
        self.turns += [turn for turn in turns if turn.text.strip() and turn.role != "system"]

    def hits(self, query: Query) -> list[Hit]:
        words = set(query.text.split())
        scored = [(turn, float(len(words & set(turn.text.split())))) for turn in self.turns]
        kept = sorted((pair for pair in scored if pair[1]), key=lambda pair: -pair[1])
        return [Hit(turn.text, (turn.id,), score) for turn, score in kept]

    def search(self, query: Query, k: int) -> Sequence[Hit]:
        return self.hits(query)[:k]


class TooMany(Fair):
    def search(self, query: Query, k: int) -> Sequence[Hit]:
        return self.hits(query)[: k + 1]


class Inventive(Fair):
    def search(self, query: Query, k: int) -> Sequence[Hit]:
        return [*self.hits(query), Hit("made up", ("nowhere",), 0.0, False)][:k]


class Shortening(Fair):
    def search(self, query: Query, k: int) -> Sequence[Hit]:
        return [Hit(hit.text[:-1], hit.sources, hit.score) for hit in self.hits(query)[:k]]


class UpsideDown(Fair):
    def search(self, query: Query, k: int) -> Sequence[Hit]:
        return sorted(self.hits(query), key=lambda hit: hit.score or 0.0)[:k]


class LastFirst(Fair):
    def hits(self, query: Query) -> list[Hit]:
        return sorted(reversed(super().hits(query)), key=lambda hit: -(hit.score or 0.0))


class Repeating(Fair):
    def hits(self, query: Query) -> list[Hit]:
        return [hit for hit in super().hits(query) for _ in range(2)]


class Blind(Fair):
    def hits(self, query: Query) -> list[Hit]:
        return []


class Moody(Fair):
    serial = count()

    def __init__(self) -> None:
        super().__init__()
        self.mood = next(self.serial)

    def hits(self, query: Query) -> list[Hit]:
        return super().hits(query)[: 1 + self.mood % 2]


class Unforgetting(Fair):
    def forget(self, turn_ids: Sequence[str]) -> None:
        pass


class Wiping(Fair):
    def forget(self, turn_ids: Sequence[str]) -> None:
        self.turns.clear()


class NotANumber(Fair):
    def hits(self, query: Query) -> list[Hit]:
        return [Hit(hit.text, hit.sources, float("nan")) for hit in super().hits(query)]


def test_the_check_lets_a_fair_retriever_pass() -> None:
    check_retriever(Fair)
    check_retriever(Blind, finds=False)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (TooMany, "at most k"),
        (Inventive, "not written"),
        (Shortening, "verbatim hit without the text"),
        (UpsideDown, "scores that rise"),
        (LastFirst, "was written before"),
        (Repeating, "same hit twice"),
        (Blind, "found by its own text"),
        (Moody, "same ranking"),
        (Unforgetting, "does not come back"),
        (Wiping, "still found after forgetting"),
        (NotANumber, "not finite"),
    ],
)
def test_the_check_names_the_broken_rule(broken: type[Fair], says: str) -> None:
    with pytest.raises(ContractError, match=says):
        check_retriever(broken)
