"""Tables of replayed dialogues: dollars, hit rates, and when full history costs less than another strategy."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from memeval.pricing import Target
from memeval.records.runs import Run
from memeval.reports.gap import Gap
from memeval.reports.grid import DASH, Cell, Column, Grid, Line, Report, hidden, number, text_column, words
from memeval.reports.table import money
from memeval.scoring.replay_costs import Course, Crossover, course, crossover, hit_rate, lives, per_hundred_turns
from memeval.scoring.rows import axes, unscored


@dataclass(frozen=True, slots=True)
class Replayed:
    """A stored replay priced on targets: `courses` by target's name, one a dialogue."""

    run: Run
    name: str
    courses: Mapping[str, Sequence[Course]]

    @property
    def any_course(self) -> Sequence[Course]:
        """The courses of one of the targets, for what does not depend on prices."""
        return next(iter(self.courses.values()))


def price(runs: Sequence[Run], targets: Sequence[Target]) -> list[Replayed]:
    """Price stored replays, in the order given.

    Raises:
        ConfigError: a run that is no replay.
    """
    priced = []
    for run, name in zip(runs, _names(runs), strict=True):
        lived = lives(run)
        priced.append(
            Replayed(run, name, {target.name: [course(life, target) for life in lived] for target in targets})
        )
    return priced


def _names(runs: Sequence[Run]) -> list[str]:
    """Strategy and retriever, and where that is the same for several, whatever else tells the runs apart."""
    rows = [unscored(run) for run in runs]
    told = axes(rows)
    alike = Counter(row.name for row in rows)
    return [
        f"{row.name} ({', '.join(f'{axis}={row.on(axis)}' for axis in told if row.on(axis))})"
        if alike[row.name] > 1 and told
        else row.name
        for row in rows
    ]


def replay_report(replays: Sequence[Replayed], targets: Sequence[Target]) -> Report:
    """Dollars, hit rates and crossovers, with what they mean."""
    grids = [_dollars(replays, targets)]
    if any(target.cache is not None for target in targets):
        grids.append(_hits(replays, targets))
    full = next((replay for replay in replays if replay.run.record.is_full), None)
    others = [replay for replay in replays if replay is not full]
    if full is not None and others:
        grids.append(_crossovers(full, others, targets))
    return Report(tuple(grids), tuple(missing(replays, targets)), tuple(_legend(replays, targets)))


def _grid(
    title: str, key: str, columns: Sequence[Column], replays: Sequence[Replayed], figures: Sequence[Sequence[Cell]]
) -> Grid:
    first = (hidden("benchmark"), hidden("run"), text_column("strategy"))
    lines = []
    for replay, cells in zip(replays, figures, strict=True):
        names = (words(replay.run.record.benchmark.name), words(replay.run.id), words(replay.name))
        lines.append(Line((*names, *cells)))
    return Grid(title, (*first, *columns), tuple(lines), len(first), key=key)


def _by_target(targets: Sequence[Target], unit: str, is_text: bool = False) -> list[Column]:
    """Two columns for each target: without the provider's cache, and with it."""
    return [Column((target.name, how), unit=unit, is_text=is_text) for target in targets for how in ("plain", "cached")]


def _dollars(replays: Sequence[Replayed], targets: Sequence[Target]) -> Grid:
    figures = []
    for replay in replays:
        cells = []
        for target in targets:
            courses = replay.courses[target.name]
            mark = "*" if any(each.overflow is not None for each in courses) else ""
            for cache in (False, True):
                dollars = per_hundred_turns(courses, cache)
                cells.append(number(dollars, money(dollars) + mark))
        figures.append(cells)
    return _grid("Dollars per 100 turns", "dollars", _by_target(targets, "dollars per 100 turns"), replays, figures)


def _hits(replays: Sequence[Replayed], targets: Sequence[Target]) -> Grid:
    caching = [target for target in targets if target.cache is not None]
    columns = [Column((target.name,), f"{target.name} hit rate", "share") for target in caching]
    columns.append(Column(("any start", "shared"), unit="share"))
    columns.append(Column(("tokens per", "request"), unit="tokens"))
    figures = []
    for replay in replays:
        rates = [hit_rate(replay.courses[target.name]) for target in caching]
        courses = replay.any_course
        tokens = sum(float(each.tokens.sum()) for each in courses)
        requests = sum(each.tokens.size for each in courses)
        shared = sum(request.prefix_tokens for each in courses for request in each.life.requests)
        rates.append(shared / tokens if tokens else None)
        mean = tokens / requests if requests else None
        size = number(mean, DASH if mean is None else f"{mean:,.0f}")
        figures.append([*(number(rate, percent(rate)) for rate in rates), size])
    title = "Hit rate: prompt tokens read from the provider's cache (%)"
    return _grid(title, "hit rates", columns, replays, figures)


def _crossovers(full: Replayed, others: Sequence[Replayed], targets: Sequence[Target]) -> Grid:
    figures = []
    for other in others:
        cells = []
        for target in targets:
            for cache in (False, True):
                found = compared(full.courses[target.name], other.courses[target.name], cache)
                cells.append(words(crossing(found) if found else None, crossing(found)))
        figures.append(cells)
    columns = _by_target(targets, "crossover", is_text=True)
    return _grid(
        "Full history costs no more, from the dialogue's start, than ...", "crossovers", columns, others, figures
    )


