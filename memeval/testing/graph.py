"""The contract of a graph store as a check that any package can run on its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from memeval.kit.errors import ContractError
from memeval.kit.stores import GraphEdge, GraphNode, GraphStore

_START = datetime(2024, 3, 1, 9, 0)


def check_graph_store(factory: Callable[[], GraphStore], reopen: Callable[[], GraphStore] | None = None) -> None:
    """Run every rule of the protocol on fresh stores.

    Args:
        factory: makes an empty store; called several times.
        reopen: opens the store that `factory` made last, after it was closed; None for stores that keep nothing.

    Raises:
        ContractError: the first rule that is broken, with what was returned.
    """
    for rule in (
        _empty,
        _reading,
        _replacing,
        _limits,
        _distances,
        _removing,
        _forgetting,
        _scopes,
        _texts,
        _refusals,
    ):
        with _closing(factory()) as store:
            rule(store)
    if reopen is not None:
        _reopening(factory, reopen)


@contextmanager
def _closing(store: GraphStore) -> Iterator[GraphStore]:
    try:
        yield store
    finally:
        store.close()
        # A store is closed by everyone who was given it.
        store.close()


def _require(holds: bool, rule: str, what: object) -> None:
    if not holds:
        raise ContractError(f"the graph store breaks the rule {rule!r}: {what!r:.600}")


def _same(found: object, expected: object, rule: str) -> None:
    _require(found == expected, rule, f"{found!r:.280} is not {expected!r:.280}")


def _node(name: str, *sources: str, kind: str = "concept") -> GraphNode:
    return GraphNode(name, "passage" if sources else kind, f"text of {name}", sources)


def _edge(head: str, tail: str, *sources: str, kind: str = "mentions") -> GraphEdge:
    return GraphEdge(head, tail, kind, "", 0.5, sources, _START)


# Two passages that mention figs, one after the other, and a name that a third turn brings in.
_NODES = (_node("p1", "t1"), _node("figs"), _node("p2", "t2"), _node("ann", kind="entity"), _node("home"))
_EDGES = (
    _edge("p1", "figs", "t1"),
    _edge("p2", "figs", "t2"),
    _edge("p2", "p1", "t2", kind="follows"),
    _edge("ann", "home", "t2", "t3", kind="has"),
    GraphEdge("home", "p1", "states", "Oslo", 1.0, ("t1",), _START, _START + timedelta(days=2)),
)
_NAMES = [each.id for each in _NODES]


def _fill(store: GraphStore, scope: str = "u") -> None:
    store.upsert(scope, _NODES, _EDGES)


def _all(store: GraphStore) -> object:
    edges = store.neighbours("u", _NAMES)
    return list(store.nodes("u", _NAMES)), {name: list(found) for name, found in edges.items()}, store.count("u")


def _empty(store: GraphStore) -> None:
    rule = "an empty store holds nothing"
    store.upsert("u", [], [])
    store.remove("u", ["a"])
    store.remove("u", [])
    _same([list(store.forget("u", ["t"])), list(store.forget("u", []))], [[], []], rule)
    seen = [list(store.nodes("u", ["a"])), dict(store.degrees("u", ["a"])), dict(store.neighbours("u", ["a"]))]
    _same([*seen, dict(store.expand("u", ["a"], 2)), store.count("u")], [[], {}, {}, {}, 0], rule)


def _reading(store: GraphStore) -> None:
    _fill(store)
    names = ["home", "p2", "nobody", "p1", "p2"]
    found = store.nodes("u", names)
    _same(list(found), [_NODES[0], _NODES[2], _NODES[4]], "nodes come back as written, each once, in order of writing")
    degrees = dict(store.degrees("u", [*names, "figs"]))
    _same(degrees, {"home": 2, "p2": 2, "p1": 3, "figs": 2}, "degrees count edges in both directions")
    near = {name: list(edges) for name, edges in store.neighbours("u", names).items()}
    expected = {
        "home": [_EDGES[3], _EDGES[4]], "p2": [_EDGES[1], _EDGES[2]], "p1": [_EDGES[0], _EDGES[2], _EDGES[4]]
    }  # fmt: skip
    _same(near, expected, "neighbours are the edges in both directions, as written and in order of writing")
    store.upsert("u", [_node("alone")], [])
    _same(dict(store.neighbours("u", ["alone"])), {"alone": []}, "a node without edges has none")
    counts = [store.count("u"), store.count("u", "passage"), store.count("u", "entity"), store.count("u", "x")]
    _same(counts, [6, 2, 1, 0], "count counts nodes, by kind if asked")
    _same([list(store.nodes("u", [])), dict(store.degrees("u", []))], [[], {}], "nothing asked, nothing given")


def _replacing(store: GraphStore) -> None:
    rule = "what is known is replaced, without the edges that started at it, and keeps its place"
    _fill(store)
    again = replace(_NODES[0], text="new", sources=("t1", "t9"), verbatim=False)
    store.upsert("u", [again], [_edge("p1", "ann", "t9")])
    _same(list(store.nodes("u", ["p2", "p1"])), [again, _NODES[2]], rule)
    _same(list(store.neighbours("u", ["p1"])["p1"]), [_EDGES[2], _EDGES[4], _edge("p1", "ann", "t9")], rule)
    _same(dict(store.degrees("u", ["figs", "ann", "p1"])), {"figs": 1, "ann": 2, "p1": 3}, rule)
    newer = replace(_EDGES[2], weight=2.5, label="later", valid_to=None, valid_from=None, sources=("t2", "t4"))
    store.upsert("u", [], [newer, newer])
    _same(list(store.neighbours("u", ["p1"])["p1"])[0], newer, "an edge with known ends and kind is replaced")
    _same(store.degrees("u", ["p2"])["p2"], 2, "an edge with known ends and kind is replaced")
    store.upsert("u", [replace(_NODES[2], text="kept")], [newer, _EDGES[1]])
    _same(
        list(store.neighbours("u", ["p2"])["p2"]), [_EDGES[1], newer], "edges written with their node keep their place"
    )
    store.upsert("u", [_node("ann", "t5"), _node("ann", kind="x")], [])
    _same(
        [store.count("u", "x"), store.count("u", "passage"), store.count("u")], [1, 2, 5], "the last of several counts"
    )


def _limits(store: GraphStore) -> None:
    rule = "of many edges those written last are given"
    names = [f"n{number:03}" for number in range(150)]
    store.upsert("u", [_node("hub"), *map(_node, names)], [])
    edges = [_edge("hub", name) if number % 3 else _edge(name, "hub") for number, name in enumerate(names)]
    for start in range(0, 150, 50):
        store.upsert("u", [], edges[start : start + 50])
    for limit in (0, 1, 7, 149, 150, 1_000, None):
        expected = edges if limit is None else edges[max(0, 150 - limit) :]
        found = store.neighbours("u", ["hub", "n003"], limit)
        _same(list(found["hub"]), expected, rule)
        _same(list(found["n003"]), [edges[3]] if limit != 0 else [], rule)


def _distances(store: GraphStore) -> None:
    rule = "expand gives the shortest distances"
    names = [f"n{number}" for number in range(8)]
    chain = [_edge(first, second) for first, second in zip(names, names[1:], strict=False)]
    store.upsert("u", [*map(_node, names), _node("island")], [*chain, _edge("n5", "n1"), _edge("n2", "n0", kind="x")])
    _same(dict(store.expand("u", ["n0"], 0)), {"n0": 0}, rule)
    _same(dict(store.expand("u", ["n0", "who"], 2)), {"n0": 0, "n1": 1, "n2": 1, "n3": 2, "n5": 2}, rule)
    two = {"n0": 0, "n6": 0, "n1": 1, "n2": 1, "n5": 1, "n7": 1, "n3": 2, "n4": 2}
    _same(dict(store.expand("u", ["n6", "n0"], 2)), two, rule)
    _same(dict(store.expand("u", ["island"], 5)), {"island": 0}, rule)


def _removing(store: GraphStore) -> None:
    rule = "a removed node takes its edges along, and no other node"
    _fill(store)
    store.remove("u", ["p1", "nobody", "p1"])
    _same(dict(store.neighbours("u", ["p1", "figs", "home"])), {"figs": [_EDGES[1]], "home": [_EDGES[3]]}, rule)
    _same(dict(store.degrees("u", ["p2", "figs", "home"])), {"p2": 1, "figs": 1, "home": 1}, rule)
    store.remove("u", ["p2"])
    _same([store.degrees("u", ["figs"])["figs"], store.count("u")], [0, 3], rule)
    store.upsert("u", [_NODES[0]], [_EDGES[0]])
    _same(list(store.nodes("u", ["home", "p1"])), [_NODES[4], _NODES[0]], "a removed node can be written again, as new")


def _forgetting(store: GraphStore) -> None:
    rule = "forget removes what the turns made and what nothing is left of"
    _fill(store)
    touched = store.forget("u", ["t2", "never"])
    _same(list(store.nodes("u", ["p1", "p2", "figs", "ann"])), [_NODES[0], _NODES[1], _NODES[3]], rule)
    _same(list(touched), ["p1", "figs"], "forget names the nodes left that have lost an edge, in order of writing")
    _same(list(store.neighbours("u", ["ann"])["ann"]), [replace(_EDGES[3], sources=("t3",))], rule)
    _same(dict(store.degrees("u", ["p1", "figs", "ann"])), {"p1": 2, "figs": 1, "ann": 1}, rule)
    _same(list(store.forget("u", ["t1"])), ["home"], rule)
    _same(list(store.nodes("u", ["p1", "figs", "home", "ann"])), [_NODES[3], _NODES[4]], rule)
    _same([list(store.forget("u", ["t1", "t2"])), store.count("u")], [[], 2], rule)
    _same([list(store.forget("u", ["t3"])), store.count("u")], [[], 0], rule)


def _scopes(store: GraphStore) -> None:
    rule = "scopes do not see each other"
    names = [f"tenant {number}" for number in range(50)]
    for name in names:
        _fill(store, name)
        store.upsert(name, [_node(name)], [_edge(name, "figs", name)])
    store.remove(names[7], ["figs"])
    store.forget(names[9], ["t1", "t2", "t3", names[9]])
    for name in names:
        count = {names[7]: 5, names[9]: 0}.get(name, 6)
        _same([store.count(name), store.count(name, "passage")], [count, 0 if name == names[9] else 2], rule)
        figs = [] if name in (names[7], names[9]) else [_EDGES[0], _EDGES[1], _edge(name, "figs", name)]
        _same(list(store.neighbours(name, ["figs"]).get("figs", [])), figs, rule)
        others = [other for other in names if other != name]
        _same([list(store.nodes(name, others)), dict(store.degrees(name, others))], [[], {}], rule)
        far = {*store.expand(name, ["p1"], 4)}
        _require(not far & set(others), rule, far)
    _same([store.count("tenant"), store.count("tenant 5%")], [0, 0], rule)


def _texts(store: GraphStore) -> None:
    rule = "any text comes back as it was written"
    texts = [
        "",
        " ",
        "Zoë's crème brûlée",
        "東京 🐈‍⬛",
        "e\u0301",
        "a\nb\tc",
        "q ' \" \\ % _ -- ; $x {y: 1}",
        "x" * 10_000,
    ]
    for text in texts:
        node = GraphNode(f"n{text}", text[:50], text, (text[:40],))
        edge = GraphEdge(node.id, "end", text[:50], text, 0.25, (text[:40],), _START, _START)
        store.upsert(text[:60], [GraphNode("end", "x"), node], [edge])
        _same(list(store.nodes(text[:60], [node.id])), [node], rule)
        _same(list(store.neighbours(text[:60], [node.id])[node.id]), [edge], rule)
    store.upsert("v", [_node("name")], [])
    _same(list(store.nodes("v", ["NAME", "name ", "nam"])), [], "ids are exact")


def _refusals(store: GraphStore) -> None:
    rule = "NUL, unpaired surrogates and edges without two ends are refused, and nothing of the call is written"
    _fill(store)
    before = _all(store)
    good = _node("new")
    bad: list[tuple[list[GraphNode], list[GraphEdge]]] = [
        ([good], [_edge("new", "nobody")]),
        ([good], [_edge("nobody", "new")]),
        ([good], [_edge("new", "new")]),
        ([replace(_NODES[0], text="changed"), good], [replace(_edge("new", "p1"), weight=0.0)]),
        ([good], [replace(_edge("new", "p1"), weight=float("nan"))]),
    ]
    for text in ("NUL \0 inside", "surrogate \ud800 alone"):
        nodes = (replace(good, id=text), replace(good, kind=text), replace(good, text=text))
        bad += [([good, node], []) for node in nodes]
        bad += [([good, replace(good, sources=(text,))], []), ([good], [replace(_edge("new", "p1"), sources=(text,))])]
        bad += [([good], [edge]) for edge in (_edge("new", "p1", kind=text), replace(_edge("new", "p1"), label=text))]
    for call in bad:
        try:
            store.upsert("u", *call)
        except ContractError:
            _same(_all(store), before, rule)
        else:
            _require(False, rule, call)


def _reopening(factory: Callable[[], GraphStore], reopen: Callable[[], GraphStore]) -> None:
    rule = "what was written is there after reopening"
    with _closing(factory()) as store:
        _fill(store)
        before = _all(store)
    with _closing(reopen()) as store:
        _same(_all(store), before, rule)
        store.upsert("u", [_node("new")], [_edge("new", "p1")])
        _same(list(store.nodes("u", ["new", "home"])), [_NODES[4], _node("new")], "order of writing goes on")
        _same(list(store.neighbours("u", ["p1"])["p1"])[-1], _edge("new", "p1"), "order of writing goes on")
        store.forget("u", ["t1", "t2"])
        after = _all(store)
    with _closing(reopen()) as store:
        _same(_all(store), after, "what was forgotten stays forgotten after reopening")
