"""`memeval judge-check`."""

from collections.abc import Sequence

from memeval.cli import tables, words
from memeval.kit.errors import ConfigError
from memeval.options import overrides
from memeval.reports.grid import Grid, Line, Report, hidden, number, text_column
from memeval.reports.grid import words as words_of

COMMAND = words.Command(
    "judge-check",
    "Measure how often a judge is wrong: it judges known cases that come with memeval. A false accept is a wrong "
    "answer "
    "called correct, a false reject a correct one called wrong. The rates are kept, and tables show them beside "
    "scores by "
    "the same judge: same model, parameters, instructions and repeats.",
    (
        ("memeval judge-check llm@judge_llm=litellm judge_llm.model=gpt-4o", "one model"),
        ("memeval judge-check judge=llm judge.repeats=3 llm=litellm llm.model=gpt-4o-mini", "three votes each"),
    ),
    options=(tables.FORMAT, tables.OUT),
    overrides="All other words key=value are options of memeval run.",
)


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval judge-check`."""
    given = COMMAND.parse(argv)
    output = tables.Output(given)
    typed = list(given.overrides)

    from memeval.answers import judge_check
    from memeval.answers.judge import Judge
    from memeval.harness.compose import composer
    from memeval.options.build import build

    if "judge" not in overrides.settings(typed):
        typed.insert(0, "judge=llm")
    with composer() as hydra:
        node = hydra.cells(typed, multirun=False)[0].config["judge"]
    if node.get("_target_") is None:
        raise ConfigError("judge=none judges nothing: leave it out, or add judge=llm")
    judge = build(node, "judge")
    if not isinstance(judge, Judge):
        raise ConfigError(f"{node['_target_']} cannot be checked: use judge=llm")
    judge.prepare()
    rates = judge_check.check(judge, judge_check.cases())
    judge_check.keep(judge.fingerprint, rates)
    columns = (
        text_column("answers"),
        text_column("error"),
        text_column("wrong verdicts"),
        hidden("wrong", is_text=False),
        hidden("n", is_text=False),
    )
    lines = [
        Line(
            (
                words_of(rate.kind),
                words_of(judge_check.name_of(rate)),
                words_of(judge_check.shown(rate)),
                number(rate.wrong),
                number(rate.n),
            )
        )
        for rate in rates
    ]
    output.report([Report((Grid("Wrong verdicts by kind of answer", columns, tuple(lines), names=2),))])
    output.say(f"Kept for {judge.fingerprint.partition('|')[0]}.")
    return 0
