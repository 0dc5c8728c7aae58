"""BM25: scores against formulas written out here, engines against one another, options and upkeep."""

import logging
import math
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memeval.kit.document import Document
from memeval.kit.errors import ConfigError
from memeval.kit.protocols import Closes, Flushes, Forgets, Reports
from memeval.kit.types import Passage, Query, Turn
from memeval.language.analysis import Analysis, get_analysis
from memeval.options.build import build
from memeval.strategies.long_term.bm25 import BM25
from memeval.strategies.long_term.bm25.engine import best
from memeval.strategies.writing.sessions import Sessions
from memeval.strategies.writing.turns import Turns

TEXTS = (
    "the cat sat on the mat",
    "a cat and another cat and a dog",
    "dogs chase cats",
    "the bird sings in the morning",
    "nothing of interest happened in the morning of that long and otherwise uneventful day",
    "cat",
    "a fish",
    "stones are heavy",
    "the cat sat on the mat",
    "rain and wind",
    "snow",
    "thunder and lightning",
)
BARE = Document(before="", date=None, caption=None)
PLAIN: dict[str, Any] = {"pattern": r"\w+", "stop_words": None, "stemmer": None}


def filled(texts: Sequence[str] = TEXTS, **options: Any) -> BM25:
    retriever = BM25(Turns(BARE), **options)
    retriever.write([Turn(str(number), "s", "Ann", "user", text) for number, text in enumerate(texts)])
    retriever.flush()
    return retriever


def ranked(retriever: BM25, query: str, k: int = 100) -> list[tuple[int, float]]:
    return [(int(hit.sources[0]), hit.score or 0.0) for hit in retriever.search(Query(query), k)]


def by_formula(
    texts: Sequence[str],
    query: str,
    idf: Callable[[int, int], float],
    weight: Callable[[int, float], float],
) -> list[tuple[int, float]]:
    """Sum over the query's terms of idf(n documents, df) * weight(tf, length / mean length), of matching documents."""
    documents = [text.lower().split() for text in texts]
    mean = sum(map(len, documents)) / len(documents)
    frequency = Counter(term for document in documents for term in set(document))
    scores = []
    for number, document in enumerate(documents):
        matched = [term for term in query.split() if term in document]
        score = sum(
            idf(len(documents), frequency[term]) * weight(document.count(term), len(document) / mean)
            for term in query.split()
            if term in frequency
        )
        if matched:
            scores.append((number, score))
    return sorted(scores, key=lambda pair: (-round(pair[1], 5), pair[0]))


def saturation(k1: float, b: float) -> Callable[[int, float], float]:
    return lambda tf, length: tf * (k1 + 1) / (tf + k1 * (1 - b + b * length))


def close(found: list[tuple[int, float]], expected: list[tuple[int, float]], tolerance: float = 1e-5) -> bool:
    return [number for number, _ in found] == [number for number, _ in expected] and np.allclose(
        [score for _, score in found], [score for _, score in expected], rtol=tolerance
    )


