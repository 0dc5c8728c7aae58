"""Plain copies of what a plug-in returns: the harness checks the copy, counts its tokens and keeps it.

Objects of a plug-in may change after a check, or show another value at each look. A copy holds exact `str`, `tuple`,
`bool` and `float` only.
"""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from numbers import Real
from operator import attrgetter, ge
from typing import Any

from memeval.kit.calling import refuse_pending
from memeval.kit.errors import CallTimedOut, ContractError, words
from memeval.kit.prompt import ORDER
from memeval.kit.text import lone_surrogate
from memeval.kit.types import Context, Kind, Segment

_KINDS: dict[str, Kind] = {kind: kind for kind in ORDER}
_MOST_COUNTERS = 1_000
_LONGEST_NAME = 200

Ranking = tuple[tuple[tuple[str, ...], float | None], ...]


@dataclass(frozen=True, slots=True)
class Copied:
    """A context that no plug-in can change any more.

    Attributes:
        context: the segments; its own ranking is left out.
        ranking: (source ids, score), best first; None where the strategy does not rank.
    """

    context: Context
    ranking: Ranking | None


@dataclass(frozen=True, slots=True)
class _Known:
    """A segment of the strategy with what stood in it when it was copied."""

    segment: Segment
    values: tuple[str, str, tuple[str, ...], bool]
    copy: Segment


_values = attrgetter("kind", "text", "sources", "verbatim")
_hit = attrgetter("sources", "score")


class Copier:
    """Copies the contexts of one dialogue. A segment object that still holds the same values is copied once."""

    def __init__(self, depth: int | None) -> None:
        """Start; a ranking holds at most `depth` hits, None for any number."""
        self._depth = depth
        # Keyed by identity; the segment is kept so that its identity cannot be taken by another object.
        self._known: dict[int, _Known] = {}

    def copy(self, context: object, budget: int, written: int) -> Copied:
        """Copy a context.

        Args:
            context: what the strategy returned.
            budget: tokens of a context. Each segment takes at least one.
            written: turns that the strategy has been given: no segment and no hit cites more.

        Raises:
            ContractError: no context, or one with values of a wrong type; says which.
        """
        try:
            if not isinstance(context, Context):
                refuse_pending(context, "read")
                raise ContractError(f"read() returned {_type(context)}: return a memeval Context")
            segments = self._segments(context.segments, budget, written)
            ranking = context.ranking
            copied = None if ranking is None else self._ranking(ranking, written)
        except (ContractError, KeyboardInterrupt, CallTimedOut):
            raise
        except BaseException as error:
            # Properties and iterators of a plug-in run here, and may raise anything.
            raise ContractError(f"the context cannot be read: {type(error).__name__}: {words(error)}") from error
        return Copied(Context(segments), copied)

    def _segments(self, segments: Iterable[Segment], budget: int, written: int) -> tuple[Segment, ...]:
        listed = list(islice(_listed(segments, "segments"), budget + 1))
        copies = [
            # Equal values may come from a class that calls itself equal: what counts from here on is the copy.
            found.copy if found is not None and found.values == _values(segment) else self._segment(segment, written)
            for segment, found in zip(listed, map(self._known.get, map(id, listed)), strict=True)
        ]
        if len(copies) > budget:
            raise ContractError(
                f"the context has more than {budget:,} segments, and the budget is {budget:,} tokens: each takes one "
                "or more"
            )
        return tuple(copies)

    def _segment(self, segment: Segment, written: int) -> Segment:
        # Each value is read once: another look may show another value.
        kind, text, sources, verbatim = segment.kind, segment.text, segment.sources, segment.verbatim
        plain = _plain(kind, "the kind of a segment")
        if plain not in _KINDS:
            raise ContractError(f"a segment has the kind {plain[:60]!r}: choose one of {', '.join(ORDER)}")
        if not isinstance(verbatim, bool):
            raise ContractError(f"verbatim of a {plain} segment is {_type(verbatim)}: give True or False")
        copy = Segment(
            _KINDS[plain],
            _encodable(_plain(text, f"the text of a {plain} segment")),
            _sources(sources, f"a {plain} segment", written),
            verbatim,
        )
        if type(segment) is Segment and copy.text is text and copy.sources is sources:
            self._known[id(segment)] = _Known(segment, (kind, text, copy.sources, verbatim), copy)
        return copy

    def _ranking(self, ranking: Iterable[Any], written: int) -> Ranking:
        most = self._depth
        # Each value is read once: another look may show another value.
        hits = list(map(_hit, islice(_listed(ranking, "ranking"), None if most is None else most + 1)))
        if _is_plain(hits):
            copies = hits
        else:
            copies = self._copied_hits(hits, written)
        if most is not None and len(copies) > most:
            raise ContractError(f"the ranking has more than depth={most:,} hits: give at most so many, or raise depth")
        return tuple(copies)

    def _copied_hits(self, hits: Iterable[tuple[Any, Any]], written: int) -> list[tuple[tuple[str, ...], float | None]]:
        copies: list[tuple[tuple[str, ...], float | None]] = []
        last: float | None = None
        for sources, score in hits:
            if type(sources) is not tuple or len(sources) != 1 or type(sources[0]) is not str:
                sources = _sources(sources, "a hit of the ranking", written)
            if score is not None:
                if type(score) is not float or not isfinite(score):
                    score = _score(score)
                if last is not None and score > last:
                    raise ContractError(
                        f"the ranking is not sorted: a hit with score {score:g} stands below one with {last:g}; give "
                        "the best hit first"
                    )
                last = score
            copies.append((sources, score))
        return copies


