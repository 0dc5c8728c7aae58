"""Measures on the assembled context, on tokens and on seconds."""

import unicodedata
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memeval.kit.document import Document
from memeval.kit.tokens import Tokenizer, get_tokenizer
from memeval.kit.types import ContextPart, Dialogue, DialogueRecord, Outcome, Query, Question, Turn, Usage
from memeval.scoring.measures import (
    AnswerInContext,
    ContextShare,
    ContextTokens,
    EvidenceDensity,
    EvidenceRecall,
    NeitherInContext,
    NewestInContext,
    OnlyStaleInContext,
    ReadSeconds,
    WriteSeconds,
)
from memeval.scoring.measures.facts import Case, History
from memeval.scoring.measures.text import needles, searchable

DAY = datetime(2023, 5, 7)
TURNS = (
    Turn("t0", "s0", "Ana", "user", "We moved to Lisbon last spring.", DAY),
    Turn("t1", "s0", "Ben", "user", "Lovely! The tram ride is the best part.", DAY),
    Turn("t2", "s1", "Ana", "user", "I now work at Blue-Bird Labs, don't tell anyone", DAY, "a badge with a bird"),
    Turn("t3", "s1", "Ben", "user", "Congratulations.", DAY),
    Turn("t4", "s2", "Ana", "user", "Small news: we left Lisbon for Porto.", DAY),
)
DOCUMENT = Document()


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return get_tokenizer("o200k_base")


@pytest.fixture(scope="module")
def past(tokenizer: Tokenizer) -> History:
    dialogue = Dialogue("d", TURNS, ())
    total = sum(tokenizer.count(DOCUMENT.render(turn)) for turn in TURNS)
    return History(dialogue, DialogueRecord("d", len(TURNS), total, 0, Usage()), DOCUMENT, tokenizer)


def case(
    past: History,
    shown: list[str],
    *,
    answers: tuple[str, ...] = ("Porto",),
    evidence: tuple[str, ...] | None = ("t4",),
    stale: tuple[str, ...] = (),
    derived: tuple[tuple[str, tuple[str, ...]], ...] = (),
    written: int = 5,
) -> Case:
    parts = [ContextPart("history", True, tuple((turn,) for turn in shown))] if shown else []
    if derived:
        parts.append(ContextPart("summary", False, tuple(s for _, s in derived), tuple(t for t, _ in derived)))
    tokens = {"history": sum(map(past.tokens, shown)), "summary": 10 * len(derived), "query": 7, "frame": 3}
    outcome = Outcome("d", "q", written, tuple(parts), None, tokens, usage={"read": Usage(0.25, 0.5)})
    return Case(Question("q", Query("?"), answers, evidence, "c", stale=stale), outcome, past)


def test_evidence_recall_counts_any_kind_of_segment_once(past: History) -> None:
    asked = case(past, ["t0", "t4", "t4"], evidence=("t0", "t2", "t4"))
    assert EvidenceRecall().value(asked) == pytest.approx(2 / 3)
    assert EvidenceRecall(rule="any").value(asked) == 1
    assert EvidenceRecall(rule="all").value(asked) == 0
    # A session is there with any of its turns: s1 is missing, s0 and s2 are not.
    asked = case(past, ["t1", "t4"], evidence=("t0", "t2", "t4"))
    assert EvidenceRecall(unit="session").value(asked) == pytest.approx(2 / 3)
    assert EvidenceRecall(unit="session").value(case(past, ["t3"], evidence=("t2",))) == 1
    assert EvidenceRecall().value(case(past, ["t3"], evidence=("t2",))) == 0


