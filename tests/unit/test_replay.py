import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.dialogues import START, Memory, dialogue, turns
from support.plans import DOCUMENT, TOKENIZER, plan, window

from memeval.benchmarks.locomo import Locomo
from memeval.cli.main import main
from memeval.harness.executors import Serial, Shared
from memeval.harness.runner import Runner
from memeval.kit.errors import ConfigError
from memeval.kit.tokens import get_tokenizer
from memeval.kit.types import Dialogue, DialogueResult, Outcome, Request, Turn, Usage
from memeval.options.root import SCOPE
from memeval.pricing import CacheRules, Price, Target, find_target
from memeval.records import outcomes as records
from memeval.records.runs import find
from memeval.reports.replay import compared, crossing
from memeval.reports.table import money
from memeval.scoring.replay_costs import (
    Course,
    Crossover,
    Life,
    course,
    crossover,
    hit_rate,
    lives,
    per_hundred_turns,
)

COUNT = get_tokenizer("o200k_base").count
# Round figures, so that a dollar can be worked out by hand: 1 in, 0.1 read, 2 out, per million.
TARGET = Target(
    "round", 100_000, 100_000, price=Price(1.0, 2.0, 0.1), cache=CacheRules(True, minimum=10, step=1, seconds=100)
)


@pytest.fixture
def lived(tmp_path: Path) -> Any:
    def live(about: Dialogue, memory: dict[str, Any] | None = None, **changes: Any) -> DialogueResult:
        made = plan(Memory(), memory or window(), mode="replay", **changes)
        return Runner(made, tmp_path).run(about)

    return live


def requests(result: DialogueResult) -> list[Request]:
    found = [outcome.request for outcome in result.outcomes]
    assert all(request is not None for request in found), [outcome.error for outcome in result.outcomes]
    return [request for request in found if request is not None]


def test_every_user_turn_is_asked_of_what_was_said_before_it(lived: Any):
    said = turns(10)
    result = lived(Dialogue("d0", said, dialogue().questions))
    assert [outcome.question for outcome in result.outcomes] == ["t0", "t2", "t4", "t6", "t8"]
    assert [outcome.written for outcome in result.outcomes] == [0, 2, 4, 6, 8]
    found = requests(result)
    assert [request.turn for request in found] == [1, 3, 5, 7, 9]
    first, second, third = found[0], found[1], found[2]
    assert "history" not in result.outcomes[0].tokens and first.prefix_tokens == 0 and first.ends == ()
    assert result.outcomes[1].tokens["query"] == COUNT(said[2].text)
    assert [sum(outcome.tokens.values()) for outcome in result.outcomes] == [each.prompt_tokens for each in found]
    # The next prompt begins with the whole history of the one before.
    assert second.ends[0] <= third.prefix_tokens < second.prompt_tokens
    assert first.output_tokens == COUNT(said[1].text)
    assert first.seconds_since is None and second.seconds_since == 120.0
    # The fifth turn begins a session, a day later.
    assert found[3].seconds_since == timedelta(days=1, minutes=1 - 4).total_seconds()
    # Nothing is kept of the contexts, and nothing asked of the gold.
    assert all(outcome.context == () and outcome.ranking is None for outcome in result.outcomes)
    assert result.record.questions == 5 and result.record.turns == 10
    assert all(request.write.seconds > 0 for request in found[1:]) and first.write == Usage()
    booked = sum(request.write.booked_seconds for request in found)
    assert 0 < booked < result.record.write.booked_seconds


def test_odd_dialogues(lived: Any):
    said = [
        Turn("a", "s", "Ann", "user", "One."),
        Turn("b", "s", "Ann", "user", "Two, at once."),
        Turn("c", "s", "Ben", "assistant", "First answer."),
        Turn("d", "s", "Ben", "assistant", "Second answer."),
        Turn("e", "s", "Ann", "user", "", caption="a cat"),
    ]
    found = requests(lived(Dialogue("d0", said, ())))
    assert [request.output_tokens for request in found] == [0, COUNT("First answer.") + COUNT("Second answer."), 0]
    assert all(request.seconds_since is None for request in found)
    assert lived(Dialogue("d0", [said[2]], ())).outcomes == []
    # A picture is asked by its caption.
    result = lived(Dialogue("d0", said, ()))
    assert result.outcomes[-1].tokens["query"] == COUNT("a cat")
    # Times that go back within a day count as none passed.
    late = [replace(turn, time=START + timedelta(minutes=10 - i)) for i, turn in enumerate(said)]
    assert [request.seconds_since for request in requests(lived(Dialogue("d0", late, ())))] == [None, 0.0, 0.0]


