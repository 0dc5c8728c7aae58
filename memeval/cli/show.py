"""`memeval show`."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from memeval.cli import console, tables, words
from memeval.cli.tables import Output
from memeval.kit.errors import ConfigError
from memeval.kit.escaping import shown
from memeval.kit.types import Dialogue, Outcome, Question, Turn
from memeval.records.runs import Run, find, listing
from memeval.reports.grid import Cell, Column, Grid, Line, Report, hidden, number, text_column
from memeval.reports.grid import words as words_of
from memeval.reports.layout import Drawn

if TYPE_CHECKING:
    from memeval.scoring.rows import Row

COMMAND = words.Command(
    "show",
    "List stored runs, or look inside one: what it was, its scores, its questions with most evidence missing, and of "
    "one "
    "question what was in the context, which evidence was missing, and the ranking.",
    (
        ("memeval show", "stored runs"),
        ("memeval show demo/none+bm25-2000", "one run"),
        ("memeval show demo/none+bm25-2000 u0-q3", "one question of it"),
        ("memeval show results=my/runs out=runs.csv", "the runs of another folder, as a table in a file"),
    ),
    words.Words(
        "[RUN [QUESTION]]",
        "a run's id, the start of one, or a folder; a question's id or the start of one",
        most=2,
    ),
    (tables.RESULTS, tables.FORMAT, tables.OUT),
)
_WORST = 10


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval show`."""
    given = COMMAND.parse(argv)
    output = tables.Output(given)
    root = given[tables.RESULTS]
    if not given.words:
        _list_runs(root, output)
        return 0
    name, *questions = given.words
    found = find(root, [name])
    if len(found) > 1:
        several = len({run.folder.parent for run in found}) > 1
        ids = ", ".join(f"{run.folder.parent.name}/{run.id}" if several else run.id for run in found[:6])
        ids += ", ..." if len(found) > 6 else ""
        raise ConfigError(f"{name!r} names {len(found)} runs ({ids}): give one of these")
    if questions:
        _show_question(found[0], questions[0], output)
    else:
        _show_run(found[0], output)
    return 0


def _list_runs(root: Path, output: Output) -> None:
    stored = list(listing(root))
    damaged = [reason for _, _, reason in stored if reason is not None]
    columns = (
        *map(text_column, ("benchmark", "run", "status")),
        *(Column((name,)) for name in ("dialogues", "questions", "failed")),
        text_column("made with"),
    )
    lines = []
    for folder, run, reason in stored:
        if run is None:
            names = (words_of(folder.parent.name), words_of(folder.name), words_of("damaged"))
            lines.append(Line((*names, *[Cell("")] * 4)))
            continue
        record = run.record
        made = f"memeval {record.environment.memeval}, code {record.code[:8]}"
        names = (
            words_of(record.benchmark.name),
            words_of(run.id),
            words_of("damaged" if reason else record.status),
        )
        counts = (
            Cell("") if count is None else number(count)
            for count in (record.dialogues, record.questions, record.errors)
        )
        lines.append(Line((*names, *counts, words_of(made))))
    if stored:
        output.report([Report((Grid("", columns, tuple(lines), names=2),))])
    else:
        console.out().print(f"No runs in {root} yet; memeval demo makes some.", markup=False)
    for reason in damaged:
        console.notes().print(f"memeval: {reason}", markup=False)


def _show_run(run: Run, output: Output) -> None:
    from memeval.cli.run import print_rows
    from memeval.reports.costs import phases_grid, sections_grid
    from memeval.reports.run import run_reports
    from memeval.scoring.costs import account
    from memeval.scoring.evaluate import evaluate, open_benchmark
    from memeval.scoring.measures import DEFAULT_MEASURES
    from memeval.scoring.rows import Row

    benchmark = open_benchmark(run)
    row = Row(run, evaluate(run, DEFAULT_MEASURES, benchmark=benchmark))
    books = account(run)
    texts = {
        question.id: question.query.text
        for dialogue in islice(iter(benchmark), run.record.limit)
        for question in dialogue.questions
    }
    costs = (sections_grid([books]), phases_grid([books])) if books.questions else ()
    worst = _worst(row, texts)
    further = Report((*costs, *([worst] if worst.lines else [])))
    if not output.is_screen:
        output.report([*run_reports([row]), further])
        return
    print_rows([row], output)
    for line in _counters(run):
        output.say(line)
    console.show([Drawn("")])
    output.report([further])


