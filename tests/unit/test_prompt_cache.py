from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memeval.harness.prefixes import Measured, Prefixes
from memeval.kit import prompt
from memeval.kit.tokens import get_tokenizer
from memeval.kit.types import Context, Query, Request, Segment
from memeval.pricing import CacheRules, Price, Tier, find_target
from memeval.pricing.prompt_cache import Split, split

TOKENIZER = get_tokenizer("o200k_base")
OPENAI = CacheRules(automatic=True, minimum=1024, step=128, seconds=600)
ANTHROPIC = CacheRules(automatic=False, minimum=1024, step=1, seconds=300)

KINDS = ("system", "summary", "memory", "history")
LINES = st.text(alphabet="ab é字.\n", min_size=1, max_size=8).map(str.strip).filter(bool)


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    """Sections in prompt order; few letters, so that prompts often share a start and lines contain each other."""
    return Context(
        [Segment(kind, text, (), verbatim=False) for kind in KINDS for text in draw(st.lists(LINES, max_size=3))]
    )


def stream(context: Context, query: Query) -> list[int]:
    """Tokens of the whole prompt in one go, as a model would get it."""
    content = "".join(message["content"] + "\n" for message in prompt.messages(context, query))
    return TOKENIZER.encode(content.removesuffix("\n"))


def shared(old: list[int], new: list[int]) -> int:
    return next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))


@given(st.lists(st.tuples(contexts(), LINES), min_size=1, max_size=5))
@settings(max_examples=200, deadline=None)
def test_the_shared_start_is_that_of_the_tokens_of_the_whole_prompts(prompts: list[tuple[Context, str]]):
    prefixes = Prefixes(TOKENIZER)
    old: list[int] = []
    for context, text in prompts:
        query = Query(text)
        measured = prefixes.measure(context, query)
        new = stream(context, query)
        assert measured.tokens == len(new) == sum(prompt.sections(context, query, TOKENIZER).values())
        assert measured.prefix == shared(old, new)
        kinds = {segment.kind for segment in context.segments}
        assert len(measured.ends) == len(kinds) and list(measured.ends) == sorted(set(measured.ends))
        assert all(0 < end < measured.tokens for end in measured.ends)
        old = new


def lines(first: int, last: int) -> Context:
    return Context(
        [Segment("history", f"Ann: number {number} was mentioned on that day.", ()) for number in range(first, last)]
    )


def test_append_only_history_never_loses_the_previous_history():
    prefixes = Prefixes(TOKENIZER)
    measured = [prefixes.measure(lines(0, n), Query(f"What was number {n}?")) for n in range(1, 60, 2)]
    for before, after in pairwise(measured):
        assert after.prefix >= before.ends[-1]
        assert after.tokens > before.tokens
    # The query is not part of what is kept: the next turn stands in its place.
    assert all(after.prefix < before.tokens for before, after in pairwise(measured))


def test_a_window_that_slides_by_one_turn_shares_less_than_its_first_turn():
    prefixes = Prefixes(TOKENIZER)
    heading = TOKENIZER.count("[Conversation]")
    first_turn = TOKENIZER.count(lines(1, 2).segments[0].text)
    for n in range(30, 60):
        measured = prefixes.measure(lines(n - 30, n), Query("And now?"))
        if n > 30:
            assert heading <= measured.prefix < heading + first_turn


def test_the_same_prompt_again_is_shared_whole():
    prefixes = Prefixes(TOKENIZER)
    first = prefixes.measure(lines(0, 9), Query("And now?"))
    assert prefixes.measure(lines(0, 9), Query("And now?")) == replace(first, prefix=first.tokens)
    assert first == Measured(first.tokens, 0, (first.tokens - prompt_of_query("And now?"),))


def prompt_of_query(text: str) -> int:
    return TOKENIZER.count(prompt.QUERY_HEADING) + TOKENIZER.count(text)


def request(tokens: int, prefix: int, ends: tuple[int, ...] = (), since: float | None = 10.0) -> Request:
    return Request(1, tokens, prefix, ends, 0, since)


@given(
    tokens=st.integers(1, 5000),
    shares=st.lists(st.floats(0, 1), min_size=5, max_size=5),
    since=st.none() | st.floats(0, 1000),
    rules=st.builds(CacheRules, st.booleans(), st.integers(0, 2000), st.integers(1, 300), st.floats(0, 1000)),
    first=st.booleans(),
)
def test_cached_written_and_uncached_tokens_are_the_whole_prompt(
    tokens: int, shares: list[float], since: float | None, rules: CacheRules, first: bool
):
    positions = [int(share * tokens) for share in shares]
    ends = tuple(sorted({position for position in positions[:2] if position}))
    # What both share lies at the same place in both.
    prefix = positions[2]
    before = tuple(sorted({end for end in ends if end <= prefix} | {prefix + 1 + positions[3]}))
    parts = split(None if first else request(tokens, 0, before), request(tokens, prefix, ends, since), rules)
    assert parts.cached + parts.written + parts.uncached == tokens
    assert min(parts.cached, parts.written, parts.uncached) >= 0
    assert parts.cached <= prefix
    assert parts.cached == 0 or parts.cached >= rules.minimum
    if first or (since is not None and since > rules.seconds):
        assert parts.cached == 0
    if rules.automatic:
        assert parts.written == 0 and (parts.cached == 0 or (parts.cached - rules.minimum) % rules.step == 0)
    else:
        assert parts.cached == 0 or parts.cached in before
        # Nothing is written twice, and never the query.
        assert parts.cached + parts.written in (parts.cached, max(ends, default=0))


