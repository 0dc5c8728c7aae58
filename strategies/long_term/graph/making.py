"""From passages and facts to nodes and edges."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace

from memeval.kit.stores import GraphEdge, GraphNode
from memeval.kit.types import Passage
from memeval.language.detection import ENGLISH
from memeval.strategies.extraction.entities import entities
from memeval.strategies.extraction.fact import Fact
from memeval.strategies.extraction.words import content, normal
from memeval.strategies.long_term.graph.ids import CONCEPT, ENTITY, PASSAGE, relation

# Longer words are no words: addresses, data.
_LONGEST = 80
# Saturation and length normalisation of BM25 for a word that occurs once, with a fixed mean length: a running mean
# would change every edge with every write.
_K1, _B, _MEAN = 1.5, 0.75, 15.0


def concepts(text: str, known: Container[str] = frozenset(), language: str = ENGLISH) -> list[GraphNode]:
    """The nodes of what a text is about: base forms of its content words, then names of several words.

    Args:
        text: of a passage or a query.
        known: names that may stand at the start of a sentence.
        language: whose words they are.
    """
    names = entities(text, known)
    single = {base for name in names if " " not in name for base in content(name, language)}
    found = [
        GraphNode(CONCEPT + word, "entity" if word in single else "concept", word)
        for word in content(text, language)
        if len(word) <= _LONGEST
    ]
    return found + [GraphNode(ENTITY + name, "entity", name) for name in names if " " in name and len(name) <= _LONGEST]


def subject(name: str) -> str:
    """How a person is called in the ids of relations."""
    return normal(name)


def passage_node(passage: Passage) -> GraphNode:
    """The node that stands for a passage."""
    return GraphNode(PASSAGE + passage.id, "passage", passage.text, passage.sources, passage.verbatim)


def mentions(passage: Passage, about: Sequence[GraphNode]) -> Iterator[GraphEdge]:
    """The edges from a passage to what it is about; the more it is about, the less each weighs."""
    weight = 1 / (1 + _K1 * (1 - _B + _B * len(about) / _MEAN))
    for node in about:
        yield GraphEdge(PASSAGE + passage.id, node.id, "mentions", "", weight, passage.sources, valid_from=passage.time)


def follows(earlier: Passage, later: Passage) -> GraphEdge:
    """The edge between passages that were said one after the other."""
    return GraphEdge(PASSAGE + later.id, PASSAGE + earlier.id, "follows", sources=later.sources, valid_from=later.time)


def statements(fact: Fact, passages: Iterable[str]) -> tuple[list[GraphNode], list[GraphEdge]]:
    """The relation that a fact is about, its subject, and the passages that state its value."""
    name = relation(subject(fact.subject), fact.attribute)
    nodes = [GraphNode(name, "relation", f"{fact.subject}: {fact.attribute}")]
    edges = [
        GraphEdge(name, PASSAGE + passage, "states", fact.value, 1.0, fact.sources, fact.time) for passage in passages
    ]
    if not edges:
        return [], []
    for word in content(fact.subject):
        nodes.append(GraphNode(CONCEPT + word, "entity", word))
        edges.append(GraphEdge(CONCEPT + word, name, "has", sources=fact.sources, valid_from=fact.time))
    return nodes, edges


def superseded(edges: Iterable[GraphEdge]) -> list[GraphEdge]:
    """The `states` edges of one relation with the times until which their values held, those that change only.

    A value holds until the next different one is stated. Edges without a time neither end another nor are ended.
    """
    dated = [(edge.valid_from, edge) for edge in edges if edge.kind == "states" and edge.valid_from is not None]
    dated.sort(key=lambda pair: pair[0])
    changed = []
    for place, (_, edge) in enumerate(dated):
        value = normal(edge.label)
        until = next((time for time, later in dated[place + 1 :] if normal(later.label) != value), None)
        if until != edge.valid_to:
            changed.append(replace(edge, valid_to=until))
    return changed
