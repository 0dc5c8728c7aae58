"""Every SQL store keeps the protocol; the check notices who does not; other tenants stay unseen by any query."""

import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memeval.kit.errors import ConfigError, ContractError
from memeval.kit.stores import SqlFilters, SqlRows
from memeval.kit.types import Hit, Turn
from memeval.strategies.stores.sql.guard import ScopeCopy
from memeval.strategies.stores.sql.sqlite import SqliteSQL
from memeval.testing.sql import check_sql_store

FAST = 0.2


def test_sqlite_in_memory() -> None:
    check_sql_store(lambda: SqliteSQL(max_seconds=FAST))


def test_sqlite_in_a_file(tmp_path: Path) -> None:
    serial = count()
    last = ""

    def fresh() -> SqliteSQL:
        nonlocal last
        last = str(tmp_path / f"{next(serial)} with ?#% odd.sqlite")
        return SqliteSQL(last, max_seconds=FAST)

    check_sql_store(fresh, lambda: SqliteSQL(last))
    assert len(list(tmp_path.glob("*.sqlite"))) == next(serial)


class Quick(SqliteSQL):
    def __init__(self) -> None:
        super().__init__(max_seconds=FAST)


class Deaf(Quick):
    """Ignores the scope."""

    def search(self, scope: str, *rest: Any) -> Sequence[Hit]:
        return super().search("u", *rest)


class Unfiltered(Quick):
    def search(
        self, scope: str, words: Sequence[str], k: int, filters: SqlFilters, boost: float | None
    ) -> Sequence[Hit]:
        return super().search(scope, words, k, SqlFilters(), boost)


class Halfway(Quick):
    def write(self, scope: str, turns: Sequence[Turn], texts: Sequence[str]) -> None:
        for turn, text in zip(turns, texts, strict=True):
            super().write(scope, [turn], [text])


class Keeping(Quick):
    def forget(self, scope: str, turn_ids: Sequence[str]) -> None:
        super().forget(scope, turn_ids[:1])


class Trusting(Quick):
    """Runs whatever it is given, over everything."""

    def select(self, scope: str, sql: str, parameters: Sequence[str | int | float | None] = ()) -> SqlRows:
        try:
            return super().select(scope, sql, parameters)
        except ContractError:
            try:
                return SqlRows((), tuple(self._base.execute(sql, parameters).fetchmany(3)))
            except sqlite3.Error as error:
                raise ContractError(str(error)) from error


class Doubling(Quick):
    """Gives every write a new id."""

    serial = count()

    def write(self, scope: str, turns: Sequence[Turn], texts: Sequence[str]) -> None:
        super().write(scope, turns, [f"{text} copy{next(self.serial)}" for text in texts])


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (Deaf, "scope sees its own|another scope"),
        (Unfiltered, "filters keep"),
        (Halfway, "nothing of the call"),
        (Keeping, "what is forgotten is gone"),
        (Trusting, "is refused"),
        (Doubling, "equal scores|shows the text"),
    ],
)
def test_the_check_names_the_broken_rule(broken: type[SqliteSQL], says: str) -> None:
    with pytest.raises(ContractError, match=says):
        check_sql_store(broken)


def test_a_store_that_loses_its_file_is_noticed() -> None:
    with pytest.raises(ContractError, match="after reopening"):
        check_sql_store(Quick, Quick)


@pytest.fixture
def tenants() -> SqliteSQL:
    store = SqliteSQL(max_seconds=FAST, max_rows=50)
    for number, scope in enumerate(("mine", "theirs")):
        turns = [
            Turn(f"{scope}{each}", f"{scope}-s{number}", f"{scope}-Ann", "user", f"{scope} text") for each in range(3)
        ]
        store.write(scope, turns, [turn.text for turn in turns])
    return store


BEYOND = [
    "SELECT * FROM scopes",
    "SELECT name FROM main.scopes",
    "SELECT * FROM search",
    "SELECT * FROM search WHERE search MATCH 'text'",
    "SELECT * FROM search('text')",
    "SELECT * FROM search_data",
    "SELECT * FROM search_idx",
    "SELECT document FROM turns",
    "SELECT scope FROM turns",
    "SELECT sql FROM temp.sqlite_schema",
    "SELECT sql FROM sqlite_temp_schema",
    "SELECT * FROM pragma_table_info('turns')",
    "SELECT * FROM dbstat",
    "SELECT * FROM sqlite_dbpage",
    "SELECT * FROM json_each('[1]')",
    "SELECT * FROM fts5vocab",
    "SELECT fts5_source_id()",
    "SELECT sqlite_source_id()",
    "SELECT zeroblob(100000000)",
    "SELECT printf('%100000000d', 1)",
    "SELECT replace(replace(group_concat(text), 't', text), 't', text || text) || zeroblob(1) FROM turns",
]


