"""Every vector store of our own keeps the protocol; and the check itself notices who does not."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any
from unicodedata import normalize

import numpy as np
import pytest

from memeval.kit.errors import ConfigError, ContractError
from memeval.kit.stores import Match, VectorStore
from memeval.kit.types import Vectors
from memeval.strategies.stores.vector.faiss import FaissStore
from memeval.strategies.stores.vector.numpy import NumpyStore
from memeval.strategies.stores.vector.qdrant import QdrantStore
from memeval.strategies.stores.vector.sqlite import SqliteVectors
from memeval.testing import check_vector_store

STORES: dict[str, Callable[[], VectorStore]] = {
    "numpy": NumpyStore,
    "faiss": FaissStore,
    "faiss, two threads": lambda: FaissStore(threads=2),
    "qdrant": QdrantStore,
    "sqlite": SqliteVectors,
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


def test_sqlite_in_files(tmp_path: Path) -> None:
    files: list[str] = []

    def fresh() -> VectorStore:
        files.append(str(tmp_path / f"{len(files)}.db"))
        return SqliteVectors(files[-1])

    check_vector_store(fresh, reopen=lambda: SqliteVectors(files[-1]))


def test_two_stores_share_a_file_of_sqlite(tmp_path: Path) -> None:
    """Each sees at once what the other writes, replaces and deletes; what cannot be a vector's file is named."""
    path = str(tmp_path / "shared.db")
    first, second = SqliteVectors(path), SqliteVectors(path)
    rows = unit([[1, 0], [1, 0], [0, 1]])
    first.upsert("ann", ["a", "c"], rows[[0, 2]], [{"n": 1}, {}])
    second.upsert("ann", ["b", "c"], rows[1:], [{"n": 1}, {"n": True}])
    for store in (first, second):
        found = [(match.id, match.payload) for match in store.search("ann", rows[0], 9)]
        assert found == [("a", {"n": 1}), ("b", {"n": 1}), ("c", {"n": True})]
        assert [match.id for match in store.search("ann", rows[0], 9, {"n": 1})] == ["a", "b"]
        with pytest.raises(ContractError, match="2"):
            store.upsert("ann", ["x"], unit([[1, 0, 0]]), [{}])
    second.delete("ann", ["a"])
    assert first.count("ann") == 2 and [match.id for match in first.search("ann", rows[0], 1)] == ["b"]
    assert first.stats()["index_bytes"] > 0
    for store in (first, second):
        store.close()
    (tmp_path / "text").write_text("no database " * 100)
    for wrong in (str(tmp_path / "no folder" / "x.db"), str(tmp_path / "text")):
        with pytest.raises(ConfigError, match="vector_store.path"):
            SqliteVectors(wrong)


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


@pytest.mark.parametrize("name", STORES)
def test_values_are_equal_only_if_their_types_are(name: str) -> None:
    """In a store that keeps JSON as in one that keeps Python's own values."""
    values: list[Any] = [True, 1, "1", False, 0, "0", "", None, [1], ["1"], {"x": 1}]
    store = STORES[name]()
    vectors = unit(np.random.default_rng(6).normal(size=(len(values) + 1, 8)).tolist())
    ids = [*map(repr, values), "missing"]
    store.upsert("ann", ids, vectors, [*({"value": value} for value in values), {}])
    for value in (True, 1, "1", False, 0, "0", ""):
        assert [match.id for match in store.search("ann", vectors[0], 99, {"value": value})] == [repr(value)]
    for where in ({"value": 0.5}, {"value": None}, {"a.b": 1}, {"": 1}):
        with pytest.raises(ContractError, match="cannot be asked of every engine"):
            store.search("ann", vectors[0], 3, where)
    store.close()


@pytest.mark.parametrize("name", STORES)
@pytest.mark.parametrize("text", ["nul\0", "\ud800"])
def test_names_that_no_database_takes(name: str, text: str) -> None:
    store = STORES[name]()
    for scope, given in ((text, "a"), ("ann", text)):
        with pytest.raises(ContractError, match="is no name"):
            store.upsert(scope, [given], unit([[1, 0]]), [{}])
        assert store.count(scope) == 0
    store.close()


