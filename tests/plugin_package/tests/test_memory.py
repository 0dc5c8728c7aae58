"""The plug-in's own memory, held in CI by the pytest plugin of memeval: pytest --memeval-update makes the baseline."""

from pathlib import Path

DATA = Path(__file__).parent / "dialogues.jsonl"


def test_recall_does_not_fall(memeval):
    memeval.run(
        "benchmark=jsonl", f"benchmark.path={DATA}", "strategy=last_words", "retriever=shared_words", "budget=60"
    )
    assert memeval.gate("tests/baseline")


def test_a_class_without_a_config(memeval):
    run = memeval.run(
        "benchmark=jsonl", f"benchmark.path={DATA}", "strategy=none",
        "strategy._target_=memeval_example_plugin.strategy.LastWords", "+strategy.document=${document}",
        "+strategy.tokenizer=${tokenizer}", "budget=60",
    )  # fmt: skip
    assert run["EvidenceRecall"] > 0.1
    assert run["ContextTokens"] <= 60
