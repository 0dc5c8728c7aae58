"""Prices by hand and against litellm's own arithmetic; targets by file, by alias and by litellm's map."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memeval.harness.compose import Composer, composer
from memeval.kit.errors import ConfigError
from memeval.pricing import (
    CacheRules,
    Price,
    Target,
    Tier,
    caveats,
    completed,
    find_target,
    own_targets,
    price_of,
    read_target,
)

OWN = {target.name: target for target in own_targets()}
PLAIN = Price(input=2.0, output=8.0)
CACHED = Price(input=3.0, output=15.0, cache_read=0.3, cache_write=3.75)
TIERED = Price(
    input=1.25,
    output=10.0,
    cache_read=0.125,
    tiers=(Tier(200_000, input=2.5, output=15.0, cache_read=0.25), Tier(400_000, input=5.0, output=20.0)),
)
# What the issue names, and what providers sell today.
WANTED = {
    "gpt-4o": (128_000, 96_000),
    "claude-3-7-sonnet": (200_000, 150_000),
    "claude-sonnet-4": (200_000, 150_000),
    "gemini-1-5-pro": (1_000_000, 200_000),
    "gemini-2-0-ultra": (2_000_000, 2_000_000),
    "llama-3-3-70b": (128_000, 128_000),
    "claude-sonnet-4-6": (1_000_000, 1_000_000),
    "claude-haiku-5-5": (1_000_000, 100_000),
    "gemini-2-5-pro": (1_048_576, 200_000),
    "gpt-6-1-sol": (922_000, 272_000),
    "gpt-6-luna": (922_000, 272_000),
}


@pytest.mark.parametrize(
    ("price", "tokens", "dollars"),
    [
        # 1,000,000 x 2 + 500,000 x 8, per million.
        (PLAIN, (1_000_000, 500_000), 6.0),
        (PLAIN, (0, 0), 0.0),
        # No cheaper price is published: cached and written tokens cost as others do.
        (PLAIN, (1_000, 0, 400, 300), 0.002),
        # 600 x 3 + 400 x 0.30 = 1,920 and 100 x 15 = 1,500.
        (CACHED, (1_000, 100, 400), 0.003420),
        # 100 x 3 + 400 x 0.30 + 500 x 3.75 = 2,295: writing costs a quarter more.
        (CACHED, (1_000, 0, 400, 500), 0.002295),
        # A prompt written whole costs 1.25 times one that is not cached.
        (CACHED, (10_000, 0, 0, 10_000), 1.25 * 0.03),
        # At the limit exactly the lower price holds; one more token, and all 200,001 cost twice.
        (TIERED, (200_000, 1_000), 0.25 + 0.01),
        (TIERED, (200_001, 1_000), 200_001 * 2.5e-6 + 0.015),
        # Cached tokens count towards the limit and then cost 0.25.
        (TIERED, (200_001, 0, 200_000), 2.5e-6 + 0.05),
        (TIERED, (400_001, 10), 400_001 * 5e-6 + 0.0002),
        # Completions do not count towards it.
        (TIERED, (150_000, 100_000), 0.1875 + 1.0),
        # Embeddings have no output to pay for.
        (Price(input=0.02), (1_000_000, 0), 0.02),
    ],
)
def test_cost_by_hand(price: Price, tokens: tuple[int, ...], dollars: float) -> None:
    assert price.cost(*tokens) == pytest.approx(dollars, rel=1e-12)


@pytest.mark.parametrize(
    ("price", "tokens"),
    [(Price(), (1_000, 10)), (Price(), (0, 0)), (Price(input=1.0), (1_000, 10)), (Price(output=1.0), (1_000, 0))],
)
def test_an_unknown_price_is_none_and_never_0(price: Price, tokens: tuple[int, int]) -> None:
    assert price.cost(*tokens) is None


@pytest.mark.parametrize(
    ("rules", "prefix", "cached"),
    [
        (CacheRules(minimum=1024, step=128), 1023, 0),
        (CacheRules(minimum=1024, step=128), 1024, 1024),
        (CacheRules(minimum=1024, step=128), 1151, 1024),
        (CacheRules(minimum=1024, step=128), 1152, 1152),
        (CacheRules(minimum=2048, step=1), 2047, 0),
        (CacheRules(minimum=2048, step=1), 2049, 2049),
    ],
)
def test_minimum_prefix_and_steps(rules: CacheRules, prefix: int, cached: int) -> None:
    assert rules.cacheable(prefix) == cached


@given(st.integers(0, 500_000), st.integers(0, 5_000), st.floats(0, 1), st.floats(0, 1))
def test_caching_never_costs_more_than_writing_and_never_less_than_reading_all(
    tokens: int, out: int, read: float, write: float
) -> None:
    cached = int(tokens * read)
    written = int((tokens - cached) * write)
    found = CACHED.cost(tokens, out, cached, written)
    assert found is not None
    assert (tokens * 0.3 + out * 15) / 1e6 - 1e-12 <= found <= (tokens * 3.75 + out * 15) / 1e6 + 1e-12


def test_the_targets_that_are_wanted_are_there() -> None:
    assert {name: (OWN[name].window, OWN[name].usable) for name in WANTED} == WANTED


@pytest.mark.parametrize("target", OWN.values(), ids=OWN)
def test_target_files_are_complete(target: Target) -> None:
    assert len(target.source) > 10
    assert not re.search(r"https?://", target.source + target.notes)
    assert date(2024, 1, 1) < date.fromisoformat(target.as_of) <= date(2027, 1, 1)
    assert 0 < target.usable <= target.window
    assert target.tokenizer in ("o200k_base", "cl100k_base", "p50k_base")
    assert target.exact_tokenizer or any(target.tokenizer in caveat for caveat in caveats([target]))
    price = target.price
    assert price.known == (price.output is not None)
    for one in (price, *price.tiers):
        if one.input is not None and one.output is not None:
            assert 0 < one.input <= one.output
            assert one.cache_read is None or 0 < one.cache_read < one.input
            assert one.cache_write is None or one.cache_write == pytest.approx(1.25 * one.input)
    assert all(tier.above < target.window or target.name == "claude-sonnet-4" for tier in price.tiers)
    if target.cache is not None:
        assert price.cache_read is not None, "a cache without a price cannot be reckoned with"
    assert read_target(target.node()) == target


def test_the_table_in_the_docs_is_that_of_the_files(root: Path) -> None:
    rows = {}
    for line in (root / "docs" / "money.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 9 and cells[0].startswith("`") and cells[0] != "`target=`":
            rows[cells[0].split("`")[1]] = cells[1:]
    assert rows.keys() == OWN.keys()
    for name, (window, usable, *prices, above, as_of) in rows.items():
        target = OWN[name]
        assert (int(window.replace(",", "")), int(usable.replace(",", ""))) == (target.window, target.usable), name
        told = [None if cell in ("", "–") else float(cell) for cell in prices]
        price = target.price
        assert told == [price.input, price.output, price.cache_read, price.cache_write], name
        assert [f"{tier.above:,}" for tier in price.tiers] == ([re.split(r"[ :]", above)[0]] if above else []), name
        assert as_of == target.as_of, name


def test_aliases_are_those_of_one_target() -> None:
    names = [name for target in OWN.values() for name in (target.name, *target.aliases)]
    assert len(names) == len(set(names))


def test_a_target_without_price_shows_none() -> None:
    ultra = find_target("gemini-2-0-ultra")
    assert price_of("gemini-2-0-ultra") is None
    assert ultra.price.cost(1_000, 1_000) is None
    assert any("no price is known" in caveat for caveat in caveats([ultra, OWN["gpt-4o"]]))


def test_own_files_come_before_the_map() -> None:
    for name in ("gemini-2-5-pro", "gemini/gemini-2.5-pro", "gemini-2.5-pro", "gpt-4o", "openai/gpt-4o"):
        price = price_of(name)
        assert price is not None
        assert "2026-11-22" in price.source, name
    other = price_of("gpt-5-mini")
    assert other is not None
    assert "litellm" in other.source
    assert other.cost(1_000_000, 0) == pytest.approx(0.25)


@pytest.mark.parametrize("name", ["openai/smollm2", "no-such-model", "ollama/llama3", "/gpt-4o", "", "sample_spec"])
def test_nobody_knows_the_price(name: str) -> None:
    assert price_of(name) is None


def test_any_other_model_is_a_target_with_a_word_about_it() -> None:
    mini = find_target("gpt-5-mini")
    assert (mini.window, mini.usable, mini.exact_tokenizer) == (272_000, 272_000, True)
    assert any("litellm" in caveat and "not checked" in caveat for caveat in caveats([mini]))
    grok = find_target("gemini/gemini-2.5-flash")
    assert grok.tokenizer == "o200k_base"
    assert not grok.exact_tokenizer
    with pytest.raises(ConfigError, match=r"did you mean gpt-4o.*target\.window="):
        find_target("gpt-4oo")


# Of our own targets those that litellm has under the same name, and a few that only its map has.
MODELS = {
    "claude-sonnet-4-6": "claude-sonnet-4-6",
    "claude-haiku-5-5": "claude-haiku-5-5",
    "gpt-4o": "gpt-4o",
    "gpt-6.1-sol": "gpt-6.1-sol",
    "gpt-6-luna": "gpt-6-luna",
    "gemini/gemini-2.5-pro": "gemini/gemini-2.5-pro",
    "claude-3-7-sonnet": "bedrock/anthropic.claude-3-7-sonnet-20250219-v1:0",
    "claude-sonnet-4": "bedrock/anthropic.claude-sonnet-4-20250514-v1:0",
    "llama-3-3-70b": "bedrock/meta.llama3-3-70b-instruct-v1:0",
    "gpt-5-mini": "gpt-5-mini",
    "gpt-4": "gpt-4",
    "dashscope/qwen-flash": "dashscope/qwen-flash",
}


@pytest.mark.filterwarnings("ignore")
def test_the_same_as_litellm() -> None:
    """Its own cost function, over prompts below, at and above every limit, with and without its cache."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm

    compared = 0
    for ours, theirs in MODELS.items():
        price = price_of(ours)
        assert price is not None
        edges = [tier.above for tier in price.tiers]
        for tokens in (1_000, 20_000, *edges, *(edge + 1 for edge in edges), *(edge + 50_000 for edge in edges)):
            for read, write in ((0, 0), (tokens // 2, 0), (tokens // 4, tokens // 2)):
                # What has no price of its own costs as other input does, there as here.
                dollars = litellm.cost_per_token(
                    model=theirs,
                    prompt_tokens=tokens,
                    completion_tokens=700,
                    cache_read_input_tokens=read,
                    cache_creation_input_tokens=write,
                )
                assert price.cost(tokens, 700, read, write) == pytest.approx(sum(dollars), rel=1e-9), (ours, tokens)
                compared += 1
    assert compared > 120


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"price": {"input": -1}}, "price.input=-1"),
        ({"price": {"input": "cheap"}}, "price.input='cheap'"),
        ({"price": {"in": 1}}, "in, which nothing reads"),
        ({"price": {"input": 1, "tiers": [{"input": 2}]}}, "price tier"),
        ({"cache": {"automatic": True, "minimum": 1024, "step": 0, "seconds": 1}}, "step=0"),
        ({"cache": {"automatic": True, "step": 1, "seconds": 1}}, "minimum"),
        ({"window": 0}, "window=0"),
        ({"name": ""}, "has no name"),
    ],
)
def test_a_bad_target_is_refused(change: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(named)):
        read_target({**OWN["gpt-4o"].node(), **change})


