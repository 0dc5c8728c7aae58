"""What every graph store refuses."""

import math
from collections.abc import Callable, Iterable

from memeval.kit.errors import ContractError
from memeval.kit.stores import GraphEdge, GraphNode
from memeval.kit.text import flaw


def check_nodes(scope: str, nodes: Iterable[GraphNode]) -> None:
    """Refuse text that some database would cut or change: with a NUL or an unpaired surrogate.

    Raises:
        ContractError: names the node.
    """
    _check(scope, "scope", scope)
    for node in nodes:
        for name, text in (("id", node.id), ("kind", node.kind), ("text", node.text)):
            _check(text, name, node.id)
        for source in node.sources:
            _check(source, "source", node.id)


def check_edges(edges: Iterable[GraphEdge], known: Callable[[str], bool]) -> None:
    """Refuse edges without two known ends, with a weight that is none, and texts as of nodes.

    Raises:
        ContractError: names the edge.
    """
    for edge in edges:
        name = f"{edge.head}-{edge.kind}-{edge.tail}"
        if edge.head == edge.tail:
            raise ContractError(f"the edge {name!r:.160} leads from a node to itself: leave it out")
        for end in (edge.head, edge.tail):
            if not known(end):
                raise ContractError(f"the edge {name!r:.160} has no node {end!r:.80}: write it in the same call")
        if not (edge.weight > 0 and math.isfinite(edge.weight)):
            raise ContractError(f"the edge {name!r:.160} has the weight {edge.weight}: give a finite number above 0")
        for part, text in (("kind", edge.kind), ("label", edge.label), *(("source", each) for each in edge.sources)):
            _check(text, part, name)


def _check(text: str, part: str, name: str) -> None:
    if reason := flaw(text):
        raise ContractError(f"the {part} of {name!r:.80} contains {reason}")
