"""What graph stores share: which nodes and edges they take."""

import math
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence

from memeval.kit.errors import ContractError
from memeval.kit.stores import GraphEdge, GraphNode
from memeval.kit.text import flaw

EdgeKey = tuple[str, str, str]


class GraphBase(ABC):
    """A store that takes only what every database takes; a subclass says how its database does each thing."""

    def upsert(self, scope: str, nodes: Sequence[GraphNode], edges: Sequence[GraphEdge]) -> None:
        """Write, all or none; see `GraphStore`.

        Raises:
            ContractError: a text that some database would cut or change, an edge without two ends or with a weight
                that is none; names the node or edge.
        """
        _check(scope, "scope", scope)
        for node in nodes:
            for part, text in (("id", node.id), ("kind", node.kind), ("text", node.text)):
                _check(text, part, node.id)
            for source in node.sources:
                _check(source, "source", node.id)
        new = {node.id: node for node in nodes}
        links = {(edge.head, edge.tail, edge.kind): edge for edge in edges}
        ends = dict.fromkeys(end for edge in edges for end in (edge.head, edge.tail))
        known = self._known(scope, list(new), [end for end in ends if end not in new])
        for edge in edges:
            _check_edge(edge, new, known)
        if new or links:
            self._put(scope, new, links, known)

    @abstractmethod
    def _known(self, scope: str, new: Sequence[str], ends: Sequence[str]) -> Collection[str]:
        """Which of `ends` the scope holds; which of `new` it does may be among them."""

    @abstractmethod
    def _put(
        self, scope: str, nodes: Mapping[str, GraphNode], edges: Mapping[EdgeKey, GraphEdge], known: Collection[str]
    ) -> None:
        """Write these, of which there is one at least, all or none; `known` is what `_known` has said."""


def _check(text: str, part: str, name: str) -> None:
    if reason := flaw(text):
        raise ContractError(f"the {part} of {name!r:.80} contains {reason}")


def _check_edge(edge: GraphEdge, new: Mapping[str, GraphNode], known: Collection[str]) -> None:
    name = f"{edge.head}-{edge.kind}-{edge.tail}"
    if edge.head == edge.tail:
        raise ContractError(f"the edge {name!r:.160} leads from a node to itself: leave it out")
    for end in (edge.head, edge.tail):
        if end not in new and end not in known:
            raise ContractError(f"the edge {name!r:.160} has no node {end!r:.80}: write it in the same call")
    if not (edge.weight > 0 and math.isfinite(edge.weight)):
        raise ContractError(f"the edge {name!r:.160} has the weight {edge.weight}: give a finite number above 0")
    for part, text in (("kind", edge.kind), ("label", edge.label), *(("source", each) for each in edge.sources)):
        _check(text, part, name)
