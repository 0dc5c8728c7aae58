"""From the outcomes of a run and the gold of its benchmark to scores; streams, one dialogue in memory at a time."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from memeval.kit.errors import DataError
from memeval.kit.types import Dialogue, DialogueRecord, Outcome, Question
from memeval.pricing import Target
from memeval.scoring.measures.base import DialogueMeasure, Floats, Measure, QuestionMeasure
from memeval.scoring.measures.facts import Case, History, Template
from memeval.scoring.measures.facts import Counter as TokenCounter

GoldView = Callable[[Question, Dialogue], Question | None]


class Part(NamedTuple):
    """The score of some of the questions: None where none of them is in the denominator."""

    value: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Score:
    """One measure over a run.

    Attributes:
        value: None where the measure does not apply to the strategy or to any question: a dash, never 0.
        n: questions (or dialogues, for measures of those) that the value is made from.
        n_failed: failed ones among those that the measure applies to; they are in `n` with their worst value, or, where
            there is none (tokens, seconds), left out of it.
        chance: the expected value of chance, None where it has no closed form.
        saturation: share of questions where everything written was covered, so that the value says nothing.
        short: share of questions whose ranking ended before the cut-off although more had been written.
        unfit: questions whose prompt cannot be sent; with any there is no value, since a mean of the others would be
            too low.
        by_category: in order of first appearance; empty for measures of dialogues.
    """

    measure: Measure
    value: float | None
    n: int
    n_failed: int
    chance: float | None = None
    saturation: float | None = None
    short: float | None = None
    unfit: int = 0
    by_category: Mapping[str, Part] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gaps:
    """How much of a run is missing although nothing failed.

    Attributes:
        rankings: questions that the strategy ranked for.
        empty: of these, questions whose ranking has no hit although something had been written.
        answers: questions that the reader answered, where a judge was asked.
        unjudged: of these, questions without a usable verdict.
        unanswered: questions that the reader gave no answer to, where a judge was asked.
    """

    rankings: int = 0
    empty: int = 0
    answers: int = 0
    unjudged: int = 0
    unanswered: int = 0


@dataclass(frozen=True, slots=True)
class Scores:
    """All scores of a run, and the values that they are made from.

    Attributes:
        questions, categories, tags: of each question scored, aligned.
        dialogues: ids in benchmark order.
        clusters: (questions,) index into `dialogues` of each question.
        failed: (questions,) whether the outcome is missing or an error.
        values: by measure, aligned with `questions`, nan where not applicable; measures of dialogues are aligned with
            `dialogues`.
        has_derived: some context holds derived text, so that recall over all segments is worth a column.
        has_ranking: the strategy ranked at least once.
        gaps: rankings without hits, answers without a verdict.
    """

    overall: Mapping[Measure, Score]
    values: Mapping[Measure, Floats]
    questions: tuple[str, ...]
    categories: tuple[str, ...]
    tags: tuple[tuple[str, ...], ...]
    dialogues: tuple[str, ...]
    clusters: npt.NDArray[np.int64]
    failed: npt.NDArray[np.bool_]
    has_derived: bool
    has_ranking: bool
    gaps: Gaps = Gaps()

    def __getitem__(self, measure: Measure) -> Score:
        """The score of one measure."""
        return self.overall[measure]

    def by_tag(self, measure: QuestionMeasure) -> dict[str, Part]:
        """Score over the questions that carry each tag, by name; a question with several tags counts in each."""
        members: dict[str, list[int]] = {}
        for index, tags in enumerate(self.tags):
            for tag in tags:
                members.setdefault(tag, []).append(index)
        return {tag: _part(measure, self.values[measure][members[tag]]) for tag in sorted(members)}


def score(
    outcomes: Iterable[Outcome],
    records: Iterable[DialogueRecord],
    dialogues: Iterable[Dialogue],
    measures: Sequence[Measure],
    *,
    document: Template,
    tokenizer: TokenCounter,
    gold: GoldView | None = None,
    target: Target | None = None,
) -> Scores:
    """Score a run.

    A question of `dialogues` without an outcome counts as failed: the denominator is fixed by the gold.

    Args:
        outcomes: those of a dialogue together; quickest in the order of `dialogues`, else they are kept until needed.
        records: of the finished dialogues, in any order.
        dialogues: those that the run was meant to cover, with their gold.
        measures: what to compute.
        document: the template that the run rendered its turns with.
        tokenizer: the run's tokenizer.
        gold: puts another definition's gold into a question, or leaves the question out by None (see presets).
        target: the model whose prices apply; None leaves what needs them undefined.

    Raises:
        DataError: outcomes of dialogues or questions that the benchmark does not have, or two of one question.
    """
    table = _Table(measures)
    by_dialogue = {record.dialogue: record for record in records}
    groups = _Groups(outcomes)
    for dialogue in dialogues:
        record = by_dialogue.get(dialogue.id)
        found = _by_question(dialogue, groups.take(dialogue.id))
        table.begin(dialogue.id, record)
        history = History(dialogue, record, document, tokenizer, target)
        for question in dialogue.questions:
            viewed = question if gold is None else gold(question, dialogue)
            if viewed is not None:
                table.add(Case(viewed, found.get(question.id), history))
    groups.finish()
    return table.scores()


class _Groups:
    """Outcomes grouped by dialogue, read only as far as needed."""

    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        self._stream = iter(outcomes)
        self._next = next(self._stream, None)
        self._waiting: dict[str, list[Outcome]] = {}
        self._read: set[str] = set()

    def take(self, dialogue: str) -> list[Outcome]:
        while dialogue not in self._read and self._next is not None:
            self._read_group(self._next)
        return self._waiting.pop(dialogue, [])

    def finish(self) -> None:
        while self._next is not None:
            self._read_group(self._next)
        if self._waiting:
            names = ", ".join(map(repr, list(self._waiting)[:3]))
            raise DataError(
                f"the run has outcomes of {len(self._waiting)} dialogues that the benchmark does not have ({names}): "
                "score it with the benchmark and the options that it was run with"
            )

    def _read_group(self, first: Outcome) -> None:
        dialogue = first.dialogue
        if dialogue in self._read:
            raise DataError(
                f"the outcomes of dialogue {dialogue!r} are not together: their file was changed, "
                "so run it again with overwrite=true"
            )
        self._read.add(dialogue)
        group = self._waiting[dialogue] = [first]
        self._next = next(self._stream, None)
        while self._next is not None and self._next.dialogue == dialogue:
            group.append(self._next)
            self._next = next(self._stream, None)


def _by_question(dialogue: Dialogue, outcomes: Sequence[Outcome]) -> dict[str, Outcome]:
    found = {outcome.question: outcome for outcome in outcomes}
    if len(found) < len(outcomes):
        raise DataError(
            f"dialogue {dialogue.id!r} has {len(outcomes)} outcomes of {len(found)} questions: their file was changed, "
            "so run it again with overwrite=true"
        )
    unknown = found.keys() - {question.id for question in dialogue.questions}
    if unknown:
        raise DataError(
            f"dialogue {dialogue.id!r} has outcomes of {len(unknown)} questions that the benchmark does not have "
            f"(such as {min(unknown)!r}): score it with the benchmark and the options that it was run with"
        )
    return found


class _Column:
    """The values of one measure on questions."""

    def __init__(self, measure: QuestionMeasure) -> None:
        self.measure = measure
        self.values: list[float] = []
        self.chance: list[float] = []
        self.saturated: list[float] = []
        self.short: list[float] = []
        self.failed = self.unfit = 0

    def add(self, case: Case) -> None:
        value: float | None = None
        if self.measure.applies(case):
            if case.failed:
                self.failed += 1
                value = self.measure.failure(case)
            else:
                value = self.measure.value(case)
                self.unfit += self.measure.unfit(case)
            if value is not None:
                _note(self.chance, self.measure.chance(case))
                _note(self.saturated, self.measure.saturated(case))
                _note(self.short, self.measure.short(case))
        self.values.append(np.nan if value is None else value)


class _Table:
    """Collects values question by question."""

    def __init__(self, measures: Sequence[Measure]) -> None:
        self._measures = tuple(dict.fromkeys(measures))
        self._columns = {m: _Column(m) for m in self._measures if isinstance(m, QuestionMeasure)}
        self._by_dialogue: dict[DialogueMeasure, list[float]] = {
            m: [] for m in self._measures if isinstance(m, DialogueMeasure)
        }
        self._dialogues: list[str] = []
        self._failed_dialogues = 0
        self._questions: list[str] = []
        self._categories: list[str] = []
        self._tags: list[tuple[str, ...]] = []
        self._clusters: list[int] = []
        self._failed: list[bool] = []
        self._has_derived = self._has_ranking = False
        self._gaps: Counter[str] = Counter()

    def begin(self, dialogue: str, record: DialogueRecord | None) -> None:
        self._dialogues.append(dialogue)
        failed = record is None or record.error is not None
        self._failed_dialogues += failed
        for measure, values in self._by_dialogue.items():
            value = measure.value(record) if record is not None and not failed else None
            values.append(np.nan if value is None else value)

    def add(self, case: Case) -> None:
        # Texts and answers are not needed again, and there may be very many questions.
        self._questions.append(case.question.id)
        self._categories.append(case.question.category)
        self._tags.append(case.question.tags)
        self._clusters.append(len(self._dialogues) - 1)
        self._failed.append(case.failed)
        if case.outcome is not None:
            self._has_ranking |= case.outcome.ranking is not None
            self._has_derived |= any(not part.verbatim for part in case.outcome.context or ())
            self._gaps.update(_gaps(case.outcome))
        for column in self._columns.values():
            column.add(case)

    def scores(self) -> Scores:
        members: dict[str, list[int]] = {}
        for index, category in enumerate(self._categories):
            members.setdefault(category, []).append(index)
        values: dict[Measure, Floats] = {}
        overall: dict[Measure, Score] = {}
        for measure in self._measures:
            if isinstance(measure, QuestionMeasure):
                values[measure], overall[measure] = self._close(self._columns[measure], members)
            elif isinstance(measure, DialogueMeasure):
                array = np.asarray(self._by_dialogue[measure], dtype=np.float64)
                value, n = _part(measure, array)
                values[measure], overall[measure] = array, Score(measure, value, n, self._failed_dialogues)
        return Scores(
            overall=overall,
            values=values,
            questions=tuple(self._questions),
            categories=tuple(self._categories),
            tags=tuple(self._tags),
            dialogues=tuple(self._dialogues),
            clusters=np.asarray(self._clusters, dtype=np.int64),
            failed=np.asarray(self._failed, dtype=np.bool_),
            has_derived=self._has_derived,
            has_ranking=self._has_ranking,
            gaps=Gaps(**self._gaps),
        )

    def _close(self, column: _Column, members: Mapping[str, Sequence[int]]) -> tuple[Floats, Score]:
        measure = column.measure
        values = np.asarray(column.values, dtype=np.float64)
        if measure.ranked and not self._has_ranking:
            values = np.full_like(values, np.nan)
            by_category = {category: Part(None, 0) for category in members}
            return values, Score(measure, None, 0, column.failed, by_category=by_category)
        value, n = _part(measure, values)
        parts = {category: _part(measure, values[list(indexes)]) for category, indexes in members.items()}
        if column.unfit:
            value, parts = None, {category: Part(None, part.n) for category, part in parts.items()}
        return values, Score(
            measure,
            value,
            n,
            column.failed,
            chance=_mean(column.chance),
            saturation=_mean(column.saturated),
            short=_mean(column.short),
            unfit=column.unfit,
            by_category=parts,
        )


def _gaps(outcome: Outcome) -> Iterator[str]:
    """The fields of `Gaps` that the question counts in."""
    if outcome.ranking is not None and outcome.written:
        yield "rankings"
        if not outcome.ranking:
            yield "empty"
    if outcome.verdict is not None:
        if outcome.answer is None:
            yield "unanswered"
        else:
            yield "answers"
            if "error" in outcome.verdict:
                yield "unjudged"


def _note(values: list[float], value: float | None) -> None:
    if value is not None:
        values.append(value)


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _part(measure: Measure, values: Floats) -> Part:
    present = values[~np.isnan(values)]
    return Part(measure.aggregate(present) if present.size else None, int(present.size))
