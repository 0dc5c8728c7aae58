"""Tables of what runs cost: tokens by section, books by phase, money over a lifetime."""

from collections.abc import Iterator, Sequence

from memeval.kit.types import Usage
from memeval.pricing import caveats
from memeval.reports.gap import Gap
from memeval.reports.grid import DASH, Cell, Column, Grid, Line, hidden, number, text_column, words
from memeval.reports.table import UNFIT, money, naming
from memeval.scoring.costs import SECTIONS, Account, Lifetime, break_even
from memeval.scoring.rows import unscored

# Of a section's name in a prompt.
_SECTIONS = {"memory": "memories"}


def sections_grid(accounts: Sequence[Account]) -> Grid:
    """Mean tokens of a question's prompt by section."""
    order: list[str] = [name for name in SECTIONS if any(name in account.sections for account in accounts)]
    order += sorted({name for account in accounts for name in account.sections} - set(order))
    answered = any(account.answered for account in accounts)
    first, names = _naming(accounts)
    columns = [_tokens(_SECTIONS.get(name, name)) for name in (*order, "prompt", *(["answer"] if answered else []))]
    lines = []
    for account, cells in zip(accounts, names, strict=True):
        means: list[float | None] = [account.sections.get(name) for name in order]
        means.append(sum(account.sections.values()))
        if answered:
            asked = account.questions
            means.append(sum(each.tokens_out for each in asked) / len(asked) if account.answered else None)
        lines.append(Line((*cells, *(_mean_tokens(mean) for mean in means))))
    title = "Tokens of a question's prompt by section, mean"
    return Grid(title, (*first, *columns), tuple(lines), len(first), key="prompt")


def phases_grid(accounts: Sequence[Account]) -> Grid:
    """Model calls by phase: tokens with and without the provider's cache, dollars as booked."""
    called = [account for account in accounts if any(_paid(phase.total) for phase in account.phases.values())]
    if not called:
        title = "No model was called and no embedding paid for: writing and reading cost nothing."
        return Grid(title, (text_column("phase"),), (), key="calls")
    first, names = _naming(called)
    tokens = ("tokens in", "cached", "written", "uncached", "out", "embedded")
    columns = (
        text_column("phase"),
        text_column("per"),
        Column(("calls",)),
        *(_tokens(name) for name in tokens),
        Column(("$/1,000",), "cost", "dollars"),
    )
    lines = []
    for account, cells in zip(called, names, strict=True):
        for name, phase in account.phases.items():
            total = phase.total
            if not _paid(total):
                continue
            plain = total.tokens_in - total.cached_tokens_in - total.cache_write_tokens_in
            amounts = (
                total.tokens_in,
                total.cached_tokens_in,
                total.cache_write_tokens_in,
                plain,
                total.tokens_out,
                total.embedding_tokens,
            )
            calls = phase.mean(total.calls)
            figures = (
                words(name),
                words("dialogue" if name == "write" else "question"),
                number(calls, f"{calls:,.2f}"),
                *(_mean_tokens(phase.mean(amount)) for amount in amounts),
                _thousand(None if total.dollars is None else phase.mean(total.dollars)),
            )
            lines.append(Line((*cells, *figures)))
    title = (
        "Model calls by phase, mean; dollars at the prices of the models called, as if no cache of memeval had helped"
    )
    return Grid(title, (*first, *columns), tuple(lines), len(first), key="calls")


