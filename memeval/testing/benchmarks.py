"""The contract of a benchmark as a check that any package can run on its own."""

from itertools import islice

from memeval.checks.contexts import check_dialogue
from memeval.kit.errors import ContractError
from memeval.kit.protocols import Benchmark


def check_benchmark(benchmark: Benchmark, limit: int | None = None) -> None:
    """Read dialogues as the harness does.

    Args:
        benchmark: what to check.
        limit: only the first so many dialogues; None for all.

    Raises:
        ContractError: a length that is not the number of dialogues, ids used twice, two readings that differ, a
            category that is not announced, no fingerprint.
        DataError: a dialogue that cannot be measured.
    """
    if not benchmark.name or not benchmark.licence or not benchmark.fingerprint():
        raise ContractError("a benchmark needs a name, a licence and a fingerprint that identifies its data")
    if benchmark.fingerprint() != benchmark.fingerprint():
        raise ContractError("the fingerprint changes from call to call: it must identify the data")
    dialogues: set[str] = set()
    questions: set[str] = set()
    count = 0
    for dialogue, again in zip(islice(iter(benchmark), limit), islice(iter(benchmark), limit), strict=True):
        check_dialogue(dialogue)
        if (dialogue.id, list(dialogue.turns), list(dialogue.questions)) != (
            again.id,
            list(again.turns),
            list(again.questions),
        ):
            raise ContractError(f"dialogue {dialogue.id!r} differs when it is read again: keep order and content fixed")
        if dialogue.id in dialogues:
            raise ContractError(f"dialogue id {dialogue.id!r} is used twice")
        dialogues.add(dialogue.id)
        for question in dialogue.questions:
            if question.id in questions:
                raise ContractError(f"question id {question.id!r} is used twice: make it unique over the benchmark")
            questions.add(question.id)
            if question.category not in benchmark.categories:
                raise ContractError(
                    f"category {question.category!r} of question {question.id!r} is not among `categories`"
                )
        count += 1
    if limit is None and count != len(benchmark):
        raise ContractError(f"len() says {len(benchmark)} dialogues, there are {count}")
