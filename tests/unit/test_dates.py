"""Dates that carry a part of themselves: a year, a larger number, a weekday before them, the two years of a winter."""

import re
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memeval.kit.document import Document
from memeval.kit.stores import SqlExtent
from memeval.kit.types import Query, Turn
from memeval.strategies.extraction.calendar import number
from memeval.strategies.extraction.dates import resolve
from memeval.strategies.extraction.rules import RuleExtractor
from memeval.strategies.long_term.sql.asked import asked
from memeval.strategies.writing.facts import Facts

# A Wednesday.
NOW = datetime(2024, 7, 10, 9)


@pytest.mark.parametrize(
    "said",
    [
        "we married in May 2023", "he has sung since June 2019", "it rained during August of 2016",
        "she left on Friday 13 October 2023", "they met on Monday in June 2019", "we flew in June/July 2019",
        "we flew in June or July 2019", "we flew in May, June and July 2019", "in May '23", "June 3-5, 2019",
        "on 2024-06-03", "on Monday 2024-06-03", "on Monday (6/3)", "on 6/3",
        "on Monday the 3rd", "in May, back in 2019", "In 2019 we flew in May", "in May of that year",
        "last summer, in 2019", "last winter of 2019", "this spring (2020)", "in the third quarter", "last decade",
    ],
)  # fmt: skip
def test_a_phrase_keeps_its_own_year(said: str) -> None:
    assert resolve(said, NOW) == said


@pytest.mark.parametrize(
    ("said", "date"),
    [
        ("twenty-five years ago", "1999"),
        ("thirty two years ago", "1992"),
        ("99 years ago", "1925"),
        ("a dozen years ago", "2012"),
        ("a hundred and five days ago", "27 March 2024"),
        ("one hundred and twenty days ago", "12 March 2024"),
        ("a couple weeks ago", "the week of 26 June 2024"),
        ("on Monday, June 3rd", "3 June 2024"),
        ("on Monday (June 3rd)", None),
        ("the 3rd of June", "3 June 2024"),
        ("the 3rd of June 2022", "3 June 2022"),
        ("June the 3rd", "3 June 2024"),
        ("May 5, '99", "5 May 1999"),
        ("Sept. 3", "3 September 2023"),
        ("from 3 to 5 June", "June 2024"),
        ("June 3-5", "June 2024"),
        ("from May 3 to June 5, 2019", "5 June 2019"),
        ("next March 3rd", "3 March 2025"),
        ("last July", "July 2023"),
        ("this December", "December 2024"),
        ("at the end of May", "May 2024"),
        ("the last week of June", "June 2024"),
    ],
)
def test_a_phrase_is_read_whole(said: str, date: str | None) -> None:
    if date is None:
        assert resolve(said, NOW) == "on Monday (June 3rd [3 June 2024])"
    else:
        assert resolve(said, NOW) == f"{said} [{date}]"


@pytest.mark.parametrize(
    ("said", "resolved"),
    [
        ("in May last year", "in May [May 2023] last year [2023]"),
        ("in May of last year", "in May [May 2023] of last year [2023]"),
        ("in March two years ago", "in March [March 2022] two years ago [2022]"),
        ("two years ago in May", "two years ago [2022] in May [May 2022]"),
        ("on 5 May 15 years ago", "on 5 May [5 May 2009] 15 years ago [2009]"),
        ("on Tuesday last week", "on Tuesday [2 July 2024] last week [the week before 10 July 2024]"),
        ("on Friday two weeks ago", "on Friday [28 June 2024] two weeks ago [the week of 26 June 2024]"),
        ("a year ago yesterday", "a year ago [2023] yesterday"),
    ],
)
def test_phrases_beside_each_other_are_one_date(said: str, resolved: str) -> None:
    assert resolve(said, NOW) == resolved


@pytest.mark.parametrize(
    "said",
    [
        "half a year ago", "2.5 years ago", "two and a half years ago", "a year and a half ago", "one or two years ago",
        "2-3 weeks ago", "a year and two months ago", "more than two years ago", "two three years ago",
        "many years ago", "a year earlier", "a week before last Friday", "the week before last", "over the last year",
        "in the past month", "for the next week", "the friend of May", "May I come?", "march on, I may follow",
        "in June's heat", "on June 31", "they paid 5 May notes at 5:30",
    ],
)  # fmt: skip
def test_what_is_no_day_by_itself_stays(said: str) -> None:
    assert "[" not in resolve(said, NOW).replace("5 May [", "")


def test_a_person_called_like_a_month_is_no_month() -> None:
    assert resolve("I have known her since April", NOW, names={"April"}) == "I have known her since April"
    assert resolve("since 3 April", NOW, names={"April"}) == "since 3 April [3 April 2024]"
    texts = [fact.line for fact in RuleExtractor().extract([Turn("t", "s", "June", "user", "I sang in June.", NOW)])]
    assert texts == ["June: sang in June"]


