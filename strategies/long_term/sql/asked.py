"""What a question says about who, when and which session, read by rules."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from memeval.storage import SqlExtent, SqlFilters
from memeval.strategies.extraction.dates import parse
from memeval.types import Query

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
_COUNTS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "a couple of": 2, "a few": 3,
}  # fmt: skip
_COUNT = r"\d{1,3}|a\ couple\ of|a\ few|an?|one|two|three|four|five|six|seven|eight|nine|ten"
_UNIT = {"day": 1, "week": 7, "month": 30.44, "year": 365.25}
# Months and weekdays count only with a capital, and a month alone only after a preposition: "may", "march".
_DATES = re.compile(
    rf"""(?<![\w-])(?:
      (?P<iso>(?:19|20)\d\d[-/]\d{{1,2}}[-/]\d{{1,2}})
    | (?P<date>\d{{1,2}}(?:st|nd|rd|th)?(?:\ of)?\ (?:{_MONTHS})(?:,?\ ?(?:19|20)\d\d)?
          |(?:{_MONTHS})\ \d{{1,2}}(?:st|nd|rd|th)?\b(?!\d|:\d)(?:,?\ ?(?:19|20)\d\d)?)
    | (?P<month>(?:{_MONTHS}))(?:,?\ (?:of\ )?(?P<of_year>(?:19|20)\d\d))
    | (?:(?i:in|since|during|of|from|to|and|until|by|before|after|last|this))\ (?P<alone>{_MONTHS})
          (?!,?\ (?:of\ )?(?:19|20)\d\d|\ \d{{1,2}}(?!\d))
    | (?:(?i:(?P<past_season>last|this)\ ))?(?P<season>(?i:spring|summer|autumn|fall|winter))
          (?:(?:\ of|,)?\ (?P<season_year>(?:19|20)\d\d))?
    | (?P<near>(?i:yesterday|last\ night|today|tonight|this\ (?:morning|afternoon|evening)))
    | (?i:(?P<ago>{_COUNT})\ (?P<ago_unit>day|week|month|year)s?\ ago)
    | (?i:(?:past|last)\ (?P<span>{_COUNT})\ (?P<span_unit>day|week|month|year)s?)
    | (?i:(?P<which>last|past|this)\ (?P<unit>weekend|week|month|year))
    | (?:(?i:last|this|on)\ )(?P<weekday>{"|".join(_DAYS)})
    | (?P<year>(?:19|20)\d\d)
    )(?![\w-])""",
    re.VERBOSE,
)
_OPEN = re.compile(r"(?:(?P<since>since|after)|(?P<until>before|until))\s+$", re.IGNORECASE)
# The words that a month alone is found with belong to the match.
_LEADING = re.compile(r"(?:(?P<since>since|after)|(?P<until>before|until))\s", re.IGNORECASE)
_JOINED = re.compile(r"(?:from|between)\s+$", re.IGNORECASE)
_JOIN = re.compile(r"\s*(?:to|and|until|through|-)?\s*$", re.IGNORECASE)
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
    spans = [span for match in _DATES.finditer(text) if (span := _span(match, now)) is not None]
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


def _span(match: re.Match[str], now: datetime) -> _Span | None:
    try:
        period = _period(match, now)
    except (ValueError, OverflowError):
        # No such day, or a year out of reach.
        return None
    if period is None:
        return None
    lead = match[0][: match.start("alone") - match.start()] if match["alone"] else ""
    return _Span(match.start(), match.end(), *period, lead)


def _period(match: re.Match[str], now: datetime) -> tuple[datetime, datetime] | None:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if match["iso"]:
        return _day(datetime(*(int(part) for part in re.split("[-/]", match["iso"]))))  # type: ignore[arg-type]
    if match["date"]:
        phrase = re.sub(r"\bof |(?<=\d),?(?= ?(?:19|20)\d\d$)", "", match["date"])
        # "1,2023" is a day and a year.
        date = parse(re.sub(r"(\D\d{1,2}(?:st|nd|rd|th)?)((?:19|20)\d\d)$", r"\1 \2", phrase), now, False)
        return _day(date) if date is not None else None
    if match["month"] or match["alone"]:
        date = parse(f"{match['month'] or match['alone']} {match['of_year'] or ''}".strip(), now, False)
        return _months(date, 1) if date is not None else None
    if match["season"]:
        return _season(match, today)
    if match["near"]:
        back = match["near"].lower() in ("yesterday", "last night")
        return _day(today - timedelta(days=back))
    if match["ago"]:
        days = _number(match["ago"]) * _UNIT[match["ago_unit"].lower()]
        # The larger the unit, the rougher the count: half a unit to each side, and a day at least.
        slack = max(1.0, _UNIT[match["ago_unit"].lower()] / 2)
        middle = today - timedelta(days=round(days))
        return middle - timedelta(days=round(slack)), middle + timedelta(days=round(slack) + 1)
    if match["span"]:
        return today - timedelta(days=round(_number(match["span"]) * _UNIT[match["span_unit"].lower()])), _tomorrow(now)
    if match["unit"]:
        return _unit(match["unit"].lower(), match["which"].lower() == "this", today)
    if match["weekday"]:
        since = (today.weekday() - _DAYS.index(match["weekday"])) % 7 or 7
        return _day(today - timedelta(days=since))
    return _months(datetime(int(match["year"]), 1, 1), 12)


def _season(match: re.Match[str], today: datetime) -> tuple[datetime, datetime] | None:
    first = _SEASONS[match["season"].lower()]
    if match["season_year"]:
        return _months(datetime(int(match["season_year"]), first, 1), 3)
    if match["past_season"] is None:
        return None
    begun = datetime(today.year, first, 1) <= today
    over = datetime(today.year, first, 1) + timedelta(days=92) <= today
    this = match["past_season"].lower() == "this"
    return _months(datetime(today.year - (not (over or (begun and this))), first, 1), 3)


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
    start = date.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    months = start.year * 12 + start.month - 1 + count
    return start, datetime(months // 12, months % 12 + 1, 1)


def _tomorrow(date: datetime) -> datetime:
    return date.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _number(words: str) -> int:
    return int(words) if words.isdigit() else _COUNTS[words.lower()]
