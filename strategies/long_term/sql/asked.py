"""What a question says about who, when and which session, read by rules."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from memeval.kit.stores import SqlExtent, SqlFilters
from memeval.kit.types import Query
from memeval.strategies.extraction.calendar import (
    COUNT,
    MONTHS,
    OWN_DATE,
    OWN_YEAR,
    RELATIVE_YEAR,
    SEASONS,
    WEEKDAYS,
    YEAR,
    full_year,
    is_cut,
    month_after,
    month_number,
    number,
    reckoned,
    season,
    weekday_number,
)
from memeval.strategies.extraction.dates import parse

_COUNT = rf"a\ few|{COUNT}"
_UNIT = {"day": 1, "week": 7, "month": 30.44, "year": 365.25}
# Months and weekdays count only with a capital, and a month alone only after a preposition: "may", "march".
_DATES = re.compile(
    rf"""(?<![\w-])(?:
      (?P<iso>(?:19|20)\d\d[-/]\d{{1,2}}[-/]\d{{1,2}})
    | (?P<date>\d{{1,2}}(?:st|nd|rd|th)?(?:\ of)?\ (?:{MONTHS})(?:,?\ ?(?:19|20)\d\d)?
          |(?:{MONTHS})\ \d{{1,2}}(?:st|nd|rd|th)?\b(?!\d|:\d)(?:,?\ ?(?:19|20)\d\d)?)
    | (?P<month>(?:{MONTHS}))(?:,?\ (?:of\ )?(?P<of_year>(?:19|20)\d\d))
    | (?:(?i:in|since|during|of|from|to|and|until|by|before|after|last|this))\ (?P<alone>{MONTHS})
          (?!,?\ (?:of\ )?(?:19|20)\d\d|\ \d{{1,2}}(?!\d)|'s?\b)
    | (?:(?i:(?P<past_season>last|this)\ ))?(?P<season>(?i:spring|summer|autumn|fall|winter))
          (?:(?:\ of|,)?\ (?P<season_year>(?:19|20)\d\d))?
    | (?P<near>(?i:yesterday|last\ night|today|tonight|this\ (?:morning|afternoon|evening)))
    | (?i:(?P<ago>{_COUNT})\ (?P<ago_unit>day|week|month|year)s?\ ago)
    | (?i:(?:past|last)\ (?P<span>{_COUNT})\ (?P<span_unit>day|week|month|year)s?)
    | (?i:(?P<which>last|past|this)\ (?P<unit>weekend|week|month|year))
    | (?:(?i:last|this|on)\ )(?P<weekday>{WEEKDAYS})
    | (?P<year>(?:19|20)\d\d)
    )(?![\w-])""",
    re.VERBOSE,
)
_OPEN = re.compile(r"(?:(?P<since>since|after)|(?P<until>before|until))\s+$", re.IGNORECASE)
# The words that a month alone is found with belong to the match.
_LEADING = re.compile(r"(?:(?P<since>since|after)|(?P<until>before|until))\s", re.IGNORECASE)
_JOINED = re.compile(r"(?:from|between)\s+$", re.IGNORECASE)
_JOIN = re.compile(r"\s*(?:to|and|until|through|-)?\s*$", re.IGNORECASE)
_YEAR_BEFORE = re.compile(
    rf"\b(?:(?P<which>last|next|this)\ year|(?P<count>{COUNT})\ years?\ ago),?\ $", re.IGNORECASE | re.VERBOSE
)
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10,
}  # fmt: skip
_TALK = r"(?:session|conversation|chat)"
_SESSION = re.compile(
    rf"\b(?:(?P<word>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)|(?P<number>\d+)(?:st|nd|rd|th)|"
    rf"(?P<last>last|latest|most\ recent))\ {_TALK}\b|\b(?:session|conversation)\ (?:number\ |\#)?(?P<after>\d+)\b",
    re.IGNORECASE | re.VERBOSE,
)
_ROLES = frozenset({"user", "assistant", "system"})
# In a chat with an assistant the question is the user's.
_ASSISTANT = re.compile(
    r"\byou(?:'d| had)? (?:\w+ )?(?:said|say|told|tell|mention\w*|suggest\w*|recommend\w*|gave|give|provid\w*|"
    r"advi[sc]\w*|list\w*|wrote|explain\w*)\b|\bdid you (?:say|tell|mention|suggest|recommend|give|advise)\b",
    re.IGNORECASE,
)
_USER = re.compile(r"\bI(?:'d| had)? (?:said|told|mention\w*|ask\w*)\b|\bdid I (?:say|tell|mention|ask)\b")


@dataclass(frozen=True, slots=True)
class _Span:
    """A period with the place of its words; `lead`: the words of the match that stand before the date itself."""

    start: int
    stop: int
    since: datetime
    until: datetime
    lead: str


def warm_up() -> None:
    """Load dateparser, which takes a while."""
    parse("1 May 2023", datetime(2023, 5, 2), False)


def asked(query: Query, extent: SqlExtent) -> SqlFilters:
    """The filters that a question names.

    Args:
        query: the question.
        extent: what there is to choose from; its latest time is now if the query has none.
    """
    now = query.time or extent.latest
    return SqlFilters(
        _speakers(query.text, extent.speakers),
        tuple(_periods(query.text, now)) if now is not None else (),
        tuple(dict.fromkeys(_sessions(query.text, extent.sessions))),
    )


def _speakers(text: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Speakers by full or first name; with a capital, unless the question has none. All of them are no filter."""
    if text == text.lower():
        flags = re.IGNORECASE
    else:
        flags = re.NOFLAG
    found = []
    for name in names:
        if name.lower() in _ROLES:
            said = {"assistant": _ASSISTANT, "user": _USER}.get(name.lower())
            if said is not None and said.search(text):
                found.append(name)
        elif any(re.search(rf"(?<!\w){re.escape(each)}(?!\w)", text, flags) for each in {name, *name.split()[:1]}):
            found.append(name)
    return tuple(found) if len(found) < len(names) else ()


def _sessions(text: str, last: int) -> Iterator[int]:
    for match in _SESSION.finditer(text):
        if match["last"]:
            number = last
        else:
            number = _ORDINALS[match["word"].lower()] if match["word"] else int(match["number"] or match["after"])
        if 1 <= number <= last:
            yield number


def _periods(text: str, now: datetime) -> Iterator[tuple[datetime | None, datetime | None]]:
    spans = list(_spans(text, now))
    skip = False
    for place, span in enumerate(spans):
        if skip:
            skip = False
            continue
        before = text[: span.start]
        if place + 1 < len(spans) and (_JOINED.search(before) or span.lead.lower() in ("from ",)):
            following = spans[place + 1]
            if _JOIN.match(text[span.stop : following.start]) and following.until > span.since:
                yield span.since, following.until
                skip = True
                continue
        opening = _OPEN.search(before) or _LEADING.match(span.lead)
        if opening is None:
            yield span.since, span.until
        elif opening["since"]:
            yield span.since, None
        else:
            yield None, span.since


def _spans(text: str, now: datetime) -> Iterator[_Span]:
    """The periods in order; of two side by side of which one holds the other (`last year in May`) the shorter one."""
    last: _Span | None = None
    for match in _DATES.finditer(text):
        span = _span(text, match, now)
        if span is None:
            continue
        if last is not None and text[last.stop : span.start].strip(" ,").lower() in ("", "of"):
            if span.since <= last.since and last.until <= span.until:
                continue
            if last.since <= span.since and span.until <= last.until:
                last = None
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last


def _span(text: str, match: re.Match[str], now: datetime) -> _Span | None:
    period = reckoned(lambda: _period(text, match, now))
    if period is None:
        return None
    lead = match[0][: match.start("alone") - match.start()] if match["alone"] else ""
    return _Span(match.start(), match.end(), *period, lead)


def _period(text: str, match: re.Match[str], now: datetime) -> tuple[datetime, datetime] | None:
    """The period of a phrase, until excluded; None for a phrase that names none.

    Raises:
        ValueError, OverflowError: there is no such day, or it lies beyond the years 1 to 9999.
    """
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if match["iso"]:
        return _day(datetime(*(int(part) for part in re.split("[-/]", match["iso"]))))  # type: ignore[arg-type]
    if match["date"]:
        return _date(text, match, now)
    if match["month"]:
        return _months(datetime(int(match["of_year"]), month_number(match["month"]), 1), 1)
    if match["alone"]:
        return _month(text, match, now)
    if match["season"]:
        return _season(match, today)
    if match["near"]:
        back = match["near"].lower() in ("yesterday", "last night")
        return _day(today - timedelta(days=back))
    if match["ago"]:
        count = None if is_cut(text, match.start()) else _number(match["ago"])
        if count is None:
            return None
        days = count * _UNIT[match["ago_unit"].lower()]
        # The larger the unit, the rougher the count: half a unit to each side, and a day at least.
        slack = max(1.0, _UNIT[match["ago_unit"].lower()] / 2)
        middle = today - timedelta(days=round(days))
        return middle - timedelta(days=round(slack)), middle + timedelta(days=round(slack) + 1)
    if match["span"]:
        count = _number(match["span"])
        if count is None:
            return None
        return today - timedelta(days=round(count * _UNIT[match["span_unit"].lower()])), _tomorrow(now)
    if match["unit"]:
        if OWN_YEAR.match(text, match.end()):
            return None
        return _unit(match["unit"].lower(), match["which"].lower() == "this", today)
    if match["weekday"]:
        if OWN_DATE.match(text, match.end()) or OWN_YEAR.match(text, match.end()):
            return None
        since = (today.weekday() - weekday_number(match["weekday"])) % 7 or 7
        return _day(today - timedelta(days=since))
    return _months(datetime(int(match["year"]), 1, 1), 12)


def _date(text: str, match: re.Match[str], now: datetime) -> tuple[datetime, datetime] | None:
    """A day of a month, in its own year or else the last one."""
    phrase = match["date"]
    written = re.search(r"(?:19|20)\d\d$", phrase)
    name = re.search(MONTHS, phrase)
    number = re.search(r"\d{1,2}", phrase)
    if name is None or number is None:
        return None
    year = int(written[0]) if written is not None else _year(text, match, now)
    if year is not None:
        return _day(datetime(year, month_number(name[0]), int(number[0])))
    if OWN_YEAR.match(text, match.end()):
        return None
    date = parse(f"{number[0]} {name[0]}", now, False)
    return _day(date) if date is not None else None


def _month(text: str, match: re.Match[str], now: datetime) -> tuple[datetime, datetime] | None:
    """A month without a year of its own: that beside it, or else the last one."""
    year = _year(text, match, now)
    if year is not None:
        return _months(datetime(year, month_number(match["alone"]), 1), 1)
    if OWN_YEAR.match(text, match.end()):
        return None
    date = parse(match["alone"], now, False)
    return _months(date, 1) if date is not None else None


def _year(text: str, match: re.Match[str], now: datetime) -> int | None:
    """The year that stands beside a month: `June or July 2019`, `in May last year`, `last year in May`."""
    own = OWN_YEAR.match(text, match.end())
    written = re.search(rf"{YEAR}$", own[0]) if own is not None else None
    if written is not None:
        return full_year(written[0])
    beside = RELATIVE_YEAR.match(text, match.end()) or _YEAR_BEFORE.search(text, 0, match.start())
    if beside is None:
        return None
    if beside["which"]:
        return now.year + {"next": 1, "this": 0}.get(beside["which"].lower(), -1)
    count = number(beside["count"])
    return now.year - count if count is not None else None


def _season(match: re.Match[str], today: datetime) -> tuple[datetime, datetime] | None:
    name = match["season"].lower()
    if match["season_year"]:
        return _months(datetime(int(match["season_year"]), SEASONS[name], 1), 3)
    if match["past_season"] is None:
        return None
    return _months(season(name, match["past_season"].lower(), today), 3)


def _unit(unit: str, this: bool, today: datetime) -> tuple[datetime, datetime]:
    monday = today - timedelta(days=today.weekday())
    if unit == "week":
        return (monday, _tomorrow(today)) if this else (monday - timedelta(days=7), monday)
    if unit == "weekend":
        saturday = monday + timedelta(days=5 if this else -2)
        return saturday, saturday + timedelta(days=2)
    if unit == "month":
        first = today.replace(day=1)
        return (first, _tomorrow(today)) if this else ((first - timedelta(days=1)).replace(day=1), first)
    first = today.replace(month=1, day=1)
    return (first, _tomorrow(today)) if this else (first.replace(year=first.year - 1), first)


def _day(date: datetime) -> tuple[datetime, datetime]:
    start = date.replace(hour=0, minute=0, second=0, microsecond=0)
    return start, _tomorrow(start)


def _months(date: datetime, count: int) -> tuple[datetime, datetime]:
    return month_after(date, 0), month_after(date, count)


def _tomorrow(date: datetime) -> datetime:
    return date.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _number(words: str) -> int | None:
    return 3 if words.lower() == "a few" else number(words)
