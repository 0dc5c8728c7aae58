"""Makes the committed results of experiment=backends again, over all engines that run on this machine.

python tools/backends.py [OVERRIDE...]      e.g. limit=3; needs the extras `stores` and `servers`, and a quiet machine

Pinecone, Weaviate, Qdrant's server and Supabase are stood in for by servers of the tests: their recall is in the table, their times are not.
"""  # noqa: E501

import importlib
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from memeval.harness.compose import composer
from memeval.kit.errors import MemevalError
from memeval.records.record import RUN_FILE
from memeval.reports.plots import PLOTS
from memeval.reports.table import heading, show
from memeval.scoring.baseline import entry_of, save
from memeval.scoring.rows import Row
from memeval.scoring.sweeps import run_cells
from memeval.servers import SERVERS, server
from memeval.servers.base import Server

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "results" / "reference" / "backends" / "locomo"
STANDINS = ("supabase:SupabaseServer", "pinecone:PineconeServer", "weaviate:WeaviateServer", "qdrant:QdrantServer")
ORDER = ("vector", "kv", "graph", "sql")


def engines() -> list[Server]:
    """All of them, not started."""
    sys.path[:0] = [str(ROOT / "tests")]
    found = [server(name) for name in SERVERS]
    for name in STANDINS:
        module, _, kind = name.partition(":")
        found.append(getattr(importlib.import_module(f"standins.{module}"), kind)())
    return found


def start(stack: ExitStack) -> None:
    """Start what can be started, and put the addresses into the environment."""
    for each in engines():
        try:
            stack.enter_context(each)
        except MemevalError as error:
            print(f"{each.name} is left out: {error}", flush=True)  # noqa: T201
            continue
        os.environ.update(each.addresses)
    # FalkorDB brings a Redis 8; what a system has installed may know no vector sets.
    os.environ["MEMEVAL_REDIS_URL"] = os.environ["MEMEVAL_FALKORDB_URL"]
    os.environ.setdefault("MEMEVAL_PINECONE_API_KEY", "none")


def table(rows: Sequence[Row]) -> str:
    """Markdown, a line a store."""
    measures = list(rows[0].scores.overall)
    heads = ["retriever", "store", "engine", *(heading(measure).replace("\n", " ").strip() for measure in measures)]
    lines = [heads, [":---"] * 3 + ["---:"] * len(measures)]
    for row in rows:
        engine = row.engines or "in process"
        lines.append([row.retriever, row.store, engine, *(show(each, row.scores[each].value) for each in measures)])
    record, scores = rows[0].run.record, rows[0].scores
    said = (
        f"{record.benchmark.name}: {len(scores.dialogues):,} dialogues in shared stores, "
        f"{len(scores.questions):,} questions, budget {rows[0].budget:,} tokens, "
        f"{record.environment.cores} cores. Times are the memory's own, without the embedder; a stand-in has none."
    )
    return "\n".join([said, "", *(f"| {' | '.join(line)} |" for line in lines), ""])


def main(words: Sequence[str]) -> int:
    """Run, and put down what came out; what the folder no longer has goes."""
    with ExitStack() as stack:
        start(stack)
        with composer() as hydra:
            cells = hydra.cells(["experiment=backends", "benchmark=locomo", "progress=off", *words], False)
        rows, errors = run_cells(cells)
    rows.sort(key=lambda row: (ORDER.index(row.retriever), row.store))
    for path in FOLDER.glob(f"*/{RUN_FILE}"):
        shutil.rmtree(path.parent)
    for row in rows:
        save(entry_of(row.run, row.scores), FOLDER / row.run.id)
    (FOLDER / "table.md").write_text(table(rows), encoding="utf-8")
    PLOTS["backends"](rows, FOLDER, "backends")
    print(table(rows))  # noqa: T201
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
