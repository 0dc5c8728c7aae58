"""The typed record of a run: what is damaged, foreign or newer is a sentence, and no value becomes another one."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rows import meta

from memeval.kit.errors import MemevalError, RecordsError
from memeval.records.record import RunRecord
from memeval.records.runs import Run, load
from memeval.scoring.evaluate import evaluate
from memeval.scoring.measures import InputDollars

ROOT = Path(__file__).resolve().parents[2]
STORED = ROOT / "tests" / "fixtures" / "version_1" / "runs" / "jsonl"
PATH = Path("results") / "run.json"
WHOLE: Mapping[str, Any] = {
    **meta("sliding_window", reader=None, isolation="shared", increments=3, mode="questions"),
    "harness_code": "beef",
    "config": {"target": {"name": "gpt-4o", "window": 128_000, "usable": 96_000}, "targets": ["gpt-4o"], "seed": 0},
    "judge": "gpt-4o|1",
    "overrides": ["strategy=sliding_window", "+top_k=3", "~forget"],
    "engines": [
        {"system": "pgvector", "kind": "real", "name": "PostgreSQL", "version": "18.6", "settings": {"ef": 40}}
    ],
    "execution": {
        "finished_at": "2026-11-28T12:00:00+00:00", "workers": 1, "dialogues": 1, "seconds": 1.5,
        "peak_memory_bytes": 9,
    },
    "outcomes": {"bytes": 10, "lines": 2, "sha256": "ab"},
}  # fmt: skip
OPTIONAL = {"harness_code", "config", "judge", "engines", "execution", "outcomes"}
OTHERS: list[Any] = [True, 7, 1.5, "x", "7", [], [1], {}, {"name": 1}]


def read(node: Any) -> RunRecord:
    return RunRecord.from_json(json.dumps(node), PATH)


def places(node: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every value."""
    pairs = node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield (*above, key)
        yield from places(value, (*above, key))


def changed(node: Any, place: tuple[str | int, ...], *value: Any) -> Any:
    """A copy with another value in one place, or without the place."""
    copy = deepcopy(node)
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    if value:
        inner[place[-1]] = value[0]
    else:
        del inner[place[-1]]
    return copy


def said_by(record: RunRecord) -> dict[str, Any]:
    """Everything that a record says of itself."""
    properties = [name for name, value in vars(RunRecord).items() if isinstance(value, property)]
    return {name: getattr(record, name) for name in properties} | {"folder": record.folder(Path("results"))}


def test_a_record_is_written_as_it_was_read() -> None:
    record = read(WHOLE)
    assert json.loads(record.to_json()) == WHOLE and RunRecord.from_json(record.to_json(), PATH) == record
    said = said_by(record)
    assert said["name"] == "sliding_window + bm25" and said["short_name"] == "sliding_window+bm25"
    assert said["settings"] == {"strategy": "sliding_window", "top_k": "3"} and said["tokenizer"] == "o200k_base"
    assert (said["budget"], said["limit"], said["made_on"]) == (500, None, "2026-11-28")
    assert said["folder"] == Path("results/toy") / record.id
    assert not (said["is_full"] or said["is_reference"] or said["is_replay"])


@pytest.mark.parametrize(
    ("names", "name", "is_full", "is_reference"),
    [
        (("full", "none"), "full", True, True),
        (("full", "bm25"), "full + bm25", False, False),
        (("oracle", "none"), "oracle", False, True),
        (("none", "bm25"), "bm25 alone", False, False),
    ],
)
def test_names_of_a_memory(names: tuple[str, str], name: str, is_full: bool, is_reference: bool) -> None:
    record = read(meta(*names))
    assert (record.name, record.is_full, record.is_reference) == (name, is_full, is_reference)


