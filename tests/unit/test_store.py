import errno
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.dialogues import Memory
from support.plans import plan, window

from memeval.harness.once import Finished, Settings, run_plan
from memeval.harness.plan import Plan
from memeval.kit.errors import ConfigError, RecordsError
from memeval.records.runs import find, listing, load, runs
from memeval.records.writer import RunWriter

NODE = window()


def run(folder: Path, benchmark: Memory | None = None, node: dict[str, object] = NODE, **settings: object) -> Finished:
    benchmark = benchmark or Memory()
    return run_plan(plan(benchmark, node), benchmark, {}, Settings(folder, **settings))


def without_times(path: Path) -> list[object]:
    """Outcome lines without what a clock said."""
    lines = []
    for line in path.read_text().splitlines():
        parsed = json.loads(line)
        parsed.pop("usage", None)
        parsed.pop("write", None)
        parsed.get("stats", {}).pop("start_seconds", None)
        lines.append(parsed)
    return lines


def test_a_finished_run_is_reused_and_overwrite_runs_it_again(tmp_path: Path):
    first = run(tmp_path)
    assert (first.executed, first.kept, first.errors) == (3, 0, 0)
    record = first.run.record
    assert (record.status, record.dialogues, record.questions, record.errors) == ("finished", 3, 12, 0)
    assert record.execution and record.execution.dialogues == 3 and (record.execution.peak_memory_bytes or 0) > 0
    stamp = (first.run.folder / "outcomes.jsonl").stat().st_mtime_ns
    again = run(tmp_path)
    assert (again.executed, again.kept) == (0, 3)
    assert (first.run.folder / "outcomes.jsonl").stat().st_mtime_ns == stamp
    assert run(tmp_path, overwrite=True).executed == 3
    assert (first.run.folder / "outcomes.jsonl").stat().st_mtime_ns != stamp


@pytest.mark.parametrize("cut", [1, 40, 200, -1, -30, -400])
def test_a_file_cut_anywhere_is_completed_without_repeating_a_finished_dialogue(tmp_path: Path, cut: int):
    whole = run(tmp_path)
    path = whole.run.folder / "outcomes.jsonl"
    expected = without_times(path)
    content = path.read_bytes()
    path.write_bytes(content[:cut])
    meta = json.loads((whole.run.folder / "run.json").read_text())
    (whole.run.folder / "run.json").write_text(json.dumps({**meta, "status": "unfinished"}))
    intact = sum(
        line.startswith(b'{"finished"') and line.endswith(b"\n") for line in content[:cut].splitlines(keepends=True)
    )
    again = run(tmp_path)
    assert (again.kept, again.executed) == (intact, 3 - intact)
    assert without_times(path) == expected
    # What was kept is the old line with its old times, not a new measurement.
    assert path.read_bytes().splitlines()[: 5 * intact] == content.splitlines()[: 5 * intact]


def test_a_spoilt_line_in_the_middle_costs_only_its_dialogue(tmp_path: Path):
    whole = run(tmp_path)
    path = whole.run.folder / "outcomes.jsonl"
    expected = without_times(path)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[7] = b"\xff\x00 not json\n"
    path.write_bytes(b"".join(lines))
    (whole.run.folder / "run.json").write_text(replace(whole.run.record, status="unfinished").to_json())
    again = run(tmp_path)
    assert (again.kept, again.executed) == (2, 1)
    assert without_times(path) == expected


def test_dialogues_with_errors_are_run_again(tmp_path: Path):
    node = {"_target_": "support.strategies.RaisesOnWrite"}
    first = run(tmp_path, node=node)
    assert first.errors == 9 and first.executed == 3
    again = run(tmp_path, node=node)
    assert (again.kept, again.executed, again.errors) == (0, 3, 9)


def test_a_run_of_other_code_is_set_aside_not_continued(tmp_path: Path):
    first = run(tmp_path)
    (first.run.folder / "run.json").write_text(replace(first.run.record, code="0123456789abcdef").to_json())
    again = run(tmp_path)
    assert (again.kept, again.executed) == (0, 3)
    aside = first.run.folder.with_name(first.run.folder.name + "~01234567")
    assert load(aside).record.code == "0123456789abcdef"
    assert [stored.id for stored in runs(tmp_path)] == [first.run.id]


def test_two_processes_cannot_write_one_run(tmp_path: Path):
    done = run(tmp_path)
    writer = RunWriter(done.run.folder, done.run.record)
    with pytest.raises(RecordsError, match="another process is writing"):
        RunWriter(done.run.folder, done.run.record)
    writer.close()
    RunWriter(done.run.folder, done.run.record).close()


@pytest.mark.parametrize(
    ("code", "message"),
    [(errno.ENOSPC, "the disk is full"), (errno.EACCES, "no permission"), (errno.EIO, "choose another folder")],
)
def test_what_the_system_refuses_is_said_and_what_was_written_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, message: str
):
    import os

    real = os.fsync
    calls = []

    def full_after_two(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(code, os.strerror(code))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full_after_two)
    with pytest.raises(RecordsError, match=message):
        run(tmp_path)
    monkeypatch.undo()
    again = run(tmp_path)
    assert again.kept >= 1 and again.kept + again.executed == 3


