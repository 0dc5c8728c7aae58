"""Graph store in LadybugDB, an embedded property graph database (the maintained fork of Kuzu), spoken to in Cypher."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from memeval.errors import ConfigError, ModelError
from memeval.strategies.stores.graph_check import check_edges, check_nodes
from memeval.types import GraphEdge, GraphNode

# The key is scope and id in one, since only a primary key is indexed. Degrees are kept, or each read would count edges.
_SCHEMA = (
    "CREATE NODE TABLE IF NOT EXISTS Node(key STRING PRIMARY KEY, scope STRING, id STRING, kind STRING, text STRING, "
    "sources STRING[], verbatim BOOLEAN, serial INT64, degree INT64)",
    "CREATE REL TABLE IF NOT EXISTS Edge(FROM Node TO Node, kind STRING, label STRING, weight DOUBLE, "
    "sources STRING[], valid_from TIMESTAMP, valid_to TIMESTAMP, serial INT64)",
)
_SERIAL = "MATCH (n:Node) RETURN max(n.serial)", "MATCH (:Node)-[e:Edge]->(:Node) RETURN max(e.serial)"
_KNOWN = "UNWIND $keys AS k MATCH (n:Node {key: k}) RETURN n.id, n.degree"
_GET = "UNWIND $keys AS k MATCH (n:Node {key: k}) RETURN n.id, n.kind, n.text, n.sources, n.verbatim ORDER BY n.serial"
_PUT = (
    "UNWIND $rows AS r MERGE (n:Node {key: r.key}) "
    "ON CREATE SET n.scope = r.scope, n.id = r.id, n.serial = r.serial, n.degree = 0 "
    "SET n.kind = r.kind, n.text = r.text, n.sources = CAST(r.sources AS STRING[]), n.verbatim = r.verbatim"
)
_ENDS = "UNWIND $rows AS r MATCH (a:Node {key: r.head}), (b:Node {key: r.tail}) "
_FIELDS = (
    "label: r.label, weight: r.weight, sources: CAST(r.sources AS STRING[]), "
    "valid_from: CAST(r.valid_from AS TIMESTAMP), valid_to: CAST(r.valid_to AS TIMESTAMP)"
)
_LINK = f"{_ENDS} CREATE (a)-[:Edge {{kind: r.kind, serial: r.serial, {_FIELDS}}}]->(b)"
_RELINK = (
    f"{_ENDS} MERGE (a)-[e:Edge {{kind: r.kind}}]->(b) ON CREATE SET e.serial = r.serial "
    "SET e.label = r.label, e.weight = r.weight, e.sources = CAST(r.sources AS STRING[]), "
    "e.valid_from = CAST(r.valid_from AS TIMESTAMP), e.valid_to = CAST(r.valid_to AS TIMESTAMP)"
)
_OUT = "UNWIND $keys AS k MATCH (a:Node {key: k})-[e:Edge]->(b:Node) "
_IN = "UNWIND $keys AS k MATCH (b:Node {key: k})<-[e:Edge]-(a:Node) "
_EDGE = "RETURN a.id, b.id, e.kind, e.label, e.weight, e.sources, e.valid_from, e.valid_to, e.serial"
_LATEST = " ORDER BY e.serial DESC LIMIT $limit"
_UNLINK = f"{_ENDS} MATCH (a)-[e:Edge {{kind: r.kind}}]->(b) DELETE e"
_COUNT_EDGES = "UNWIND $rows AS r MATCH (n:Node {key: r.key}) SET n.degree = n.degree + r.change"
_DROP = "UNWIND $keys AS k MATCH (n:Node {key: k}) DETACH DELETE n"
_NEAR = "UNWIND $keys AS k MATCH (a:Node {key: k})-[e:Edge* SHORTEST 1..%d]-(b:Node) RETURN b.id, min(length(e))"
_MADE_OF = (
    "UNWIND $turns AS t MATCH (n:Node) WHERE n.scope = $scope AND list_contains(n.sources, t) RETURN DISTINCT n.id"
)
_SAID_IN = (
    "UNWIND $turns AS t MATCH (a:Node)-[e:Edge]->(b:Node) WHERE a.scope = $scope AND list_contains(e.sources, t) "
    "RETURN DISTINCT a.id, b.id, e.kind, e.label, e.weight, e.sources, e.valid_from, e.valid_to, e.serial"
)
_BARE = "UNWIND $keys AS k MATCH (n:Node {key: k}) WHERE n.degree = 0 AND size(n.sources) = 0 RETURN n.id"
_COUNT = "MATCH (n:Node) WHERE n.scope = $scope RETURN count(*)"
_COUNT_KIND = "MATCH (n:Node) WHERE n.scope = $scope AND n.kind = $kind RETURN count(*)"

_Key = tuple[str, str, str]


class LadybugGraph:
    """One node table and one edge table for all scopes; each call that writes is one transaction."""

    def __init__(self, path: str | None = None, memory_mb: int = 1024, threads: int = 1) -> None:
        """Open or create.

        Args:
            path: the file, used by one process at a time; None keeps the graph in memory.
            memory_mb: largest buffer, in MiB; a graph in memory must fit in.
            threads: of a query.

        Raises:
            ConfigError: a file that cannot be opened, or in use.
            ModelError: the package is not installed.
        """
        if memory_mb < 64:
            raise ConfigError(f"graph_store.memory_mb={memory_mb} is too little: give 64 or more")
        if threads < 1:
            raise ConfigError(f"graph_store.threads={threads} runs nothing: give 1 or more")
        try:
            import ladybug
        except ImportError as error:
            raise ModelError(
                "graph_store=ladybug needs the package ladybug: type pip install 'memeval[ladybug]', or choose "
                "graph_store=memory"
            ) from error
        try:
            self._database = ladybug.Database(
                path or ":memory:", buffer_pool_size=memory_mb << 20, max_num_threads=threads
            )
            self._connection = ladybug.Connection(self._database, num_threads=threads)
            for table in _SCHEMA:
                self._run(table)
        except (RuntimeError, OSError) as error:
            raise ConfigError(
                f"graph_store.path={path} cannot be opened ({str(error).splitlines()[0]}): give a file of its own in a "
                "folder that exists, e.g. graph_store.path='${scratch}/graph.lbug', or null to keep it in memory"
            ) from error
        self._serial = max((row[0] or 0 for query in _SERIAL for row in self._run(query)), default=0)
        # Counting nodes is a scan; every query wants the number of passages.
        self._counts: dict[tuple[str, str | None], int] = {}
        self._open = True

    def _run(self, query: str, **parameters: Any) -> list[list[Any]]:
        result: Any = self._connection.execute(query, parameters)
        rows: list[list[Any]] = result.get_all()
        result.close()
        return rows

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._counts.clear()
        self._run("BEGIN TRANSACTION")
        try:
            yield
        except BaseException:
            self._run("ROLLBACK")
            raise
        self._run("COMMIT")

    def upsert(self, scope: str, nodes: Sequence[GraphNode], edges: Sequence[GraphEdge]) -> None:
        """Write, all or none; see `GraphStore`."""
        check_nodes(scope, nodes)
        new = {node.id: node for node in nodes}
        links = {(edge.head, edge.tail, edge.kind): edge for edge in edges}
        known = self.degrees(scope, [*new, *(end for edge in edges for end in (edge.head, edge.tail))])
        check_edges(edges, lambda name: name in new or name in known)
        if not new and not links:
            return
        with self._transaction():
            self._replace(scope, [name for name in new if name in known], links)
            self._put_nodes(scope, new.values())
            self._put_edges(scope, links, known)

    def _replace(self, scope: str, names: Sequence[str], kept: Mapping[_Key, GraphEdge]) -> None:
        """Remove the edges that start at nodes written again, but those written with them."""
        if names:
            rows = self._run(_OUT + _EDGE, keys=_keys(scope, names))
            self._unlink(scope, [key for key in map(_key, rows) if key not in kept])

    def _put_nodes(self, scope: str, nodes: Iterable[GraphNode]) -> None:
        rows = []
        for node in nodes:
            self._serial += 1
            rows.append(
                {
                    "key": _name(scope, node.id), "scope": scope, "id": node.id, "kind": node.kind, "text": node.text,
                    "sources": list(node.sources), "verbatim": node.verbatim, "serial": self._serial,
                }
            )  # fmt: skip
        if rows:
            self._run(_PUT, rows=rows)

    def _put_edges(self, scope: str, links: Mapping[_Key, GraphEdge], known: Mapping[str, int]) -> None:
        """Edges of a node that has just been made are new; of the others it is asked which there are."""
        heads = list(dict.fromkeys(head for head, _, _ in links if head in known))
        held = {_key(row) for row in self._run(_OUT + _EDGE, keys=_keys(scope, heads))} if heads else set()
        rows: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
        for key, edge in links.items():
            self._serial += 1
            rows[key in held].append(
                {
                    "head": _name(scope, edge.head), "tail": _name(scope, edge.tail), "kind": edge.kind,
                    "label": edge.label, "weight": float(edge.weight), "sources": list(edge.sources),
                    "valid_from": _stamp(edge.valid_from), "valid_to": _stamp(edge.valid_to), "serial": self._serial,
                }
            )  # fmt: skip
        if rows[True]:
            self._run(_RELINK, rows=rows[True])
        if rows[False]:
            self._run(_LINK, rows=rows[False])
            self._count_edges(scope, [key for key in links if key not in held], 1)

    def _count_edges(self, scope: str, keys: Iterable[_Key], change: int) -> None:
        ends = Counter(end for key in keys for end in key[:2])
        rows = [{"key": _name(scope, end), "change": change * times} for end, times in ends.items()]
        if rows:
            self._run(_COUNT_EDGES, rows=rows)

    def _unlink(self, scope: str, keys: Sequence[_Key]) -> None:
        if keys:
            rows = [{"head": _name(scope, head), "tail": _name(scope, tail), "kind": kind} for head, tail, kind in keys]
            self._run(_UNLINK, rows=rows)
            self._count_edges(scope, keys, -1)

    def nodes(self, scope: str, ids: Sequence[str]) -> Sequence[GraphNode]:
        """The nodes that there are, in the order of their first writing."""
        rows = self._run(_GET, keys=_keys(scope, ids)) if ids else []
        return [GraphNode(name, kind, text, tuple(sources), verbatim) for name, kind, text, sources, verbatim in rows]

    def degrees(self, scope: str, ids: Sequence[str]) -> Mapping[str, int]:
        """The number of edges at each of the nodes."""
        return {name: degree for name, degree in self._run(_KNOWN, keys=_keys(scope, ids))} if ids else {}

    def neighbours(self, scope: str, ids: Sequence[str], limit: int | None = None) -> Mapping[str, Sequence[GraphEdge]]:
        """The edges at each of the nodes, the last `limit` of them."""
        degrees = self.degrees(scope, ids)
        hubs = [name for name, degree in degrees.items() if limit is not None and degree > limit]
        found: dict[str, list[list[Any]]] = {name: [] for name in ids if name in degrees}
        small = _keys(scope, [name for name in found if name not in hubs])
        if small:
            for row in self._run(_OUT + _EDGE, keys=small):
                found[row[0]].append(row)
            for row in self._run(_IN + _EDGE, keys=small):
                found[row[1]].append(row)
        for name in hubs:
            for direction in (_OUT, _IN):
                found[name] += self._run(direction + _EDGE + _LATEST, keys=_keys(scope, [name]), limit=limit)
        return {name: [_edge(row) for row in _last(rows, limit)] for name, rows in found.items()}

    def expand(self, scope: str, ids: Sequence[str], hops: int) -> Mapping[str, int]:
        """The nodes at most `hops` edges away, by paths of variable length."""
        found = dict.fromkeys(self.degrees(scope, ids), 0)
        if found and hops > 0:
            for name, distance in self._run(_NEAR % hops, keys=_keys(scope, list(found))):
                found.setdefault(name, distance)
        return found

    def remove(self, scope: str, ids: Sequence[str]) -> None:
        """Remove nodes with all their edges."""
        if ids:
            with self._transaction():
                self._remove(scope, list(self.degrees(scope, ids)))

    def _remove(self, scope: str, names: Sequence[str]) -> set[str]:
        """DETACH DELETE; the nodes that were at the other ends."""
        if not names:
            return set()
        keys = _keys(scope, names)
        edges = {_key(row) for direction in (_OUT, _IN) for row in self._run(direction + _EDGE, keys=keys)}
        self._count_edges(scope, edges, -1)
        self._run(_DROP, keys=keys)
        return {end for key in edges for end in key[:2]} - set(names)

    def forget(self, scope: str, turn_ids: Sequence[str]) -> Sequence[str]:
        """Remove what these turns are sources of, found by a scan of the sources; see `GraphStore`."""
        if not turn_ids:
            return []
        lost = set(turn_ids)
        turns = list(lost)
        with self._transaction():
            touched = self._remove(scope, [name for (name,) in self._run(_MADE_OF, turns=turns, scope=scope)])
            left, gone = {}, []
            for row in self._run(_SAID_IN, turns=turns, scope=scope):
                sources = [source for source in row[5] if source not in lost]
                if sources:
                    left[_key(row)] = _edge([*row[:5], sources, *row[6:]])
                else:
                    gone.append(_key(row))
            self._put_edges(scope, left, dict.fromkeys((head for head, _, _ in left), 0))
            self._unlink(scope, gone)
            touched |= {end for key in gone for end in key[:2]}
            bare = [name for (name,) in self._run(_BARE, keys=_keys(scope, list(touched)))] if touched else []
            self._remove(scope, bare)
        return [node.id for node in self.nodes(scope, [name for name in touched if name not in bare])]

    def count(self, scope: str, kind: str | None = None) -> int:
        """How many nodes the scope holds."""
        known = self._counts.get((scope, kind))
        if known is None:
            rows = self._run(_COUNT, scope=scope) if kind is None else self._run(_COUNT_KIND, scope=scope, kind=kind)
            known = self._counts[scope, kind] = int(rows[0][0])
        return known

    def stats(self) -> Mapping[str, float]:
        """Edges, all scopes together; the bytes of a file are the harness's to see."""
        return {"edges": self._run("MATCH (:Node)-[e:Edge]->(:Node) RETURN count(*)")[0][0]}

    def close(self) -> None:
        """Close the database, which writes what is left in its log to the file."""
        if self._open:
            self._open = False
            self._connection.close()
            self._database.close()


def _name(scope: str, name: str) -> str:
    return f"{len(scope)}:{scope}:{name}"


def _keys(scope: str, names: Sequence[str]) -> list[str]:
    return [_name(scope, name) for name in dict.fromkeys(names)]


def _key(row: Sequence[Any]) -> _Key:
    return row[0], row[1], row[2]


def _edge(row: Sequence[Any]) -> GraphEdge:
    head, tail, kind, label, weight, sources, valid_from, valid_to = row[:8]
    return GraphEdge(head, tail, kind, label, weight, tuple(sources), valid_from, valid_to)


def _last(rows: list[list[Any]], limit: int | None) -> list[list[Any]]:
    rows.sort(key=lambda row: row[-1])
    return rows if limit is None or len(rows) <= limit else rows[len(rows) - limit :]


def _stamp(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat(sep=" ")
