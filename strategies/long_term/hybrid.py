"""Rankings of several retrievers fused into one."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge

from memeval.kit import powers
from memeval.kit.errors import ConfigError
from memeval.kit.protocols import Retriever
from memeval.kit.ranges import ranged
from memeval.kit.types import Hit, Query, Turn
from memeval.strategies.long_term.deepening import deepened

_Key = tuple[tuple[str, ...], str]
# Counters that mean the same in every retriever and add up.
_SUMMED = ("items", "index_bytes")


@dataclass(frozen=True, slots=True)
class _Ranked:
    """What a part found: hits in order, each once, and whether the part may know more."""

    hits: Mapping[_Key, Hit]
    more: bool


@ranged
class Hybrid(powers.Composite):
    """Two or more retrievers over the same turns, their rankings fused.

    `weighted`: the weighted mean of normalised scores; a hit that a part did not find gets the lowest of its scale.
    `rrf`: reciprocal rank fusion (Cormack, Clarke and Buettcher 2009, "Reciprocal rank fusion outperforms Condorcet and
    individual rank learning methods", section 2): the sum over parts of `weight / (k + rank)`, ranks from 1.

    Passages with the same sources and the same text are one hit. Only hits that score more than `above` take part: the
    tail of a ranking that is filled up with zero scores says nothing and would count like the rest. At equal scores the
    part named first decides, then its rank.
    """

    def __init__(
        self,
        parts: list[Retriever],
        method: Literal["weighted", "rrf"] = "weighted",
        k: Annotated[float, Ge(0)] = 60,
        weights: list[Annotated[float, Ge(0)]] | None = None,
        normalise: Literal["min_max", "z_score"] = "min_max",
        depth: Annotated[int, Ge(1)] = 100,
        above: float | None = 0.0,
    ) -> None:
        """Take the parts.

        Args:
            parts: two or more retrievers, each with what it needs for itself.
            method: normalised scores, or reciprocal ranks.
            k: of rrf: the larger, the less the first ranks stand out.
            weights: one a part, 0 or more; None weighs all alike.
            normalise: of weighted: `min_max` maps a part's scores to 0..1, `z_score` to mean 0 and deviation 1.
            depth: how many hits are fetched from each part; further down only if more are asked for than these give.
            above: hits must score more to take part; None takes any score, also negative ones.

        Raises:
            ConfigError: fewer than two parts, or weights that do not match them.
        """
        if len(parts) < 2:
            raise ConfigError(
                f"retriever.parts has {len(parts)} part, and fusing takes two: type e.g. retriever.parts=[bm25,vector]"
            )
        for part in parts:
            if isinstance(part, str):
                raise ConfigError(f"the part {part!r} is a name: give retrievers, or name it in a config")
        if weights is None:
            weights = [1.0] * len(parts)
        elif len(weights) != len(parts):
            raise ConfigError(
                f"retriever.weights={weights} are {len(weights)} for {len(parts)} parts: give one for each, in the "
                "order of retriever.parts"
            )
        if not any(weights):
            raise ConfigError(f"retriever.weights={weights} rank nothing: give one more than 0, e.g. [1,2]")
        super().__init__(*parts)
        self._retrievers = parts
        self._method = method
        self._k = k
        self._weights = weights
        self._normalise = normalise
        self._depth = depth
        self._above = above
        self._unscored = 0

    def write(self, turns: Sequence[Turn]) -> None:
        """Write to every part."""
        powers.write(turns, *self._retrievers)

    def search(self, query: Query, k: int) -> Sequence[Hit]:
        """The at most `k` best hits; a longer ranking begins with the shorter one, see `deepened`."""

        def rank(depth: int) -> tuple[list[tuple[Hit, float]], bool]:
            rankings = [self._ranked(part, query, depth) for part in self._retrievers]
            hits = {key: hit for each in reversed(rankings) for key, hit in each.hits.items()}
            fused = self._fuse([each.hits for each in rankings])
            return [(hits[key], score) for key, score in fused], any(each.more for each in rankings)

        return deepened(k, self._depth, rank)

    def _ranked(self, part: Retriever, query: Query, depth: int) -> _Ranked:
        hits: dict[_Key, Hit] = {}
        given = part.search(query, depth)
        taken = False
        for hit in given:
            taken = hit.score is not None and (self._above is None or hit.score > self._above)
            if taken:
                hits.setdefault((hit.sources, hit.text), hit)
            elif hit.score is None:
                self._unscored += 1
        return _Ranked(hits, taken and len(given) >= depth)

    def _fuse(self, rankings: Sequence[Mapping[_Key, Hit]]) -> list[tuple[_Key, float]]:
        """Every hit with its fused score, best first."""
        fused: dict[_Key, float] = {}
        for ranking in rankings:
            fused.update(dict.fromkeys(ranking, 0.0))
        # Inserted by part and rank, and the sort is stable: this is the order of ties.
        for weight, ranking in zip(self._weights, rankings, strict=True):
            if self._method == "rrf":
                for rank, key in enumerate(ranking, 1):
                    fused[key] += weight / (self._k + rank)
            elif ranking:
                scores = self._normalised([hit.score or 0.0 for hit in ranking.values()])
                # The lowest that the scale has: with a single hit that is not the hit's own.
                share, worst = weight / sum(self._weights), min(0.0, *scores)
                own = dict(zip(ranking, scores, strict=True))
                for key in fused:
                    fused[key] += share * own.get(key, worst)
        return sorted(fused.items(), key=lambda pair: -pair[1])

    def _normalised(self, scores: Sequence[float]) -> list[float]:
        low, high = min(scores), max(scores)
        if high == low:
            return [1.0 if self._normalise == "min_max" else 0.0] * len(scores)
        if self._normalise == "min_max":
            return [(score - low) / (high - low) for score in scores]
        mean = sum(scores) / len(scores)
        deviation = math.sqrt(sum((score - mean) ** 2 for score in scores) / len(scores))
        return [(score - mean) / deviation for score in scores]

    def stats(self) -> Mapping[str, float]:
        """Counters of the parts, each under the part's name, and sums of `items` and `index_bytes`.

        `unscored` counts hits that were left out since their part gives them no score.
        """
        counters: dict[str, float] = {}
        for name, part in zip(_names(self._retrievers), self._retrievers, strict=True):
            for key, value in powers.stats(part).items():
                counters[f"{name}.{key}"] = value
                if key in _SUMMED:
                    counters[key] = counters.get(key, 0) + value
        return {**counters, "unscored": self._unscored}


def _names(parts: Iterable[Retriever]) -> list[str]:
    """Names of the parts' classes in lower case, numbered from the second of a class on."""
    names: list[str] = []
    counts: dict[str, int] = {}
    for part in parts:
        name = type(part).__name__.lower()
        counts[name] = counts.get(name, 0) + 1
        names.append(name if counts[name] == 1 else f"{name}{counts[name]}")
    return names
