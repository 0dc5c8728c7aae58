import re
import string
import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memeval.answers.reader import abstains
from memeval.kit.types import Dialogue, DialogueRecord, Outcome, Query, Question, Turn, Usage
from memeval.scoring.measures import (
    AbstentionPrecision,
    AbstentionRecall,
    ExactMatch,
    JudgeAgreement,
    JudgedAccuracy,
    RougeL,
    TokenF1,
)
from memeval.scoring.measures.answers import rouge_l, token_f1
from memeval.scoring.measures.text import rouge_words, squad_words
from memeval.scoring.scores import Scores, score


def independent_normal_form(text: str) -> list[str]:
    """SQuAD's normalisation told differently: character by character and word by word."""
    kept = "".join(character for character in text.lower() if character not in string.punctuation + "“")
    # An article ends where a character that is no word character follows, not only at white space.
    return [word for word in re.sub(r"(?<!\w)(?:the|an|a)(?!\w)", " ", kept).split() if word]


@given(st.text(alphabet="aAnNtThHeE .,!'-_“é\n\t", max_size=40))
def test_normalisation_agrees_with_an_independent_one(text: str) -> None:
    assert squad_words(text) == independent_normal_form(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The  Eiffel-Tower!", ["eiffeltower"]),
        ("an apple a day", ["apple", "day"]),
        ("Anna's theatre", ["annas", "theatre"]),
        ("A", []),
        ("", []),
        ("Ｋöln", ["köln"]),  # full width
        ("cafe\u0301", ["café"]),  # NFD
        ("“Rome”", ["rome"]),
        ("don’t", ["dont"]),
        ("İzmir", ["izmir"]),
        ("北京。", ["北", "京"]),
        ("京都に", ["京", "都", "に"]),
        ("เชียง", ["เ", "ชี", "ย", "ง"]),  # marks stay with their letter
        ("부산에 살아", ["부", "산", "에", "살", "아"]),
        ("दिल्ली में", ["दिल्ली", "में"]),
        ("¡Madrid!", ["madrid"]),
        ("🎸🎸", ["🎸", "🎸"]),
    ],
)
def test_squad_words_by_hand(text: str, words: list[str]) -> None:
    assert squad_words(text) == words


@pytest.mark.parametrize(
    ("answer", "gold", "f1"),
    [
        ("the red car", "a red bicycle", 0.5),
        ("red red car", "red car car", 2 / 3),
        ("in Paris France", "Paris", 0.5),
        ("blue", "red", 0.0),
        ("", "red", 0.0),
        ("", "", 0.0),
    ],
)
def test_token_f1_by_hand(answer: str, gold: str, f1: float) -> None:
    assert token_f1(squad_words(answer), squad_words(gold)) == pytest.approx(f1)


@pytest.mark.parametrize(
    ("answer", "gold", "value"),
    [
        # Lin 2004, section 3.1: S1 and S2 share police-the-gunman of four words, S3 the-gunman.
        ("police kill the gunman", "police killed the gunman", 3 / 4),
        ("the gunman kill police", "police killed the gunman", 2 / 4),
        ("a b c", "c b a", 1 / 3),
        ("", "x", 0.0),
        ("one", "one two three", 0.5),
    ],
)
def test_rouge_l_by_hand(answer: str, gold: str, value: float) -> None:
    assert rouge_l(rouge_words(answer), rouge_words(gold)) == pytest.approx(value)


@pytest.mark.parametrize(
    "gold",
    ["Rome", "北京", "京都", "부산", "Москва", "Αθήνα", "القاهرة", "חיפה", "दिल्ली", "เชียงใหม่", "Köln", "Đà Nẵng", "🎸"],
)
def test_the_gold_answer_itself_is_worth_1_in_every_script(gold: str) -> None:
    assert ExactMatch().of(gold, [gold]) == TokenF1().of(gold, [gold]) == RougeL().of(gold, [gold]) == 1
    other = unicodedata.normalize("NFD", gold).upper()
    assert ExactMatch().of(other, [gold]) == TokenF1().of(other, [gold]) == RougeL().of(other, [gold]) == 1


@pytest.mark.parametrize(
    ("answer", "gold", "f1", "rouge"),
    [
        ("I live in Rome.", "Rome", 0.4, 0.4),
        ("Ich wohne in Köln.", "Köln", 0.4, 0.4),
        ("Я живу в Москве.", "Москве", 0.4, 0.4),
        ("我住在北京。", "北京", 4 / 7, 4 / 7),  # characters are words: 2 of 5
        ("京都に住んでいます。", "京都", 4 / 11, 4 / 11),
        ("부산에 살아요.", "부산", 0.5, 0.5),
        ("我住在北京。", "上海", 0.0, 0.0),
    ],
)
def test_an_answer_within_a_sentence(answer: str, gold: str, f1: float, rouge: float) -> None:
    assert TokenF1().of(answer, [gold]) == pytest.approx(f1)
    assert RougeL().of(answer, [gold]) == pytest.approx(rouge)


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
def test_order_can_only_cost(answer: list[str], gold: list[str]) -> None:
    f1, rouge = token_f1(answer, gold), rouge_l(answer, gold)
    assert 0 <= rouge <= f1 <= 1
    assert rouge == rouge_l(gold, answer)
    assert rouge_l(sorted(answer), sorted(gold)) == pytest.approx(f1)
    assert (f1 == 1) == (bool(gold) and Counter(answer) == Counter(gold))


