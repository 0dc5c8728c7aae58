import unicodedata
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memeval.kit.document import Document
from memeval.kit.errors import ConfigError
from memeval.kit.protocols import Retriever
from memeval.kit.types import Query, Turn
from memeval.language.analysis import AllWords, Analyser, usual
from memeval.language.detection import LANGUAGES, Detector
from memeval.language.folding import fold
from memeval.strategies.extraction.words import content
from memeval.strategies.long_term.bm25 import BM25
from memeval.strategies.long_term.graph import Graph
from memeval.strategies.long_term.sql import Sql
from memeval.strategies.stores.graph.memory import MemoryGraph
from memeval.strategies.stores.sql.sqlite import SqliteSQL
from memeval.strategies.writing.turns import Turns

BARE = Document("", "", "", None)
DAY = datetime(2024, 5, 1)
# Two turns of a language, and for each a question that has a word of it.
SCRIPTS = {
    "en": (["The book is in room 4.", "The chair is in room 5."], ["Where is the book?", "Which chair?"]),
    "zh": (["书本放在四号房间里。", "椅子放在五号房间里。"], ["我的书本在哪里？", "我的椅子在哪里？"]),
    "zh one character": (["我的猫很可爱。", "今天下雨了。"], ["猫呢？", "下雨？"]),
    "ja": (["本棚は四号室にあります。", "椅子は五号室にあります。"], ["あの本棚はどこ？", "あの椅子はどこ？"]),
    "ko": (["책장은 거실에 있어요.", "의자는 부엌에 있어요."], ["제 책장이 어디에 있지?", "제 의자를 봤니?"]),
    "th": (["หนังสืออยู่ในห้องนอน", "เก้าอี้อยู่ในห้องครัว"], ["หนังสือที่ไหน", "เก้าอี้ที่ไหน"]),
    "hi": (["किताब कमरे में है।", "कुर्सी रसोई में है।"], ["मेरी किताब?", "मेरी कुर्सी?"]),
    "bn": (["চেয়ার ঘরে আছে।", "বাতি বাগানে আছে।"], ["আমার চেয়ার?", "আমার বাতি?"]),
    "ta": (["புத்தகம் அறையில் உள்ளது.", "நாற்காலி தோட்டத்தில் உள்ளது."], ["என் புத்தகம்?", "என் நாற்காலி?"]),
    "ar": (["الكتاب في الغرفة.", "الكرسي في الحديقة."], ["أين الكتاب؟", "أين الكرسي؟"]),
    "ru": (["Книга лежит в комнате.", "Стул стоит на кухне."], ["Где моя книга?", "Где стул?"]),
    "de": (
        ["Das Buch liegt im Zimmer.", "Der Stuhl steht in der Küche."],
        ["Wo sind die Bücher?", "Wo ist der Stuhl?"],
    ),
    "fr, NFD": (["Le cafe\u0301 est froid.", "Le canape\u0301 est grand."], ["Où est le café ?", "Et le canapé ?"]),
    "tr": (["KİTAP odada.", "SİLGİ mutfakta."], ["kitap nerede?", "silgi nerede?"]),
    "full width": (["Ｔｈｅ ＢＯＯＫ is here.", "Ｔｈｅ ＬＡＭＰ is there."], ["the BOOK?", "the LAMP?"]),
}


def memory(kind: str) -> Retriever:
    if kind == "sql":
        return Sql(SqliteSQL(), BARE)
    if kind == "graph":
        return Graph(Turns(BARE), MemoryGraph())
    return BM25(Turns(BARE), engine=kind)  # type: ignore[arg-type]


def said(texts: list[str]) -> list[Turn]:
    return [Turn(str(number), "s", "Ann", "user", text, DAY) for number, text in enumerate(texts)]


@pytest.mark.parametrize("kind", ["bm25s", "fts5", "sql", "graph"])
@pytest.mark.parametrize("name", SCRIPTS)
def test_the_same_word_is_found_in_every_script(kind: str, name: str) -> None:
    texts, questions = SCRIPTS[name]
    found = memory(kind)
    found.write(said(texts))
    for number, question in enumerate(questions):
        hits = found.search(Query(question, DAY), 2)
        assert hits, question
        assert hits[0].sources == (str(number),)
        assert hits[0].text == texts[number]


