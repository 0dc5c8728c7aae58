"""A graph store in Cypher, for every database that speaks it: what is asked and written, one query a call."""

import hashlib
import uuid
from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from memeval.kit.stores import GraphEdge, GraphNode
from memeval.kit.text import stamp, time_of
from memeval.strategies.stores.graph.base import EdgeKey, GraphBase

Statement = tuple[str, Mapping[str, Any]]

# @ stands for the label. A key is a digest of scope and id, since an index takes no text of any length. The order of
# writing comes from a counter, one a scope: it is locked first, so that writers of one scope wait for each other.
_COUNT_ON = "MERGE (m:@ {key: $counter}) ON CREATE SET m.serial = 0 SET m.serial = m.serial + $more"
_UNLINK = (
    "UNWIND $rows AS r MATCH (a:@ {key: r.key})-[e:MEMEVAL]->() WHERE NOT e.key IN r.kept "
    "DELETE e"
)  # fmt: skip
_PUT = (
    "MATCH (m:@ {key: $counter}) UNWIND $rows AS r "
    "MERGE (n:@ {key: r.key}) ON CREATE SET n.scope = $scope, n.id = r.id, n.serial = m.serial - r.before "
    "SET n.kind = r.kind, n.text = r.text, n.sources = r.sources, n.verbatim = r.verbatim"
)
_LINK = (
    "MATCH (m:@ {key: $counter}) UNWIND $rows AS r "
    "MATCH (a:@ {key: r.head}) MATCH (b:@ {key: r.tail}) "
    "MERGE (a)-[e:MEMEVAL {key: r.key}]->(b) ON CREATE SET e.serial = m.serial - r.before, e.kind = r.kind "
    "SET e.label = r.label, e.weight = r.weight, e.sources = r.sources, e.valid_from = r.valid_from, "
    "e.valid_to = r.valid_to"
)
_KNOWN = "UNWIND $keys AS key MATCH (n:@ {key: key}) RETURN n.id"
_GET = (
    "UNWIND $keys AS key MATCH (n:@ {key: key}) "
    "RETURN n.serial, n.id, n.kind, n.text, n.sources, n.verbatim"
)  # fmt: skip
_DEGREES = "UNWIND $keys AS key MATCH (n:@ {key: key}) RETURN n.id, #degree"
_NEIGHBOURS = (
    "UNWIND $keys AS key MATCH (n:@ {key: key}) OPTIONAL MATCH (n)-[e:MEMEVAL]-() WITH n, e ORDER BY e.serial DESC "
    "RETURN n.id, collect(CASE WHEN e IS NULL THEN null ELSE [startNode(e).id, endNode(e).id, e.kind, e.label, "
    "e.weight, e.sources, e.valid_from, e.valid_to] END)"
)
_LATEST = "[0..$limit]"
_AROUND = "UNWIND $keys AS key MATCH (n:@ {key: key})-[:MEMEVAL]-(o:@) RETURN DISTINCT o.id"
_DROP = "UNWIND $keys AS key MATCH (n:@ {key: key}) DETACH DELETE n"
# What has lost an edge is marked with the call's own name, and not unmarked: a repetition finds it again.
_FORGET = (
    "MATCH (n:@ {scope: $scope}) WHERE any(s IN n.sources WHERE s IN $turns) MATCH (n)-[:MEMEVAL]-(o:@) "
    "SET o.touched = $call",
    "MATCH (n:@ {scope: $scope}) WHERE any(s IN n.sources WHERE s IN $turns) DETACH DELETE n",
    "MATCH (a:@ {scope: $scope})-[e:MEMEVAL]->(b:@) "
    "WHERE size(e.sources) > 0 AND all(s IN e.sources WHERE s IN $turns) "
    "SET a.touched = $call, b.touched = $call DELETE e",
    "MATCH (:@ {scope: $scope})-[e:MEMEVAL]->(:@) WHERE any(s IN e.sources WHERE s IN $turns) "
    "SET e.sources = [s IN e.sources WHERE NOT s IN $turns]",
    "MATCH (n:@ {scope: $scope}) WHERE n.touched = $call AND size(n.sources) = 0 "
    "OPTIONAL MATCH (n)-[e:MEMEVAL]-() WITH n, count(e) AS edges WHERE edges = 0 DELETE n",
)
_TOUCHED = "MATCH (n:@ {scope: $scope}) WHERE n.touched = $call RETURN n.id ORDER BY n.serial"
_COUNT = "MATCH (n:@ {scope: $scope}) RETURN count(n)"
_COUNT_KIND = "MATCH (n:@ {scope: $scope}) WHERE n.kind = $kind RETURN count(n)"
_BATCH = 5_000


