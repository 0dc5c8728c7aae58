from collections.abc import Mapping
from typing import Any

from memeval.harness.plan import Plan
from memeval.kit.protocols import Benchmark

DOCUMENT = {"_target_": "memeval.kit.document.Document"}
TOKENIZER = {"_target_": "memeval.kit.tokens.get_tokenizer", "name": "o200k_base"}


def plan(source: Benchmark, memory: Mapping[str, Any], *, name: str = "mine", **changes: Any) -> Plan:
    """A plan as the command line would make it."""
    settings: dict[str, Any] = {
        "names": {"benchmark": source.name, "strategy": name, "retriever": "none"},
        "benchmark": {"_target_": "support.dialogues.Memory"},
        "fingerprint": source.fingerprint(),
        "memory": memory,
        "tokenizer": TOKENIZER,
        "document": DOCUMENT,
        "budget": 500,
        "window": 128_000,
        "limit": None,
        "max_turn_tokens": 32_768,
    }
    return Plan(**{**settings, **changes})


def window(kind: str = "sliding_window.SlidingWindow", **options: Any) -> dict[str, Any]:
    """Node of a short-term strategy."""
    return {
        "_target_": f"memeval.strategies.short_term.{kind}",
        "document": DOCUMENT,
        "tokenizer": TOKENIZER,
        **options,
    }