@pytest.mark.parametrize("sql", BEYOND)
def test_other_tenants_are_not_seen(tenants: SqliteSQL, sql: str) -> None:
    with pytest.raises(ContractError, match="refused") as caught:
        tenants.select("mine", sql)
    assert "theirs" not in str(caught.value).replace(sql, "")
    assert tenants.select("mine", "SELECT DISTINCT text FROM turns").rows == (("mine text",),)
    tenants.close()


OWN = [
    "SELECT * FROM main.turns",
    "SELECT count(*) FROM main.turns",
    "SELECT 1 FROM main.sessions",
    "SELECT text FROM turns UNION ALL SELECT text FROM main.turns",
    "SELECT text FROM turns UNION SELECT name FROM main.speakers",
    "SELECT (SELECT group_concat(text) FROM main.turns)",
    "SELECT text FROM turns WHERE EXISTS (SELECT 1 FROM main.turns WHERE text LIKE 'theirs%')",
    "SELECT text FROM turns ORDER BY (SELECT count(*) FROM main.turns)",
    "WITH turns AS (SELECT * FROM main.turns) SELECT * FROM turns",
    "WITH sessions AS (SELECT * FROM main.turns) SELECT count(*) FROM sessions",
    "WITH temp AS (SELECT * FROM main.turns) SELECT * FROM temp",
    "SELECT * FROM (SELECT * FROM main.turns) AS turns",
    "WITH guard AS (SELECT * FROM main.turns) SELECT * FROM guard",
    "SELECT text FROM (SELECT '' AS text WHERE 0) NATURAL FULL JOIN main.turns",
    "SELECT name FROM (SELECT '' AS name WHERE 0) NATURAL FULL JOIN main.speakers",
]


@pytest.mark.parametrize("sql", OWN)
def test_the_whole_database_of_a_query_is_its_own_scope(tenants: SqliteSQL, sql: str) -> None:
    assert "theirs" not in repr(tenants.select("mine", sql))
    assert tenants.select("mine", "SELECT count(*) FROM main.turns").rows == ((3,),)
    tenants.close()


def test_what_is_allowed_stays_within(tenants: SqliteSQL) -> None:
    for sql in (
        "SELECT * FROM turns",
        "SELECT * FROM sessions",
        "SELECT * FROM speakers",
        "SELECT * FROM turns AS a, turns AS b, sessions",
        "WITH main AS (SELECT * FROM turns) SELECT * FROM main",
        "SELECT group_concat(text), max(time), count(DISTINCT session) FROM turns",
        "SELECT text, row_number() OVER (ORDER BY id) FROM turns",
    ):
        rows = tenants.select("mine", sql).rows
        assert rows
        assert "theirs" not in repr(rows), sql
    assert tenants.select("nobody", "SELECT * FROM turns").rows == ()
    rows = tenants.select("theirs", "SELECT id, session_number FROM turns").rows
    assert rows == (("theirs0", 1), ("theirs1", 1), ("theirs2", 1))


WORDS = st.sampled_from(
    "SELECT * FROM WHERE UNION ALL WITH AS ( ) , turns sessions main.turns main.speakers scopes search text name "
    "speakers a b 1 count(*) group_concat(text) EXISTS IN = OR NOT ; -- ' LIKE '%' ORDER BY JOIN ON NATURAL FULL "
    "USING (name) (text)".split()
)


@given(st.lists(WORDS, max_size=25))
@settings(max_examples=1500, deadline=None)
def test_no_heap_of_words_shows_another_tenant(words: list[str]) -> None:
    store = STORE
    for start in ("SELECT", "WITH turns AS ( SELECT * FROM main.turns", "SELECT text FROM turns UNION SELECT"):
        try:
            answer = store.select("mine", " ".join([start, *words]))
        except ContractError:
            continue
        assert "theirs" not in repr(answer)
        assert all(row != (6,) for row in answer.rows), "six are the turns of both"
    assert store.count("theirs") == 3


STORE = SqliteSQL(max_seconds=FAST)
for _scope in ("mine", "theirs"):
    STORE.write(
        _scope,
        [Turn(f"{_scope}{each}", f"{_scope}-s", f"{_scope}-Ann", "user", f"{_scope} text") for each in range(3)],
        ["text"] * 3,
    )


