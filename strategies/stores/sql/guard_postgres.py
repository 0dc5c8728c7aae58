"""A SELECT that someone else has written, run in PostgreSQL so that it cannot change, see too much or run for ever."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from memeval.kit.errors import ContractError
from memeval.kit.stores import SqlRows
from memeval.strategies.stores.clients.postgres import Postgres

_START = re.compile(r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*(?:select|with)\b", re.IGNORECASE | re.DOTALL)
_END = re.compile(r"[\s;]*\Z")
# What a question mark may stand in without being a parameter; the last alternative is one.
_TOKENS = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\$(\w*)\$.*?\$\1\$|(?P<mark>\?)", re.DOTALL
)
_MOST = 20_000
# What a query sees: the scope's rows, materialised once for however many times they are named.
_VIEWS = """
WITH turns AS MATERIALIZED (
    SELECT t.id, s.id AS session, s.ordinal AS session_number, p.name AS speaker, t.role, t.text, t.caption, t.time,
        substr(t.time, 1, 10) AS day
    FROM "{schema}".turns AS t, "{schema}".sessions AS s, "{schema}".speakers AS p
    WHERE t.scope = {scope} AND s.number = t.session AND p.number = t.speaker
), sessions AS (
    SELECT session_number AS number, session AS id, min(time) AS started, max(time) AS ended, count(*) AS turns
    FROM turns GROUP BY session_number, session
), speakers AS (SELECT speaker AS name, role, count(*) AS turns FROM turns GROUP BY speaker, role)
SELECT {what} FROM ({sql}
) AS answer
"""
# Kinds of nodes in a query that PostgreSQL has parsed. Not among them: functions in FROM, samples, locks, clocks and
# the user's name (SQLVALUEFUNCTION), XML, JSON, record fields.
_NODES = frozenset(
    "AGGREF ALIAS ARRAY ARRAYEXPR BOOLEANTEST BOOLEXPR CASE CASEEXPR CASETESTEXPR CASEWHEN COALESCE COALESCEEXPR "
    "COERCEVIAIO COLLATE COLLATEEXPR COMMONTABLEEXPR CONST DISTINCTEXPR FROMEXPR FUNCEXPR GROUPINGFUNC GROUPINGSET "
    "JOINEXPR MINMAX MINMAXEXPR NULLIFEXPR NULLTEST OPEXPR PARAM QUERY RANGETBLENTRY RANGETBLREF RELABELTYPE "
    "RTEPERMISSIONINFO SCALARARRAYOPEXPR SETOPERATIONSTMT SORTGROUPCLAUSE SUBLINK TARGETENTRY VAR WHEN WINDOWCLAUSE "
    "WINDOWFUNC".split()
)
# Tables, subqueries, joins, VALUES, WITH, and the groups of version 18.
_SOURCES = frozenset({"0", "1", "2", "5", "6", "9"})
# No clock, no files, no settings, nothing that makes long texts out of short ones.
_FUNCTIONS = frozenset(
    "abs avg bool bool_and bool_or bpchar btrim ceil ceiling char_length character_length concat concat_ws count "
    "cume_dist dense_rank every first_value float4 float8 floor initcap int2 int4 int8 lag last_value lead left length "
    "lower ltrim max min nth_value ntile numeric percent_rank position rank replace reverse right round row_number "
    "rtrim sign split_part starts_with string_agg strpos substr substring sum text upper varchar".split()
)
# bool, bigint, smallint, int, text, real, double precision, unknown, char, varchar, numeric, record, and arrays of
# these; no dates, since a constant 'now' would read the clock. Numbers below the first are no types.
_TYPES = frozenset(
    {16, 20, 21, 23, 25, 700, 701, 705, 1042, 1043, 1700, 2249, 1000, 1005, 1007, 1009, 1015, 1016, 1021, 1022, 1231}
)
_FIRST = 16


def run_select(
    base: Postgres,
    schema: str,
    scope: int,
    sql: str,
    parameters: Sequence[str | int | float | None],
    rows: int,
    seconds: float,
) -> SqlRows:
    """Answer one SELECT over `turns`, `sessions` and `speakers` of one scope.

    PostgreSQL has no authorizer that could be asked. So the query is first made a temporary view, which runs nothing,
    and the parsed form that the catalogue then holds is looked through: only known kinds of nodes, functions by a
    list, operators and types of numbers and texts, and no table beyond those that our own part of it reads. The view is
    rolled back, and the query runs in the same transaction, by then a read-only one.

    Args:
        base: the connection.
        schema: where the tables are.
        scope: number of the scope.
        sql: the query; names are looked up in no schema but PostgreSQL's own.
        parameters: for its question marks.
        rows: how many rows are returned.
        seconds: how long it may take.

    Raises:
        ContractError: the query is refused, wrong or too slow; the message says which.
        StorageError: the server was lost.
    """
    if not _START.match(sql):
        raise ContractError(f"only one SELECT is allowed, not {sql!r:.200}")
    if "\0" in sql or len(sql) > _MOST:
        raise ContractError(f"the query contains a NUL character or is longer than {_MOST} characters")

    def work(cursor: Any) -> SqlRows:
        try:
            settings = {"statement_timeout": str(round(seconds * 1_000)), "search_path": "", "lock_timeout": "1000"}
            settings |= {"standard_conforming_strings": "on", "max_parallel_workers_per_gather": "0"}
            for name, value in settings.items():
                cursor.execute("SELECT set_config(%s, %s, true)", (name, value))
            filled = _END.sub("", _fill(base, cursor, sql, parameters))
            query = _VIEWS.replace("{schema}", schema).replace("{scope}", str(int(scope)))
            _inspect(cursor, query.replace("{what}", "count(*)").replace("{sql}", filled), schema)
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute(query.replace("{what}", "*").replace("{sql}", filled) + f"LIMIT {rows + 1}")
            columns = tuple(column.name for column in cursor.description or ())
            if not columns:
                raise ContractError(f"the query was refused (it returns no columns): {sql!r:.200}")
            found = [tuple(map(_plain, row)) for row in cursor.fetchall()]
        except base.error as error:
            reason = base.own_fault(error)
            if reason is None:
                raise
            raise ContractError(f"the query was refused ({reason}): {sql!r:.200}") from None
        except UnicodeError as error:
            raise ContractError(f"the query was refused ({error}): {sql!r:.200}") from None
        return SqlRows(columns, tuple(found[:rows]), len(found) > rows)

    return base.run(work)


def _fill(base: Postgres, cursor: Any, sql: str, parameters: Sequence[str | int | float | None]) -> str:
    """The query with its parameters as literals: what is made a view can have none."""
    marks = [match for match in _TOKENS.finditer(sql) if match["mark"]]
    if len(marks) != len(parameters):
        raise ContractError(f"the query has {len(marks)} question marks and {len(parameters)} parameters: {sql!r:.200}")
    for match, value in zip(reversed(marks), reversed(parameters), strict=True):
        literal = base.literal(value, cursor)
        sql = f"{sql[: match.start()]} {literal} {sql[match.end() :]}"
    return sql


def _inspect(cursor: Any, query: str, schema: str) -> None:
    """Hold the parsed query against what is allowed.

    Raises:
        ContractError: names what is not.
    """
    with cursor.connection.transaction(force_rollback=True):
        cursor.execute(f"CREATE TEMPORARY VIEW memeval_inspected AS {query}")
        cursor.execute("SELECT ev_action::text FROM pg_rewrite WHERE ev_class = 'pg_temp.memeval_inspected'::regclass")
        tree: str = cursor.fetchone()[0]
        names = [f'"{schema}".{table}' for table in ("turns", "sessions", "speakers")]
        cursor.execute("SELECT array_agg(name::regclass::oid::int8) FROM unnest(%s::text[]) AS name", (names,))
        ours = cursor.fetchone()[0]
    # Names and constants in it cannot look like what is searched for: their spaces and braces are escaped.
    if unknown := set(re.findall(r"(?<!\\)\{([A-Z_]+)", tree)) - _NODES:
        raise ContractError(f"the query was refused: it uses what is not allowed ({', '.join(sorted(unknown))})")
    if ":hasRecursive true" in tree:
        raise ContractError("the query was refused: no WITH RECURSIVE")
    if set(re.findall(r":rtekind (\d+)", tree)) - _SOURCES:
        raise ContractError("the query was refused: in FROM only turns, sessions, speakers, subqueries and VALUES")
    read = sorted(map(int, re.findall(r":rtekind 0 :relid (\d+)", tree)))
    if read != sorted(ours):
        raise ContractError("the query was refused: it may read turns, sessions and speakers only, without a schema")
    if {int(each) for each in re.findall(r":\w*type(?:id)? (\d+)", tree) if int(each) >= _FIRST} - _TYPES:
        raise ContractError("the query was refused: it uses types beyond numbers, texts and booleans")
    _inspect_functions(cursor, tree)


def _inspect_functions(cursor: Any, tree: str) -> None:
    called = list(map(int, re.findall(r":(?:funcid|aggfnoid|winfnoid) (\d+)", tree)))
    cursor.execute(
        "SELECT proname, pronamespace = 'pg_catalog'::regnamespace FROM pg_proc WHERE oid = ANY(%s::oid[])", (called,)
    )
    strange = {name for name, native in cursor.fetchall() if not native or name not in _FUNCTIONS}
    if strange:
        raise ContractError(f"the query was refused: it calls {', '.join(sorted(strange))}; allowed are "
                            f"{', '.join(sorted(_FUNCTIONS))}")  # fmt: skip
    used = set(map(int, re.findall(r":(?:opno|eqop|sortop) (\d+)", tree))) - {0}
    cursor.execute(
        "SELECT count(*) FROM pg_operator WHERE oid = ANY(%s::oid[]) AND oprnamespace = 'pg_catalog'::regnamespace",
        (list(used),),
    )
    if cursor.fetchone()[0] != len(used):
        raise ContractError("the query was refused: it uses operators that are not PostgreSQL's own")


def _plain(value: Any) -> Any:
    """What sums and means give as numbers that every store gives."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
