"""Outcomes and dialogue records as lines of JSON, and back. Fields that hold their default are left out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from memeval.kit.types import ContextPart, DialogueRecord, Outcome, Request, Usage

_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False)


def outcome_to_json(outcome: Outcome) -> str:
    """One line without a newline, keys in a fixed order, times last."""
    line: dict[str, Any] = {
        "dialogue": outcome.dialogue,
        "question": outcome.question,
        "written": outcome.written,
        "context": None if outcome.context is None else [_part_to_json(part) for part in outcome.context],
        "ranking": outcome.ranking,
        "tokens": dict(outcome.tokens),
    }
    if outcome.answer is not None:
        line["answer"] = outcome.answer
    if outcome.verdict is not None:
        line["verdict"] = dict(outcome.verdict)
    if outcome.error is not None:
        line["error"] = outcome.error
    if outcome.leaks:
        line["leaks"] = outcome.leaks
    if outcome.forgetting is not None:
        line["forgetting"] = dict(outcome.forgetting)
    if outcome.request is not None:
        line["request"] = _request_to_json(outcome.request)
    line["usage"] = {phase: _usage_to_json(usage) for phase, usage in outcome.usage.items()}
    return _dump(line)


def outcome_from_json(line: Mapping[str, Any]) -> Outcome:
    """The outcome of a parsed line.

    Raises:
        KeyError, TypeError, ValueError: a line of another schema.
    """
    context = line["context"]
    ranking = line["ranking"]
    return Outcome(
        dialogue=line["dialogue"],
        question=line["question"],
        written=line["written"],
        context=None if context is None else tuple(_part_from_json(part) for part in context),
        ranking=None if ranking is None else _ranking_from_json(ranking),
        tokens=line["tokens"],
        answer=line.get("answer"),
        verdict=line.get("verdict"),
        error=line.get("error"),
        leaks=line.get("leaks", 0),
        forgetting=line.get("forgetting"),
        usage={phase: Usage(**usage) for phase, usage in line["usage"].items()},
        request=_request_from_json(line["request"]) if "request" in line else None,
    )


def record_to_json(record: DialogueRecord) -> str:
    """The line that closes a dialogue: once it stands in the file, the dialogue is finished."""
    line: dict[str, Any] = {
        "finished": record.dialogue,
        "turns": record.turns,
        "tokens": record.tokens,
        "questions": record.questions,
    }
    if record.error is not None:
        line["error"] = record.error
    if record.stats:
        line["stats"] = dict(record.stats)
    if record.engines:
        line["engines"] = record.engines
    line["write"] = _usage_to_json(record.write)
    return _dump(line)


def record_from_json(line: Mapping[str, Any]) -> DialogueRecord:
    """The record of a parsed closing line.

    Raises:
        KeyError, TypeError, ValueError: a line of another schema.
    """
    return DialogueRecord(
        dialogue=line["finished"],
        turns=line["turns"],
        tokens=line["tokens"],
        questions=line["questions"],
        write=Usage(**line["write"]),
        error=line.get("error"),
        stats=line.get("stats", {}),
        engines=tuple(line.get("engines", ())),
    )


def _dump(line: Mapping[str, Any]) -> str:
    return _ENCODER.encode(line)


def _request_to_json(request: Request) -> dict[str, Any]:
    line: dict[str, Any] = {
        "turn": request.turn,
        "prompt": request.prompt_tokens,
        "prefix": request.prefix_tokens,
        "ends": request.ends,
        "output": request.output_tokens,
        "since": request.seconds_since,
    }
    if request.overflowed:
        line["overflowed"] = True
    line["write"] = _usage_to_json(request.write)
    return line


def _request_from_json(line: Mapping[str, Any]) -> Request:
    return Request(
        turn=line["turn"],
        prompt_tokens=line["prompt"],
        prefix_tokens=line["prefix"],
        ends=tuple(line["ends"]),
        output_tokens=line["output"],
        seconds_since=line["since"],
        overflowed=line.get("overflowed", False),
        write=Usage(**line["write"]),
    )


def _part_to_json(part: ContextPart) -> dict[str, Any]:
    line: dict[str, Any] = {"kind": part.kind, "sources": part.sources}
    if not part.verbatim:
        line["verbatim"] = False
        line["texts"] = part.texts
    return line


def _part_from_json(line: Mapping[str, Any]) -> ContextPart:
    texts = line.get("texts")
    return ContextPart(
        kind=line["kind"],
        verbatim=line.get("verbatim", True),
        sources=tuple(map(tuple, line["sources"])),
        texts=None if texts is None else tuple(texts),
    )


def _ranking_from_json(ranking: Sequence[Any]) -> tuple[tuple[tuple[str, ...], float | None], ...]:
    if not ranking:
        return ()
    sources, scores = zip(*ranking, strict=True)
    return tuple(zip(map(tuple, sources), scores, strict=True))


def _usage_to_json(usage: Usage) -> dict[str, Any]:
    line: dict[str, Any] = {}
    for field in fields(usage):
        value = getattr(usage, field.name)
        if value:
            line[field.name] = round(value, 9 if field.name == "dollars" else 7) if isinstance(value, float) else value
        elif value is None:
            line[field.name] = None
    return line
