"""The key-value memory: exact keys, the newest value, and nothing without a key."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from memeval.kit.document import Document
from memeval.kit.errors import ConfigError
from memeval.kit.stores import KeyValueStore
from memeval.kit.types import Query, Turn
from memeval.strategies.extraction.rules import RuleExtractor
from memeval.strategies.long_term.kv import KV
from memeval.strategies.stores.kv.memory import MemoryKV
from memeval.strategies.stores.kv.sqlite import SqliteKV
from memeval.testing.retrievers import check_retriever

START = datetime(2024, 3, 1, 9, 0)
STORES: dict[str, Callable[[], KeyValueStore]] = {"memory": MemoryKV, "sqlite": SqliteKV}


def memory(store: KeyValueStore | None = None, **options: Any) -> KV:
    return KV(store if store is not None else MemoryKV(), RuleExtractor(), Document(), **options)


def turn(number: int, text: str, speaker: str = "Ann", role: str = "user") -> Turn:
    return Turn(
        f"t{number}", f"s{number}", speaker, "user" if role == "user" else "assistant", text,
        START + timedelta(days=number),
    )  # fmt: skip


LIFE = (
    turn(1, "I live in Oslo and I love sushi."),
    turn(2, "My favourite colour is green.", "Ben", "assistant"),
    turn(3, "I adopted a dog named Rex."),
    turn(4, "I moved to Bergen last week."),
    turn(5, "I don't like sushi anymore."),
    turn(6, "My brother Tom plays the violin in a small orchestra."),
)


@pytest.fixture
def life() -> KV:
    known = memory()
    known.write(LIFE)
    return known


def found(known: KV, question: str, k: int = 50) -> list[str]:
    return [hit.sources[0] for hit in known.search(Query(question), k)]


@pytest.mark.parametrize("show", ["turn", "fact"])
@pytest.mark.parametrize("topics", [True, False])
@pytest.mark.parametrize("store", STORES)
def test_contract(store: str, topics: bool, show: str) -> None:
    check_retriever(lambda: memory(STORES[store](), topics=topics, show=show), finds=False)


def test_contract_in_a_file(tmp_path: Path) -> None:
    serial = iter(range(1000))
    check_retriever(lambda: memory(SqliteKV(str(tmp_path / f"{next(serial)}.sqlite"))), finds=False)


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Where does Ann live?", "t4"),
        ("Where do I live now?", "t4"),
        ("What is my current address?", "t4"),
        ("What food does Ann dislike?", "t5"),
        ("What is Ben's favorite color?", "t2"),
        ("Which pet does the user have?", "t3"),
        ("What is the name of my dog?", "t3"),
        ("What instrument does Tom play?", "t6"),
        ("Who is Ann's brother?", "t6"),
    ],
)
def test_questions_spell_their_keys(life: KV, question: str, first: str) -> None:
    assert found(life, question)[0] == first


@pytest.mark.parametrize(
    "question",
    ["", "Where?", "Where is it warm in winter?", "What does Caroline like?", "Ann?", "Who is Ben's brother?", "!?"],
)
def test_no_key_no_hit(life: KV, question: str) -> None:
    assert found(life, question) == []


def test_what_is_superseded_is_kept_but_not_returned(life: KV) -> None:
    store = MemoryKV()
    known = memory(store, show="fact")
    known.write(LIFE)
    texts = [hit.text for hit in known.search(Query("Where does Ann live?"), 50)]
    assert texts[0] == "Ann: home is Bergen (5 March 2024)"
    assert not [text for text in texts if "Oslo" in text]
    assert [entry.value for entry in store.history("default", "ann/home")] == [
        "Ann: home is Bergen",
        "Ann: home is Oslo",
    ]
    likes = [hit.text for hit in known.search(Query("Does Ann like sushi?"), 50)]
    assert likes[0] == "Ann: dislikes sushi anymore (6 March 2024)"
    assert not [text for text in likes if " likes sushi" in text]


def test_scores_count_key_parts(life: KV) -> None:
    hits = life.search(Query("Does Tom play violin in an orchestra?"), 50)
    assert [hit.sources for hit in hits] == [("t6",)]
    assert int(hits[0].score or 0) == 4  # tom, play, violin, orchestra
    assert [hit.score for hit in life.search(Query("Where do I live?"), 50)] == sorted(
        (hit.score for hit in life.search(Query("Where do I live?"), 50)), reverse=True
    )


def test_a_hit_shows_the_turn_or_the_fact(life: KV) -> None:
    turns = life.search(Query("Where does Ann live?"), 1)
    assert turns[0].verbatim
    assert turns[0].text == "[05 March 2024] Ann: I moved to Bergen last week."
    plain = memory(topics=False)
    plain.write(LIFE)
    assert found(plain, "Does Tom play violin?") == ["t6"]
    assert found(plain, "Is Tom in an orchestra?") == [], "only attributes are keys"


def test_first_names_lead_to_full_names() -> None:
    known = memory()
    known.write([turn(1, "I live in Oslo.", "Ann Marie Berg")])
    for name in ("Ann", "Ann Marie Berg"):
        assert found(known, f"Where does {name} live?") == ["t1"]
    assert found(known, "Where does Marie-Claire live?") == []


def test_forgetting_brings_the_older_value_back(tmp_path: Path) -> None:
    path = str(tmp_path / "kv.sqlite")
    first = memory(SqliteKV(path))
    first.write(LIFE)
    first.close()
    for _ in range(2):
        known = memory(SqliteKV(path))
        assert found(known, "Where do I live?")[0] == "t4", "the user is known after reopening"
        known.close()
    known = memory(SqliteKV(path))
    known.forget(["t4", "t5", "never written"])
    known.close()
    known = memory(SqliteKV(path))
    assert found(known, "Where do I live?")[0] == "t1"
    assert "t5" not in found(known, "Do I dislike or like sushi?")
    known.forget([each.id for each in LIFE])
    for question in ("Where do I live?", "What is Ben's favourite colour?", "Does Tom play violin?"):
        assert found(known, question) == []
    held = SqliteKV(path)
    assert not [key for key in held.keys("default") if not key.startswith(("@user", "@name"))]
    held.close()
    known.close()


def test_tenants_share_a_store_and_see_nothing_of_each_other() -> None:
    store = SqliteKV()
    tenants = [memory(store, scope=f"u{number}") for number in range(50)]
    for number, known in enumerate(tenants):
        text = f"I live in Town{number}."
        known.write([Turn(f"u{number}/t1", "s", f"Ann{number}", "user", text, START)])
    for number, known in enumerate(tenants):
        assert found(known, "Where do I live?") == [f"u{number}/t1"]
        assert found(known, f"Where does Ann{(number + 1) % 50} live?") == []
    tenants[0].forget(["u0/t1", "u1/t1"])
    assert found(tenants[0], "Where do I live?") == []
    assert found(tenants[1], "Where do I live?") == ["u1/t1"]


def test_turns_no_database_takes_are_counted() -> None:
    known = memory()
    known.write([turn(1, "I live in \0 Oslo."), turn(2, "I love \ud800."), turn(3, "I live in Bergen.")])
    assert known.stats()["refused"] == 2
    assert found(known, "Where do I live?") == ["t3"]


def test_only_the_newest_of_a_key() -> None:
    known = memory(limit=3)
    known.write([turn(number, f"I love food{number}.") for number in range(10)])
    assert found(known, "What does Ann like?") == ["t9", "t8", "t7"]


def test_bad_options_are_refused() -> None:
    for option, value in (("limit", 0), ("minimum_importance", 0)):
        with pytest.raises(ConfigError, match=f"{option}={value}"):
            memory(**{option: value})
