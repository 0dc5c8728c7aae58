"""The contract of an SQL store as a check that any package can run on its own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from memeval.kit.errors import ContractError
from memeval.kit.stores import SqlExtent, SqlFilters, SqlStore
from memeval.kit.types import Hit, Turn

_START = datetime(2024, 3, 1, 9, 0)
_ALL = 1_000
_NONE = SqlFilters()
# None of these may be answered: they write, look beyond the scope, read a clock or files, or are more than one SELECT.
_HOSTILE = (
    "",
    "SELECT",
    "SELECT 1; SELECT 2",
    "SELECT 1; DELETE FROM turns",
    "DELETE FROM turns",
    "INSERT INTO turns VALUES (1)",
    "UPDATE turns SET text = 'x'",
    "DROP TABLE turns",
    "CREATE TABLE mine (x)",
    "CREATE TEMP VIEW mine AS SELECT 1",
    "WITH x AS (SELECT 1) DELETE FROM turns",
    "/* SELECT */ DELETE FROM turns",
    "-- SELECT\nDELETE FROM turns",
    "ATTACH DATABASE ':memory:' AS other",
    "DETACH DATABASE main",
    "PRAGMA query_only = OFF",
    "PRAGMA database_list",
    "SELECT * FROM pragma_database_list",
    "SELECT * FROM pragma_table_list",
    "SELECT load_extension('x')",
    "SELECT readfile('/etc/hostname')",
    "SELECT writefile('x', 'y')",
    "SELECT randomblob(100)",
    "SELECT CURRENT_TIMESTAMP",
    "SELECT date('now')",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM sqlite_schema",
    "SELECT * FROM sqlite_temp_master",
    "EXPLAIN SELECT * FROM turns",
    "EXPLAIN QUERY PLAN SELECT * FROM turns",
    "VACUUM INTO 'copy.sqlite'",
    "BEGIN",
    "SELECT nothing FROM turns",
    "SELECT * FROM nowhere",
    "SELECT 'an unfinished text",
)
# A store may refuse these or answer them; what it answers must be of the scope's own rows. Databases tell a guard
# nothing of columns that USING and NATURAL join.
_PRYING = (
    "SELECT text FROM (SELECT '' AS text WHERE false) AS a NATURAL FULL JOIN {schema}.turns",
    "SELECT id FROM (SELECT '' AS id WHERE false) AS a NATURAL FULL JOIN {schema}.turns",
    "SELECT document FROM (SELECT '' AS document WHERE false) AS a NATURAL FULL JOIN {schema}.turns",
    "SELECT name FROM (SELECT '' AS name WHERE false) AS a NATURAL FULL JOIN {schema}.scopes",
    "SELECT name FROM (SELECT '' AS name WHERE false) AS a NATURAL FULL JOIN {schema}.speakers",
    "SELECT name FROM (SELECT '' AS name WHERE false) AS a NATURAL RIGHT JOIN {schema}.speakers",
    "SELECT text FROM (SELECT '' AS text) AS a FULL JOIN {schema}.turns USING (text)",
    "SELECT text FROM turns UNION SELECT text FROM {schema}.turns",
    "WITH turns AS (SELECT * FROM {schema}.turns) SELECT text, speaker FROM turns",
    "SELECT (SELECT max(text) FROM {schema}.turns) FROM turns",
    "SELECT sql FROM (SELECT '' AS sql WHERE false) AS a NATURAL FULL JOIN {schema}.sqlite_schema",
    "SELECT sql FROM (SELECT '' AS sql WHERE false) AS a NATURAL FULL JOIN {schema}.sqlite_master",
)
# Asked with what the other scope holds and with what nobody holds: different answers would say which is which.
_GUESSING = (
    ("SELECT count(*) FROM (SELECT '{guess}' AS name) AS a JOIN {schema}.scopes USING (name)", "v", "nobody"),
    ("SELECT count(*) FROM (SELECT '{guess}' AS name) AS a JOIN {schema}.speakers USING (name)", "Eve", "Nobody"),
    ("SELECT 1 FROM (SELECT '{guess}' AS text) AS a JOIN {schema}.turns USING (text)", "secret 3", "secret 9"),
    (
        "SELECT caption FROM (SELECT '' AS caption, '{guess}' AS text) AS a NATURAL RIGHT JOIN {schema}.turns",
        "secret 3",
        "x",
    ),
    (
        "SELECT id FROM turns ORDER BY (SELECT count(*) FROM (SELECT '{guess}' AS text) AS a "
        "NATURAL JOIN {schema}.turns) * length(id), id",
        "secret 3",
        "secret 9",
    ),
    ("SELECT id FROM turns WHERE '{guess}' IN (SELECT text FROM {schema}.turns)", "secret 3", "secret 9"),
)
_SCHEMAS = ("main", "temp", "public")


def check_sql_store(factory: Callable[[], SqlStore], reopen: Callable[[], SqlStore] | None = None) -> None:
    """Run every rule of the protocol on fresh stores.

    Args:
        factory: makes an empty store; called several times.
        reopen: opens the store that `factory` made last, after it was closed; None for stores that keep nothing.

    Raises:
        ContractError: the first rule that is broken, with what was returned.
    """
    for rule in (_empty, _finding, _filtering, _replacing, _forgetting, _scopes, _texts, _refusals, _selecting):
        with _closing(factory()) as store:
            rule(store)
    if reopen is not None:
        _reopening(factory, reopen)


@contextmanager
def _closing(store: SqlStore) -> Iterator[SqlStore]:
    try:
        yield store
    finally:
        store.close()
        # A store is closed by everyone who was given it.
        store.close()


def _require(holds: bool, rule: str, what: object) -> None:
    if not holds:
        raise ContractError(f"the SQL store breaks the rule {rule!r}: {what!r:.600}")


def _turn(number: int, text: str = "", speaker: str = "Ann", session: str = "s1") -> Turn:
    return Turn(f"t{number}", session, speaker, "user", text, _START + timedelta(days=number))


def _write(store: SqlStore, scope: str, *turns: Turn) -> None:
    store.write(scope, turns, [f"{turn.speaker}: {turn.text}" for turn in turns])


def _ids(hits: Sequence[Hit]) -> list[str]:
    return [source for hit in hits for source in hit.sources]


def _search(
    store: SqlStore, scope: str, words: str, k: int = _ALL, filters: SqlFilters = _NONE, boost: float | None = None
) -> list[str]:
    """Search, and hold the answer against what is true of any."""
    hits = store.search(scope, words.split(), k, filters, boost)
    scores = [hit.score if hit.score is not None else float("nan") for hit in hits]
    _require(len(hits) <= max(k, 0), "at most k hits", hits)
    _require(all(len(hit.sources) == 1 for hit in hits), "a hit is a turn", hits)
    _require(len(set(_ids(hits))) == len(hits), "no turn comes twice", hits)
    _require(scores == sorted(scores, reverse=True), "the best comes first", hits)
    return _ids(hits)


def _empty(store: SqlStore) -> None:
    rule = "an empty store holds nothing"
    store.write("u", [], [])
    store.forget("u", ["t1"])
    store.forget("u", [])
    seen = (store.count("u"), _search(store, "u", "kitten"), store.extent("u"))
    _require(seen == (0, [], SqlExtent((), 0, None)), rule, seen)
    _require(store.select("u", "SELECT * FROM turns").rows == (), rule, "turns")


def _finding(store: SqlStore) -> None:
    turns = [_turn(number, "a kitten and a bird" if number % 2 else "a kitten") for number in range(20)]
    _write(store, "u", *turns[:7])
    _write(store, "u", *turns[7:])
    _require(store.count("u") == 20, "all that is written is counted", store.count("u"))
    odd, even = ([turn.id for turn in turns[first::2]] for first in (1, 0))
    found = _search(store, "u", "bird")
    _require(found == odd, "what holds a word is found, equal scores in order of writing", found)
    found = _search(store, "u", "bird kitten")
    _require(found == odd + even, "more words of the query are better", found)
    _require(_search(store, "u", "bird kitten", 3) == odd[:3], "a smaller k gives the start", found)
    for words in ("", "zyzzyva", '"', "' OR 1=1 --", "NEAR( AND NOT *", "scope : u", "}{ ^ \\"):
        found = _search(store, "u", words)
        _require(found == [] or words.isupper() or "OR" in words, "other words find nothing", (words, found))
    for k in (0, -1):
        _require(_search(store, "u", "kitten", k) == [], "at most k hits", k)
    hit = store.search("u", ["bird"], 1, _NONE, None)[0]
    _require(hit.text == "Ann: a kitten and a bird" and hit.verbatim, "a hit shows the text that it is found by", hit)


def _filtering(store: SqlStore) -> None:
    turns = [_turn(number, "a kitten", "Ann" if number % 2 else "Ben", f"s{number // 4}") for number in range(12)]
    _write(store, "u", *turns)
    _write(store, "v", *turns)
    _write(store, "u", replace(_turn(99, "a kitten", "Ann", "s2"), time=None))
    day = timedelta(days=1)
    cases: list[tuple[SqlFilters, list[int]]] = [
        (SqlFilters(speakers=("Ann",)), [1, 3, 5, 7, 9, 11, 99]),
        (SqlFilters(speakers=("Ann", "Ben")), [*range(12), 99]),
        (SqlFilters(speakers=("nobody' OR '1'='1",)), []),
        (SqlFilters(sessions=(2,)), [4, 5, 6, 7]),
        (SqlFilters(sessions=(1, 3)), [0, 1, 2, 3, 8, 9, 10, 11, 99]),
        (SqlFilters(periods=((_START + 2 * day, _START + 5 * day),)), [2, 3, 4]),
        (SqlFilters(periods=((None, _START + day), (_START + 11 * day, None))), [0, 11]),
        (SqlFilters(("Ben",), ((_START, _START + 9 * day),), (2, 3)), [4, 6, 8]),
    ]
    for filters, wanted in cases:
        names = [f"t{number}" for number in wanted]
        found = _search(store, "u", "kitten", filters=filters)
        _require(found == names, "required filters keep what fits all of them", (filters, found))
        found = _search(store, "u", "", filters=filters)
        _require(found == names, "without words, all that fits is found", (filters, found))
        rest = [turn for turn in (*(f"t{number}" for number in range(12)), "t99") if turn not in names]
        found = _search(store, "u", "kitten", filters=filters, boost=0.5)
        alone = sum(bool(each) for each in (filters.speakers, filters.periods, filters.sessions)) == 1
        _require(
            sorted(found) == sorted(names + rest) and (not alone or found == names + rest),
            "a boost puts what fits first and leaves the rest",
            (filters, found),
        )
        found = _search(store, "u", "kitten", filters=filters, boost=0.0)
        _require(found == [*(f"t{number}" for number in range(12)), "t99"], "a boost of 0 changes nothing", found)
    extent = store.extent("u")
    wanted_extent = SqlExtent(("Ben", "Ann"), 3, _START + 11 * day)
    _require(extent == wanted_extent, "the extent is that of the scope", extent)


def _replacing(store: SqlStore) -> None:
    rule = "a known id is replaced and keeps its place"
    _write(store, "u", _turn(1, "a kitten"), _turn(2, "a kitten"), _turn(3, "a kitten"))
    _write(store, "u", _turn(1, "a bird"), replace(_turn(2, "a kitten"), speaker="Ben"))
    _require(store.count("u") == 3, rule, store.count("u"))
    _require(_search(store, "u", "bird") == ["t1"], rule, _search(store, "u", "bird"))
    found = (_search(store, "u", "kitten"), _search(store, "u", "kitten", filters=SqlFilters(speakers=("Ben",))))
    _require(found == (["t2", "t3"], ["t2"]), rule, found)
    _write(store, "u", _turn(4, "a fish"), _turn(4, "a horse"), _turn(1, "a kitten"))
    found = (_search(store, "u", "fish"), _search(store, "u", "horse"))
    _require(found == ([], ["t4"]), "of an id given twice in one call the last counts", found)
    found = (_search(store, "u", "ann kitten", 2), _search(store, "u", "bird"))
    _require(found == (["t1", "t3"], []), rule, found)


def _forgetting(store: SqlStore) -> None:
    rule = "what is forgotten is gone, and nothing else"
    for scope in ("u", "v"):
        _write(store, scope, *(_turn(number, "a kitten", session=f"s{number // 2}") for number in range(6)))
    store.forget("u", ["t0", "t1", "never written", "t4", "t0", "\0", "\ud800"])
    found = _search(store, "u", "kitten")
    _require(found == ["t2", "t3", "t5"] and store.count("u") == 3, rule, found)
    _require(len(_search(store, "v", "kitten")) == 6 and store.count("v") == 6, rule, "another scope")
    rows = store.select("u", "SELECT number, turns FROM sessions ORDER BY number").rows
    _require(rows == ((2, 2), (3, 1)), "sessions keep their numbers", rows)
    _write(store, "u", _turn(0, "a kitten"))
    found = _search(store, "u", "kitten")
    _require(found == ["t2", "t3", "t5", "t0"], "what was forgotten can be written again", found)
    store.forget("u", [f"t{number}" for number in range(6)])
    left = (store.count("u"), _search(store, "u", "kitten"), store.extent("u"))
    _require(left == (0, [], SqlExtent((), 0, None)), "a scope can be emptied", left)


def _scopes(store: SqlStore) -> None:
    rule = "a scope sees its own turns only, and all of them"
    scopes = [f"user {number}" for number in range(44)] + ["User 1", "user  1", "ü", "u\u0308", "a' OR '1'='1", ""]
    for number, scope in enumerate(scopes):
        _write(store, scope, *(_turn(each, f"kitten word{number}") for each in range(5)))
    for number, scope in enumerate(scopes):
        found = _search(store, scope, f"kitten word{number}")
        _require(found == [f"t{each}" for each in range(5)] and store.count(scope) == 5, rule, (scope, found))
        _require(_search(store, scope, f"word{(number + 1) % len(scopes)}") == [], rule, scope)
        rows = store.select(scope, "SELECT DISTINCT text FROM turns").rows
        _require(rows == ((f"kitten word{number}",),), rule, (scope, rows))
    for scope in ("nobody", "user", "%", "USER 1"):
        _require(_search(store, scope, "kitten") == [] and store.count(scope) == 0, rule, scope)


def _texts(store: SqlStore) -> None:
    rule = "any text comes back as it was written"
    texts = [
        "",
        " ",
        "Zoë's crème",
        "東京 🐈‍⬛",
        "e\u0301",
        "a\nb\t\u2028c",
        "quote ' \" \\ % _ -- ; */",
        "word " * 2_000,
    ]
    for number, text in enumerate(texts):
        turn = Turn(f"{number}{text[:50]}", text[:50], text[:50], "user", text, _START, text[:50])
        store.write("u", [turn], [f"number{number} {text}"])
        hits = list(store.search("u", [f"number{number}"], 5, _NONE, None))
        seen = [(hit.text, hit.sources) for hit in hits]
        _require(seen == [(f"number{number} {text}", (turn.id,))], rule, seen)
        got = store.select("u", "SELECT id, session, speaker, text, caption FROM turns WHERE id = ?", [turn.id]).rows
        _require(got == ((turn.id, turn.session, turn.speaker, turn.text, turn.caption),), rule, got)
    _require(_ids(store.search("u", ["zoë"], 5, _NONE, None)) == ["2Zoë's crème"], "words fold case", "zoë")


def _refusals(store: SqlStore) -> None:
    rule = "NUL and unpaired surrogates are refused, and nothing of the call is written"
    _write(store, "u", _turn(1, "a kitten"))
    for bad in ("NUL \0 inside", "surrogate \ud800 alone"):
        good = _turn(2, "a bird")
        wrong = [replace(good, id=bad), replace(good, session=bad), replace(good, speaker=bad)]
        wrong += [replace(good, text=bad), replace(good, caption=bad)]
        for turn in wrong:
            _refuses(lambda turns=(good, turn): _write(store, "u", *turns), rule)  # type: ignore[misc]
            _require(store.count("u") == 1 and not _search(store, "u", "bird"), rule, turn)
    _require(_search(store, "u", "kitten") == ["t1"], "a store goes on after refusing", store.count("u"))


def _refuses(act: Callable[[], object], rule: str) -> None:
    try:
        act()
    except ContractError:
        return
    except Exception as error:
        raise ContractError(f"the SQL store breaks the rule {rule!r}: it raised {error!r:.200}") from error
    _require(False, rule, "it was taken")


def _selecting(store: SqlStore) -> None:
    _write(store, "u", *(_turn(number, f"kitten {number}", "Ann" if number % 2 else "Ben") for number in range(6)))
    _write(store, "v", *(_turn(number, f"secret {number}", "Eve") for number in range(6)))
    rule = "a SELECT is answered over the scope's turns, sessions and speakers"
    answers: list[tuple[str, tuple[str | int, ...], object]] = [
        ("SELECT count(*) FROM turns", (), ((6,),)),
        ("select name, turns from speakers order by name -- all", (), (("Ann", 3), ("Ben", 3))),
        ("/* why */ SELECT day FROM turns WHERE id = ?;", ("t2",), (("2024-03-03",),)),
        (
            "WITH a AS (SELECT * FROM turns WHERE speaker = ?) SELECT max(time) FROM a",
            ("Ann",),
            (("2024-03-06 09:00:00",),),
        ),
        (
            "SELECT t.text FROM turns t JOIN sessions s ON s.id = t.session WHERE t.text LIKE '%4' AND s.number = ?",
            (1,),
            (("kitten 4",),),
        ),
        ("SELECT 1 FROM turns WHERE text LIKE '%secret%' UNION SELECT 2", (), ((2,),)),
    ]
    for sql, parameters, wanted in answers:
        got = store.select("u", sql, parameters)
        _require(got.rows == wanted and not got.truncated, rule, (sql, got))
    before = (store.count("u"), store.count("v"), _search(store, "u", "kitten"))
    for sql in _HOSTILE:
        _refuses(lambda sql=sql: store.select("u", sql), f"{sql!r} is refused")  # type: ignore[misc]
    after = (store.count("u"), store.count("v"), _search(store, "u", "kitten"))
    _require(before == after, "refused queries change nothing", (before, after))
    _refuses(lambda: store.select("u", "SELECT ?"), "a missing parameter is refused")
    _prying(store)
    rule = "a query that would run for ever is stopped"
    bomb = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
    _refuses(lambda: store.select("u", bomb), rule)
    product = "SELECT count(*) FROM " + ", ".join(f"turns t{number}" for number in range(24))
    _refuses(lambda: store.select("u", product), rule)
    many = "SELECT a.text FROM " + ", ".join(f"turns {name}" for name in "abcdefgh")
    got = store.select("u", many)
    _require(got.truncated and len(got.rows) > 0, "too many rows are cut, and that is said", len(got.rows))


def _prying(store: SqlStore) -> None:
    rule = "no SELECT says anything of another scope"
    for schema in _SCHEMAS:
        for sql in _PRYING:
            told = repr(_answer(store, sql.format(schema=schema)))
            _require(not any(word in told for word in ("secret", "Eve", "'v'")), rule, (sql, told))
        for sql, held, unheld in _GUESSING:
            answers = [_answer(store, sql.format(schema=schema, guess=guess)) for guess in (held, unheld)]
            _require(answers[0] == answers[1], rule, (sql, answers))


def _answer(store: SqlStore, sql: str) -> object:
    """The rows of a SELECT, or that it was refused."""
    try:
        return store.select("u", sql).rows
    except ContractError:
        return "refused"


def _reopening(factory: Callable[[], SqlStore], reopen: Callable[[], SqlStore]) -> None:
    rule = "what was written is there after reopening, and what was forgotten is not"
    with _closing(factory()) as store:
        for scope in ("u", "v"):
            _write(store, scope, *(_turn(number, f"kitten {scope}", session=f"s{number}") for number in range(4)))
        store.forget("u", ["t1"])
        before = (_search(store, "u", "kitten"), store.count("v"), store.extent("u"))
    for _ in range(2):
        with _closing(reopen()) as store:
            after = (_search(store, "u", "kitten"), store.count("v"), store.extent("u"))
            _require(before == after == (["t0", "t2", "t3"], 4, before[2]), rule, (before, after))
            _require(len(store.select("u", "SELECT * FROM turns").rows) == 3, rule, "select")
    with _closing(reopen()) as store:
        _write(store, "u", _turn(9, "kitten", session="s9"), _turn(0, "bird", session="s0"))
        found = (_search(store, "u", "kitten"), _search(store, "u", "bird"), store.extent("u").sessions)
        _require(found == (["t9", "t2", "t3"], ["t0"], 5), f"{rule}, and goes on", found)
