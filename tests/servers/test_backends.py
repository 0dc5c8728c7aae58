"""The sweep over stores with real engines: same answers as inside the process, engines named, nothing left behind."""

from contextlib import closing
from pathlib import Path

import pytest

from memeval.harness.compose import composer
from memeval.reports.plots import PLOTS
from memeval.scoring.measures import EvidenceRecall, LeakRate, ReadSeconds, Recall, StartSeconds, WriteRate
from memeval.scoring.rows import Row
from memeval.scoring.sweeps import run_cells

from .conftest import Reached

pytestmark = pytest.mark.xdist_group("servers-postgres")
SWEEP = [
    "{strategy: none, retriever: vector, vector_store: [numpy, pgvector]}",
    "{strategy: none, retriever: kv, kv_store: [memory, postgres]}",
    "{strategy: none, retriever: sql, sql_store: [sqlite, postgres]}",
]
AT_SERVER = {"pgvector", "postgres"}


@pytest.fixture(scope="module")
def rows(postgres_server: Reached, tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    words = ["experiment=backends", "benchmark=demo", "benchmark.users=2", "benchmark.turns=300", "progress=off"]
    words += ["embedder=wordllama", f"results={tmp_path_factory.mktemp('runs')}", f"sweep=[{','.join(SWEEP)}]"]
    with pytest.MonkeyPatch.context() as patch:
        for variable, url in postgres_server.addresses.items():
            patch.setenv(variable, url)
        with composer() as hydra:
            made, errors = run_cells(hydra.cells(words, False))
    assert errors == 0 and len(made) == 6
    return made


def test_engines_are_named_and_timed(rows: list[Row]) -> None:
    for row in rows:
        assert row.scores[LeakRate()].value == 0
        assert (", real" in row.engines and "PostgreSQL" in row.engines) == (row.store in AT_SERVER), row.engines
        for measure in (ReadSeconds(p=99, clock="own"), WriteRate(clock="own"), StartSeconds()):
            value = row.scores[measure].value
            assert value is not None and value > 0, (row.store, measure)


def test_a_server_gives_what_the_process_gives(rows: list[Row]) -> None:
    for retriever in ("vector", "kv"):
        own, server = (row for row in rows if row.retriever == retriever)
        for measure in (EvidenceRecall(), Recall(k=10)):
            assert own.scores[measure].value == server.scores[measure].value, (retriever, measure)


def test_nothing_is_left_at_the_server(
    rows: list[Row], postgres_server: Reached, monkeypatch: pytest.MonkeyPatch
) -> None:
    from memeval.strategies.stores.kv.postgres import PostgresKV
    from memeval.strategies.stores.sql.postgres import PostgresSQL
    from memeval.strategies.stores.vector.pgvector import PgVectorStore

    for variable, url in postgres_server.addresses.items():
        monkeypatch.setenv(variable, url)
    runs = {str(row.run.id)[-10:] for row in rows}
    for store in (PgVectorStore, PostgresKV, PostgresSQL):
        with closing(store.server()) as base:
            assert not [name for name in base.leftovers() if any(run in name for run in runs)]


def test_the_plot_has_them_all(rows: list[Row], tmp_path: Path) -> None:
    svg = PLOTS["backends"](rows, tmp_path, "backends")[1].read_text()
    for name in ("numpy", "pgvector", "memory", "postgres", "sqlite"):
        assert name in svg