# Kamphuis et al. 2020, "Which BM25 do you mean?", table 1.
FORMULAS: dict[str, tuple[dict[str, Any], Callable[[int, int], float], Callable[[int, float], float]]] = {
    "lucene": (
        {"engine": "bm25s"},
        lambda n, df: math.log(1 + (n - df + 0.5) / (df + 0.5)),
        lambda tf, length: saturation(1.5, 0.75)(tf, length) / 2.5,
    ),
    "lucene, other parameters": (
        {"engine": "bm25s", "k1": 0.9, "b": 0.4},
        lambda n, df: math.log(1 + (n - df + 0.5) / (df + 0.5)),
        lambda tf, length: saturation(0.9, 0.4)(tf, length) / 1.9,
    ),
    "robertson": (
        {"engine": "bm25s", "method": "robertson"},
        lambda n, df: math.log((n - df + 0.5) / (df + 0.5)),
        lambda tf, length: saturation(1.5, 0.75)(tf, length) / 2.5,
    ),
    "atire": ({"engine": "bm25s", "method": "atire"}, lambda n, df: math.log(n / df), saturation(1.5, 0.75)),
    "okapi": (
        {"engine": "rank_bm25"},
        lambda n, df: math.log((n - df + 0.5) / (df + 0.5)),
        saturation(1.5, 0.75),
    ),
    "plus in bm25s": (
        {"engine": "bm25s", "method": "bm25plus", "delta": 1.0},
        lambda n, df: math.log((n + 1) / df),
        lambda tf, length: saturation(1.5, 0.75)(tf, length) + 1.0,
    ),
    "plus in rank_bm25": (
        {"engine": "rank_bm25", "method": "bm25plus", "delta": 1.0},
        lambda n, df: math.log((n + 1) / df),
        lambda tf, length: saturation(1.5, 0.75)(tf, length) + 1.0,
    ),
    "fts5": (
        {"engine": "fts5"},
        lambda n, df: max(math.log((n - df + 0.5) / (df + 0.5)), 1e-6),
        saturation(1.2, 0.75),
    ),
    "fts5, SQLite's own words": (
        {"engine": "fts5", "tokenizer": "unicode61"},
        lambda n, df: max(math.log((n - df + 0.5) / (df + 0.5)), 1e-6),
        saturation(1.2, 0.75),
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("query", ["cat", "cat dog", "cat cat mat", "morning cat sings zebra", "heavy rain"])
def test_scores_are_those_of_the_formula(name: str, query: str) -> None:
    options, idf, weight = FORMULAS[name]
    found = ranked(filled(**PLAIN | options), query)
    assert close(found, by_formula(TEXTS, query, idf, weight)), found


def test_engines_agree_where_their_formulas_do() -> None:
    queries = ["cats and dogs", "What sat on the mat?", "a bird in the morning rain", "Cat, cat & fish!"]
    for query in queries:
        shared = {"stop_words": "english", "stemmer": "english"}
        plus = {"method": "bm25plus", "delta": 0.7}
        assert close(
            ranked(filled(**plus, **shared), query), ranked(filled(engine="rank_bm25", **plus, **shared), query)
        )
        okapi = ranked(filled(engine="rank_bm25", k1=1.2, **shared), query)
        assert len(okapi) > 0
        # No word left of these queries is in more than half of the texts, so that neither floor under idf is touched.
        assert close(ranked(filled(engine="fts5", **shared), query), okapi, 1e-12)
        robertson = ranked(filled(method="robertson", k1=1.2, **shared), query)
        assert close([(number, score * 2.2) for number, score in robertson], okapi)


def test_a_word_in_most_texts() -> None:
    texts = ["cat one", "cat two two", "cat three", "four"]
    assert [number for number, _ in ranked(filled(texts), "cat")] == [0, 2, 1]
    # bm25s cuts Robertson's negative idf to 0: no better than no match.
    assert ranked(filled(texts, method="robertson"), "cat") == []
    assert len(ranked(filled(texts, engine="rank_bm25"), "cat")) == 3
    assert [number for number, _ in ranked(filled(texts, engine="fts5"), "cat")] == [0, 2, 1]


@pytest.mark.parametrize("engine", ["bm25s", "rank_bm25", "fts5"])
def test_ties_limits_and_no_match(engine: str) -> None:
    retriever = filled(engine=engine)
    assert [number for number, _ in ranked(retriever, "mat")] == [0, 8]
    assert [number for number, _ in ranked(retriever, "mat", 1)] == [0]
    assert ranked(retriever, "cat", 0) == []
    assert ranked(retriever, "zebra") == ranked(retriever, "") == ranked(retriever, "whom") == []
    assert {number for number, _ in ranked(retriever, "cat", 10_000)} == {0, 1, 2, 5, 8}
    everything = filled(engine=engine, zero_scores=True)
    assert [number for number, _ in ranked(everything, "mat")] == [0, 8, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11]
    assert ranked(everything, "zebra", 4) == [(0, 0.0), (1, 0.0), (2, 0.0), (3, 0.0)]
    assert len(ranked(everything, "mat", 3)) == 3


@pytest.mark.parametrize("engine", ["bm25s", "rank_bm25", "fts5"])
def test_stores_with_nothing_to_index(engine: str) -> None:
    for texts in ([], ["?!"], ["the"], ["the", "...", "and"]):
        for zero_scores in (False, True):
            retriever = filled(texts, engine=engine, zero_scores=zero_scores)
            # A stop word finds the text that is nothing else.
            found = [0] if "the" in texts else []
            assert [number for number, _ in ranked(retriever, "the cat")] == list(
                range(len(texts)) if zero_scores else found
            )
            assert retriever.stats()["items"] == len(texts)


def test_powers() -> None:
    retriever = filled()
    assert isinstance(retriever, Flushes) and isinstance(retriever, Forgets)
    assert isinstance(retriever, Reports) and isinstance(retriever, Closes)


@pytest.mark.parametrize("engine", ["bm25s", "rank_bm25", "fts5"])
def test_indexing_is_put_off_and_each_text_analysed_once(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    original = Analysis.terms

    def watched(self: Analysis, text: str) -> list[str]:
        seen.append(text)
        return original(self, text)

    monkeypatch.setattr(Analysis, "terms", watched)
    retriever = BM25(Sessions(BARE), engine=engine)  # type: ignore[arg-type]
    turns = [Turn(str(number), str(number // 4), "Ann", "user", text) for number, text in enumerate(TEXTS[:10])]
    for each in turns:
        retriever.write([each])
    assert seen == []
    retriever.flush()
    retriever.flush()
    assert len(seen) == 3
    retriever.write([Turn("10", "2", "Ann", "user", "a storm")])
    assert ranked(retriever, "storm")[0][0] == 8
    assert seen[3:] == ["\n".join([*TEXTS[8:10], "a storm"]), "storm"]
    stats = retriever.stats()
    assert (stats["items"], stats["rebuilds"]) == (3, 0 if engine == "fts5" else 2)
    assert stats["index_bytes"] > 0
    assert (stats["k1"], stats["b"]) == (1.2 if engine == "fts5" else 1.5, 0.75)


class Script:
    """Writing that gives the passages it was told to."""

    def __init__(self, *chunks: list[Passage]) -> None:
        self.chunks = list(chunks)

    def write(self, turns: Sequence[Turn]) -> Sequence[Passage]:
        return self.chunks.pop(0) if self.chunks else []


@pytest.mark.parametrize("engine", ["bm25s", "rank_bm25", "fts5"])
def test_a_passage_is_replaced_in_its_place_and_forgotten_for_good(engine: str) -> None:
    first = [Passage(name, f"{name} fills space {name * 3}", (name,)) for name in "abcdefg"]
    twins = [Passage(name, "same words here", (name, name + "2")) for name in "xyz"]
    again = [Passage("y", "same words here", ("y", "y2", "y3")), Passage("x", "other text", ("x",))]
    retriever = BM25(Script(first + twins, again, twins[:1], first[:1] + twins[2:]), engine=engine)  # type: ignore[arg-type]
    retriever.write([])
    assert [hit.sources for hit in retriever.search(Query("same words"), 9)] == [("x", "x2"), ("y", "y2"), ("z", "z2")]
    retriever.write([])
    assert [hit.sources for hit in retriever.search(Query("same words"), 9)] == [("y", "y2", "y3"), ("z", "z2")]
    assert [hit.sources for hit in retriever.search(Query("other text"), 9)] == [("x",)]
    retriever.write([])
    assert [hit.sources[0] for hit in retriever.search(Query("same words"), 9)] == ["x", "y", "z"]
    retriever.forget(["y3", "z2", "nobody"])
    assert [hit.sources[0] for hit in retriever.search(Query("same words"), 9)] == ["x"]
    retriever.write([])
    assert [hit.sources[0] for hit in retriever.search(Query("same words"), 9)] == ["x"]
    assert retriever.stats()["items"] == 8


def test_fts5_keeps_scopes_of_one_file_apart_but_counts_words_over_all(tmp_path: Path) -> None:
    path = str(tmp_path / "shared.sqlite")
    one = filled(["a cat", "a dog", "rain", "wind", "snow"], engine="fts5", scope="one", path=path)
    alone = dict(ranked(one, "cat dog"))
    two = filled(["a cat", "cats purr", "my cat", "that cat"], engine="fts5", scope="two", path=path)
    assert [number for number, _ in ranked(one, "cat dog")] == [1, 0]
    assert alone[0] == alone[1]
    assert [number for number, _ in ranked(two, "dog")] == []
    two.forget(["0"])
    two.flush()
    assert len(ranked(two, "cat")) == 3 and len(ranked(one, "cat")) == 1
    two.close()
    # Begun again, a scope is empty; the other one is as it was.
    again = filled(["fresh"], engine="fts5", scope="two", path=path)
    assert ranked(again, "cat") == [] and len(ranked(again, "fresh")) == 1
    together = filled(["a cat", "a dog", "rain", "wind", "snow", "fresh"], engine="fts5")
    assert dict(ranked(one, "cat dog")) == pytest.approx(dict(ranked(together, "cat dog")))
    with pytest.raises(ConfigError, match="name another file"):
        filled(engine="fts5", path=path, tokenizer="unicode61", stemmer=None, stop_words=None)
    again.close()
    one.close()
    with pytest.raises(sqlite3.ProgrammingError):
        ranked(one, "cat")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"k1": -0.1}, "k1=-0.1 .* 0 or more"),
        ({"b": 1.5}, "b=1.5 .* 0 to 1, e.g. b=0.75"),
        ({"delta": -1.0}, "delta=-1.0 .* 0 or more, e.g. delta=0.5"),
        ({"method": "okapi"}, r"retriever.method=lucene\|robertson"),
        ({"engine": "rank_bm25", "method": "lucene"}, r"retriever.method=okapi\|bm25l\|bm25plus"),
        ({"engine": "fts5", "method": "lucene"}, "retriever.method=null"),
        ({"engine": "fts5", "k1": 1.5}, "type retriever.k1=1.2"),
        ({"engine": "fts5", "b": 0.5}, "retriever.b=0.75"),
        ({"tokenizer": "unicode61"}, "retriever.engine=fts5"),
        ({"path": "somewhere.sqlite"}, "retriever.engine=fts5"),
        ({"engine": "fts5", "tokenizer": "unicode61"}, "retriever.stop_words=null retriever.stemmer=porter"),
        ({"engine": "fts5", "path": "no/such/folder/x.sqlite"}, "retriever.path"),
        ({"pattern": "(["}, "no regular expression"),
        ({"pattern": "(a)|b"}, "group"),
    ],
)
def test_options_that_cannot_be_kept_are_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        BM25(Turns(BARE), **options)
    assert BM25(Turns(BARE), engine="fts5", k1=1.2, b=0.75).stats()["k1"] == 1.2


def test_wrong_types_and_names_are_refused_by_the_signature() -> None:
    node = {"_target_": "memeval.strategies.long_term.bm25.BM25", "writing": Turns(BARE)}
    assert isinstance(build(node, "retriever"), BM25)
    for wrong in ({"engine": "elastic"}, {"k1": "high"}, {"stemmer": "german"}, {"lower": "yes"}, {"idf": "lucene"}):
        with pytest.raises(ConfigError):
            build(node | wrong, "retriever")


def test_analysis() -> None:
    default = get_analysis(r"\w{2,}", True, "english", "english")
    assert default.terms("The Cats' naïve running-shoes, a 2nd I_D!") == ["cat", "naïv", "run", "shoe", "2nd", "i_d"]
    assert default.words("To BE") == ["to", "be"] and default.terms("To BE") == []
    assert get_analysis(r"\w{2,}", True, "english", "english") is default
    assert get_analysis(r"\w+", False, None, None).terms("Is THIS a b?") == ["Is", "THIS", "a", "b"]
    assert get_analysis(r"\w+", True, None, "porter").terms("skies generously") == ["ski", "gener"]
    assert get_analysis(r"\w+", True, None, "english").terms("skies generously") == ["sky", "generous"]
    assert get_analysis(r"\S+", True, None, "english").terms("b\ud800d cats") == ["b?d", "cat"]


def test_stop_words_are_those_of_bm25s() -> None:
    from bm25s.stopwords import STOPWORDS_EN

    vocabulary = {*STOPWORDS_EN, "he", "we", "you", "from", "what", "who"}
    kept = get_analysis(r"\w+", True, "english", None).terms(" ".join(sorted(vocabulary)))
    assert vocabulary - set(kept) == set(STOPWORDS_EN)


def test_bm25s_stays_quiet(caplog: pytest.LogCaptureFixture) -> None:
    ranked(filled(), "cat")
    assert caplog.records == []
    assert logging.getLogger("bm25s").level == logging.WARNING


@given(
    scores=st.lists(st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0]) | st.floats(-5, 5), max_size=40),
    k=st.integers(1, 50),
    above=st.none() | st.sampled_from([-2.0, 0.0, 1.0]),
)
def test_best_is_a_stable_sort_cut_off(scores: list[float], k: int, above: float | None) -> None:
    pairs = [(number, score) for number, score in enumerate(scores) if above is None or score > above]
    assert best(np.array(scores, dtype=np.float64), k, above) == sorted(pairs, key=lambda pair: -pair[1])[:k]


words = st.lists(st.sampled_from(["cat", "dog", "the", "Running", "é", "x_1", "東京", "…", "7"]), max_size=12).map(
    " ".join
)


@given(texts=st.lists(words, max_size=12), query=words, k=st.integers(1, 15))
def test_what_matches_is_what_is_returned(texts: list[str], query: str, k: int) -> None:
    asked = set(re.findall(r"\w+", query.lower()))
    matching = {number for number, text in enumerate(texts) if asked & set(re.findall(r"\w+", text.lower()))}
    for options in (
        {},
        {"method": "bm25plus"},
        {"method": "bm25l"},
        {"engine": "fts5"},
        {"engine": "rank_bm25", "method": "bm25plus"},
    ):
        retriever = filled(texts, **PLAIN | options)
        hits = ranked(retriever, query)
        assert {number for number, _ in hits} == matching, options
        assert ranked(retriever, query, k) == hits[:k]
        assert all(
            better[1] > worse[1] or (better[1] == worse[1] and better[0] < worse[0])
            for better, worse in zip(hits, hits[1:], strict=False)
        )
        retriever.close()
