"""`memeval score`."""

from collections.abc import Sequence
from pathlib import Path

from memeval.cli import console
from memeval.cli.run import print_rows
from memeval.kit.errors import ConfigError

DESCRIPTION = """\
Score stored runs again, without running them: other measures, other cut-offs, or another team's definition.
  memeval score 'sliding_window*' measures='[EvidenceRecall(unit=session,rule=any), Recall@5, ContextShare]'
  memeval score bm25-2000 preset=memini

RUN is a run's id, the start of one, a glob over ids, or a folder. memeval list measures and memeval list presets
show the choices.
"""


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval score`."""
    parser = console.subparser("score", DESCRIPTION)
    parser.add_argument(
        "words", nargs="+", metavar="RUN", help="runs, and measures=[...] or preset=NAME, results=FOLDER"
    )
    words = parser.parse_args(argv).words
    options = {key: value for key, _, value in (word.partition("=") for word in words if _is_option(word))}
    patterns = [word for word in words if not _is_option(word)]
    unknown = set(options) - {"measures", "preset", "results"}
    if unknown:
        raise ConfigError(f"memeval score takes measures=, preset= and results=, not {', '.join(sorted(unknown))}=")
    if not patterns:
        raise ConfigError(
            "name the runs to score, e.g. memeval score 'sliding_window*' measures='[Recall@5]'; memeval show lists "
            "them"
        )

    from memeval.records.runs import find, finished_ones
    from memeval.scoring.evaluate import evaluate
    from memeval.scoring.measures import DEFAULT_MEASURES, parse_list
    from memeval.scoring.measures.presets import get_preset
    from memeval.scoring.rows import Row

    preset = get_preset(options["preset"]) if "preset" in options else None
    measures = preset.measures if preset else DEFAULT_MEASURES
    if "measures" in options:
        measures = tuple(parse_list(options["measures"].strip().removeprefix("[").removesuffix("]")))
    found = find(Path(options.get("results", "results/runs")), patterns)
    found, unfinished = finished_ones(found)
    console.pass_over(unfinished)
    rows = [Row(run, evaluate(run, measures, preset)) for run in found]
    print_rows(rows, 0)
    if preset is not None:
        console.out().print(f"preset {preset.name}: {preset.quirk} ({preset.source})", markup=False, soft_wrap=True)
    return 0


def _is_option(word: str) -> bool:
    key, equals, _ = word.partition("=")
    return bool(equals) and key.isidentifier()