@pytest.mark.parametrize(
    "answer",
    [
        "I do not know.",
        "i don't know",
        "I don’t know. It was not said.",
        "",
        '"I do not know."',
        "“I do not know.”",
        "- I do not know.",
        "  I  do not know",
        "**Answer:** I do not know.",
        "<think>\nRome? Nobody said so.\n</think>\n\nI do not know.",
        "```\nI do not know.\n```",
        "Ｉ ｄｏ ｎｏｔ ｋｎｏｗ．",
    ],
)
def test_abstaining(answer: str) -> None:
    assert abstains(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "I do not know, but perhaps Rome.",
        "Rome. I do not know.",
        "Nobody",
        "I know",
        "<think>I do not know.</think>Rome",
        "Answer: Rome. I do not know.",
    ],
)
def test_not_abstaining(answer: str) -> None:
    assert not abstains(answer)


class Plain:
    """Template and tokenizer: the text itself, one token a word."""

    def render(self, turn: Turn) -> str:
        return turn.text

    def count(self, text: str) -> int:
        return len(text.split())


def verdict(correct: bool, votes: list[bool | None]) -> dict[str, object]:
    return {
        "correct": correct,
        "abstained": False,
        "reason": "",
        "votes": votes,
        "agreement": votes.count(correct) / len(votes),
    }


# Each is a question's gold answers, its answer, its verdict, and whether the strategy failed it.
ASKED: list[tuple[tuple[str, ...], str | None, dict[str, object] | None, bool]] = [
    (("Rome", "in Rome"), "the Rome", verdict(True, [True, True, True]), False),
    (("Rome",), "Paris", verdict(False, [True, False, False]), False),
    (("Rome",), "I do not know.", verdict(False, [False, False, None]), False),
    (("Rome",), "Rome", {"error": "no JSON", "votes": [None, None, None]}, False),
    (("Rome",), None, {"error": "too long"}, False),
    (("Rome",), None, None, True),
    ((), "I do not know.", verdict(True, [True, True, True]), False),
    ((), "Rome", verdict(False, [False, False, False]), False),
    ((), None, None, True),
]


def scored(phases: tuple[str, ...]) -> Scores:
    questions = [Question(f"q{i}", Query("?"), each[0], ("t0",), "c") for i, each in enumerate(ASKED)]
    outcomes = [
        Outcome(
            "d", f"q{i}", 1, None if failed else (), None, {}, error="E: no" if failed else None,
            answer=answer if "answer" in phases else None, verdict=said if "judge" in phases else None,
            usage={phase: Usage() for phase in ("read", *phases)},
        )
        for i, (_, answer, said, failed) in enumerate(ASKED)
    ]  # fmt: skip
    dialogue = Dialogue("d", [Turn("t0", "s", "A", "user", "Rome")], questions)
    record = DialogueRecord("d", 1, 1, len(ASKED), Usage())
    measures = (ExactMatch(), TokenF1(), AbstentionRecall(), AbstentionPrecision(), JudgedAccuracy(), JudgeAgreement())
    return score(outcomes, [record], [dialogue], measures, document=Plain(), tokenizer=Plain())


def test_who_is_in_the_denominator() -> None:
    scores = scored(("answer", "judge"))
    found = {str(measure): (each.value, each.n) for measure, each in scores.overall.items()}
    assert found == {
        # Six have gold answers: one failed by its strategy and one without a reply are 0; Rome is right twice.
        "ExactMatch": (pytest.approx(2 / 6), 6),
        "TokenF1": (pytest.approx(2 / 6), 6),
        # Three cannot be answered, one of them was failed.
        "AbstentionRecall": (pytest.approx(1 / 3), 3),
        # Two abstentions, one of them right.
        "AbstentionPrecision": (pytest.approx(1 / 2), 2),
        # An unreadable verdict is no no: eight of nine.
        "JudgedAccuracy": (pytest.approx(2 / 8), 8),
        # A repeat without a verdict agrees with nobody.
        "JudgeAgreement": (pytest.approx((1 + 2 / 3 + 2 / 3 + 1 + 1) / 5), 5),
    }


def test_what_was_not_asked_for_has_no_value() -> None:
    assert {each.value for each in scored(()).overall.values()} == {None}
    answered = {str(measure): each.value for measure, each in scored(("answer",)).overall.items()}
    assert answered["JudgedAccuracy"] is None and answered["JudgeAgreement"] is None
    assert answered["TokenF1"] == pytest.approx(2 / 6)
