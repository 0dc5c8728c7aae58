"""What a filter on the tenant costs pgvector's indexes, and which settings bring it back, as a Markdown table.

The turns of all ten LoCoMo dialogues lie in one table, each dialogue a tenant; each of its questions is asked within
its dialogue, as an application with many users asks. Recall is the share of the k nearest turns of the dialogue that
are found, by exact search in memory.

    memeval stores serve postgres                       # or a PostgreSQL of your own with pgvector
    MEMEVAL_PGVECTOR_URL=... python tools/pgvector_filter.py
"""

import argparse
import secrets
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from memeval.benchmarks.locomo import Locomo
from memeval.kit import engines
from memeval.kit.stores import VectorStore
from memeval.kit.types import Vectors
from memeval.strategies.embedders.minilm import MiniLM
from memeval.strategies.stores.vector.numpy import NumpyStore
from memeval.strategies.stores.vector.pgvector import PgVectorStore

# What each row is called, and the settings that are not pgvector's defaults.
ROWS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("exact search, btree on the tenant", {}),
    ("HNSW, defaults", {"index": "hnsw", "tenant_index": False}),
    ("HNSW, ef_search 100", {"index": "hnsw", "tenant_index": False, "ef_search": 100}),
    ("HNSW, iterative_scan strict_order", {"index": "hnsw", "tenant_index": False, "iterative_scan": "strict_order"}),
    ("HNSW, iterative_scan relaxed_order", {"index": "hnsw", "tenant_index": False, "iterative_scan": "relaxed_order"}),
    (
        "HNSW, relaxed_order, ef_search 100",
        {"index": "hnsw", "tenant_index": False, "iterative_scan": "relaxed_order", "ef_search": 100},
    ),
    ("HNSW and a btree on the tenant", {"index": "hnsw"}),
    ("IVFFlat (100 lists), defaults", {"index": "ivfflat", "tenant_index": False}),
    ("IVFFlat, probes 10", {"index": "ivfflat", "tenant_index": False, "probes": 10}),
    (
        "IVFFlat, probes 10, relaxed_order",
        {"index": "ivfflat", "tenant_index": False, "probes": 10, "iterative_scan": "relaxed_order"},
    ),
)


@dataclass(frozen=True)
class Tenant:
    """A dialogue: its turns (n, d) and its questions (m, d)."""

    name: str
    turns: Vectors
    questions: Vectors


def tenants() -> Iterator[Tenant]:
    """LoCoMo's dialogues, each turn with the name of who says it."""
    embedder = MiniLM()
    for dialogue in Locomo():
        turns = embedder.embed([f"{turn.speaker}: {turn.text}" for turn in dialogue.turns])
        yield Tenant(dialogue.id, turns, embedder.embed([question.query.text for question in dialogue.questions]))


def fill(store: VectorStore, everyone: Sequence[Tenant]) -> None:
    """Write all turns."""
    for tenant in everyone:
        ids = [str(number) for number in range(len(tenant.turns))]
        store.upsert(tenant.name, ids, tenant.turns, [{}] * len(ids))


def found(store: VectorStore, everyone: Sequence[Tenant], k: int) -> list[set[str]]:
    """The ids found for each question of each tenant."""
    return [
        {match.id for match in store.search(tenant.name, question, k)}
        for tenant in everyone
        for question in tenant.questions
    ]


def compare(answers: Sequence[set[str]], truth: Sequence[set[str]]) -> tuple[float, float]:
    """Mean recall, and the share of questions that got fewer than they asked for."""
    pairs = list(zip(answers, truth, strict=True))
    recall = float(np.mean([len(answer & wanted) / len(wanted) for answer, wanted in pairs]))
    return recall, float(np.mean([len(answer) < len(wanted) for answer, wanted in pairs]))


def prepare(description: str | None) -> tuple[list[Tenant], dict[int, list[set[str]]]]:
    """All tenants, and by each k of the command line what exact search finds."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--k", type=int, nargs="+", default=[10, 20, 50])
    ks = parser.parse_args().k
    everyone = list(tenants())
    exact = NumpyStore()
    fill(exact, everyone)
    return everyone, {k: found(exact, everyone, k) for k in ks}


def main() -> None:
    """Print the table."""
    everyone, truth = prepare(__doc__)
    titles = [f"{what} k={k}" for k in truth for what in ("recall", "too few")]
    lines = [f"| index and settings | {' | '.join(titles)} |", "|---|" + "---:|" * len(titles)]
    for name, settings in ROWS:
        with engines.visit() as visit:
            store = PgVectorStore(table=f"memeval_filter_{secrets.token_hex(4)}", **settings)
            try:
                fill(store, everyone)
                cells = [compare(found(store, everyone, k), truth[k]) for k in truth]
            finally:
                store.close()
            (engine,) = visit.engines
        shown = (f"{recall:.3f} | {short:.1%}" for recall, short in cells)
        lines.append(f"| {name} | {' | '.join(shown)} |")
    n, m = (sum(len(part) for part in parts) for parts in zip(*((t.turns, t.questions) for t in everyone), strict=True))
    sys.stdout.write(
        "\n".join(lines) + f"\n\n{engine.name} {engine.version}, pgvector {engine.settings['pgvector']}; "
        f"{n:,} turns, {m:,} questions, {len(everyone)} tenants\n"
    )


if __name__ == "__main__":
    main()