def test_rows_and_seconds_are_bounded(tenants: SqliteSQL) -> None:
    product = "SELECT a.id FROM " + ", ".join(f"turns {name}" for name in "abcdefgh")
    found = tenants.select("mine", product)
    assert (len(found.rows), found.truncated, found.columns) == (50, True, ("id",))
    with pytest.raises(ContractError, match="too long"):
        tenants.select("mine", "SELECT count(*) FROM " + ", ".join(f"turns t{number}" for number in range(25)))
    with pytest.raises(ContractError, match="refused"):
        tenants.select("mine", "SELECT " + "(" * 500 + "1" + ")" * 500)
    with pytest.raises(ContractError, match="refused"):
        tenants.select("mine", "SELECT 1 " + "-- padding\n" * 5_000)
    with pytest.raises(ContractError, match="NUL"):
        tenants.select("mine", "SELECT 1 \0 ; DELETE FROM turns")
    with pytest.raises(ContractError, match="refused"):
        tenants.select("mine", "SELECT '\ud800'")


def test_a_copy_follows_every_write(tmp_path: Path) -> None:
    path = str(tmp_path / "turns.sqlite")
    store, other = SqliteSQL(path), SqliteSQL(path)
    texts = "SELECT text FROM turns"
    for number in range(3):
        store.write("u", [Turn(f"a{number}", "s", "Ann", "user", f"one {number}")], ["one"])
        assert len(store.select("u", texts).rows) == 2 * number + 1
        other.write("u", [Turn(f"b{number}", "s", "Ben", "user", f"two {number}")], ["two"])
        assert len(store.select("u", texts).rows) == len(other.select("u", texts).rows) == 2 * number + 2
    store.write("u", [Turn("a0", "s", "Ann", "user", "changed")], ["changed"])
    store.forget("u", ["b0", "a1"])
    # Rows come in order of writing, one that was replaced in its old place.
    assert store.select("u", texts).rows == (("changed",), ("two 1",), ("one 2",), ("two 2",))
    assert store.select("u", "SELECT name, turns FROM speakers").rows == (("Ann", 2), ("Ben", 2))
    for number in range(30):
        store.write(f"v{number}", [Turn("t", "s", "Ann", "user", f"of v{number}")], ["of"])
        assert store.select(f"v{number}", texts).rows == ((f"of v{number}",),)
    assert [store.select(f"v{number}", texts).rows for number in (0, 29)] == [(("of v0",),), (("of v29",),)]
    store.close()
    other.close()


def test_a_copy_of_its_own() -> None:
    rows = [("t1", "s", 1, "Ann", "user", "a text", None, "2024-05-01 10:00:00")]
    copy = ScopeCopy(iter(rows))  # type: ignore[arg-type]
    answer = copy.select("SELECT id, day, caption FROM turns", (), 5, 1.0)
    assert (answer.rows, answer.truncated) == ((("t1", "2024-05-01", None),), False)
    for sql in ("DELETE FROM turns", "SELECT 1; DELETE FROM turns", "WITH a AS (SELECT 1) DELETE FROM turns"):
        with pytest.raises(ContractError, match="SELECT is allowed|refused"):
            copy.select(sql, (), 5, 1.0)
    assert copy.select("SELECT count(*) FROM turns", (), 5, 1.0).rows == ((1,),)
    copy.close()
    copy.close()


def test_two_connections_write_to_one_file(tmp_path: Path) -> None:
    path = str(tmp_path / "turns.sqlite")
    SqliteSQL(path).close()

    def write(writer: int) -> None:
        store = SqliteSQL(path)
        try:
            for number in range(50):
                turns = [
                    Turn(f"{writer}-{number}", "s", f"Ann{number % 3}", "user", "kitten"),
                    Turn(f"shared-{number}", "s", "Ann", "user", "bird"),
                ]
                store.write("u", turns, [turn.text for turn in turns])
        finally:
            store.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, range(2)))
    store = SqliteSQL(path)
    assert store.count("u") == 150
    assert len(store.search("u", ["kitten"], 1_000, SqlFilters(), None)) == 100
    assert len(store.search("u", ["bird"], 1_000, SqlFilters(), None)) == 50
    assert store.extent("u").sessions == 1
    assert sorted(store.extent("u").speakers) == ["Ann", "Ann0", "Ann1", "Ann2"]
    assert store.stats()["index_bytes"] > 0
    store.close()


def test_what_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_text("this is no database, but a longer text about databases " * 50)
    for path in (tmp_path / "text.sqlite", tmp_path / "no" / "folder.sqlite"):
        with pytest.raises(ConfigError, match="sql_store.path"):
            SqliteSQL(str(path))
    for wrong, says in (({"timeout": -1.0}, "timeout"), ({"max_rows": 0}, "max_rows"), ({"max_seconds": 0.0}, "max_s")):
        with pytest.raises(ConfigError, match=says):
            SqliteSQL(**wrong)
