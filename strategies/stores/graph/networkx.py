"""Graph store over networkx, in the process's own memory."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from memeval.kit.stores import GraphEdge, GraphNode
from memeval.strategies.stores.clients.remote import client
from memeval.strategies.stores.graph.base import EdgeKey, GraphBase


class NetworkxGraph(GraphBase):
    """A MultiDiGraph for each scope, whose edges are known by head, tail and kind: gone with the process."""

    def __init__(self) -> None:
        """Start empty.

        Raises:
            ModelError: networkx is not installed.
        """
        self._networkx = client("networkx", "graph_store=networkx", "networkx")
        self._scopes: dict[str, Any] = {}
        self._serial = 0

    def graph(self, scope: str) -> Any:
        """The scope's MultiDiGraph, to look at with all of networkx.

        Nodes and edges hold what was written as `node` and `edge`, and their order of writing as `serial`; an edge's
        key is its kind.
        """
        return self._scopes.get(scope) or self._networkx.MultiDiGraph()

    def _known(self, scope: str, new: Sequence[str], ends: Sequence[str]) -> Collection[str]:
        nodes: Collection[str] = self.graph(scope).nodes
        return nodes

    def _put(
        self, scope: str, nodes: Mapping[str, GraphNode], edges: Mapping[EdgeKey, GraphEdge], known: Collection[str]
    ) -> None:
        if scope not in self._scopes:
            self._scopes[scope] = self._networkx.MultiDiGraph()
        graph = self._scopes[scope]
        for name, node in nodes.items():
            if name in graph:
                graph.remove_edges_from([key for key in graph.out_edges(name, keys=True) if key not in edges])
                graph.nodes[name]["node"] = node
            else:
                graph.add_node(name, node=node, serial=self._next())
        for key, edge in edges.items():
            if graph.has_edge(*key):
                graph.edges[key]["edge"] = edge
            else:
                graph.add_edge(*key, edge=edge, serial=self._next())

    def _next(self) -> int:
        self._serial += 1
        return self._serial

    def nodes(self, scope: str, ids: Sequence[str]) -> Sequence[GraphNode]:
        """The nodes that there are, in the order of their first writing."""
        graph = self.graph(scope)
        found = [graph.nodes[name] for name in dict.fromkeys(ids) if name in graph]
        return [held["node"] for held in sorted(found, key=lambda held: int(held["serial"]))]

    def degrees(self, scope: str, ids: Sequence[str]) -> Mapping[str, int]:
        """The number of edges at each of the nodes."""
        graph = self.graph(scope)
        return {name: graph.degree(name) for name in ids if name in graph}

    def neighbours(self, scope: str, ids: Sequence[str], limit: int | None = None) -> Mapping[str, Sequence[GraphEdge]]:
        """The edges at each of the nodes, the last `limit` of them."""
        graph = self.graph(scope)
        found = {}
        for name in ids:
            if name in graph:
                edges = [
                    (held["serial"], held["edge"])
                    for around in (graph.out_edges, graph.in_edges)
                    for *_, held in around(name, data=True)
                ]
                edges.sort(key=lambda item: int(item[0]))
                found[name] = [edge for _, edge in (edges if limit is None else edges[max(0, len(edges) - limit) :])]
        return found

    def expand(self, scope: str, ids: Sequence[str], hops: int) -> Mapping[str, int]:
        """The nodes at most `hops` edges away, by networkx's breadth-first search from each of `ids`."""
        around = self.graph(scope).to_undirected(as_view=True)
        found: dict[str, int] = {}
        for start in ids:
            if start in around:
                lengths = self._networkx.single_source_shortest_path_length(around, start, cutoff=hops)
                for name, distance in lengths.items():
                    found[name] = min(distance, found.get(name, distance))
        return found

    def remove(self, scope: str, ids: Sequence[str]) -> None:
        """Remove nodes with all their edges."""
        self.graph(scope).remove_nodes_from(list(ids))

    def forget(self, scope: str, turn_ids: Sequence[str]) -> Sequence[str]:
        """Remove what these turns are sources of, found by a scan; see `GraphStore`."""
        lost = frozenset(turn_ids)
        graph = self.graph(scope)
        made = [name for name, node in graph.nodes(data="node") if not lost.isdisjoint(node.sources)]
        touched = {other for name in made for other in self._networkx.all_neighbors(graph, name)}
        graph.remove_nodes_from(made)
        touched |= _ends(self._forget_edges(graph, lost))
        bare = [
            name
            for name in touched
            if name in graph and not graph.degree(name) and not graph.nodes[name]["node"].sources
        ]
        graph.remove_nodes_from(bare)
        return [node.id for node in self.nodes(scope, list(touched))]

    def _forget_edges(self, graph: Any, lost: Collection[str]) -> list[EdgeKey]:
        """The edges that none of their sources is left of."""
        gone = []
        for head, tail, kind, edge in graph.edges(keys=True, data="edge"):
            left = tuple(source for source in edge.sources if source not in lost)
            if edge.sources and not left:
                gone.append((head, tail, kind))
            elif left != edge.sources:
                graph.edges[head, tail, kind]["edge"] = replace(edge, sources=left)
        graph.remove_edges_from(gone)
        return gone

    def count(self, scope: str, kind: str | None = None) -> int:
        """How many nodes the scope holds; of one kind by a scan."""
        graph = self.graph(scope)
        if kind is None:
            return len(graph)
        return sum(node.kind == kind for _, node in graph.nodes(data="node"))

    def stats(self) -> Mapping[str, float]:
        """Edges, all scopes together."""
        return {"edges": sum(graph.number_of_edges() for graph in self._scopes.values())}

    def close(self) -> None:
        """Nothing to release."""


def _ends(keys: Iterable[EdgeKey]) -> set[str]:
    return {end for key in keys for end in key[:2]}
