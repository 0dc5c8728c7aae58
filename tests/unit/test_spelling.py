"""Facts do not hang on the spelling; what is only quoted, wished, supposed or almost so is no fact; other languages."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memeval.kit.document import Document
from memeval.kit.types import Turn
from memeval.strategies.extraction.english import is_english
from memeval.strategies.extraction.fact import Fact
from memeval.strategies.extraction.rules import RuleExtractor
from memeval.strategies.long_term.kv import KV
from memeval.strategies.stores.kv.memory import MemoryKV
from memeval.strategies.writing.facts import Facts

NOW = datetime(2024, 7, 10, 9)


def turn(text: str, number: int = 1) -> Turn:
    return Turn(f"t{number}", "s", "Ann", "user", text, NOW)


def facts(text: str) -> list[Fact]:
    return list(RuleExtractor().extract([turn(text)]))


def lines(text: str) -> list[str]:
    return [fact.line for fact in facts(text)]


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("My name is Renée Åkesson.", "Ann: name is Renée Åkesson"),
        ("My name is Rene\u0301e.", "Ann: name is Renée"),
        ("I live in Þórshöfn.", "Ann: home is Þórshöfn"),
        ("I live in 札幌.", "Ann: home is 札幌"),
        ("I live in St. Andrews.", "Ann: home is St. Andrews"),
        ("We moved to Washington, D.C. last year.", "Ann: home is Washington"),
        ("My name is P. Novak.", "Ann: name is P. Novak"),
        ("My name is J. R. Novak", "Ann: name is J. R. Novak"),
        ("I work for Dr. Novak.", "Ann: job is Dr. Novak"),
        ("I work for the U.S. Navy.", "Ann: job is the U.S. Navy"),
        ("My dentist is Mrs. Haddad.", "Ann: dentist is Mrs. Haddad"),
        ("My sister St. John lives in Perth.", "St. John: home is Perth"),
        ("My cat is called Mr. Paws.", "Ann: has a cat named Mr. Paws"),
        ("I am allergic to no. 7 dye.", "Ann: is allergic to no. 7 dye"),
        ("i live in perth", "Ann: home is perth"),
        ("i live in st. andrews. my cat is called mr. paws", "Ann: home is st. andrews"),
        ("my name is ida novak", "Ann: name is ida novak"),
        ("im allergic to cashews", "Ann: is allergic to cashews"),
        ("i dont like celery", "Ann: dislikes celery"),
        ("I LIVE IN PERTH", "Ann: home is perth"),
        ("I\u00a0am\u202fallergic to cashews", "Ann: is allergic to cashews"),
        ("I  live in\tPerth.", "Ann: home is Perth"),
        ("I\nlive in Perth.", "Ann: home is Perth"),
        ("I live in\nPerth.", "Ann: home is Perth"),
        ("My name is Ida\nNovak.", "Ann: name is Ida Novak"),
        ("Ｉ live in Perth", "Ann: home is Perth"),
    ],
)
def test_a_spelling_hides_no_fact(said: str, line: str) -> None:
    assert line in lines(said)


def test_a_stop_still_ends_a_sentence() -> None:
    assert lines("I live on Main St. It is loud. I love tea.")[-1] == "Ann: likes tea"
    assert lines("I have vitamin C. I love tea.")[-1] == "Ann: likes tea"
    assert "Ann: home is the U.S." not in lines("I live in the U.S. My dentist is Bo.")
    assert lines("i love tea\nmy cat is called rex")[:2] == ["Ann: likes tea", "Ann: has a cat named rex"]
    assert lines("- I love tea\n- I hate milk") == ["Ann: likes tea", "Ann: dislikes milk"]


UNSAID = [
    "He said: 'I live in Perth'.", 'He said: "I live in Perth. I love olives."', "She wrote: I live in Perth",
    "“I live in Perth”, he said", "If I lived in Perth, I would eat olives.", "I wish I lived in Perth.",
    "I live in Perth. Just kidding!", "I live in Perth, not!", "Imagine I live in Perth.", "Suppose I live in Perth.",
    "Do you think I live in Perth?", "do i live in perth", "I almost moved to Perth.", "I nearly bought olives.",
    "I was about to buy olives.", "I would have bought olives.", "I don't know whether I love olives",
    "They say I live in Perth, she says I live in Perth", "had I lived in Perth, I'd eat olives",
    "> I live in Perth", "I dreamt I lived in Perth",
]  # fmt: skip


@pytest.mark.parametrize("said", UNSAID)
def test_what_is_not_said_to_be_so_is_no_fact(said: str) -> None:
    found = facts(said)
    assert {fact.attribute for fact in found} <= {"note", "dream"}, found
    assert "almosts" not in " ".join(lines(said))


def test_what_is_not_said_to_be_so_is_kept_in_its_words() -> None:
    assert lines("I almost bought a red boat in Perth.") == ["Ann: says they almost bought a red boat in Perth"]
    assert lines('My brother wrote "I love my red boat in Perth".')[0].endswith('"I love my red boat in Perth"')
    # A title and what the speaker says of himself are no speech of others.
    assert lines('I am reading "My Left Foot" now.') == ['Ann: is reading "My Left Foot" now']
    assert "Ann: home is Perth" in lines("I said that I live in Perth.")
    assert "Ann: home is Perth" in lines("I live in Perth, if you ask.")
    assert lines("I almost always drink tea.") == ["Ann: almost always drinks tea"] or lines(
        "I almost always drink tea."
    )


def test_others_do_not_do_what_they_almost_do() -> None:
    extractor = RuleExtractor()
    extractor.extract([turn("My brother Bo is tall.")])
    found = extractor.extract([turn("Bo almost moved to Perth.", 2), turn("If Bo lived in Perth, fine.", 3)])
    assert {fact.attribute for fact in found} <= {"note"}


PLAIN = ["I live in Perth.", "My sister Zoe lives in Bath.", "I am allergic to cashews.", "My cat is called Rex.",
         "I love red olives.", "I work for Doctor Lee.", "My name is Ida Novak.", "I bought a boat."]  # fmt: skip


@given(st.sampled_from(PLAIN), st.data())
@settings(deadline=None)
def test_any_blank_is_a_blank(text: str, data: st.DataObject) -> None:
    """Two blanks, a no-break space, a tab or an invisible character say the same as one blank."""
    blanks = st.sampled_from([" ", "  ", "\u00a0", "\t", "\u2009 ", " \u200b", "\u202f"])
    varied = "".join(data.draw(blanks) if letter == " " else letter for letter in text)
    assert lines(varied) == lines(text)


@given(st.lists(st.sampled_from(PLAIN), min_size=1, max_size=3))
@settings(deadline=None)
def test_small_letters_keep_the_attributes(parts: list[str]) -> None:
    """What has a capital for its name only is still found where nothing has capitals."""
    text = " ".join(parts)
    wanted = {(fact.attribute, fact.value.lower()) for fact in facts(text) if fact.subject == "Ann"}
    found = {(fact.attribute, fact.value.lower()) for fact in facts(text.lower())}
    lasting = {"home", "allergy", "pet", "preference", "job", "name"}
    assert {pair for pair in wanted if pair[0] in lasting} <= found


@given(st.text(max_size=60))
@settings(deadline=None)
def test_any_text_is_read_without_a_trace(text: str) -> None:
    for fact in facts(text):
        assert not set(fact.line) & {"\ua78c", "\ua78f", "․", "\0"} - set(text)


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("I live in Perth.", True), ("Bought milk, feeling great", True), ("ok", True), ("Zoë!", True), ("", True),
        ("🐈", True), ("Łódź Kraków", True), ("I met José in Łódź", True),
        ("Ich wohne in Bonn und habe eine Katze", False),
        ("J'habite à Lyon avec ma sœur", False), ("Vivo en Madrid con mi gato", False),
        ("Mi hermana vive en Lugo", False),
        ("Eu moro em Faro com minha irmã", False), ("Abito a Roma con mia sorella", False),
        ("Ik woon in Gent met mijn kat", False), ("我住在北京", False), ("私は東京に住んでいます", False),
        ("Я живу в Москве", False), ("أعيش في القاهرة", False), ("मैं दिल्ली में रहता हूँ", False),
        ("Mieszkam w Gdyni i mam kota", False), ("Benim kedim çok güzel bir kedi", False),
    ],
)  # fmt: skip
def test_what_is_english(text: str, english: bool) -> None:
    assert is_english(text) == english


def test_what_is_not_english_is_counted_and_gives_nothing() -> None:
    turns = [turn("Ich wohne in Bonn und habe eine Katze.", 1), turn("我的猫叫橘子。", 2), turn("I live in Perth.", 3)]
    extractor = RuleExtractor()
    assert [fact.line for fact in extractor.extract(turns)] == ["Ann: home is Perth"]
    assert extractor.stats() == {"turns_read": 1, "turns_unread": 2}
    writer = Facts(RuleExtractor(), Document())
    assert [passage.verbatim for passage in writer.write(turns)] == [True, True, False]
    memory = KV(MemoryKV(), RuleExtractor(), Document())
    memory.write(turns)
    for stats in (writer.stats(), memory.stats()):
        assert (stats["turns_read"], stats["turns_unread"]) == (1, 2)
