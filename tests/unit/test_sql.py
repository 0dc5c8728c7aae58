"""What questions say of who, when and which session, and what becomes of it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memeval.harness.compose import Composer, composer
from memeval.kit.document import Document
from memeval.kit.errors import ConfigError, ContractError
from memeval.kit.stores import SqlExtent, SqlFilters
from memeval.kit.types import Query, Turn
from memeval.strategies.long_term.sql import Sql
from memeval.strategies.long_term.sql.asked import asked
from memeval.strategies.stores.sql.sqlite import SqliteSQL

# A Wednesday.
NOW = datetime(2023, 8, 16, 14, 30)
EXTENT = SqlExtent(("Caroline", "Mel B", "May", "Jon"), 12, datetime(2023, 9, 1))


def periods(text: str, now: datetime | None = NOW) -> list[tuple[str, str]]:
    """Days, as MM-DD or YYYY-MM-DD where the year is not that of now."""

    def day(time: datetime | None) -> str:
        return "" if time is None else f"{time:%m-%d}" if time.year == NOW.year else f"{time:%Y-%m-%d}"

    return [(day(start), day(end)) for start, end in asked(Query(text, now), EXTENT).periods]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What happened on 9 April, 2023?", [("04-09", "04-10")]),
        ("the picture of December 1,2022", [("2022-12-01", "2022-12-02")]),
        ("on the 3rd of May 2021", [("2021-05-03", "2021-05-04")]),
        ("on September 20, what did he do?", [("2022-09-20", "2022-09-21")]),
        ("on 2023-02-28 or 2022/2/1", [("02-28", "03-01"), ("2022-02-01", "2022-02-02")]),
        ("on 2023-02-30", []),
        ("on 31 February 2023", []),
        ("in April 2022", [("2022-04-01", "2022-05-01")]),
        ("in December of 2022, in July", [("2022-12-01", "2023-01-01".removeprefix("2023-")), ("07-01", "08-01")]),
        ("in October", [("2022-10-01", "2022-11-01")]),
        ("in 2022", [("2022-01-01", "01-01")]),
        ("during summer 2022", [("2022-06-01", "2022-09-01")]),
        ("winter of 2021", [("2021-12-01", "2022-03-01")]),
        ("last winter, last summer", [("2022-12-01", "03-01"), ("2022-06-01", "2022-09-01")]),
        ("this summer", [("06-01", "09-01")]),
        ("what do you do in summer", []),
        ("yesterday", [("08-15", "08-16")]),
        ("How about today?", [("08-16", "08-17")]),
        ("three days ago", [("08-12", "08-15")]),
        ("two weeks ago", [("07-29", "08-07")]),
        ("a month ago", [("07-02", "08-02")]),
        ("in the past 3 weeks", [("07-26", "08-17")]),
        ("last week", [("08-07", "08-14")]),
        ("this week", [("08-14", "08-17")]),
        ("last weekend", [("08-12", "08-14")]),
        ("last month", [("07-01", "08-01")]),
        ("last year", [("2022-01-01", "01-01")]),
        ("last Friday", [("08-11", "08-12")]),
        ("on Wednesday", [("08-09", "08-10")]),
        ("since May 2023", [("05-01", "")]),
        ("since June", [("06-01", "")]),
        ("before 3 March 2023", [("", "03-03")]),
        ("from April to June 2023", [("04-01", "07-01")]),
        ("between 1 May 2023 and 8 May 2023", [("05-01", "05-09")]),
        ("from July to yesterday, and in 2021", [("07-01", "08-16"), ("2021-01-01", "2022-01-01")]),
        ("May I ask May about the march in 20233 shops at 5:30?", []),
        ("a second-hand 1990s coat for 2,000 kroner", []),
        ("99999 days ago", []),
        ("999 years ago", [("1024-02-07", "1025-02-08")]),
    ],
)
def test_dates_become_periods(text: str, found: list[tuple[str, str]]) -> None:
    assert periods(text) == found


def test_the_dialogues_clock_is_the_only_one() -> None:
    assert periods("yesterday", None) == [("08-31", "09-01")]
    assert asked(Query("yesterday"), SqlExtent((), 0, None)) == SqlFilters()
    old = asked(Query("in October", datetime(1999, 12, 1)), EXTENT).periods
    assert old == ((datetime(1999, 10, 1), datetime(1999, 11, 1)),)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("What did Caroline's sister say?", ("Caroline",)),
        ("Do Mel and Caroline paint?", ("Caroline", "Mel B")),
        ("Is Mel B here?", ("Mel B",)),
        ("what does caroline paint", ("Caroline",)),
        ("Does caroline paint?", ()),
        ("May I ask? In may? Jonathan's", ("May",)),
        ("Caroline, Mel, May and Jon", ()),
        ("Carolines", ()),
    ],
)
def test_speakers_are_those_of_the_dialogue(text: str, names: tuple[str, ...]) -> None:
    assert asked(Query(text, NOW), EXTENT).speakers == names


def test_an_assistant_is_you_and_the_user_is_i() -> None:
    extent = SqlExtent(("user", "assistant"), 3, NOW)
    assert asked(Query("What was the dish you recommended?"), extent).speakers == ("assistant",)
    assert asked(Query("Which show had I mentioned?"), extent).speakers == ("user",)
    assert asked(Query("I mentioned a show, and you suggested?"), extent).speakers == ()
    assert asked(Query("Is the user an assistant? What do I like?"), extent).speakers == ()


@pytest.mark.parametrize(
    ("text", "sessions"),
    [
        ("in the first session", (1,)),
        ("In our last conversation and the 2nd chat", (12, 2)),
        ("session 7 or session number 8", (7, 8)),
        ("the most recent chat, session #12", (12,)),
        ("session 13, the tenth session, session 0", (10,)),
        ("our previous conversation about sessions 9", ()),
    ],
)
def test_sessions_are_counted_from_the_first(text: str, sessions: tuple[int, ...]) -> None:
    assert asked(Query(text, NOW), EXTENT).sessions == sessions


@given(st.text(max_size=60), st.datetimes())
@settings(max_examples=300, deadline=None)
def test_any_question_is_read(text: str, now: datetime) -> None:
    filters = asked(Query(f"{text} 3 weeks ago, last year, {text} in May", now), EXTENT)
    for start, end in filters.periods:
        assert start is None or end is None or start < end


def memory(**options: Any) -> Sql:
    found = Sql(SqliteSQL(), Document(), **options)
    found.prepare()
    started = datetime(2023, 5, 1, 10)
    turns = [
        Turn(f"t{number}", f"s{number // 4}", "Ann" if number % 2 else "Ben", "user", text, started + timedelta(number))
        for number, text in enumerate(["I saw a heron", "The heron flew off"] * 6)
    ]
    found.write(turns)
    return found


def ids(found: Sql, text: str, time: datetime | None = None) -> list[int]:
    return [int(hit.sources[0][1:]) for hit in found.search(Query(text, time), 50)]


def test_filters_boost_by_default() -> None:
    found = memory()
    assert set(ids(found, "What about Ann's heron?")[:6]) == {1, 3, 5, 7, 9, 11}
    assert len(ids(found, "What about Ann's heron?")) == 12
    assert ids(found, "flew off in session 2")[:2] == [5, 7], "terms and filter together"
    assert set(ids(found, "a heron in session 2")[:4]) == {4, 5, 6, 7}
    stats = found.stats()
    assert (stats["items"], stats["queries"], stats["filtered"], stats["relaxed"]) == (12, 4, 4, 0)
    found.close()


def test_required_filters_give_way_only_when_nothing_is_left() -> None:
    found = memory(filters="require")
    assert ids(found, "Ann's heron in session 2") == [5, 7]
    assert ids(found, "Ann's heron on 1 May 2023") == [0], "Ben said it: speakers give way first"
    assert sorted(ids(found, "Ann's heron in 1999")) == list(range(12))
    assert found.stats()["relaxed"] == 2
    assert ids(found, "a badger in 1999") == []
    assert sorted(ids(memory(filters="off"), "Ann's heron in session 2")) == list(range(12))


def test_a_question_of_filters_alone_lists_what_fits() -> None:
    for filters in ("boost", "require"):
        assert ids(memory(filters=filters), "What was said at the third session?") == [8, 9, 10, 11]
        assert ids(memory(filters=filters), "whom or whose") == []


def test_relative_dates_count_from_the_question() -> None:
    found = memory(filters="require")
    assert ids(found, "heron yesterday", datetime(2023, 5, 4)) == [2]
    assert ids(found, "heron yesterday") == [10], "without a time, from the latest turn"


def test_what_no_database_takes_is_counted() -> None:
    found = memory()
    found.write([Turn("bad", "s", "Ann", "user", "heron \ud800"), Turn("x\0", "s", "Ann", "user", "heron")])
    stats = found.stats()
    assert (stats["items"], stats["refused"]) == (12, 2)


def test_forgotten_turns_are_gone_from_every_way_of_asking(tmp_path: Path) -> None:
    path = str(tmp_path / "turns.sqlite")
    found = Sql(SqliteSQL(path), Document())
    found.write([Turn("a", "s", "Ann", "user", "a heron"), Turn("b", "s", "Ann", "user", "a heron and a badger")])
    found.forget(["b", "never written"])
    for again in (found, Sql(SqliteSQL(path), Document())):
        assert [hit.sources for hit in again.search(Query("heron badger Ann"), 5)] == [("a",)]
        assert again.run_select("SELECT text FROM turns").rows == (("a heron",),)
        with pytest.raises(ContractError, match="refused"):
            again.run_select("SELECT * FROM main.scopes")
        again.close()
    late = Sql(SqliteSQL(path), Document())
    with pytest.raises(ConfigError, match="already holds 1 turns"):
        late.write([Turn("c", "s", "Ann", "user", "a heron")])
    late.close()


def test_a_negative_boost_is_refused() -> None:
    for boost in (-0.5, float("inf"), float("nan")):
        with pytest.raises(ConfigError, match="boost=.*0 or more, e.g. boost=0.5"):
            Sql(SqliteSQL(), Document(), boost=boost)


@pytest.fixture(scope="module")
def hydra() -> Iterator[Composer]:
    with composer() as opened:
        yield opened


def test_it_is_composed(hydra: Composer) -> None:
    node = hydra.cell(["retriever=sql", "sql_store.path=x.sqlite", "retriever.filters=require"]).config["retriever"]
    assert node["store"]["path"] == "x.sqlite"
    assert node["scope"] == "<scope>"
