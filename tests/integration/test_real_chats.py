"""The real files of BEAM and REALTALK: every count that is documented, and BM25 against an independent script."""

import hashlib
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rank_bm25 import BM25Okapi

from memeval.benchmarks.beam import CATEGORIES, Beam
from memeval.benchmarks.realtalk import RealTalk
from memeval.checks.contexts import check_dialogue
from memeval.kit.document import Document
from memeval.kit.types import Dialogue, Query
from memeval.strategies.long_term.bm25 import BM25
from memeval.strategies.writing.turns import Turns

CUTS = (5, 10, 20, 50, 100)


def mark(dialogue: Dialogue) -> str:
    """Pins a dialogue without quoting it."""
    return hashlib.sha256(repr((dialogue.id, list(dialogue.turns), list(dialogue.questions))).encode()).hexdigest()[:12]


@pytest.fixture
def beam(real_data: Path) -> Path:
    if not (real_data / "beam" / "100K").is_dir():
        pytest.skip("BEAM is not in MEMEVAL_DATA: memeval data fetch beam-100k")
    return real_data / "beam" / "100K"


@pytest.fixture
def realtalk(real_data: Path) -> Path:
    if not (real_data / "realtalk").is_dir():
        pytest.skip("REALTALK is not in MEMEVAL_DATA: memeval data fetch realtalk")
    return real_data / "realtalk"


def test_beam_counts(beam: Path) -> None:
    about, full = Beam().describe(), Beam(chat="full").describe()
    assert (about["dialogues"], about["sessions"], about["turns"], about["questions"]) == (20, 82, 5_094, 400)
    assert (full["dialogues"], full["sessions"], full["turns"], full["questions"]) == (20, 90, 5_732, 400)
    for counts in (about, full):
        assert counts["questions by category"] == dict.fromkeys(CATEGORIES, 40) and counts["pinned"]
        # One of the 355 cites the superseded value only.
        assert (counts["questions that cite a message"], counts["questions with evidence"]) == (355, 354)


def test_beam_anomalies(beam: Path) -> None:
    counted = {
        "marks at the end of user turns (removed)": 1_905,
        "marks at the end of assistant turns (removed)": 41,
        "chats that end where the official evaluation ends them": 10,
        "turns without text (left out)": 0,
        "message ids that stand more than once in a chat": 0,
        "dates that are earlier than one before them (ignored)": 0,
        "questions with an empty evidence list": 5,
        "evidence ids that name no turn": 0,
        "evidence ids repeated in a question": 15,
        "lists of evidence ids within a list": 3,
        "questions whose evidence is only a superseded value": 1,
    }
    assert Beam().anomalies() == counted
    assert not any("->->" in turn.text for dialogue in Beam() for turn in dialogue.turns)


def test_beam_records_at_the_boundaries(beam: Path) -> None:
    dialogues = list(Beam())
    assert [(dialogues[place].id, len(dialogues[place].turns)) for place in (0, 9, -1)] == [
        ("chat-1", 188),
        ("chat-10", 286),
        ("chat-20", 260),
    ]
    for dialogue in dialogues:
        check_dialogue(dialogue)
        times = [turn.time for turn in dialogue.turns if turn.time is not None]
        assert all(one <= other for one, other in pairwise(times)) and len(dialogue.questions) == 20


def raw(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict) and "content" in node:
        yield node
    elif isinstance(node, dict | list):
        for each in node.values() if isinstance(node, dict) else node:
            yield from raw(each)


def ids(node: Any) -> list[str]:
    if isinstance(node, dict):
        node = [node[key] for key in node if key != "original_info"]
    return [str(node)] if isinstance(node, int | str) else [found for each in node or () for found in ids(each)]


def independent(folder: Path) -> list[list[float]]:
    """Evidence fraction of rank_bm25 by turn, read from the files with nothing of memeval."""
    shares = []
    for number in range(1, 21):
        files = [folder / str(number) / name for name in ("chat_trunecated.json", "chat.json")]
        turns = list(raw(json.loads(next(file for file in files if file.exists()).read_bytes())))
        texts = [re.sub(r"\s*->->\s*\d[\d\s,]*(N/A)?\)?\s*$", "", turn["content"]) for turn in turns]
        index = BM25Okapi([re.findall(r"[A-Za-z0-9_]+", text.lower()) for text in texts])
        probes = json.loads((folder / str(number) / "probing_questions" / "probing_questions.json").read_bytes())
        for ability in sorted(probes):
            for question in probes[ability]:
                gold = set(ids(question.get("source_chat_ids")))
                if gold:
                    scores = index.get_scores(re.findall(r"[A-Za-z0-9_]+", question["question"].lower()))
                    order = sorted(range(len(turns)), key=lambda place: (-scores[place], place))
                    found = [str(turns[place]["id"]) for place in order]
                    shares.append([len(gold.intersection(found[:cut])) / len(gold) for cut in CUTS])
    return shares


def test_bm25_on_beam_equals_an_independent_script(beam: Path) -> None:
    expected = np.array(independent(beam))
    shares = []
    for dialogue in Beam():
        memory = BM25(
            Turns(Document(before="", date=None, caption=None)),
            engine="rank_bm25",
            pattern="[A-Za-z0-9_]+",
            stop_words=None,
            stemmer=None,
            zero_scores=True,
        )
        memory.write(dialogue.turns)
        for question in dialogue.questions:
            gold = set(question.evidence or ())
            if gold:
                found = [hit.sources[0] for hit in memory.search(question.query, max(CUTS))]
                shares.append([len(gold.intersection(found[:cut])) / len(gold) for cut in CUTS])
        assert memory.search(Query("nothing of this kind"), 1)
    assert len(shares) == len(expected) == 354
    np.testing.assert_array_equal(np.array(shares), expected)


def test_realtalk_counts(realtalk: Path) -> None:
    about = RealTalk().describe()
    assert (about["dialogues"], about["sessions"], about["turns"], about["questions"]) == (10, 219, 8_944, 728)
    assert about["questions by category"] == {"multi-hop": 301, "temporal": 319, "commonsense": 108}
    assert (about["turns with a caption"], about["questions with evidence"], about["pinned"]) == (313, 706, True)
    assert RealTalk("exact").describe()["questions with evidence"] == 699


def test_realtalk_anomalies(realtalk: Path) -> None:
    assert RealTalk().anomalies() == {
        "evidence strings that name no message": 188,
        "of these: well formed, but no such message": 134,
        "of these: several ids in one string": 21,
        "of these: a range of ids": 18,
        "of these: a point at the end": 5,
        "of these: others": 10,
        "questions with such a string": 102,
        "questions with an empty evidence list": 2,
        "evidence strings repeated in a question": 2,
        "messages whose id is not their place in the sitting": 6_317,
        "messages whose id names another sitting": 2_338,
        "messages with stray white space": 3,
        "messages without text and caption (left out)": 0,
        "messages that are earlier than one before them": 0,
    }


def test_realtalk_records_at_the_boundaries(realtalk: Path) -> None:
    dialogues = list(RealTalk())
    assert [dialogues[place].id for place in (0, 9, -1)] == [
        "Chat_1_Emi_Elise",
        "Chat_10_Fahim_Muhhamed",
        "Chat_10_Fahim_Muhhamed",
    ]
    for dialogue in dialogues:
        check_dialogue(dialogue)
        known = {turn.id for turn in dialogue.turns}
        assert all(known.issuperset(question.evidence or ()) for question in dialogue.questions)
