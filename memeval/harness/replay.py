"""Replay mode: a dialogue is lived through turn by turn, and every user turn is a query to the memory so far."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from memeval.checks.copies import Copied
from memeval.harness.prefixes import Prefixes
from memeval.harness.references import Oracle
from memeval.harness.session import Session, Shared
from memeval.kit.errors import ConfigError
from memeval.kit.protocols import Strategy
from memeval.kit.tokens import Tokenizer
from memeval.kit.types import Context, Dialogue, Outcome, Query, Question, Request, Turn, Usage

CATEGORY = "replay"


class ReplaySession(Session):
    """A dialogue whose user turns are asked in place of its questions; nothing is asked of the gold.

    A user turn is read before it is written: the memory holds what was said until then. Turns are written one at a
    time. The outcome of a turn goes by the turn's id and holds a `Request` in place of a context.
    """

    def __init__(
        self,
        shared: Shared,
        dialogue: Dialogue,
        make: Callable[[], Strategy],
        folder: Path,
        tokens: int,
        known: set[str],
    ) -> None:
        """Start before the first turn; arguments as of `Session`.

        Raises:
            ConfigError: what needs questions with gold.
        """
        super().__init__(shared, replace(dialogue, questions=()), make, folder, tokens, known)
        if type(self._strategy) is Oracle:
            raise ConfigError(
                "strategy=oracle knows the evidence of questions, and mode=replay asks none: choose another strategy, "
                "or mode=questions"
            )
        if shared.plan.forget:
            raise ConfigError("forget needs questions with evidence: add mode=questions, or leave forget out")
        self._prefixes = Prefixes(shared.tokenizer)
        self._previous: datetime | None = None
        self._fresh = Usage()
        self._replies = _reply_tokens(dialogue.turns, shared.tokenizer)
        self._spoken = 0

    def live(self) -> None:
        """Ask and write turn after turn."""
        self._prepare()
        shared = self._shared.plan.isolation == "shared"
        for position, turn in enumerate(self._dialogue.turns):
            if turn.role == "user":
                name = turn.id.removeprefix(f"{self._dialogue.id}/") if shared else turn.id
                query = Query(turn.text or turn.caption or "", turn.time)
                self._outcomes.append(self._read(Question(name, query, (), None, CATEGORY)))
            self._write(position + 1)
            self._spoken += self._shared.tokenizer.count(self._shared.document.render(turn))

    def _take(self, turns: Sequence[Turn]) -> Usage:
        usage = super()._take(turns)
        self._fresh += usage
        return usage

    def _outcome(
        self, question: Question, copied: Copied, tokens: Mapping[str, int], usage: Mapping[str, Usage]
    ) -> Outcome:
        """What is noted of a user turn.

        Contexts are not stored: they are all but the same from turn to turn, and together grow with the square of the
        dialogue.
        """
        return Outcome(
            dialogue=self._dialogue.id,
            question=question.id,
            written=self._written,
            context=(),
            ranking=None,
            tokens=tokens,
            usage=usage,
            request=self._request(question.query, copied.context),
        )

    def _request(self, query: Query, context: Context) -> Request:
        plan = self._shared.plan
        measured = self._prefixes.measure(context, query)
        since = None
        if query.time is not None and self._previous is not None:
            # Within a day some data has turns out of order.
            since = max(0.0, (query.time - self._previous).total_seconds())
        self._previous = query.time
        write, self._fresh = self._fresh, Usage()
        return Request(
            turn=self._written + 1,
            prompt_tokens=measured.tokens,
            prefix_tokens=measured.prefix,
            ends=measured.ends,
            output_tokens=self._replies[self._written],
            seconds_since=since,
            overflowed=plan.budget >= plan.window and self._spoken > plan.budget,
            write=write,
        )


def _reply_tokens(turns: Sequence[Turn], tokenizer: Tokenizer) -> list[int]:
    """For each turn: tokens of the assistant's turns between it and the next user turn."""
    tokens = [0] * len(turns)
    following = 0
    for index in range(len(turns) - 1, -1, -1):
        tokens[index] = following
        if turns[index].role == "user":
            following = 0
        elif turns[index].role == "assistant":
            following += tokenizer.count(turns[index].text)
    return tokens
