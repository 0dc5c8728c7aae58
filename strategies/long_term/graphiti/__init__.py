"""Graphiti: facts with times that a model extracts from every turn, and its own search over them, in FalkorDB."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from annotated_types import Ge

from memeval.kit import engines, powers
from memeval.kit.document import Document
from memeval.kit.errors import ConfigError, ReplyError
from memeval.kit.protocols import Embedder, Model
from memeval.kit.ranges import ranged
from memeval.kit.types import Hit, Query, Turn
from memeval.strategies.long_term.graphiti.falkor import Falkor
from memeval.strategies.long_term.graphiti.loop import Loop
from memeval.strategies.writing.groups import line

__all__ = ["Falkor", "Graphiti"]

# What Graphiti itself shows its model of what was said before.
_PREVIOUS = 10
# What the extraction resolves "yesterday" by where the data have no dates; nobody reads it as today.
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
_UNREADABLE = re.compile("[\0\ud800-\udfff]")
# Underscores that belong to no word: Graphiti leaves them in its full-text queries, where they are an error.
_LONE = re.compile(r"(?<![^\W_])_+(?![^\W_])")
_SOURCES = "MATCH (e:Episodic) RETURN e.uuid AS uuid, e.name AS name ORDER BY e.created_at"
_COUNTS = {
    "items": "MATCH ()-[r:RELATES_TO]->() RETURN count(r) AS n",
    "entities": "MATCH (n:Entity) RETURN count(n) AS n",
    "episodes": "MATCH (e:Episodic) RETURN count(e) AS n",
}
# A fact that a forgotten turn began goes; one that it only confirmed stays without it. What entities are summarised as
# goes with any of their turns, since nobody knows which words came from where.
_FORGET = (
    "MATCH ()-[r:RELATES_TO]->() WHERE r.episodes[0] IN $gone DELETE r",
    "MATCH ()-[r:RELATES_TO]->() WHERE any(each IN r.episodes WHERE each IN $gone) "
    "SET r.episodes = [each IN r.episodes WHERE NOT each IN $gone]",
    "MATCH (e:Episodic)-[:MENTIONS]->(n:Entity) WHERE e.uuid IN $gone SET n.summary = ''",
    "MATCH (e:Episodic) WHERE e.uuid IN $gone DETACH DELETE e",
    "MATCH (n:Entity) WHERE NOT (n)<-[:MENTIONS]-(:Episodic) DETACH DELETE n",
)


@ranged
class Graphiti:
    """One episode a turn, named by the turn's id, so that every fact says which turns it was extracted from.

    Extraction, merging, ageing of facts and search are Graphiti's own, unchanged; model and embedder are memeval's, so
    that calls are booked, kept and repeated as everywhere else. A graph of its own for each scope.
    """

    server = Falkor

    def __init__(
        self,
        llm: Model | None,
        embedder: Embedder,
        store: Falkor,
        document: Document,
        scope: str = "default",
        find: Literal["facts", "episodes", "both"] = "facts",
        dates: bool = True,
        candidates: Annotated[int, Ge(1)] = 50,
    ) -> None:
        """Set up; `prepare` connects.

        Args:
            llm: extracts and merges facts, four calls a turn or more.
            embedder: of facts, entities and queries.
            store: where the graph lies.
            document: writes a turn down; its date goes to Graphiti apart from the text.
            scope: whose graph.
            find: `facts` by words and meaning, as Graphiti.search does; `episodes` by words, which are the turns
                themselves; `both` in turns, the first facts first.
            dates: put behind a fact since when it holds, and until when.
            candidates: how many results Graphiti ranks, at least.

        Raises:
            ConfigError: no model, or no candidates.
        """
        if llm is None:
            raise ConfigError(
                "retriever=graphiti extracts by a language model: add e.g. llm=litellm llm.model=gpt-4o-mini"
            )
        self._llm = llm
        self._embedder = embedder
        self._store = store
        self._document = document
        # Graphiti takes letters, digits, - and _ only, and FalkorDB keeps a graph for each group.
        self._group = f"{store.graph}_{hashlib.sha256(scope.encode()).hexdigest()[:8]}"
        self._find = find
        self._dates = dates
        self._candidates = candidates
        self._time = _NO_TIME
        self._forgotten: set[str] = set()
        # Turn ids by the uuid of their episode, in order of writing.
        self._turns: dict[str, str] = {}
        self._unextracted = 0
        self._loop: Loop | None = None
        self._graphiti: Any = None

    def prepare(self) -> None:
        """Load what the models need, connect, and make the indexes.

        Raises:
            ModelError: Graphiti is not installed.
            StorageError: FalkorDB does not answer, or what answers has no graphs.
        """
        if self._loop is not None:
            return
        powers.prepare(self._llm, self._embedder)
        loop = Loop()
        try:
            self._graphiti = self._store.persistently(
                lambda: loop.run(self._store.open(self._group, self._llm, self._embedder))
            )
            self._loop = loop
            served = self._store.engine()
            self._turns = {row["uuid"]: row["name"] for row in self._ask(_SOURCES)}
        except BaseException:
            self._loop = loop
            self.close()
            raise
        engines.served_by(served)
        if not self._store.keep:
            engines.made(f"graph {self._group} at falkordb", lambda: self._store.remove(self._group))

    def write(self, turns: Sequence[Turn]) -> None:
        """Have each turn extracted, one after the other as Graphiti asks for.

        A turn for which the model gives no usable reply is left out and counted (`unextracted`), as an application
        would lose it.

        Raises:
            ModelError: the model does not answer.
            StorageError: FalkorDB does not answer.
        """
        self.prepare()
        plain = replace(self._document, date=None)
        for turn in turns:
            if turn.time is not None:
                self._time = turn.time.replace(tzinfo=UTC)
            written = line(turn, plain)
            if written is None or turn.id in self._forgotten or turn.id in self._turns.values():
                continue
            try:
                uuid = self._store.persistently(lambda: self._extract(turn, _clean(written.text)))  # noqa: B023  called at once
            except ReplyError:
                self._unextracted += 1
                continue
            self._turns[uuid] = turn.id

    def _extract(self, turn: Turn, text: str) -> str:
        # Left by an attempt that broke off.
        begun = [row["uuid"] for row in self._query("MATCH (e:Episodic {name: $name}) RETURN e.uuid AS uuid", turn.id)]
        if begun:
            self._remove(begun)
        return str(
            self._run(
                self._store.add(
                    self._graphiti,
                    group=self._group,
                    name=turn.id,
                    text=text,
                    time=self._time,
                    altered=turn.text.strip() not in text,
                    previous=list(self._turns)[-_PREVIOUS:],
                )
            )
        )

    def search(self, query: Query, k: int) -> Sequence[Hit]:
        """The at most `k` best facts or episodes; the query's time is not used."""
        self.prepare()
        text = _LONE.sub(" ", _clean(query.text)).strip()
        if k < 1 or not text or not self._turns:
            return []
        limit = max(k, self._candidates)
        found = self._store.persistently(
            lambda: self._run(self._store.search(self._graphiti, self._group, text, self._find, limit))
        )
        facts = self._ranked([(self._fact(edge), score) for edge, score in found.facts])
        episodes = self._ranked([(self._episode(node), score) for node, score in found.episodes])
        if self._find != "both":
            return (facts or episodes)[:k]
        longest = max(len(facts), len(episodes))
        mixed = [hits[place] for place in range(longest) for hits in (facts, episodes) if place < len(hits)]
        # The two scales have nothing in common.
        return [replace(hit, score=None) for hit in mixed[:k]]

    def _ranked(self, hits: Sequence[tuple[Hit, float]]) -> list[Hit]:
        """Each once, equal scores in the order of writing, which the database does not keep."""
        place = {turn: number for number, turn in enumerate(self._turns.values())}
        scored = {(hit.text, hit.sources): replace(hit, score=score) for hit, score in reversed(hits)}
        return sorted(
            scored.values(),
            key=lambda hit: (-(hit.score or 0.0), min((place[each] for each in hit.sources), default=-1), hit.text),
        )

    def _fact(self, edge: Any) -> Hit:
        text = edge.fact.strip()
        if self._dates and (since := edge.valid_at):
            until = f" to {edge.invalid_at:%d %B %Y}" if edge.invalid_at else ""
            text = f"{text} ({'' if until else 'since '}{since:%d %B %Y}{until})"
        sources = {self._turns[uuid]: None for uuid in edge.episodes if uuid in self._turns}
        return Hit(text, tuple(sources), verbatim=False)

    def _episode(self, node: Any) -> Hit:
        dated = self._document.date is not None and node.valid_at != _NO_TIME
        date = node.valid_at.strftime(self._document.date) if dated else ""
        return Hit(
            f"{date}{node.content}".strip(),
            (self._turns[node.uuid],),
            verbatim="altered" not in node.source_description,
        )

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Remove the episodes of these turns and what was made from them.

        What a forgotten turn has done to the facts of others stays: a fact that it ended is not made current again.
        """
        self.prepare()
        self._forgotten.update(turn_ids)
        gone = [uuid for uuid, turn in self._turns.items() if turn in self._forgotten]
        if gone:
            self._store.persistently(lambda: self._remove(gone))
        for uuid in gone:
            del self._turns[uuid]

    def _remove(self, uuids: Sequence[str]) -> None:
        for statement in _FORGET:
            self._run(self._graphiti.driver.execute_query(statement, gone=list(uuids)))

    def stats(self) -> Mapping[str, float]:
        """Facts (`items`), entities and episodes stored, and turns that the model gave no usable reply for."""
        counts = {name: float(self._ask(statement)[0]["n"]) for name, statement in _COUNTS.items()}
        return {**counts, "unextracted": float(self._unextracted)}

    def close(self) -> None:
        """Close the connections and end the thread; the graph stays until the run is over."""
        loop, self._loop = self._loop, None
        if loop is not None:
            try:
                if self._graphiti is not None:
                    loop.run(self._store.shut(self._graphiti))
            finally:
                loop.close()

    def _run(self, coroutine: Any) -> Any:
        if self._loop is None:
            coroutine.close()
            raise ConfigError("this Graphiti is closed: make another one")
        return self._loop.run(coroutine)

    def _query(self, statement: str, name: str) -> list[dict[str, Any]]:
        return list(self._run(self._graphiti.driver.execute_query(statement, name=name))[0])

    def _ask(self, statement: str) -> list[dict[str, Any]]:
        self.prepare()
        return self._store.persistently(lambda: list(self._run(self._graphiti.driver.execute_query(statement))[0]))


def _clean(text: str) -> str:
    """Without what neither JSON nor the database takes."""
    return _UNREADABLE.sub("\ufffd", text)
