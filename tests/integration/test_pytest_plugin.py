"""The pytest plugin in a project of somebody else: the plug-in package gates its own memory with it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "tests" / "plugin_package"

Pytest = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plug-in package, installed into a folder: its entry point names its configs."""
    folder = tmp_path_factory.mktemp("plugin")
    leave_out = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", ".*")
    shutil.copytree(PACKAGE, folder / "source", ignore=leave_out)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation",
               "--target", str(folder / "site"), str(folder / "source")]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


@pytest.fixture
def project(installed: Path, tmp_path: Path) -> Path:
    """A checkout of the package: its code beside its tests, so that both can be changed."""
    shutil.copytree(PACKAGE / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(installed, tmp_path / "site", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\nfilterwarnings = error\n")
    return tmp_path


@pytest.fixture
def run(project: Path) -> Pytest:
    """pytest in the project, with this one plugin, whether memeval is installed here or not."""

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        paths = os.pathsep.join([str(ROOT), str(project / "site")])
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        environment |= {"PYTHONPATH": paths, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        return subprocess.run(
            [sys.executable, "-B", "-m", "pytest", "-p", "memeval.pytest_plugin", *arguments],
            cwd=project, env=environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    return call


def test_the_example_is_gated_with_its_committed_baseline(run: Pytest, project: Path):
    """And a regression in its retriever is named: what fell, from what to what, in which category and questions."""
    done = run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
    retriever = project / "site" / "memeval_example_plugin" / "retriever.py"
    retriever.write_text(retriever.read_text().replace("= writing, shortest", "= writing, shortest + 4"))
    broken = run("-k", "fall")
    assert broken.returncode == 1
    said = broken.stdout
    assert (
        "Gate FAILED" in said
        and "WORSE jsonl/last_words+shared_words: EvidenceRecall(unit=turn,rule=fraction) fell from" in said
    )
    assert "Worst questions: " in said and "(single-hop) " in said
    assert 'assert memeval.gate("tests/baseline")' in said, "it points at the user's own line"
    assert "If this is meant: pytest --memeval-update, and commit tests/baseline" in said
    assert "session.py" not in said and "check.py" not in said, "not at the inside of memeval"


def test_an_update_writes_the_baseline_and_says_so(run: Pytest, project: Path):
    shutil.rmtree(project / "tests" / "baseline")
    missing = run("-k", "fall")
    assert missing.returncode == 1
    assert "holds no baseline" in missing.stdout and "pytest --memeval-update" in missing.stdout
    updated = run("-k", "fall", "--memeval-update")
    assert updated.returncode == 0, updated.stdout
    assert "memeval baselines" in updated.stdout and "written    last_words+shared_words" in updated.stdout
    committed, made = (
        [json.loads(path.read_text()) for path in sorted(folder.rglob("scores.json"))]
        for folder in (PACKAGE / "tests" / "baseline", project / "tests" / "baseline")
    )
    assert len(committed) == len(made) == 1
    assert committed[0]["questions"] == made[0]["questions"]
    # A later memeval may keep more measures; a clock measures something else each time.
    names = [name for name, measured in committed[0]["measures"].items() if measured["values"] is not None]
    assert len(names) >= 8
    assert {name: committed[0]["measures"][name] for name in names} == {
        name: made[0]["measures"][name] for name in names
    }


def test_rules_runs_and_mistakes(run: Pytest, project: Path):
    (project / "tests" / "test_more.py").write_text(
        """
import pytest
from pathlib import Path

DATA = f"benchmark.path={Path(__file__).parent / 'dialogues.jsonl'}"
TWO = ("benchmark=jsonl", DATA, "strategy=truncation,last_words", "budget=60", "references=[]")


def test_sweep(memeval):
    runs = memeval.run(*TWO, multirun=True)
    assert len(runs.runs) == 2
    with pytest.raises(Exception, match="run one at a time"):
        runs["EvidenceRecall"]
    with pytest.raises(Exception, match="holds no baseline"):
        memeval.gate("nowhere")
    rules = [{"measure": "EvidenceRecall", "max_drop": 0.5, "runs": "vector"}]
    with pytest.raises(Exception, match="unknown measure 'Recal'"):
        memeval.gate("tests/baseline", rules=[{"measure": "Recal"}])
    with pytest.raises(AssertionError, match="there is no run of it any more"):
        memeval.gate("tests/baseline")


def test_mistake(memeval):
    memeval.run("benchmark=jsonl", DATA, "strategy=nonsense")
"""
    )
    done = run("tests/test_more.py")
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert "unknown strategy 'nonsense'" in done.stdout
    assert "compose.py" not in done.stdout, "the message is not hidden below the inside of memeval"


def test_loading_the_plugin_imports_nothing_slow(project: Path):
    """It is loaded in every project that has memeval installed, whether it uses it or not."""
    code = (
        "import sys, pytest; before = set(sys.modules); import memeval.pytest_plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.stdout.split() == ["memeval", "memeval.pytest_plugin"], done.stdout + done.stderr


def test_the_example_is_the_one_that_the_guide_shows():
    guide = (ROOT / "docs" / "gate.md").read_text(encoding="utf-8")
    example = (PACKAGE / "tests" / "test_memory.py").read_text(encoding="utf-8")
    block = guide.partition("```python\n")[2].partition("```")[0]
    assert block.strip() and block.strip() in example