@pytest.mark.parametrize("path", sorted(ROOT.glob("results/reference/*/*/run.json"))[::7], ids=lambda p: p.parent.name)
def test_committed_records_lose_nothing(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    record = RunRecord.from_json(text, path)
    assert json.loads(record.to_json()) == json.loads(text)
    said_by(record)


@given(st.data())
def test_damage_is_a_sentence_or_changes_what_it_says(data: st.DataObject) -> None:
    """No value is taken for another, and none that was there is invented when it is gone."""
    place = data.draw(st.sampled_from(list(places(WHOLE))))
    value = data.draw(st.sampled_from([(), *((other,) for other in OTHERS)]))
    node = changed(WHOLE, place, *value)
    try:
        record = read(node)
    except RecordsError as error:
        assert "run.json" in str(error) and re.search("again|leave this run alone|install", str(error))
        return
    said_by(record)
    written = json.loads(record.to_json())
    assert {**written, "engines": written.get("engines", [])} == {**node, "engines": node.get("engines", [])}


@pytest.mark.parametrize("key", sorted(WHOLE))
def test_a_missing_field_is_named(key: str) -> None:
    node = changed(WHOLE, (key,))
    if key in OPTIONAL:
        assert key not in json.loads(read(node).to_json())
    else:
        with pytest.raises(RecordsError, match=rf"run\.json.*({key}|no record)"):
            read(node)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("identity", "budget"), "500"), (("identity", "budget"), True), (("identity", "limit"), 2.0),
        (("identity", "benchmark"), "toy"), (("identity", "tokenizer"), None), (("identity", "document"), []),
        (("identity", "reader"), "llm"), (("identity", "increments"), "3"), (("names", "strategy"), 7),
        (("benchmark", "licence"), None), (("benchmark", "node"), "toy"), (("environment", "cores"), "4"),
        (("environment", "packages", "numpy"), 2), (("environment", "python"), 3.12), (("execution", "workers"), 1.5),
        (("execution", "finished_at"), 20261128), (("status",), "done"), (("errors",), None), (("dialogues",), "1"),
        (("overrides",), "budget=500"), (("overrides", 0), 1), (("judge",), {}), (("code",), 7), (("engines",), {}),
        (("engines", 0, "kind"), "unreal"), (("engines", 0, "settings", "ef"), [40]), (("outcomes", "bytes"), "10"),
        (("outcomes", "sha256"), None), (("config",), []), (("config", "target"), "gpt-4o"),
        (("config", "targets"), ["gpt-4o", 1]), (("schema_version",), "2"), (("schema_version",), 99),
        (("id",), "../x"), (("benchmark", "name"), "a/b"),
    ],
)  # fmt: skip
def test_a_wrong_type_is_named(place: tuple[str | int, ...], value: Any) -> None:
    with pytest.raises(RecordsError) as refused:
        read(changed(WHOLE, place, value))
    assert "run.json" in str(refused.value)
    assert str(place[-1] if isinstance(place[-1], str) else place[0]).replace("_", " ") in str(refused.value).replace(
        "_", " "
    )


@given(st.integers(0, 3000))
def test_a_torn_text_is_a_sentence(length: int) -> None:
    text = read(WHOLE).to_json()
    for torn in (text[:length], text[length:], "[" * 100_000, text.replace("500", "9" * 5_000)):
        if torn.strip() != text.strip():
            with pytest.raises(RecordsError, match=r"run\.json"):
                RunRecord.from_json(torn, PATH)


@pytest.fixture(scope="module")
def sound() -> Iterator[Path]:
    """A run of version 1, whose classes are renamed while it is read; its scores and prices can be computed."""
    with contextlib.chdir(ROOT):
        folder = next(STORED.glob("sliding*"))
        assert evaluate(load(folder), [InputDollars()])[InputDollars()].value is not None
        yield folder


@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_a_damaged_run_is_scored_or_refused(sound: Path, data: st.DataObject) -> None:
    folder = sound
    node = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    place = data.draw(st.sampled_from(list(places(node))))
    value = data.draw(st.sampled_from([(), (None,), *((other,) for other in OTHERS)]))
    try:
        record = read(changed(node, place, *value))
        said_by(record)
        evaluate(Run(folder, record), [InputDollars()])
    except MemevalError as error:
        assert str(error)
