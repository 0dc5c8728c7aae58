"""Sentences below a table about data that cannot tell memories apart, or that say little."""

from collections.abc import Iterator, Sequence

from memeval.reports.gap import Gap
from memeval.scoring.rows import MAIN, Row

# Below these a run says little: an interval needs dialogues, and one question more or less moves a share by 3 points.
FEWEST_QUESTIONS = 30
FEWEST_DIALOGUES = 3


def data_notes(rows: Sequence[Row]) -> Iterator[str]:
    """A sentence for each weakness of the data that a reader of the table should know of.

    Args:
        rows: of one benchmark, all over the same questions.
    """
    if rows:
        yield from _without_evidence(rows)
        yield from _fits(rows)
        yield from _few(rows[0])
        yield from _unread(rows)
        yield from _unfit(rows)


def _without_evidence(rows: Sequence[Row]) -> Iterator[str]:
    scores = next((row.scores for row in rows if MAIN in row.scores.overall), None)
    if scores is None or not scores.questions:
        return
    questions, n = len(scores.questions), scores[MAIN].n
    if n == 0:
        yield Gap(
            f"None of the {_counted(questions, 'question')} names its evidence turns, so that evidence recall and the "
            "measures of rankings cannot be computed: write the ids of the turns that hold an answer into `evidence` "
            "(docs/data.md)."
        )
    elif 2 * n < questions:
        yield Gap(
            f"Evidence recall is over {n:,} of {_counted(questions, 'question')}: the others name no evidence turns, "
            "or are to be abstained from."
        )


def _fits(rows: Sequence[Row]) -> Iterator[str]:
    """Where every memory that keeps everything is perfect."""
    measured = [row for row in rows if not row.is_reference]
    if not measured:
        return
    tokens = sorted(record.tokens for record in measured[0].records())
    budgets = sorted({row.budget for row in measured})
    if not tokens:
        return
    roomy = [budget for budget in budgets if budget >= tokens[-1]]
    if roomy:
        less = max(1, tokens[-1] // 4)
        yield (
            f"The longest dialogue has {tokens[-1]:,} tokens and the budget is {_listed(roomy)}: every memory that "
            f"keeps everything scores 100 %. A smaller budget would measure, e.g. budget={less}; longer dialogues "
            "would, too."
        )
        return
    fitting = sum(each <= budgets[-1] for each in tokens)
    if 2 * fitting > len(tokens):
        yield (
            f"{fitting:,} of {len(tokens):,} dialogues fit into the budget of {budgets[-1]:,} tokens: in them every "
            f"memory that keeps everything scores 100 %. Half of the dialogues have {_median(tokens):,} tokens or more."
        )


def _few(row: Row) -> Iterator[str]:
    questions, dialogues = len(row.scores.questions), len(row.scores.dialogues)
    if questions >= FEWEST_QUESTIONS and dialogues >= FEWEST_DIALOGUES:
        return
    yield (
        f"{_counted(questions, 'question')} in {_counted(dialogues, 'dialogue')}: too few to tell memories apart. Use "
        f"at least {FEWEST_QUESTIONS} questions in at least {FEWEST_DIALOGUES} dialogues; memeval compare says how "
        "sure a difference is."
    )


def _unfit(rows: Sequence[Row]) -> Iterator[str]:
    """Prompts that are larger than the target's window; a sentence for each row."""
    for row in rows:
        unfit = max((score.unfit for score in row.scores.overall.values()), default=0)
        if unfit:
            yield Gap(
                f"* {row.name} at budget {row.budget:,}: {unfit:,} of {_counted(len(row.scores.questions), 'prompt')} "
                f"do not fit the context window of {row.priced_at} and have no price. A smaller budget fits, or a "
                "target with a larger window (memeval list target)."
            )


def _unread(rows: Sequence[Row]) -> Iterator[str]:
    """What rules for English found no words in; a sentence for each share of turns that they read."""
    shares: dict[tuple[int, int], None] = {}
    for row in rows:
        stats = [record.stats for record in row.records()]
        read, unread = (int(sum(each.get(name, 0) for each in stats)) for name in ("turns_read", "turns_unread"))
        if unread:
            shares[read, read + unread] = None
    for read, turns in shares:
        yield Gap(
            f"facts: {read:,} of {_counted(turns, 'turn')}; the rules that find facts are for English. For other "
            "languages use writing=model_facts, or a retriever that needs no facts."
        )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _listed(budgets: Sequence[int]) -> str:
    return " or ".join(f"{budget:,}" for budget in budgets)


def _median(ordered: Sequence[int]) -> int:
    return ordered[len(ordered) // 2]
