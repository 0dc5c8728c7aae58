"""How often a judge is wrong, measured on known cases that are shipped, and kept by what the judge is made of."""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import NormalDist

from memeval.answers.judge import Judge
from memeval.kit import cache
from memeval.kit.types import Query, Question

CASES = Path(__file__).with_name("judge_cases.json")
ALL = "all"
_KIND = "judge-checks"
_KEY = "rates"


@dataclass(frozen=True, slots=True)
class Case:
    """An answer of which it is known whether it is `correct`; without gold `answers` abstaining is."""

    id: str
    kind: str
    question: str
    answers: tuple[str, ...]
    answer: str
    correct: bool


@dataclass(frozen=True, slots=True)
class Rate:
    """Of the `n` cases of a kind that the judge gave a verdict on, how many it got wrong.

    Attributes:
        kind: of the cases, or `ALL`.
        correct: whether the answers are correct; wrong verdicts are then false rejects, otherwise false accepts.
        unusable: cases without a usable verdict, not in `n`.
    """

    kind: str
    correct: bool
    wrong: int
    n: int
    unusable: int = 0

    @property
    def interval(self) -> tuple[float, float]:
        """Of the share wrong, at 95 %."""
        return wilson(self.wrong, self.n)


def wilson(count: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927); 0 to 1 where `n` is 0."""
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = count / n
    middle = share + z * z / (2 * n)
    reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low, high = ((middle + sign * reach) / (1 + z * z / n) for sign in (-1, 1))
    # Exact at the ends, where the formula is off by rounding.
    return (0.0 if count == 0 else low), (1.0 if count == n else high)


def cases() -> Sequence[Case]:
    """The shipped cases."""
    known = json.loads(CASES.read_text(encoding="utf-8"))
    return [Case(**{**each, "answers": tuple(each["answers"])}) for each in known]


def check(judge: Judge, known: Sequence[Case]) -> Sequence[Rate]:
    """Let a judge judge known cases; first the rates over all wrong and over all right answers, then by kind.

    Raises:
        ModelError: the judge does not answer.
    """
    verdicts: list[tuple[Case, bool | None]] = []
    for case in known:
        question = Question(case.id, Query(case.question), case.answers, None, case.kind)
        verdict = judge.judge(question, case.answer)
        verdicts.append((case, None if "error" in verdict else bool(verdict["correct"])))
    return list(_rates(verdicts))


def _rates(verdicts: Sequence[tuple[Case, bool | None]]) -> Iterator[Rate]:
    kinds = dict.fromkeys((case.kind, case.correct) for case, _ in verdicts)
    for kind, correct in [(ALL, False), (ALL, True), *kinds]:
        said = [verdict for case, verdict in verdicts if case.correct is correct and (kind == ALL or case.kind == kind)]
        usable = [verdict for verdict in said if verdict is not None]
        yield Rate(kind, correct, sum(v is not correct for v in usable), len(usable), len(said) - len(usable))


def keep(fingerprint: str, rates: Sequence[Rate]) -> None:
    """Store the rates of a judge; from then on they count, and not those of an earlier check."""
    shelf = cache.Cache(_KIND, _named(fingerprint))
    blob = json.dumps([asdict(rate) for rate in rates]).encode()
    # What is in a cache is never replaced.
    shelf.put([(_key(len(_stored(shelf))), cache.Entry(blob, 0.0))])


def kept(fingerprint: str) -> Sequence[Rate] | None:
    """The rates of a judge's latest check; None if it was not checked on these cases."""
    stored = _stored(cache.Cache(_KIND, _named(fingerprint)))
    return [Rate(**fields) for fields in json.loads(stored[-1])] if stored else None


def _stored(shelf: cache.Cache) -> Sequence[bytes]:
    found: list[bytes] = []
    while (entry := shelf.get([key := _key(len(found))]).get(key)) is not None:
        found.append(entry.blob)
    return found


def _key(number: int) -> bytes:
    return cache.key(_KEY, str(number))


def _named(fingerprint: str) -> str:
    # Other cases are another check.
    return f"{fingerprint}|{cache.key(CASES.read_text(encoding='utf-8')).hex()}"


def notes(fingerprints: Iterable[str | None]) -> list[str]:
    """What to say beside the scores of judged runs, one sentence for each judge; none where nothing was judged.

    Args:
        fingerprints: of the judge of each run; None where nothing was judged.
    """
    judges = dict.fromkeys(filter(None, fingerprints))
    names = {fingerprint: f" {fingerprint.partition('|')[0]}" if len(judges) > 1 else "" for fingerprint in judges}
    return [f"judge{name} {_sentence(kept(fingerprint))}" for fingerprint, name in names.items()]


def _sentence(rates: Sequence[Rate] | None) -> str:
    if rates is None:
        return "not checked: memeval judge-check"
    said = [f"{name_of(rate)} {shown(rate)}" for rate in rates if rate.kind == ALL]
    return f"checked: {', '.join(said)}"


def name_of(rate: Rate) -> str:
    """What a wrong verdict on such cases is called."""
    return "false reject" if rate.correct else "false accept"


def shown(rate: Rate) -> str:
    """Share, interval and count in words."""
    if not rate.n:
        return f"unknown (no usable verdict on {rate.unusable})"
    low, high = rate.interval
    unusable = f", {rate.unusable} unusable" if rate.unusable else ""
    share = 100 * rate.wrong / rate.n
    return f"{share:.1f} % (95 % interval {100 * low:.1f} to {100 * high:.1f}, n = {rate.n}{unusable})"
