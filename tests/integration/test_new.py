"""`memeval new`: what it writes keeps its contract as it stands, is found by name, and overwrites nothing."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from memeval.cli.main import main
from memeval.cli.new import KINDS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one package, as a user has it; the working directory."""
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "acme"\nversion = "1.0"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    paths = [str(project), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "MEMEVAL_CACHE": str(project / "cache")}
    return subprocess.run([sys.executable, "-m", *words], cwd=project, env=environment, capture_output=True, text=True)


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_each_kind_keeps_its_contract_and_is_found_by_name(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind in KINDS:
        assert main(["new", kind, f"my_{kind}"]) == 0
    shown = capsys.readouterr().out
    assert '[project.entry-points."memeval.configs"]' in shown
    assert 'acme = "acme.conf"' in shown
    assert 'MyMeasure = "acme.my_measure:MyMeasure"' in shown

    done = run(project, "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) >= 2 * len(KINDS)

    # What `pip install` leaves of the lines that were shown.
    installed = project / "acme-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text(
        "[memeval.configs]\nacme = acme.conf\n[memeval.measures]\nMyMeasure = acme.my_measure:MyMeasure\n"
    )
    for words in (
        ["strategy=my_strategy", "retriever=my_retriever"],
        ["strategy=none", "retriever=vector", "vector_store=my_store", "embedder=wordllama"],
    ):
        done = run(project, "memeval.cli", "run", "benchmark=my_benchmark", "measures=[MyMeasure]",
                   "references=[]", *words)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "my_benchmark: 3 dialogues, 3 questions" in done.stdout
        assert "turns: MyMeasure, turns in the context; n = 3" in done.stdout


def test_a_known_entry_point_is_not_asked_for_again(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write('[project.entry-points."memeval.configs"]\nacme = "acme.conf"\n')
    assert main(["new", "strategy", "last_notes"]) == 0
    shown = capsys.readouterr().out
    assert "entry-points" not in shown
    assert "memeval run benchmark=demo strategy=last_notes" in shown
    assert "class LastNotes:" in (project / "acme" / "last_notes.py").read_text()


def test_a_package_of_a_package_in_src_is_named_in_full(project: Path) -> None:
    for folder in ("src/wide", "src/wide/deep"):
        (project / folder).mkdir(parents=True)
        (project / folder / "__init__.py").touch()
    assert main(["new", "retriever", "by_topic", "into=src/wide/deep"]) == 0
    option = (project / "src" / "wide" / "deep" / "conf" / "retriever" / "by_topic.yaml").read_text()
    assert "_target_: wide.deep.by_topic.ByTopic\n" in option
    assert "from wide.deep.by_topic import ByTopic" in (project / "tests" / "test_by_topic.py").read_text()


def test_a_folder_that_is_not_there_becomes_a_package(project: Path) -> None:
    assert main(["new", "benchmark", "chats", "into=memories"]) == 0
    assert (project / "memories" / "__init__.py").is_file()
    assert (project / "memories" / "conf" / "__init__.py").is_file()


@pytest.mark.parametrize("existing", ["acme/notes.py", "acme/conf/strategy/notes.yaml", "tests/test_notes.py"])
def test_nothing_is_overwritten_and_nothing_half_written(
    project: Path, existing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project / existing
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    before = files(project)
    assert main(["new", "strategy", "notes"]) == 2
    assert existing in capsys.readouterr().err
    assert files(project) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["strategy", "truncation"], "there is a strategy 'truncation' already"),
        (["store", "numpy"], "there is a store 'numpy' already"),
        (["measure", "recall"], "there is a measure 'Recall' already"),
        (["strategy", "Last"], "small letters"),
        (["strategy", "class"], "cannot be the name"),
        (["strategy", "a-b"], "cannot be the name"),
        (["strategy", "../up"], "cannot be the name"),
        (["strategy", "notes", "acme"], "'acme' is too much"),
        (["strategy", "notes", "into=not-a-name"], "cannot be a Python package"),
    ],
)
def test_a_mistake_is_a_sentence(
    project: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(project)
    assert main(["new", *words]) == 2
    assert said in capsys.readouterr().err
    assert files(project) == before


def test_the_package_is_asked_for_where_there_are_two(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "other").mkdir()
    (project / "other" / "__init__.py").touch()
    assert main(["new", "strategy", "notes"]) == 2
    assert "acme, other" in capsys.readouterr().err
