"""`memeval score`."""

from collections.abc import Sequence

from memeval.cli import console, tables, words
from memeval.cli.run import print_rows

MEASURES = words.measures("what to compute; left out, the default measures or those of the preset")
PRESET = words.text("preset", None, "another team's definition of gold and denominator", "NAME")
COMMAND = words.Command(
    "score",
    "Score stored runs again, without running them: other measures, other cut-offs, or another team's definition.",
    (
        (
            "memeval score 'sliding_window*' measures='[EvidenceRecall(unit=session,rule=any), Recall@5]'",
            "two measures of all runs with a sliding window",
        ),
        ("memeval score locomo/bm25-2000 preset=memini", "by the definition of another benchmark"),
        ("memeval score results/runs/locomo out=scores.parquet", "all digits, for pandas"),
    ),
    words.Words(
        "RUN...",
        "a run's id, the start of one, a glob over ids, or a folder",
        least=1,
        most=None,
        missing="name the runs to score, e.g. memeval score 'sliding_window*' measures='[Recall@5]'; memeval show "
        "lists them",
    ),
    (MEASURES, PRESET, tables.RESULTS, tables.FORMAT, tables.OUT, tables.STRICT),
    notes="memeval list measures and memeval list presets show the choices.",
)


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval score`."""
    given = COMMAND.parse(argv)
    output = tables.Output(given)

    from memeval.records.runs import finished_ones
    from memeval.scoring.evaluate import evaluate
    from memeval.scoring.measures import DEFAULT_MEASURES
    from memeval.scoring.measures.presets import get_preset
    from memeval.scoring.rows import Row
    from memeval.scoring.stored import chosen

    name = given[PRESET]
    preset = None if name is None else get_preset(name)
    measures = given[MEASURES]
    if measures is None:
        measures = preset.measures if preset else DEFAULT_MEASURES
    asked, replays = chosen(given[tables.RESULTS], given.words)
    if replays:
        output.say(f"Replays left out: {replays:,} (memeval replay shows what they cost).")
    found, unfinished = finished_ones(asked)
    console.pass_over(unfinished)
    print_rows([Row(run, evaluate(run, measures, preset)) for run in found], output)
    if preset is not None:
        output.say(f"preset {preset.name}: {preset.quirk} ({preset.source})")
    return 0
