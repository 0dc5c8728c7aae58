"""Graph memory: entities, concepts and passages, walked from what the query names."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal

from annotated_types import Ge, Interval

from memeval.kit import powers
from memeval.kit.protocols import Forgets, Writing
from memeval.kit.ranges import ranged
from memeval.kit.stores import GraphEdge, GraphNode, GraphStore
from memeval.kit.text import storable
from memeval.kit.types import Hit, Passage, Query, Turn
from memeval.language.analysis import AllWords, Analyser, lone
from memeval.language.detection import AUTO, ENGLISH
from memeval.strategies.extraction.entities import entities, normalise
from memeval.strategies.extraction.fact import Extractor
from memeval.strategies.extraction.synonyms import attributes
from memeval.strategies.extraction.words import STOP, content
from memeval.strategies.long_term.graph import walk
from memeval.strategies.long_term.graph.ids import CONCEPT, PASSAGE, RELATION, USER, relation
from memeval.strategies.long_term.graph.making import (
    concepts,
    follows,
    mentions,
    passage_node,
    statements,
    subject,
    superseded,
)
from memeval.strategies.long_term.importance import Ratings

_ME = re.compile(r"\b(?:i|my|me|mine|myself)\b", re.IGNORECASE)
# A relation restated very often is judged by its newest statements.
_STATEMENTS = 64


@ranged
class Graph:
    """Passages ranked by how near they are to what the query names, over any number of hops.

    Nodes are passages, the base forms of their content words (concepts), names (entities) and relations with one value
    at a time (Ann's home). A passage is joined to what it mentions, to the passages of its session said before and
    after it, and to the relations that it states; a statement is valid until a different value is stated. The walk of
    `method: ppr` restarts at the query's words, names and relations in proportion to their inverse document frequency,
    as in HippoRAG (Gutiérrez et al. 2024, section 2.3); from a passage it goes on by the square of that frequency.
    """

    def __init__(
        self,
        writing: Writing,
        store: GraphStore,
        extractor: Extractor | None = None,
        scope: str = "default",
        method: Literal["ppr", "hops"] = "ppr",
        damping: Annotated[float, Interval(ge=0, lt=1)] = 0.85,
        follow: Annotated[float, Interval(ge=0, le=1)] = 0.3,
        tolerance: Annotated[float, Interval(gt=0, lt=1)] = 2e-4,
        fan_out: Annotated[int, Ge(1)] = 1000,
        hops: Annotated[int, Interval(ge=1, le=6)] = 2,
        decay: Annotated[float, Interval(ge=0, le=1)] = 0.5,
        as_of: bool = True,
        language: str = AUTO,
    ) -> None:
        """Open a scope of a store.

        Args:
            writing: makes the passages.
            store: holds the graph, texts included; closed with this memory.
            extractor: finds the facts that relations are made from; None: no relations.
            scope: whose memory it is.
            method: ppr: personalised PageRank by forward push; hops: all passages at most `hops` edges away.
            damping: ppr: probability to walk on rather than to restart.
            follow: ppr: part of a passage's mass that goes to the passages said before and after it.
            tolerance: ppr: mass for each edge of a node below which it is not passed on; bounds the work.
            fan_out: ppr: at most so many of a node's newest edges are walked; hops: nodes of the query with more are
                left out if there are others.
            hops: hops: how many edges to follow.
            decay: hops: what each edge beyond the first leaves of the score.
            as_of: ppr: only edges that are valid on the query's day are walked.
            language: of the dialogue, `auto` to find it out from its texts, or a code such as de.
        """
        self._writing = writing
        self._store = store
        self._extractor = extractor
        self._scope = scope
        self._method = method
        self._damping = damping
        self._follow = follow
        self._tolerance = tolerance
        self._fan_out = fan_out
        self._hops = hops
        self._decay = decay
        self._as_of = as_of
        self._analyser = Analyser(language, option="retriever.language")
        # What may have to be joined to the words of another language.
        self._early: dict[str, Passage] = {}
        self._sessions: dict[str, str] = {}
        self._last: Passage | None = None
        self._names: set[str] = set()
        self._user: str | None = None
        self._forgotten: set[str] = set()
        # For queries of which no usual word is known: where each word stands, read from the store when the first comes.
        self._held: dict[str, None] = {}
        self._places: dict[str, dict[str, None]] | None = None
        self._ratings = Ratings()
        # By passage, since several of one turn can be rated; a graph knows no ratings of its own.
        self._importance: dict[str, int] = {}
        self._refused = 0
        # A composite asks for more of the same ranking until its budget is full.
        self._ranked: tuple[Query, list[tuple[str, float]]] | None = None

    def prepare(self) -> None:
        """Load what writing, extractor and store need."""
        powers.prepare(self._writing, self._extractor, self._store)

    def write(self, turns: Sequence[Turn]) -> None:
        """Take in the next turns: their passages, what these mention, and the relations they state."""
        self._ranked = None
        taken = [turn for turn in turns if storable(turn.id, turn.session, turn.speaker, turn.text, turn.caption)]
        self._refused += len(turns) - len(taken)
        for turn in taken:
            self._sessions[turn.id] = turn.session
            self._names.add(normalise(turn.speaker))
            if turn.role == "user" and turn.speaker != self._user:
                self._user = turn.speaker
                self._store.upsert(self._scope, [GraphNode(USER, "user", turn.speaker)], [])
        passages = [passage for passage in self._writing.write(taken) if self._forgotten.isdisjoint(passage.sources)]
        if not self._analyser.settled:
            changed = any([self._analyser.read(turn.text) for turn in taken])
            self._early |= {passage.id: passage for passage in passages}
            if changed:
                self._put(list(self._early.values()))
        self._put(passages)
        if self._extractor is not None:
            self._relate(taken, passages, self._extractor)

    def _put(self, passages: Sequence[Passage]) -> None:
        if not passages:
            return
        passages = list({passage.id: passage for passage in passages}.values())
        nodes: dict[str, GraphNode] = {}
        edges: list[GraphEdge] = []
        about = {passage.id: concepts(passage.text, self._names, self._analyser.language) for passage in passages}
        held = self._store.neighbours(self._scope, [PASSAGE + passage.id for passage in passages])
        known = self._store.degrees(self._scope, list({node.id for found in about.values() for node in found}))
        for passage in passages:
            node = passage_node(passage)
            self._held[node.id] = None
            self._ratings.note(passage.sources, passage.importance)
            if passage.importance is not None:
                self._importance[node.id] = passage.importance
            edges += mentions(passage, about[passage.id])
            nodes.update((each.id, each) for each in about[passage.id] if each.id not in known)
            if node.id in held:
                edges += [edge for edge in held[node.id] if edge.kind == "follows" and edge.head == node.id]
            else:
                if self._last is not None and self._session(self._last) == self._session(passage):
                    edges.append(follows(self._last, passage))
                self._last = passage
            nodes[node.id] = node
        self._store.upsert(self._scope, list(nodes.values()), edges)
        self._places = None

    def _session(self, passage: Passage) -> str:
        return self._sessions.get(passage.sources[-1], "") if passage.sources else ""

    def _relate(self, turns: Sequence[Turn], passages: Sequence[Passage], extractor: Extractor) -> None:
        of_turn: dict[str, list[str]] = {}
        for passage in passages:
            for source in passage.sources:
                of_turn.setdefault(source, []).append(passage.id)
        nodes: dict[str, GraphNode] = {}
        edges: list[GraphEdge] = []
        for fact in extractor.extract(turns):
            if fact.slot == "" and subject(fact.subject):
                stated = dict.fromkeys(name for source in fact.sources for name in of_turn.get(source, ()))
                more_nodes, more_edges = statements(fact, stated)
                nodes.update((node.id, node) for node in more_nodes)
                edges += more_edges
        known = self._store.degrees(self._scope, list(nodes))
        self._store.upsert(self._scope, [node for node in nodes.values() if node.id not in known], edges)
        self._judge(name for name in nodes if name.startswith(RELATION))

    def _judge(self, relations: Iterable[str]) -> None:
        """Say until when the values of relations held."""
        stated = self._store.neighbours(self._scope, list(relations), _STATEMENTS)
        self._store.upsert(self._scope, [], [edge for edges in stated.values() for edge in superseded(edges)])

    def flush(self) -> None:
        """Let a store that writes late write now."""
        powers.flush(self._store)

    def search(self, query: Query, k: int) -> Sequence[Hit]:
        """The at most `k` passages of most mass, which is the score; without a known word or name there is none.

        A query of which no usual word is known, nor a name, is walked from the passages that hold any of its words,
        single characters and symbols included, and stop words where it has no others. Other queries are also walked
        from the passages that hold their letters that stand alone as names (vitamin C), and their emoji.
        """
        if k < 1:
            return []
        if self._ranked is None or self._ranked[0] != query:
            self._ranked = (query, sorted(self._masses(query).items(), key=lambda item: -item[1]))
        ranked = self._ranked[1]
        # Equal scores keep the order of writing, which the store knows.
        last = ranked[k - 1][1] if len(ranked) >= k else 0.0
        best = dict(item for item in ranked if item[1] >= last)
        nodes = sorted(self._store.nodes(self._scope, list(best)), key=lambda node: -best[node.id])
        rated = self._importance.get
        return [Hit(node.text, node.sources, best[node.id], node.verbatim, rated(node.id)) for node in nodes[:k]]

    def _masses(self, query: Query) -> Mapping[str, float]:
        """The score of every passage near the query, by node."""
        passages = self._store.count(self._scope, "passage")
        near = walk.Near(self._store, self._scope, passages, self._fan_out, self._follow, query.time, self._as_of)
        starts = self._starts(query.text)
        degrees = near.degrees(starts)
        seeds = {name: near.rarity(degrees[name]) for name in starts if degrees[name]}
        names = lone(query.text) if self._analyser.language == ENGLISH else []
        if not seeds:
            self._analyser.miss(query.text)
            names = [query.text]
        words = dict.fromkeys(AllWords().terms(" ".join(names)))
        for word in [word for word in words if word not in STOP] or words:
            held = self._standing(word)
            for name in held:
                seeds[name] = seeds.get(name, 0.0) + near.rarity(len(held)) / len(held)
        if not seeds:
            return {}
        near.degrees(list(seeds))
        if self._method == "ppr":
            return walk.pagerank(near, seeds, self._damping, self._tolerance)
        rare = {name: mass for name, mass in seeds.items() if degrees[name] <= self._fan_out}
        return walk.hops(self._store, self._scope, rare or seeds, self._hops, self._decay)

    def _standing(self, word: str) -> Mapping[str, None]:
        """The passages that have a word, whatever it is."""
        if self._places is None:
            self._places = {}
            for node in self._store.nodes(self._scope, list(self._held)):
                for each in AllWords().terms(node.text):
                    self._places.setdefault(each, {})[node.id] = None
        return self._places.get(word, {})

    def _starts(self, text: str) -> list[str]:
        """The nodes that a query may name, they need not exist: words, names, who says I, and relations asked for."""
        language = self._analyser.language
        found = [node.id for node in concepts(text, self._names, language)]
        people = entities(text, self._names)
        if _ME.search(text):
            if self._user is None:
                self._user = next((node.text for node in self._store.nodes(self._scope, [USER])), "")
            people.append(self._user)
            found += [CONCEPT + word for word in content(self._user, language)]
        for person in people:
            for word in content(text, language):
                found += [relation(subject(person), attribute) for attribute in attributes(word)]
        return list(dict.fromkeys(found))

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Remove what these turns are sources of; a value that one of them had superseded holds again."""
        self._ranked = None
        self._forgotten.update(turn_ids)
        self._ratings.forget(turn_ids)
        self._places = None
        self._early = {
            name: passage for name, passage in self._early.items() if self._forgotten.isdisjoint(passage.sources)
        }
        if self._last is not None and not self._forgotten.isdisjoint(self._last.sources):
            self._last = None
        if isinstance(self._writing, Forgets):
            # First, so that what is left of a passage keeps its place and its relations.
            self._writing.forget(turn_ids)
            passages = self._writing.write(())
            self._put([passage for passage in passages if self._forgotten.isdisjoint(passage.sources)])
        touched = self._store.forget(self._scope, turn_ids)
        self._judge(name for name in touched if name.startswith(RELATION))

    def rating(self, turn: str) -> int | None:
        """What the writing says of a turn's importance."""
        return self._ratings.get(turn)

    def stats(self) -> Mapping[str, float]:
        """Passages and all nodes of the scope, turns that no database takes, counters of extractor and store."""
        return {
            "items": self._store.count(self._scope, "passage"),
            "nodes": self._store.count(self._scope),
            "refused": self._refused,
            **powers.stats(self._extractor),
            **self._analyser.stats(),
            **powers.stats(self._store),
        }

    def close(self) -> None:
        """Close the store."""
        self._store.close()
