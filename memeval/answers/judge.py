"""The judge: a model's strict verdict on an answer, from the question and its gold alone."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from annotated_types import Ge

from memeval.kit import powers
from memeval.kit.errors import ConfigError, ReplyError
from memeval.kit.protocols import Model
from memeval.kit.ranges import ranged
from memeval.kit.types import Question
from memeval.llm import Repeats
from memeval.llm.reply import answer_of

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    # The reason comes first: a model that has written why decides better.
    "properties": {"reason": {"type": "string"}, "abstained": {"type": "boolean"}, "correct": {"type": "boolean"}},
    "required": ["reason", "abstained", "correct"],
    "additionalProperties": False,
}


@ranged
class Judge:
    """Judges answers by a language model that sees neither the context nor which strategy is judged."""

    def __init__(
        self,
        model: Model | None,
        fallback: Model | None,
        repeats: Annotated[int, Ge(1)],
        instruction: str,
        unanswerable: str,
    ) -> None:
        """Take the model and what it is told.

        Args:
            model: judges; may be asked by several threads.
            fallback: judges where there is no `model`.
            repeats: how often each answer is judged, odd; the majority counts.
            instruction: the system message for questions with gold answers.
            unanswerable: the system message for questions where abstaining is right.

        Raises:
            ConfigError: no model, an even number of repeats, or repeats of a model that cannot.
        """
        chosen = model if model is not None else fallback
        if chosen is None:
            raise ConfigError("judge=llm needs a model: add e.g. llm@judge_llm=litellm judge_llm.model=gpt-4o")
        if repeats % 2 == 0:
            raise ConfigError(f"judge.repeats={repeats} gives no majority: choose an odd number, e.g. judge.repeats=3")
        if repeats > 1 and not isinstance(chosen, Repeats):
            raise ConfigError(f"judge.repeats={repeats}, but this model cannot be asked twice: use judge.repeats=1")
        self._model = chosen
        self._models = [chosen.repetition(n) if n and isinstance(chosen, Repeats) else chosen for n in range(repeats)]
        self._instruction = instruction
        self._unanswerable = unanswerable

    @property
    def fingerprint(self) -> str:
        """Names the model and all that it is told: a judge check holds for this judge alone."""
        told = [self._instruction, self._unanswerable, SCHEMA, len(self._models)]
        return f"{self._model.fingerprint}|{json.dumps(told, sort_keys=True)}"

    def prepare(self) -> None:
        """Load what the model needs."""
        powers.prepare(self._model)

    def messages(self, question: Question, answer: str) -> list[Mapping[str, str]]:
        """The request: question, the day it is asked, gold answers and the answer, as JSON."""
        given: dict[str, Any] = {"question": question.query.text}
        if question.query.time is not None:
            given["asked_on"] = question.query.time.date().isoformat()
        if question.answers:
            given["accepted_answers"] = list(question.answers)
        given["answer_to_grade"] = answer_of(answer)
        system = self._instruction if question.answers else self._unanswerable
        return [
            {"role": "system", "content": system},
            {"role": "user", "content": json.dumps(given, ensure_ascii=False)},
        ]

    def judge(self, question: Question, answer: str) -> Mapping[str, Any]:
        """The verdict of the majority.

        Returns:
            `correct`, `abstained` and `reason` of the majority, `votes` (each repeat's `correct`, None where it has no
            usable verdict) and `agreement` (share of the repeats that voted with the majority). Where no value has a
            majority of all repeats: `error` and `votes` only, since a verdict that cannot be read is no verdict.

        Raises:
            ModelError: the judge does not answer at all.
        """
        messages = self.messages(question, answer)
        verdicts: list[Mapping[str, Any] | None] = []
        error = ""
        for model in self._models:
            try:
                verdicts.append(_consistent(model.complete(messages, SCHEMA).data, bool(question.answers)))
            except ReplyError as failure:
                verdicts.append(None)
                error = str(failure)
        votes = [None if verdict is None else verdict["correct"] for verdict in verdicts]
        for verdict in verdicts:
            if verdict is not None and 2 * (agreeing := votes.count(verdict["correct"])) > len(votes):
                return {**verdict, "votes": votes, "agreement": agreeing / len(votes)}
        return {"error": error, "votes": votes}


def _consistent(data: Mapping[str, Any], answerable: bool) -> Mapping[str, Any]:
    """The verdict, if it keeps the rules of abstaining.

    Raises:
        ReplyError: it contradicts itself.
    """
    if data["correct"] and data["abstained"] is answerable:
        raise ReplyError(
            "the verdict contradicts itself: correct, although it says that the answer "
            + ("abstains" if answerable else "does not abstain")
        )
    return {"correct": data["correct"], "abstained": data["abstained"], "reason": data["reason"]}
