"""A server that goes away in the middle of a run: what is said, what is kept, and how the run goes on."""

import importlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from memeval.harness.compose import build_benchmark, composer
from memeval.harness.once import Settings, run_plan
from memeval.kit.errors import ModelError, StorageError
from memeval.kit.types import DialogueRecord
from memeval.records.runs import load
from memeval.scoring.evaluate import evaluate
from memeval.scoring.measures import EvidenceRecall, Recall
from memeval.servers import server
from memeval.servers.base import Server

pytestmark = pytest.mark.xdist_group("servers-killed")
STORES = {
    "postgres": ("kv", "kv_store=postgres", "memeval.strategies.stores.kv.postgres.PostgresKV"),
    "redis": ("kv", "kv_store=redis", "memeval.strategies.stores.kv.redis.RedisKV"),
    "falkordb": ("graph", "graph_store=falkordb", "memeval.strategies.stores.graph.falkordb.FalkorGraph"),
}


@pytest.fixture(params=STORES)
def own(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server of this test's own: others would miss it while it is down."""
    made = server(request.param)
    try:
        made.start()
    except ModelError as error:
        pytest.skip(str(error))
    for variable, url in made.addresses.items():
        monkeypatch.setenv(variable, url)
    try:
        yield made
    finally:
        made.stop()


def test_a_run_survives_the_death_of_its_server(own: Server, tmp_path: Path) -> None:
    retriever, store, path = STORES[own.name]
    group = store.partition("=")[0]
    with composer() as hydra:
        words = ["benchmark=demo", "benchmark.users=4", "benchmark.turns=400", "strategy=none"]
        cell = hydra.cell([*words, f"retriever={retriever}", store, f"{group}.retries=1"])
    benchmark = build_benchmark(cell)
    plan = cell.plan(benchmark)
    seen: list[str] = []

    def kill_after_two(record: DialogueRecord | None, total: int) -> None:
        if record is not None:
            seen.append(record.dialogue)
            if len(seen) == 2:
                own.kill()

    settings = Settings(tmp_path / "interrupted")
    with pytest.raises(StorageError) as caught:
        run_plan(plan, benchmark, cell.config, settings, kill_after_two)
    said = str(caught.value)
    assert own.name in said and f"127.0.0.1:{own.port}" in said, said
    assert "does not answer" in said and "finished dialogues are kept" in said

    folder = settings.results / "demo" / plan.run_id
    half = load(folder)
    assert not half.finished
    kept = list(half.results())
    assert [each.record.dialogue for each in kept] == seen and all(each.outcomes for each in kept)
    assert all(outcome.error is None for each in kept for outcome in each.outcomes), "no question pays for it"

    # While it is down the run stops in the same way, and loses nothing.
    with pytest.raises(StorageError, match="does not answer"):
        run_plan(plan, benchmark, cell.config, settings)
    assert [each.record.dialogue for each in load(folder).results()] == seen

    own.start()
    done = run_plan(plan, benchmark, cell.config, settings)
    assert (done.kept, done.executed, done.errors) == (2, 2, 0) and done.run.finished
    whole = run_plan(plan, benchmark, cell.config, Settings(tmp_path / "whole"))
    measures = [EvidenceRecall(), Recall(k=10)]
    scores = [evaluate(run, measures, benchmark=benchmark) for run in (done.run, whole.run)]
    for measure in measures:
        assert scores[0][measure].value == scores[1][measure].value is not None
    assert {each.name for each in done.run.record.engines} == {each.name for each in whole.run.record.engines}

    # What the killed dialogue had made, if the server has kept it at all, is found by its name and can be removed.
    module, _, kind = path.rpartition(".")
    with closing(getattr(importlib.import_module(module), kind).server()) as there:
        left = there.leftovers()
        assert len(left) <= 1 and all(name.startswith("memeval_") for name in left)
        for name in left:
            there.remove(name)
        assert there.leftovers() == []
