"""What measures look at, derived once for each dialogue and question and shared by all measures."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from memeval.kit.types import Dialogue, DialogueRecord, Outcome, Question, Turn
from memeval.pricing import Target
from memeval.scoring.measures.text import searchable

Unit = Literal["turn", "session"]
Segments = Literal["verbatim", "all"]

# Sections of `Outcome.tokens` that are not part of what the strategy assembled.
_OUTSIDE_CONTEXT = ("query", "frame")


class Template(Protocol):
    """The run's document template."""

    def render(self, turn: Turn) -> str:
        """The turn as one stripped text."""


class Counter(Protocol):
    """The run's tokenizer."""

    def count(self, text: str) -> int:
        """Tokens of `text` and the newline after it."""


class History:
    """A dialogue as measures see it; expensive facts are worked out when first asked for."""

    def __init__(
        self,
        dialogue: Dialogue,
        record: DialogueRecord | None,
        document: Template,
        tokenizer: Counter,
        target: Target | None = None,
    ) -> None:
        """Index the turns of `dialogue`; `record` is None for a dialogue that the run did not finish.

        `target` is the model whose prices apply.
        """
        self.turns = dialogue.turns
        self.record = record
        self.target = target
        self._document = document
        self._tokenizer = tokenizer
        self.position: dict[str, int] = {}
        self.session_of: dict[str, str] = {}
        self.session_start: dict[str, int] = {}
        # Distinct sessions among the first n turns, n from 0.
        self._sessions_written = [0]
        for index, turn in enumerate(dialogue.turns):
            self.position[turn.id] = index
            self.session_of[turn.id] = turn.session
            self.session_start.setdefault(turn.session, index)
            self._sessions_written.append(len(self.session_start))
        self._tokens: dict[str, int] = {}
        self._tokens_written: list[int] = []
        self._texts: dict[str, str] = {}
        self._derived: dict[str, str] = {}

    def size(self, unit: Unit, written: int) -> int:
        """How many units the first `written` turns are."""
        return written if unit == "turn" else self._sessions_written[written]

    def tokens(self, turn_id: str) -> int:
        """Tokens of a turn as the run's document template renders it."""
        known = self._tokens.get(turn_id)
        if known is None:
            known = self._tokenizer.count(self._document.render(self.turns[self.position[turn_id]]))
            self._tokens[turn_id] = known
        return known

    def tokens_written(self, written: int) -> int:
        """Tokens of the first `written` turns."""
        if self.record is not None and written == self.record.turns:
            return self.record.tokens
        if not self._tokens_written:
            total = 0
            self._tokens_written.append(total)
            for turn in self.turns:
                total += self.tokens(turn.id)
                self._tokens_written.append(total)
        return self._tokens_written[written]

    def text(self, turn_id: str) -> str:
        """A turn as rendered, searchabled for answer matching."""
        known = self._texts.get(turn_id)
        if known is None:
            known = searchable(self._document.render(self.turns[self.position[turn_id]]))
            self._texts[turn_id] = known
        return known

    def derived_text(self, text: str) -> str:
        """A derived text, searchabled for answer matching; questions of a dialogue often share theirs."""
        known = self._derived.get(text)
        if known is None:
            known = self._derived[text] = searchable(text)
        return known


