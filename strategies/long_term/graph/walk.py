"""Random walks from the nodes of a query, close to them: nothing here touches the whole graph."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from math import log

from memeval.kit.stores import GraphEdge, GraphStore
from memeval.strategies.long_term.graph.ids import PASSAGE

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
        self._rarities: dict[int, float] = {}
        self._shares: dict[str, list[tuple[str, float]]] = {}

    def degrees(self, names: Sequence[str]) -> Mapping[str, int]:
        """The degrees of nodes; 0 for those that are not there."""
        missing = [name for name in names if name not in self._degrees]
        if missing:
            known = self._store.degrees(self._scope, missing)
            for name in missing:
                self._degrees[name] = known.get(name, 0)
        return self._degrees

    def rarity(self, degree: int) -> float:
        """Inverse document frequency in the form of BM25 (Robertson and Zaragoza 2009, section 3.1), above 0."""
        known = self._rarities.get(degree)
        if known is None:
            # Relations add to the degree of a name, which may so have more edges than there are passages.
            frequency = min(degree, self._passages)
            known = self._rarities[degree] = log(1 + (self._passages - frequency + 0.5) / (frequency + 0.5))
        return known

    def shares(self, names: Sequence[str]) -> Mapping[str, list[tuple[str, float]]]:
        """Where a walk goes from each of the nodes, with probabilities that sum up to at most 1."""
        missing = [name for name in names if name not in self._shares]
        if not missing:
            return self._shares
        fetched = self._store.neighbours(self._scope, missing, self.fan_out)
        ask: dict[str, None] = dict.fromkeys(missing)
        for name in missing:
            if name.startswith(PASSAGE):
                ask.update((edge.tail if edge.head == name else edge.head, None) for edge in fetched[name])
        self.degrees(list(ask))
        for name in missing:
            edges = fetched[name]
            walked = [edge for edge in edges if self._holds(edge)] if self._timed else edges
            if name.startswith(PASSAGE):
                self._shares[name] = self._from_passage(name, walked)
                continue
            total = sum([edge.weight for edge in walked])
            # What belongs to edges that are not walked is lost, or a name told of daily would seem a rare one.
            part = len(edges) / max(self._degrees[name], 1) / (total or 1.0)
            self._shares[name] = [
                (edge.tail if edge.head == name else edge.head, part * edge.weight) for edge in walked
            ]
        return self._shares

    def _from_passage(self, name: str, edges: Sequence[GraphEdge]) -> list[tuple[str, float]]:
        """To the neighbours in time `follow`; the rest to what it is about, by the square of its rarity."""
        beside, about = [], []
        total = 0.0
        for edge in edges:
            other = edge.tail if edge.head == name else edge.head
            if edge.kind == "follows":
                beside.append(other)
            else:
                weight = self.rarity(self._degrees[other]) ** 2
                total += weight
                about.append((other, weight))
        follow = self._follow if beside else 0.0
        part = (1 - follow) / (total or 1.0)
        shares = [(other, part * weight) for other, weight in about]
        return shares + [(other, follow / len(beside)) for other in beside]

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
    residual: dict[str, float] = {}
    kept: dict[str, float] = {}
    moved = {name: mass / total for name, mass in seeds.items()}
    while moved:
        large = []
        for name, mass in moved.items():
            mass += residual.get(name, 0.0)
            residual[name] = mass
            if mass >= tolerance:
                large.append(name)
        degrees = near.degrees(large)
        front = [name for name in large if residual[name] >= tolerance * min(degrees[name], near.fan_out)]
        shares = near.shares(front)
        moved = {}
        for name in front:
            mass = residual.pop(name)
            kept[name] = kept.get(name, 0.0) + (1 - damping) * mass
            mass *= damping
            for other, share in shares[name]:
                moved[other] = moved.get(other, 0.0) + mass * share
    for name, mass in residual.items():
        kept[name] = kept.get(name, 0.0) + (1 - damping) * mass
    return {name: _rounded(mass) for name, mass in kept.items() if mass > 0 and name.startswith(PASSAGE)}


def hops(store: GraphStore, scope: str, seeds: Mapping[str, float], reach: int, decay: float) -> dict[str, float]:
    """Passages at most `reach` edges away from `seeds`: each seed gives its mass, times `decay` for each further edge.

    A seed gives its whole mass to its neighbours, or, where it is a passage, to itself.

    Args:
        store: holds the graph.
        scope: whose graph.
        seeds: the nodes of the query with their mass.
        reach: how many edges.
        decay: 0 to 1.
    """
    found: dict[str, float] = {}
    for seed, mass in seeds.items():
        whole = 0 if seed.startswith(PASSAGE) else 1
        for name, distance in store.expand(scope, [seed], reach).items():
            if name.startswith(PASSAGE):
                found[name] = found.get(name, 0.0) + mass * decay ** max(0, distance - whole)
    return {name: _rounded(mass) for name, mass in found.items() if mass > 0}


def _rounded(mass: float) -> float:
    # Sums of the same masses in another order differ in the last digits, and equal scores keep the order of writing.
    return float(f"{mass:.{_DIGITS}g}")
