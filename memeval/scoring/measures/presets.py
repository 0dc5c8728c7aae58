"""Other people's definitions, so that a published number can be met and then left behind.

A preset names measures, the gold to load, and which questions count. What each of them does differently stands in its
`quirk`: use them to compare with what their authors printed, not to compare strategies.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from memeval.kit.errors import ConfigError
from memeval.kit.plugins import Registry, instance_of
from memeval.kit.types import Dialogue, Question
from memeval.scoring.measures.base import Measure
from memeval.scoring.measures.ranking import MRR, Recall, nDCG

View = Callable[[Question, Dialogue], Question | None]


@dataclass(frozen=True, slots=True)
class Preset:
    """One published definition.

    Attributes:
        name: what to type.
        summary: one line.
        measures: with every option that the definition needs.
        benchmark: where it was published.
        gold: options of that benchmark that load its gold.
        view: the question with this definition's gold, or None if the definition leaves it out.
        denominator: how many questions it counts on the full data.
        quirk: what it does that one would not expect.
        source: where it is defined.
    """

    name: str
    summary: str
    measures: tuple[Measure, ...]
    benchmark: str
    denominator: int
    quirk: str
    source: str
    gold: Mapping[str, str] = field(default_factory=dict)
    view: View | None = None


def user_side(question: Question, dialogue: Dialogue) -> Question | None:
    """Only evidence spoken by the user; leaves out questions to abstain from and those without such evidence."""
    if not question.answers:
        return None
    wanted = frozenset(question.evidence or ())
    evidence = tuple(turn.id for turn in dialogue.turns if turn.role == "user" and turn.id in wanted)
    return replace(question, evidence=evidence, evidence_sessions=None) if evidence else None


_OWN = (
    Preset(
        name="longmemeval",
        summary="LongMemEval's own retrieval evaluation, by session and by turn",
        measures=(
            *(Recall(unit="session", rule="any", k=k) for k in (5, 10)),
            *(Recall(unit="session", rule="all", k=k) for k in (5, 10)),
            *(nDCG(unit="session", discount="longmemeval", k=k) for k in (5, 10)),
            *(Recall(rule="any", k=k) for k in (5, 10, 50)),
            *(Recall(rule="all", k=k) for k in (5, 10, 50)),
            *(nDCG(discount="longmemeval", k=k) for k in (5, 10, 50)),
        ),
        benchmark="longmemeval",
        denominator=419,
        quirk=(
            "the 30 questions to abstain from and 51 without an evidence turn of the user are left out; gold "
            "is the user's side only, and so is the authors' index; positions 1 and 2 are both undiscounted"
        ),
        source="xiaowu0162/LongMemEval (Wu et al. 2024), src/retrieval/eval_utils.py and run_retrieval.py",
        view=user_side,
    ),
    Preset(
        name="locomo",
        summary="LoCoMo's own recall of evidence turns",
        measures=tuple(Recall(missing="1", k=k) for k in (5, 10, 25, 50)),
        benchmark="locomo",
        gold={"evidence": "raw"},
        denominator=1986,
        quirk=(
            "the four questions without evidence count 1; evidence strings are compared as they are, so the "
            "six malformed ones can never be found; questions to abstain from count like all others"
        ),
        source="snap-research/locomo (Maharana et al. 2024), task_eval/evaluation.py",
    ),
    Preset(
        name="mempalace",
        summary="MemPalace's session recall on LoCoMo",
        measures=(Recall(unit="session", missing="1", k=10),),
        benchmark="locomo",
        gold={"evidence": "raw"},
        denominator=1986,
        quirk=(
            "questions without evidence count 1; conversations have 19 to 32 sessions, so k=10 covers a "
            "third to a half of the haystack and k=50, the script's default, all of it"
        ),
        source="MemPalace/mempalace, benchmarks/locomo_bench.py",
    ),
    Preset(
        name="memini",
        summary="memini's turn hits and MRR on LoCoMo",
        measures=(Recall(rule="any", k=5), Recall(rule="any", k=10), MRR(k=10)),
        benchmark="locomo",
        gold={"evidence": "regex"},
        denominator=1982,
        quirk=(
            "one evidence turn is enough, also where the answer needs several; ids are cut out of malformed "
            "evidence by a regular expression; its column `recall` is what others call hit rate"
        ),
        source="eleboucher/memini, bench/dataset.go and bench/runner.go",
    ),
    Preset(
        name="okapi",
        summary="share of evidence turns at five cut-offs, as in the rank_bm25 row of LoCoMo",
        measures=tuple(Recall(k=k) for k in (1, 5, 10, 25, 50)),
        benchmark="locomo",
        gold={"evidence": "exact"},
        denominator=1978,
        quirk=(
            "only evidence strings of the exact form D1:2 count, also the three that name no turn; a "
            "question without any such string is left out"
        ),
        source="docs/measures.md",
    ),
)

PRESETS: Registry[Preset] = Registry(
    "memeval.presets", "preset", instance_of(Preset), {preset.name: preset for preset in _OWN}
)


def get_preset(name: str) -> Preset:
    """The preset of a name.

    Raises:
        ConfigError: lists the presets.
    """
    preset = PRESETS.get(name)
    if preset is not None:
        return preset
    close = get_close_matches(name, PRESETS, n=1)
    meant = f" (did you mean {close[0]}?)" if close else ""
    raise ConfigError(f"unknown preset {name!r}{meant}: choose from {', '.join(PRESETS)}")
