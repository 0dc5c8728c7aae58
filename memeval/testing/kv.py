"""The contract of a key-value store as a check that any package can run on its own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from memeval.kit.errors import ContractError
from memeval.kit.stores import Entry, KeyValueStore

_START = datetime(2024, 3, 1, 9, 0)


def check_kv_store(factory: Callable[[], KeyValueStore], reopen: Callable[[], KeyValueStore] | None = None) -> None:
    """Run every rule of the protocol on fresh stores.

    Args:
        factory: makes an empty store; called several times.
        reopen: opens the store that `factory` made last, after it was closed; None for stores that keep nothing.

    Raises:
        ContractError: the first rule that is broken, with what was returned.
    """
    for rule in (
        _empty,
        _superseding,
        _slots,
        _same_value,
        _out_of_order,
        _undated,
        _scopes,
        _texts,
        _refusals,
        _limits,
    ):
        with _closing(factory()) as store:
            rule(store)
    if reopen is not None:
        _reopening(factory, reopen)


@contextmanager
def _closing(store: KeyValueStore) -> Iterator[KeyValueStore]:
    try:
        yield store
    finally:
        store.close()
        # A store is closed by everyone who was given it.
        store.close()


def _require(holds: bool, rule: str, what: object) -> None:
    if not holds:
        raise ContractError(f"the key-value store breaks the rule {rule!r}: {what!r:.600}")


def _entry(value: str, day: int | None = None, key: str = "ann/home", slot: str = "", source: str = "") -> Entry:
    time = None if day is None else _START + timedelta(days=day)
    return Entry(key, slot, value, time, (source or f"t{day}",))


def _values(entries: Sequence[Entry]) -> list[str]:
    return [entry.value for entry in entries]


def _empty(store: KeyValueStore) -> None:
    rule = "an empty store holds nothing"
    store.upsert("u", [])
    store.delete("u", ["ann/home"])
    store.delete("u", [])
    seen = [list(store.get("u", "ann/home")), list(store.history("u", "ann/home")), list(store.keys("u"))]
    _require(seen == [[], [], []] and store.count("u") == 0, rule, seen)


def _superseding(store: KeyValueStore) -> None:
    store.upsert("u", [_entry("Oslo", 0)])
    store.upsert("u", [_entry("Bergen", 1), _entry("Oslo", 2)])
    got = store.get("u", "ann/home")
    _require(
        list(got) == [Entry("ann/home", "", "Oslo", _START + timedelta(days=2), ("t2",), True)],
        "the newest value of a slot is the current one",
        got,
    )
    history = store.history("u", "ann/home")
    _require(_values(history) == ["Oslo", "Bergen", "Oslo"], "history keeps every value, newest first", history)
    _require([entry.current for entry in history] == [True, False, False], "history says what is current", history)
    _require(history[2].sources == ("t0",), "history keeps its own sources", history)
    _require(store.count("u") == 3, "count includes history", store.count("u"))
    store.delete("u", ["ann/home"])
    left = [list(store.get("u", "ann/home")), list(store.history("u", "ann/home")), list(store.keys("u"))]
    _require(left == [[], [], []] and store.count("u") == 0, "delete removes a key with its history", left)
    store.upsert("u", [_entry("Tromsø", 1)])
    got = store.get("u", "ann/home")
    _require(_values(got) == ["Tromsø"], "a deleted key can be written again", got)


def _slots(store: KeyValueStore) -> None:
    rule = "slots of a key stand side by side"
    store.upsert("u", [_entry("likes tea", 0, "ann/taste", "tea"), _entry("likes figs", 1, "ann/taste", "figs")])
    store.upsert("u", [_entry("hates tea", 2, "ann/taste", "tea")])
    got = store.get("u", "ann/taste")
    _require(_values(got) == ["hates tea", "likes figs"], rule, got)
    _require([entry.slot for entry in got] == ["tea", "figs"], rule, got)
    history = store.history("u", "ann/taste")
    _require(_values(history) == ["hates tea", "likes figs", "likes tea"], rule, history)
    store.upsert("u", [_entry("x", 3, "ann/home"), _entry("y", 4, "ann/taste", "z")])
    _require(list(store.keys("u")) == ["ann/taste", "ann/home"], "keys in order of first writing", store.keys("u"))


def _same_value(store: KeyValueStore) -> None:
    rule = "a value written again unites its sources and takes the later time"
    store.upsert("u", [_entry("figs", 0, slot="figs"), _entry("tea", 1, slot="tea")])
    for _ in range(2):
        store.upsert("u", [_entry("figs", 2, slot="figs")])
        got = store.get("u", "ann/home")
        _require(_values(got) == ["figs", "tea"] and store.count("u") == 2, rule, got)
        _require(got[0].sources == ("t0", "t2") and got[0].time == _START + timedelta(days=2), rule, got)
    store.upsert("u", [_entry("figs", 1, slot="figs", source="late")])
    got = store.get("u", "ann/home")
    _require(got[0].sources == ("t0", "t2", "late") and got[0].time == _START + timedelta(days=2), rule, got)


def _out_of_order(store: KeyValueStore) -> None:
    rule = "an older value that is written later is history"
    store.upsert("u", [_entry("Bergen", 5), _entry("Oslo", 1)])
    got, history = store.get("u", "ann/home"), store.history("u", "ann/home")
    _require(_values(got) == ["Bergen"], rule, got)
    _require([(each.value, each.current) for each in history] == [("Bergen", True), ("Oslo", False)], rule, history)
    store.upsert("u", [_entry("b", 9, "k", "2"), _entry("a", 3, "k", "1"), _entry("c", 6, "k", "3")])
    _require(_values(store.get("u", "k")) == ["b", "c", "a"], "newest first, whatever the order of writing", "k")


def _undated(store: KeyValueStore) -> None:
    rule = "without times the later written is the newer"
    store.upsert("u", [_entry("Oslo"), _entry("Bergen"), _entry("a", None, "k", "1"), _entry("b", None, "k", "2")])
    got = [_values(store.get("u", "ann/home")), _values(store.get("u", "k"))]
    _require(got == [["Bergen"], ["b", "a"]], rule, got)
    store.upsert("u", [_entry("Tromsø", 4)])
    store.upsert("u", [_entry("Bodø")])
    history = store.history("u", "ann/home")
    _require(_values(history) == ["Bodø", "Tromsø", "Bergen", "Oslo"], rule, history)
    _require(history[0].time is None, "a value without a time gets none", history)


def _scopes(store: KeyValueStore) -> None:
    rule = "scopes do not see each other"
    names = [f"tenant {number}" for number in range(50)]
    for name in names:
        store.upsert(name, [_entry(f"home of {name}", 0), _entry("figs", 1, "ann/taste", "figs", source=name)])
    store.delete(names[7], ["ann/home"])
    for name in names:
        expected = [] if name == names[7] else [f"home of {name}"]
        _require(_values(store.get(name, "ann/home")) == expected, rule, name)
        _require(_values(store.history(name, "ann/home")) == expected, rule, name)
        _require(store.get(name, "ann/taste")[0].sources == (name,), rule, name)
        _require(store.count(name) == len(expected) + 1, rule, name)
    _require(not store.get("tenant", "ann/home") and not store.keys("tenant 5%"), rule, "a part of a name")


def _texts(store: KeyValueStore) -> None:
    rule = "any text comes back as it was written"
    texts = ["", "Zoë's crème brûlée", "東京 🐈‍⬛", "e\u0301", "a\nb\tc", "quote ' \" \\ % _ -- ;", "x" * 100_000]
    for number, text in enumerate(texts):
        key = f"key {text[:40]}"
        store.upsert("u", [Entry(key, text[:50], text, _START, (text[:40],))])
        got = store.get("u", key)
        _require(list(got) == [Entry(key, text[:50], text, _START, (text[:40],))], rule, got)
        _require(store.count("u") == number + 1, rule, store.count("u"))
    store.upsert("u", [Entry("key", "", "v", None, ())])
    _require(not store.get("u", "KEY") and not store.get("u", "key  "), "keys are exact", "case and spaces")


def _refusals(store: KeyValueStore) -> None:
    rule = "NUL and unpaired surrogates are refused, and nothing of the call is written"
    for bad in ("NUL \0 inside", "surrogate \ud800 alone"):
        for entry in (
            Entry(bad, "", "v", None, ()),
            Entry("k", bad, "v", None, ()),
            Entry("k", "", bad, None, ()),
            Entry("k", "", "v", None, (bad,)),
        ):
            try:
                store.upsert("u", [_entry("Oslo", 0), entry])
            except ContractError:
                _require(store.count("u") == 0 and not store.keys("u"), rule, entry)
            else:
                _require(False, rule, entry)


def _limits(store: KeyValueStore) -> None:
    rule = "get gives the newest `limit` values"
    store.upsert("u", [_entry(f"v{number}", number, "k", f"s{number}") for number in range(120)])
    for limit in (0, 1, 5, 500, None):
        expected = [f"v{number}" for number in reversed(range(120))][:limit]
        _require(_values(store.get("u", "k", limit)) == expected, rule, limit)


def _reopening(factory: Callable[[], KeyValueStore], reopen: Callable[[], KeyValueStore]) -> None:
    rule = "what was written is there after reopening"
    with _closing(factory()) as store:
        store.upsert("u", [_entry("Oslo", 0), _entry("Bergen", 1), _entry("figs", 2, "ann/taste", "figs")])
        before = [store.history("u", key) for key in store.keys("u")]
    with _closing(reopen()) as store:
        after = [store.history("u", key) for key in store.keys("u")]
        _require([list(each) for each in before] == [list(each) for each in after], rule, after)
        store.upsert("u", [_entry("Tromsø", 3)])
        history = store.history("u", "ann/home")
        _require(_values(history) == ["Tromsø", "Bergen", "Oslo"], rule, history)
        _require(store.count("u") == 4, rule, store.count("u"))
