"""`memeval judge-check`."""

from collections.abc import Sequence

from memeval.cli import console
from memeval.kit.errors import ConfigError

DESCRIPTION = """\
Measure how often a judge is wrong: it judges known cases that come with memeval.
  memeval judge-check llm@judge_llm=litellm judge_llm.model=gpt-4o
  memeval judge-check judge=llm judge.repeats=3 llm=litellm llm.model=gpt-4o-mini

A false accept is a wrong answer called correct, a false reject a correct one called wrong. The rates are kept, and
tables show them beside scores by the same judge: same model, parameters, instructions and repeats.
"""


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval judge-check`."""
    parser = console.subparser("judge-check", DESCRIPTION)
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="Hydra overrides, as of memeval run")
    overrides = list(parser.parse_args(argv).overrides)

    from rich.table import Table

    from memeval.answers import judge_check
    from memeval.answers.judge import Judge
    from memeval.harness.compose import composer
    from memeval.options.build import build

    if not any(override.startswith("judge=") for override in overrides):
        overrides.insert(0, "judge=llm")
    with composer() as hydra:
        node = hydra.cell(overrides).config["judge"]
    if node.get("_target_") is None:
        raise ConfigError("judge=none judges nothing: leave it out, or add judge=llm")
    judge = build(node, "judge")
    if not isinstance(judge, Judge):
        raise ConfigError(f"{node['_target_']} cannot be checked: use judge=llm")
    judge.prepare()
    rates = judge_check.check(judge, judge_check.cases())
    judge_check.keep(judge.fingerprint, rates)
    table = Table(title="Wrong verdicts by kind of answer", title_justify="left")
    for name in ("answers", "error", "wrong verdicts"):
        table.add_column(name)
    for rate in rates:
        table.add_row(rate.kind, judge_check.name_of(rate), judge_check.shown(rate))
    console.table(table)
    console.out().print(f"Kept for {judge.fingerprint.partition('|')[0]}.", markup=False)
    return 0
