"""Valid files to begin with, made once a process: dialogues of each format, stored runs, a baseline, a replay."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tools.fuzz.carrying import carry_out, scratch
from tools.fuzz.inputs import Input

DIALOGUES = "dialogues.jsonl"


def _turn(number: int, session: int, role: str, text: str, **more: str) -> dict[str, str]:
    return {"id": f"t{number}", "session": f"s{session}", "role": role, "text": text, **more}


def dialogues() -> list[dict[str, Any]]:
    """Two dialogues of one's own, with every field that the format knows."""
    return [
        {
            "id": "anna",
            "turns": [
                _turn(1, 1, "user", "My bike is green, I bought it for 900 euros.", speaker="Anna",
                time="2024-02-26T09:00"),
                _turn(2, 1, "assistant", "Noted, a green bike."),
                _turn(3, 2, "user", "Yesterday I painted it.", time="2024-02-27", caption="a blue bike"),
                _turn(4, 2, "assistant", "Blue suits it!"),
                _turn(5, 3, "user", "My sister Ida lives in Bergen, she likes rowing.", time="2024-03-02T10:30"),
            ],
            "questions": [
                {
                    "id": "q1", "text": "What colour is Anna's bike?", "time": "2024-02-28T08:00",
                    "answers": ["blue", "it is blue"], "evidence": ["t3"], "evidence_sessions": ["s2"], "stale": ["t1"],
                    "stale_answers": ["green"], "category": "knowledge-update", "tags": ["recent"],
                },
                {"id": "q2", "text": "Where does Ida live?", "answers": ["Bergen"], "evidence": ["t5"],
                "category": "single-hop"},
                {"id": "q3", "text": "What colour is the car?", "answers": [], "category": "adversarial"},
            ],
        },
        {
            "id": "bert",
            "turns": [_turn(1, 1, "user", "Grüß Gott, ich wohne in Köln."), _turn(2, 1, "assistant", "Hallo!")],
            "questions": [{"id": "q4", "text": "Wo wohnt er?", "answers": ["Köln"], "evidence": ["t1"],
            "category": "single-hop"}],
        },
    ]  # fmt: skip


def locomo() -> list[dict[str, Any]]:
    """Two samples in LoCoMo's schema."""
    return [
        {
            "sample_id": "conv-1",
            "conversation": {
                "speaker_a": "Ida", "speaker_b": "Tom",
                "session_1_date_time": "1:56 pm on 29 February, 2024",
                "session_1": [
                    {"speaker": "Ida", "dia_id": "D1:1", "text": "I bought a boat for 900 euros."},
                    {"speaker": "Tom", "dia_id": "D1:2", "text": "What is it called?"},
                ],
                "session_2_date_time": "12:05 am on 3 March, 2024",
                "session_2": [
                    {"speaker": "Tom", "dia_id": "D2:1", "text": "The boat is called Heron now."},
                    {"speaker": "Ida", "dia_id": "D2:2", "text": "Look!", "img_url": ["x"],
                    "blip_caption": "a red boat"},
                ],
            },
            "qa": [
                {"question": "What did the boat cost?", "answer": 900, "evidence": ["D1:1"], "category": 4},
                {"question": "How is the boat called?", "answer": "Heron", "evidence": ["D2:1"], "category": 2},
                {"question": "What did Tom buy?", "adversarial_answer": "A boat", "evidence": ["D1:1"], "category": 5},
            ],
            "event_summary": {},
        },
        {
            "sample_id": "conv-2",
            "conversation": {
                "speaker_a": "Uma", "speaker_b": "Vic", "session_1_date_time": "12:00 am on 1 January, 2024",
                "session_1": [{"speaker": "Vic", "dia_id": "D1:1", "text": "Happy new year"}],
            },
            "qa": [{"question": "Who wished a happy new year?", "answer": "Vic", "evidence": ["D1:1"], "category": 1}],
        },
    ]  # fmt: skip


def longmemeval() -> list[dict[str, Any]]:
    """Two entries in LongMemEval's schema."""
    return [
        {
            "question_id": "q1", "question_type": "knowledge-update", "question": "How many bikes do I own?",
            "answer": 3,
            "question_date": "2024/02/29 (Thu) 10:00",
            "haystack_dates": ["2023/01/05 (Thu) 08:00", "2024/02/29 (Thu) 09:30"],
            "haystack_session_ids": ["answer_1", "answer_2"],
            "haystack_sessions": [
                [
                    {"role": "user", "content": "I own two bikes.", "has_answer": True},
                    {"role": "assistant", "content": "Noted.", "has_answer": False},
                ],
                [{"role": "user", "content": "I own three bikes now.", "has_answer": True}],
            ],
            "answer_session_ids": ["answer_1", "answer_2"],
        },
        {
            "question_id": "q2_abs", "question_type": "multi-session", "question": "How many boats do I own?",
            "answer": "Not said.", "question_date": "2024/02/29 (Thu) 10:00",
            "haystack_dates": ["2024/02/28 (Wed) 18:30"], "haystack_session_ids": ["answer_9_abs"],
            "haystack_sessions": [[{"role": "user", "content": "I own a bike.", "has_answer": True}]],
            "answer_session_ids": ["answer_9_abs"],
        },
    ]  # fmt: skip


def lines(values: list[dict[str, Any]]) -> bytes:
    """One JSON object a line."""
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values).encode()


RUN = ("run", "benchmark=jsonl", f"benchmark.path={DIALOGUES}", "progress=off", "results=results/runs")
# Numbers that do not depend on the clock.
MEASURES = (
    "measures=[EvidenceRecall,'EvidenceRecall(segments=all)',AnswerInContext,EvidenceDensity,ContextTokens,Recall@10,"
    "nDCG@10,MRR@10]"
)


@cache
def stored() -> Mapping[str, bytes]:
    """Files of a folder with dialogues, four stored runs, a replay and a baseline."""
    steps = [
        (*RUN, "strategy=sliding_window", "retriever=bm25", "budget=60"),
        (*RUN, "strategy=truncation", "budget=60"),
        (*RUN, "strategy=full"),
        (*RUN, "strategy=none", "retriever=bm25", "writing=facts", "budget=60"),
        (*RUN, "mode=replay", "strategy=truncation", "budget=60", "targets=[gpt-4o]"),
        (
            "gate",
            "--baseline",
            "baseline",
            "--results",
            "results/runs",
            "--update",
            "truncation-60",
            "sliding_window+bm25",
        ),
    ]
    files = {DIALOGUES: lines(dialogues()), "rules.yaml": RULES.encode()}
    with scratch() as folder:
        for words in steps:
            said = carry_out(Input("prepared", words, files), folder, 120, alone=False)
            if said.code != 0:
                raise SystemExit(f"memeval {' '.join(words)} ended with {said.code}: {said.err}")
        found = [
            path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix in (".json", ".jsonl", ".yaml")
        ]
        return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def named(pattern: str) -> list[str]:
    """Paths of stored files that match a glob."""
    return [name for name in stored() if Path(name).match(pattern)]


RULES = """\
rules:
  - {measure: EvidenceRecall, max_drop: 0.01}
  - {measure: EvidenceRecall, max_drop: 5%, by: category, confidence: 0.95, runs: '*bm25*'}
  - {measure: ContextTokens, max_rise: 10}
  - {measure: ReadSeconds(p=50), max_ratio: 1000}
"""