def test_derived_text_only_claims_its_sources(past: History) -> None:
    asked = case(past, ["t3"], derived=(("Ana moved to Porto", ("t0", "t4")),))
    assert EvidenceRecall().value(asked) == 0
    assert EvidenceRecall(segments="all").value(asked) == 1
    assert EvidenceRecall().chance(asked) == pytest.approx(1 / 5)
    assert EvidenceRecall(segments="all").chance(asked) == pytest.approx(3 / 5)
    assert AnswerInContext().value(asked) == 1
    assert EvidenceDensity().value(asked) == 0


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        (("Lisbon",), True),
        (("lisbon!",), True),
        (("in Porto", "the Lisbon"), True),  # any accepted answer will do, articles do not matter
        (("Lisb",), False),  # whole words only
        (("blue bird labs",), True),  # a hyphen may be a blank, or nothing
        (("bluebird labs",), True),
        (("Blue-Bird Labs",), True),
        (("dont tell",), True),
        (("a badge with a bird",), True),  # captions and dates are part of the text that was shown
        (("07 May 2023",), True),
        (("anyone shares", "last spring Ben"), True),
        (("spring 07",), False),  # not across the border of two turns
        (("Porto",), False),
        (("!?",), False),
        (("A",), False),  # an answer that is only an article does not match everything
    ],
)
def test_answers_match_after_normalisation(past: History, answers: tuple[str, ...], found: bool) -> None:
    assert AnswerInContext().value(case(past, ["t0", "t1", "t2"], answers=answers)) == found


def test_searchable_by_hand() -> None:
    assert searchable("The  “Blue” bird’s\tnest, an A-team") == " blue birds nest team \n blue birds nest ateam "
    assert searchable("cats—dogs…") == " cats dogs "
    assert searchable("THE") == " the "
    assert searchable("") == "  "
    assert needles("!?") == ()


def found(answer: str, text: str) -> bool:
    return any(needle in searchable(text) for needle in needles(answer))


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("twenty five", "It took twenty-five days."),
        ("twenty-five", "It took twenty five days."),
        ("check-in", "Please check in early."),
        ("checkin", "The check-in is early."),
        ("email", "Send an e-mail."),
        ("BA2490", "My flight is BA-2490."),
        ("COVID 19", "I had COVID-19."),
        ("1200", "I won 1,200 euros."),
        ("1,234,567", "It has 1234567 rows."),
        ("10:30 am", "We met at 10:30am."),
        ("10:30am", "We met at 10:30 a.m. sharp."),
        ("5 km", "I ran 5km."),
        ("5km", "I ran 5 km."),
        ("20 m2", "It is 20 m² big."),
        ("1/2", "Take ½ a cup."),
        ("2 1/2", "Take 2½ cups."),
        ("2019", "From 2019-2021 I lived there."),
        ("-5", "It was −5 degrees."),
        ("50", "It cost $50, or 50%."),
        ("C", "I write firmware in C."),
        ("C++", "I write C++ at work."),
        ("A+", "She got an A+."),
        ("US", "She lives in the U.S. now."),
        ("U.S.", "She lives in the US."),
        ("J.K. Rowling", "A book by JK Rowling."),
        ("km/h", "At 30 km/h."),
        ("café", "The cafe\u0301 is nice."),
        ("Mia", "My cat is called „Mia“."),
        ("Madrid", "We saw ¡Madrid! live."),
        ("book", "Ｔｈｅ ＢＯＯＫ is here."),
        ("incir", "İNCİR burada."),
        ("北京", "我住在北京。"),
        ("京都", "京都に住んでいます。"),
        ("เชียงใหม่", "อยู่เชียงใหม่"),
        ("부산", "부산에 살아요."),
        ("दिल्ली", "मैं दिल्ली में हूँ।"),
        ("🎸", "I love the 🎸🎸."),
    ],
)
def test_present(answer: str, text: str) -> None:
    assert found(answer, text)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("35", "The hike is 3.5 km long."),
        ("35", "Es sind 3,5 km."),
        ("150", "It cost 1.50 euros."),
        ("5", "It was -5 degrees."),
        ("-5", "It was 5 degrees, or 3-5."),
        ("1030", "We meet at 10:30."),
        ("23", "The score was 2-3."),
        ("23", "I ate 2/3 of the cake."),
        ("3", "I ate 2/3 of the cake."),
        ("12", "I use version 1.2."),
        ("1253", "nginx 1.25.3 runs."),
        ("102", "It is 10² big."),
        ("510", "I am 5'10 tall."),
        ("12", "My room is B12."),
        ("12", "I paid 12,000 euros."),
        ("C", "I write C++ and C# at work."),
        ("us", "She lives in the U.S. now."),
        ("산", "부산에 살아요."),  # within a word
        ("ชี", "ชาย"),
        ("rome", "Romeo is here."),
    ],
)
def test_absent(answer: str, text: str) -> None:
    assert not found(answer, text)


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_a_text_is_found_in_itself_and_beside_others(text: str, before: str, after: str) -> None:
    text = f"word {text}"  # an answer that is nothing but an article is a case of its own
    for form in ("NFC", "NFD"):
        same = unicodedata.normalize(form, text)
        assert set(needles(same)) == set(needles(text))
        assert found(text, same)
        assert found(text, f"{before} \n {same} \n {after}")
    assert all(line.startswith(" ") and line.endswith(" ") for line in searchable(text).split("\n"))


