"""What dates are written with, and the arithmetic on them: numbers in words, years, seasons, days out of reach."""

import re
from collections.abc import Callable
from datetime import MAXYEAR, MINYEAR, datetime
from typing import TypeVar

_T = TypeVar("_T")

MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
SHORT = "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec"
WEEKDAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_MONTH_NUMBERS = {name: number for number, name in enumerate(MONTHS.split("|"), 1)}
_MONTH_NUMBERS |= {name[:3]: number for name, number in _MONTH_NUMBERS.items()} | {"Sept": 9}
_WEEKDAY_NUMBERS = {name: number for number, name in enumerate(WEEKDAYS.split("|"))}
# Months in which seasons of the northern half of the earth begin. Each lasts three months.
SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
YEAR = r"(?:(?:1[5-9]|20)\d\d(?![\w-])|['’]\d\d(?!\w))"

_SMALL = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_NUMBER_WORDS = "|".join(sorted([*_SMALL, *_TENS, "hundred", "dozen"], key=len, reverse=True))
# A number in digits or words, as a whole: what stands before it must be no part of it.
COUNT = (
    rf"(?:\d{{1,3}}|(?:a\ )?couple(?:\ of)?|(?:an?\ )?(?:{_NUMBER_WORDS})(?:(?:\ and)?[\ -](?:{_NUMBER_WORDS}))*|an?)"
)
MONTH = rf"(?:{MONTHS}|{SHORT})\b[.․]?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
# 3-5 June, 3 and 5 June.
DAYS = rf"{_DAY}(?:(?:\ ?[-–/]\ ?|\ (?:to|and|or|until|through)\ (?:the\ )?){_DAY})*"
# A year that belongs to a month or a day before it, with further months and days between: `June or July 2019`.
OWN_YEAR = re.compile(
    rf"(?:(?:\s?[-–/,&]\s?|\s)(?:(?:to|and|or|until|till|through)\s)?(?:(?:the|in|on|from)\s)*"
    rf"(?:{MONTH}|{_DAY}\b|(?:{WEEKDAYS})\b))*[,(\s]*\s?\(?(?:(?:back\s)?(?:in|of)\s)?(?<!\w){YEAR}"
    r"|,?\s(?:(?:of|in)\s)?(?:that|the\s(?:same|previous|following|next))\syear\b|,?\sthe\syear\s(?:before|after)\b",
)
RELATIVE_YEAR = re.compile(
    rf",?\s(?:(?:of|in)\s)?(?:(?P<which>last|next|this)\syear\b|(?P<count>{COUNT})\ years?\sago\b)",
    re.IGNORECASE | re.VERBOSE,
)
# A weekday before a date: `on Monday, June 3rd`, `on Friday 13 October`, `on Monday (6/3)`.
OWN_DATE = re.compile(
    rf"(?:,|\sthe|\s\(|,\sthe)?\s?\(?(?:{DAYS}(?:\sof)?,?\s{MONTH}|\d{{1,2}}(?:st|nd|rd|th)\b|{MONTH}\s(?:the\s)?\d"
    r"|\d{4}-\d|\d{1,2}[./-]\d)"
)
# What before a count makes it another one than its words say: `2.5 years`, `half a year`, `one or two years`,
# `more than two years`, `a year and two months`.
_CUT = re.compile(
    r"(?:[\d.,/:–-]|\b(?:half|quarter|over|than|at least|at most|under|within|up to)\s+"
    rf"|(?:\d|\b(?:{_NUMBER_WORDS}|an?))\s+(?:or|to)\s+"
    r"|\b(?:hours?|days?|weeks?|months?|years?|decades?|half)(?:,?\s+and|,)\s+)$",
    re.IGNORECASE,
)
_PLACEHOLDERS = (MINYEAR, MAXYEAR)


def reckoned(compute: Callable[[], _T | None]) -> _T | None:
    """What a computation with dates gives, or None where a date has no such day or lies beyond the years 1 to 9999."""
    try:
        return compute()
    except (ValueError, OverflowError):
        return None


def is_placeholder(time: datetime) -> bool:
    """Whether a time stands for an unknown one: programs write the first and the last year for it."""
    return time.year in _PLACEHOLDERS


def number(words: str) -> int | None:
    """The number that words of `COUNT` mean; None for words that are no number together (`two three`)."""
    words = words.lower().replace("-", " ")
    if words.isdigit():
        return int(words)
    if "couple" in words:
        return 2
    # Each word must be smaller than the place before it: `twenty five`, and no `five twenty` or `two three`.
    total, place = 0, 1000
    for word in words.split():
        if word in ("a", "an", "and"):
            continue
        if word in ("hundred", "dozen"):
            if total > 9:
                return None
            total, place = (total or 1) * (100 if word == "hundred" else 12), 100
            continue
        value = _TENS.get(word) or _SMALL[word]
        if place == 1 or (place == 10 and value > 9):
            return None
        total, place = total + value, 10 if word in _TENS else 1
    return total or 1


def is_cut(text: str, start: int) -> bool:
    """Whether the count at `start` is a part of a longer one, or only a bound: `2.5 years`, `more than two years`."""
    return _CUT.search(text, max(0, start - 24), start) is not None


def month_number(name: str) -> int:
    """1 to 12, of a name in full or short."""
    return _MONTH_NUMBERS[name]


def weekday_number(name: str) -> int:
    """0 for Monday to 6 for Sunday."""
    return _WEEKDAY_NUMBERS[name]


def month_after(time: datetime, count: int) -> datetime:
    """The first day of the month that lies `count` months after that of `time`.

    Raises:
        ValueError: beyond the years 1 to 9999.
    """
    months = time.year * 12 + time.month - 1 + count
    return datetime(months // 12, months % 12 + 1, 1)


def full_year(written: str) -> int:
    """`2023` and `'23` as 2023; two digits from 50 on belong to the last century."""
    digits = written.strip("'’")
    if len(digits) == 4:
        return int(digits)
    return int(digits) + (1900 if int(digits) >= 50 else 2000)


def season(name: str, which: str, time: datetime, future: bool = False) -> datetime:
    """The first day of a season that is spoken of at `time`.

    `last` is the latest that is over, `next` the first that has not begun. `this` is the one that goes on; where none
    does, that of the calendar year. The winter of December to February belongs to two years: from March to May `this
    winter` is the one that has just ended, unless the future is spoken of.

    Args:
        name: a key of `SEASONS`.
        which: `last`, `this` or `next`.
        time: when it is said.
        future: the words around speak of the future.

    Raises:
        ValueError: beyond the years 1 to 9999.
    """
    first = SEASONS[name]
    start = datetime(time.year, first, 1)
    if first == 12 and (time.month < 3 or (which == "this" and time.month < 6 and not future)):
        start = datetime(time.year - 1, 12, 1)
    begun = start <= time
    over = begun and month_after(start, 3) <= time
    if which == "last" and not over:
        return datetime(start.year - 1, first, 1)
    if which == "next" and begun:
        return datetime(start.year + 1, first, 1)
    return start


def season_name(name: str, start: datetime) -> str:
    """`summer 2023`; a winter has both of its years: `winter 2022/2023`."""
    return f"{name} {start.year}/{start.year + 1}" if start.month == 12 else f"{name} {start.year}"
