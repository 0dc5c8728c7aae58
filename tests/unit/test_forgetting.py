"""Forgotten turns are looked for where they may still come back: contexts, rankings, reopened stores."""

from pathlib import Path
from typing import Any

import pytest
from support.dialogues import Memory
from support.plans import DOCUMENT, TOKENIZER, plan, window

from memeval.harness.forgetting import chosen
from memeval.harness.once import Settings, run_plan
from memeval.kit.errors import ConfigError
from memeval.options.root import SCOPE, SCRATCH
from memeval.scoring.evaluate import evaluate
from memeval.scoring.measures import EvidenceRecall, GhostRate, IndexBytes, ItemsPerTurn, Measure, WriteRate
from memeval.scoring.scores import Scores

TURNS = {"_target_": "memeval.strategies.writing.turns.Turns", "document": DOCUMENT}
GHOSTS = GhostRate()
REOPENED = GhostRate(when="reopened")


def composed(retriever: dict[str, Any], short: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "_target_": "memeval.strategies.memory.Memory",
        "window": short or {"_target_": "memeval.strategies.short_term.none.Nothing"},
        "retriever": retriever,
        "tokenizer": TOKENIZER,
    }


def bm25(**options: Any) -> dict[str, Any]:
    return {"_target_": "memeval.strategies.long_term.bm25.BM25", "writing": TURNS, "scope": SCOPE, **options}


VECTOR = {
    "_target_": "memeval.strategies.long_term.vector.Vector",
    "writing": TURNS,
    "embedder": {"_target_": "memeval.strategies.embedders.wordllama.Wordllama"},
    "store": {"_target_": "memeval.strategies.stores.vector.numpy.NumpyStore"},
    "scope": SCOPE,
}
SUMMARY = window("summary.Summary", embedder=VECTOR["embedder"], turns=3, tokens=200, block=4)


def scores(folder: Path, node: dict[str, Any], *measures: Measure, forget: float = 1.0) -> Scores:
    benchmark = Memory(dialogues=3)
    source = {"_target_": "support.dialogues.Memory", "dialogues": 3}
    done = run_plan(plan(benchmark, node, forget=forget, benchmark=source), benchmark, {}, Settings(folder))
    assert done.errors == 0
    return evaluate(done.run, [EvidenceRecall(), GHOSTS, REOPENED, *measures])


@pytest.mark.parametrize(
    "node",
    [
        window("full.Full"),
        window(),
        window("truncation.Truncation", turns=20),
        SUMMARY,
        composed(bm25()),
        composed(bm25(engine="rank_bm25", zero_scores=True)),
        composed(bm25(engine="fts5", path=f"{SCRATCH}/index.sqlite")),
        composed(VECTOR),
        composed(bm25(writing={"_target_": "memeval.strategies.writing.sessions.Sessions", "document": DOCUMENT})),
        composed(VECTOR, SUMMARY),
    ],
)
def test_nothing_built_in_brings_back_what_was_forgotten(tmp_path: Path, node: dict[str, Any]):
    found = scores(tmp_path, node)
    assert found[GHOSTS].n == 12 and found[GHOSTS].value == 0.0 and found[REOPENED].value == 0.0
    assert found[EvidenceRecall()].value is not None and found[EvidenceRecall()].value > 0, "it never remembered them"


@pytest.mark.parametrize("fault", ["ForgetsNothing", "ForgetsTheSource", "ForgetsUntilReopened"])
def test_what_does_come_back_is_seen(tmp_path: Path, fault: str):
    folder = f"{SCRATCH}" if fault == "ForgetsUntilReopened" else None
    found = scores(tmp_path, {"_target_": f"support.forgetful.{fault}", "folder": folder})
    before, after = found[GHOSTS].value, found[REOPENED].value
    if fault == "ForgetsUntilReopened":
        assert before == 0.0 and after is not None and after > 0.9
    else:
        assert before is not None and before > 0.9


def test_a_run_that_forgets_nothing_has_no_ghost_rate(tmp_path: Path):
    found = scores(tmp_path, window(), forget=0.0)
    assert found[GHOSTS].value is None and found[GHOSTS].n == 0


def test_the_choice_is_a_share_of_the_questions_and_the_same_each_time():
    questions = [question for dialogue in Memory(dialogues=100) for question in dialogue.questions]
    half = chosen(questions, 0.5)
    assert half == chosen(questions, 0.5) and 0.4 < len(half) / len(questions) < 0.6
    assert chosen(questions, 0) == [] and chosen(questions, 1) == questions
    assert set(q.id for q in chosen(questions, 0.2)) <= set(q.id for q in half)


def test_a_strategy_that_cannot_forget_says_so(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot forget"):
        scores(tmp_path, {"_target_": "support.strategies.Keeper"})
    with pytest.raises(ConfigError, match="forget=2"):
        plan(Memory(), window(), forget=2.0)
    with pytest.raises(ConfigError, match="isolation=separate"):
        plan(Memory(), window(), forget=0.5, isolation="shared")


def test_the_life_of_an_index_is_measured(tmp_path: Path):
    disk = scores(
        tmp_path,
        composed(bm25(engine="fts5", path=f"{SCRATCH}/index.sqlite")),
        IndexBytes(where="disk"), IndexBytes(), ItemsPerTurn(), WriteRate(), forget=0.0,
    )  # fmt: skip
    assert disk[IndexBytes(where="disk")].value is not None and disk[IndexBytes(where="disk")].value >= 4096
    assert disk[ItemsPerTurn()].value == 1.0
    assert disk[WriteRate()].value is not None and disk[WriteRate()].value > 10
    memory = scores(tmp_path, window(), IndexBytes(where="disk"), ItemsPerTurn(), forget=0.0)
    assert memory[IndexBytes(where="disk")].value is None and memory[ItemsPerTurn()].value is None
