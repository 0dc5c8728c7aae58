"""Every executor of our own gives the results of one process; and the check itself notices who does not."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import yaml

from memeval.harness.executors import Serial
from memeval.harness.plan import Plan
from memeval.kit.errors import ContractError, ModelError
from memeval.kit.types import Dialogue, DialogueResult
from memeval.options.build import build
from memeval.testing import check_executor

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "executor"
VALUES = {"${workers}": 2, "${isolation}": "separate"}


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_an_executor_keeps_the_contract(path: Path) -> None:
    node = yaml.safe_load(path.read_text(encoding="utf-8"))
    check_executor(lambda: build({key: VALUES.get(value, value) for key, value in node.items()}, "executor"))


class Backwards:
    """The last dialogue first."""

    def run(self, plan: Plan, dialogues: Iterable[Dialogue]) -> Iterator[DialogueResult]:
        for dialogue in reversed(list(dialogues)):
            yield from Serial().run(plan, [dialogue])


class Losing(Backwards):
    """Without the last one."""

    def run(self, plan: Plan, dialogues: Iterable[Dialogue]) -> Iterator[DialogueResult]:
        yield from super().run(plan, list(dialogues)[:-1])


class Lazy(Backwards):
    """Takes no more than two."""

    def run(self, plan: Plan, dialogues: Iterable[Dialogue]) -> Iterator[DialogueResult]:
        for _, dialogue in zip(range(2), dialogues, strict=False):
            yield from super().run(plan, [dialogue])


class Twice(Backwards):
    """Everything two times."""

    def run(self, plan: Plan, dialogues: Iterable[Dialogue]) -> Iterator[DialogueResult]:
        for result in super().run(plan, dialogues):
            yield from (result, result)


class Raw(Backwards):
    """Outcomes alone."""

    def run(self, plan: Plan, dialogues: Iterable[Dialogue]) -> Iterator[DialogueResult]:
        for result in super().run(plan, dialogues):
            yield result.outcomes  # type: ignore[misc]


class Mixing(Backwards):
    """The outcomes of one dialogue under the name of another."""

    def run(self, plan: Plan, dialogues: Iterable[Dialogue]) -> Iterator[DialogueResult]:
        results = list(super().run(plan, dialogues))
        for result, other in zip(results, results[1:] + results[:1], strict=True):
            yield DialogueResult(result.record, other.outcomes)


class Hushing(Backwards):
    """Swallows what stops a run."""

    def run(self, plan: Plan, dialogues: Iterable[Dialogue]) -> Iterator[DialogueResult]:
        try:
            yield from super().run(plan, dialogues)
        except ModelError:
            return


def test_the_order_is_free() -> None:
    check_executor(Backwards)


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (Losing, "Losing.run ended without 1 dialogues, the first is 'd4'"),
        (Lazy, "Lazy.run ended without 3 dialogues, the first is 'd2'"),
        (Twice, "returned the dialogue 'd4', which is not open"),
        (Raw, "Raw.run yields list"),
        (Mixing, "the dialogue 'd0' gave"),
        (Hushing, "Hushing.run ended without 5 dialogues"),
    ],
)
def test_a_faulty_executor_is_found(broken: type[Backwards], sentence: str) -> None:
    with pytest.raises(ContractError, match=sentence):
        check_executor(broken)
