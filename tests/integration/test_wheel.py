"""The built wheel, installed away from the checkout, and a package of somebody else beside it."""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINKED = ("strategies", "benchmarks", "configs")
SHIPPED = {".py", ".yaml", ".txt", ".json", ".typed"}

# One worker of pytest-xdist takes all of this file, so that the wheel is built once.
pytestmark = pytest.mark.xdist_group("wheel")

Run = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Built:
    """The wheel, and the folders where it and the plug-in are installed."""

    wheel: Path
    core: Path
    plugin: Path


def pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"


def build_wheel(source: Path, out: Path) -> Path:
    """Build in the environment at hand: no network."""
    pip("wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", out, source)
    (wheel,) = out.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("wheel")
    # From a copy: setuptools leaves build/ behind, and would take up stale files from it the next time.
    source = folder / "source"
    source.mkdir()
    leave_out = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("memeval", *LINKED):
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=leave_out)
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "tests" / "plugin_package", folder / "plugin_source", ignore=leave_out)
    wheel = build_wheel(source, folder / "wheels")
    plugin_wheel = build_wheel(folder / "plugin_source", folder / "plugin_wheels")
    pip("install", "--no-deps", "--no-index", "--target", folder / "core", wheel)
    pip("install", "--no-deps", "--no-index", "--target", folder / "plugin", plugin_wheel)
    return Built(wheel, folder / "core", folder / "plugin")


@pytest.fixture
def memeval(built: Built, tmp_path: Path) -> Run:
    """Runs the installed `memeval` in an empty folder, with or without the plug-in beside it."""

    def run(*arguments: str, plugin: bool = True) -> subprocess.CompletedProcess[str]:
        paths = [str(built.core), *([str(built.plugin)] if plugin else [])]
        return subprocess.run(
            [sys.executable, str(built.core / "bin" / "memeval"), *arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "COLUMNS": "200"},
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )

    return run


def test_one_name_and_real_files(built: Built) -> None:
    with ZipFile(built.wheel) as wheel:
        infos = {info.filename: info for info in wheel.infolist()}
        tops = {name.split("/")[0] for name in infos}
        assert sorted(top for top in tops if not top.endswith(".dist-info")) == ["memeval"]
        assert not [name for name, info in infos.items() if stat.S_ISLNK(info.external_attr >> 16)]
        assert not [name for name in infos if "__pycache__" in name or "/tests/" in name]
        assert "memeval/py.typed" in infos
        for folder in LINKED:
            expected = [
                path
                for path in (ROOT / folder).rglob("*")
                if path.suffix in SHIPPED and "__pycache__" not in path.parts and path.is_file()
            ]
            assert expected
            for path in expected:
                name = f"memeval/{path.relative_to(ROOT).as_posix()}"
                assert name in infos, f"the wheel lacks {name}: see package-data in pyproject.toml"
                assert wheel.read(name) == path.read_bytes()


def test_metadata(built: Built) -> None:
    with ZipFile(built.wheel) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = message_from_bytes(wheel.read(name))
        licences = {entry.rpartition("/")[2] for entry in wheel.namelist() if "/licenses/" in entry}
    assert metadata["Name"] == "memeval"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert licences == {"LICENSE", "NOTICE"}
    assert set(metadata["Requires-Python"].split(",")) == {">=3.11", "<3.14"}
    required = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert any(line.startswith("hydra-core") for line in required)
    assert not [line for line in required if line.startswith(("torch", "sentence-transformers"))]


def test_installed_and_complete(built: Built, memeval: Run, tmp_path: Path) -> None:
    where = subprocess.run(
        [
            sys.executable,
            "-c",
            "import memeval, memeval.strategies as s; print(memeval.__file__, s.__file__, sep='\\n')",
        ],
        env={**os.environ, "PYTHONPATH": str(built.core)},
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    ).stdout.splitlines()
    assert where == [str(built.core / "memeval" / "__init__.py"), str(built.core / "memeval/strategies/__init__.py")]
    done = memeval("--version", plugin=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("memeval ")


def test_plugin_is_listed(memeval: Run) -> None:
    for group, own, other in (("strategy", "sliding_window", "last_words"), ("retriever", "bm25", "shared_words")):
        alone, both = memeval("list", group, plugin=False), memeval("list", group)
        assert (alone.returncode, both.returncode) == (0, 0), alone.stderr + both.stderr
        assert own in alone.stdout
        assert other not in alone.stdout
        lines = [line.split(maxsplit=1) for line in both.stdout.splitlines()]
        assert own in {line[0] for line in lines if line}
        (described,) = [line[1] for line in lines if line and line[0] == other]
        assert described.endswith("from another package.")


def test_plugin_runs(memeval: Run, tmp_path: Path) -> None:
    choice = ("-m", "strategy=last_words", "retriever=none,shared_words", "benchmark=demo", "benchmark.turns=100")
    done = memeval("run", *choice, "references=[none]", "results=found", "progress=off")
    assert done.returncode == 0, done.stdout + done.stderr
    runs = {path.parent.name.rsplit("-", 2)[0]: path.parent for path in (tmp_path / "found").rglob("run.json")}
    assert {"last_words", "last_words+shared_words"} <= set(runs)
    for name, speakers in (("last_words", 2), ("last_words+shared_words", None)):
        outcomes = [json.loads(line) for line in (runs[name] / "outcomes.jsonl").read_text().splitlines()]
        assert "memeval_example_plugin" in (runs[name] / "run.json").read_text()
        read = [outcome for outcome in outcomes if "question" in outcome]
        assert read
        assert not [outcome for outcome in read if outcome.get("error")]
        assert all(outcome["context"] for outcome in read)
        assert all((outcome["ranking"] is None) == (speakers is not None) for outcome in read)


def test_plugin_options_are_checked(memeval: Run) -> None:
    wrong_type = memeval("run", "strategy=last_words", "strategy.speakers=many", "benchmark.turns=100")
    assert wrong_type.returncode == 2
    assert "strategy.speakers='many'" in wrong_type.stderr
    unknown = memeval("run", "strategy=last_words", "strategy.speaker=1", "benchmark.turns=100")
    assert unknown.returncode == 2
    assert "did you mean strategy.speakers?" in unknown.stderr
    absent = memeval("run", "strategy=last_words", "benchmark.turns=100", plugin=False)
    assert absent.returncode == 2
    assert "sliding_window" in absent.stderr
    assert "Traceback" not in wrong_type.stderr + unknown.stderr + absent.stderr


def test_pytest_finds_the_plugin_of_the_wheel(built: Built, tmp_path: Path) -> None:
    """Another project's tests, with memeval and its own package installed: the fixture is there, the gate passes."""
    shutil.copytree(ROOT / "tests" / "plugin_package" / "tests", tmp_path / "tests")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    named = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist"],
        env={**named, "PYTHONPATH": os.pathsep.join([str(built.core), str(built.plugin)])},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
