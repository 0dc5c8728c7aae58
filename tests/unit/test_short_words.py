"""Words of one character, symbols and stop words used as names are found, also beside words that other turns have."""

from collections.abc import Callable

import pytest

from memeval.kit.document import Document
from memeval.kit.protocols import Retriever
from memeval.kit.types import Query, Turn
from memeval.language.analysis import lone
from memeval.strategies.long_term.bm25 import BM25
from memeval.strategies.long_term.graph import Graph
from memeval.strategies.long_term.sql import Sql
from memeval.strategies.stores.graph.memory import MemoryGraph
from memeval.strategies.stores.sql.sqlite import SqliteSQL
from memeval.strategies.writing.turns import Turns

DOCUMENT = Document()
TEXTS = (
    "The doctor wants me to take vitamin D in winter.",
    "The doctor also said that vitamin B is in eggs.",
    "My nephew writes drivers in C++ all night.",
    "My cousin is called Will.",
    "We moved into flat 9.",
    "Send it to our e-mail, please.",
    "I brought a 🎻 home.",
    "Ask for the spare key.",
)
RETRIEVERS: dict[str, Callable[[], Retriever]] = {
    "bm25s": lambda: BM25(Turns(DOCUMENT)),
    "fts5": lambda: BM25(Turns(DOCUMENT), engine="fts5"),
    "rank_bm25": lambda: BM25(Turns(DOCUMENT), engine="rank_bm25"),
    "sql": lambda: Sql(SqliteSQL(), DOCUMENT),
    "graph by walks": lambda: Graph(Turns(DOCUMENT), MemoryGraph()),
    "graph by hops": lambda: Graph(Turns(DOCUMENT), MemoryGraph(), method="hops"),
}
# SQLite's own index has no symbols, and an English word with a mark only in its parts.
WITHOUT_MARKS = {"sql"}


def first(retriever: Retriever, question: str) -> int | None:
    if not retriever.search(Query("winter"), 1):
        retriever.write([Turn(f"t{number}", "s", "Ann", "user", text) for number, text in enumerate(TEXTS)])
    hits = retriever.search(Query(question), 3)
    return int(hits[0].sources[0][1:]) if hits else None


@pytest.mark.parametrize("name", RETRIEVERS)
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        # Both turns have a vitamin and a doctor: the letter decides.
        ("Which vitamin is B?", 1),
        ("Which vitamin is D, doctor?", 0),
        ("Is D still in use?", 0),
        ("What is C++?", 2),
        ("9?", 4),
        ("Will?", 3),
    ],
)
def test_a_letter_or_a_figure_alone_finds_its_turn(name: str, question: str, expected: int) -> None:
    assert first(RETRIEVERS[name](), question) == expected


@pytest.mark.parametrize("name", [name for name in RETRIEVERS if name not in WITHOUT_MARKS])
@pytest.mark.parametrize(
    ("question", "expected"), [("🎻?", 6), ("Whose home has a 🎻, the doctor's?", 6), ("email?", 5)]
)
def test_symbols_and_joined_words_find_their_turns(name: str, question: str, expected: int) -> None:
    assert first(RETRIEVERS[name](), question) == expected


@pytest.mark.parametrize("name", RETRIEVERS)
def test_what_is_forgotten_is_not_found_by_its_letter(name: str) -> None:
    memory = RETRIEVERS[name]()
    assert first(memory, "B?") == 1
    memory.forget(["t1"])  # type: ignore[attr-defined]
    assert first(memory, "B?") != 1
    assert first(memory, "Which vitamin is B?") == 0


def test_a_query_of_which_nothing_usual_is_known_is_counted_and_one_with_a_letter_is_not() -> None:
    for name in ("bm25s", "sql", "graph by walks"):
        memory = RETRIEVERS[name]()
        first(memory, "Which vitamin is B?")
        counted = memory.stats().get("unknown_queries", 0)  # type: ignore[attr-defined]
        first(memory, "Will?")
        assert memory.stats()["unknown_queries"] == counted + 1  # type: ignore[attr-defined]


def test_a_pattern_that_takes_single_letters_counts_them_once() -> None:
    memory = BM25(Turns(DOCUMENT), pattern=r"\w+", stop_words=None)
    first(memory, "winter")
    assert [hit.score for hit in memory.search(Query("B"), 1)] == [hit.score for hit in memory.search(Query("b"), 1)]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("Is C still in use?", ["C"]),
        ("Do I like A or B?", ["B"]),
        ("C++, C# or an A+?", ["C++", "C#", "A+"]),
        ("the letter 'Q' and R's author", ["Q", "R"]),
        ("Vitamin C.", ["C"]),
        ("Since when do I C as in Z, and which? Model S?", ["C", "Z", "S"]),
        ("a 🎻 and an Ｘ", ["X", "🎻"]),
        # Initials, abbreviations, parts of words, small letters.
        ("books by C. S. Lewis, John F. Kennedy and J.K. Rowling", []),
        ("the U.S., H&M, AT&T, X-rays, T-shirts, LGBTQ+, D'Angelo", []),
        # Letters in longer names, which their other words find.
        ("Was it 'The Hate U Give' or the Porsche Turbo S?", []),
        ("I know a c and what b's are; I'd go", []),
    ],
)
def test_letters_that_stand_alone_as_names(query: str, names: list[str]) -> None:
    assert lone(query) == names
