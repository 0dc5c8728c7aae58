"""The summary that a model writes: from what, when, how long, and what is left of it after forgetting."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support.dialogues import Memory as Tiny
from support.dialogues import turns
from support.plans import plan, window

from memeval.harness.compose import Composer, composer
from memeval.harness.runner import Runner
from memeval.kit.document import Document
from memeval.kit.errors import ConfigError, ModelError
from memeval.kit.ledger import phase
from memeval.kit.prompt import count
from memeval.kit.protocols import Model
from memeval.kit.tokens import get_tokenizer
from memeval.kit.types import Query, Reply, Segment, Turn
from memeval.llm.scripted import Scripted
from memeval.options.build import build
from memeval.strategies.long_term.bm25 import BM25
from memeval.strategies.memory import Memory
from memeval.strategies.short_term.model_summary import ModelSummary
from memeval.strategies.short_term.shorten import shorten
from memeval.strategies.writing.turns import Turns
from memeval.testing import check_strategy

ROOT = Path(__file__).resolve().parents[2]
TOKENIZER = get_tokenizer("o200k_base")
QUERY = Query("what was said?")
SCRIPTED = {"_target_": "memeval.llm.scripted.Scripted"}


class Digest:
    """Writes a summary that depends on every word that it was given."""

    fingerprint = "digest"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def complete(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any] | None = None) -> Reply:
        self.asked.append(messages[-1]["content"])
        return Reply(f"It is {sha256(self.asked[-1].encode()).hexdigest()}.")


class Says:
    fingerprint = "says"

    def __init__(self, text: str, finish: str = "stop") -> None:
        self.text = text
        self.finish = finish

    def complete(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any] | None = None) -> Reply:
        return Reply(self.text, finish=self.finish)


class Down(Digest):
    """Answers so many times, then is out of reach until it is mended."""

    def __init__(self, answers: int) -> None:
        super().__init__()
        self.left = answers

    def complete(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any] | None = None) -> Reply:
        if not self.left:
            raise ModelError("nobody answers")
        self.left -= 1
        return super().complete(messages, schema)


def summary(model: Model | None, **options: Any) -> ModelSummary:
    return ModelSummary(
        Document(), TOKENIZER, model, **{"prompt": "At most {words}.", "turns": 4, "block": 6, **options}
    )


def shown(strategy: ModelSummary, budget: int = 10_000) -> Segment:
    (segment,) = [each for each in strategy.read(QUERY, budget).segments if each.kind == "summary"]
    return segment


def facts(strategy: ModelSummary, budget: int = 10_000) -> list[Segment]:
    return list(strategy.read(QUERY, budget).segments)


def test_the_old_summary_and_the_turns_that_left_make_the_new_one() -> None:
    model = Scripted(
        rules=[{"match": "Ann and Ben talked", "reply": "Later."}, {"match": ".", "reply": "Ann and Ben talked."}]
    )
    strategy = summary(model, tokens=80)
    said = turns(9)
    strategy.write(said)
    assert model.requests == []
    assert [segment.kind for segment in facts(strategy)] == ["history"] * 9
    strategy.write([Turn("sys", "s0", "System", "system", "Be kind."), *turns(17)[9:]])
    first, second = (request.messages for request in model.requests)
    assert first[0] == {"role": "system", "content": "At most 60."}
    assert "(none yet)" in first[1]["content"]
    assert [f"number{i} " in first[1]["content"] for i in range(8)] == [True] * 6 + [False] * 2
    assert "[01 March 2024] Ann: The river" in first[1]["content"]
    assert "Ann and Ben talked." in second[1]["content"]
    assert [f"number{i} " in second[1]["content"] for i in range(13)] == [False] * 6 + [True] * 6 + [False]
    written = facts(strategy)
    assert [segment.kind for segment in written] == ["system", "summary", *["history"] * 5]
    assert written[1] == Segment("summary", "Later.", tuple(f"t{i}" for i in range(12)), verbatim=False)
    assert dict(strategy.stats()) == {"summary_folds": 2, "summary_cut": 0, "summary_tokens": TOKENIZER.count("Later.")}


def test_it_is_booked_as_writing_and_reading_asks_nobody() -> None:
    model = Scripted(seconds=2.0)
    strategy = summary(model)
    with phase() as writing:
        strategy.write(turns(30))
    with phase() as reading:
        assert shown(strategy).text
    assert writing.usage.calls == len(model.requests) == 4
    assert writing.usage.model_seconds == 8.0
    assert writing.usage.tokens_in > 100
    assert reading.usage.calls == 0
    assert reading.usage.tokens_in == 0


@given(sizes=st.lists(st.integers(1, 7), min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_chunks_do_not_matter(sizes: list[int]) -> None:
    said = turns(sum(sizes))
    whole, parts = summary(Digest()), summary(Digest())
    whole.write(said)
    start = 0
    for size in sizes:
        parts.write(said[start : start + size])
        start += size
    assert facts(parts) == facts(whole)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_after_forgetting_it_is_as_if_never_written(data: st.DataObject) -> None:
    said = turns(data.draw(st.integers(10, 45)))
    folded = (len(said) - 4) // 6 * 6
    gone = data.draw(st.sets(st.sampled_from([turn.id for turn in said[:folded]]), max_size=8))
    kept, never = summary(Digest()), summary(Digest())
    kept.write(said)
    kept.forget(sorted(gone))
    never.write([turn for turn in said if turn.id not in gone])
    assert facts(kept) == facts(never)
    more = turns(70)[45:]
    kept.write(more)
    never.write(more)
    assert facts(kept) == facts(never)


def test_forgetting_asks_again_from_the_block_concerned_only() -> None:
    model = Digest()
    strategy = summary(model)
    strategy.write(turns(34))
    assert len(model.asked) == 5
    strategy.forget(["t33", "never written"])
    assert len(model.asked) == 5
    strategy.forget(["t20"])
    again = model.asked[5:]
    assert len(again) == 1, "18 turns stay folded, of the 14 left six fill a block"
    assert "number20 " not in again[0]
    assert "number18 " in again[0]
    strategy.forget([f"t{i}" for i in range(34)])
    assert facts(strategy) == []


def test_a_reply_too_long_is_cut_at_a_sentence_and_counted() -> None:
    sentences = [f"Dr. Ann met person number {i} in Oslo." for i in range(200)]
    strategy = summary(Says(" ".join(sentences)), tokens=60)
    strategy.write(turns(10))
    text = shown(strategy).text
    assert text == " ".join(sentences[: len(text.split(" Dr. "))])
    assert TOKENIZER.count(text) <= 60 < TOKENIZER.count(" ".join(sentences[: len(text.split(" Dr. ")) + 1]))
    assert strategy.stats()["summary_cut"] == 1
    small = shown(strategy, 50).text
    assert text.startswith(small)
    assert small.endswith("Oslo.")
    assert TOKENIZER.count(small) <= 25
    torn = summary(Says("Ann met Ben. They went to the", "length"))
    torn.write(turns(10))
    assert shown(torn).text == "Ann met Ben."
    assert torn.stats()["summary_cut"] == 1
    both = summary(Says("Ann met Ben. " * 50 + "They", "length"), tokens=11)
    both.write(turns(10))
    assert shown(both).text == "Ann met Ben. Ann met Ben."
    odd = summary(Says(" with a NUL \0 and half a \ud800 character "))
    odd.write(turns(10))
    assert shown(odd).text == "with a NUL   and half a ? character"


@given(parts=st.lists(st.sampled_from(["Word", "Dr. Who", "end.", "\n", "What?", "x" * 90, "東京。", ""]), max_size=60))
@settings(max_examples=60, deadline=None)
def test_what_is_cut_is_a_start_that_fits(parts: list[str]) -> None:
    text = " ".join(parts).strip()
    for limit in (0, 1, 9, 40):
        start = shorten(text, limit, TOKENIZER)
        assert text.startswith(start)
        assert TOKENIZER.count(start) <= limit


def test_a_model_out_of_reach_loses_no_turn() -> None:
    model = Down(1)
    strategy = summary(model)
    with pytest.raises(ModelError, match="nobody"):
        strategy.write(turns(25))
    model.left = 9
    strategy.write([])
    whole = summary(Digest())
    whole.write(turns(25))
    assert facts(strategy) == facts(whole)
    model.left = 0
    with pytest.raises(ModelError, match="nobody"):
        strategy.forget(["t3"])
    assert all("t3" not in segment.sources and "number3 " not in segment.text for segment in facts(strategy))


def test_the_contract_holds() -> None:
    check_strategy(lambda: summary(Digest(), tokens=40))
    check_strategy(lambda: summary(Scripted(), turns=1, block=1, tokens=5))
    check_strategy(
        lambda: Memory(summary(Scripted()), BM25(Turns(Document())), TOKENIZER),
    )


@given(budget=st.integers(1, 300), n=st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_the_budget_holds(budget: int, n: int) -> None:
    strategy = summary(Says("It was so. " * 40))
    strategy.write(turns(n))
    assert count(facts(strategy, budget), TOKENIZER) <= budget


@pytest.mark.parametrize(
    ("options", "told"), [({"turns": 0}, "turns=0"), ({"tokens": 0}, "tokens"), ({"block": 0}, "block")]
)
def test_sizes_that_hold_nothing_are_refused(options: dict[str, int], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        summary(Digest(), **options)


@pytest.fixture(scope="module")
def hydra() -> Iterator[Composer]:
    with composer() as opened:
        yield opened


def test_without_a_model_it_says_what_to_type(hydra: Composer) -> None:
    cell = hydra.cell(["strategy=model_summary"])
    with pytest.raises(ConfigError, match="llm=litellm.*strategy=summary"):
        build(cell.config["strategy"], "strategy")


def test_the_prompt_is_part_of_the_run(hydra: Composer) -> None:
    """Another wording is another run; the extractive summary knows nothing of models."""
    first = hydra.cell(["strategy=model_summary", "llm=scripted"]).plan(Tiny())
    other = hydra.cell(["strategy=model_summary", "llm=scripted", "strategy.prompt=Be brief."]).plan(Tiny())
    text = yaml.safe_load((ROOT / "configs/strategy/model_summary.yaml").read_text(encoding="utf-8"))["prompt"]
    assert first.identity["memory"]["prompt"] == text
    assert "{words}" in text
    assert first.run_id != other.run_id
    plain = [hydra.cell(["strategy=summary", *more]).plan(Tiny()).run_id for more in ([], ["llm=scripted"])]
    assert plain[0] == plain[1]


@pytest.mark.parametrize("isolation", ["separate", "shared"])
def test_a_run(isolation: str, tmp_path: Path) -> None:
    node = window("model_summary.ModelSummary", llm=SCRIPTED, prompt="Summarise.", turns=3, block=4)
    runner = Runner(plan(Tiny(), node, isolation=isolation), tmp_path)
    (first, *_) = Tiny()
    result = runner.run(first)
    assert [outcome.error for outcome in result.outcomes] == [None] * 4
    assert result.record.write.calls == result.record.stats["summary_folds"] > 2
    assert all(outcome.usage["read"].calls == 0 for outcome in result.outcomes)
    kinds = [part for part in result.outcomes[-1].context or () if part.kind == "summary"]
    assert kinds[0].texts
    assert kinds[0].sources[0][0] == "t0"
