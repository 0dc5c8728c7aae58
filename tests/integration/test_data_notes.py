"""Data of one's own that measure little: the table says so below it."""

import json
from pathlib import Path
from typing import Any

import pytest

from memeval.cli.main import main

PLACES = ("cellar", "attic", "garden", "kitchen")


def dialogue(number: int, turns: int, questions: int, evidence: bool | None = True) -> dict[str, Any]:
    made = [
        {"id": f"t{i}", "role": "user", "text": f"Box {number}{i:03} stands in the {PLACES[i % 4]}."}
        for i in range(turns)
    ]
    asked = []
    for i in range(questions):
        question = {"id": f"q{number}-{i}", "text": f"Where is box {number}{i:03}?", "answers": [PLACES[i % 4]]}
        if evidence is not False and (evidence or i == 0):
            question["evidence"] = [f"t{i}"]
        asked.append(question)
    return {"id": f"d{number}", "turns": made, "questions": asked}


def said(folder: Path, capsys: pytest.CaptureFixture[str], dialogues: list[dict[str, Any]], *words: str) -> str:
    (folder / "data.jsonl").write_text("\n".join(map(json.dumps, dialogues)))
    given = ["benchmark=jsonl", f"benchmark.path={folder}/data.jsonl", "strategy=truncation", f"results={folder}/runs"]
    assert main(["run", *given, "progress=off", *words]) == 0
    return capsys.readouterr().out


EVIDENCE = "names its evidence turns"
FITS = "every memory that keeps everything scores 100 %"
FEW = "too few to tell memories apart"


def test_enough_data_get_no_notes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(tmp_path, capsys, [dialogue(number, 40, 10) for number in range(3)], "budget=100")
    assert not [note for note in (EVIDENCE, FITS, FEW, "Evidence recall is over") if note in text]


def test_data_without_evidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(tmp_path, capsys, [dialogue(number, 40, 10, None) for number in range(3)], "budget=100")
    assert "Evidence recall is over 3 of 30 questions" in text and FEW not in text
    text = said(tmp_path, capsys, [dialogue(number, 40, 10, False) for number in range(3)], "budget=100")
    assert f"None of the 30 questions {EVIDENCE}" in text and "docs/data.md" in text


@pytest.mark.parametrize(("turns", "budget", "note"), [(40, 4000, FITS), (40, 100, "")])
def test_data_that_fit_the_budget(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], turns: int, budget: int, note: str
) -> None:
    text = said(tmp_path, capsys, [dialogue(number, turns, 10) for number in range(3)], f"budget={budget}")
    assert (FITS in text) == bool(note)
    if note:
        assert f"tokens and the budget is {budget:,}" in text and "e.g. budget=" in text


def test_data_of_which_most_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dialogues = [dialogue(0, 400, 10), dialogue(1, 12, 10), dialogue(2, 12, 10)]
    assert "2 of 3 dialogues fit into the budget of 500 tokens" in said(tmp_path, capsys, dialogues, "budget=500")


@pytest.mark.parametrize(
    ("dialogues", "questions", "wanted"),
    [
        (1, 1, "1 question in 1 dialogue: too few"),
        (2, 20, "40 questions in 2 dialogues: too few"),
        (5, 2, "10 questions in 5 dialogues: too few"),
        (3, 10, None),
    ],
)
def test_few_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], dialogues: int, questions: int, wanted: str | None
) -> None:
    text = said(tmp_path, capsys, [dialogue(number, 40, questions) for number in range(dialogues)], "budget=100")
    assert (FEW in text) == (wanted is not None)
    assert wanted is None or wanted in text


def test_turns_that_the_rules_cannot_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    german = [dialogue(number, 40, 10) for number in range(3)]
    for made in german:
        for place, turn in enumerate(made["turns"]):
            turn["text"] = f"Ich habe die Kiste {place} in den Keller und nicht in den Garten gestellt."
    note = "facts: 0 of 120 turns; the rules that find facts are for English"
    for words in (["retriever=kv"], ["retriever=graph"], ["retriever=bm25", "writing=facts"]):
        text = said(tmp_path, capsys, german, "budget=100", "strategy=none", *words)
        assert text.count(note) == 1, words
    english = [dialogue(number, 40, 10) for number in range(3)]
    assert "rules that find facts" not in said(tmp_path, capsys, english, "budget=100", "strategy=none", "retriever=kv")


def test_every_command_over_scores_says_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two questions without evidence, of one dialogue that fits the budget."""
    data = [dialogue(0, 10, 2, False)]
    said(tmp_path, capsys, data, "budget=3000", "references=[]")
    given = ["benchmark=jsonl", f"benchmark.path={tmp_path}/data.jsonl", f"results={tmp_path}/runs", "progress=off"]
    assert main(["run", *given, "strategy=none", "retriever=bm25", "budget=3000", "references=[]"]) == 0
    capsys.readouterr()
    results = f"results={tmp_path}/runs"
    for command in (["score", "*"], ["compare", "*"], ["report", "*", f"out={tmp_path / 'pages'}"]):
        assert main([*command, results]) == 0
        text = capsys.readouterr().out
        assert FITS in text and FEW in text and "2 questions in 1 dialogue" in text, command
        assert f"None of the 2 questions {EVIDENCE}" in text, command