@pytest.mark.parametrize(
    ("month", "last", "this", "coming"),
    [
        (1, "winter 2022/2023", "winter 2023/2024", "winter 2024/2025"),
        (2, "winter 2022/2023", "winter 2023/2024", "winter 2024/2025"),
        (4, "winter 2023/2024", "winter 2023/2024", "winter 2024/2025"),
        (7, "winter 2023/2024", "winter 2024/2025", "winter 2024/2025"),
        (11, "winter 2023/2024", "winter 2024/2025", "winter 2024/2025"),
        (12, "winter 2023/2024", "winter 2024/2025", "winter 2025/2026"),
    ],
)
def test_a_winter_has_two_years(month: int, last: str, this: str, coming: str) -> None:
    said = datetime(2024, month, 10)
    text = resolve("last winter, this winter, next winter", said)
    assert text == f"last winter [{last}], this winter [{this}], next winter [{coming}]"
    # A question means the same winters.
    for which, name in (("last", last), ("this", this)):
        start, end = asked(Query(f"What was {which} winter?", said), SqlExtent((), 0, None)).periods[0]
        assert start is not None and end is not None
        assert (start.month, end.month) == (12, 3)
        assert name == f"winter {start.year}/{end.year}"


@pytest.mark.parametrize(
    ("month", "last", "this", "coming"),
    [(1, 2023, 2024, 2024), (6, 2023, 2024, 2025), (8, 2023, 2024, 2025), (9, 2024, 2024, 2025)],
)
def test_other_seasons_have_one(month: int, last: int, this: int, coming: int) -> None:
    text = resolve("last summer, this summer, next summer", datetime(2024, month, 1))
    assert text == f"last summer [summer {last}], this summer [summer {this}], next summer [summer {coming}]"


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        ("in June or July 2019", [("2019-06-01", "2019-07-01"), ("2019-07-01", "2019-08-01")]),
        ("in May last year", [("2023-05-01", "2023-06-01")]),
        ("last year in May", [("2023-05-01", "2023-06-01")]),
        ("on Monday, June 3rd", [("2024-06-03", "2024-06-04")]),
        ("on Friday 13 October 2023", [("2023-10-13", "2023-10-14")]),
        ("from May 3 to June 5, 2019", [("2019-05-03", "2019-06-06")]),
        ("half a year ago", []),
        ("2.5 years ago", []),
        ("two or three weeks ago", []),
        ("in May that year", []),
    ],
)
def test_questions_are_read_whole_too(text: str, periods: list[tuple[str, str]]) -> None:
    found = asked(Query(text, NOW), SqlExtent((), 0, None)).periods
    assert [(f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}") for start, end in found] == periods


def test_a_question_counts_in_words() -> None:
    for words, year in (("twenty-five", 1999), ("thirty two", 1992)):
        ((start, end),) = asked(Query(f"{words} years ago", NOW), SqlExtent((), 0, None)).periods
        assert start is not None and end is not None
        assert start < datetime(year, 7, 10) < end
        assert end - start < timedelta(days=370)


PLACEHOLDERS = [datetime(1, 1, 1), datetime(1, 12, 31), datetime(9999, 1, 1), datetime(9999, 12, 31, 23, 59)]
PHRASES = (
    "yesterday", "tomorrow", "last month", "next month", "three years ago", "two weeks ago", "last winter",
    "next winter", "on Monday", "next Friday", "in May", "on 3 June", "last week", "this weekend", "next year",
    "999 years ago", "in May last year", "on Friday two weeks ago", "last December", "from 30 to 31 December",
)  # fmt: skip


@pytest.mark.parametrize("time", PLACEHOLDERS)
@pytest.mark.parametrize("phrase", PHRASES)
def test_a_placeholder_is_no_time_to_reckon_from(time: datetime, phrase: str) -> None:
    text = f"I went home {phrase}"
    assert resolve(text, time) == resolve(text, time, future=True) == text
    for start, end in asked(Query(f"Who came {phrase}?", time), SqlExtent((), 0, None)).periods:
        assert start is None or end is None or start < end
    writer = Facts(RuleExtractor(), Document())
    assert len(writer.write([Turn("t1", "s", "Ann", "user", text, time)])) == 1


@given(st.sampled_from(PHRASES), st.datetimes(), st.booleans())
def test_no_time_is_out_of_reach(phrase: str, time: datetime, future: bool) -> None:
    resolved = resolve(phrase, time, future)
    assert re.sub(r" \[[^\]]*\]", "", resolved) == phrase
    asked(Query(phrase, time), SqlExtent((), 0, None))


PARTS = st.sampled_from(
    "yesterday in May 2023 on Monday , June 3rd '23 last year two hundred ago weeks the of 5 or to - 3 cat".split(" ")
)


@given(st.lists(PARTS, max_size=12))
def test_a_text_only_gains_brackets(parts: list[str]) -> None:
    text = " ".join(parts)
    assert re.sub(r" \[[^\]]*\]", "", resolve(text, NOW)) == text


@given(
    st.lists(st.sampled_from("I may march on to the sat sun second cats, 2023 7 back then past".split()), max_size=9)
)
def test_a_text_without_a_relative_phrase_stays(parts: list[str]) -> None:
    assert resolve(" ".join(parts), NOW) == " ".join(parts)


ONES = "one two three four five six seven eight nine".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


@given(st.integers(0, 9), st.integers(0, 7), st.integers(0, 9), st.sampled_from([" ", "-"]))
def test_numbers_in_words(hundreds: int, tens: int, ones: int, joint: str) -> None:
    words = TENS[tens] + (f"{joint}{ONES[ones - 1]}" if ones else "")
    value = 20 + 10 * tens + ones
    if hundreds:
        words, value = f"{ONES[hundreds - 1]} hundred and {words}", 100 * hundreds + value
    assert number(words) == value
    assert resolve(f"it rained {words} days ago", NOW) != f"it rained {words} days ago"