@pytest.mark.parametrize(
    ("prefix", "cached"), [(0, 0), (1023, 0), (1024, 1024), (1151, 1024), (1152, 1152), (3000, 2944), (4999, 4992)]
)
def test_openai_caches_from_1024_tokens_in_steps_of_128(prefix: int, cached: int):
    parts = split(request(4000, 0), request(5000, prefix), OPENAI)
    assert (parts.cached, parts.written, parts.uncached) == (cached, 0, 5000 - cached)


def test_an_openai_request_by_hand():
    # GPT-4o: 2.50 in, 1.25 cached, 10 out. 3,000 shared tokens are 1,024 + 15 * 128 = 2,944 cached ones.
    parts = split(request(4000, 0), request(5000, 3000), OPENAI)
    price = Price(input=2.5, output=10.0, cache_read=1.25)
    dollars = price.cost(5000, 200, parts.cached, parts.written)
    assert dollars == pytest.approx((2056 * 2.5 + 2944 * 1.25 + 200 * 10) / 1e6) == pytest.approx(0.01082)


def test_an_anthropic_dialogue_by_hand():
    # Claude Sonnet 4: 3 in, 3.75 written, 0.30 read, 15 out. History of 2,000, 2,400 and 2,900 tokens, a query of 100
    # each; the third request comes 301 s after the second.
    price = Price(input=3.0, output=15.0, cache_read=0.30, cache_write=3.75)
    requests = [
        request(2100, 0, (2000,), None),
        request(2500, 2003, (2400,), 300.0),
        request(3000, 2401, (2900,), 301.0),
        request(3200, 2905, (3100,), 1.0),
    ]
    previous = None
    dollars = []
    splits = []
    for each in requests:
        parts = split(previous, each, ANTHROPIC)
        splits.append((parts.cached, parts.written, parts.uncached))
        dollars.append(price.cost(each.prompt_tokens, 50, parts.cached, parts.written))
        previous = each
    assert splits == [(0, 2000, 100), (2000, 400, 100), (0, 2900, 100), (2900, 200, 100)]
    assert dollars == pytest.approx(
        [
            (2000 * 3.75 + 100 * 3 + 750) / 1e6,
            (2000 * 0.30 + 400 * 3.75 + 100 * 3 + 750) / 1e6,
            (2900 * 3.75 + 100 * 3 + 750) / 1e6,
            (2900 * 0.30 + 200 * 3.75 + 100 * 3 + 750) / 1e6,
        ]
    )
    # A cache makes a request dearer that finds nothing: the written tokens cost a quarter more.
    assert dollars[2] > (price.cost(3000, 50) or 0.0)


def test_marks_are_read_only_as_far_as_they_are_shared():
    # Summary up to 1,500, history up to 2,600; the window slid, so only the summary is still the same.
    before = request(2700, 0, (1500, 2600))
    assert split(before, request(2750, 1507, (1500, 2650)), ANTHROPIC).cached == 1500
    # Memories changed within the first section: nothing that was marked is the same.
    assert split(before, request(2750, 1400, (1500, 2650)), ANTHROPIC).cached == 0
    # Too short to be written.
    parts = split(request(900, 0, (800,)), request(1000, 805, (900,)), ANTHROPIC)
    assert (parts.cached, parts.written, parts.uncached) == (0, 0, 1000)


def test_a_long_gemini_prompt_by_hand():
    # Gemini 2.5 Pro: 1.25 in, 0.125 cached, 10 out; over 200,000 prompt tokens 2.50, 0.25 and 15 for all of them.
    price = Price(1.25, 10.0, 0.125, tiers=(Tier(200_000, 2.5, 15.0, 0.25),))
    rules = CacheRules(automatic=True, minimum=1024, step=1, seconds=3600)
    below = split(request(199_000, 0), request(200_000, 199_000), rules)
    above = split(request(200_000, 0), request(200_001, 199_000), rules)
    assert below.cached == above.cached == 199_000
    assert price.cost(200_000, 100, below.cached) == pytest.approx((1000 * 1.25 + 199_000 * 0.125 + 1000) / 1e6)
    assert price.cost(200_001, 100, above.cached) == pytest.approx((1001 * 2.5 + 199_000 * 0.25 + 1500) / 1e6)