def test_sliding_breaks_what_full_history_keeps(lived: Any):
    about = dialogue(n=100)
    sliding = requests(lived(about, budget=200))
    full = requests(lived(about, window("full.Full"), budget=128_000))
    assert all(after.prefix_tokens >= before.ends[-1] for before, after in zip(full[1:], full[2:], strict=False))
    slid = [request for request in sliding if request.turn > 15]
    assert max(request.prompt_tokens for request in sliding) < 240
    assert np.mean([request.prefix_tokens / request.prompt_tokens for request in slid]) < 0.1
    assert np.mean([request.prefix_tokens / request.prompt_tokens for request in full[10:]]) > 0.9


def test_a_dialogue_that_outgrows_the_window_says_from_where(lived: Any):
    about = dialogue(n=40)
    found = requests(lived(about, window("full.Full"), budget=400, window=400))
    first = next(request.turn for request in found if request.overflowed)
    spoken = [COUNT(f"[{turn.time:%d %B %Y}] {turn.speaker}: {turn.text}") for turn in about.turns]
    assert sum(spoken[: first - 1]) > 400 >= sum(spoken[: first - 3])
    assert all(request.overflowed for request in found if request.turn >= first)
    # A window that is smaller than the model's is meant to slide.
    assert not any(request.overflowed for request in requests(lived(about, budget=400)))
    # A target with a smaller window than the run's.
    small = replace(TARGET, window=300)
    roomy = requests(lived(about, window("full.Full"), budget=128_000))
    outgrown = next(each.turn for each in roomy if each.prompt_tokens + 7 > 300)
    assert course(life(roomy, outputs=7), small).overflow == outgrown
    assert course(life(roomy), TARGET).overflow is None
    # The answer needs room as well.
    assert course(life([request(5, 95_000, 0)], outputs=5_000), TARGET).overflow is None
    assert course(life([request(5, 95_000, 0)], outputs=5_001), TARGET).overflow == 5


def test_what_needs_gold_is_refused(lived: Any):
    with pytest.raises(ConfigError, match="oracle knows the evidence"):
        oracle = {key: value for key, value in window().items() if key != "_target_"}
        lived(dialogue(), {"_target_": "memeval.harness.references.Oracle", **oracle})
    with pytest.raises(ConfigError, match="forget needs questions"):
        lived(dialogue(), forget=0.5)


def test_errors_stay_with_their_turn(lived: Any):
    result = lived(dialogue(n=20), {"_target_": "support.strategies.RaisesOnWrite"})
    errors = [outcome.error for outcome in result.outcomes]
    # Its read needs a turn to show, so the first fails; the eleventh turn breaks it for good.
    assert errors[0] is not None and "IndexError" in errors[0]
    assert errors[1:6] == [None] * 5 and errors[6:] == ["ValueError while writing: cannot hold more than ten"] * 4
    assert [outcome.request is None for outcome in result.outcomes] == [error is not None for error in errors]


def test_requests_survive_the_file(lived: Any):
    for outcome in lived(dialogue(n=30), budget=200).outcomes:
        read = records.outcome_from_json(json.loads(records.outcome_to_json(outcome)))
        assert read.request is not None and outcome.request is not None
        assert replace(read.request, write=Usage()) == replace(outcome.request, write=Usage())
        assert read.request.write.seconds == pytest.approx(outcome.request.write.seconds, abs=1e-6)
    assert "request" not in records.outcome_to_json(Outcome("d", "q", 1, (), None, {}))
    old = {"dialogue": "d", "question": "q", "written": 1, "context": [], "ranking": None, "tokens": {}, "usage": {}}
    assert records.outcome_from_json(old).request is None