def _is_plain(hits: Sequence[tuple[Any, Any]]) -> bool:
    """Whether all hits have one source and a finite score, of exact types and in order: the common case, quickly."""
    sources = [sources for sources, _ in hits]
    scores = [score for _, score in hits]
    return (
        {*map(type, sources)} == {tuple}
        and {*map(len, sources)} == {1}
        and {type(source) for (source,) in sources} == {str}
        and {*map(type, scores)} == {float}
        and all(map(isfinite, scores))
        and all(map(ge, scores, scores[1:]))
    )


def consumed(context: Context, budget: int, depth: int | None) -> Context:
    """The context with generators read out, as far as anybody looks; called while the clock runs."""
    if type(context) is not Context:
        return context
    segments: Any = context.segments
    ranking: Any = context.ranking
    if inspect.isgenerator(segments):
        segments = tuple(islice(segments, budget + 1))
    if inspect.isgenerator(ranking):
        ranking = tuple(islice(ranking, None if depth is None else depth + 1))
    same = segments is context.segments and ranking is context.ranking
    return context if same else Context(segments, ranking)


def counters(stats: Mapping[str, float], names: frozenset[str]) -> dict[str, float]:
    """Counters of a plug-in as finite floats by plain names; those of `names` are the harness's and left out.

    Raises:
        ContractError: no mapping of names to finite numbers of 0 or more; says which.
    """
    if not isinstance(stats, Mapping):
        raise ContractError(f"stats() returned {_type(stats)}: return a mapping of names to numbers")
    copies: dict[str, float] = {}
    for key, value in islice(stats.items(), _MOST_COUNTERS + 1):
        name = _plain(key, "a name in stats()")
        if not name.isprintable() or not 0 < len(name) <= _LONGEST_NAME:
            raise ContractError(f"stats() has the name {name[:60]!r}: use 1 to {_LONGEST_NAME} printable characters")
        number = _number(value)
        if number is None or number < 0:
            raise ContractError(f"stats() gives {_shown(value)} for {name[:60]!r}: give a finite number, 0 or more")
        if name not in names:
            copies[name] = number
    if len(stats) > _MOST_COUNTERS:
        raise ContractError(f"stats() has more than {_MOST_COUNTERS:,} counters: report fewer")
    return copies


def _listed(value: Any, what: str) -> Iterable[Any]:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise ContractError(f"the {what} of a context are {_type(value)}: give a list or a tuple")
    return value


def _sources(value: Any, where: str, written: int) -> tuple[str, ...]:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise ContractError(f"the sources of {where} are {_type(value)}: give a tuple of turn ids")
    if type(value) is tuple and len(value) <= written and all(type(source) is str for source in value):
        return value
    copies = tuple(islice(value, written + 1))
    if len(copies) > written:
        raise ContractError(f"{where} cites more turns than the {written:,} that were written: cite each once")
    return tuple(_plain(source, f"a source of {where}") for source in copies)


def _plain(value: Any, what: str) -> str:
    if type(value) is str:
        return value
    if not isinstance(value, str):
        raise ContractError(f"{what} is {_type(value)}: give a str")
    # The characters themselves, whatever the methods of a subclass say.
    return str.__str__(value)


def _encodable(text: str) -> str:
    if (place := lone_surrogate(text)) is not None:
        raise ContractError(
            f"a segment has an unpaired surrogate (U+{ord(text[place]):04X}) at offset {place}, which is not text"
        )
    return text


def _score(value: Any) -> float:
    number = _number(value)
    if number is None:
        raise ContractError(f"the ranking has the score {_shown(value)}: give finite numbers, or None for no score")
    return number


def _number(value: Any) -> float | None:
    """A finite float; None for what is no number."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None


def _shown(value: Any) -> str:
    return repr(value) if type(value) is float else _type(value)


def _type(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__[:60]}"
