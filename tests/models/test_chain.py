"""The complete chain on LoCoMo's first conversation: what each phase books is what the server used."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from memeval.cli.main import main
from memeval.kit.types import Usage
from memeval.records.runs import runs

from .recorder import Recorder

# The model writes some fifty tokens a second: the whole conversation (19 sessions, 419 turns) takes it a quarter of an
# hour or more, and is run with MEMEVAL_TEST_MODELS=whole. Otherwise it is the first session, one turn in a call, and
# the questions whose whole evidence is in it. Sessions, turns, and how many of the questions.
PARTS = {"first session": (1, 18, 4), "whole conversation": (19, 419, 40)}
WHOLE = pytest.mark.skipif(os.environ.get("MEMEVAL_TEST_MODELS") != "whole", reason="MEMEVAL_TEST_MODELS=whole runs it")
COUNTS = ("calls", "tokens_in", "tokens_out", "cached_tokens_in")
# The prompt of writing=model_facts is beyond this model, which then lists facts without end; an example it can copy.
EXTRACT = """List what the turns say about the speaker. Example:
1. [8 May 2023] Ann: I moved to Oslo.
{"facts":[{"entity":"Ann","attribute":"home","value":"Oslo","statement":"home is Oslo","single":true,"importance":5,\
"turns":[1],"date":null}]}"""
# The beginning of what a phase tells the model.
PHASES = {"write": "List what the turns say", "answer": "You answer a question", "judge": "You grade an answer"}


def start_of_conversation(real_data: Path, folder: Path, sessions: int, questions: int) -> Path:
    """A file like LoCoMo's with the first sessions of its first conversation and the first questions about them."""
    whole = json.loads((real_data / "locomo" / "locomo10.json").read_text())[0]
    assert whole["sample_id"] == "conv-26"
    said = whole["conversation"]
    kept = {f"session_{n}{end}" for n in range(1, sessions + 1) for end in ("", "_date_time")}
    conversation = {key: said[key] for key in said if key.startswith("speaker") or key in kept}
    known = {turn["dia_id"] for n in range(1, sessions + 1) for turn in said[f"session_{n}"]}
    asked = [each for each in whole["qa"] if each["evidence"] and known.issuperset(each["evidence"])]
    path = folder / "locomo10.json"
    path.write_text(json.dumps([{**whole, "conversation": conversation, "qa": asked[:questions]}]))
    return path


def counts(usages: Iterable[Usage]) -> dict[str, int]:
    total = sum(usages, Usage())
    return {name: getattr(total, name) for name in COUNTS}


def server_counts(recorded: Recorder, told: Callable[[str], bool]) -> dict[str, int]:
    """What the server says that it used for requests whose system message is told so."""
    part = [call for call in recorded.calls if told(call[0]["messages"][0]["content"])]
    used: Mapping[str, int] = recorded.used(part)
    return dict(used)


@pytest.mark.parametrize("part", ["first session", pytest.param("whole conversation", marks=WHOLE)])
def test_every_phase_books_what_the_server_used(
    part: str, recorded: Recorder, real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sessions, turns, questions = PARTS[part]
    results = tmp_path / "runs"
    words = [
        "run", "benchmark=locomo", f"benchmark.path={start_of_conversation(real_data, tmp_path, sessions, questions)}",
        "strategy=sliding_window", "strategy.tokens=100", "retriever=bm25", "writing=model_facts",
        "writing.extractor.unusable=skip", "writing.extractor.block=1", f"writing.extractor.prompt='{EXTRACT}'",
        "reader=llm", "judge=llm", *recorded.overrides, "llm.max_tokens=100",
        "llm.price={input: 1, output: 2}", "budget=400", f"results={results}", "progress=off",
    ]  # fmt: skip
    # 1: a question without a usable reply or verdict; such a weak model has some.
    assert main(words) in (0, 1)
    capsys.readouterr()
    [run] = runs(results)
    [result] = run.results()
    assert len(result.outcomes) == questions and all(each.error is None for each in result.outcomes)
    assert result.record.turns == turns and not result.record.error
    booked = {
        "write": counts([result.record.write]),
        "read": counts(each.usage["read"] for each in result.outcomes),
        "answer": counts(each.usage["answer"] for each in result.outcomes),
        "judge": counts(each.usage["judge"] for each in result.outcomes),
    }
    for phase, beginning in PHASES.items():
        assert booked[phase] == server_counts(recorded, lambda told, at=beginning: told.startswith(at)), phase
        assert booked[phase]["calls"] > 0
    assert booked["read"]["calls"] == 0, "BM25 asks nobody"
    assert {name: sum(each[name] for each in booked.values()) for name in COUNTS} == recorded.used()
    usages = [result.record.write, *(usage for each in result.outcomes for usage in each.usage.values())]
    used = recorded.used()
    assert sum(usage.dollars or 0 for usage in usages) == pytest.approx(
        (used["tokens_in"] + 2 * used["tokens_out"]) / 1e6
    )
    assert sum(usage.estimated_calls for usage in usages) == 0
    # Facts were found, and some of them reached a context; the question stands last in what the reader was asked.
    assert result.record.stats["facts_found"] > 0
    assert sum(each.tokens.get("memory", 0) for each in result.outcomes) > 0
    asked = [request["messages"] for request, _ in recorded.calls]
    assert sum(messages[0]["content"].startswith(PHASES["answer"]) for messages in asked) >= len(result.outcomes)
    answered = [each for each in result.outcomes if each.answer is not None]
    # Its verdicts are mostly cut in the middle of their reason: counted as such, and never taken for a no.
    judged = [each for each in answered if each.verdict is not None and "correct" in each.verdict]
    assert len(answered) == len(result.outcomes)
    assert result.record.stats.get("unjudged", 0) == len(answered) - len(judged)

    made = len(recorded.calls)
    for command in (["show", "--results", str(results), run.id], ["cost", run.id, f"results={results}"]):
        assert main(command) == 0
        printed = capsys.readouterr().out
        for phase in PHASES:
            mean = booked[phase]["tokens_out"] / (1 if phase == "write" else questions)
            assert phase in printed and f" {mean:,.1f} " in printed
    assert main(["report", run.id, f"results={results}", f"out={tmp_path / 'report'}"]) == 0
    assert any((tmp_path / "report").rglob("*.html"))
    # Scored, answered and judged again for nothing, to the same books.
    assert main([*words, "llm.cache=replay", "overwrite=true"]) in (0, 1)
    [again] = runs(results)
    [replayed] = again.results()
    assert [(each.answer, each.verdict) for each in replayed.outcomes] == [
        (each.answer, each.verdict) for each in result.outcomes
    ]
    assert counts([replayed.record.write]) == booked["write"]
    assert counts(each.usage["answer"] for each in replayed.outcomes) == booked["answer"]
    assert counts(each.usage["judge"] for each in replayed.outcomes) == booked["judge"]
    assert len(recorded.calls) == made
