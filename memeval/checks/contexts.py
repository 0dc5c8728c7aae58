"""What every dialogue and every context must satisfy before anything is measured."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence, Set
from datetime import date
from itertools import chain

from memeval.checks.copies import Copied
from memeval.kit.errors import ContractError, DataError, LeakError, ReplyError
from memeval.kit.text import flaw
from memeval.kit.types import Dialogue, Segment, Turn


def check_dialogue(dialogue: Dialogue) -> None:
    """Refuse a dialogue that cannot be measured honestly.

    Raises:
        DataError: no turns, ids used twice, days out of order, characters that no tokenizer or database takes, a
            question before the first turn; the message names the place.
    """
    if not dialogue.turns:
        raise DataError(
            f"dialogue {dialogue.id!r} has no turns: remove it or add its turns; memeval data validate FILE finds all "
            "such places"
        )
    _check_names(dialogue)
    ids: set[str] = set()
    day: date | None = None
    for turn in dialogue.turns:
        if turn.id in ids:
            raise DataError(
                f"dialogue {dialogue.id!r} uses the turn id {turn.id!r} twice: make turn ids unique within a dialogue"
            )
        ids.add(turn.id)
        _check_text(turn.text, f"turn {turn.id!r} of dialogue {dialogue.id!r}")
        if turn.caption is not None:
            _check_text(turn.caption, f"the caption of turn {turn.id!r} of dialogue {dialogue.id!r}")
        if turn.time is not None:
            if day is not None and turn.time.date() < day:
                raise DataError(
                    f"turn {turn.id!r} of dialogue {dialogue.id!r} is dated {turn.time.date()}, before the turn "
                    f"that precedes it ({day}): put the turns in order of time"
                )
            day = turn.time.date()
    first = next((turn.time for turn in dialogue.turns if turn.time is not None), None)
    asked: set[str] = set()
    for question in dialogue.questions:
        if question.id in asked:
            raise DataError(
                f"dialogue {dialogue.id!r} uses the question id {question.id!r} twice: make question ids unique"
            )
        asked.add(question.id)
        _check_text(question.query.text, f"question {question.id!r} of dialogue {dialogue.id!r}")
        time = question.query.time
        if time is not None and first is not None and time.date() < first.date():
            raise DataError(
                f"question {question.id!r} of dialogue {dialogue.id!r} is asked on {time.date()}, before the first "
                f"turn ({first.date()}): correct its time, or leave it out to ask after the last turn"
            )


def _check_names(dialogue: Dialogue) -> None:
    """Refuse ids, sessions, speakers, categories and answers that cannot be written down."""
    _check_text(dialogue.id, f"the id of dialogue {dialogue.id!r}")
    place = f"of dialogue {dialogue.id!r}"
    sessions = {turn.session for turn in dialogue.turns} | {
        session for question in dialogue.questions for session in question.evidence_sessions or ()
    }
    for what, names in (
        ("turn id", [turn.id for turn in dialogue.turns]),
        ("session", sessions),
        ("speaker", {turn.speaker for turn in dialogue.turns}),
        ("question id", [question.id for question in dialogue.questions]),
        ("category", {question.category for question in dialogue.questions}),
        ("answer", [answer for each in dialogue.questions for answer in (*each.answers, *each.stale_answers)]),
        ("tag", {tag for question in dialogue.questions for tag in question.tags}),
    ):
        for name in names:
            _check_text(name, f"the {what} {name!r:.100} {place}")


def _check_text(text: str, where: str) -> None:
    if reason := flaw(text):
        raise DataError(f"{where} contains {reason}")


def check_turn_tokens(turns: Sequence[Turn], tokens: Sequence[int], limit: int, dialogue: str) -> None:
    """Refuse turns longer than `limit` tokens.

    Raises:
        DataError: names the turn and how to raise the limit.
    """
    for turn, count in zip(turns, tokens, strict=True):
        if count > limit:
            raise DataError(
                f"turn {turn.id!r} of dialogue {dialogue!r} has {count:,} tokens, more than "
                f"max_turn_tokens={limit:,}: no window treats such a turn sensibly; split it, or raise the limit "
                f"knowingly with max_turn_tokens={count}"
            )


def check_window(prompt: int, instruction: int, reply: int, window: int) -> None:
    """Refuse a request that the target could not take: tokens of prompt, instruction and longest reply.

    Raises:
        ReplyError: says what does not fit, and what to lower.
    """
    if prompt + instruction + reply > window:
        raise ReplyError(
            f"the prompt ({prompt:,} tokens), the reader's instruction ({instruction:,}) and the longest reply "
            f"({reply:,}) do not fit the target's window of {window:,} tokens: lower budget or llm.max_tokens, or "
            "choose a target with a larger window (memeval list target)"
        )


class ContextChecker:
    """Checks contexts of one dialogue; a segment object that passed once is not read again."""

    def __init__(self, foreign: Set[str] = frozenset()) -> None:
        """Start with no turn written; `foreign` are ids of other dialogues that share the strategy's stores."""
        self._foreign = foreign
        self._texts: dict[str, str] = {}
        # Keyed by identity; the segment is kept so that its identity cannot be taken by another object.
        self._passed: dict[int, Segment] = {}

    def written(self, turns: Sequence[Turn]) -> None:
        """Take note of turns that the strategy has been given."""
        self._texts.update((turn.id, turn.text.strip()) for turn in turns)

    @property
    def citable(self) -> int:
        """How many turns there are to cite, those of other dialogues included."""
        return len(self._texts) + len(self._foreign)

    def check(self, copied: Copied, tokens: int, budget: int) -> None:
        """Refuse a context, which has `tokens` tokens, if it breaks the contract.

        Raises:
            LeakError: a source of another dialogue.
            ContractError: a source that was never written, a verbatim segment without its source's text, a ranking
                that cites an unknown source, or more tokens than `budget`.
        """
        leaks = self.leaks(copied)
        if leaks:
            raise LeakError(f"{leaks} cited turns belong to other dialogues")
        passed = self._passed
        segments = {id(segment): segment for segment in copied.context.segments}
        fresh = segments.keys() - passed.keys()
        for identity in [identity for identity in segments if identity in fresh] if fresh else ():
            self._check_segment(segments[identity])
            passed[identity] = segments[identity]
        if tokens > budget:
            raise ContractError(f"the context has {tokens:,} tokens, the budget is {budget:,}")
        unknown = {*chain.from_iterable(sources for sources, _ in copied.ranking or ())} - self._texts.keys()
        if unknown:
            raise ContractError(f"the ranking cites turn {min(unknown)!r}, which was never written to the strategy")

    def leaks(self, copied: Copied) -> int:
        """How many cited turns belong to other dialogues."""
        if not self._foreign:
            return 0
        cited = {source for segment in copied.context.segments for source in segment.sources}
        cited.update(source for sources, _ in copied.ranking or () for source in sources)
        return sum(source in self._foreign and source not in self._texts for source in cited)

    def _check_segment(self, segment: Segment) -> None:
        if segment.text != segment.text.strip():
            raise ContractError(f"a {segment.kind} segment is not stripped: {segment.text[:60]!r}")
        for source in segment.sources:
            text = self._texts.get(source)
            if text is None:
                raise ContractError(
                    f"a {segment.kind} segment cites turn {source!r}, which was never written to the strategy"
                )
            if segment.verbatim and text not in segment.text:
                raise ContractError(
                    f"a {segment.kind} segment claims to be verbatim but lacks the text of its source {source!r}: "
                    "give the whole text, or mark the segment verbatim=False"
                )


def positions(dialogue: Dialogue) -> Mapping[str, int]:
    """For every question id: how many turns are written before it is read.

    These are the turns up to and including the question's day, since the data date whole sessions only and some
    evidence lies on the question's own day. A question without a time is asked after the last turn.
    """
    days: list[date] = []
    latest = date.min
    for turn in dialogue.turns:
        if turn.time is not None:
            latest = turn.time.date()
        days.append(latest)
    return {
        question.id: len(days) if question.query.time is None else bisect_right(days, question.query.time.date())
        for question in dialogue.questions
    }
