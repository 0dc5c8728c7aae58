"""Dates that a text names, made absolute from the time at which it was said."""

import re
from collections.abc import Container, Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from memeval.strategies.extraction.calendar import (
    COUNT,
    DAYS,
    MONTH,
    MONTHS,
    OWN_DATE,
    OWN_YEAR,
    RELATIVE_YEAR,
    SHORT,
    WEEKDAYS,
    YEAR,
    full_year,
    is_cut,
    is_placeholder,
    month_after,
    month_number,
    number,
    reckoned,
    season,
    season_name,
    weekday_number,
)
from memeval.strategies.extraction.fact import day

_NO_DAY = r"(?!\d|:\d|[.,․]\d|%|\ ?[ap][.․]?m\b|\ (?:day|week|month|year|hour|minute)s?\b)"
_WHICH = r"last|next|this\ past|this\ coming|this|past"

# dateparser reads dates into too many words (`may`, `sat`, `on`, `second`), so it is given only what this finds.
# Months and weekdays count only with a capital.
_DATES = re.compile(
    rf"""\b(?:
      (?P<day>(?i:the\ day\ before\ yesterday|the\ day\ after\ tomorrow|yesterday|today|tonight|tomorrow|last\ night|
              this\ (?:morning|afternoon|evening)))
    | (?i:(?P<which>{_WHICH})\ )
      (?:(?P<unit>week(?:end)?|month|year|spring|summer|autumn|fall|winter)\b|(?P<which_day>{WEEKDAYS})
         |(?P<which_month>{MONTHS})\b(?!\ (?:the\ )?\d))
    | (?P<count>(?i:{COUNT}))\ (?P<ago_unit>(?i:day|week|weekend|month|year))s?\ (?i:ago|back)
    | (?:(?i:(?P<date_which>{_WHICH})\ ))?
      (?P<date>(?<![\d:./–-])(?:the\ )?(?P<days>{DAYS})(?:\ of)?,?\ (?P<date_month>{MONTH})
         (?:,?\ (?:of\ )?(?P<date_year>{YEAR}))?
         |(?P<month_first>{MONTH})\ (?:the\ )?(?P<days_after>{DAYS})\b{_NO_DAY}
         (?:,?\ (?:of\ )?(?P<year_last>{YEAR}))?)
    | (?P<month_year>(?P<month_of_year>{MONTHS}),?\ (?:of\ )?(?P<year_of_month>{YEAR}))
    | (?i:in|since|during|of)\ (?P<month>(?:{MONTHS}))\b(?!'s?\b)(?!\ (?:the\ )?{DAYS}\b{_NO_DAY})
    | (?i:on)\ (?P<weekday>{WEEKDAYS})
    )(?!\w)""",
    re.VERBOSE,
)
_HINT = re.compile(
    rf"(?i:\b(?:yesterday|today|tonight|tomorrow|last|next|past|this|ago|back)\b)|\b(?:{MONTHS}|{WEEKDAYS}|{SHORT})\b"
)
_RELATIVE_WEEK = re.compile(
    rf",?\s(?:of\s)?(?:(?P<which>last|next|this)\sweek\b|(?P<count>{COUNT})\ weeks?\sago\b)",
    re.IGNORECASE | re.VERBOSE,
)
_NAMED_YEAR = re.compile(
    rf"\b(?:(?i:in|of|since|during|from|until|till|by|before|after)|{MONTH},?)\s{YEAR}", re.VERBOSE
)
# What is reckoned from the date that follows: `two weeks before last Friday`.
_FROM_THERE = re.compile(
    r"\b(?:day|night|week|weekend|month|year)s?\s(?:before|after|from)\s(?:the\s)?$", re.IGNORECASE
)
_PERIOD_OF = re.compile(rf"\s(?:of\b|in\s(?:{MONTHS})\b|or\s(?:two|three)\b)")
_THE = re.compile(r"\b(?:the|these|those|every)\s$", re.IGNORECASE)
# Of May: of a month, and of a woman.
_PART_OF_MONTH = re.compile(
    r"\b(?:start|beginning|middle|end|rest|half|weeks?|weekend|days?|month|part|first|as|late|early|course|whole|all|"
    r"most|\d+(?:st|nd|rd|th))\s$",
    re.IGNORECASE,
)
_NAMES_OF_WOMEN = frozenset({"April", "May", "June"})
_DAYS_FROM_NOW = {
    "the day before yesterday": -2, "the day after tomorrow": 2, "yesterday": -1, "last night": -1, "tomorrow": 1,
}  # fmt: skip