def test_runs_are_found_by_id_start_glob_and_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    one = run(tmp_path).run
    two = run(tmp_path, node=window("truncation.Truncation", turns=3)).run
    assert {stored.id for stored in find(tmp_path, ["mine-500-*"])} == {one.id, two.id}
    assert [stored.id for stored in find(tmp_path, [one.id[:-2]])] == [one.id]
    assert [stored.id for stored in find(tmp_path, [str(two.folder)])] == [two.id]
    both, elsewhere = {one.id, two.id}, tmp_path / "elsewhere"
    (elsewhere / "set~aside").mkdir(parents=True)
    (elsewhere / "set~aside" / "run.json").write_text("{}")
    # As a shell in quotes leaves it: a folder of runs, and a glob of folders, here and from the root on.
    monkeypatch.chdir(tmp_path.parent)
    for pattern in (str(tmp_path), f"{tmp_path}/*", f"{tmp_path.name}/*", f"{tmp_path.name}/*/mine-500-*"):
        assert {stored.id for stored in find(elsewhere, [pattern, pattern])} == both, pattern
    for pattern in ("nope", "*", f"{tmp_path}/nope*", f"{elsewhere}/*/nope", str(elsewhere)):
        with pytest.raises(RecordsError, match="no run matches"):
            find(elsewhere, [pattern])


def test_a_result_of_another_schema_is_refused_with_a_sentence(tmp_path: Path):
    done = run(tmp_path)
    (done.run.folder / "run.json").write_text(
        done.run.record.to_json().replace('"schema_version": 2', '"schema_version": 99')
    )
    with pytest.raises(RecordsError, match="schema version 99"):
        load(done.run.folder)
    with pytest.raises(RecordsError, match="holds no run"):
        load(tmp_path)


def test_a_stored_plan_says_everything_that_determined_it(tmp_path: Path):
    made: Plan = plan(Memory(), NODE)
    record = run(tmp_path).run.record
    assert record.identity == json.loads(json.dumps(made.identity))
    assert record.environment.packages["tiktoken"] and record.environment.python
    assert record.benchmark.licence == "none"


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1_000])


def _line_gone(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))


def _number_changed(path: Path) -> None:
    """Of the same length, and JSON of the same form as before."""
    text = path.read_bytes()
    place = text.index(b'"written":') + len(b'"written":')
    path.write_bytes(text[:place] + (b"7" if text[place : place + 1] != b"7" else b"8") + text[place + 1 :])


def _no_text(path: Path) -> None:
    text = path.read_bytes()
    path.write_bytes(text[:300] + b"\xff" + text[301:])


DAMAGES = [_emptied, _cut, _line_gone, _number_changed, _no_text, Path.unlink]


@pytest.mark.parametrize("harm", DAMAGES)
def test_a_damaged_run_is_no_number_and_is_run_again(tmp_path: Path, harm: Callable[[Path], None]):
    whole = run(tmp_path)
    path = whole.run.folder / "outcomes.jsonl"
    expected = without_times(path)
    assert load(whole.run.folder).damage() is None
    harm(path)
    stored = load(whole.run.folder)
    for read in (stored.results, stored.records):
        with pytest.raises(RecordsError, match=r"outcomes\.jsonl"):
            list(read())
    ((folder, found, reason),) = listing(tmp_path)
    assert folder == whole.run.folder and found is not None and reason is not None and "outcomes.jsonl" in reason
    again = run(tmp_path)
    assert (again.kept, again.executed, again.errors) == (0, 3, 0)
    assert without_times(path) == expected and load(whole.run.folder).damage() is None


@pytest.mark.parametrize("harm", [_emptied, _cut, _line_gone, Path.unlink])
def test_a_run_of_an_older_memeval_is_held_to_its_counts(tmp_path: Path, harm: Callable[[Path], None]):
    whole = run(tmp_path)
    (whole.run.folder / "run.json").write_text(replace(whole.run.record, outcomes=None).to_json())
    assert [result.record.dialogue for result in load(whole.run.folder).results()] == ["d0", "d1", "d2"]
    harm(whole.run.folder / "outcomes.jsonl")
    with pytest.raises(RecordsError, match=r"outcomes\.jsonl"):
        list(load(whole.run.folder).records())


def test_one_damaged_record_does_not_hide_the_other_runs(tmp_path: Path):
    one = run(tmp_path).run
    two = run(tmp_path, node=window("truncation.Truncation", turns=3)).run
    (one.folder / "run.json").write_text("{")
    found = {folder: (stored, reason) for folder, stored, reason in listing(tmp_path)}
    stored, reason = found[one.folder]
    assert stored is None and reason is not None and "run.json" in reason
    assert found[two.folder][1] is None


def test_a_run_that_cannot_start_leaves_nothing(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be imported"):
        run(tmp_path / "results", node={"_target_": "nowhere.Memory"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_finished_run_is_not_touched_before_the_next_one_has_begun(tmp_path: Path, overwrite: bool):
    done = run(tmp_path).run
    record = done.record if overwrite else replace(done.record, code="0123456789abcdef")
    (done.folder / "run.json").write_text(record.to_json())
    before = {path.name: path.read_bytes() for path in done.folder.iterdir()}
    RunWriter(done.folder, done.record, overwrite).close()
    assert {path.name: path.read_bytes() for path in done.folder.iterdir()} == before
    assert [path.name for path in done.folder.parent.iterdir()] == [done.folder.name]
