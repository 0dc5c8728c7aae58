"""Graph store in LadybugDB, an embedded property graph database (the maintained fork of Kuzu), spoken to in Cypher."""

from collections import Counter
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from memeval.kit import engines
from memeval.kit.errors import ConfigError, ModelError
from memeval.kit.stores import GraphEdge, GraphNode
from memeval.kit.text import stamp
from memeval.strategies.stores.graph.base import EdgeKey, GraphBase

# The key is scope and id in one, since only a primary key is indexed. And only a key that is a parameter by itself uses
# the index: a list of keys is joined with a scan of the table. So what is read is a query a node, of 0.1 to 0.3 ms
# however large the graph, and what is written is a statement a row, unless there are so many that a
# scan costs less.
_SCHEMA = (
    "CREATE NODE TABLE IF NOT EXISTS Node(key STRING PRIMARY KEY, scope STRING, id STRING, kind STRING, text STRING, "
    "sources STRING[], verbatim BOOLEAN, serial INT64, degree INT64)",
    "CREATE REL TABLE IF NOT EXISTS Edge(FROM Node TO Node, kind STRING, label STRING, weight DOUBLE, "
    "sources STRING[], valid_from TIMESTAMP, valid_to TIMESTAMP, serial INT64)",
)
_SERIAL = "MATCH (n:Node) RETURN max(n.serial)", "MATCH (:Node)-[e:Edge]->(:Node) RETURN max(e.serial)"
_DEGREE = "MATCH (n:Node {key: $key}) RETURN n.degree"
_GET = "MATCH (n:Node {key: $key}) RETURN n.serial, n.id, n.kind, n.text, n.sources, n.verbatim"
# In what is written @ stands for $ or for the rows of UNWIND.
_PUT = (
    "MERGE (n:Node {key: @key}) ON CREATE SET n.scope = @scope, n.id = @id, n.serial = @serial, n.degree = 0 "
    "SET n.kind = @kind, n.text = @text, n.sources = CAST(@sources AS STRING[]), n.verbatim = @verbatim"
)
_ENDS = "MATCH (a:Node {key: @head}), (b:Node {key: @tail})"
_LINK = (
    f"{_ENDS} CREATE (a)-[:Edge {{kind: @kind, serial: @serial, label: @label, weight: @weight, "
    "sources: CAST(@sources AS STRING[]), valid_from: CAST(@valid_from AS TIMESTAMP), "
    "valid_to: CAST(@valid_to AS TIMESTAMP)}]->(b)"
)
_RELINK = (
    f"{_ENDS} MERGE (a)-[e:Edge {{kind: @kind}}]->(b) ON CREATE SET e.serial = @serial "
    "SET e.label = @label, e.weight = @weight, e.sources = CAST(@sources AS STRING[]), "
    "e.valid_from = CAST(@valid_from AS TIMESTAMP), e.valid_to = CAST(@valid_to AS TIMESTAMP)"
)
_EDGE = "e.kind, e.label, e.weight, e.sources, e.valid_from, e.valid_to, e.serial"
_OUT = f"MATCH (a:Node {{key: $key}})-[e:Edge]->(b:Node) RETURN a.id, b.id, {_EDGE}, b.key, b.degree"
_IN = f"MATCH (b:Node {{key: $key}})<-[e:Edge]-(a:Node) RETURN a.id, b.id, {_EDGE}, a.key, a.degree"
_LATEST = " ORDER BY e.serial DESC LIMIT $limit"
_UNLINK = "MATCH (a:Node {key: @head})-[e:Edge {kind: @kind}]->(b:Node {key: @tail}) DELETE e"
_COUNT_EDGES = "MATCH (n:Node {key: @key}) SET n.degree = n.degree + @change"
_DROP = "MATCH (n:Node {key: @key}) DETACH DELETE n"
_EXPAND = "MATCH (a:Node {key: $key})-[e:Edge* SHORTEST 1..%d]-(b:Node) RETURN b.id, length(e)"
_MADE_OF = (
    "UNWIND $turns AS t MATCH (n:Node) WHERE n.scope = $scope AND list_contains(n.sources, t) RETURN DISTINCT n.id"
)
_SAID_IN = (
    "UNWIND $turns AS t MATCH (a:Node)-[e:Edge]->(b:Node) WHERE a.scope = $scope AND list_contains(e.sources, t) "
    f"RETURN DISTINCT a.id, b.id, {_EDGE}"
)
_BARE = "MATCH (n:Node {key: $key}) WHERE n.degree = 0 AND size(n.sources) = 0 RETURN n.id"
_COUNT = "MATCH (n:Node) WHERE n.scope = $scope RETURN count(*)"
_COUNT_KIND = "MATCH (n:Node) WHERE n.scope = $scope AND n.kind = $kind RETURN count(*)"
_SIZE = "MATCH (n:Node) RETURN count(*)"
# Nodes scanned in the time of a statement.
_SCANNED = 300
_BATCH = 20_000
_REMEMBERED = 200_000