class CypherGraph(GraphBase):
    """Nodes under one label and edges of one type for all scopes; databases say how queries are run.

    Reads are one query each, distances one for each hop; all that a call writes is one transaction.
    """

    def __init__(self, label: str, degree: str) -> None:
        """Nothing is asked yet.

        Args:
            label: of all nodes of this store.
            degree: the expression for a node's number of edges.
        """
        self._label = label
        self._degree = degree

    @abstractmethod
    def _read(self, query: str, parameters: Mapping[str, Any]) -> list[Sequence[Any]]:
        """The rows that a query gives."""

    @abstractmethod
    def _write(self, statements: Sequence[Statement]) -> None:
        """Do these in order, all or none; twice is as good as once."""

    def _text(self, text: str) -> str:
        return text.replace("@", f"`{self._label}`").replace("#degree", self._degree)

    def _ask(self, text: str, **parameters: Any) -> list[Sequence[Any]]:
        return self._read(self._text(text), parameters)

    def _do(self, statements: Iterable[Statement]) -> None:
        self._write([(self._text(text), parameters) for text, parameters in statements])

    def _known(self, scope: str, new: Sequence[str], ends: Sequence[str]) -> Collection[str]:
        return {row[0] for row in self._ask(_KNOWN, keys=keys_of(scope, ends))} if ends else set()

    def _put(
        self, scope: str, nodes: Mapping[str, GraphNode], edges: Mapping[EdgeKey, GraphEdge], known: Collection[str]
    ) -> None:
        self._do(self._writing(scope, list(nodes.values()), list(edges.values())))

    def _writing(self, scope: str, nodes: Sequence[GraphNode], edges: Sequence[GraphEdge]) -> Iterator[Statement]:
        counter, more = _counter(scope), len(nodes) + len(edges)
        shared = {"counter": counter, "scope": scope}
        yield _COUNT_ON, {"counter": counter, "more": more}
        kept: dict[str, list[str]] = {node.id: [] for node in nodes}
        for edge in edges:
            if edge.head in kept:
                kept[edge.head].append(_edge_key(edge))
        for part in _parts([{"key": _key(scope, name), "kept": names} for name, names in kept.items()]):
            yield _UNLINK, {"rows": part}
        rows: list[dict[str, Any]] = [
            {
                "key": _key(scope, node.id), "id": node.id, "kind": node.kind, "text": node.text,
                "sources": list(node.sources), "verbatim": node.verbatim, "before": more - place,
            }
            for place, node in enumerate(nodes)
        ]  # fmt: skip
        for part in _parts(rows):
            yield _PUT, {"rows": part, **shared}
        rows = [
            {
                "head": _key(scope, edge.head), "tail": _key(scope, edge.tail), "key": _edge_key(edge),
                "kind": edge.kind, "label": edge.label, "weight": float(edge.weight), "sources": list(edge.sources),
                "valid_from": stamp(edge.valid_from), "valid_to": stamp(edge.valid_to),
                "before": len(edges) - place,
            }
            for place, edge in enumerate(edges)
        ]  # fmt: skip
        for part in _parts(rows):
            yield _LINK, {"rows": part, "counter": counter}

    def nodes(self, scope: str, ids: Sequence[str]) -> Sequence[GraphNode]:
        """The nodes that there are, in the order of their first writing."""
        rows = self._ask(_GET, keys=keys_of(scope, ids)) if ids else []
        return [
            GraphNode(name, kind, text, tuple(sources), verbatim)
            for _, name, kind, text, sources, verbatim in sorted(rows, key=lambda row: int(row[0]))
        ]

    def degrees(self, scope: str, ids: Sequence[str]) -> Mapping[str, int]:
        """The number of edges at each of the nodes."""
        return {name: degree for name, degree in self._ask(_DEGREES, keys=keys_of(scope, ids))} if ids else {}

    def neighbours(self, scope: str, ids: Sequence[str], limit: int | None = None) -> Mapping[str, Sequence[GraphEdge]]:
        """The edges at each of the nodes, the last `limit` of them."""
        if not ids:
            return {}
        keys = keys_of(scope, ids)
        rows = self._ask(_NEIGHBOURS, keys=keys) if limit is None else self._ask(
            _NEIGHBOURS + _LATEST, keys=keys, limit=limit
        )  # fmt: skip
        return {name: [_edge(row) for row in reversed(edges)] for name, edges in rows}

    def expand(self, scope: str, ids: Sequence[str], hops: int) -> Mapping[str, int]:
        """The nodes at most `hops` edges away, hop by hop."""
        found = {row[0]: 0 for row in self._ask(_KNOWN, keys=keys_of(scope, ids))} if ids else {}
        front = list(found)
        for distance in range(1, hops + 1):
            if not front:
                break
            reached = [row[0] for row in self._ask(_AROUND, keys=keys_of(scope, front))]
            front = [name for name in reached if name not in found]
            found.update((name, distance) for name in front)
        return found

    def remove(self, scope: str, ids: Sequence[str]) -> None:
        """Remove nodes with all their edges."""
        if ids:
            self._do((_DROP, {"keys": part}) for part in _parts(keys_of(scope, ids)))

    def forget(self, scope: str, turn_ids: Sequence[str]) -> Sequence[str]:
        """Remove what these turns are sources of, found by a scan of the scope; see `GraphStore`."""
        if not turn_ids:
            return []
        call = uuid.uuid4().hex
        about = {"scope": scope, "turns": list(dict.fromkeys(turn_ids)), "call": call}
        self._do((text, about) for text in _FORGET)
        return [row[0] for row in self._ask(_TOUCHED, scope=scope, call=call)]

    def count(self, scope: str, kind: str | None = None) -> int:
        """How many nodes the scope holds."""
        if kind is None:
            return int(self._ask(_COUNT, scope=scope)[0][0])
        return int(self._ask(_COUNT_KIND, scope=scope, kind=kind)[0][0])


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def _key(scope: str, name: str) -> str:
    # The length tells where the scope ends.
    return _digest(f"{len(scope)}:{scope}:{name}")


def _counter(scope: str) -> str:
    return _digest(f"{len(scope)}:{scope}")


def _edge_key(edge: GraphEdge) -> str:
    return _digest(f"{len(edge.head)}:{edge.head}{len(edge.tail)}:{edge.tail}{edge.kind}")


def keys_of(scope: str, names: Iterable[str]) -> list[str]:
    """The keys of these nodes, each once."""
    return [_key(scope, name) for name in dict.fromkeys(names)]


def _parts(rows: Sequence[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(rows), _BATCH):
        yield list(rows[start : start + _BATCH])


def _edge(row: Sequence[Any]) -> GraphEdge:
    head, tail, kind, label, weight, sources, valid_from, valid_to = row
    return GraphEdge(head, tail, kind, label, float(weight), tuple(sources), time_of(valid_from), time_of(valid_to))