def life(made: list[Request], outputs: int = 0, extra: float = 0.0, rest: float = 0.0, length: int = 0) -> Life:
    return Life("d0", length or 2 * len(made), tuple(made), (outputs,) * len(made), np.full(len(made), extra), rest, 0)


def request(turn: int, tokens: int, prefix: int, since: float | None = 1.0) -> Request:
    return Request(turn, tokens, prefix, (), 0, since)


def test_a_life_by_hand():
    made = [request(1, 1000, 0, None), request(3, 2000, 900), request(5, 3000, 5), request(7, 4000, 2900, 101.0)]
    priced = course(life(made, outputs=100, extra=0.001, rest=0.5), TARGET)
    assert priced.plain == pytest.approx([0.0022, 0.0032, 0.0042, 0.0052])
    # The third shares too little, the fourth comes too late.
    assert list(priced.cached) == [0, 900, 0, 0]
    assert priced.discounted == pytest.approx([0.0022, 0.0032 - 900 * 0.9e-6, 0.0042, 0.0052])
    assert per_hundred_turns([priced], cache=False) == pytest.approx((0.0148 + 0.5) / 8 * 100)
    assert hit_rate([priced, priced]) == pytest.approx(900 / 10_000)
    assert priced.timed and priced.overflow is None


def test_unknown_prices_are_no_zero():
    made = [request(1, 1000, 0, None), request(3, 2000, 900)]
    uncached = course(life(made), replace(TARGET, cache=None))
    assert per_hundred_turns([uncached], cache=True) is None and per_hundred_turns([uncached], cache=False) is not None
    unknown = course(life(made), replace(TARGET, price=Price()))
    assert per_hundred_turns([unknown], cache=False) is None and compared([unknown], [uncached], False) == []
    assert money(None) == "–" and crossing([]) == "–"
    assert [money(x) for x in (0.0, 1.005, 0.04567, 0.000123, 12.3)] == ["0", "1.00", "0.0457", "0.000123", "12.30"]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1, 1, 1], [1, 1, 1], Crossover("same")),
        ([1, 2, 3], [1, 1, 1], Crossover("never")),
        ([1, 1, 1], [1, 2, 3], Crossover("always")),
        # Sums 1 3 6 10 against 3 6 9 9.
        ([1, 2, 3, 4], [3, 3, 3, 0], Crossover("until", 5)),
        # Sums 5 6 7 8 against 2 4 6 8 and 10: even at the fourth.
        ([5, 1, 1, 1, 1], [2, 2, 2, 2, 2], Crossover("from", 7)),
        # A token more a turn is no difference.
        ([100.1, 100.1, 100.1], [100, 100, 100], Crossover("same")),
    ],
)
def test_crossovers(first: list[float], second: list[float], expected: Crossover):
    numbers = np.arange(1, 2 * len(first), 2, dtype=np.float64)
    assert crossover(np.array(first, float), np.array(second, float), numbers) == expected


def test_no_crossover_without_prices():
    assert crossover(np.array([1.0, np.nan]), np.array([1.0, 1.0]), np.array([1.0, 3.0])) is None
    assert crossover(np.array([]), np.array([]), np.array([])) is None
    found = [Crossover("until", 9), Crossover("until", 5), Crossover("until", 30), Crossover("never")]
    assert crossing(found) == "until 9 (3), never (1)"
    assert crossing(found[:3]) == "until 9"


def test_only_turns_that_both_have_are_compared():
    cheap = [request(turn, 100, 0) for turn in (1, 3, 5, 7)]
    dear = [request(turn, 500, 0) for turn in (1, 5, 7)]
    (found,) = compared([course(life(cheap), TARGET)], [course(life(dear), TARGET)], cache=False)
    assert found == Crossover("always")
    assert compared([course(life(cheap), TARGET)], [], cache=False) == []


