import errno
import json
from pathlib import Path

import pytest
from support.dialogues import Memory
from support.plans import plan, window

from memeval.harness.once import Finished, Settings, run_plan
from memeval.harness.plan import Plan
from memeval.kit.errors import RecordsError
from memeval.records.runs import RunWriter, find, load, runs

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
    meta = dict(first.run.meta)
    assert meta["status"] == "finished" and meta["dialogues"] == 3 and meta["questions"] == 12
    assert meta["execution"]["dialogues"] == 3 and meta["execution"]["peak_memory_bytes"] > 0
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
    (whole.run.folder / "run.json").write_text(json.dumps({**whole.run.meta, "status": "unfinished"}))
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
    meta = {**first.run.meta, "code": "0123456789abcdef"}
    (first.run.folder / "run.json").write_text(json.dumps(meta))
    again = run(tmp_path)
    assert (again.kept, again.executed) == (0, 3)
    aside = first.run.folder.with_name(first.run.folder.name + "~01234567")
    assert load(aside).meta["code"] == "0123456789abcdef"
    assert [stored.id for stored in runs(tmp_path)] == [first.run.id]


def test_two_processes_cannot_write_one_run(tmp_path: Path):
    done = run(tmp_path)
    writer = RunWriter(done.run.folder, done.run.meta)
    with pytest.raises(RecordsError, match="another process is writing"):
        RunWriter(done.run.folder, done.run.meta)
    writer.close()
    RunWriter(done.run.folder, done.run.meta).close()


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
    (done.run.folder / "run.json").write_text(json.dumps({**done.run.meta, "schema_version": 99}))
    with pytest.raises(RecordsError, match="schema version 99"):
        load(done.run.folder)
    with pytest.raises(RecordsError, match="holds no run"):
        load(tmp_path)


def test_a_stored_plan_says_everything_that_determined_it(tmp_path: Path):
    made: Plan = plan(Memory(), NODE)
    meta = run(tmp_path).run.meta
    assert meta["identity"] == json.loads(json.dumps(made.identity))
    assert meta["environment"]["packages"]["tiktoken"] and meta["environment"]["python"]
    assert meta["benchmark"]["licence"] == "none"
