"""Names by rules: what is one, what is none, and in which form it is compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memeval.strategies.extraction.entities import entities, normalise


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Yesterday I met Caroline at the Carnegie Library.", ["caroline", "carnegie library"]),
        ("She moved to New York City in May.", ["new york city"]),
        ("New York is loud.", ["new york"]),
        ("Caroline's Toyota broke down near Oslo, poor Caroline.", ["caroline", "toyota", "oslo"]),
        ("We saw The Lord of the Rings with Dr. Smith.", ["lord of the rings", "smith"]),
        ("A book by J. K. Rowling and one by George R. R. Martin", ["j. k. rowling", "george r. r. martin"]),
        ('I loved "Becoming Nicole" and “The Wind in the Willows”!', ["becoming nicole", "wind in the willows"]),
        ('He said "what a lovely day it is" to me', []),
        ("ask @amy.nutt or @bob_1 about it", ["@amy.nutt", "@bob_1"]),
        ("mail me at ann@example.org", []),
        ("Is Jean-Luc in Saint-Denis?", ["jean-luc", "saint-denis"]),
        ("zusammen mit Zoë in Århus und in Łódź", ["zoë", "århus", "łódź"]),
        ("вчера я видел Анну в Москве", ["анну", "москве"]),
        ("What did I say on Monday, in March or on Friday?", []),
        ("I'm sure I'll go, I've never been. However, it's late.", []),
        ("Painting is fun. Visited Paris twice!", ["paris"]),
        ("Running helps", []),
        ("Melanie went home; I like Melanie.", ["melanie"]),
        ("Rex barked", []),
        ("Hey Mel, thanks!", ["mel"]),
        ("the USA and NASA", ["usa", "nasa"]),
        ("Prince of Persia, then Vincent van Gogh", ["prince of persia", "vincent van gogh"]),
        ("東京で猫を飼う", []),
        ("", []),
        ("   \n ", []),
        ("A", []),
        ("x" * 10_000, []),
    ],
)
def test_names(text: str, names: list[str]) -> None:
    assert entities(text) == names


def test_what_is_known_counts_at_the_start_of_a_sentence() -> None:
    assert entities("Rex barked. Luna slept.", known={"rex", "luna"}) == ["rex", "luna"]
    assert entities("Rex barked", known={"luna"}) == []


def test_kinship_belongs_to_the_speaker() -> None:
    text = "My older sister Caroline met my wife's boss"
    assert entities(text, speaker="Ann Lee") == ["ann lee's sister", "caroline", "ann lee's wife"]
    assert entities(text) == ["caroline"]


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("The  Beatles", "beatles"),
        ("Caroline’s", "caroline"),
        ("Mrs. Dalloway", "dalloway"),
        ("STRASSE", "straße"),
        ("Ｚｏｅ", "zoe"),
        ("The", "the"),
        ("", ""),
    ],
)
def test_forms_that_are_the_same(name: str, same: str) -> None:
    assert normalise(name) == normalise(same)


WORDS = st.one_of(
    st.text(max_size=40), st.lists(st.sampled_from("Ann the I'm New York of \"My\" @x . ! 's".split())).map(" ".join)
)


@given(WORDS)
def test_any_text(text: str) -> None:
    found = entities(text)
    assert len(set(found)) == len(found)
    assert all(name and name == name.strip() for name in found)
    assert found == entities(text)
    assert set(found) <= set(entities(text, speaker="Ann"))
