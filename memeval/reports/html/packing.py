"""Outcomes in few bytes: turns by their number in the dialogue, neighbours as ranges, each derived text once."""

from collections.abc import Mapping, Sequence
from typing import Any

from memeval.kit.types import ContextPart, Dialogue, Outcome, Question, Usage


class Packer:
    """Packs the outcomes of one dialogue; `texts` are the derived texts that they refer to by position."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._places = {turn.id: place for place, turn in enumerate(dialogue.turns)}
        self._known: dict[str, int] = {}
        self.texts: list[str] = []

    def turn(self, source: str) -> int | str:
        """A turn's number in the dialogue; an id that no turn has stays as it is."""
        return self._places.get(source, source)

    def outcome(self, outcome: Outcome) -> dict[str, Any]:
        """What a question's page shows."""
        packed: dict[str, Any] = {"written": outcome.written, "tokens": dict(outcome.tokens)}
        if outcome.context is not None:
            packed["context"] = [self._part(part) for part in outcome.context]
        if outcome.ranking is not None:
            packed["ranking"] = [
                self._sources([sources for sources, _ in outcome.ranking]),
                [None if score is None else _short(score) for _, score in outcome.ranking],
            ]
        for name in ("answer", "error"):
            if (value := getattr(outcome, name)) is not None:
                packed[name] = value
        if outcome.verdict is not None:
            packed["verdict"] = {str(key): _said(value) for key, value in outcome.verdict.items()}
        packed["usage"] = {phase: _usage(usage) for phase, usage in outcome.usage.items()}
        return packed

    def _part(self, part: ContextPart) -> dict[str, Any]:
        packed: dict[str, Any] = {"kind": part.kind, "sources": self._sources(part.sources)}
        if not part.verbatim:
            packed["texts"] = [self._text(text) for text in part.texts or ()]
        return packed

    def _text(self, text: str) -> int:
        if text not in self._known:
            self._known[text] = len(self.texts)
            self.texts.append(text)
        return self._known[text]

    def _sources(self, segments: Sequence[Sequence[str]]) -> list[Any]:
        """A number for a segment of one turn, {"r": [first, last]} for neighbours, a list for all other segments."""
        packed: list[Any] = []
        for sources in segments:
            places = [self.turn(source) for source in sources]
            only = places[0] if len(places) == 1 else None
            last = packed[-1] if packed else None
            if not isinstance(only, int):
                packed.append(places)
            elif isinstance(last, int) and only == last + 1:
                packed[-1] = {"r": [last, only]}
            elif isinstance(last, dict) and only == last["r"][1] + 1:
                last["r"][1] = only
            else:
                packed.append(only)
        return packed


def found_of(question: Question, outcome: Outcome | None) -> tuple[int, int]:
    """How many evidence turns stand word for word in the context, and how many there are; -1 if the question failed."""
    gold = set(question.evidence or ())
    if outcome is None or outcome.context is None or outcome.error is not None:
        return -1, len(gold)
    shown = {source for part in outcome.context if part.verbatim for sources in part.sources for source in sources}
    return len(gold & shown), len(gold)


def pack_question(question: Question, dialogue: int, packer: Packer) -> dict[str, Any]:
    """A question with its gold."""
    packed: dict[str, Any] = {
        "id": question.id,
        "dialogue": dialogue,
        "category": question.category,
        "text": question.query.text,
        "answers": list(question.answers),
        "evidence": None if question.evidence is None else [packer.turn(source) for source in question.evidence],
    }
    if question.stale:
        packed["stale"] = [packer.turn(source) for source in question.stale]
    if question.query.time is not None:
        packed["time"] = f"{question.query.time:%d %B %Y}"
    return packed


def _said(value: object) -> str:
    """A part of a verdict in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(_said, value)) if isinstance(value, list | tuple) else str(value)


def _usage(usage: Usage) -> Mapping[str, Any]:
    return {
        "seconds": _short(usage.booked_seconds),
        "model_seconds": _short(usage.model_seconds),
        "calls": usage.calls,
        "tokens_in": usage.tokens_in,
        "tokens_out": usage.tokens_out,
        "dollars": usage.dollars,
    }


def _short(number: float) -> float | None:
    """Four figures, which is what a page shows; None for what is no number."""
    return float(f"{number:.4g}") if abs(number) < float("inf") else None