def resolve(text: str, time: datetime | None, future: bool = False, names: Container[str] = frozenset()) -> str:
    """The text with each relative date followed by its absolute form in brackets: `yesterday [7 May 2023]`.

    A phrase that holds its own year keeps it. What belongs together is one date: `on Monday, June 3rd`, `in May of last
    year`. A phrase whose date cannot be known from its words and the time alone is left as it is, and so is every
    phrase where the time is None or a placeholder (`calendar.is_placeholder`).

    Args:
        text: a clause.
        time: when it was said.
        future: a weekday or a month without a year is the next, not the last one.
        names: names of persons: a month among them, alone, is no month.
    """
    if time is None or is_placeholder(time) or not _HINT.search(text):
        return text
    pieces, end = [], 0
    for stop, date in _resolved(text, time, future, names):
        pieces += [text[end:stop], f" [{date}]"]
        end = stop
    return "".join([*pieces, text[end:]])


def _resolved(text: str, time: datetime, future: bool, names: Container[str]) -> Iterator[tuple[int, str]]:
    """The end of each phrase that has an absolute form, and this form."""
    before: re.Match[str] | None = None
    for match in _DATES.finditer(text):
        adjacent = before if before is not None and text[before.end() : match.start()].strip(" ,") == "" else None
        before = match
        if not _stands_alone(text, match, adjacent, names):
            continue
        phrase = _Phrase(text, match, adjacent, time, future)
        date = reckoned(phrase.absolute)
        # A date that is complete already needs no second form.
        if date is not None and date not in match[0]:
            yield match.end(), date


def _stands_alone(text: str, match: re.Match[str], adjacent: re.Match[str] | None, names: Container[str]) -> bool:
    """Whether a phrase and the time are enough to know its date."""
    start, end = match.span()
    if _FROM_THERE.search(text, max(0, start - 24), start):
        return False
    if match["day"]:
        # A year ago yesterday.
        return adjacent is None or not adjacent["count"]
    if match["count"]:
        return not is_cut(text, start)
    if match["unit"]:
        spans = match["which"].lower() in ("last", "past", "next") and match["unit"].lower() != "weekend"
        if spans and _THE.search(text, max(0, start - 8), start):
            # Over the last year: from then to now.
            return False
        return not _PERIOD_OF.match(text, end) and not OWN_YEAR.match(text, end)
    if match["date_year"] or match["year_last"] or match["month_year"]:
        return True
    if OWN_YEAR.match(text, end):
        return False
    if match["which_day"] or match["weekday"]:
        return OWN_DATE.match(text, end) is None
    month = match["month"]
    if month and (month in names or (month in _NAMES_OF_WOMEN and match[0].lower().startswith("of "))):
        if month in names or not _PART_OF_MONTH.search(text, max(0, start - 12), start):
            return False
    # In 2019 I went there in May.
    return _NAMED_YEAR.search(text) is None