def compared(full: Sequence[Course], other: Sequence[Course], cache: bool) -> list[Crossover]:
    """The crossover of each dialogue that both have; [] where a price is missing.

    With a cache the other strategy is taken as it is cheaper, with or without: nobody pays to write what is never read.
    """
    if cache and not np.isnan([each.discounted.sum() for each in other]).any():
        cache_pays = sum(each.discounted.sum() for each in other) < sum(each.plain.sum() for each in other)
    else:
        cache_pays = cache
    by_dialogue = {each.life.dialogue: each for each in other}
    found = []
    for first in full:
        second = by_dialogue.get(first.life.dialogue)
        if second is None:
            continue
        _, here, there = np.intersect1d(first.turns, second.turns, assume_unique=True, return_indices=True)
        crossed = crossover(first.dollars(cache)[here], second.dollars(cache_pays)[there], first.turns[here])
        if crossed is not None:
            found.append(crossed)
    return found


def crossing(found: Sequence[Crossover]) -> str:
    """Crossovers of all dialogues in a cell: the median turn, and how many dialogues if they do not agree."""
    if not found:
        return DASH
    counts = Counter(each.kind for each in found)
    kinds = []
    for kind, count in counts.most_common():
        turns = [each.turn for each in found if each.kind == kind and each.turn is not None]
        text = f"{kind} {median(turns):,.0f}" if turns else kind
        kinds.append(text if len(counts) == 1 else f"{text} ({count})")
    return ", ".join(kinds)


def percent(share: float | None) -> str:
    """A share in percent with one decimal; a dash for None."""
    return DASH if share is None else f"{100 * share:.1f}"


def _legend(replays: Sequence[Replayed], targets: Sequence[Target]) -> Iterator[str]:
    courses = replays[0].any_course
    requests = sum(each.tokens.size for each in courses)
    turns = sum(each.life.length for each in courses)
    record = replays[0].run.record
    answered = "the reader's" if record.identity.get("reader") else "the tokens of the real next turns of the assistant"
    yield (
        f"{len(courses):,} dialogues, {turns:,} turns of all speakers, {requests:,} requests: every user turn is one. "
        f"Answers are {answered}. All tokens are of {record.tokenizer}, whatever the target."
    )
    yield (
        "plain: no prompt cache. cached: the start shared with the dialogue's previous request is priced by the "
        "provider's rules (minimum length, steps, writing, time to live on the dialogue's clock). A dash: no cache, or "
        "no known price."
    )
    yield (
        "until N: up to turn N (median over dialogues) full history has cost no more than the other, then it has; "
        "from N: the other way round; always: up to the dialogue's end; never: at no turn less. A tenth of a request "
        "counts as nothing. With a cache the other is taken without it where that is cheaper. (n): that many dialogues."
    )
    for target in targets:
        yield f"{target.name}: {rules(target)}"
    others = [target.name for target in targets if target.price.known and not target.exact_tokenizer]
    if others:
        yield f"{', '.join(others)}: count tokens in ways of their own, so that their dollars are estimates."
    yield from _clock(courses)


def missing(replays: Sequence[Replayed], targets: Sequence[Target]) -> list[str]:
    """What failed, and where the history or a prompt outgrew its window; these sentences stand below the tables."""
    return [Gap(sentence) for replay in replays for sentence in _notes(replay, targets)]


def _clock(courses: Sequence[Course]) -> Iterator[str]:
    """How far the data's times can be trusted to tell what a cache still holds."""
    if not all(each.timed for each in courses):
        yield "Some dialogues have no times: there nothing in a cache grows too old, and hit rates are upper bounds."
    gaps = [request.seconds_since for each in courses for request in each.life.requests]
    known = [gap for gap in gaps if gap is not None]
    still = sum(gap == 0 for gap in known) / len(known) if known else 0.0
    if still > 0.1:
        yield (
            f"{100 * still:.0f} % of the requests have the time of the one before: the data has no clock there, "
            "nothing in a cache grows too old, and hit rates are upper bounds."
        )


def _notes(replay: Replayed, targets: Sequence[Target]) -> Iterator[str]:
    failed = sum(each.life.failed for each in replay.any_course)
    if failed:
        yield f"{replay.name}: {failed:,} requests failed and are left out."
    for target in targets:
        courses = replay.courses[target.name]
        over = [each.overflow for each in courses if each.overflow is not None]
        if over:
            cut = any(request.overflowed for each in courses for request in each.life.requests)
            budget = replay.run.record.budget
            yield (
                f"* {replay.name}, {target.name}: in {len(over):,} of {len(courses):,} dialogues, first at turn "
                f"{min(over):,}, "
                + (
                    f"the history outgrew the run's window of {budget:,} tokens and lost its oldest turns."
                    if cut
                    else f"the prompt outgrew the target's window of {target.window:,} tokens: it would be refused."
                )
            )


def rules(target: Target) -> str:
    """A target's prices and the rules of its provider's cache, in words."""
    price = target.price
    if price.input is None:
        return "no known price."
    parts = [f"${price.input:g} / {DASH if price.output is None else f'${price.output:g}'} per million tokens in / out"]
    parts += [
        f"over {tier.above:,} in: {DASH if tier.input is None else f'${tier.input:g}'} / "
        f"{DASH if tier.output is None else f'${tier.output:g}'}"
        for tier in price.tiers
    ]
    cache = target.cache
    if cache is None:
        parts.append("no prompt cache with known rules")
    else:
        read = "" if price.cache_read is None else f"${price.cache_read:g}"
        write = f", written at ${price.cache_write:g}" if price.write_premium else ""
        how = "automatic" if cache.automatic else "at the ends of the prompt's sections"
        steps = f" in steps of {cache.step:,}" if cache.step > 1 else ""
        parts.append(
            f"cache {how}, from {cache.minimum:,} tokens{steps}, read at {read or 'the full price'}{write}, kept for "
            f"{cache.seconds:,.0f} s"
        )
    source = f" ({price.source})" if price.source else ""
    return "; ".join(parts) + source + "."