def test_an_old_runs_target_is_looked_up() -> None:
    old = read_target({"name": "gpt-4o", "window": 128_000, "usable": 50_000, "tokenizer": "o200k_base"})
    assert old == replace(OWN["gpt-4o"], usable=50_000)
    described = read_target({"name": "mine", "window": 10, "usable": 5, "tokenizer": "o200k_base"})
    assert (described.window, described.usable, described.price.known) == (10, 5, False)


def test_caveats_name_all_that_they_are_about() -> None:
    said = caveats([OWN["claude-sonnet-4"], OWN["gpt-4o"], OWN["llama-3-3-70b"]])
    assert len(said) == 1
    assert said[0].startswith("claude-sonnet-4, llama-3-3-70b: tokens are counted by o200k_base")
    assert caveats([OWN["gpt-4o"]]) == []


@pytest.fixture(scope="module")
def hydra() -> Iterator[Composer]:
    with composer() as opened:
        yield opened


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["target=gpt-5-mini"], {"name": "gpt-5-mini", "window": 272_000}),
        (["target=litellm", "target.name=gpt-5-mini"], {"name": "gpt-5-mini", "window": 272_000}),
        (["target=gpt-5-mini", "target.window=9000"], {"window": 9_000, "usable": 9_000}),
        (["target=gemini/gemini-2.5-flash"], {"name": "gemini/gemini-2.5-flash", "exact_tokenizer": False}),
        (["target=gpt-4"], {"tokenizer": "cl100k_base"}),
        (["target=litellm", "target.name=mine", "target.window=4096"], {"window": 4_096, "source": "the command line"}),
    ],
)
def test_any_name_can_be_a_target(hydra: Composer, words: list[str], wanted: dict[str, Any]) -> None:
    cell = hydra.cell(words)
    found = cell.config["target"]
    assert {key: found[key] for key in wanted} == wanted
    assert cell.config["tokenizer"]["name"] == found["tokenizer"]
    assert cell.overrides == tuple(words)
    assert read_target(found).window == found["window"]


