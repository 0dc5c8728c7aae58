"""The measures that comparisons and reports show where none are named."""

from memeval.scoring.measures import (
    DEFAULT_MEASURES,
    ContextTokens,
    EvidenceRecall,
    IncrementSeconds,
    InputDollars,
    JudgedAccuracy,
    Measure,
    QuestionDollars,
    ReadSeconds,
    TokenF1,
    WriteSeconds,
)
from memeval.scoring.measures.money import WriteDollars

# The first is tested. Measures of answers make no columns where nothing was answered.
COMPARED: tuple[Measure, ...] = (
    EvidenceRecall(),
    EvidenceRecall(segments="all"),
    JudgedAccuracy(),
    TokenF1(),
    ContextTokens(),
    *(ReadSeconds(p=p) for p in (50, 95, 99)),
    WriteSeconds(),
    InputDollars(),
    QuestionDollars(),
    WriteDollars(),
)
REPORTED: tuple[Measure, ...] = (*DEFAULT_MEASURES, IncrementSeconds(), InputDollars(), QuestionDollars())
