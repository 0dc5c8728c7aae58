"""What is stored: each unit by example, and the laws that hold for all of them."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memeval.kit.document import Document
from memeval.kit.errors import ConfigError
from memeval.kit.protocols import Forgets, Writing
from memeval.kit.tokens import get_tokenizer
from memeval.kit.types import Passage, Role, Turn
from memeval.strategies.writing.rounds import Rounds
from memeval.strategies.writing.sessions import Sessions
from memeval.strategies.writing.turns import Turns
from memeval.strategies.writing.windows import Windows

START = datetime(2024, 5, 1, 8, 0)
PLAIN = Document(date=None)
TOKENIZER = get_tokenizer("o200k_base")
UNITS: dict[str, Callable[[], Writing]] = {
    "turns": lambda: Turns(PLAIN),
    "rounds": lambda: Rounds(PLAIN),
    "sessions": lambda: Sessions(PLAIN),
    "windows": lambda: Windows(PLAIN, TOKENIZER, tokens=24, overlap=10),
    "windows across": lambda: Windows(PLAIN, TOKENIZER, tokens=24, overlap=10, across_sessions=True),
}


def turn(number: int, text: str, role: Role = "user", session: str = "a", caption: str | None = None) -> Turn:
    speaker = {"user": "Ann", "assistant": "Ben", "system": "System"}[role]
    return Turn(f"t{number}", session, speaker, role, text, START + timedelta(minutes=number), caption)


def final(writing: Writing, turns: Sequence[Turn], chunk: int = 10_000) -> dict[str, Passage]:
    """The store after writing in chunks, upserts applied."""
    store: dict[str, Passage] = {}
    for start in range(0, len(turns), chunk):
        store.update((passage.id, passage) for passage in writing.write(turns[start : start + chunk]))
    return store


TALK = [
    turn(0, "Be brief.", "system"),
    turn(1, "Hello!", "assistant"),
    turn(2, "Where is Oslo?"),
    turn(3, "In Norway.", "assistant"),
    turn(4, "A city of 700,000.", "assistant"),
    turn(5, "Thanks.\nAnd Bergen?"),
    turn(6, "Further west.", "assistant"),
    turn(7, "", "user"),
    turn(8, "  \n", "assistant"),
    turn(9, "", "user", "a", "a photo of a fjord"),
    turn(10, "Beautiful.", "assistant", "b"),
    turn(11, "Back again", "user", "b"),
]


def test_turns() -> None:
    store = final(UNITS["turns"](), TALK)
    assert list(store) == ["t1", "t2", "t3", "t4", "t5", "t6", "t9", "t10", "t11"]
    assert store["t5"] == Passage("t5", "Ann: Thanks.\nAnd Bergen?", ("t5",), START + timedelta(minutes=5))
    assert store["t9"].text == "Ann:  [shares a photo of a fjord]"
    dated = final(Turns(Document()), TALK)
    assert dated["t4"].text == "[01 May 2024] Ben: A city of 700,000."


def test_a_caption_that_the_template_leaves_out_does_not_make_a_passage() -> None:
    assert "t9" not in final(Turns(Document(caption=None)), TALK)
    assert "t9" not in final(Sessions(Document(caption=None)), TALK)["a"].sources


def test_rounds() -> None:
    store = final(UNITS["rounds"](), TALK)
    assert {name: passage.sources for name, passage in store.items()} == {
        "t1": ("t1",),
        "t2": ("t2", "t3", "t4"),
        "t5": ("t5", "t6"),
        "t9": ("t9",),
        "t10": ("t10",),
        "t11": ("t11",),
    }
    assert store["t2"].text == "Ann: Where is Oslo?\nBen: In Norway.\nBen: A city of 700,000."
    assert store["t2"].time == START + timedelta(minutes=4)


def test_a_round_grows_under_its_id() -> None:
    writing = UNITS["rounds"]()
    assert [passage.sources for passage in writing.write(TALK[2:3])] == [("t2",)]
    assert [(passage.id, passage.sources) for passage in writing.write(TALK[3:6])] == [
        ("t2", ("t2", "t3", "t4")),
        ("t5", ("t5",)),
    ]
    assert writing.write([]) == []


def test_an_unstored_user_turn_still_ends_the_round() -> None:
    store = final(UNITS["rounds"](), [turn(1, "Hi"), turn(2, "", "user"), turn(3, "Well?", "assistant")])
    assert [passage.sources for passage in store.values()] == [("t1",), ("t3",)]


def test_sessions() -> None:
    writing = UNITS["sessions"]()
    (first,) = writing.write(TALK[:4])
    assert first == Passage("a", "Ben: Hello!\nAnn: Where is Oslo?\nBen: In Norway.", ("t1", "t2", "t3"), TALK[3].time)
    grown, other = writing.write(TALK[4:])
    assert grown.id == "a" and grown.sources == ("t1", "t2", "t3", "t4", "t5", "t6", "t9")
    assert grown.text.startswith(first.text + "\n")
    assert other.id == "b" and other.sources == ("t10", "t11")
    (again,) = writing.write([turn(12, "One more thing", "user", "a")])
    assert again.id == "a" and again.sources[-1] == "t12" and again.time == START + timedelta(minutes=12)


def test_windows_pack_whole_turns_and_repeat_the_last_ones() -> None:
    talk = [turn(number, f"word{number} and some more words here") for number in range(9)]
    size = TOKENIZER.count(PLAIN.render(talk[0]))
    assert {TOKENIZER.count(PLAIN.render(each)) for each in talk} == {size}
    store = final(Windows(PLAIN, TOKENIZER, tokens=4 * size, overlap=2 * size), talk)
    assert [passage.sources for passage in store.values()] == [
        ("t0", "t1", "t2", "t3"),
        ("t2", "t3", "t4", "t5"),
        ("t4", "t5", "t6", "t7"),
        ("t6", "t7", "t8"),
    ]
    assert list(store) == ["t0", "t2", "t4", "t6"]
    store = final(Windows(PLAIN, TOKENIZER, tokens=4 * size, overlap=0), talk)
    assert [passage.sources for passage in store.values()] == [
        ("t0", "t1", "t2", "t3"),
        ("t4", "t5", "t6", "t7"),
        ("t8",),
    ]


def test_a_turn_longer_than_a_window_stands_alone_uncut() -> None:
    long = turn(2, "a very long story " * 50)
    talk = [turn(0, "short"), turn(1, "brief"), long, turn(3, "little"), turn(4, "small")]
    store = final(Windows(PLAIN, TOKENIZER, tokens=20, overlap=10), talk)
    assert [passage.sources for passage in store.values()] == [("t0", "t1"), ("t2",), ("t3", "t4")]
    assert long.text.strip() in store["t2"].text


def test_windows_end_with_the_session_unless_told_otherwise() -> None:
    talk = [turn(0, "one"), turn(1, "two"), turn(2, "three", session="b"), turn(3, "four", session="a")]
    within = final(Windows(PLAIN, TOKENIZER, tokens=100, overlap=50), talk)
    assert [passage.sources for passage in within.values()] == [("t0", "t1"), ("t2",), ("t3",)]
    across = final(Windows(PLAIN, TOKENIZER, tokens=100, overlap=50, across_sessions=True), talk)
    assert [passage.sources for passage in across.values()] == [("t0", "t1", "t2", "t3")]


@pytest.mark.parametrize(("tokens", "overlap"), [(0, 0), (-1, 0), (10, 10), (10, -1), (10, 99)])
def test_impossible_windows_are_refused(tokens: int, overlap: int) -> None:
    with pytest.raises(ConfigError, match="out of range|e.g. writing.overlap="):
        Windows(PLAIN, TOKENIZER, tokens=tokens, overlap=overlap)


@pytest.mark.parametrize("unit", ["rounds", "sessions", "windows", "windows across"])
def test_forgetting_takes_a_turn_out_of_its_passages(unit: str) -> None:
    writing = UNITS[unit]()
    before = final(writing, TALK)
    assert isinstance(writing, Forgets)
    writing.forget(["t3", "never written"])
    changed = {passage.id: passage for passage in writing.write([])}
    assert changed.keys() == {
        name for name, passage in before.items() if "t3" in passage.sources and len(passage.sources) > 1
    }
    after = before | changed
    left = {source for passage in after.values() if passage.sources != ("t3",) for source in passage.sources}
    assert left == {"t1", "t2", "t4", "t5", "t6", "t9", "t10", "t11"}
    assert all("Norway" not in passage.text for passage in changed.values())
    later = writing.write([turn(12, "More", "assistant", "b"), turn(13, "And more", "user", "a")])
    assert later and all("t3" not in passage.sources for passage in later)


texts = st.one_of(st.sampled_from(["", " ", "yes", "a cat \n sat", "word " * 40]), st.text(max_size=60))
talks = st.lists(
    st.tuples(texts, st.sampled_from(["user", "assistant", "system"]), st.sampled_from(["a", "b", "c"]), st.booleans()),
    max_size=25,
).map(
    lambda rows: [
        turn(number, text, role, session, "a picture" if pictured else None)
        for number, (text, role, session, pictured) in enumerate(rows)
    ]
)


@pytest.mark.parametrize("unit", UNITS)
@given(talk=talks, chunk=st.integers(1, 7))
def test_laws(unit: str, talk: list[Turn], chunk: int) -> None:
    store = final(UNITS[unit](), talk)
    # Chunks do not matter, neither for the passages nor for the order of their first writing.
    assert list(final(UNITS[unit](), talk, chunk).items()) == list(store.items())
    known = {each.id: each for each in talk}
    for name, passage in store.items():
        assert passage.id == name and passage.sources and passage.verbatim
        assert passage.text == passage.text.strip() != ""
        assert passage.time == known[passage.sources[-1]].time
        assert sorted(passage.sources, key=lambda source: int(source[1:])) == list(passage.sources)
        for source in passage.sources:
            assert known[source].text.strip() in passage.text
            assert known[source].role != "system"
        if unit != "windows across":
            assert len({known[source].session for source in passage.sources}) == 1
    # Every turn with something to find is stored, and only windows store one twice.
    stored = [source for passage in store.values() for source in passage.sources]
    assert set(stored) == {each.id for each in talk if each.role != "system" and (each.text.strip() or each.caption)}
    assert unit.startswith("windows") or len(stored) == len(set(stored))


@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=40),
    tokens=st.integers(1, 60),
    data=st.data(),
)
def test_windows_keep_their_sizes(lengths: list[int], tokens: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, tokens - 1))
    talk = [turn(number, "so " * length) for number, length in enumerate(lengths)]
    size = {each.id: TOKENIZER.count(PLAIN.render(each)) for each in talk}
    windows = list(final(Windows(PLAIN, TOKENIZER, tokens=tokens, overlap=overlap), talk).values())
    for window in windows:
        total = sum(size[source] for source in window.sources)
        assert total == TOKENIZER.count(window.text)
        assert total <= tokens or len(window.sources) == 1
    for one, following in zip(windows, windows[1:], strict=False):
        shared = set(one.sources) & set(following.sources)
        assert sum(size[source] for source in shared) <= overlap
        # Nothing is passed over, each window brings something new, and none could have taken one turn more.
        new = [source for source in following.sources if source not in shared]
        assert int(new[0][1:]) == int(one.sources[-1][1:]) + 1
        assert sum(size[source] for source in one.sources) + size[new[0]] > tokens
