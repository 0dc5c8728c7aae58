"""`memeval show`."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from memeval.cli import console
from memeval.kit.errors import ConfigError
from memeval.kit.escaping import shown
from memeval.kit.types import Dialogue, Outcome, Question, Turn
from memeval.records.runs import Run, find, listing

DESCRIPTION = """\
  memeval show                    stored runs
  memeval show RUN                what it was, its scores, and its questions with most evidence missing
  memeval show RUN QUESTION       the context of one question: what was in it, which evidence was missing, the ranking

RUN is a run's id, the start of one, or a folder; QUESTION a question's id or the start of one.
"""
_WORST = 10


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval show`."""
    parser = console.subparser("show", DESCRIPTION)
    parser.add_argument("run", nargs="?", metavar="RUN")
    parser.add_argument("question", nargs="?", metavar="QUESTION")
    parser.add_argument("--results", default="results/runs", help="folder of the stored runs")
    arguments = parser.parse_args(argv)
    root = Path(arguments.results)
    if arguments.run is None:
        _list_runs(root)
        return 0
    found = find(root, [arguments.run])
    if len(found) > 1:
        several = len({run.folder.parent for run in found}) > 1
        names = ", ".join(f"{run.folder.parent.name}/{run.id}" if several else run.id for run in found[:6])
        names += ", ..." if len(found) > 6 else ""
        raise ConfigError(f"{arguments.run!r} names {len(found)} runs ({names}): give one of these")
    if arguments.question is None:
        _show_run(found[0])
    else:
        _show_question(found[0], arguments.question)
    return 0


def _list_runs(root: Path) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("benchmark", "run", "status", "dialogues", "questions", "failed", "made with"):
        table.add_column(
            name, justify="right" if name in ("dialogues", "questions", "failed") else "left", no_wrap=True
        )
    stored = list(listing(root))
    damaged = [reason for _, _, reason in stored if reason is not None]
    for folder, run, reason in stored:
        if run is None:
            table.add_row(shown(folder.parent.name), shown(folder.name), "damaged", "", "", "", "")
            continue
        meta = run.meta
        table.add_row(
            shown(str(meta["benchmark"]["name"])),
            shown(run.id),
            shown("damaged" if reason else str(meta["status"])),
            *(f"{meta[key]:,}" if key in meta else "" for key in ("dialogues", "questions", "errors")),
            shown(f"memeval {meta['environment'].get('memeval', '?')}, code {str(meta.get('code', '?'))[:8]}"),
        )
    if stored:
        console.table(table)
    else:
        console.out().print(f"No runs in {root} yet; memeval demo makes some.", markup=False)
    for reason in damaged:
        console.notes().print(f"memeval: {reason}", markup=False)


def _show_run(run: Run) -> None:
    from memeval.cli.run import print_rows
    from memeval.reports.costs import phases_table, sections_table
    from memeval.scoring.costs import account
    from memeval.scoring.evaluate import evaluate, open_benchmark
    from memeval.scoring.measures import DEFAULT_MEASURES
    from memeval.scoring.rows import MAIN, Row

    benchmark = open_benchmark(run)
    scores = evaluate(run, DEFAULT_MEASURES, benchmark=benchmark)
    print_rows([Row(run, scores)], 0)
    out = console.out()
    for line in _counters(run):
        out.print(line, markup=False, soft_wrap=True)
    books = account(run)
    if books.questions:
        out.print()
        console.table(sections_table([books]))
        console.table(phases_table([books]))
    values = scores.values[MAIN]
    worst = sorted((float(value), index) for index, value in enumerate(values) if value == value)[:_WORST]
    if worst:
        out.print(
            f"\nQuestions with most evidence missing (memeval show {run.id} QUESTION):", markup=False, soft_wrap=True
        )
    texts = {
        question.id: question.query.text
        for dialogue in islice(iter(benchmark), run.meta["identity"]["limit"])
        for question in dialogue.questions
    }
    for value, index in worst:
        question = scores.questions[index]
        asked = shown(f"{question}  {value * 100:.0f} %  {texts.get(question, '')}")
        out.print(f"  {asked}", markup=False, soft_wrap=True)


def _counters(run: Run) -> Iterator[str]:
    """What the strategy reports of itself (items, merged, dropped, index bytes, ...), the mean over dialogues."""
    totals: dict[str, list[float]] = {}
    for record in run.records():
        for name, value in record.stats.items():
            totals.setdefault(name, []).append(value)
    if totals:
        yield "\nThe strategy's own counters, mean over dialogues:"
        yield "  " + ", ".join(f"{name} {_counted(sum(values) / len(values))}" for name, values in totals.items())


def _counted(value: float) -> str:
    """A count or a setting: `1,234.5`, `0.75`."""
    return f"{value:,.1f}".removesuffix(".0") if abs(value) >= 10 else f"{value:.3g}"


def _show_question(run: Run, wanted: str) -> None:
    dialogue, question = _question(run, wanted)
    outcome = next(
        (
            outcome
            for result in run.results()
            for outcome in result.outcomes
            if outcome.dialogue == dialogue.id and outcome.question == question.id
        ),
        None,
    )
    if outcome is None:
        raise ConfigError(
            f"run {run.id} has no outcome for question {question.id} yet: start the run again to finish it"
        )
    for line in _describe(run, dialogue, question, outcome):
        console.out().print(line, soft_wrap=True)


