"""The contract of a vector store as a check that any package can run on its own."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from memeval.kit.errors import ContractError
from memeval.kit.stores import Match, VectorStore
from memeval.kit.types import Vectors

_D = 24
_ALL = 10_000
# Above what single precision adds to a cosine.
_CLOSE = 1e-5


def check_vector_store(
    factory: Callable[[], VectorStore], *, exact: bool = True, reopen: Callable[[], VectorStore] | None = None
) -> None:
    """Run every rule of the protocol on fresh stores.

    Args:
        factory: makes an empty store; called several times, and closed each time before the next.
        exact: all nearest vectors must be found, with their cosines, equal ones in order of first writing, and a filter
            must not cost any. Turn it off for stores that search approximately.
        reopen: opens the store that `factory` made last, after it was closed; None for stores that keep nothing.

    Raises:
        ContractError: the first rule that is broken, with what was returned.
    """
    for rule in (_empty, _finding, _replacing, _deleting, _tenants, _where, _texts, _ownership, _refusals):
        with _closing(factory()) as store:
            rule(store, exact)
    if exact:
        with _closing(factory()) as store:
            _ties(store)
    if reopen is not None:
        _reopening(factory, reopen)


def _require(holds: bool, rule: str, what: object) -> None:
    if not holds:
        raise ContractError(f"the vector store breaks the rule {rule!r}: {what!r:.600}")


@contextmanager
def _closing(store: VectorStore) -> Iterator[VectorStore]:
    try:
        yield store
    finally:
        store.close()
    try:
        # A store is closed by everyone who was given it.
        store.close()
    except Exception as error:
        raise ContractError("the vector store breaks the rule 'it may be closed twice'") from error


def _random(n: int, seed: int) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(n, _D)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def _names(n: int) -> list[str]:
    return [f"p{number}" for number in range(n)]


def _notes(n: int) -> list[Mapping[str, Any]]:
    return [{"number": number} for number in range(n)]


def _ids(matches: Sequence[Match]) -> list[str]:
    return [match.id for match in matches]


def _search(
    store: VectorStore, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None
) -> Sequence[Match]:
    """Search, and hold the answer against what is true of any."""
    found = store.search(scope, vector, k, where)
    _require(len(found) <= max(k, 0), "at most k matches", f"{len(found)} for k={k}")
    _require(len(set(_ids(found))) == len(found), "no match comes twice", _ids(found))
    scores = [match.score for match in found]
    _require(all(map(math.isfinite, scores)), "scores are finite", scores)
    _require(scores == sorted(scores, reverse=True), "the best comes first", scores)
    return found


def _empty(store: VectorStore, exact: bool) -> None:
    rule = "an empty store holds nothing"
    store.upsert("u", [], np.empty((0, _D), dtype=np.float32), [])
    store.delete("u", [])
    store.delete("u", ["never written"])
    _require(not _search(store, "u", _random(1, 1)[0], 5) and store.count("u") == 0, rule, store.count("u"))


def _finding(store: VectorStore, exact: bool) -> None:
    n = 300
    vectors, queries = _random(n, 2), _random(20, 3)
    store.upsert("u", _names(n)[:100], vectors[:100], _notes(n)[:100])
    store.upsert("u", _names(n)[100:], vectors[100:], _notes(n)[100:])
    _require(store.count("u") == n, "all that is written is counted", store.count("u"))
    for k in (0, -1):
        _require(not _search(store, "u", queries[0], k), "at most k matches", f"k={k}")
    for query in (*queries, *vectors[:5]):
        found = _search(store, "u", query, 10)
        for match in found:
            row = int(match.id[1:])
            _require(match.payload == {"number": row}, "a match has its own payload", match)
            truth = float(vectors[row] @ query)
            _require(not exact or abs(match.score - truth) < _CLOSE, "the score is the cosine", (match, truth))
        if exact:
            truths = np.sort(vectors.astype(np.float64) @ query)[::-1][:10]
            off = np.abs(np.array([match.score for match in found]) - truths) if len(found) == 10 else np.ones(1)
            _require(bool(off.max() < _CLOSE), "the nearest are found, all of them", (_ids(found), truths))
            _require(list(_search(store, "u", query, 3)) == list(found[:3]), "a smaller k gives the start", found[:3])
            beyond = _search(store, "u", query, _ALL)
            _require(len(beyond) == n, "a k over the size gives everything", len(beyond))
    _require(
        list(_search(store, "u", queries[0], 7)) == list(_search(store, "u", queries[0], 7)),
        "the same search gives the same answer",
        _search(store, "u", queries[0], 7),
    )


def _replacing(store: VectorStore, exact: bool) -> None:
    old, new, other = _random(3, 4)
    # Twice in the very first write, too, when the store learns its dimension.
    store.upsert("u", ["a", "b", "a"], np.stack([other, other, old]), [{"x": 0}, {}, {"x": 1, "y": 2}])
    store.upsert("u", ["a"], new[None], [{"x": 3}])
    found = {match.id: match for match in _search(store, "u", new, 5)}
    rule = "a known id is replaced, its vector and its whole payload"
    _require(store.count("u") == 2 and set(found) == {"a", "b"}, rule, (store.count("u"), found))
    _require(abs(found["a"].score - 1) < _CLOSE or not exact, rule, found["a"])
    _require(found["a"].payload == {"x": 3} and found["b"].payload == {}, rule, found)
    rule = "of an id given twice in one call the last counts"
    store.upsert("u", ["c", "a", "c"], np.stack([old, old, new]), [{"x": 4}, {"x": 5}, {"x": 6}])
    found = {match.id: match for match in _search(store, "u", new, 5)}
    _require(store.count("u") == 3 and found["c"].payload == {"x": 6} and found["a"].payload == {"x": 5}, rule, found)
    _require(abs(found["c"].score - 1) < _CLOSE or not exact, rule, found["c"])


def _deleting(store: VectorStore, exact: bool) -> None:
    vectors = _random(20, 5)
    for scope in ("u", "v"):
        store.upsert(scope, _names(20), vectors, _notes(20))
    store.delete("u", ["p3", "never written", "p4", "p3"])
    rule = "what is deleted is gone, and nothing else"
    found = _ids(_search(store, "u", vectors[3], _ALL))
    _require(store.count("u") == 18 and not {"p3", "p4"} & set(found), rule, found)
    _require(not exact or len(found) == 18, rule, found)
    _require(store.count("v") == 20 and _ids(_search(store, "v", vectors[3], 1)) == ["p3"], rule, "in another scope")
    store.upsert("u", ["p3"], vectors[7][None], [{"again": True}])
    back = [match for match in _search(store, "u", vectors[7], 2) if match.id == "p3"]
    rule = "what was deleted can be written again"
    _require(store.count("u") == 19 and len(back) == 1 and back[0].payload == {"again": True}, rule, back)
    store.delete("u", _names(20))
    left = _search(store, "u", vectors[7], 5)
    _require(not left and store.count("u") == 0, "a scope can be emptied", left)
    store.upsert("u", ["p1"], vectors[:1], [{}])
    _require(_ids(_search(store, "u", vectors[0], 5)) == ["p1"], "an emptied scope can be filled", store.count("u"))


def _tenants(store: VectorStore, exact: bool) -> None:
    rule = "a scope sees its own vectors only, and all of them"
    scopes = [f"user {number}" for number in range(44)] + ["User 1", "user  1", "ü", "u\u0308", "a/b", "a' OR '1'='1"]
    n = 12
    # All alike, so that a neighbour's vectors are as near as one's own.
    vectors = _random(1, 6) + 0.1 * _random(len(scopes) * n, 7)
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    for number, scope in enumerate(scopes):
        store.upsert(scope, _names(n), vectors[number * n : number * n + n], [{"of": scope}] * n)
    for number, scope in enumerate(scopes):
        _require(store.count(scope) == n, rule, (scope, store.count(scope)))
        found = _search(store, scope, vectors[number * n], n)
        strange = [match for match in found if match.payload != {"of": scope}]
        _require(not strange and (not exact or len(found) == n), rule, (scope, len(found), strange))
        _require(not exact or _ids(found)[0] == "p0", rule, (scope, found[:1]))
    _require(not _search(store, "nobody", vectors[0], 5) and store.count("nobody") == 0, rule, "an unknown scope")


def _where(store: VectorStore, exact: bool) -> None:
    rule = "where keeps what is equal, before the best k are taken"
    n = 120
    vectors = _random(n, 8)
    notes = [{"kind": "käse" if i % 10 == 0 else "brot", "day": i % 7, "old": i % 2 == 0} for i in range(n)]
    notes[5] = {"day": "3"}
    store.upsert("u", _names(n), vectors, notes)
    store.upsert("v", _names(3), vectors[:3], [{"kind": "käse", "day": 0, "old": True}] * 3)
    wishes: list[dict[str, Any]] = [
        {"kind": "käse"},
        {"day": 3},
        {"day": "3"},
        {"old": False},
        {"old": True, "day": 0, "kind": "käse"},
        {"kind": "KÄSE"},
        {"nothing": "of it"},
        {},
    ]
    for where in wishes:
        right = {f"p{i}" for i in range(n) if all(notes[i].get(name) == value for name, value in where.items())}
        for k in (3, _ALL):
            found = set(_ids(_search(store, "u", -vectors[0], k, where)))
            _require(found <= right, rule, (where, found - right))
            _require(not exact or len(found) == min(k, len(right)), rule, (where, k, len(found), len(right)))


def _texts(store: VectorStore, exact: bool) -> None:
    rule = "ids and payloads come back as they were written"
    ids = ["é", "e\u0301", "E", "e", "東京/🐈‍⬛", "a b\n\t", "%_*'\"\\;--", "0", "00", "x" * 300, "p.1", "#", "NULL"]
    note: dict[str, Any] = {
        "text": 'Zoë: „猫" 🐈\u2028\n',
        "list": [1, "zwei", None, 2.5, True],
        "deep": {"ß": {"": []}},
        "no": None,
    }
    vectors = _random(len(ids), 9)
    store.upsert("ü", ids, vectors, [{**note, "id": name} for name in ids])
    _require(store.count("ü") == len(ids), rule, store.count("ü"))
    for name, vector in zip(ids, vectors, strict=True):
        found = _search(store, "ü", vector, 1)
        _require(_ids(found) == [name] and found[0].payload == {**note, "id": name}, rule, (name, found))
    store.delete("ü", ids[1:2])
    _require(_ids(_search(store, "ü", vectors[0], 1)) == ids[:1], rule, ids[:2])


def _ownership(store: VectorStore, exact: bool) -> None:
    rule = "the caller's arrays and mappings stay the caller's"
    wide = np.zeros((4, 2 * _D), dtype=np.float32)
    wide[:, ::2] = _random(4, 10)
    kept = wide[:, ::2].copy()
    notes: list[dict[str, Any]] = [{"number": number} for number in range(4)]
    store.upsert("u", _names(4), wide[:, ::2], notes)
    _require(bool((wide[:, ::2] == kept).all()) and notes == _notes(4), rule, "they were changed by writing")
    wide[:] = 0
    for note in notes:
        note["number"] = -1
    frozen = kept.copy()
    frozen.setflags(write=False)
    for row in range(4):
        found = _search(store, "u", frozen[row], 1)
        _require(_ids(found) == [f"p{row}"] and found[0].payload == {"number": row}, rule, found)
    store.upsert("u", _names(4), frozen, _notes(4))


def _refusals(store: VectorStore, exact: bool) -> None:
    good = _random(4, 11)
    store.upsert("u", _names(2), good[:2], _notes(2))
    nan, infinite = good.copy(), good.copy()
    nan[1, 3] = np.nan
    infinite[1, 3] = np.inf
    short = good[:, :-1] / np.linalg.norm(good[:, :-1], axis=1, keepdims=True)
    wrong = {
        "values that are no numbers": nan,
        "infinite values": infinite,
        "another dimension": np.asarray(short, dtype=np.float32),
        "vectors that are not of unit length": good * np.float32(2),
        "vectors of length zero": good * np.float32(0),
        "fewer vectors than ids": good[:3],
    }
    fresh = ["n0", "n1", "n2", "n3"]
    for what, vectors in wrong.items():
        rule = f"{what} are refused with a ContractError, and nothing is written"
        _refuses(lambda vectors=vectors: store.upsert("u", fresh, vectors, _notes(4)), rule)  # type: ignore[misc]
        _require(store.count("u") == 2, rule, f"{store.count('u')} vectors instead of 2")
        if len(vectors) == 4:
            _refuses(lambda vectors=vectors: store.search("u", vectors[1], 3), f"{rule}, in a search")  # type: ignore[misc]
    _refuses(lambda: store.upsert("u", fresh[:2], good[:2], _notes(1)), "there is a payload for each id")
    _require(_ids(_search(store, "u", good[1], 1)) == ["p1"], "a store goes on after refusing", store.count("u"))


def _refuses(act: Callable[[], object], rule: str) -> None:
    try:
        act()
    except ContractError:
        return
    except Exception as error:
        raise ContractError(f"the vector store breaks the rule {rule!r}: it raised {error!r:.200}") from error
    _require(False, rule, "it was taken")


def _ties(store: VectorStore) -> None:
    rule = "equal scores come in order of first writing"
    twin, others = _random(1, 12), _random(40, 13)
    order = []
    for number in range(20):
        # Names and places of twins in no order of their own, at all positions of an engine's blocks.
        name = f"t{(number * 7) % 20}"
        order.append(name)
        store.upsert(
            "u", [name, f"o{number}", f"q{number}"], np.concatenate([twin, others[2 * number :][:2]]), [{}] * 3
        )
    store.upsert("u", [order[5]], twin, [{"replaced": True}])
    store.delete("u", [order[2]])
    store.upsert("u", [order[2]], twin, [{}])
    order.append(order.pop(2))
    for k in range(1, 21):
        found = _search(store, "u", twin[0], k)
        _require(_ids(found) == order[:k], rule, (_ids(found), order[:k]))
        _require(len({match.score for match in found}) == 1, "equal vectors have equal scores", found)


def _reopening(factory: Callable[[], VectorStore], reopen: Callable[[], VectorStore]) -> None:
    rule = "a store that is opened again is as it was left"
    vectors = _random(30, 14)
    vectors[10:20] = vectors[0]
    with _closing(factory()) as store:
        for scope in ("u", "v"):
            store.upsert(scope, _names(30), vectors, [{"of": scope}] * 30)
        store.delete("u", ["p12", "p20"])
        before = list(_search(store, "u", vectors[0], _ALL))
    for _ in range(2):
        with _closing(reopen()) as store:
            _require((store.count("u"), store.count("v")) == (28, 30), rule, (store.count("u"), store.count("v")))
            again = list(_search(store, "u", vectors[0], _ALL))
            _require(again == before, rule, (again, before))
            _refuses(lambda: store.upsert("u", ["x"], np.ones((1, 1), dtype=np.float32), [{}]), rule)
    with _closing(reopen()) as store:
        store.upsert("u", ["p12", "p1"], vectors[[0, 1]], [{"of": "u"}, {"of": "u"}])
        found = _ids(_search(store, "u", vectors[0], 11))
        wanted = ["p0", *(f"p{number}" for number in range(10, 20) if number != 12), "p12"]
        _require(found == wanted and store.count("u") == 29, f"{rule}, and goes on", (found, wanted))
