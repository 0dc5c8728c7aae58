"""Random walks from the nodes of a query, close to them: nothing here touches the whole graph."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from math import log

from memeval.strategies.long_term.graph.ids import PASSAGE
from memeval.types import GraphEdge, GraphStore

_DIGITS = 12


class Near:
    """What a query has seen of the graph, each node fetched once."""

    def __init__(
        self,
        store: GraphStore,
        scope: str,
        passages: int,
        fan_out: int,
        follow: float,
        at: datetime | None,
        timed: bool,
    ) -> None:
        """Look at a scope.

        Args:
            store: holds the graph.
            scope: whose graph.
            passages: how many passages the scope holds.
            fan_out: at most so many edges of a node are walked, those written last.
            follow: part of a passage's mass that goes to the passages said before and after it.
            at: the day of the query; None: after everything.
            timed: leave out edges that are not yet valid, or no longer.
        """
        self._store = store
        self._scope = scope
        self._passages = passages
        self.fan_out = fan_out
        self._follow = follow
        self._until = datetime.combine(at.date(), time.max) if at is not None else None
        self._timed = timed
        self._degrees: dict[str, int] = {}
        self._shares: dict[str, list[tuple[str, float]]] = {}

    def degrees(self, names: Sequence[str]) -> Mapping[str, int]:
        """The degrees of nodes; 0 for those that are not there."""
        missing = [name for name in names if name not in self._degrees]
        if missing:
            known = self._store.degrees(self._scope, missing)
            self._degrees.update((name, known.get(name, 0)) for name in missing)
        return self._degrees

    def rarity(self, degree: int) -> float:
        """Inverse document frequency in the form of BM25 (Robertson and Zaragoza 2009, section 3.1), above 0."""
        degree = min(degree, self._passages)
        return log(1 + (self._passages - degree + 0.5) / (degree + 0.5))

    def shares(self, names: Sequence[str]) -> Mapping[str, list[tuple[str, float]]]:
        """Where a walk goes from each of the nodes, with probabilities that sum up to at most 1."""
        missing = [name for name in names if name not in self._shares]
        if not missing:
            return self._shares
        fetched = self._store.neighbours(self._scope, missing, self.fan_out)
        ends: dict[str, list[tuple[str, GraphEdge]]] = {}
        ask: dict[str, None] = dict.fromkeys(missing)
        for name in missing:
            edges = fetched.get(name, ())
            if self._timed:
                edges = [edge for edge in edges if self._holds(edge)]
            ends[name] = [(edge.tail if edge.head == name else edge.head, edge) for edge in edges]
            if name.startswith(PASSAGE):
                ask.update((other, None) for other, edge in ends[name] if edge.kind != "follows")
        self.degrees(list(ask))
        for name in missing:
            fetched_all = max(self._degrees[name], 1)
            seen = len(fetched.get(name, ())) / fetched_all
            if name.startswith(PASSAGE):
                self._shares[name] = self._from_passage(ends[name])
            else:
                total = sum(edge.weight for _, edge in ends[name]) or 1.0
                self._shares[name] = [(other, seen * edge.weight / total) for other, edge in ends[name]]
        return self._shares

    def _from_passage(self, ends: Sequence[tuple[str, GraphEdge]]) -> list[tuple[str, float]]:
        """To the neighbours in time `follow`; the rest to what it is about, by the square of its rarity."""
        beside = [other for other, edge in ends if edge.kind == "follows"]
        follow = self._follow if beside else 0.0
        about = [(other, self.rarity(self._degrees[other]) ** 2) for other, edge in ends if edge.kind != "follows"]
        total = sum(weight for _, weight in about) or 1.0
        shares = [(other, (1 - follow) * weight / total) for other, weight in about]
        if follow:
            shares += [(other, follow / len(beside)) for other in beside]
        return shares

    def _holds(self, edge: GraphEdge) -> bool:
        if self._until is None:
            return edge.valid_to is None
        if edge.valid_to is not None and edge.valid_to <= self._until:
            return False
        return edge.valid_from is None or edge.valid_from <= self._until


def pagerank(near: Near, seeds: Mapping[str, float], damping: float, tolerance: float) -> dict[str, float]:
    """Personalised PageRank (Haveliwala 2002) of the passages around `seeds`, by forward push.

    Andersen, Chung and Lang 2006, section 3: a node passes its residual on while it is at least `tolerance` times its
    degree, so that the work is bounded by 1 / (tolerance * (1 - damping)) edges, however large the graph. All such
    nodes push at once, round by round, so that a round is one call of the store. What a passage still holds back counts
    with the part that it would have kept.

    Args:
        near: the graph.
        seeds: restart probabilities, any scale.
        damping: probability to walk on, 0 to 1.
        tolerance: smaller is closer to the exact result and slower.
    """
    total = sum(seeds.values())
    residual = {name: mass / total for name, mass in seeds.items()}
    kept: dict[str, float] = {}
    near.degrees(list(residual))
    while True:
        front = _above(near, residual, tolerance)
        if not front:
            break
        moved: dict[str, float] = {}
        shares = near.shares(front)
        for name in front:
            mass = residual.pop(name)
            kept[name] = kept.get(name, 0.0) + (1 - damping) * mass
            mass *= damping
            for other, share in shares[name]:
                moved[other] = moved.get(other, 0.0) + mass * share
        for name, mass in moved.items():
            residual[name] = residual.get(name, 0.0) + mass
    for name, mass in residual.items():
        kept[name] = kept.get(name, 0.0) + (1 - damping) * mass
    return {name: _rounded(mass) for name, mass in kept.items() if mass > 0 and name.startswith(PASSAGE)}


def _above(near: Near, residual: Mapping[str, float], tolerance: float) -> list[str]:
    large = [name for name, mass in residual.items() if mass >= tolerance]
    degrees = near.degrees(large)
    return [name for name in large if residual[name] >= tolerance * max(1, min(degrees[name], near.fan_out))]


def hops(store: GraphStore, scope: str, seeds: Mapping[str, float], reach: int, decay: float) -> dict[str, float]:
    """Passages at most `reach` edges away from `seeds`: each seed gives its mass, times `decay` for each further edge.

    Args:
        store: holds the graph.
        scope: whose graph.
        seeds: the nodes of the query with their mass.
        reach: how many edges.
        decay: 0 to 1.
    """
    found: dict[str, float] = {}
    for seed, mass in seeds.items():
        for name, distance in store.expand(scope, [seed], reach).items():
            if name.startswith(PASSAGE):
                found[name] = found.get(name, 0.0) + mass * decay ** max(0, distance - 1)
    return {name: _rounded(mass) for name, mass in found.items() if mass > 0}


def _rounded(mass: float) -> float:
    # Sums of the same masses in another order differ in the last digits, and equal scores keep the order of writing.
    return float(f"{mass:.{_DIGITS}g}")
