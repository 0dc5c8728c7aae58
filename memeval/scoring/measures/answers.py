"""Measures on answers: their words against the gold answers, abstaining, and what a judge said."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from memeval.answers.reader import abstains
from memeval.llm.reply import answer_of
from memeval.scoring.measures.base import Better, QuestionMeasure
from memeval.scoring.measures.facts import Case
from memeval.scoring.measures.text import rouge_words, squad_words


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Answers(QuestionMeasure):
    """What a run without answers has no value of; a question that has none in a run that has others is worst."""

    phase: ClassVar[str] = "answer"

    def applies(self, case: Case) -> bool:
        """Questions with gold answers."""
        return bool(case.question.answers)

    def failure(self, case: Case) -> float | None:
        """The worst value where the run had a reader, otherwise none."""
        # A run with a reader (a judge) books that phase for every question, with nothing in it for failed ones.
        return self.worst if case.outcome is not None and self.phase in case.outcome.usage else None

    def value(self, case: Case) -> float | None:
        """The best over the gold answers; the worst value where the reader failed; None without a reader."""
        answer = _answer(case)
        return self.failure(case) if answer is None else self.of(answer, case.question.answers)

    def of(self, answer: str, golds: Sequence[str]) -> float | None:
        """The value of an answer."""
        raise NotImplementedError


def _answer(case: Case) -> str | None:
    """The answer proper; None where the reader gave none."""
    if case.outcome is None or case.outcome.answer is None:
        return None
    return answer_of(case.outcome.answer)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ExactMatch(_Answers):
    """Equal to a gold answer after SQuAD's normalisation (Rajpurkar et al. 2016, section 6.1)."""

    summary: ClassVar[str] = "the answer is a gold answer, word for word"
    label: ClassVar[tuple[str, ...]] = ("exact", "match")

    def of(self, answer: str, golds: Sequence[str]) -> float:
        """1 or 0."""
        words = squad_words(answer)
        return float(any(words == squad_words(gold) for gold in golds))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TokenF1(_Answers):
    """Harmonic mean of precision and recall of words after SQuAD's normalisation (Rajpurkar et al. 2016, 6.1).

    As in the official script of SQuAD 1.1, no word in common is 0, also where both have none. Lists are not split at
    commas, as LoCoMo's script does.
    """

    summary: ClassVar[str] = "words shared with the nearest gold answer, F1"
    label: ClassVar[tuple[str, ...]] = ("token", "F1")

    def of(self, answer: str, golds: Sequence[str]) -> float:
        """The best F1."""
        return max(token_f1(squad_words(answer), squad_words(gold)) for gold in golds)


def token_f1(answer: Sequence[str], gold: Sequence[str]) -> float:
    """F1 of two bags of words."""
    common = (Counter(answer) & Counter(gold)).total()
    return 2 * common / (len(answer) + len(gold)) if common else 0.0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RougeL(_Answers):
    """F-measure of the longest common subsequence of words (Lin 2004, section 3.1, beta = 1).

    Words are runs of letters and digits in lower case without stemming, as in Google's rouge_score; see
    `text.rouge_words` for what is not ASCII.
    """

    summary: ClassVar[str] = "longest common subsequence with the nearest gold answer, F1"
    label: ClassVar[tuple[str, ...]] = ("ROUGE-L",)

    def of(self, answer: str, golds: Sequence[str]) -> float:
        """The best F-measure."""
        return max(rouge_l(rouge_words(answer), rouge_words(gold)) for gold in golds)


def rouge_l(answer: Sequence[str], gold: Sequence[str]) -> float:
    """2 LCS / (m + n); 0 where either has no words."""
    lengths = [0] * (len(gold) + 1)
    for word in answer:
        diagonal = 0
        for place, other in enumerate(gold, start=1):
            above = lengths[place]
            lengths[place] = diagonal + 1 if word == other else max(above, lengths[place - 1])
            diagonal = above
    return 2 * lengths[-1] / (len(answer) + len(gold)) if lengths[-1] else 0.0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AbstentionRecall(_Answers):
    """Share of the questions without an answer in the dialogue at which the reader abstained."""

    summary: ClassVar[str] = "of the questions that cannot be answered, share abstained from"
    label: ClassVar[tuple[str, ...]] = ("abstention", "recall")

    def applies(self, case: Case) -> bool:
        """Questions without gold answers: abstaining is right."""
        return not case.question.answers

    def of(self, answer: str, golds: Sequence[str]) -> float:
        """1 or 0."""
        return float(abstains(answer))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AbstentionPrecision(_Answers):
    """Share of the abstentions that were right; its denominator are the abstentions. A failure is none."""

    summary: ClassVar[str] = "of the answers that abstain, share that should"
    label: ClassVar[tuple[str, ...]] = ("abstention", "precision")
    worst: ClassVar[float | None] = None

    def applies(self, case: Case) -> bool:
        """Every question: which of them were abstained from is no matter of the gold."""
        return True

    def of(self, answer: str, golds: Sequence[str]) -> float | None:
        """1 or 0; None for an answer that does not abstain."""
        return float(not golds) if abstains(answer) else None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class JudgedAccuracy(_Answers):
    """Share of the questions whose answer the judge found correct; abstaining is correct where nothing else is.

    A question that the strategy or the reader failed is 0. One that the judge failed is left out of `n`: it is missing.
    """

    summary: ClassVar[str] = "share of answers that the judge found correct"
    label: ClassVar[tuple[str, ...]] = ("judged", "correct")
    phase: ClassVar[str] = "judge"

    def applies(self, case: Case) -> bool:
        """Every question."""
        return True

    def value(self, case: Case) -> float | None:
        """1 or 0; None without a usable verdict."""
        if _answer(case) is None:
            return self.failure(case)
        verdict = case.outcome.verdict if case.outcome is not None else None
        return None if verdict is None or "error" in verdict else float(verdict["correct"])


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class JudgeAgreement(_Answers):
    """Share of the judge's repeats that voted as the majority, over the questions with a verdict."""

    summary: ClassVar[str] = "share of a judge's repeats that agree with its majority"
    label: ClassVar[tuple[str, ...]] = ("judge", "agrees")
    better: ClassVar[Better] = "neither"
    phase: ClassVar[str] = "judge"
    worst: ClassVar[float | None] = None

    def applies(self, case: Case) -> bool:
        """Every question."""
        return True

    def value(self, case: Case) -> float | None:
        """From above one half to 1; None where nothing was repeated."""
        verdict = case.outcome.verdict if case.outcome is not None else None
        if verdict is None or "error" in verdict or len(verdict["votes"]) < 2:
            return None
        return float(verdict["agreement"])
