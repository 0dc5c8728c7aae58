"""What is evicted, when, and by whose clock."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memeval.kit.document import Document
from memeval.kit.errors import ConfigError
from memeval.kit.types import Query, Turn
from memeval.strategies.long_term.bm25 import BM25
from memeval.strategies.long_term.capacity import Capacity
from memeval.strategies.long_term.importance import importance
from memeval.strategies.writing.rounds import Rounds
from memeval.strategies.writing.turns import Turns

START = datetime(2023, 5, 1)


def turn(number: int, day: float | None = 0, text: str = "a badger", role: Any = "user") -> Turn:
    time = None if day is None else START + timedelta(days=day)
    return Turn(f"t{number}", "s", "Ann", role, f"{text} badger{number}", time)


def bounded(**options: Any) -> Capacity:
    return Capacity(BM25(Turns(Document())), **options)


def kept(capacity: Capacity, time: datetime | None = None) -> list[int]:
    hits = capacity.search(Query("badger", time), 1000)
    return sorted(int(source[1:]) for hit in hits for source in hit.sources)


def test_the_oldest_go_first() -> None:
    memory = bounded(turns=3)
    for number in range(5):
        memory.write([turn(number)])
        assert kept(memory) == list(range(5))[max(0, number - 2) : number + 1]
    memory.write([turn(number) for number in range(5, 12)])
    assert kept(memory) == [9, 10, 11]
    stats = memory.stats()
    assert (stats["kept"], stats["evicted"], stats["expired"], stats["items"]) == (3, 9, 0, 3)
    memory.close()


def test_what_is_not_stored_takes_no_room() -> None:
    memory = bounded(turns=2)
    memory.write([turn(0), turn(1), turn(2, role="system"), Turn("t3", "s", "Ann", "user", "  ")])
    assert kept(memory) == [0, 1]


def test_the_least_recently_read_go_first() -> None:
    memory = bounded(turns=3, eviction="least_recently_read", reads=1)
    memory.write([turn(0), turn(1), turn(2)])
    assert memory.search(Query("badger0"), 5)[0].sources == ("t0",)
    memory.write([turn(3)])
    memory.search(Query("badger2"), 1)
    memory.write([turn(4)])
    # In order: 1 written, 0 read, 3 written, 2 read, 4 written.
    assert memory.stats()["evicted"] == 2
    assert kept(memory) == [2, 3, 4]


def test_the_least_important_go_first_and_of_equals_the_oldest() -> None:
    memory = bounded(turns=3, eviction="least_important")
    vital, personal = "My mother died in Oslo, a badger", "I saw it all, a badger"
    memory.write([turn(0, text=vital), turn(1, text=personal), turn(2, text=personal), turn(3, text=vital)])
    assert kept(memory) == [0, 2, 3]
    memory.write([turn(4, text="Hm.")])
    assert kept(memory) == [0, 2, 3], "a trivial new turn goes at once"
    memory.write([turn(5, text=vital), turn(6, text=vital)])
    assert kept(memory) == [3, 5, 6]


WORDS = st.sampled_from(["hm", "I saw a tree over there", "My mother went to Oslo", "the big funeral was long"])


@given(st.lists(WORDS, max_size=25), st.integers(1, 6), st.lists(st.integers(1, 7), max_size=10))
@settings(max_examples=60, deadline=None)
def test_chunks_do_not_matter_to_what_is_kept(said: list[str], most: int, sizes: list[int]) -> None:
    turns = [turn(number, text=text) for number, text in enumerate(said)]
    results = []
    for chunks in (sizes, [len(turns) or 1]):
        oldest, trivial = bounded(turns=most), bounded(turns=most, eviction="least_important")
        start = 0
        for size in [*chunks, len(turns)]:
            oldest.write(turns[start : start + size])
            trivial.write(turns[start : start + size])
            start += size
        results.append([sorted(memory._kept) for memory in (oldest, trivial)])
    assert results[0] == results[1]
    assert results[0][0] == sorted(turn.id for turn in turns[-most:])
    best = sorted(range(len(turns)), key=lambda number: (-importance(turns[number].text), -number))[:most]
    assert results[0][1] == sorted(f"t{number}" for number in best)


def test_time_to_live_runs_by_the_dialogue() -> None:
    memory = bounded(turns=None, ttl_days=10.0)
    memory.write([turn(0, 0), turn(1, 5), turn(2, None)])
    assert kept(memory) == [0, 1, 2]
    memory.write([turn(3, 10)])
    assert kept(memory) == [0, 1, 2, 3], "ten days old is not older than ten days"
    memory.write([turn(4, 10.1)])
    assert kept(memory) == [1, 2, 3, 4]
    assert kept(memory, START + timedelta(days=16)) == [2, 3, 4], "a question has its own day"
    assert kept(memory, START) == [2, 3, 4], "what has expired stays so"
    assert kept(memory, START + timedelta(days=4000)) == [2], "what has no time does not grow old"
    assert memory.stats()["expired"] == 4


def test_both_bounds_together() -> None:
    memory = bounded(turns=2, ttl_days=1.0)
    memory.write([turn(number, number) for number in range(6)])
    assert kept(memory) == [4, 5]
    stats = memory.stats()
    assert (stats["kept"], stats["evicted"] + stats["expired"]) == (2, 4)


def test_forgetting_makes_room() -> None:
    memory = bounded(turns=2)
    memory.write([turn(0), turn(1)])
    memory.forget(["t1", "never written"])
    memory.write([turn(2)])
    assert kept(memory) == [0, 2]
    assert memory.stats()["evicted"] == 0


def test_a_turn_leaves_its_passage() -> None:
    memory = Capacity(BM25(Rounds(Document())), turns=2)
    memory.write([turn(0), turn(1, role="assistant"), turn(2, role="assistant")])
    (hit,) = memory.search(Query("badger1 badger2"), 5)
    assert hit.sources == ("t1", "t2")
    assert "badger0" not in hit.text


class Mute:
    def write(self, turns: Any) -> None:
        pass

    def search(self, query: Query, k: int) -> list[Any]:
        return []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"inner": Mute()}, "Mute cannot forget"),
        ({"turns": 0}, "turns=0"),
        ({"ttl_days": 0.0}, "ttl_days=0"),
        ({"reads": 0}, "reads=5"),
    ],
)
def test_what_keeps_nothing_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Capacity(**{"inner": BM25(Turns(Document())), **options})
