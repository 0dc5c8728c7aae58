"""Every built-in strategy keeps the contract, alone and composed; faulty ones do not pass."""

from collections.abc import Sequence
from typing import Any

import pytest
from support.plans import DOCUMENT, TOKENIZER, window

from memeval.kit.errors import ContractError
from memeval.kit.types import Context, Query, Segment, Turn
from memeval.options.build import build
from memeval.testing.strategies import check_strategy

EMBEDDER = {"_target_": "memeval.strategies.embedders.wordllama.Wordllama"}
BM25 = {
    "_target_": "memeval.strategies.long_term.bm25.BM25",
    "writing": {"_target_": "memeval.strategies.writing.turns.Turns", "document": DOCUMENT},
}
WINDOWS = [
    {"_target_": "memeval.strategies.short_term.none.Nothing"},
    window("full.Full"),
    window("truncation.Truncation", turns=3),
    window("sliding_window.SlidingWindow"),
    window("summary.Summary", embedder=EMBEDDER, turns=3, tokens=100, block=4),
]


def composed(node: dict[str, Any]) -> dict[str, Any]:
    return {"_target_": "memeval.strategies.memory.Memory", "window": node, "retriever": BM25, "tokenizer": TOKENIZER}


@pytest.mark.parametrize("node", [*WINDOWS, *map(composed, WINDOWS)])
def test_built_in_strategies_keep_the_contract(node: dict[str, Any]):
    check_strategy(lambda: build(node))


class Faulty:
    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.reads = 0

    def write(self, turns: Sequence[Turn]) -> None:
        self.turns += turns

    def read(self, query: Query, budget: int) -> Context:
        return Context([Segment("history", turn.text.strip(), (turn.id,)) for turn in self.turns])


class Moody(Faulty):
    def read(self, query: Query, budget: int) -> Context:
        self.reads += 1
        return Context([] if self.reads % 2 or budget < 10 or not self.turns else [Segment("memory", "hm", (), False)])


class Amnesiac(Faulty):
    def read(self, query: Query, budget: int) -> Context:
        return Context([Segment("memory", "hm", (turn.id,), False) for turn in self.turns][: budget // 10])

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Nothing happens."""


@pytest.mark.parametrize(
    ("kind", "reason"), [(Faulty, "the budget is"), (Moody, "read twice"), (Amnesiac, "still cited")]
)
def test_faulty_strategies_do_not_pass(kind: type, reason: str):
    with pytest.raises(ContractError, match=reason):
        check_strategy(kind)
