"""Dates that a text names, made absolute from the time at which it was said."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_SHORT = "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec"
_WEEKDAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "couple of": 2, "a couple of": 2, "couple": 2,
}  # fmt: skip
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}

# Only what this finds is given to dateparser, which reads dates into too many words ("may", "sat", "on", "second").
# Months and weekdays count only with a capital.
_DATES = re.compile(
    rf"""\b(?:
      (?P<day>(?i:the\ day\ before\ yesterday|the\ day\ after\ tomorrow|yesterday|today|tonight|tomorrow|last\ night|
              this\ (?:morning|afternoon|evening)))
    | (?i:(?P<which>last|next|this\ past|this\ coming|this|past)\ )
      (?:(?P<unit>week(?:end)?|month|year|spring|summer|autumn|fall|winter)\b|(?P<which_day>{_WEEKDAYS})
         |(?P<which_month>{_MONTHS})\b(?!\ \d))
    | (?P<count>(?i:\d{{1,3}}|(?:a\ )?couple(?:\ of)?|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|
              twelve|fifteen|twenty))\ (?P<ago_unit>day|week|weekend|month|year)s?\ (?:ago|back|earlier)
    | (?P<date>(?:the\ )?\d{{1,2}}(?:st|nd|rd|th)?(?:\ of)?\ (?:{_MONTHS}|{_SHORT})\b\.?(?:,?\ \d{{4}}\b)?
         |(?:{_MONTHS}|{_SHORT})\b\.?\ \d{{1,2}}(?:st|nd|rd|th)?\b(?!\d|:\d)(?:,?\ \d{{4}}\b)?)
    | (?P<month_year>(?:{_MONTHS}),?\ (?:of\ )?\d{{4}})
    | (?i:in|since|during|of)\ (?P<month>(?:{_MONTHS}))\b
    | (?i:on)\ (?P<weekday>{_WEEKDAYS})
    )\b""",
    re.VERBOSE,
)
_HINT = re.compile(
    rf"(?i:\b(?:yesterday|today|tonight|tomorrow|last|next|past|this|ago|back|earlier)\b)|\b(?:{_MONTHS}|"
    rf"{_WEEKDAYS}|{_SHORT})\b"
)


def resolve(text: str, time: datetime | None, future: bool = False) -> str:
    """The text with each date followed by its absolute form in brackets: `yesterday [7 May 2023]`.

    Args:
        text: a clause.
        time: when it was said; None leaves the text as it is.
        future: a weekday or a month without a year is the next, not the last one.
    """
    if time is None or not _HINT.search(text):
        return text
    pieces, end = [], 0
    for stop, date in _found(text, time, future):
        pieces += [text[end:stop], f" [{date}]"]
        end = stop
    return "".join([*pieces, text[end:]])


def _found(text: str, time: datetime, future: bool) -> Iterator[tuple[int, str]]:
    for match in _DATES.finditer(text):
        date = _absolute(match, time, future)
        # A date that is complete already needs no second form.
        if date is not None and date not in match[0]:
            yield match.end(), date


def _absolute(match: re.Match[str], time: datetime, future: bool) -> str | None:
    which = (match["which"] or "").lower()
    if match["unit"]:
        return _unit(which, match["unit"].lower(), time)
    if match["ago_unit"]:
        return _ago(_number(match["count"]), match["ago_unit"].lower(), time)
    future = which in ("next", "this coming") or (future and which not in ("last", "past", "this past"))
    phrase = match["which_day"] or match["which_month"] or match["month"] or match["weekday"] or match[0]
    if which in ("last", "next") and match["which_day"]:
        phrase = f"{which} {phrase}"
    date = parse(phrase, time.replace(hour=12, minute=0, second=0, microsecond=0), future)
    if date is None:
        return None
    if match["month_year"] or match["month"] or match["which_month"]:
        return f"{date:%B %Y}"
    return day(date)


def _unit(which: str, unit: str, time: datetime) -> str | None:
    step = 1 if which in ("next", "this coming") else 0 if which == "this" else -1
    if unit in ("week", "weekend"):
        side = {1: "after", 0: "of", -1: "before"}[step]
        return f"the {unit} {side} {day(time)}"
    if unit == "month":
        months = time.year * 12 + time.month - 1 + step
        return f"{datetime(months // 12, months % 12 + 1, 1):%B %Y}"
    if unit == "year":
        return str(time.year + step)
    first = _SEASONS[unit]
    year = time.year
    if step < 0 and (time.month < first + 3 or unit == "winter"):
        year -= 1
    elif step > 0 and time.month >= first:
        year += 1
    return f"{unit} {year}"


def _ago(count: int, unit: str, time: datetime) -> str | None:
    if unit == "day":
        return day(time - timedelta(days=count))
    if unit in ("week", "weekend"):
        return f"the {unit} of {day(time - timedelta(weeks=count))}"
    months = time.year * 12 + time.month - 1 - count * (1 if unit == "month" else 12)
    if months < 12:
        return None
    return f"{datetime(months // 12, months % 12 + 1, 1):%B %Y}" if unit == "month" else str(months // 12)


def _number(words: str) -> int:
    return int(words) if words.isdigit() else _NUMBERS[words.lower()]


def day(date: datetime) -> str:
    """A day as this project writes it in facts: `7 May 2023`."""
    return f"{date.day} {date:%B %Y}"


@lru_cache(maxsize=16384)
def parse(phrase: str, time: datetime, future: bool) -> datetime | None:
    """What dateparser makes of a phrase said at `time`; it reads English only, and no clock."""
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