def _question(run: Run, wanted: str) -> tuple[Dialogue, Question]:
    from memeval.scoring.evaluate import open_benchmark

    close: list[tuple[Dialogue, Question]] = []
    for dialogue in islice(iter(open_benchmark(run)), run.meta["identity"]["limit"]):
        for question in dialogue.questions:
            if question.id == wanted:
                return dialogue, question
            if question.id.startswith(wanted):
                close.append((dialogue, question))
    if len(close) == 1:
        return close[0]
    if close:
        names = ", ".join(question.id for _, question in close[:6])
        raise ConfigError(f"{wanted!r} names {len(close)} questions ({names}, ...): give the whole id")
    raise ConfigError(f"run {run.id} has no question {wanted!r}: memeval show {run.id} names some")


def _describe(run: Run, dialogue: Dialogue, question: Question, outcome: Outcome) -> Iterator[Text]:
    from memeval.options.build import build
    from memeval.options.identity import built_from

    document = build(built_from(run.meta["identity"]["document"]), "document")
    turns = {turn.id: turn for turn in dialogue.turns}
    gold = set(question.evidence or ())
    stale = set(question.stale)
    asked = f", asked on {question.query.time:%d %B %Y}" if question.query.time else ""
    about = f"{question.category}{asked}, after {outcome.written:,} turns"
    yield Text(shown(f"{question.id} ({about})"), style="bold")
    yield Text(f"  {shown(question.query.text)}")
    yield Text(f"  answer: {shown(' | '.join(question.answers)) or '(abstain)'}")
    if outcome.error is not None or outcome.context is None:
        yield Text(f"  failed: {_indented(str(outcome.error))}", style="red")
        return
    claimed = {source for part in outcome.context for sources in part.sources for source in sources}
    in_context = {source for part in outcome.context if part.verbatim for sources in part.sources for source in sources}
    yield Text(f"\nEvidence: {len(gold & in_context)} of {len(gold)} turns in the context", style="bold")
    for source in question.evidence or ():
        mark, style = ("found  ", "green") if source in in_context else ("missing", "red")
        if source in claimed - in_context:
            mark, style = ("derived", "yellow")
        place = _place(source, turns, outcome)
        yield Text(f"  {mark} {shown(source)}{place}: {_line(source, turns, document.render)}", style=style)
    yield from _books(outcome)
    yield Text(
        f"\nContext: {sum(n for kind, n in outcome.tokens.items() if kind not in ('query', 'frame')):,} tokens",
        style="bold",
    )
    for part in outcome.context:
        yield Text(
            f"  {part.kind}, {len(part.sources):,} pieces" + ("" if part.verbatim else ", derived text"), style="bold"
        )
        for index, sources in enumerate(part.sources):
            text = (
                _indented(part.texts[index])
                if part.texts
                else " / ".join(_line(source, turns, document.render) for source in sources)
            )
            style = "green" if gold & set(sources) else "yellow" if stale & set(sources) else ""
            yield Text(f"    {shown(','.join(sources))}  {text}", style=style)
    if outcome.ranking is not None:
        yield Text("\nRanking", style="bold")
        for rank, (sources, score) in enumerate(outcome.ranking, 1):
            points = "" if score is None else f"{score:8.3f}"
            style = "green" if gold & set(sources) else ""
            line = _line(sources[0], turns, document.render) if sources else ""
            yield Text(f"  {rank:3} {points} {shown(','.join(sources))}  {line}"[:160], style=style)


def _books(outcome: Outcome) -> Iterator[Text]:
    """What was answered and judged, and the tokens of it."""
    if outcome.answer is not None:
        yield Text(f"\nAnswered: {_indented(outcome.answer)}", style="bold")
    verdict = outcome.verdict
    if verdict is not None and "error" in verdict:
        yield Text(f"  without {'a verdict' if outcome.answer is not None else 'an answer'}: {verdict['error']}")
    elif verdict is not None:
        said = "correct" if verdict["correct"] else "wrong"
        yield Text(f"  judged {said} ({verdict['agreement']:.0%} of {len(verdict['votes'])}): {verdict['reason']}")
    sections = ", ".join(f"{kind} {tokens:,}" for kind, tokens in outcome.tokens.items())
    yield Text(f"\nPrompt: {sum(outcome.tokens.values()):,} tokens ({sections})", style="bold")
    for phase, usage in outcome.usage.items():
        if usage.calls:
            cached = f" ({usage.cached_tokens_in:,} cached)" if usage.cached_tokens_in else ""
            yield Text(
                f"  {phase}: {usage.calls} calls, {usage.tokens_in:,} tokens in{cached}, {usage.tokens_out:,} out"
            )


def _place(source: str, turns: dict[str, Turn], outcome: Outcome) -> str:
    ranks = [rank for rank, (sources, _) in enumerate(outcome.ranking or (), 1) if source in sources]
    age = outcome.written - list(turns).index(source) if source in turns else None
    words = ([f"{age:,} turns before"] if age is not None else ["not in the dialogue"]) + (
        [f"rank {ranks[0]}"] if ranks else []
    )
    return f" ({', '.join(words)})"


def _line(source: str, turns: dict[str, Turn], render: object) -> str:
    turn = turns.get(source)
    return "" if turn is None or not callable(render) else shown(" ".join(str(render(turn)).split()))


def _indented(text: str) -> str:
    """A text of several lines, none of which looks like one of ours."""
    return shown(text, lines=True).replace("\n", "\n      ")