def lifetime_grid(lives: Sequence[tuple[Lifetime, Lifetime | None]], questions: Sequence[int]) -> Grid:
    """Rows of one target, each with the full-context row that it is compared with.

    Args:
        lives: of one target; the second of a pair is None where no run of full context is known.
        questions: numbers of questions of a dialogue over which writing is spread.
    """
    target = lives[0][0].target
    narrow = any(life.usable < 1 for life, _ in lives)
    # Nothing to spread where writing is free.
    questions = [] if all(life.write == 0 for life, _ in lives) else questions
    first, names = _naming([life.account for life, _ in lives])
    columns = [
        hidden("target"),
        _dollars("write", "$/1,000", "dialogues"),
        _dollars("read"),
        _dollars("prompt +", "answer", name="prompt and answer"),
        _dollars("one more", "question"),
        *(_dollars(f"n={count:,}") for count in questions),
        Column(("break-even", "with full"), unit="questions"),
        hidden("fits", "share", is_text=False),
        *([Column(("within", "usable %"), "within usable", "share")] if narrow else []),
    ]
    lines = []
    for (life, full), cells in zip(lives, names, strict=True):
        mark = UNFIT if life.fits < 1 else ""
        figures = (
            words(target.name),
            *(_thousand(value) for value in (life.write, life.read)),
            *(_thousand(value, mark) for value in (life.answer, life.question)),
            *(_thousand(life.amortised(count), mark) for count in questions),
            _break_even(life, full),
            number(life.fits),
            *([number(life.usable, f"{life.usable * 100:.0f}")] if narrow else []),
        )
        lines.append(Line((*cells, *figures)))
    price = target.price
    dollars = f"{money(price.input)} in, {money(price.output)} out" if price.known else f"{DASH} (no price is known)"
    title = f"{target.name}: dollars for 1,000 questions ({dollars} a million tokens; {target.source or 'no source'}"
    title += f", {target.as_of})" if target.as_of else ")"
    return Grid(title, (*first, *columns), tuple(lines), len(first), key="lifetime")


def notes(lives: Sequence[tuple[Lifetime, Lifetime | None]]) -> Iterator[str]:
    """What has to be said below the lifetime tables."""
    if any(life.write != 0 for life, _ in lives):
        yield "n=...: dollars for 1,000 questions where writing a dialogue is spread over so many questions about it."
    yield (
        "Break-even: the question from which on the memory is not dearer than sending the whole dialogue each time. "
        "Without a provider's prompt cache: mode=replay reckons with it. A dash: not known, which is not 0."
    )
    if any(not life.account.answered for life, _ in lives):
        yield "No answer was asked for: prompts only, and what a completion costs is left out on both sides."
    for life, _ in lives:
        if life.fits < 1:
            asked = life.account.questions
            unfit = sum(each.tokens_in > life.target.window for each in asked)
            yield Gap(
                f"* {life.account.run.record.name}: {unfit:,} of {len(asked):,} "
                f"prompts do not fit the context window of {life.target.name} ({life.target.window:,} tokens) and have "
                "no price."
            )
    failed = sum(account.failed for account in {life.account.run.id: life.account for life, _ in lives}.values())
    if failed:
        yield Gap(f"{failed:,} failed questions are left out.")
    if any(full is not None and full.account.cut for _, full in lives):
        yield Gap("Some dialogue is longer than full's budget: what full history costs here is that of its cut form.")
    if any(full is None for life, full in lives):
        yield "No run of full context over the same questions is stored: add one with strategy=full retriever=none."
    targets = {life.target.name: life.target for life, _ in lives}
    yield from caveats(targets.values())
    for name in {life.account.run.record.tokenizer for life, _ in lives}:
        others = [target.name for target in targets.values() if target.tokenizer != name]
        if others:
            yield f"The runs counted tokens by {name}, which is not the tokenizer of {', '.join(others)}."


def _paid(usage: Usage) -> bool:
    return bool(usage.calls or usage.embedding_tokens or usage.dollars is None)


def _break_even(life: Lifetime, full: Lifetime | None) -> Cell:
    if full is None or full.account.run.id == life.account.run.id:
        return Cell(DASH)
    if full.fits < 1:
        return words("full does not fit")
    found = break_even(life, full)
    return words(found) if isinstance(found, str) else number(found)


def _thousand(dollars: float | None, mark: str = "") -> Cell:
    """Dollars of one, printed for 1,000."""
    return number(dollars, money(None if dollars is None else dollars * 1000) + mark)


def _mean_tokens(mean: float | None) -> Cell:
    return number(mean, DASH if mean is None else f"{mean:,.1f}")


def _tokens(name: str) -> Column:
    return Column((name,), unit="tokens")


def _dollars(*heading: str, name: str = "") -> Column:
    return Column(heading, name or heading[0] if len(heading) > 2 else name, "dollars")


def _naming(accounts: Sequence[Account]) -> tuple[tuple[Column, ...], list[tuple[Cell, ...]]]:
    """Names of runs; the budget always, and no target, which stands in the title of each table."""
    return naming([unscored(account.run) for account in accounts], always=["budget"], without=["target"])
