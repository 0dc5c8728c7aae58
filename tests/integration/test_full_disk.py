"""A disk without room: what was written before stays whole, nothing is left beside it, and the next attempt works."""

import contextlib
import io
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from memeval.cli.main import main
from memeval.records.replacing import replace_files, replacing


@contextlib.contextmanager
def no_room(bytes_: int = 600) -> Iterator[None]:
    """No file can grow beyond so many bytes: writing fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def called(*words: str) -> tuple[int, str]:
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        return main(words), said.getvalue()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    for budget in (300, 500):
        words = ("run", "benchmark=demo", "benchmark.turns=100", "limit=2", "retriever=bm25", f"budget={budget}")
        code, said = called(*words, f"results={folder}", "references=[]", "progress=off")
        assert code == 0, said
    return folder


def test_an_old_file_stays_and_links_and_pipes_are_written_through(tmp_path: Path) -> None:
    old, link = tmp_path / "old.txt", tmp_path / "link.txt"
    old.write_text("old")
    old.chmod(0o640)
    link.symlink_to(old)
    with no_room(), pytest.raises(OSError):
        replace_files({tmp_path / "first.txt": "short", link: "x" * 5_000})
    assert content(tmp_path) == {"old.txt": b"old", "link.txt": b"old"}
    replace_files({link: "new"})
    assert link.is_symlink() and old.read_text() == "new" and old.stat().st_mode & 0o777 == 0o640
    with pytest.raises(KeyboardInterrupt), replacing(old) as beside:
        beside.write_text("half")
        raise KeyboardInterrupt
    assert content(tmp_path) == {"old.txt": b"new", "link.txt": b"new"}
    replace_files({Path("/dev/null"): "gone"})
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize(
    "words",
    [
        ("compare", "*", "across=budget", "out=OUT/table.csv"),
        ("compare", "*", "across=budget", "out=OUT/table.md"),
        ("compare", "*", "across=budget", "out=OUT/table.tex"),
        ("compare", "*", "across=budget", "out=OUT/table.parquet"),
        ("report", "across=budget", "out=OUT/report"),
        ("plot", "*", "kinds=[categories]", "out=OUT/plots"),
        ("gate", "baseline=OUT/baseline", "--update"),
        ("gate", "baseline=BASE", "out=OUT/gate.json,OUT/gate.md"),
    ],
    ids=lambda words: "-".join(words[:1] + words[-1:]).replace("/", "-"),
)
def test_what_was_written_before_stays_whole(words: tuple[str, ...], results: Path, tmp_path: Path) -> None:
    base, out = tmp_path / "base", tmp_path / "out"
    where = (f"results={results}", "*") if words[0] == "gate" else (f"results={results}",)
    assert called("gate", f"baseline={base}", "--update", f"results={results}", "*")[0] == 0
    command = (*(word.replace("OUT", str(out)).replace("BASE", str(base)) for word in words), *where)
    out.mkdir()
    with no_room():
        code, said = called(*command)
    assert code == 2 and said.count("\n") == 1 and "Traceback" not in said, said
    assert content(out) == {}
    code, said = called(*command)
    assert code == 0, said
    whole = content(out)
    assert whole and all(data for data in whole.values())
    if "--update" in words:
        # A baseline that has not changed is not written; that a changed one stays has a test of its own.
        return
    with no_room():
        code, said = called(*command)
    assert code == 2, said
    assert content(out) == whole
    assert called(*command)[0] == 0
    assert content(out).keys() == whole.keys()


def test_a_report_that_was_killed_blocks_no_other(results: Path, tmp_path: Path) -> None:
    report = tmp_path / "report"
    command = ("report", "across=budget", f"out={report}", f"results={results}")
    assert called(*command)[0] == 0
    whole = content(report)
    # Killed while it was made, and while it was put in place: before there was a page, and after.
    for page in (False, True):
        shutil.rmtree(report)
        (report / ".memeval-report" / "data").mkdir(parents=True)
        (report / ".memeval-report" / "data" / "summary.js").write_text("half")
        (report / "data").mkdir()
        (report / "data" / "run-7.js").write_text("of another report")
        if page:
            (report / "index.html").write_bytes(whole["index.html"])
        code, said = called(*command)
        assert code == 0, said
        assert content(report) == whole and not (report / ".memeval-report").exists()


def test_a_run_on_a_full_disk_goes_on_when_there_is_room(results: Path, tmp_path: Path) -> None:
    words = ("run", "benchmark=demo", "benchmark.turns=100", "limit=2", "retriever=bm25", "budget=300")
    command = (*words, f"results={tmp_path}", "references=[]", "progress=off")
    with no_room(6_000):
        code, said = called(*command)
    assert code == 2 and "Traceback" not in said, said
    assert not list(tmp_path.rglob("*.tmp"))
    assert called(*command)[0] == 0
    calm = next(results.glob("demo/*-300-*/outcomes.jsonl")).read_text().count("\n")
    assert next(tmp_path.glob("demo/*/outcomes.jsonl")).read_text().count("\n") == calm
    assert {path.name for path in tmp_path.glob("demo/*/*")} == {".lock", "outcomes.jsonl", "run.json"}
