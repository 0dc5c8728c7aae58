"""One BM25 run over the real LoCoMo under other people's definitions; the table in docs/measures.md is checked here."""

import json
import os
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from memeval.kit.document import Document
from memeval.kit.tokens import get_tokenizer
from memeval.kit.types import ContextPart, Dialogue, DialogueRecord, Outcome, Query, Question, Turn, Usage
from memeval.scoring.measures import PRESETS, Measure, Recall, get_preset, parse
from memeval.scoring.scores import Scores, score

EXACT = re.compile(r"D\d+:\d+")
DOCS = Path(__file__).parents[2] / "docs" / "measures.md"


def data(*names: str) -> Path:
    folder = os.environ.get("MEMEVAL_DATA")
    if not folder:
        pytest.skip("set MEMEVAL_DATA to the folder with the real data (locomo/locomo10.json, longmemeval/...)")
    return Path(folder, *names)


def evidence(strings: Sequence[str], kind: str) -> tuple[str, ...]:
    if kind == "raw":
        return tuple(strings)
    if kind == "exact":
        return tuple(each for each in strings if EXACT.fullmatch(each))
    return tuple(EXACT.findall(json.dumps(strings)))


@cache
def locomo(kind: str) -> list[Dialogue]:
    found = []
    for sample in json.loads(data("locomo", "locomo10.json").read_text(encoding="utf-8")):
        sessions = {key: value for key, value in sample["conversation"].items() if re.fullmatch(r"session_\d+", key)}
        turns = [
            Turn(turn["dia_id"], key.replace("session_", "D"), turn["speaker"], "user", turn["text"].strip())
            for key, session in sessions.items()
            for turn in session
        ]
        questions = [
            Question(
                f"{sample['sample_id']}/{index}",
                Query(asked["question"]),
                (str(asked["answer"]),) if asked["category"] != 5 else (),
                evidence(asked["evidence"], kind),
                str(asked["category"]),
                # The official code and MemPalace's take the session from the start of the string.
                tuple(re.findall(r"^D\d+(?=:)", "\n".join(asked["evidence"]), re.MULTILINE)) if kind == "raw" else None,
            )
            for index, asked in enumerate(sample["qa"])
        ]
        found.append(Dialogue(sample["sample_id"], turns, questions))
    return found


@cache
def outcomes(documents: str) -> list[Outcome]:
    """The rank_bm25 run: Okapi defaults, lower-cased words, `Speaker: text`, equal scores in order of writing."""
    from rank_bm25 import BM25Okapi

    words = re.compile(r"[A-Za-z0-9_]+")
    found = []
    for dialogue in locomo("exact"):
        passages: dict[str, list[Turn]] = {}
        for turn in dialogue.turns:
            passages.setdefault(turn.id if documents == "turn" else turn.session, []).append(turn)
        sources = [tuple(turn.id for turn in turns) for turns in passages.values()]
        texts = ["\n".join(f"{turn.speaker}: {turn.text}" for turn in turns).lower() for turns in passages.values()]
        index = BM25Okapi([words.findall(text) for text in texts])
        for question in dialogue.questions:
            scores = index.get_scores(words.findall(question.query.text.lower()))
            order = np.argsort(-scores, kind="stable")
            ranking = tuple((sources[i], float(scores[i])) for i in order)
            context = (ContextPart("memory", True, tuple(sources[i] for i in order[:10])),)
            written = len(dialogue.turns)
            found.append(Outcome(dialogue.id, question.id, written, context, ranking, {}, usage={"read": Usage()}))
    return found


def scored(kind: str, measures: Sequence[Measure], keep: str = "all", documents: str = "turn") -> Scores:
    def answerable(question: Question, dialogue: Dialogue) -> Question | None:
        return question if question.category != "5" else None

    records = [DialogueRecord(each.id, len(each.turns), 0, len(each.questions), Usage()) for each in locomo(kind)]
    return score(
        outcomes(documents),
        records,
        locomo(kind),
        measures,
        document=Document(),
        tokenizer=get_tokenizer("o200k_base"),
        gold=answerable if keep == "answerable" else None,
    )


@pytest.mark.parametrize("name", [name for name, preset in PRESETS.items() if preset.benchmark == "locomo"])
def test_presets_count_the_questions_that_they_say(name: str) -> None:
    preset = get_preset(name)
    scores = scored(preset.gold["evidence"], preset.measures)
    assert {scores[measure].n for measure in preset.measures} == {preset.denominator}


@pytest.mark.parametrize("name", [name for name, preset in PRESETS.items() if preset.benchmark == "locomo"])
def test_the_loader_has_the_gold_of_presets(name: str) -> None:
    from memeval.benchmarks.locomo import Locomo

    gold = get_preset(name).gold["evidence"]
    for ours, loaded in zip(locomo(gold), Locomo(str(data("locomo", "locomo10.json")), evidence=gold), strict=True):  # type: ignore[arg-type]
        for one, other in zip(ours.questions, loaded.questions, strict=True):
            assert set(one.evidence or ()) == set(other.evidence or ())
            assert one.evidence_sessions is None or set(one.evidence_sessions) == set(other.evidence_sessions or ())


def test_the_published_row_of_rank_bm25() -> None:
    preset = get_preset("okapi")
    scores = scored("exact", preset.measures)
    found = [scores[measure].value for measure in preset.measures]
    assert [round(100 * value, 1) for value in found if value is not None] == [24.5, 45.2, 53.2, 61.9, 68.4]
    assert [measure.k for measure in preset.measures if isinstance(measure, Recall)] == [1, 5, 10, 25, 50]


def test_the_table_of_definitions_in_the_documentation() -> None:
    row = r"^\| `([^`]+)` \| (\w+) \| (\w+) \| (\w+) \| ([\d,]+) \| ([\d.]+) \| ([\d.]+) \|"
    rows = re.findall(row, DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) >= 8
    for name, documents, kind, keep, n, value, luck in rows:
        measure = parse(name)
        found = scored(kind, [measure], keep, documents)[measure]
        assert found.value is not None and found.chance is not None
        obtained = (str(measure), f"{found.n:,}", f"{100 * found.value:.1f}", f"{100 * found.chance:.1f}")
        assert obtained == (name, n, value, luck)


def test_longmemeval_drops_what_its_authors_drop() -> None:
    view = get_preset("longmemeval").view
    assert view is not None
    kept = 0
    for entry in json.loads(data("longmemeval", "longmemeval_oracle.json").read_text(encoding="utf-8")):
        turns, marked = [], []
        for s, session in enumerate(entry["haystack_sessions"]):
            for t, turn in enumerate(session):
                turns.append(Turn(f"{s}:{t}", str(s), turn["role"], turn["role"], turn["content"].strip()))
                if turn.get("has_answer"):
                    marked.append(f"{s}:{t}")
        answers = () if entry["question_id"].endswith("_abs") else (str(entry["answer"]),)
        asked = Query(entry["question"])
        question = Question(entry["question_id"], asked, answers, tuple(marked), entry["question_type"])
        seen = view(question, Dialogue(question.id, turns, (question,)))
        if seen is not None:
            kept += 1
            roles = {turn.role for turn in turns if turn.id in (seen.evidence or ())}
            assert roles == {"user"}
    assert kept == get_preset("longmemeval").denominator
