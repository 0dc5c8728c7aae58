"""Longest common prefix of consecutive prompts, in tokens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memeval.kit.prompt import pieces
from memeval.kit.tokens import Tokenizer
from memeval.kit.types import Context, Query


@dataclass(frozen=True, slots=True)
class Measured:
    """A prompt beside the one before it.

    Attributes:
        tokens: of the whole prompt.
        prefix: tokens of the longest start that it shares with the previous prompt; 0 for the first.
        ends: token positions at which its sections end, ascending, without the query's.
    """

    tokens: int
    prefix: int
    ends: tuple[int, ...]


class Prefixes:
    """Measures the prompts of one dialogue, each against the one before it.

    Token counts of the shared pieces are kept from prompt to prompt: only what is new is counted, and only from the
    first piece that differs on are tokens compared, up to the first that differs. The markers that a provider puts
    around messages are not counted.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Start before the first prompt."""
        self._tokenizer = tokenizer
        self._pieces: Sequence[tuple[str, str]] = ()
        # Position i: tokens of the first i pieces.
        self._before = [0]

    def measure(self, context: Context, query: Query) -> Measured:
        """Measure the next prompt of the dialogue."""
        new = pieces(context, query)
        shared = _shared(self._pieces, new)
        prefix = self._before[shared] + _shared_tokens(self._tokens(self._pieces[shared:]), self._tokens(new[shared:]))
        del self._before[shared + 1 :]
        for _, text in new[shared:]:
            self._before.append(self._before[-1] + self._tokenizer.count(text))
        self._pieces = new
        ends = tuple(
            self._before[index]
            for index in range(1, len(new))
            if new[index - 1][0] != new[index][0] and self._before[index]
        )
        return Measured(self._before[-1], prefix, ends)

    def _tokens(self, rest: Sequence[tuple[str, str]]) -> Iterator[int]:
        for _, text in rest:
            yield from self._tokenizer.encode(text)


def _shared(old: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]]) -> int:
    """How many pieces the two begin with alike."""
    index = 0
    for (_, before), (_, now) in zip(old, new, strict=False):
        if before is not now and before != now:
            break
        index += 1
    return index


def _shared_tokens(old: Iterator[int], new: Iterator[int]) -> int:
    shared = 0
    for before, now in zip(old, new, strict=False):
        if before != now:
            break
        shared += 1
    return shared
