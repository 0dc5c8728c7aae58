"""The contracts of a language model, of a reader and of a judge as checks that any package can run on its own."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from memeval.kit import ledger
from memeval.kit.errors import ContractError
from memeval.kit.protocols import Model
from memeval.kit.types import Context, Query, Question, Reply, Segment

_TIME = datetime(2024, 3, 1, 9, 0)
_QUERY = Query("What is the kitten called?", _TIME)
_MESSAGES = ({"role": "system", "content": "Answer briefly."}, {"role": "user", "content": _QUERY.text})
_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "sure": {"type": "boolean"}},
    "required": ["name", "sure"],
    "additionalProperties": False,
}


def check_model(factory: Callable[[], Model]) -> None:
    """Ask a model once for a text and once for data of a schema.

    Args:
        factory: makes the model; called twice.

    Raises:
        ContractError: a fingerprint that is empty or differs from one object to the next, a reply that is empty or does
            not follow the schema, or a call that is not booked.
    """
    model = factory()
    _require(bool(model.fingerprint), "it has a fingerprint", model.fingerprint)
    _require(factory().fingerprint == model.fingerprint, "equal options have equal fingerprints", model.fingerprint)
    reply = _asked(model, None)
    _require(bool(reply.text.strip()) and reply.data is None, "a question has an answer in words", reply)
    reply = _asked(model, _SCHEMA)
    follows = (
        isinstance(reply.data, dict)
        and reply.data.keys() == {"name", "sure"}
        and isinstance(reply.data["name"], str)
        and isinstance(reply.data["sure"], bool)
    )
    _require(follows, "the reply follows the schema", reply)


def _asked(model: Model, schema: Mapping[str, Any] | None) -> Reply:
    with ledger.phase() as meter:
        reply = model.complete(_MESSAGES, schema)
    used, booked = reply.usage, meter.usage
    _require(used.calls >= 1 and used.tokens_in >= 1, "a reply has its usage", used)
    for name in ("calls", "tokens_in", "tokens_out"):
        _require(getattr(used, name) == getattr(booked, name), "what a reply used is booked once", (name, used, booked))
    return reply


def check_reader(factory: Callable[[], Any]) -> None:
    """Let a reader answer from a context, and from an empty one.

    Args:
        factory: makes the reader.

    Raises:
        ContractError: an answer that is no stripped text, or a request without the question.
    """
    reader = factory()
    for segments in ([Segment("history", "Her name is Miso.", ("t1",))], []):
        context = Context(segments)
        texts = [str(message["content"]) for message in reader.messages(context, _QUERY)]
        for text in (_QUERY.text, *(segment.text for segment in segments)):
            _require(any(text in each for each in texts), "the request holds context and question", texts)
        answer = reader.answer(context, _QUERY)
        _require(isinstance(answer, str) and answer == answer.strip(), "an answer is a stripped text", answer)


def check_judge(factory: Callable[[], Any]) -> None:
    """Let a judge judge an answer, once where the gold has one and once where abstaining is right.

    Args:
        factory: makes the judge; called twice.

    Raises:
        ContractError: a fingerprint that is empty or differs, or a verdict without `correct` or `abstained`.
    """
    judge = factory()
    _require(bool(judge.fingerprint), "it has a fingerprint", judge.fingerprint)
    _require(factory().fingerprint == judge.fingerprint, "equal options have equal fingerprints", judge.fingerprint)
    for answers in (("Miso",), ()):
        question = Question("q1", _QUERY, answers, evidence=("t1",) if answers else None, category="single-hop")
        verdict = judge.judge(question, "Miso")
        holds = all(isinstance(verdict.get(name), bool) for name in ("correct", "abstained"))
        _require(holds, "a verdict says whether the answer is correct and whether it abstains", verdict)


def _require(holds: bool, rule: str, what: object) -> None:
    if not holds:
        raise ContractError(f"the rule {rule!r} is broken: {what!r:.600}")