@pytest.mark.parametrize("kind", ["bm25s", "sql"])
@pytest.mark.parametrize(
    ("query", "place"), [("R?", 0), ("Will?", 1), ("IT?", 2), ("The The?", 3), ("To be or not to be?", 4), ("at 7", 5)]
)
def test_short_words_and_stop_words_are_found_where_nothing_else_is(kind: str, query: str, place: int) -> None:
    texts = ["My R tattoo", "Call me Will", "Good IT people", "My band: The The", "To be or not to be", "Live at 7"]
    found = memory(kind)
    found.write(said(texts))
    assert found.search(Query(query, DAY), 1)[0].sources == (str(place),)
    # SQL looks for a letter that stands alone among its usual terms already.
    unknown = 0 if (kind, query) == ("sql", "R?") else 1
    assert found.stats().get("unknown_queries", 0) == unknown  # type: ignore[attr-defined]


@pytest.mark.parametrize("query", ["C++?", "🎸?", "email?", "5550199?", "BA2490"])
def test_marks_within_words_and_symbols(query: str) -> None:
    found = memory("bm25s")
    found.write(said(["nothing", "I use C++", "my 🎸", "send an e-mail", "call 555-0199", "flight BA-2490"]))
    expected = {"C++?": 1, "🎸?": 2, "email?": 3, "5550199?": 4, "BA2490": 5}[query]
    assert found.search(Query(query, DAY), 1)[0].sources == (str(expected),)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is the book that I gave you?", "en"),
        ("Wo ist das Buch, das ich dir gegeben habe?", "de"),
        ("Où est le livre que je t'ai donné hier dans la rue ?", "fr"),
        ("¿Dónde está el libro que te di cuando estaba en la casa?", "es"),
        ("Dov'è il libro che ti ho dato quando ero con mio fratello?", "it"),
        ("我住在北京。", "zh"),
        ("京都に住んでいます。", "ja"),
        ("Где моя книга?", "ru"),
        ("부산에 살아요.", "ko"),
        ("Ok! 5 km.", "en"),
        ("1. e4 c5 2. Nf3 e6", "en"),
    ],
)
def test_the_language_of_a_text(text: str, language: str) -> None:
    detector = Detector("auto")
    detector.read(text)
    assert detector.language == language
    assert Detector("sv").language == "sv"


def test_a_language_is_given_or_named_in_the_error() -> None:
    assert Analyser("de").terms("Die Häuser") == ["haus"]
    assert {"de", "en", "zh", "vi"} <= set(LANGUAGES)
    with pytest.raises(ConfigError, match="retriever.language=klingon is not known: give auto, or one of ar, "):
        BM25(Turns(BARE), language="klingon")


@pytest.mark.parametrize("kind", ["bm25s", "rank_bm25", "fts5", "sql"])
def test_it_makes_no_difference_in_which_pieces_a_dialogue_is_written(kind: str) -> None:
    texts = ["Hallo!", "Ok.", "Die Häuser sind groß.", "Wir haben ein Haus gekauft.", "Der Hund ist im Garten."]
    whole, pieces = memory(kind), memory(kind)
    whole.write(said(texts))
    for turn in said(texts):
        pieces.write([turn])
        pieces.search(Query("Haus", DAY), 5)
    for question in ("Haus", "Häuser", "Hallo", "Hunde"):
        assert whole.search(Query(question, DAY), 5) == pieces.search(Query(question, DAY), 5)
    assert [hit.sources for hit in whole.search(Query("Häusern", DAY), 5)] != []
    assert whole.stats()["language_de"] == 1  # type: ignore[attr-defined]


def test_english_terms_are_those_of_before() -> None:
    assert usual("en").terms("The cats' 2 houses, a C!") == ["cat", "hous"]
    assert usual("en").terms("naïve cafés") == ["naïv", "café"]
    assert content("My 2 dogs love Rome") == ["2", "dog", "love", "rome"]


def test_words_of_several_scripts_in_one_text() -> None:
    assert usual("en").terms("I love 北京 and книги") == ["love", "北", "北京", "京", "книг"]
    assert content("Anna likes 北京") == ["北", "北京", "京", "anna", "like"]
    assert AllWords().terms("e-mail to C++ 🎸") == ["e", "mail", "email", "to", "c", "c++", "🎸"]


@given(st.text(max_size=30))
def test_folding_is_done_once_and_alike_for_all_normal_forms(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    assert fold(unicodedata.normalize("NFD", text)) == once
    for language in ("en", "de", "zh"):
        assert usual(language).terms(unicodedata.normalize("NFD", text)) == usual(language).terms(text)