class Case:
    """One question with its gold, its outcome and the dialogue around it."""

    def __init__(self, question: Question, outcome: Outcome | None, history: History) -> None:
        """`outcome` is None where the run lacks the question; such a question counts as failed."""
        self.question = question
        self.outcome = outcome
        self.history = history
        self.failed = outcome is None or outcome.error is not None or outcome.context is None
        self.written = min(outcome.written, len(history.turns)) if outcome is not None else len(history.turns)
        self._gold: dict[Unit, frozenset[str]] = {}
        self._covered: dict[tuple[Unit, Segments], frozenset[str]] = {}
        self._positions: dict[Unit, tuple[Mapping[str, int], Sequence[int]]] = {}
        self._ranks: dict[Unit, Sequence[int]] = {}

    def gold(self, unit: Unit) -> frozenset[str]:
        """Evidence units, empty where there are none or none are annotated.

        Ids that are not of this dialogue stay in: they are gold that nobody can find. With unit=session each of them
        stands for a session of its own, so that both units see the same gaps.
        """
        known = self._gold.get(unit)
        if known is None:
            evidence = self.question.evidence or ()
            if unit == "turn":
                known = frozenset(evidence)
            elif self.question.evidence_sessions is not None:
                known = frozenset(self.question.evidence_sessions)
            else:
                sessions = self.history.session_of
                known = frozenset(sessions.get(turn, f"session of {turn}") for turn in evidence)
            self._gold[unit] = known
        return known

    def reachable(self, unit: Unit) -> int:
        """How many gold units had been written when the question was read."""
        start = self.history.position if unit == "turn" else self.history.session_start
        return sum(start.get(each, self.written) < self.written for each in self.gold(unit))

    def size(self, unit: Unit) -> int:
        """How many units had been written when the question was read: the haystack."""
        return self.history.size(unit, self.written)

    def covered(self, unit: Unit, segments: Segments) -> frozenset[str]:
        """Units with at least one turn among the sources of the context's segments."""
        known = self._covered.get((unit, segments))
        if known is None:
            if unit == "session":
                sessions = self.history.session_of
                known = frozenset(sessions[turn] for turn in self.covered("turn", segments) if turn in sessions)
            else:
                parts = (self.outcome.context if self.outcome is not None else None) or ()
                counted = [part for part in parts if part.verbatim == (segments == "verbatim")]
                sources = [each for part in counted for each in part.sources]
                if segments == "verbatim":
                    known = frozenset().union(*sources)
                else:
                    verbatim = self.covered("turn", "verbatim")
                    known = verbatim.union(*sources) if sources else verbatim
            self._covered[unit, segments] = known
        return known

    def ranks(self, unit: Unit) -> Sequence[int]:
        """Positions (from 1, ascending) at which gold units are found; one entry for each gold unit found."""
        known = self._ranks.get(unit)
        if known is None:
            first, _ = self._ranking(unit)
            known = self._ranks[unit] = sorted(first[each] for each in self.gold(unit) if each in first)
        return known

    def gains(self, unit: Unit) -> Sequence[int]:
        """How many units each position of the ranking adds to those before it."""
        return self._ranking(unit)[1]

    def _ranking(self, unit: Unit) -> tuple[Mapping[str, int], Sequence[int]]:
        known = self._positions.get(unit)
        if known is not None:
            return known
        first: dict[str, int] = {}
        gains: list[int] = []
        ranking = (self.outcome.ranking if self.outcome is not None else None) or ()
        if unit == "turn":
            first = {each[0][0]: position for position, each in enumerate(ranking, start=1) if len(each[0]) == 1}
            if len(first) == len(ranking):
                # The common case, quickly: passages of single turns, each ranked once.
                gains = [1] * len(first)
                self._positions[unit] = (first, gains)
                return first, gains
            first = {}
            for position, (sources, _) in enumerate(ranking, start=1):
                before = len(first)
                for turn in sources:
                    first.setdefault(turn, position)
                gains.append(len(first) - before)
        else:
            sessions = self.history.session_of
            for sources, _ in ranking:
                for turn in sources:
                    session = sessions.get(turn)
                    if session is not None and session not in first:
                        first[session] = len(first) + 1
            gains = [1] * len(first)
        self._positions[unit] = (first, gains)
        return first, gains

    def context_tokens(self) -> int:
        """Tokens of the assembled context, without the query and the prompt's own headings."""
        if self.outcome is None:
            return 0
        return sum(count for section, count in self.outcome.tokens.items() if section not in _OUTSIDE_CONTEXT)

    def context_texts(self) -> list[str]:
        """The context's searchabled texts: each verbatim turn once, then derived texts."""
        known = self.history.position
        texts = [self.history.text(turn) for turn in self.covered("turn", "verbatim") if turn in known]
        if self.outcome is not None:
            for part in self.outcome.context or ():
                if part.texts is not None:
                    texts.extend(map(self.history.derived_text, part.texts))
        return texts
