"""Facts by rules: what is found, how it is dated and weighed, when it is the same fact, and how it is forgotten."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memeval.kit.document import Document
from memeval.kit.errors import ConfigError
from memeval.kit.protocols import Embedder
from memeval.kit.types import Query, Turn
from memeval.strategies.embedders.wordllama import Wordllama
from memeval.strategies.extraction.dates import resolve
from memeval.strategies.extraction.fact import Fact
from memeval.strategies.extraction.rules import RuleExtractor
from memeval.strategies.extraction.words import base
from memeval.strategies.long_term.bm25 import BM25
from memeval.strategies.writing.deduplication import Deduplicator
from memeval.strategies.writing.facts import Facts
from memeval.testing.retrievers import check_retriever

MAY = datetime(2023, 5, 8, 13, 56)  # a Monday


def turn(text: str, number: int = 1, *, days: int = 0, role: str = "user", speaker: str = "Ann", **more: str) -> Turn:
    kind = "user" if role == "user" else "system" if role == "system" else "assistant"
    return Turn(f"t{number}", f"s{days}", speaker, kind, text, MAY + timedelta(days=days), more.get("caption"))


def extract(text: str, **more: str) -> list[Fact]:
    return list(RuleExtractor().extract([turn(text, **more)]))


def facts(embedder: Embedder | None = None, **options: object) -> Facts:
    return Facts(RuleExtractor(), Document(), embedder, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "attribute", "text", "importance"),
    [
        ("My name is Zoë Smith.", "name", "Ann: name is Zoë Smith", 5),
        ("I'm 34 years old, can you believe it?", "age", "Ann: age is 34", 5),
        ("My birthday is on 3 October", "birthday", "Ann: birthday is 3 October", 5),
        ("I'm originally from Trondheim.", "origin", "Ann: is from Trondheim", 5),
        ("We just moved to a small house near the sea!", "home", "Ann: home is a small house near the sea", 5),
        ("I live in Oslo now, with my cat", "home", "Ann: home is Oslo", 5),
        ("I work as a marine biologist.", "job", "Ann: job is a marine biologist", 5),
        ("I was promoted to head librarian", "job", "Ann: job is head librarian", 5),
        ("I quit my job at the bakery", "job", "Ann: quit their job", 5),
        ("I'm happily married to Ben", "relationship", "Ann: is happily married to Ben", 5),
        ("My sister Caroline loves tea.", "sister", "Ann: sister is Caroline", 5),
        ("We adopted a dog named Rex", "pet", "Ann: has a dog named Rex", 5),
        ("I'm severely allergic to peanuts and wasps.", "allergy", "Ann: is allergic to peanuts and wasps", 5),
        ("I was diagnosed with asthma", "health", "Ann: has asthma", 5),
        ("I'm a vegetarian, by the way", "diet", "Ann: diet is vegetarian", 5),
        ("My favorite food is sushi!", "favourite food", "Ann: favourite food is sushi", 4),
        ("I really love hiking in the rain", "preference", "Ann: likes hiking in the rain", 4),
        ("I can't stand loud music.", "preference", "Ann: dislikes loud music", 4),
        ("I'm not a fan of olives", "preference", "Ann: dislikes olives", 4),
        ("I prefer trains to planes", "preference", "Ann: prefers trains to planes", 4),
        ("My new car is a blue Honda", "car", "Ann: car is a blue Honda", 4),
        ("I bought a red bicycle yesterday", "buy", "Ann: bought a red bicycle yesterday [7 May 2023]", 3),
        ("Last Friday I ran a charity race.", "run", "Ann: ran a charity race, Last Friday [5 May 2023]", 3),
        ("I'm going to visit Prague next month", "plan", "Ann: is going to visit Prague next month [June 2023]", 3),
        ("I play the violin", "play", "Ann: plays the violin", 2),
        ("I'm so excited about the exhibition", "feel", "Ann: is so excited about the exhibition", 1),
    ],
)
def test_what_is_found(said: str, attribute: str, text: str, importance: int) -> None:
    found = {fact.text: fact for fact in extract(said)}
    wanted = f"{text} (8 May 2023)"
    assert wanted in found
    fact = found[wanted]
    assert (fact.attribute, fact.importance) == (attribute, importance)
    assert fact.sources == ("t1",)
    assert fact.time == MAY
    assert (fact.slot == "") == (attribute not in {
        "sister", "pet", "allergy", "health", "preference", "buy", "run", "plan", "play", "feel"
    })  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        "Hey Mel! Good to see you! How have you been?",
        "Thanks, Caroline! You're so kind.",
        "What's your favourite food?",
        "Do you live in Oslo?",
        "I agree!",
        "Wow, that's cool.",
        "",
        "   ",
        "...",
        "🐈",
    ],
)
def test_what_says_nothing(said: str) -> None:
    assert extract(said) == []


def test_machines_and_instructions_have_no_life() -> None:
    assert extract("I live in Oslo and love tea.", speaker="assistant", role="assistant") == []
    assert extract("I live in Oslo and love tea.", role="system") == []
    assert extract("I live in Oslo and love tea.", speaker="Ben", role="assistant")[0].subject == "Ben"


def test_others_are_subjects_of_their_own() -> None:
    extractor = RuleExtractor()
    found = extractor.extract([
        turn("My brother Tom is great.", 1),
        turn("He moved to Bergen last year. Did you know that Tom plays the drums?", 2),
        turn("Tom paints landscapes.", 3),
        turn("He sings in a choir.", 4, days=1),
    ])  # fmt: skip
    texts = [fact.line for fact in found]
    assert "Tom: home is Bergen" in texts
    assert "Tom: paints landscapes" in texts
    assert not [text for text in texts if "choir" in text], "he is nobody in a new session"


def test_an_animal_is_named_later() -> None:
    found = RuleExtractor().extract([turn("I adopted a black kitten."), turn("Her name is Miso, she loves soup.", 2)])
    assert "Ann: has a kitten named Miso" in [fact.line for fact in found]


def test_captions_are_facts_if_wanted() -> None:
    pictured = replace(turn("Look!"), caption="a photo of a heron")
    assert [fact.line for fact in RuleExtractor().extract([pictured])] == ["Ann: shares a photo of a heron"]
    assert RuleExtractor(captions=False).extract([pictured]) == []


@pytest.mark.parametrize(
    ("said", "date"),
    [
        ("yesterday", "7 May 2023"),
        ("the day before yesterday", "6 May 2023"),
        ("last Friday", "5 May 2023"),
        ("two weeks ago", "the week of 24 April 2023"),
        ("a couple of months ago", "March 2023"),
        ("ten years ago", "2013"),
        ("last week", "the week before 8 May 2023"),
        ("this past weekend", "the weekend before 8 May 2023"),
        ("next month", "June 2023"),
        ("last year", "2022"),
        ("last summer", "summer 2022"),
        ("on 3 March", "3 March 2023"),
        ("July 4th", "4 July 2022"),
        ("in December", "December 2022"),
        ("on Saturday", "6 May 2023"),
    ],
)
def test_dates_are_made_absolute(said: str, date: str) -> None:
    assert resolve(f"it rained {said}", MAY) == f"it rained {said} [{date}]"
    # From the time of the turn, and from nothing else.
    late = MAY.replace(year=2001)
    assert resolve(f"it rained {said}", late) != f"it rained {said} [{date}]"
    assert resolve(f"it rained {said}", None) == f"it rained {said}"


def test_dates_to_come() -> None:
    assert resolve("I will leave on Saturday", MAY, future=True).endswith("[13 May 2023]")
    assert resolve("we marry in March", MAY, future=True).endswith("[March 2024]")


@pytest.mark.parametrize(
    "said",
    ["I may march on", "she sat in the sun", "one second", "last but not least", "the second on the left", "in 12 bags",
     "May I?", "back then", "4/4 time", "since 2019", "July 2022", "3 March 2021"],
)  # fmt: skip
def test_what_is_no_relative_date_stays(said: str) -> None:
    assert resolve(said, MAY) == said


@given(st.lists(st.sampled_from(["yesterday", "two days ago", "May", "on Friday", "a", "cat", "next year", "3 June"])))
def test_resolving_only_adds_brackets(parts: list[str]) -> None:
    text = " ".join(parts)
    assert re.sub(r" \[[^\]]*\]", "", resolve(text, MAY)) == text


@pytest.mark.parametrize(
    "forms",
    ["go went gone going goes", "explore explored exploring", "study studies studied", "dog dogs", "child children",
     "bake baked baking", "favourite favorite", "make made making", "run ran running", "see saw seen seeing"],
)  # fmt: skip
def test_forms_of_a_word_meet(forms: str) -> None:
    assert len({base(form) for form in forms.split()}) == 1


def test_a_fact_restated_is_told_once() -> None:
    writer = facts()
    first = writer.write([turn("I love sushi.")])
    second = writer.write([turn("I really love sushi!", 2, days=3), turn("I love sushi", 3, days=3)])
    assert [passage.text for passage in first] == ["Ann: likes sushi (8 May 2023)"]
    assert [passage.text for passage in second] == ["Ann: likes sushi (8 May 2023, 11 May 2023)"]
    assert second[0].id == first[0].id
    assert second[0].sources == ("t1", "t2", "t3")
    assert (second[0].verbatim, second[0].importance, second[0].time) == (False, 4, MAY + timedelta(days=3))
    assert writer.stats() == {
        "turns_read": 3, "turns_unread": 0,
        "facts_added": 1, "facts_unimportant": 0, "merged": 2, "superseded": 0, "dropped": 0, "kept_whole": 0,
    }  # fmt: skip


def test_a_newer_value_marks_the_older() -> None:
    writer = facts()
    writer.write([turn("I live in Oslo.")])
    changed = writer.write(
        [turn("I moved to Bergen", 2, days=30), turn("I love tea", 3), turn("I hate tea", 4, days=31)]
    )
    texts = {passage.text for passage in changed}
    assert "Ann: home is Oslo (8 May 2023) [until 7 June 2023]" in texts
    assert "Ann: home is Bergen (7 June 2023)" in texts
    assert "Ann: likes tea (8 May 2023) [until 8 June 2023]" in texts
    assert "Ann: dislikes tea (8 June 2023)" in texts
    assert writer.stats()["superseded"] == 2
    again = writer.write([turn("I moved back to Oslo.", 5, days=60)])
    assert {passage.text for passage in again} == {
        "Ann: home is Bergen (7 June 2023) [until 7 July 2023]",
        "Ann: home is Oslo (7 July 2023)",
    }


def test_an_older_value_told_later_does_not_win() -> None:
    writer = facts()
    writer.write([turn("I live in Oslo.", 1, days=5)])
    late = writer.write([turn("I live in Bergen.", 2, days=0)])
    assert [passage.text for passage in late] == ["Ann: home is Bergen (8 May 2023) [until 13 May 2023]"]
    assert [passage.text for passage in writer.write([turn("I live in Oslo.", 3, days=9)])] == [
        "Ann: home is Oslo (13 May 2023, 17 May 2023)"
    ]


def test_turns_without_facts() -> None:
    small_talk = turn("Wow, how are you?", 2)
    kept = facts(keep_unparsed=True).write([turn("I love tea"), small_talk])
    assert [passage.verbatim for passage in kept] == [False, True]
    assert small_talk.text in kept[1].text
    dropping = facts(keep_unparsed=False)
    assert len(dropping.write([turn("I love tea"), small_talk, turn("Be brief.", 3, role="system")])) == 1
    assert dropping.stats()["dropped"] == 1
    strict = facts(minimum_importance=5, keep_unparsed=False)
    assert strict.write([turn("I love tea")]) == []
    assert strict.stats()["dropped"] == 1
    assert strict.stats()["facts_unimportant"] == 1


def test_near_is_the_same_but_for_numbers_and_negations() -> None:
    writer = facts(Wordllama(), threshold=0.85)
    writer.write([turn("I volunteered at the homeless shelter.")])
    assert len(writer.write([turn("I'm still volunteering at a homeless shelter", 2)])) == 1
    assert writer.stats()["merged"] == 1
    writer.write([turn("I ran 5 miles along the river", 3), turn("I ran 7 miles along the river", 4)])
    writer.write([turn("I finished the marathon", 5), turn("I didn't finish the marathon", 6)])
    assert writer.stats()["merged"] == 1
    assert facts(Wordllama(), threshold=1.0).write([turn("I volunteered at the shelter", 7)])


def test_forgetting() -> None:
    writer = facts(keep_unparsed=True)
    told = [
        turn("I live in Oslo."),
        turn("I love sushi.", 2),
        turn("I truly love sushi", 3, days=1),
        turn("I moved to Bergen.", 4, days=2),
        turn("Wow!", 5, days=2),
    ]
    by_text = {passage.text: passage.id for passage in writer.write(told)}
    gone = writer.forget(["t4", "t2", "t5", "never written"])
    assert set(gone) == {by_text["Ann: home is Bergen (10 May 2023)"], "t5"}
    left = writer.write(())
    assert {passage.text for passage in left} == {
        "Ann: home is Oslo (8 May 2023)",
        "Ann: likes sushi (9 May 2023)",
    }
    assert {source for passage in left for source in passage.sources} == {"t1", "t3"}
    assert {passage.text for passage in writer.write([turn("I moved to Bodø.", 6, days=4)])} == {
        "Ann: home is Oslo (8 May 2023) [until 12 May 2023]",
        "Ann: home is Bodø (12 May 2023)",
    }
    assert len(writer.forget(["t1", "t3", "t6"])) == 3
    assert writer.write(()) == []
    assert [passage.text for passage in writer.write([turn("I live in Oslo.", 7)])] == [
        "Ann: home is Oslo (8 May 2023)"
    ]


def test_forgetting_the_middle_of_a_chain() -> None:
    writer = facts()
    homes = ("Oslo", "Bergen", "Bodø")
    writer.write([turn(f"I live in {home}.", number, days=number) for number, home in enumerate(homes)])
    writer.forget(["t1"])
    assert [passage.text for passage in writer.write(())] == ["Ann: home is Oslo (8 May 2023) [until 10 May 2023]"]


SENTENCES = st.sampled_from([
    "I live in Oslo.", "I live in Bergen.", "I love tea.", "I hate tea.", "I really love tea",
    "I ran a race yesterday.", "Wow!", "My sister Caroline is a nurse.", "She moved to Rome.",
    "My favourite food is sushi", "I work as a nurse.", "My favourite food is soup",
])  # fmt: skip


def stored(writer: Facts, chunks: Sequence[Sequence[Turn]]) -> dict[str, str]:
    return {passage.id: passage.text for chunk in chunks for passage in writer.write(chunk)}


@given(st.lists(SENTENCES, max_size=12), st.integers(1, 4), st.sets(st.integers(0, 11)))
@settings(deadline=None, max_examples=60)
def test_chunks_and_forgetting_change_nothing_else(said: list[str], size: int, gone: set[int]) -> None:
    """The same facts in whatever chunks; after forgetting, those of the turns that are left."""
    turns = [turn(text, number, days=number // 3) for number, text in enumerate(said)]
    whole, pieces = facts(), facts()
    once = stored(whole, [turns])
    assert once == stored(pieces, [turns[start : start + size] for start in range(0, len(turns), size)])
    kept = dict(once)
    for name in whole.forget([f"t{number}" for number in gone]):
        del kept[name]
    changed = whole.write(())
    kept |= {passage.id: passage.text for passage in changed}
    lost = {f"t{number}" for number in gone}
    for passage in changed:
        assert lost.isdisjoint(passage.sources)
    # She is told apart by who was named before, which forgetting does not undo.
    if not any("She" in text for text in said):
        fresh = stored(facts(), [[each for each in turns if each.id not in lost]])
        assert sorted(kept.values()) == sorted(fresh.values())


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=60), st.integers(1, 6))
@settings(deadline=None, max_examples=60)
def test_the_nearest_are_the_nearest_after_any_adding_and_removing(steps: list[tuple[bool, int]], top: int) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(31, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    known = Deduplicator(None, 0.9, top)
    held: dict[str, int] = {}
    made = [Fact("Ann", "x", f"v{n}", f"v{chr(97 + n)}", f"s{n}", ("t",), MAY, 3) for n in range(31)]
    for adding, number in steps:
        name = f"f{number}"
        if adding and name not in held:
            known.put(name, made[number], vectors[number])
            held[name] = number
        elif not adding:
            known.remove(name, made[number])
            held.pop(name, None)
        assert len(known) == len(held)
    probe = vectors[0]
    best = max(held.values(), key=lambda number: float(vectors[number] @ probe), default=None)
    verdict = known.judge(replace(made[0], slot="other", statement="va"), probe)
    if best is not None and float(vectors[best] @ probe) >= 0.9:
        assert (verdict.kind, verdict.id) == ("merged", f"f{best}")
    else:
        assert verdict.kind == "added"


class Shouting:
    """An extractor of somebody else's."""

    def extract(self, turns: Sequence[Turn]) -> Sequence[Fact]:
        return [
            Fact(each.speaker, "shout", each.text, f"shouts {each.text.upper()}", each.text, (each.id,), each.time, 2)
            for each in turns
        ]


def test_another_extractor_plugs_in() -> None:
    retriever = BM25(Facts(Shouting(), Document()))
    retriever.write([turn("hello moon"), turn("bye", 2)])
    hits = retriever.search(Query("moon"), 5)
    assert [(hit.text, hit.sources, hit.verbatim) for hit in hits] == [
        ("Ann: shouts HELLO MOON (8 May 2023)", ("t1",), False)
    ]


@pytest.mark.parametrize("keep", [True, False])
def test_a_retriever_over_facts_keeps_its_contract(keep: bool) -> None:
    check_retriever(lambda: BM25(facts(keep_unparsed=keep)), finds=False)


def test_bad_options_are_refused() -> None:
    for option, value in (("threshold", 0.0), ("threshold", 1.5), ("top", 0), ("minimum_importance", 6)):
        with pytest.raises(ConfigError, match=f"{option}={value}"):
            facts(**{option: value})
