"""Measures as values: what they mean stands in `docs/measures.md`."""

from memeval.kit.plugins import import_all
from memeval.scoring.measures.answers import (
    AbstentionPrecision,
    AbstentionRecall,
    ExactMatch,
    JudgeAgreement,
    JudgedAccuracy,
    RougeL,
    TokenF1,
)
from memeval.scoring.measures.base import KNOWN, DialogueMeasure, Measure, QuestionMeasure
from memeval.scoring.measures.context import (
    AnswerInContext,
    EvidenceAge,
    EvidenceDensity,
    EvidenceRecall,
    GhostRate,
    LeakRate,
    NeitherInContext,
    NewestInContext,
    OnlyStaleInContext,
)
from memeval.scoring.measures.money import InputDollars, QuestionDollars, WriteDollars
from memeval.scoring.measures.parsing import ALIASES, parse, parse_list
from memeval.scoring.measures.presets import PRESETS, Preset, get_preset
from memeval.scoring.measures.ranking import MRR, Precision, RankingMeasure, Recall, nDCG
from memeval.scoring.measures.resources import (
    ContextShare,
    ContextTokens,
    IncrementSeconds,
    IndexBytes,
    ItemsPerTurn,
    ReadSeconds,
    StartSeconds,
    WriteRate,
    WriteSeconds,
)

__all__ = [
    "ALIASES",
    "DEFAULT_MEASURES",
    "KNOWN",
    "MRR",
    "PRESETS",
    "AbstentionPrecision",
    "AbstentionRecall",
    "AnswerInContext",
    "ContextShare",
    "ContextTokens",
    "DialogueMeasure",
    "EvidenceAge",
    "EvidenceDensity",
    "EvidenceRecall",
    "ExactMatch",
    "GhostRate",
    "IncrementSeconds",
    "IndexBytes",
    "InputDollars",
    "ItemsPerTurn",
    "JudgeAgreement",
    "JudgedAccuracy",
    "LeakRate",
    "Measure",
    "NeitherInContext",
    "NewestInContext",
    "OnlyStaleInContext",
    "Precision",
    "Preset",
    "QuestionDollars",
    "QuestionMeasure",
    "RankingMeasure",
    "ReadSeconds",
    "Recall",
    "RougeL",
    "StartSeconds",
    "TokenF1",
    "WriteDollars",
    "WriteRate",
    "WriteSeconds",
    "get_preset",
    "nDCG",
    "parse",
    "parse_list",
]

# A measure in a new file is known without an edit here.
import_all(__path__, __name__)

DEFAULT_MEASURES: tuple[Measure, ...] = (
    EvidenceRecall(),
    # Equal to the first where nothing in a context is derived: tables then leave it out.
    EvidenceRecall(segments="all"),
    # No columns where nothing was answered.
    JudgedAccuracy(),
    JudgeAgreement(),
    TokenF1(),
    ExactMatch(),
    RougeL(),
    AbstentionPrecision(),
    AbstentionRecall(),
    AnswerInContext(),
    EvidenceDensity(),
    ContextTokens(),
    Recall(k=10),
    nDCG(k=10),
    MRR(k=10),
    ReadSeconds(p=50),
    ReadSeconds(p=95),
    WriteSeconds(),
)
