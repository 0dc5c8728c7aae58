"""Tables of what runs cost: tokens by section, books by phase, money over a lifetime."""

from collections.abc import Iterator, Mapping, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from memeval.kit.escaping import shown
from memeval.kit.types import Usage
from memeval.options import root
from memeval.pricing import caveats
from memeval.reports.gap import Gap
from memeval.reports.table import DASH, UNFIT, money
from memeval.scoring.costs import SECTIONS, Account, Lifetime, break_even, is_full

# Of a section's name in a prompt.
_SECTIONS = {"memory": "memories"}


def sections_table(accounts: Sequence[Account]) -> RenderableType:
    """Mean tokens of a question's prompt by section."""
    order: list[str] = [name for name in SECTIONS if any(name in each.sections for each in accounts)]
    order += sorted({name for each in accounts for name in each.sections} - set(order))
    answered = any(each.answered for each in accounts)
    told = axes(accounts)
    table = _grid(told, order)
    for name in ("prompt", "answer") if answered else ("prompt",):
        table.add_column(name, justify="right", vertical="bottom")
    for each in accounts:
        n = len(each.questions)
        cells = [f"{each.sections[name]:,.1f}" if name in each.sections else DASH for name in order]
        prompt = f"{sum(each.sections.values()):,.1f}"
        answer = f"{sum(asked.tokens_out for asked in each.questions) / n:,.1f}" if each.answered else DASH
        table.add_row(*_names(each, told), *cells, prompt, *([answer] if answered else []))
    return Group(Text("Tokens of a question's prompt by section, mean", style="bold"), table)


def phases_table(accounts: Sequence[Account]) -> RenderableType:
    """Model calls by phase: tokens with and without the provider's cache, dollars as booked."""
    called = [each for each in accounts if any(_paid(phase.total) for phase in each.phases.values())]
    if not called:
        return Text("No model was called and no embedding paid for: writing and reading cost nothing.\n")
    columns = ("phase", "per", "calls", "tokens in", "cached", "written", "uncached", "out", "embedded", "$/1,000")
    told = axes(accounts)
    table = _grid(told, columns, left=("phase", "per"))
    for each in called:
        for name, phase in each.phases.items():
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
            table.add_row(
                *_names(each, told),
                name,
                "dialogue" if name == "write" else "question",
                f"{phase.mean(total.calls):,.2f}",
                *(f"{phase.mean(amount):,.1f}" for amount in amounts),
                money(None if total.dollars is None else phase.mean(total.dollars) * 1000),
            )
    said = (
        "Model calls by phase, mean; dollars at the prices of the models called, as if no cache of memeval had helped"
    )
    return Group(Text(said, style="bold"), table)


def lifetime_table(lives: Sequence[tuple[Lifetime, Lifetime | None]], questions: Sequence[int]) -> RenderableType:
    """Rows of one target, each with the full-context row that it is compared with.

    Args:
        lives: of one target; the second of a pair is None where no run of full context is known.
        questions: numbers of questions of a dialogue over which writing is spread.
    """
    target = lives[0][0].target
    narrow = any(life.usable < 1 for life, _ in lives)
    headings = ["write\n$/1,000\ndialogues", "read", "prompt +\nanswer", "one more\nquestion"]
    # Nothing to spread where writing is free.
    questions = [] if all(life.write == 0 for life, _ in lives) else questions
    headings += [f"n={number:,}" for number in questions]
    headings += ["break-even\nwith full"] + (["within\nusable %"] if narrow else [])
    told = axes([life.account for life, _ in lives])
    table = _grid(told, headings)
    for life, full in lives:
        mark = UNFIT if life.fits < 1 else ""
        row = [
            *_names(life.account, told),
            *(_thousand(value) for value in (life.write, life.read)),
            *(_thousand(value) + mark for value in (life.answer, life.question)),
            *(_thousand(life.amortised(number)) + mark for number in questions),
            _break_even(life, full),
        ]
        table.add_row(*row, *([f"{life.usable * 100:.0f}"] if narrow else []))
    price = target.price
    dollars = f"{money(price.input)} in, {money(price.output)} out" if price.known else f"{DASH} (no price is known)"
    title = f"{target.name}: dollars for 1,000 questions ({dollars} a million tokens; {target.source or 'no source'}"
    return Group(Text(title + (f", {target.as_of})" if target.as_of else ")"), style="bold"), table)


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
            names = life.account.run.meta["names"]
            yield Gap(
                f"* {names['strategy']} with retriever {names.get('retriever', 'none')}: {unfit:,} of {len(asked):,} "
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
    for name in {str(life.account.run.meta["identity"]["tokenizer"].get("name")) for life, _ in lives}:
        others = [target.name for target in targets.values() if target.tokenizer != name]
        if others:
            yield f"The runs counted tokens by {name}, which is not the tokenizer of {', '.join(others)}."


def _paid(usage: Usage) -> bool:
    return bool(usage.calls or usage.embedding_tokens or usage.dollars is None)


def _break_even(life: Lifetime, full: Lifetime | None) -> str:
    if full is None or full.account.run.id == life.account.run.id:
        return DASH
    if full.fits < 1:
        return "full does not fit"
    found = break_even(life, full)
    return DASH if found is None else f"{found:,}" if isinstance(found, int) else found


def _thousand(dollars: float | None) -> str:
    return money(None if dollars is None else dollars * 1000)


def axes(accounts: Sequence[Account]) -> list[str]:
    """Overrides that tell the runs apart beside strategy, retriever and budget."""
    given = [_settings(each) for each in accounts if not is_full(each.run)] or [_settings(each) for each in accounts]
    keys = dict.fromkeys(key for settings in given for key in settings)
    # The target stands in the title of each table; runs of several benchmarks may stand in one.
    unshown = (root.without_column() | {"target"}) - {"benchmark"}
    return [key for key in keys if key not in unshown and len({settings.get(key) for settings in given}) > 1]


def _settings(account: Account) -> Mapping[str, str]:
    words = dict(word.lstrip("+").split("=", 1) for word in account.run.meta.get("overrides", ()) if "=" in word)
    return {**words, "benchmark": str(account.run.meta["names"]["benchmark"])}


def _names(account: Account, told: Sequence[str]) -> list[str | Text]:
    names: Mapping[str, str] = account.run.meta["names"]
    retriever = names.get("retriever", "none")
    return [
        names["strategy"],
        retriever if retriever != "none" else DASH,
        f"{account.run.meta['identity']['budget']:,}",
        # A list such as [bm25,kv] would be taken for markup.
        *(Text(shown(_settings(account).get(axis, ""))) for axis in told),
    ]


def _grid(told: Sequence[str], columns: Sequence[str], left: Sequence[str] = ()) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("strategy", vertical="bottom", no_wrap=True)
    table.add_column("retriever", vertical="bottom", no_wrap=True)
    table.add_column("budget", justify="right", vertical="bottom", no_wrap=True)
    for axis in told:
        table.add_column(axis, justify="right", vertical="bottom", no_wrap=True)
    for name in columns:
        heading = _SECTIONS.get(name, name)
        table.add_column(Text(heading), justify="left" if name in left else "right", vertical="bottom", no_wrap=True)
    return table
