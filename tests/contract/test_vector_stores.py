"""Every vector store of our own keeps the protocol; and the check itself notices who does not."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from memeval.errors import ConfigError, ContractError
from memeval.strategies.stores.faiss import FaissStore
from memeval.strategies.stores.numpy import NumpyStore
from memeval.strategies.stores.qdrant import QdrantStore
from memeval.testing import check_vector_store
from memeval.types import Match, Vectors, VectorStore

STORES: dict[str, Callable[[], VectorStore]] = {
    "numpy": NumpyStore,
    "faiss": FaissStore,
    "faiss, two threads": lambda: FaissStore(threads=2),
    "qdrant": QdrantStore,
}


@pytest.mark.parametrize("name", STORES)
def test_store(name: str) -> None:
    check_vector_store(STORES[name])


@pytest.mark.slow
def test_qdrant_in_folders(tmp_path: Path) -> None:
    folders: list[str] = []

    def fresh() -> VectorStore:
        folders.append(str(tmp_path / str(len(folders))))
        return QdrantStore(path=folders[-1])

    check_vector_store(fresh, reopen=lambda: QdrantStore(path=folders[-1]))


def unit(vectors: Sequence[Sequence[float]]) -> Vectors:
    array = np.array(vectors, dtype=np.float32)
    return np.asarray(array / np.linalg.norm(array, axis=1, keepdims=True), dtype=np.float32)


# Qdrant's client leaves its lock file open where it cannot lock it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_qdrant_goes_on_where_it_stopped(tmp_path: Path) -> None:
    folder = str(tmp_path / "q")
    vectors = unit([[1, 0], [1, 0], [0, 1]])
    store = QdrantStore(path=folder)
    store.upsert("ann", ["b", "a", "c"], vectors, [{"n": 1}, {"n": 2}, {"n": 3}])
    store.delete("ann", ["c"])
    store.close()
    store = QdrantStore(path=folder)
    assert store.count("ann") == 2
    store.upsert("ann", ["0"], vectors[:1], [{"n": 4}])
    assert [(match.id, match.payload["n"]) for match in store.search("ann", vectors[0], 9)] == [
        ("b", 1), ("a", 2), ("0", 4)
    ]  # fmt: skip
    with pytest.raises(ContractError, match="2"):
        store.upsert("ann", ["x"], unit([[1, 0, 0]]), [{}])
    with pytest.raises(ConfigError, match="vector_store.path"):
        QdrantStore(path=folder)
    store.close()


def test_options_out_of_range(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="threads=0"):
        FaissStore(threads=0)
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ConfigError, match="name another"):
        QdrantStore(path=str(tmp_path / "file"))


@pytest.mark.parametrize("name", STORES)
def test_scores_are_the_same_in_every_store(name: str) -> None:
    """Down to the last digit, so that results do not depend on the engine: rows of all sizes, and many near ties."""
    random = np.random.default_rng(5)
    rows = unit(random.normal(size=(40, 96)).tolist())
    rows = np.concatenate([rows, rows, unit((rows + random.normal(scale=1e-7, size=rows.shape)).tolist())])
    ids = [str(number) for number in random.permutation(len(rows))]
    reference, store = NumpyStore(), STORES[name]()
    for one in (reference, store):
        for start in range(0, len(rows), 7):
            part = slice(start, start + 7)
            one.upsert("ann", ids[part], rows[part], [{} for _ in ids[part]])
    for query in rows[::9]:
        for k in (1, 2, 3, 5, 50, 120):
            assert list(store.search("ann", query, k)) == list(reference.search("ann", query, k))
    store.close()


@pytest.mark.parametrize("name", STORES)
def test_what_is_written_is_not_changed_later(name: str) -> None:
    """Neither by the caller, who may use the same arrays again, nor for the caller."""
    store = STORES[name]()
    vectors, payload = unit([[1, 0], [0, 1]]), {"n": 1}
    store.upsert("ann", ["a", "b"], vectors, [payload, payload])
    payload["n"] = 2
    vectors[:] = vectors[::-1].copy()
    found = store.search("ann", unit([[1, 0]])[0], 1)
    assert [(match.id, dict(match.payload)) for match in found] == [("a", {"n": 1})]
    store.close()


class Tampered:
    """A good store whose calls a subclass spoils."""

    def __init__(self) -> None:
        self.store = NumpyStore()

    def upsert(self, scope: str, ids: Sequence[str], vectors: Vectors, payloads: Sequence[Mapping[str, Any]]) -> None:
        self.store.upsert(scope, ids, vectors, payloads)

    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        return self.store.search(scope, vector, k, where)

    def delete(self, scope: str, ids: Sequence[str]) -> None:
        self.store.delete(scope, ids)

    def count(self, scope: str) -> int:
        return self.store.count(scope)

    def close(self) -> None:
        self.store.close()


class Leaking(Tampered):
    def upsert(self, scope: str, ids: Sequence[str], vectors: Vectors, payloads: Sequence[Mapping[str, Any]]) -> None:
        super().upsert("one for all", ids, vectors, payloads)

    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        return super().search("one for all", vector, k, where)

    def count(self, scope: str) -> int:
        return super().count("one for all")


class FilteringLate(Tampered):
    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        found = super().search(scope, vector, k)
        return [match for match in found if all(match.payload.get(n) == v for n, v in (where or {}).items())]


class LastFirst(Tampered):
    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        found = super().search(scope, vector, 10_000, where)
        return sorted(reversed(found), key=lambda match: -match.score)[: max(k, 0)]


class Distances(Tampered):
    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        found = super().search(scope, vector, k, where)
        return [Match(match.id, 1 / (2 - match.score), match.payload) for match in found]


class Approximate(Tampered):
    """Loses some of the vectors of a store of hundreds."""

    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        if self.count(scope) < 200:
            return super().search(scope, vector, k, where)
        found = super().search(scope, vector, 2 * k, where)
        return [match for match in found if not match.id.endswith("13")][: max(k, 0)]


class Indelible(Tampered):
    def delete(self, scope: str, ids: Sequence[str]) -> None:
        pass


class Appending(Tampered):
    def upsert(self, scope: str, ids: Sequence[str], vectors: Vectors, payloads: Sequence[Mapping[str, Any]]) -> None:
        super().upsert(scope, ids, vectors, payloads)
        self.store.delete(scope, ids)
        super().upsert(scope, ids, vectors, payloads)


class Lenient(Tampered):
    def upsert(self, scope: str, ids: Sequence[str], vectors: Vectors, payloads: Sequence[Mapping[str, Any]]) -> None:
        try:
            super().upsert(scope, ids, vectors, payloads)
        except ContractError:
            return


class Blurting(Tampered):
    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        try:
            return super().search(scope, vector, k, where)
        except ContractError as error:
            raise ValueError("an engine's own words") from error


class Sharing(Tampered):
    """Gives out the very mappings that it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: dict[tuple[str, str], Mapping[str, Any]] = {}

    def upsert(self, scope: str, ids: Sequence[str], vectors: Vectors, payloads: Sequence[Mapping[str, Any]]) -> None:
        super().upsert(scope, ids, vectors, payloads)
        self.given |= {(scope, name): payload for name, payload in zip(ids, payloads, strict=True)}

    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        found = super().search(scope, vector, k, where)
        return [Match(match.id, match.score, self.given[scope, match.id]) for match in found]


def test_the_check_lets_a_good_store_pass() -> None:
    check_vector_store(Tampered)
    check_vector_store(Approximate, exact=False)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (Leaking, "scope"),
        (FilteringLate, "where"),
        (LastFirst, "order of first writing"),
        (Distances, "the score is the cosine"),
        (Approximate, "over the size gives everything|all of them"),
        (Indelible, "deleted"),
        (Appending, "order of first writing"),
        (Lenient, "it was taken"),
        (Blurting, "it raised ValueError"),
        (Sharing, "stay the caller's"),
    ],
)
def test_the_check_names_the_broken_rule(broken: type[Tampered], says: str) -> None:
    with pytest.raises(ContractError, match=says):
        check_vector_store(broken)
