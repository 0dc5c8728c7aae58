"""SQL store on a real PostgreSQL, and what its SELECT refuses."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from memeval.kit import engines
from memeval.kit.errors import ContractError
from memeval.kit.types import Turn

from . import contract, roles
from .roles import Place

pytestmark = roles.those("postgres-sql")
Opening = Callable[..., Any]


@pytest.fixture
def opening(place: Place) -> Opening:
    return place.open


HOSTILE = (
    # Beyond the scope's rows: {schema} is the store's own.
    'SELECT * FROM "{schema}".turns',
    "SELECT * FROM {schema}.turns AS t, turns",
    "SELECT name FROM {schema}.scopes",
    "SELECT 1) AS answer, {schema}.turns AS more, (SELECT 2",
    "SELECT 1) AS answer UNION SELECT count(*) FROM {schema}.turns, (SELECT 2",
    "WITH turns AS (SELECT * FROM {schema}.turns) SELECT * FROM turns",
    "SELECT id FROM turns WHERE EXISTS (SELECT FROM {schema}.turns)",
    "SELECT * FROM pg_class",
    "SELECT * FROM pg_catalog.pg_stat_activity",
    "SELECT * FROM information_schema.tables",
    "SELECT tableoid::regclass FROM turns",
    "SELECT '{schema}.turns'::regclass::oid",
    # What tells of the machine, reads or writes files, waits, or changes the session.
    "SELECT pg_sleep(1)",
    "SELECT pg_read_file('/etc/hostname')",
    "SELECT * FROM pg_ls_dir('/')",
    "SELECT lo_import('/etc/hostname')",
    "SELECT current_setting('data_directory')",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_terminate_backend(1)",
    "SELECT version()",
    "SELECT current_user",
    "SELECT session_user",
    "SELECT inet_server_addr()",
    "SELECT query_to_xml('SELECT 1', true, true, '')",
    "SELECT table_to_xml('{schema}.turns', true, true, '')",
    "SELECT random()",
    "SELECT nextval('{schema}.turns_number_seq')",
    # Clocks.
    "SELECT now()",
    "SELECT clock_timestamp()",
    "SELECT CURRENT_DATE",
    "SELECT LOCALTIMESTAMP",
    "SELECT 'now'::timestamp",
    "SELECT DATE 'today'",
    "SELECT id FROM turns WHERE time < ('now'::text)::date::text",
    # What makes much out of little.
    "SELECT repeat('x', 1000000000)",
    "SELECT lpad('x', 1000000000)",
    "SELECT * FROM generate_series(1, 1000000000)",
    "SELECT generate_series(1, 1000000000)",
    "SELECT array_fill(1, ARRAY[100000000])",
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c LIMIT 5",
    # No SELECT, or not only one.
    "SELECT * INTO mine FROM turns",
    "SELECT * FROM {schema}.turns FOR UPDATE",
    "WITH gone AS (DELETE FROM {schema}.turns RETURNING *) SELECT * FROM gone",
    "SELECT 1) AS answer; DROP SCHEMA {schema} CASCADE; --",
    "SELECT 1; DROP SCHEMA {schema} CASCADE",
    "SELECT $$ ; DROP SCHEMA {schema} CASCADE; --",
    "COPY turns TO STDOUT",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "TABLE turns",
    "VALUES (1)",
    "DO $$ BEGIN END $$",
    "SET search_path = public",
    "SELECT /* open",
    "SELECT id FROM turns TABLESAMPLE SYSTEM (10)",
    "SELECT 1 WHERE public.mine()",
    "SELECT mine()",
    "SELECT 1 OPERATOR(public.@#@) 2",
)


def test_a_select_that_is_more_than_that_is_refused(opening: Opening) -> None:
    import psycopg

    schema = contract.fresh()
    with engines.visit():
        store = opening(schema)
        try:
            store.write("u", [Turn("mine", "s", "Ann", "user", "kitten", datetime(2024, 1, 1))], ["kitten"])
            store.write("v", [Turn("other", "s", "Eve", "user", "secret", datetime(2024, 1, 1))], ["secret"])
            with psycopg.connect(store._base.url, autocommit=True) as base:
                base.execute(
                    "CREATE OR REPLACE FUNCTION public.mine() RETURNS bool LANGUAGE sql AS 'SELECT true'; "
                    "DROP OPERATOR IF EXISTS public.@#@ (int, int); "
                    "CREATE OPERATOR public.@#@ (FUNCTION = int4pl, LEFTARG = int, RIGHTARG = int)"
                )
            answered = []
            for sql in HOSTILE:
                try:
                    answered.append((sql, store.select("u", sql.replace("{schema}", schema))))
                except ContractError as error:
                    # None is refused for a slip of this test's own.
                    slips = ("; DROP", "$$", "INTO", "DELETE", "UNION")
                    assert "syntax error" not in str(error) or any(each in sql for each in slips), error
                assert store.count("u") == store.count("v") == 1, sql
            assert not answered
            assert store.select("u", "SELECT id FROM turns").rows == (("mine",),)
            assert store.select("v", "SELECT id FROM turns").rows == (("other",),)
        finally:
            store.close()


def test_a_select_may_do_what_models_write(opening: Opening) -> None:
    with engines.visit():
        store = opening(contract.fresh())
        try:
            turns = [
                Turn(f"t{n}", f"s{n // 3}", "Ann" if n % 2 else "Zoë", "user", f"Kitten {n}?", datetime(2024, 1, 1 + n))
                for n in range(9)
            ]
            store.write("u", turns, [turn.text for turn in turns])
            wanted = {
                "SELECT id FROM turns WHERE text ILIKE '%kitten 4%'": (("t4",),),
                "SELECT id FROM turns WHERE text LIKE '%?%' AND id = ? -- what?": (("t2",),),
                "SELECT id, CASE WHEN speaker = 'Zoë' THEN 1 ELSE 0 END AS z FROM turns ORDER BY z DESC, id LIMIT 2": (
                    ("t0", 1),
                    ("t2", 1),
                ),
                "SELECT speaker, count(*), round(avg(length(text)), 1) FROM turns GROUP BY speaker ORDER BY 2": (
                    ("Ann", 4, 9),
                    ("Zoë", 5, 9),
                ),
                "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY time DESC) n FROM turns) AS x WHERE n = 1;": (
                    ("t8",),
                ),
                "SELECT id FROM turns WHERE session IN (SELECT id FROM sessions WHERE number = 2) AND day> '2024-01-04'"
                " ORDER BY id": (("t4",), ("t5",)),
                "SELECT a.id, b.id FROM turns a JOIN turns b ON b.day = a.day WHERE a.id = 't1'": (("t1", "t1"),),
                "SELECT (text ILIKE '%kitten%')::int + (text ILIKE '%3%')::int FROM turns ORDER BY 1 DESC LIMIT 1": (
                    (2,),
                ),
                "SELECT string_agg(id, ',' ORDER BY id) FROM turns WHERE id IN ('t1', 't2') AND caption IS NULL": (
                    ("t1,t2",),
                ),
                "(SELECT id FROM turns WHERE id = 't1') UNION SELECT id FROM turns WHERE id = 't2' ORDER BY 1"[
                    1:
                ].replace(") UNION", " UNION"): (("t1",), ("t2",)),
                "SELECT DISTINCT ON (speaker) speaker, coalesce(caption, 'none') FROM turns ORDER BY speaker": (
                    ("Ann", "none"),
                    ("Zoë", "none"),
                ),
            }
            for sql, rows in wanted.items():
                given = ["t2"] if "id = ? --" in sql else []
                assert store.select("u", sql, given).rows == rows, sql
        finally:
            store.close()
