"""Money over a lifetime: every number by hand, from runs as they are stored."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memeval.cli.main import main
from memeval.kit.types import Dialogue, DialogueRecord, DialogueResult, Outcome, Query, Question, Turn, Usage
from memeval.pricing import Price, Target, Tier, find_target
from memeval.records.record import SCHEMA_VERSION, RunRecord
from memeval.records.runs import Run, load
from memeval.records.writer import RunWriter
from memeval.reports.costs import notes
from memeval.reports.table import money, show, unit
from memeval.scoring.costs import Lifetime, Rates, account, break_even, full_of, lifetime
from memeval.scoring.evaluate import target_of
from memeval.scoring.measures import InputDollars, Measure, QuestionDollars, WriteDollars, parse
from memeval.scoring.scores import score

# 2 dollars a million tokens in, 10 out, twice as much for prompts above 1,000 tokens.
TARGET = Target("small", 5_000, 2_000, price=Price(2.0, 10.0, tiers=(Tier(1_000, 4.0, 20.0),)))


def question(name: str, tokens: dict[str, int], error: str | None = None, **usage: Usage) -> Outcome:
    context = None if error else ()
    return Outcome(name.split("/")[0], name, 4, context, None, tokens, error=error, usage={"read": Usage(), **usage})


def stored(
    folder: Path,
    results: Sequence[tuple[Usage, list[Outcome]]],
    strategy: str = "vector",
    budget: int = 100_000,
    tokens: int = 4_000,
    **identity: Any,
) -> Run:
    """A run on disk; `results` are the usage of writing and the outcomes of each dialogue."""
    meta = {
        "schema_version": SCHEMA_VERSION,
        "status": "unfinished",
        "overrides": [],
        "id": f"{strategy}-{budget}",
        "names": {"benchmark": "demo", "strategy": strategy, "retriever": "none"},
        "identity": {"benchmark": {"seed": 1}, "budget": budget, "limit": None, "document": {}, "memory": {}}
        | {"tokenizer": {"name": "o200k_base"}}
        | identity,
        "code": "0",
        "benchmark": {"name": "demo", "licence": "", "node": {}},
        "environment": {"memeval": "0", "python": "3", "platform": "-", "cores": 1, "packages": {}},
        "config": {"target": TARGET.node() | {"source": "by hand", "as_of": "2026-11-22"}},
    }
    path = folder / "demo" / str(meta["id"])
    about = RunRecord.from_json(json.dumps(meta), path)
    writer = RunWriter(path, about)
    for number, (write, outcomes) in enumerate(results):
        record = DialogueRecord(f"d{number}", 4, tokens, len(outcomes), write)
        writer.append(DialogueResult(record, tuple(outcomes)))
    questions = sum(len(outcomes) for _, outcomes in results)
    done = replace(about, dialogues=len(results), questions=questions, errors=0)
    writer.finish([f"d{number}" for number in range(len(results))], done)
    writer.close()
    return load(path)


def memory(folder: Path) -> Run:
    """Two dialogues, one cheap and one dear to write; three questions, one of which failed."""
    answer = Usage(calls=1, tokens_in=620, tokens_out=50, cached_tokens_in=512, dollars=0.001)
    read = Usage(embedding_tokens=10, dollars=0.0002)
    return stored(
        folder,
        [
            (
                Usage(calls=2, tokens_in=3_000, tokens_out=400, dollars=0.010),
                [
                    question("d0/0", {"memory": 500, "query": 90, "frame": 10}, read=read, answer=answer),
                    question("d0/1", {}, error="ValueError: no", read=read),
                ],
            ),
            (
                Usage(calls=4, tokens_in=9_000, tokens_out=600, embedding_tokens=100, dollars=0.030),
                [question("d1/0", {"summary": 200, "memory": 1_200, "query": 100, "frame": 20}, answer=answer)],
            ),
        ],
    )


def full(folder: Path, sizes: Sequence[int] = (4_000, 4_000)) -> Run:
    return stored(
        folder,
        [(Usage(), [question(f"d{n}/0", {"history": size, "query": 0})]) for n, size in enumerate(sizes)],
        strategy="full",
    )


def test_tokens_by_section_and_phase(tmp_path: Path) -> None:
    books = account(memory(tmp_path))
    assert books.sections == {"summary": 100, "memory": 850, "query": 95, "frame": 15}
    assert list(books.sections) == ["summary", "memory", "query", "frame"]
    assert (len(books.questions), books.failed, books.per_dialogue) == (2, 1, 1.0)
    write, read, answer = books.phases["write"], books.phases["read"], books.phases["answer"]
    assert (write.units, write.total.calls, write.total.tokens_in, write.total.embedding_tokens) == (2, 6, 12_000, 100)
    assert write.total.dollars == pytest.approx(0.04)
    assert (read.units, read.total.embedding_tokens) == (2, 10)
    assert (answer.units, answer.total.cached_tokens_in, answer.mean(answer.total.tokens_out)) == (2, 1_024, 50)
    assert "judge" not in books.phases


def test_a_lifetime_by_hand(tmp_path: Path) -> None:
    life = lifetime(account(memory(tmp_path)), TARGET)
    assert life.write == pytest.approx(0.020)
    assert life.read == pytest.approx(0.0001)
    # The reader's own count of its prompts, below the limit: 620 x 2 + 50 x 10 per million.
    assert life.answer == pytest.approx(0.00174)
    assert life.question == pytest.approx(0.00184)
    assert life.amortised(10) == pytest.approx(0.00384)
    assert life.amortised(1) == pytest.approx(0.02184)
    assert (life.fits, life.usable) == (1.0, 1.0)


def test_prompts_are_priced_one_by_one(tmp_path: Path) -> None:
    """The mean prompt is at the limit, but one of the two is above it."""
    run = stored(
        tmp_path,
        [(Usage(), [question("d0/0", {"memory": 500}), question("d0/1", {"memory": 1_500}), question("d0/2", {})])],
    )
    life = lifetime(account(run), TARGET)
    assert life.answer == pytest.approx((500 * 2 + 1_500 * 4) / 3e6)
    narrow = Target("narrow", 1_400, 500, price=Price(2.0, 10.0))
    assert (lifetime(account(run), narrow).fits, lifetime(account(run), narrow).usable) == pytest.approx((2 / 3, 2 / 3))


def test_break_even_by_hand(tmp_path: Path) -> None:
    mine = lifetime(account(memory(tmp_path / "m")), TARGET)
    whole = lifetime(account(full(tmp_path / "f")), TARGET)
    # 4,000 x 4 per million for each question of full context.
    assert whole.question == pytest.approx(0.016)
    # 0.020 / (0.016 - 0.00184) = 1.41: the second question.
    assert break_even(mine, whole) == 2
    assert break_even(whole, whole) == "the same"
    # Against prompts that cost less than its own, a memory that has to be written never pays.
    cheap = lifetime(account(full(tmp_path / "c", (100, 100))), TARGET)
    assert break_even(mine, cheap) == "never"
    free = lifetime(account(stored(tmp_path / "w", [(Usage(), [question("d0/0", {"history": 100})])])), TARGET)
    assert break_even(free, whole) == "at once"
    assert break_even(whole, free) == "never"


def life(write: float | None, each: float | None) -> Lifetime:
    return Lifetime(None, TARGET, write, 0.0, each, 1.0, 1.0)  # type: ignore[arg-type]


def test_break_even_at_the_edges() -> None:
    assert break_even(life(0.03, 0.001), life(0.0, 0.004)) == 10, "exactly at ten: not dearer"
    assert break_even(life(0.0301, 0.001), life(0.0, 0.004)) == 11
    assert break_even(life(0.0001, 0.001), life(0.0, 0.004)) == 1
    assert break_even(life(0.01, 0.004), life(0.0, 0.004)) == "never"
    assert break_even(life(None, 0.001), life(0.0, 0.004)) is None
    assert break_even(life(0.01, None), life(0.0, 0.004)) is None
    assert break_even(life(0.01, 0.001), life(0.0, None)) is None


@given(st.floats(0, 10), st.floats(0, 0.1), st.floats(0, 0.1))
def test_break_even_is_the_first_question_that_pays(write: float, each: float, whole: float) -> None:
    found = break_even(life(write, each), life(0.0, whole))
    if isinstance(found, int):
        assert write + found * each <= found * whole + 1e-6
        before = found - 1
        assert before == 0 or write + before * each > before * whole - 1e-6
    elif found == "never":
        assert each >= whole - 1e-12
    else:
        assert found in ("at once", "the same")
        assert write < 1e-12


def test_unknown_dollars_are_not_left_out_of_a_mean(tmp_path: Path) -> None:
    """A mean over the dialogues whose price is known would be too low."""
    unknown = Usage(calls=1, tokens_in=1_000, tokens_out=100, embedding_tokens=500, dollars=None)
    run = stored(
        tmp_path,
        [(unknown, [question("d0/0", {"memory": 10})]), (Usage(), [question("d1/0", {"memory": 10}, read=unknown)])],
    )
    books = account(run)
    assert books.phases["write"].total.dollars is None
    found = lifetime(books, TARGET)
    assert found.write is None
    assert found.read is None
    assert found.answer == pytest.approx(20e-6)
    assert found.question is None
    # With both prices given: 1,000 x 1 + 100 x 2 + 500 x 0.1 per million, for one of two.
    rates = Rates(llm=Price(1.0, 2.0), embedder=Price(0.1))
    assert lifetime(books, TARGET, rates).write == pytest.approx(0.001250 / 2)
    assert lifetime(books, TARGET, Rates(llm=Price(1.0, 2.0))).write is None, "embeddings stay unknown"
    assert lifetime(books, Target("dear", 10, 10), rates).answer is None


def test_calls_are_priced_one_by_one() -> None:
    """Two calls of 600 tokens each are below a limit of 1,000."""
    usage = Usage(calls=2, tokens_in=1_200, tokens_out=20, cached_tokens_in=400, dollars=9.0)
    price = Price(1.0, 2.0, cache_read=0.1, tiers=(Tier(1_000, 5.0, 5.0),))
    assert Rates(llm=price).dollars(usage) == pytest.approx((800 + 40 + 40) / 1e6)
    assert Rates().dollars(usage) == 9.0
    assert Rates(llm=price).dollars(Usage()) == 0.0


def test_full_context_is_found_over_the_same_questions(tmp_path: Path) -> None:
    mine = memory(tmp_path / "a")
    whole = full(tmp_path / "b")
    other = stored(tmp_path / "c", [(Usage(), [])], strategy="full", benchmark={"seed": 2})
    limited = stored(tmp_path / "d", [(Usage(), [])], strategy="full", limit=1)
    assert full_of(mine, [other, limited, mine, whole]) == whole
    assert full_of(mine, [other, limited, mine]) is None
    assert not account(whole).cut
    assert account(stored(tmp_path / "e", [(Usage(), [])], strategy="full", budget=3_999)).cut


def test_the_target_of_a_run_has_its_prices(tmp_path: Path) -> None:
    target = target_of(memory(tmp_path))
    assert target is not None
    assert (target.price.tiers, target.window) == (TARGET.price.tiers, 5_000)


def scores_of(measures: Sequence[Measure], outcomes: list[Outcome], target: Target | None, **write: Any) -> Any:
    class Plain:
        def render(self, turn: Turn) -> str:
            return turn.text

        def count(self, text: str) -> int:
            return len(text.split())

    asked = [Question(each.question, Query("?"), (), None, "a") for each in outcomes]
    dialogues = [Dialogue("d0", [Turn("t0", "s", "A", "user", "hello")] * 4, asked)]
    records = [DialogueRecord("d0", 4, 4, len(asked), Usage(**write))]
    return score(outcomes, records, dialogues, measures, document=Plain(), tokenizer=Plain(), target=target)


def test_measures_of_money() -> None:
    outcomes = [
        question("d0/0", {"memory": 500, "query": 90, "frame": 10}, answer=Usage(calls=1, dollars=0.5)),
        question("d0/1", {"memory": 1_500}, answer=Usage(calls=1, dollars=None)),
        question("d0/2", {}, error="no"),
    ]
    measures = [parse("InputDollars"), parse("QuestionDollars(phase=answer)"), parse("WriteDollars(per=turn)")]
    assert measures == [InputDollars(), QuestionDollars(phase="answer"), WriteDollars(per="turn")]
    found = scores_of(measures, outcomes, TARGET, dollars=0.02)
    # 600 x 2 and 1,500 x 4 per million; the failed question is left out.
    assert found.values[InputDollars()][:2] == pytest.approx([0.0012, 0.006])
    assert (found[InputDollars()].n, found[InputDollars()].n_failed) == (2, 1)
    assert found[InputDollars()].value == pytest.approx(0.0036)
    assert (found[QuestionDollars()].value, found[QuestionDollars()].n) == (0.5, 1)
    assert found[WriteDollars(per="turn")].value == pytest.approx(0.005)
    unknown = scores_of(measures, outcomes, find_target("gemini-2-0-ultra"), dollars=None)
    assert unknown[InputDollars()].value is None
    assert unknown[WriteDollars(per="turn")].value is None
    assert np.isnan(unknown.values[InputDollars()]).all()
    assert scores_of(measures, outcomes, None)[InputDollars()].value is None
    assert (show(InputDollars(), 0.0036), unit(InputDollars())) == ("3.60", "$/1,000")
    assert show(InputDollars(), None) == "–"


def test_a_prompt_that_does_not_fit_has_no_price(tmp_path: Path) -> None:
    at_most, above = TARGET.window, TARGET.window + 1
    fits = scores_of([InputDollars()], [question("d0/0", {"memory": at_most})], TARGET)[InputDollars()]
    assert fits.value is not None and fits.unfit == 0
    outcomes = [question("d0/0", {"memory": 500}), question("d0/1", {"memory": above})]
    found = scores_of([InputDollars()], outcomes, TARGET)
    # The mean of the other prompts would be too low.
    assert found[InputDollars()].value is None and found[InputDollars()].unfit == 1
    assert all(part.value is None for part in found[InputDollars()].by_category.values())
    assert np.isnan(found.values[InputDollars()]).tolist() == [False, True]
    wide = lifetime(account(full(tmp_path / "wide", (at_most,))), TARGET)
    narrow = lifetime(account(full(tmp_path / "narrow", (500, above))), TARGET)
    assert wide.answer is not None and wide.fits == 1
    assert narrow.answer is None and narrow.question is None and narrow.fits == 0.5
    (sentence,) = [note for note in notes([(wide, None), (narrow, None)]) if note.startswith("*")]
    assert f"1 of 2 prompts do not fit the context window of {TARGET.name}" in sentence


@pytest.mark.parametrize(
    ("dollars", "shown"),
    [
        (None, "–"),
        (0.0, "0"),
        (1234.5, "1,234"),
        (123.4, "123"),
        (12.3, "12.30"),
        (1.0, "1.00"),
        (0.25, "0.250"),
        (0.0123, "0.0123"),
        (0.00001234, "0.0000123"),
    ],
)
def test_only_what_is_free_is_shown_as_0(dollars: float | None, shown: str) -> None:
    assert money(dollars) == shown


@given(st.floats(1e-9, 1e6))
def test_money_is_shown_to_half_a_percent(dollars: float) -> None:
    assert math.isclose(float(money(dollars).replace(",", "")), dollars, rel_tol=0.0051)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memory(tmp_path)
    full(tmp_path)
    assert main(["cost", "vector*", f"results={tmp_path}", "questions=1,10"]) == 0
    out = capsys.readouterr().out
    lines = [line.split() for line in out.splitlines()]
    # Tokens by section, prompt and answer.
    assert ["vector", "–", "100,000", "100.0", "850.0", "95.0", "15.0", "1,060.0", "50.0"] in lines
    assert any(line[3:6] == ["write", "dialogue", "3.00"] and line[-1] == "20.00" for line in lines if len(line) > 5)
    # Write, read, answer, one more question, n=1, n=10, break-even.
    assert ["vector", "–", "100,000", "20.00", "0.100", "1.74", "1.84", "21.84", "3.84", "2"] in lines
    assert "1 failed questions are left out" in out
    assert main(["cost", "vector*", "full*", f"results={tmp_path}", "target=gpt-5-mini,gemini-2-0-ultra"]) == 0
    out = capsys.readouterr().out
    assert "litellm's price map" in out
    assert "no price is known" in out
    assert main(["cost", "vector*", f"results={tmp_path}", "target=gpt-4o", "llm=gpt-5-mini"]) == 0
    capsys.readouterr()
    for words, named in (
        (["cost", "vector*", "targets=gpt-4o"], "targets="),
        (["cost", "target=gpt-4o"], "name the runs"),
        (["cost", "vector*", f"results={tmp_path}", "target=gpt-4oo"], "did you mean gpt-4o"),
        (["cost", "vector*", f"results={tmp_path}", "llm=nonesuch"], "llm=nonesuch"),
        (["cost", "vector*", f"results={tmp_path}", "questions=ten"], "questions=10,100"),
    ):
        assert main(words) == 2
        assert named in capsys.readouterr().err


def test_a_run_without_full_context_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memory(tmp_path)
    assert main(["cost", "vector*", f"results={tmp_path}"]) == 0
    assert "strategy=full retriever=none" in capsys.readouterr().out
