"""Texts that look like the query language of an index, and sessions whose turns alternate."""

from collections.abc import Callable
from datetime import datetime

import pytest

from memeval.kit.document import Document
from memeval.kit.protocols import Retriever, Writing
from memeval.kit.tokens import get_tokenizer
from memeval.kit.types import Query, Turn
from memeval.strategies.extraction.rules import RuleExtractor
from memeval.strategies.long_term.bm25 import BM25
from memeval.strategies.long_term.graph import Graph
from memeval.strategies.long_term.kv import KV
from memeval.strategies.long_term.sql import Sql
from memeval.strategies.stores.graph.memory import MemoryGraph
from memeval.strategies.stores.kv.memory import MemoryKV
from memeval.strategies.stores.sql.sqlite import SqliteSQL
from memeval.strategies.writing.rounds import Rounds
from memeval.strategies.writing.sessions import Sessions
from memeval.strategies.writing.turns import Turns
from memeval.strategies.writing.windows import Windows

DOCUMENT = Document()
SYNTAX = (
    "kayak NEAR(lake river, 3) rule",
    "copper AND tin OR zinc NOT lead",
    'a "quoted ladder" within',
    "prefix* of a lantern",
    "field:marble and scope:default",
    "drawer -- DROP TABLE turns; ladle",
    "(one bracket of an orchard",
    "30% of a_cellar {braces} [pepper] ^boost~2",
    "C:\\folder\\violin and \\d+",
)
BARE = (
    '"',
    "'",
    "*",
    "-",
    "()",
    '""""',
    "AND",
    "OR OR",
    "NOT",
    "NEAR",
    "NEAR(",
    "%",
    "_",
    "^",
    ":",
    "\\",
    "?",
    " ",
    "",
)
RETRIEVERS: dict[str, Callable[[], Retriever]] = {
    "bm25s": lambda: BM25(Turns(DOCUMENT)),
    "fts5": lambda: BM25(Turns(DOCUMENT), engine="fts5"),
    "fts5 by its own words": lambda: BM25(
        Turns(DOCUMENT), engine="fts5", tokenizer="unicode61", stop_words=None, stemmer="porter"
    ),
    "rank_bm25": lambda: BM25(Turns(DOCUMENT), engine="rank_bm25"),
    "sql": lambda: Sql(SqliteSQL(), DOCUMENT),
    "graph": lambda: Graph(Turns(DOCUMENT), MemoryGraph()),
    "kv": lambda: KV(MemoryKV(), RuleExtractor(), DOCUMENT),
}


@pytest.mark.parametrize("name", RETRIEVERS)
def test_no_text_is_a_command_of_an_index(name: str) -> None:
    memory = RETRIEVERS[name]()
    memory.write([Turn(f"t{number}", "s", "Ann", "user", text) for number, text in enumerate(SYNTAX)])
    for number, text in enumerate(SYNTAX):
        hits = memory.search(Query(text), 3)
        assert name == "kv" or (f"t{number}",) in [hit.sources for hit in hits[: 3 if name == "graph" else 1]], text
    for text in BARE:
        assert all(hit.sources for hit in memory.search(Query(text), 3)), text
    hits = memory.search(Query("violin"), 3)
    assert [hit.sources for hit in hits[:1]] == ([] if name == "kv" else [("t8",)])


@pytest.mark.parametrize(
    "unit", [Turns, Rounds, Sessions, lambda document: Windows(document, get_tokenizer("o200k_base"), 60, 15)]
)
def test_alternating_sessions_are_told_apart(unit: Callable[[Document], Writing]) -> None:
    """Passages never mix sessions, and each turn stands in one."""
    noon = datetime(2024, 1, 2, 12)
    turns = [
        Turn(f"t{number}", f"s{number % 3}", "Ann", "user" if number % 2 else "assistant", f"word{number}", noon)
        for number in range(18)
    ]
    writing = unit(DOCUMENT)
    passages = {}
    for size in range(0, 18, 6):
        passages.update({passage.id: passage for passage in writing.write(turns[size : size + 6])})
    session = {turn.id: turn.session for turn in turns}
    assert all(len({session[source] for source in passage.sources}) == 1 for passage in passages.values())
    assert sorted({source for passage in passages.values() for source in passage.sources}) == sorted(session)
    for turn in turns:
        assert any(turn.text in passage.text.split() for passage in passages.values() if turn.id in passage.sources)
