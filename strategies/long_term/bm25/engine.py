"""What a BM25 engine does for the retriever, and the choice of the best that two of them share."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


class Engine(Protocol):
    """An index over the texts of one dialogue, each known by its number in order of writing."""

    def update(self, texts: Mapping[int, str | None]) -> None:
        """Index the texts, in order of their numbers unless replaced; None removes a number's text."""

    def search(self, text: str, k: int, every: bool) -> list[tuple[int, float]]:
        """At most `k` (number, score), best first, equal scores by number.

        Only texts that score more than one without any term of the query; with `every` all, whatever they score.
        """

    def knows(self, text: str) -> bool:
        """Whether some text has a term of the query."""

    def stats(self) -> Mapping[str, float]:
        """`index_bytes`, `rebuilds`."""

    def close(self) -> None:
        """Release files and connections."""


def best(scores: npt.NDArray[Any], k: int, above: float | None) -> list[tuple[int, float]]:
    """At most `k` (position, score), best first, equal scores by position.

    Only scores greater than `above` are taken, all if it is None.
    """
    n = len(scores)
    # All that equal the k-th best stay in, so that the order of writing decides between them.
    worst = np.partition(scores, n - k)[n - k] if k < n else -np.inf
    positions = np.flatnonzero(scores >= worst if above is None or worst > above else scores > above)
    kept = scores[positions]
    order = np.argsort(-kept, kind="stable")[:k]
    return list(zip(positions[order].tolist(), kept[order].tolist(), strict=True))
