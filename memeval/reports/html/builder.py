"""Writes the folder: page, style, script, and the data in parts."""

import html
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from memeval.kit.errors import DataError, RecordsError
from memeval.kit.text import encodable
from memeval.kit.types import Dialogue, DialogueResult, Outcome
from memeval.options import identity
from memeval.options.build import build
from memeval.reports.html.packing import Packer, found_of, pack_question
from memeval.reports.html.scripts import Folder, Parts
from memeval.reports.html.summary import question_measures, summary
from memeval.scoring.evaluate import open_benchmark
from memeval.scoring.measures import Measure
from memeval.scoring.rows import Row, ordered

INDEX = "index.html"
# Holds the new report until it is whole.
_NEW = ".memeval-report"
_MARK = '<meta name="generator" content="memeval report">'
_OURS = re.compile(r"(summary|questions|run-\d+(-\d+)?|turns-\d+-\d+)\.js")
# Parts of one script, in this order: `report.js`. A page that was opened from disk may not import modules.
_SCRIPTS = ("data", "elements", "addresses", "table", "overview", "plot", "run", "question", "pages")


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        index: the page to open.
        files: number of data files.
        first_bytes: what the first page loads: page, style, script and summary.
        all_bytes: the whole folder.
    """

    index: Path
    files: int
    first_bytes: int
    all_bytes: int


def write_report(rows: Sequence[Row], measures: Sequence[Measure], out: Path, title: str) -> Written:
    """Write the report of comparable runs; the same runs give the same files.

    Args:
        rows: scored runs of one benchmark, with their outcomes.
        measures: what they were scored with; the main one first.
        out: a folder that is empty, new, or an earlier report.
        title: what was run.

    Raises:
        RecordsError: a folder with other things in it, or one that cannot be written.
        DataError: runs of other questions.
    """
    rows = ordered(rows, measures[0])
    for row in rows[1:]:
        if row.scores.questions != rows[0].scores.questions:
            raise DataError(
                f"{row.run.id} and {rows[0].run.id} have scores of other questions: put them into reports of their own"
            )
    try:
        new = _begun(out)
        try:
            folder = Folder(new / "data")
            folder.path.mkdir()
            _write_data(rows, measures, folder, title)
            first = folder.sizes["summary"]
            for name, text in _pages(title):
                (new / name).write_text(text, encoding="utf-8", newline="\n")
                first += len(text.encode())
            _put_in_place(new, out)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    except OSError as error:
        raise RecordsError(
            f"the report cannot be written to {out} ({error}): choose another folder with out="
        ) from error
    everything = first + sum(folder.sizes.values()) - folder.sizes["summary"]
    return Written(out / INDEX, len(folder.sizes), first, everything)


def _begun(out: Path) -> Path:
    """An empty folder inside of `out`, for the new report. It marks `out` as ours while nothing else does.

    Raises:
        RecordsError: `out` holds other things than a report.
    """
    index = out / INDEX
    earlier = index.is_file() and _MARK in index.read_text(encoding="utf-8", errors="replace")
    new = out / _NEW
    if out.is_dir() and any(out.iterdir()) and not earlier and not new.is_dir():
        raise RecordsError(f"{out} holds other files than a report: name a new or empty folder with out=")
    # What a kill has left.
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    return new


def _put_in_place(new: Path, out: Path) -> None:
    """Move all files to where the earlier ones are; those of its data that are none of the new ones go."""
    (out / "data").mkdir(exist_ok=True)
    kept = {path.name for path in (new / "data").iterdir()}
    for name in kept:
        (new / "data" / name).replace(out / "data" / name)
    for path in sorted((out / "data").iterdir()):
        if path.name not in kept and _OURS.fullmatch(path.name):
            path.unlink()
    # The page itself comes last: where it is, all is.
    for path in sorted((each for each in new.iterdir() if each.is_file()), key=lambda each: each.name == INDEX):
        path.replace(out / path.name)


def _pages(title: str) -> Iterator[tuple[str, str]]:
    source = files("memeval.reports.html")
    yield "report.css", source.joinpath("report.css").read_text(encoding="utf-8")
    parts = "\n".join(source.joinpath(f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS)
    yield "report.js", f'"use strict";\n(() => {{\n{parts}}})();\n'
    page = source.joinpath("page.html").read_text(encoding="utf-8")
    yield INDEX, page.replace("{title}", html.escape(_printable(title))).replace("{generator}", _MARK)


def _printable(text: str) -> str:
    return encodable(text).replace("\0", "")


def _write_data(rows: Sequence[Row], measures: Sequence[Measure], folder: Folder, title: str) -> None:
    documents = list(dict.fromkeys(_document(row) for row in rows))
    turns = [Parts(folder, f"turns-{number}") for number in range(len(documents))]
    renders = [build(identity.built_from(json.loads(document)), "document").render for document in documents]
    questions: list[dict[str, Any]] = []
    limit = rows[0].run.record.limit
    dialogues: list[Dialogue] = []
    for number, dialogue in enumerate(islice(iter(open_benchmark(rows[0].run)), limit)):
        # Of all dialogues only the ids are needed below; the texts of a large benchmark do not fit into memory.
        dialogues.append(replace(dialogue, turns=[replace(turn, text="") for turn in dialogue.turns]))
        packer = Packer(dialogue)
        questions += [pack_question(question, number, packer) for question in dialogue.questions]
        for parts, render in zip(turns, renders, strict=True):
            texts = [render(turn) for turn in dialogue.turns]
            ids, sessions = [turn.id for turn in dialogue.turns], [turn.session for turn in dialogue.turns]
            value = {"id": dialogue.id, "ids": ids, "sessions": sessions, "texts": texts}
            parts.add(number, value, sum(map(len, texts)))
    for parts in turns:
        parts.flush()
    if tuple(question["id"] for question in questions) != rows[0].scores.questions:
        raise DataError(f"{rows[0].run.id} has scores of other questions than its data have: score it again")
    folder.write("questions", {"questions": questions, "turns": [parts.places for parts in turns]})
    for number, row in enumerate(rows):
        _write_run(number, row, measures, dialogues, folder)
    folder.write("summary", summary(rows, measures, title, [documents.index(_document(row)) for row in rows]))


def _document(row: Row) -> str:
    return json.dumps(row.run.record.document, sort_keys=True)


def _write_run(
    number: int, row: Row, measures: Sequence[Measure], dialogues: Sequence[Dialogue], folder: Folder
) -> None:
    parts = Parts(folder, f"run-{number}")
    found: list[tuple[int, int]] = []
    for place, (dialogue, outcomes) in enumerate(_outcomes(row, dialogues)):
        packer = Packer(dialogue)
        asked = [outcomes.get(question.id) for question in dialogue.questions]
        found += [found_of(question, outcome) for question, outcome in zip(dialogue.questions, asked, strict=True)]
        packed = [None if outcome is None else packer.outcome(outcome) for outcome in asked]
        size = len(json.dumps(packed)) + sum(map(len, packer.texts))
        parts.add(place, {"texts": packer.texts, "outcomes": packed}, size)
    parts.flush()
    values = {
        str(place): [_figure(value) for value in row.scores.values[measure]]
        for place, measure in question_measures(measures)
    }
    folder.write(f"run-{number}", {"parts": parts.places, "found": found, "values": values})


def _outcomes(row: Row, dialogues: Sequence[Dialogue]) -> Iterator[tuple[Dialogue, Mapping[str, Outcome]]]:
    """The outcomes of each dialogue, in the order of the benchmark, whatever the order of the file."""
    results = row.run.results()
    waiting: dict[str, DialogueResult] = {}
    for dialogue in dialogues:
        while dialogue.id not in waiting and (result := next(results, None)) is not None:
            waiting[result.record.dialogue] = result
        ready = waiting.pop(dialogue.id, None)
        yield dialogue, {outcome.question: outcome for outcome in (ready.outcomes if ready else ())}


def _figure(value: float) -> float | None:
    return None if np.isnan(value) else float(f"{value:.5g}")