@pytest.mark.parametrize("name", ["numpy", "faiss", "sqlite"])
def test_any_calls_end_like_a_dictionary(name: str) -> None:
    """Against a model in plain Python: writing, replacing and deleting in any order, with vectors that tie."""
    random = Random(7)
    shapes = unit([[1, 0, 0], [0, 1, 0], [1, 1, 0], [1, 1, 1]])
    for _ in range(30):
        store = STORES[name]()
        model: dict[str, tuple[int, int]] = {}
        for step in range(60):
            ids = [f"i{random.randrange(12)}" for _ in range(random.randrange(5))]
            if random.random() < 0.3:
                store.delete("ann", ids)
                for each in ids:
                    model.pop(each, None)
            else:
                rows = [random.randrange(len(shapes)) for _ in ids]
                store.upsert("ann", ids, shapes[rows], [{"step": step} for _ in ids])
                model.update((each, (row, step)) for each, row in zip(ids, rows, strict=True))
            assert store.count("ann") == len(model)
            query, k = shapes[random.randrange(len(shapes))], random.randrange(1, 14)
            # A dictionary keeps the place of a replaced key, and sorting is stable: both are the rule of ties.
            exact = {each: round(float(shapes[row].astype(float) @ query), 6) for each, (row, _) in model.items()}
            wanted = sorted(model, key=lambda each: -exact[each])[:k]  # noqa: B023
            found = store.search("ann", query, k)
            assert [(match.id, match.payload["step"]) for match in found] == [(each, model[each][1]) for each in wanted]
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


class Halfway(Tampered):
    """Writes what comes before the flaw."""

    def upsert(self, scope: str, ids: Sequence[str], vectors: Vectors, payloads: Sequence[Mapping[str, Any]]) -> None:
        for name, vector, payload in zip(ids, vectors, payloads, strict=False):
            super().upsert(scope, [name], vector[None], [payload])


class Merging(Tampered):
    """Keeps what the new payload does not name."""

    def __init__(self) -> None:
        super().__init__()
        self.merged: dict[tuple[str, str], dict[str, Any]] = {}

    def upsert(self, scope: str, ids: Sequence[str], vectors: Vectors, payloads: Sequence[Mapping[str, Any]]) -> None:
        for name, payload in zip(ids, payloads, strict=False):
            self.merged[scope, name] = {**self.merged.get((scope, name), {}), **payload}
        super().upsert(scope, ids, vectors, [self.merged[scope, name] for name in ids][: len(payloads)])


class Folding(Tampered):
    """Takes ids that look alike for the same, as a database's collation may."""

    def upsert(self, scope: str, ids: Sequence[str], vectors: Vectors, payloads: Sequence[Mapping[str, Any]]) -> None:
        super().upsert(scope, [normalize("NFC", name) for name in ids], vectors, payloads)


class Stringing(Tampered):
    """Compares values by how they print."""

    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        wanted = {name: str(value) for name, value in (where or {}).items()}
        found = super().search(scope, vector, 10_000)
        kept = [match for match in found if all(str(match.payload.get(n)) == value for n, value in wanted.items())]
        return kept[: max(k, 0)]


class Wiping(Tampered):
    def delete(self, scope: str, ids: Sequence[str]) -> None:
        for each in (scope, "u", "v"):
            super().delete(each, ids)


class TooMany(Tampered):
    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        return super().search(scope, vector, max(k, 1), where)


class OnceOnly(Tampered):
    closed = False

    def close(self) -> None:
        if self.closed:
            raise RuntimeError("already closed")
        self.closed = True


def test_the_check_lets_a_good_store_pass() -> None:
    check_vector_store(Tampered)
    check_vector_store(Approximate, exact=False)
    check_vector_store(LastFirst, exact=False)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (Leaking, "gone, and nothing else|a scope sees"),
        (FilteringLate, "where"),
        (LastFirst, "order of first writing"),
        (Distances, "the score is the cosine"),
        (Approximate, "over the size gives everything|all of them"),
        (Indelible, "deleted"),
        (Appending, "order of first writing"),
        (Lenient, "it was taken"),
        (Blurting, "it raised ValueError"),
        (Sharing, "stay the caller's"),
        (Halfway, "instead of 2"),
        (Merging, "whole payload"),
        (Folding, "as they were written"),
        (Stringing, "where keeps what is equal"),
        (Wiping, "in another scope"),
        (TooMany, "at most k"),
        (OnceOnly, "closed twice"),
    ],
)
def test_the_check_names_the_broken_rule(broken: type[Tampered], says: str) -> None:
    with pytest.raises(ContractError, match=says):
        check_vector_store(broken)


def test_a_store_that_keeps_nothing_does_not_pass_for_one_that_does() -> None:
    with pytest.raises(ContractError, match="opened again"):
        check_vector_store(Tampered, reopen=Tampered)