def test_a_strategy_that_loses_by_caching_is_compared_without_it():
    premium = replace(TARGET, price=Price(1.0, 2.0, 0.1, 1.25), cache=CacheRules(False, 10, 1, 100))
    sliding: list[Request] = [Request(turn, 1000, 5, (990,), 0, 1.0) for turn in (1, 3, 5)]
    kept = [Request(turn, 1100, 990 if turn > 1 else 0, (990,), 0, 1.0) for turn in (1, 3, 5)]
    window_, full = course(life(sliding), premium), course(life(kept), premium)
    assert window_.discounted.sum() > window_.plain.sum() > full.discounted.sum()
    # Sums of full history 1,348 and then 209 a turn; of the window 1,000 a turn without the cache, 1,248 with it.
    assert full.discounted == pytest.approx([1347.5e-6, 209e-6, 209e-6])
    (found,) = compared([full], [window_], cache=True)
    assert found == Crossover("from", 3)


def test_run_and_price_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    words = [
        "run", "-m", "mode=replay", "benchmark=demo", "benchmark.users=2", "benchmark.turns=200", "references=[]",
        "strategy=full,sliding_window,none", "budget=300", f"results={tmp_path}", "targets=[llama-3-3-70b]",
    ]  # fmt: skip
    assert main(words) == 0
    printed = capsys.readouterr().out
    expected_words = ("Dollars per 100 turns", "Hit rate", "Full history costs no more", "gpt-4o", "llama-3-3-70b")
    for expected in expected_words:
        assert expected in printed
    plots = sorted(path.name for path in (tmp_path / "demo").glob("*.png"))
    assert plots == ["replay-gpt-4o.png", "replay-llama-3-3-70b.png"]
    assert main(["replay", "replay+full", "replay+sliding", "replay+none", f"results={tmp_path}", "plot=off"]) == 0
    again = capsys.readouterr().out
    assert again.split("Curves:")[0].split("Stored")[0] == printed.split("Curves:")[0]
    assert main(["replay", "replay", f"results={tmp_path}", "plot=off", "target=claude-haiku-5-5"]) == 0
    assert "claude-haiku-5-5" in capsys.readouterr().out
    # By hand from the stored facts.
    (run,) = find(tmp_path, ["replay+full"])
    priced = [course(each, find_target("llama-3-3-70b")) for each in lives(run)]
    tokens = sum(
        outcome.request.prompt_tokens + outcome.request.output_tokens
        for result in run.results()
        for outcome in result.outcomes
        if outcome.request is not None
    )
    assert per_hundred_turns(priced, cache=False) == pytest.approx(tokens * 0.72e-6 / 200 * 100)

    for wrong, reason in [
        (["score", "replay+full", f"results={tmp_path}"], "is a replay"),
        (["replay", "replay", f"results={tmp_path}", "target=gtp-4o"], "unknown target"),
        (["replay", "replay", f"results={tmp_path}", "plot=maybe"], "plot=maybe is unknown: choose one of on, off"),
        (["replay", f"results={tmp_path}"], "name the runs"),
        (["run", "-m", "mode=questions,replay", "benchmark.users=1"], "all replay or all questions"),
    ]:
        assert main(wrong) == 2
        assert reason in " ".join(capsys.readouterr().err.split())


def test_a_run_of_questions_is_no_replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["run", "benchmark.users=1", "benchmark.turns=100", "strategy=none", f"results={tmp_path}"]) == 0
    assert main(["replay", "none", f"results={tmp_path}"]) == 2
    assert "is no replay" in " ".join(capsys.readouterr().err.split())


def test_shared_stores_know_the_same_turns():
    retriever = {
        "_target_": "memeval.strategies.memory.Memory",
        "window": {"_target_": "memeval.strategies.short_term.none.Nothing"},
        "retriever": {
            "_target_": "memeval.strategies.long_term.vector.Vector",
            "writing": {"_target_": "memeval.strategies.writing.turns.Turns", "document": DOCUMENT},
            "embedder": {"_target_": "memeval.strategies.embedders.wordllama.Wordllama", "cache": False},
            "store": {"_target_": "memeval.strategies.stores.vector.numpy.NumpyStore"},
            "scope": SCOPE,
        },
        "tokenizer": TOKENIZER,
    }
    facts = [
        [
            (outcome.question, outcome.error, outcome.request.prompt_tokens if outcome.request else None)
            for result in executor.run(plan(Memory(), retriever, mode="replay", isolation=isolation), Memory())
            for outcome in result.outcomes
        ]
        for executor, isolation in ((Serial(), "separate"), (Shared(), "shared"))
    ]
    assert facts[0] == facts[1] and len(facts[0]) == 30
    assert facts[0][1][0] == "t2" and facts[0][1][1] is None


