"""Dialogues in shared stores: what leaks is seen, what does not leak scores as before."""

from pathlib import Path
from typing import Any

import pytest
from support.dialogues import Memory
from support.plans import DOCUMENT, TOKENIZER, plan, window

from memeval.harness.once import Finished, Settings, run_plan
from memeval.kit.errors import ConfigError
from memeval.options.root import SCOPE, SCRATCH
from memeval.scoring.evaluate import evaluate
from memeval.scoring.measures import EvidenceRecall, LeakRate


def fts5(scope: str) -> dict[str, Any]:
    return {
        "_target_": "memeval.strategies.memory.Memory",
        "window": {"_target_": "memeval.strategies.short_term.none.Nothing"},
        "retriever": {
            "_target_": "memeval.strategies.long_term.bm25.BM25",
            "writing": {"_target_": "memeval.strategies.writing.turns.Turns", "document": DOCUMENT},
            "engine": "fts5",
            "scope": scope,
            "path": f"{SCRATCH}/index.sqlite",
        },
        "tokenizer": TOKENIZER,
    }


def run(folder: Path, node: dict[str, Any], isolation: str) -> Finished:
    benchmark = Memory(dialogues=4)
    made = plan(
        benchmark, node, isolation=isolation, benchmark={"_target_": "support.dialogues.Memory", "dialogues": 4}
    )
    return run_plan(made, benchmark, {}, Settings(folder))


def test_a_filter_by_scope_keeps_dialogues_apart_in_one_index(tmp_path: Path):
    scores = {}
    for isolation in ("separate", "shared"):
        done = run(tmp_path / isolation, fts5(SCOPE), isolation)
        assert done.errors == 0
        scores[isolation] = evaluate(done.run, [EvidenceRecall(), LeakRate()])
        assert scores[isolation][LeakRate()].value == 0.0
    assert scores["shared"][EvidenceRecall()].value == scores["separate"][EvidenceRecall()].value == 1.0


class _Leaky:
    """Ignores whose turns they are: one list for everybody."""

    everybody: list[Any] = []

    def __init__(self, scope: str) -> None:
        self._scope = scope

    def write(self, turns: Any) -> None:
        self.everybody.extend(turns)

    def read(self, query: Any, budget: int) -> Any:
        from memeval.kit.types import Context, Segment

        number = query.text.split()[-1].rstrip("?")
        found = [turn for turn in self.everybody if f"{number} " in turn.text]
        return Context([Segment("memory", turn.text, (turn.id,)) for turn in found])


def test_a_store_that_ignores_the_filter_is_seen_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("support.strategies.Leaky", _Leaky, raising=False)
    _Leaky.everybody.clear()
    done = run(tmp_path, {"_target_": "support.strategies.Leaky", "scope": SCOPE}, "shared")
    scores = evaluate(done.run, [EvidenceRecall(), LeakRate()])
    # The two questions at the end of each dialogue meet the turns of all; one in the middle those of earlier ones.
    assert scores[LeakRate()].value is not None and scores[LeakRate()].value >= 0.5
    assert done.errors == scores[EvidenceRecall()].n_failed > 0
    outcomes = [outcome for result in done.run.results() for outcome in result.outcomes]
    leaking = [outcome for outcome in outcomes if outcome.leaks]
    assert all("belong to other dialogues" in str(outcome.error) and outcome.context is None for outcome in leaking)


def test_turns_of_others_do_not_stand_in_a_shared_run(tmp_path: Path):
    done = run(tmp_path, window(), "shared")
    outcome = next(done.run.results()).outcomes[0]
    assert outcome.context is not None and outcome.context[0].sources[0] == ("t0",)


def test_an_unknown_isolation_is_refused():
    with pytest.raises(ConfigError, match="isolation='alone'"):
        plan(Memory(), window(), isolation="alone")