def _worst(row: "Row", texts: Mapping[str, str]) -> Grid:
    """The questions with most evidence missing, with the share that was found."""
    from memeval.scoring.rows import MAIN

    values = row.scores.values[MAIN]
    places = sorted((float(value), place) for place, value in enumerate(values) if value == value)[:_WORST]
    lines = []
    for value, place in places:
        question = row.scores.questions[place]
        share = number(value, f"{value * 100:.0f}")
        lines.append(Line((words_of(row.run.id), words_of(question), share, words_of(texts.get(question)))))
    columns = (hidden("run"), text_column("question"), Column(("found", "%"), str(MAIN), "share"), text_column("text"))
    title = f"Questions with most evidence missing (memeval show {row.run.id} QUESTION)"
    return Grid(title, columns, tuple(lines), names=2, key="questions")


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


def _show_question(run: Run, wanted: str, output: Output) -> None:
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
    if output.is_screen:
        for line in _describe(run, dialogue, question, outcome):
            console.out().print(line, soft_wrap=True)
    else:
        output.report([Report((_pieces(run, dialogue, question, outcome),))])


def _question(run: Run, wanted: str) -> tuple[Dialogue, Question]:
    from memeval.scoring.evaluate import open_benchmark

    close: list[tuple[Dialogue, Question]] = []
    for dialogue in islice(iter(open_benchmark(run)), run.record.limit):
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

    document = build(built_from(run.record.document), "document")
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


def _pieces(run: Run, dialogue: Dialogue, question: Question, outcome: Outcome) -> Grid:
    """Evidence, context and ranking of one question as one table."""
    from memeval.options.build import build
    from memeval.options.identity import built_from

    document = build(built_from(run.record.document), "document")
    turns = {turn.id: turn for turn in dialogue.turns}
    gold = set(question.evidence or ())
    columns = (
        hidden("run"), hidden("question"), text_column("part"), Column(("place",)), text_column("turns"),
        Column(("score",)), text_column("evidence"), text_column("text"),
    )  # fmt: skip
    lines = []

    def add(part: str, place: int, sources: Sequence[str], score: float | None, text: str | None) -> None:
        rendered = text or " / ".join(_line(source, turns, document.render) for source in sources)
        evidence = "yes" if gold & set(sources) else "no"
        points = number(score, "" if score is None else f"{score:.3f}")
        cells = (words_of(run.id), words_of(question.id), words_of(part), number(place), words_of(",".join(sources)))
        lines.append(Line((*cells, points, words_of(evidence), words_of(" ".join(rendered.split())))))

    for place, source in enumerate(question.evidence or (), 1):
        add("evidence", place, [source], None, None)
    for part in outcome.context or ():
        for place, sources in enumerate(part.sources, 1):
            add(part.kind, place, sources, None, part.texts[place - 1] if part.texts else None)
    for place, (sources, score) in enumerate(outcome.ranking or (), 1):
        add("ranking", place, sources, score, None)
    return Grid(f"{question.id}: {question.query.text}", columns, tuple(lines), names=4)


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
    parts = ([f"{age:,} turns before"] if age is not None else ["not in the dialogue"]) + (
        [f"rank {ranks[0]}"] if ranks else []
    )
    return f" ({', '.join(parts)})"


def _line(source: str, turns: dict[str, Turn], render: object) -> str:
    turn = turns.get(source)
    return "" if turn is None or not callable(render) else shown(" ".join(str(render(turn)).split()))


def _indented(text: str) -> str:
    """A text of several lines, none of which looks like one of ours."""
    return shown(text, lines=True).replace("\n", "\n      ")
