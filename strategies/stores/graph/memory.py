"""Graph store in the process's own memory."""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from memeval.kit.stores import GraphEdge, GraphNode
from memeval.strategies.stores.graph.base import EdgeKey, GraphBase


class _Graph:
    """One scope: every edge stands in the dictionaries of both its ends, in order of writing."""

    __slots__ = ("at", "kinds", "nodes", "of_turn", "serial", "serials")

    def __init__(self) -> None:
        self.nodes: dict[str, GraphNode] = {}
        self.serials: dict[str, int] = {}
        self.serial = 0
        self.at: dict[str, dict[EdgeKey, GraphEdge]] = {}
        self.kinds: dict[str, int] = {}
        # What a turn may be a source of: nodes by their ids, edges by their keys.
        self.of_turn: dict[str, dict[str | EdgeKey, None]] = {}

    def put_node(self, node: GraphNode, kept: Container[EdgeKey]) -> None:
        known = self.nodes.get(node.id)
        if known is None:
            self.serial += 1
            self.serials[node.id] = self.serial
            self.at[node.id] = {}
        else:
            self.kinds[known.kind] -= 1
            for key in [key for key in self.at[node.id] if key[0] == node.id and key not in kept]:
                self.drop_edge(key)
        self.nodes[node.id] = node
        self.kinds[node.kind] = self.kinds.get(node.kind, 0) + 1
        self._note(node.id, node.sources)

    def put_edge(self, edge: GraphEdge) -> None:
        key = (edge.head, edge.tail, edge.kind)
        self.at[edge.head][key] = edge
        self.at[edge.tail][key] = edge
        self._note(key, edge.sources)

    def _note(self, key: str | EdgeKey, sources: Iterable[str]) -> None:
        for source in sources:
            self.of_turn.setdefault(source, {})[key] = None

    def drop_node(self, name: str) -> set[str]:
        """Remove a node with its edges; the nodes at the other ends."""
        node = self.nodes.pop(name)
        self.kinds[node.kind] -= 1
        del self.serials[name]
        others = set()
        for key in self.at.pop(name):
            other = key[1] if key[0] == name else key[0]
            del self.at[other][key]
            others.add(other)
        return others

    def drop_edge(self, key: EdgeKey) -> None:
        for end in key[:2]:
            del self.at[end][key]


class MemoryGraph(GraphBase):
    """Dictionaries of nodes and of each node's edges: gone with the process."""

    def __init__(self) -> None:
        """Start empty."""
        self._scopes: dict[str, _Graph] = {}

    def _known(self, scope: str, new: Sequence[str], ends: Sequence[str]) -> Collection[str]:
        graph = self._scopes.get(scope)
        return graph.nodes.keys() if graph is not None else ()

    def _put(
        self, scope: str, nodes: Mapping[str, GraphNode], edges: Mapping[EdgeKey, GraphEdge], known: Collection[str]
    ) -> None:
        graph = self._scopes.setdefault(scope, _Graph())
        for node in nodes.values():
            graph.put_node(node, edges)
        for edge in edges.values():
            graph.put_edge(edge)

    def nodes(self, scope: str, ids: Sequence[str]) -> Sequence[GraphNode]:
        """The nodes that there are, in the order of their first writing."""
        graph = self._scopes.get(scope)
        if graph is None:
            return []
        known = [name for name in dict.fromkeys(ids) if name in graph.nodes]
        return [graph.nodes[name] for name in sorted(known, key=graph.serials.__getitem__)]

    def degrees(self, scope: str, ids: Sequence[str]) -> Mapping[str, int]:
        """The number of edges at each of the nodes."""
        graph = self._scopes.get(scope)
        return {} if graph is None else {name: len(graph.at[name]) for name in ids if name in graph.at}

    def neighbours(self, scope: str, ids: Sequence[str], limit: int | None = None) -> Mapping[str, Sequence[GraphEdge]]:
        """The edges at each of the nodes, the last `limit` of them."""
        graph = self._scopes.get(scope)
        if graph is None:
            return {}
        return {name: _last(graph.at[name], limit) for name in ids if name in graph.at}

    def expand(self, scope: str, ids: Sequence[str], hops: int) -> Mapping[str, int]:
        """The nodes at most `hops` edges away, by breadth-first search."""
        graph = self._scopes.get(scope)
        if graph is None:
            return {}
        found = {name: 0 for name in ids if name in graph.nodes}
        front = list(found)
        for distance in range(1, hops + 1):
            reached = []
            for name in front:
                for head, tail, _ in graph.at[name]:
                    other = tail if head == name else head
                    if other not in found:
                        found[other] = distance
                        reached.append(other)
            front = reached
        return found

    def remove(self, scope: str, ids: Sequence[str]) -> None:
        """Remove nodes with all their edges."""
        graph = self._scopes.get(scope)
        for name in ids:
            if graph is not None and name in graph.nodes:
                graph.drop_node(name)

    def forget(self, scope: str, turn_ids: Sequence[str]) -> Sequence[str]:
        """Remove what these turns are sources of; see `GraphStore`."""
        graph = self._scopes.get(scope)
        if graph is None:
            return []
        lost = set(turn_ids)
        touched: set[str] = set()
        marked = {key: None for turn in turn_ids for key in graph.of_turn.pop(turn, ())}
        for name in marked:
            # A node that was written again may have other sources now.
            if isinstance(name, str) and name in graph.nodes and not lost.isdisjoint(graph.nodes[name].sources):
                touched |= graph.drop_node(name)
        for key in marked:
            if isinstance(key, str) or key not in graph.at.get(key[0], ()):
                continue
            edge = graph.at[key[0]][key]
            left = tuple(source for source in edge.sources if source not in lost)
            if left:
                graph.put_edge(replace(edge, sources=left))
            elif edge.sources:
                graph.drop_edge(key)
                touched |= set(key[:2])
        for name in touched:
            if name in graph.nodes and not graph.at[name] and not graph.nodes[name].sources:
                graph.drop_node(name)
        return [node.id for node in self.nodes(scope, list(touched))]

    def count(self, scope: str, kind: str | None = None) -> int:
        """How many nodes the scope holds."""
        graph = self._scopes.get(scope)
        if graph is None:
            return 0
        return len(graph.nodes) if kind is None else graph.kinds.get(kind, 0)

    def stats(self) -> Mapping[str, float]:
        """Edges, and bytes of the texts held; what Python adds around them is not counted. All scopes together."""
        edges = size = 0
        for graph in self._scopes.values():
            edges += sum(map(len, graph.at.values())) // 2
            size += sum(len(node.id) + len(node.text) + sum(map(len, node.sources)) for node in graph.nodes.values())
        return {"edges": edges, "index_bytes": size + edges * _EDGE_BYTES}

    def close(self) -> None:
        """Nothing to release."""


# Two references to the ends, the weight and the two times.
_EDGE_BYTES = 40


def _last(edges: dict[EdgeKey, GraphEdge], limit: int | None) -> Sequence[GraphEdge]:
    if limit is None or len(edges) <= limit:
        return list(edges.values())
    return list(islice(reversed(edges.values()), limit))[::-1]
