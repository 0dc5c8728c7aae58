"""Every benchmark keeps the contract; faulty ones do not pass."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.dialogues import Given, Memory, dialogue

from memeval.benchmarks.demo import Demo
from memeval.benchmarks.locomo import Locomo
from memeval.benchmarks.longmemeval import LongMemEval
from memeval.kit.errors import ContractError, DataError
from memeval.kit.types import Dialogue
from memeval.testing.benchmarks import check_benchmark


def test_the_demo_keeps_the_contract():
    check_benchmark(Demo())
    check_benchmark(Demo(turns=100))
    check_benchmark(Demo(turns=100_000), limit=2)


def test_the_published_data_keep_the_contract(real_data: Path):
    for gold in ("published", "audited", "exclude_audited"):
        check_benchmark(Locomo(gold=gold))
    check_benchmark(LongMemEval())
    check_benchmark(LongMemEval(variant="s_dev16"))


class Wrong(Memory):
    def __len__(self) -> int:
        return 99


class Restless(Memory):
    count = itertools.count()

    def __iter__(self) -> Iterator[Dialogue]:
        for each in super().__iter__():
            yield Dialogue(f"{each.id}-{next(self.count)}", each.turns, each.questions)


@pytest.mark.parametrize(
    ("benchmark", "reason"),
    [
        (Wrong(), "len\\(\\) says 99"),
        (Restless(), "differs when it is read again"),
        (Given([dialogue("d0"), dialogue("d0")]), "used twice"),
    ],
)
def test_faulty_benchmarks_do_not_pass(benchmark: Memory, reason: str):
    with pytest.raises(ContractError, match=reason):
        check_benchmark(benchmark)
    check_benchmark(Memory())


def test_a_dialogue_that_cannot_be_measured_is_found():
    with pytest.raises(DataError, match="has no turns"):
        check_benchmark(Given([Dialogue("empty", [], [])]))