def test_priced_courses_align_with_their_requests():
    made = [request(1, 10, 0, None), request(3, 20, 5)]
    priced: Course = course(life(made), TARGET)
    assert priced.turns.tolist() == [1, 3] and priced.tokens.tolist() == [10, 20]
    assert priced.dollars(True) is priced.discounted and priced.dollars(False) is priced.plain


def test_a_real_conversation_as_counted_from_its_file(real_data: Path, tmp_path: Path):
    """Prompts written down again from the raw file, tokenised whole and compared token by token."""
    conversation = json.loads((real_data / "locomo" / "locomo10.json").read_text(encoding="utf-8"))[0]["conversation"]
    user, encode = conversation["speaker_a"], get_tokenizer("o200k_base").encode
    said: list[tuple[str, str, str, datetime]] = []
    for number in range(1, 8):
        time = datetime.strptime(conversation[f"session_{number}_date_time"], "%I:%M %p on %d %B, %Y")
        for turn in conversation[f"session_{number}"]:
            caption = f" [shares {turn['blip_caption'].strip()}]" if turn.get("blip_caption") else ""
            line = f"[{time:%d %B %Y}] {turn['speaker']}: {turn['text'].strip()}{caption}"
            said.append((turn["speaker"], turn["text"].strip(), line, time))
    expected = []
    previous: list[int] = []
    for index, (speaker, text, _, _) in enumerate(said):
        if speaker != user:
            continue
        kept: list[str] = []
        for _, _, line, _ in reversed(said[:index]):
            if sum(len(encode(each)) for each in [*kept, line]) > 1000:
                break
            kept.insert(0, line)
        prompt = encode("\n".join([*(["[Conversation]", *kept] if kept else []), "[User query]", text]))
        same = next(
            (i for i, (a, b) in enumerate(zip(previous, prompt, strict=False)) if a != b),
            min(len(previous), len(prompt)),
        )
        expected.append((index + 1, len(prompt), same))
        previous = prompt
    (first, *_) = Locomo(path=str(real_data / "locomo" / "locomo10.json"))
    made = plan(Memory(), window(), mode="replay", budget=1000)
    found = requests(Runner(made, tmp_path).run(first))
    assert [(each.turn, each.prompt_tokens, each.prefix_tokens) for each in found[: len(expected)]] == expected
    # A session has one time for all of its turns.
    gaps = [each.seconds_since for each in found[1 : len(expected)]]
    assert gaps.count(0.0) == len(gaps) - 6 and all(gap == 0 or gap > 86_400 for gap in gaps if gap is not None)


def test_an_outgrown_window_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    common = ["run", "-m", "mode=replay", "references=[]", "benchmark.users=1", "benchmark.turns=200", "targets=[]"]
    small = ["target.window=1000", "target.usable=1000", "budget=500"]
    assert main([*common, *small, "strategy=full,truncation", f"results={tmp_path}"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "* full, gpt-4o: in 1 of 1 dialogues" in printed and "outgrew the run's window of 1,000 tokens" in printed
    assert "* truncation, gpt-4o" not in printed


def test_a_folder_with_replays_is_drawn_without_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    common = ["run", "benchmark.users=1", "benchmark.turns=200", "references=[]", f"results={tmp_path}", "plots=[]"]
    assert main([*common, "mode=replay", "targets=[]", "strategy=truncation"]) == 0
    capsys.readouterr()
    only = ["report", str(tmp_path), f"out={tmp_path / 'pages'}"]
    assert main(only) == 2, "where there is nothing else, they are what was meant"
    assert "memeval replay" in capsys.readouterr().err
    assert main([*common, "strategy=truncation"]) == 0
    for words in (only, ["plot", str(tmp_path), f"out={tmp_path}"]):
        assert main(words) == 0
        assert "Replays left out: 1 (memeval replay" in " ".join(capsys.readouterr().out.split())
    assert (tmp_path / "pages" / "index.html").is_file() and (tmp_path / "categories.png").is_file()