class _Phrase:
    """A phrase with what stands around it and the time from which it is reckoned."""

    def __init__(
        self, text: str, match: re.Match[str], adjacent: re.Match[str] | None, time: datetime, future: bool
    ) -> None:
        self._text = text
        self._match = match
        self._adjacent = adjacent
        self._time = time
        self._which = (match["which"] or match["date_which"] or "").lower()
        ahead = self._which in ("next", "this coming")
        self._future = ahead or (future and self._which not in ("last", "past", "this past"))

    def absolute(self) -> str | None:
        """The absolute form, or None.

        Raises:
            ValueError, OverflowError: there is no such day, or it lies beyond the years 1 to 9999.
        """
        match, time = self._match, self._time
        if match["day"]:
            return day(time + timedelta(days=_DAYS_FROM_NOW.get(match["day"].lower(), 0)))
        if match["unit"]:
            return self._unit(match["unit"].lower())
        if match["count"]:
            count = number(match["count"])
            return _ago(count, match["ago_unit"].lower(), time) if count is not None else None
        if match["date"]:
            return self._date()
        if match["which_day"] or match["weekday"]:
            return self._weekday()
        return self._month()

    def _unit(self, unit: str) -> str:
        time = self._time
        step = 1 if self._which in ("next", "this coming") else 0 if self._which == "this" else -1
        if unit in ("week", "weekend"):
            side = {1: "after", 0: "of", -1: "before"}[step]
            return f"the {unit} {side} {day(time)}"
        if unit == "month":
            return f"{month_after(time, step):%B %Y}"
        if unit == "year":
            return str(datetime(time.year + step, 1, 1).year)
        which = {1: "next", 0: "this", -1: "last"}[step]
        return season_name(unit, season(unit, which, time, self._future))

    def _date(self) -> str | None:
        """A day of a month; the month alone where there are several days."""
        match = self._match
        name = (match["date_month"] or match["month_first"]).rstrip(".․")
        days = re.findall(r"\d{1,2}", match["days"] or match["days_after"])
        written = match["date_year"] or match["year_last"]
        year = full_year(written) if written else self._year()
        if written and len(days) > 1:
            return None
        if year is not None:
            date: datetime | None = datetime(year, month_number(name), int(days[-1]))
        else:
            date = parse(f"{days[-1]} {name}", _noon(self._time), self._future)
        if date is None:
            return None
        return day(date) if len(days) == 1 else f"{date:%B %Y}"

    def _month(self) -> str | None:
        match, time = self._match, self._time
        name = match["which_month"] or match["month"] or match["month_of_year"]
        year = full_year(match["year_of_month"]) if match["year_of_month"] else self._year()
        if year is None and self._which == "this":
            year = time.year
        if year is not None:
            return f"{datetime(year, month_number(name), 1):%B %Y}"
        date = parse(name, _noon(time), self._future)
        if date is None:
            return None
        if self._which == "last" and (date.year, date.month) == (time.year, time.month):
            date = datetime(date.year - 1, date.month, 1)
        return f"{date:%B %Y}"

    def _weekday(self) -> str | None:
        match, time = self._match, self._time
        name = match["which_day"] or match["weekday"]
        weeks = self._steps(_RELATIVE_WEEK, "week")
        if weeks is not None:
            monday = time - timedelta(days=time.weekday()) + timedelta(weeks=weeks)
            return day(monday + timedelta(days=weekday_number(name)))
        phrase = f"{self._which} {name}" if self._which in ("last", "next") else name
        date = parse(phrase, _noon(time), self._future)
        return day(date) if date is not None else None

    def _year(self) -> int | None:
        """The year that stands beside a month as `last year` or `two years ago`."""
        years = self._steps(RELATIVE_YEAR, "year")
        return None if years is None else self._time.year + years

    def _steps(self, after: re.Pattern[str], unit: str) -> int | None:
        """How many weeks or years from now what stands right before or after the phrase is."""
        beside = after.match(self._text, self._match.end())
        which, words = (beside["which"], beside["count"]) if beside is not None else (None, None)
        if beside is None and self._adjacent is not None:
            if (self._adjacent["unit"] or "").lower() == unit:
                which = self._adjacent["which"]
            elif (self._adjacent["ago_unit"] or "").lower() == unit:
                words = self._adjacent["count"]
        if which:
            return {"next": 1, "this coming": 1, "this": 0}.get(which.lower(), -1)
        count = number(words) if words else None
        return None if count is None else -count


def _ago(count: int, unit: str, time: datetime) -> str:
    if unit == "day":
        return day(time - timedelta(days=count))
    if unit in ("week", "weekend"):
        return f"the {unit} of {day(time - timedelta(weeks=count))}"
    if unit == "month":
        return f"{month_after(time, -count):%B %Y}"
    return str(datetime(time.year - count, 1, 1).year)


def _noon(time: datetime) -> datetime:
    return time.replace(hour=12, minute=0, second=0, microsecond=0)


@lru_cache(maxsize=16384)
def parse(phrase: str, time: datetime, future: bool) -> datetime | None:
    """What dateparser makes of a phrase said at `time`; it reads English only, and no clock.

    Raises:
        ValueError, OverflowError: a date beyond the years 1 to 9999.
    """
    import dateparser

    found: datetime | None = dateparser.parse(
        phrase,
        languages=["en"],
        settings={
            "RELATIVE_BASE": time,
            "PREFER_DATES_FROM": "future" if future else "past",
            "TIMEZONE": "UTC",
            "RETURN_AS_TIMEZONE_AWARE": False,
            "PARSERS": ["relative-time", "absolute-time"],
            "PREFER_DAY_OF_MONTH": "first",
        },
    )
    return found
