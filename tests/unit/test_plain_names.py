"""No name of data, of a record or of a plug-in becomes a path that leads out of its folder."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dialogues import Memory
from support.plans import plan, window

from memeval.cli.main import main
from memeval.harness.once import Settings, run_plan
from memeval.kit.errors import BaselineError, ConfigError, RecordsError
from memeval.kit.plain_names import as_file_name, is_plain
from memeval.records.runs import load
from memeval.scoring import baseline

HOSTILE = [
    "", ".", "..", "../x", "../../../../TRAVERSED", "/etc/passwd", "a/b", "a\\b", "C:\\x", "-rf", ".hidden", "a\nb",
    "a\0b", "~", "~root", "x" * 500, "${oc.env:HOME}", "<scratch>", "<scope>", "a b", "\x1b[2J", "\ud800", "ü" * 201,
]  # fmt: skip


@given(st.text() | st.sampled_from(HOSTILE))
def test_any_id_has_a_file_name_of_its_own_folder(name: str) -> None:
    made = as_file_name(name)
    assert Path(made).name == made and made not in (".", "..")
    assert len(made.encode()) <= 200
    assert made == as_file_name(name)
    assert not made.startswith((".", "-", "~"))


@given(st.sets(st.text(max_size=6) | st.sampled_from(HOSTILE), min_size=2))
def test_different_ids_have_different_file_names(names: set[str]) -> None:
    assert len({as_file_name(name) for name in names}) == len(names)
    # Nor does the file name of one id belong to another.
    made = {as_file_name(name) for name in names if as_file_name(name) != name}
    assert all(as_file_name(each) != each for each in made)


@pytest.mark.parametrize(
    "name", ["d1", "sliding_window+bm25-2000-4c6cc8006d", "longmemeval", "haystack-0", "東京", "a.b"]
)
def test_plain_names_stay(name: str) -> None:
    assert is_plain(name) and as_file_name(name) == name


@pytest.mark.parametrize("name", HOSTILE[:-1])
def test_others_are_not_plain(name: str) -> None:
    assert not is_plain(name)
    assert not is_plain(None) and not is_plain(7) and not is_plain([name])


@pytest.mark.parametrize("name", HOSTILE)
def test_an_id_is_whole_as_scope_and_plain_in_a_path(name: str) -> None:
    memory = {"scope": "<scope>", "store": {"path": "<scratch>/<scope>.db", "parts": [{"scope": "<scope>/bm25"}]}}
    made = plan(Memory(), memory).memory_of(name, "scratch")
    assert made["scope"] == name
    assert made["store"]["parts"][0]["scope"] == f"{name}/bm25"
    assert made["store"]["path"] == f"scratch/{as_file_name(name)}.db"
    assert Path(made["store"]["path"]).parent == Path("scratch")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    results = tmp_path_factory.mktemp("kept")
    words = ["benchmark=demo", "benchmark.turns=100", "strategy=truncation", f"results={results}"]
    assert main(["run", *words, "progress=off"]) == 0
    return next((results / "demo").iterdir())


@pytest.fixture
def stored(kept: Path, tmp_path: Path) -> Path:
    """A finished run that a test may spoil."""
    return Path(shutil.copytree(kept, tmp_path / "runs" / "demo" / kept.name))


def spoilt(folder: Path, **changes: Any) -> None:
    meta = json.loads((folder / "run.json").read_text())
    for key, value in changes.items():
        if key == "id":
            meta["id"] = value
        else:
            group, _, name = key.partition("__")
            meta[group][name] = value
    (folder / "run.json").write_text(json.dumps(meta))


@pytest.mark.parametrize("name", [*HOSTILE[:-1], None, 3, ["x"]])
@pytest.mark.parametrize("place", ["id", "names__benchmark", "benchmark__name"])
def test_a_record_whose_names_lead_elsewhere_is_refused(stored: Path, name: Any, place: str) -> None:
    load(stored)
    spoilt(stored, **{place: name})
    with pytest.raises(RecordsError, match="no plain name"):
        load(stored)


def test_what_is_no_record_is_refused(stored: Path) -> None:
    for text in ("[]", "7", "null", '"x"', "{"):
        (stored / "run.json").write_text(text)
        with pytest.raises(RecordsError, match="run.json"):
            load(stored)


def test_commands_write_nothing_elsewhere(stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base, victim = tmp_path / "base", tmp_path / "victim"
    assert main(["gate", "--baseline", str(base), "--update", str(stored)]) == 0
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    spoilt(stored, id=f"../../../{victim.name}/pwn")
    for words in (
        ["show", str(stored)],
        ["plot", str(stored)],
        ["gate", "--baseline", str(base), "--update", str(stored)],
        ["report", str(stored), f"out={tmp_path}/out"],
    ):
        assert main(words) == 2
        assert "no plain name" in capsys.readouterr().err
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before
    (entry,) = base.iterdir()
    spoilt(entry, benchmark__name="../../victim")
    with pytest.raises(BaselineError, match="no plain name"):
        baseline.load(entry)


def test_a_benchmark_is_named_plainly(tmp_path: Path) -> None:
    benchmark = Memory()
    benchmark.name = "../elsewhere"
    with pytest.raises(ConfigError, match="calls itself '../elsewhere'"):
        run_plan(plan(benchmark, window()), benchmark, {}, Settings(tmp_path / "runs", 1, False))
    assert list(tmp_path.iterdir()) == []