class LadybugGraph(GraphBase):
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
        self._size: int = self._run(_SIZE)[0][0]
        self._serial = max((row[0] or 0 for query in _SERIAL for row in self._run(query)), default=0)
        # Both are asked for with every query: nodes are counted by a scan, a degree is a query of its own.
        self._counts: dict[tuple[str, str | None], int] = {}
        self._degrees: dict[str, int | None] = {}
        self._open = True
        engines.served_by(engines.Engine("ladybug", "real", "LadybugDB", version("ladybug"), {"threads": threads}))

    def _run(self, query: str, **parameters: Any) -> list[list[Any]]:
        result: Any = self._connection.execute(query, parameters)
        rows: list[list[Any]] = result.get_all()
        result.close()
        return rows

    def _write(self, statement: str, rows: Sequence[Mapping[str, Any]]) -> None:
        if len(rows) > 1 and len(rows) * _SCANNED > self._size:
            for start in range(0, len(rows), _BATCH):
                self._run(f"UNWIND $rows AS r {statement.replace('@', 'r.')}", rows=rows[start : start + _BATCH])
            return
        for row in rows:
            self._run(statement.replace("@", "$"), **row)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._run("BEGIN TRANSACTION")
        try:
            yield
        except BaseException:
            self._run("ROLLBACK")
            self._counts.clear()
            self._degrees.clear()
            self._size = self._run(_SIZE)[0][0]
            raise
        self._run("COMMIT")

    def _known(self, scope: str, new: Sequence[str], ends: Sequence[str]) -> Collection[str]:
        return self.degrees(scope, [*new, *ends])

    def _put(
        self, scope: str, nodes: Mapping[str, GraphNode], edges: Mapping[EdgeKey, GraphEdge], known: Collection[str]
    ) -> None:
        with self._transaction():
            for name in nodes:
                if name in known:
                    self._unlink(scope, [key for row in self._out(scope, name) if (key := _key(row)) not in edges])
            self._put_nodes(scope, nodes.values(), known)
            self._put_edges(scope, edges, known)

    def _put_nodes(self, scope: str, nodes: Iterable[GraphNode], known: Container[str]) -> None:
        rows = []
        for node in nodes:
            self._serial += 1
            key = _name(scope, node.id)
            rows.append(
                {
                    "key": key, "scope": scope, "id": node.id, "serial": self._serial, "kind": node.kind,
                    "text": node.text, "sources": list(node.sources), "verbatim": node.verbatim,
                }
            )  # fmt: skip
            if node.id in known:
                self._counts.clear()
                continue
            self._size += 1
            self._degrees[key] = 0
            for counted in ((scope, None), (scope, node.kind)):
                if counted in self._counts:
                    self._counts[counted] += 1
        self._write(_PUT, rows)

    def _put_edges(self, scope: str, links: Mapping[EdgeKey, GraphEdge], known: Container[str]) -> None:
        """Edges that start at a node which has just been made are new; of the others it is asked which there are."""
        heads = dict.fromkeys(head for head, _, _ in links if head in known)
        held = {_key(row) for head in heads for row in self._out(scope, head)}
        rows: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
        for key, edge in links.items():
            self._serial += 1
            rows[key in held].append(
                {
                    "head": _name(scope, edge.head), "tail": _name(scope, edge.tail), "kind": edge.kind,
                    "serial": self._serial, "label": edge.label, "weight": float(edge.weight),
                    "sources": list(edge.sources), "valid_from": stamp(edge.valid_from, " "),
                    "valid_to": stamp(edge.valid_to, " "),
                }
            )  # fmt: skip
        self._write(_RELINK, rows[True])
        self._write(_LINK, rows[False])
        self._count_edges(scope, [key for key in links if key not in held], 1)

    def _out(self, scope: str, name: str) -> list[list[Any]]:
        return self._run(_OUT, key=_name(scope, name))

    def _count_edges(self, scope: str, keys: Iterable[EdgeKey], change: int) -> None:
        ends = Counter(end for key in keys for end in key[:2])
        self._write(_COUNT_EDGES, [{"key": _name(scope, end), "change": change * times} for end, times in ends.items()])
        for end in ends:
            self._degrees.pop(_name(scope, end), None)

    def _unlink(self, scope: str, keys: Sequence[EdgeKey]) -> None:
        ends = [{"head": _name(scope, head), "tail": _name(scope, tail), "kind": kind} for head, tail, kind in keys]
        self._write(_UNLINK, ends)
        self._count_edges(scope, keys, -1)

    def nodes(self, scope: str, ids: Sequence[str]) -> Sequence[GraphNode]:
        """The nodes that there are, in the order of their first writing."""
        rows = [row for name in dict.fromkeys(ids) for row in self._run(_GET, key=_name(scope, name))]
        return [
            GraphNode(name, kind, text, tuple(sources), verbatim)
            for _, name, kind, text, sources, verbatim in sorted(rows, key=lambda row: row[0])
        ]

    def degrees(self, scope: str, ids: Sequence[str]) -> Mapping[str, int]:
        """The number of edges at each of the nodes."""
        if len(self._degrees) > _REMEMBERED:
            self._degrees.clear()
        found = {}
        for name in dict.fromkeys(ids):
            key = _name(scope, name)
            if key not in self._degrees:
                rows = self._run(_DEGREE, key=key)
                self._degrees[key] = rows[0][0] if rows else None
            degree = self._degrees[key]
            if degree is not None:
                found[name] = degree
        return found

    def neighbours(self, scope: str, ids: Sequence[str], limit: int | None = None) -> Mapping[str, Sequence[GraphEdge]]:
        """The edges at each of the nodes, the last `limit` of them."""
        found: dict[str, Sequence[GraphEdge]] = {}
        for name, degree in self.degrees(scope, ids).items():
            key = _name(scope, name)
            rows = []
            for pattern in (_OUT, _IN):
                if limit is None or degree <= limit:
                    rows += self._run(pattern, key=key)
                else:
                    rows += self._run(pattern + _LATEST, key=key, limit=limit)
            rows.sort(key=lambda row: int(row[8]))
            found[name] = [_edge(row) for row in (rows if limit is None else rows[max(0, len(rows) - limit) :])]
            self._degrees.update((row[9], row[10]) for row in rows)
        return found

    def expand(self, scope: str, ids: Sequence[str], hops: int) -> Mapping[str, int]:
        """The nodes at most `hops` edges away, by paths of variable length."""
        found = dict.fromkeys(self.degrees(scope, ids), 0)
        for start in list(found) if hops > 0 else ():
            for name, distance in self._run(_EXPAND % hops, key=_name(scope, start)):
                found[name] = min(distance, found.get(name, distance))
        return found

    def remove(self, scope: str, ids: Sequence[str]) -> None:
        """Remove nodes with all their edges."""
        with self._transaction():
            self._remove(scope, list(self.degrees(scope, ids)))

    def _remove(self, scope: str, names: Sequence[str]) -> set[str]:
        """The nodes that were at the other ends."""
        touched: set[str] = set()
        for name in names:
            edges = [(edge.head, edge.tail, edge.kind) for edge in self.neighbours(scope, [name]).get(name, ())]
            self._count_edges(scope, edges, -1)
            touched.update(end for key in edges for end in key[:2])
        self._write(_DROP, [{"key": _name(scope, name)} for name in names])
        self._degrees.update((_name(scope, name), None) for name in names)
        self._counts.clear()
        self._size -= len(names)
        return touched - set(names)

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
            self._put_edges(scope, left, {head for head, _, _ in left})
            self._unlink(scope, gone)
            touched |= {end for key in gone for end in key[:2]}
            bare = {name for each in touched for (name,) in self._run(_BARE, key=_name(scope, each))}
            self._remove(scope, list(bare))
        return [node.id for node in self.nodes(scope, list(touched - bare))]

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


def _key(row: Sequence[Any]) -> EdgeKey:
    return row[0], row[1], row[2]


def _edge(row: Sequence[Any]) -> GraphEdge:
    head, tail, kind, label, weight, sources, valid_from, valid_to = row[:8]
    return GraphEdge(head, tail, kind, label, weight, tuple(sources), valid_from, valid_to)
