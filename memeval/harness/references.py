"""References made by the harness: what gold evidence alone would reach, and what a random choice of turns reaches."""

import random
from collections.abc import Sequence

from memeval.kit.document import Document
from memeval.kit.tokens import Tokenizer
from memeval.kit.types import Context, Hit, Query, Question, Segment, Turn


class Oracle:
    """Puts the gold evidence into the context, in order of time, as far as the budget reaches: the ceiling.

    Only the harness calls `reveal`, and only on this class: a plug-in cannot ask for the gold.
    """

    def __init__(self, document: Document, tokenizer: Tokenizer) -> None:
        """Start empty."""
        self._document = document
        self._tokenizer = tokenizer
        self._turns: dict[str, Turn] = {}
        self._gold: frozenset[str] = frozenset()
        self._gold_sessions: frozenset[str] = frozenset()

    def write(self, turns: Sequence[Turn]) -> None:
        """Keep all turns."""
        self._turns.update((turn.id, turn) for turn in turns)

    def reveal(self, question: Question) -> None:
        """Hand over the gold of the question that is read next."""
        self._gold = frozenset(question.evidence or ())
        # Where only sessions are annotated, the evidence is somewhere in them.
        self._gold_sessions = frozenset() if self._gold else frozenset(question.evidence_sessions or ())

    def read(self, query: Query, budget: int) -> Context:
        """The evidence, and as the ranking the evidence turns in order."""
        gold = [turn for turn in self._turns.values() if turn.id in self._gold or turn.session in self._gold_sessions]
        segments = []
        left = budget
        for turn in gold:
            text = self._document.render(turn)
            tokens = self._tokenizer.count(text)
            if text and tokens <= left:
                segments.append(Segment("memory", text, (turn.id,)))
                left -= tokens
        ranking = [Hit(self._document.render(turn), (turn.id,)) for turn in gold]
        return Context(segments, ranking)


class Random:
    """Ranks the turns at random, seeded by the query, and fills the budget: what chance reaches."""

    def __init__(self, document: Document, tokenizer: Tokenizer, seed: int = 0, depth: int = 50) -> None:
        """Set the seed and how deep the ranking is kept."""
        self._document = document
        self._tokenizer = tokenizer
        self._seed = seed
        self._depth = depth
        self._turns: list[tuple[str, str]] = []

    def write(self, turns: Sequence[Turn]) -> None:
        """Keep the text of all turns that are not instructions."""
        for turn in turns:
            if turn.role != "system" and (turn.text or turn.caption):
                self._turns.append((turn.id, self._document.render(turn)))

    def read(self, query: Query, budget: int) -> Context:
        """Turns in random order while they fit."""
        order = list(self._turns)
        random.Random(f"{self._seed}:{query.text}").shuffle(order)
        segments = []
        left = budget
        for turn, text in order:
            tokens = self._tokenizer.count(text)
            if tokens > left:
                break
            segments.append(Segment("memory", text, (turn,)))
            left -= tokens
        return Context(segments, [Hit(text, (turn,)) for turn, text in order[: self._depth]])