def test_a_provider_that_caches_by_itself_may_charge_for_writing():
    # GPT-6: nothing of the first prompt is there, so 1,024 + 23 * 128 = 3,968 tokens are written; of the second one
    # 2,944 are read and the rest up to 1,024 + 31 * 128 = 4,992 is written.
    first, second = request(4000, 0), request(5000, 3000)
    assert split(None, first, OPENAI, True) == Split(0, 3968, 32)
    assert split(first, second, OPENAI, True) == Split(2944, 2048, 8)
    assert split(first, second, OPENAI) == Split(2944, 0, 2056)
    assert split(None, request(1023, 0), OPENAI, True) == Split(0, 0, 1023)


@pytest.mark.parametrize(
    ("name", "before", "now", "parts", "dollars"),
    [
        # 200,000 tokens: 149,900 x 0.30 + 50,000 x 3.75 + 100 x 3 + 100 x 15.
        ("claude-sonnet-4", (149_900,), (200_000, 150_000, (199_900,)), (149_900, 50_000, 100), 0.23427),
        # One more, and all of them, read and written ones too, and the answer are dearer:
        # 149,900 x 0.60 + 50,001 x 7.50 + 100 x 6 + 100 x 22.50.
        ("claude-sonnet-4", (149_900,), (200_001, 150_000, (199_901,)), (149_900, 50_001, 100), 0.4677975),
        # A section of 511 tokens is too short for the cache: 600 x 0.10 + 100 x 0.50; of 512 it is written, at 0.125.
        ("claude-haiku-5-5", (), (600, 0, (511,)), (0, 0, 600), 0.00011),
        ("claude-haiku-5-5", (), (600, 0, (512,)), (0, 512, 88), 0.0001228),
        # 3,000 x 1.25 + 100 x 10, and with 2,048 shared tokens 952 x 1.25 + 2,048 x 0.125 + 1,000.
        ("gemini-2-5-pro", (), (3_000, 2_047, ()), (0, 0, 3_000), 0.00475),
        ("gemini-2-5-pro", (), (3_000, 2_048, ()), (2_048, 0, 952), 0.002446),
        # Cached tokens count towards the limit: 1 x 2.50 + 200,000 x 0.25 + 100 x 15.
        ("gemini-2-5-pro", (), (200_001, 200_000, ()), (200_000, 0, 1), 0.0515025),
        # 1,100 x 2.50 + 100 x 10; with 1,024 cached ones at half the price 76 x 2.50 + 1,024 x 1.25 + 1,000.
        ("gpt-4o", (), (1_100, 1_023, ()), (0, 0, 1_100), 0.00375),
        ("gpt-4o", (), (1_100, 1_024, ()), (1_024, 0, 76), 0.00247),
        # Above 272,000, written by itself: 272,000 x 5 + 1 x 4 + 100 x 15.
        ("gpt-6-1-sol", (), (272_001, 0, ()), (0, 272_000, 1), 1.361504),
    ],
)
def test_targets_by_hand(
    name: str,
    before: tuple[int, ...],
    now: tuple[int, int, tuple[int, ...]],
    parts: tuple[int, int, int],
    dollars: float,
):
    target = find_target(name)
    assert target.cache is not None
    tokens, prefix, ends = now
    found = split(request(prefix, 0, before), request(tokens, prefix, ends), target.cache, target.price.write_premium)
    assert (found.cached, found.written, found.uncached) == parts
    assert target.price.cost(tokens, 100, found.cached, found.written) == pytest.approx(dollars, rel=1e-12)


def test_without_times_nothing_grows_too_old():
    assert split(request(4000, 0), request(5000, 4000, (), None), OPENAI).cached == 3968
    assert split(request(4000, 0), request(5000, 4000, (), 601.0), OPENAI).cached == 0
    assert split(None, request(5000, 4000, (), None), OPENAI).cached == 0


def test_a_long_dialogue_is_not_counted_again_at_every_turn(monkeypatch: pytest.MonkeyPatch):
    encoded = 0
    tokenizer = get_tokenizer("o200k_base")
    count = type(tokenizer).count

    def counting(self: object, text: str) -> int:
        nonlocal encoded
        encoded += 1
        return count(tokenizer, text)

    monkeypatch.setattr(type(tokenizer), "count", counting)
    prefixes = Prefixes(tokenizer)
    history: list[Segment] = []
    for n in range(1000):
        history.append(Segment("history", f"Ann: turn {n} of a long talk.", ()))
        prefixes.measure(Context(tuple(history)), Query("And now?"))
    # The heading, the new turn and the query: not the whole history, 500,000 counts in all.
    assert encoded <= 1000 * 5