def test_questions_to_abstain_from_have_no_answer_to_find(past: History) -> None:
    asked = case(past, ["t0"], answers=(), evidence=None)
    assert not AnswerInContext().applies(asked)
    assert not EvidenceRecall().applies(asked)
    assert not EvidenceDensity().applies(asked)
    assert ContextTokens().applies(asked)


def test_density_and_tokens(past: History, tokenizer: Tokenizer) -> None:
    size = [tokenizer.count(DOCUMENT.render(turn)) for turn in TURNS]
    asked = case(past, ["t0", "t1", "t4"], evidence=("t0", "t4"))
    assert ContextTokens().value(asked) == size[0] + size[1] + size[4]  # neither query nor frame
    assert EvidenceDensity().value(asked) == pytest.approx((size[0] + size[4]) / (size[0] + size[1] + size[4]))
    # A turn shown twice is paid for twice and found once.
    assert EvidenceDensity().value(case(past, ["t4", "t4"])) == 0.5
    assert EvidenceDensity().value(case(past, [])) == 0
    assert EvidenceDensity().value(case(past, ["t4"], evidence=("t4", "gone"))) == 1
    assert ContextShare().value(asked) == pytest.approx((size[0] + size[1] + size[4]) / sum(size))
    assert ContextShare().value(case(past, ["t0"], written=2)) == pytest.approx(size[0] / (size[0] + size[1]))
    assert ContextShare().value(case(past, [], written=0)) is None


@pytest.mark.parametrize(
    ("shown", "facts"),
    [(["t4"], (1, 0, 0)), (["t0", "t4"], (1, 0, 0)), (["t0", "t2"], (0, 1, 0)), (["t2"], (0, 0, 1)), ([], (0, 0, 1))],
)
def test_updates(past: History, shown: list[str], facts: tuple[int, int, int]) -> None:
    # Some benchmarks list the superseded turn among the evidence as well.
    for evidence in (("t4",), ("t0", "t4")):
        asked = case(past, shown, evidence=evidence, stale=("t0",))
        measures = (NewestInContext(), OnlyStaleInContext(), NeitherInContext())
        assert all(measure.applies(asked) for measure in measures)
        assert tuple(measure.value(asked) for measure in measures) == facts
    assert not NewestInContext().applies(case(past, shown, evidence=("t4",)))
    assert not NewestInContext().applies(case(past, shown, evidence=("t0",), stale=("t0",)))


def test_seconds(past: History) -> None:
    import numpy as np

    asked = case(past, ["t0"])
    assert ReadSeconds().value(asked) == 0.5
    assert ReadSeconds(clock="measured").value(asked) == 0.25
    hundred = np.arange(101, dtype=np.float64)
    assert [ReadSeconds(p=p).aggregate(hundred) for p in (50, 95, 99)] == [50, 95, 99]
    assert ReadSeconds(p=50).aggregate(np.array([1.0, 2.0])) == 1.5
    record = DialogueRecord("d", 4, 100, 1, Usage(1.0, 2.0))
    assert WriteSeconds().value(record) == 2
    assert WriteSeconds(clock="measured").value(record) == 1
    assert WriteSeconds(per="turn").value(record) == 0.5
    assert WriteSeconds(per="turn").value(DialogueRecord("d", 0, 0, 0, Usage(1.0, 2.0))) is None