def test_prices_can_be_set_one_by_one(hydra: Composer) -> None:
    words = ["target=gpt-5-mini", "target.price.input=1.5", "target.cache.minimum=7"]
    found = read_target(hydra.cell(words).config["target"])
    assert (found.price.input, found.price.output) == (1.5, 2.0)
    assert found.cache == CacheRules(automatic=True, minimum=7, step=128, seconds=600.0)
    ultra = hydra.cell(["target=gemini-2-0-ultra", "target.price.input=2", "target.price.output=8"])
    assert read_target(ultra.config["target"]).price.cost(1_000_000, 0) == 2.0


def test_a_misspelt_target_is_refused_with_the_choices(hydra: Composer) -> None:
    with pytest.raises(ConfigError, match=r"unknown target 'gpt-4oo', did you mean gpt-4o"):
        hydra.cell(["target=gpt-4oo"])
    with pytest.raises(ConfigError, match=r"nonesuch.*target\.window=128000"):
        hydra.cell(["target=litellm", "target.name=nonesuch"])


def test_only_what_is_open_is_filled_in() -> None:
    node = OWN["gpt-4o"].node()
    assert completed(node) == node
    described = completed({"name": "mine", "window": 10, "cache": {"minimum": 5, "step": None}, "price": {"input": 1}})
    assert described["cache"]["minimum"] == 5
    assert described["cache"]["step"] == 1
    assert described["usable"] == 10
