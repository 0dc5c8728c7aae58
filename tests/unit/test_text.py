"""What may be stored, and times as text, for any text and any time."""

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memeval.kit.text import encodable, flaw, lone_surrogate, stamp, storable, time_of

# Ordinary letters, characters beyond 16 bits, NUL and both halves of surrogate pairs.
_ANY = st.text(st.one_of(st.characters(), st.sampled_from("\0\ud800\udfffaé🐈")), max_size=20)


@given(_ANY)
def test_a_text_is_storable_if_a_database_gives_it_back(text: str) -> None:
    with closing(sqlite3.connect(":memory:")) as base:
        try:
            # As a literal: a NUL would end the statement there.
            quoted = text.replace("'", "''")
            back = base.execute(f"SELECT '{quoted}'").fetchone()[0]
        except (sqlite3.Error, ValueError, UnicodeEncodeError):
            back = None
    assert storable(text) == (back == text)


@given(st.lists(st.one_of(st.none(), _ANY), max_size=4))
def test_several_texts_are_storable_if_each_is(texts: list[str | None]) -> None:
    assert storable(*texts) == all(text is None or flaw(text) is None for text in texts)


@given(_ANY)
def test_a_repaired_text_can_be_written_and_is_as_long(text: str) -> None:
    repaired = encodable(text)
    assert json.loads(json.dumps(repaired, ensure_ascii=False).encode()) == repaired
    assert len(repaired) == len(text)
    assert encodable(repaired) == repaired
    place = lone_surrogate(text)
    assert (place is None) == (repaired == text)
    if place is not None:
        assert (repaired[:place], repaired[place]) == (text[:place], "?")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ab\0", "a NUL character at offset 2: remove it"),
        ("a\ud83d", "an unpaired surrogate (U+D83D) at offset 1, which is not text: repair the encoding"),
        ("\udc00 \0", "a NUL character at offset 2: remove it"),
        ("🐈 é", None),
        ("", None),
    ],
)
def test_a_flaw_is_named_with_its_place(text: str, says: str | None) -> None:
    assert flaw(text) == says


@given(st.lists(st.datetimes(), min_size=2, max_size=5), st.sampled_from(["seconds", "microseconds"]))
def test_stamps_sort_as_their_times_and_come_back(times: list[datetime], timespec: str) -> None:
    for sep in ("T", " "):
        stamps = [stamp(time, sep, timespec) or "" for time in times]
        kept = [time - timedelta(microseconds=time.microsecond if timespec == "seconds" else 0) for time in times]
        assert [time_of(text) for text in stamps] == kept
        assert sorted(stamps) == [stamp(time, sep, timespec) for time in sorted(kept)]


def test_no_time_is_no_text() -> None:
    assert (stamp(None), time_of(None), time_of("")) == (None, None, None)
