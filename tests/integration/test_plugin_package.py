"""A package of somebody else adds one of each kind, and no file of memeval knows of it."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "tests" / "plugin_package"
SAYINGS = (
    '{"says": "My kitten is called Miso.", "asked": "What is the kitten called?", "answer": "Miso"}\n'
    '{"says": "I was born in Oslo.", "asked": "Where was Ann born?", "answer": "Oslo"}\n'
)

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, installed into a folder."""
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(PACKAGE, folder / "source", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build"))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation",
               "--target", str(folder / "site"), str(folder / "source")]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def memeval(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The command with the package, in a folder of its own, with the data of its benchmark where a download puts it."""
    folder = tmp_path_factory.mktemp("used")
    (folder / "data" / "sayings").mkdir(parents=True)
    (folder / "data" / "sayings" / "sayings.jsonl").write_text(SAYINGS)

    def run(*words: str, plugin: bool = True) -> subprocess.CompletedProcess[str]:
        paths = [str(ROOT), *([str(site)] if plugin else [])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "COLUMNS": "200"}
        environment |= {"MEMEVAL_DATA": str(folder / "data"), "MEMEVAL_CACHE": str(folder / "cache")}
        return subprocess.run(
            [sys.executable, "-m", "memeval.cli", *words], cwd=folder, env=environment, capture_output=True, text=True
        )

    return run


def lines(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(each for line in done.stdout.splitlines() if len(each := line.split(maxsplit=1)) == 2)


@pytest.mark.parametrize(
    ("group", "name", "line"),
    [
        ("measures", "EmptyContext", "the context is empty"),
        ("presets", "presence", "whether anything came back, and whether it was evidence"),
        ("commands", "sayings", "a command of the package memeval-example-plugin"),
        ("plots", "empty", "share of empty contexts, a bar a run"),
        (
            "executor",
            "fresh",
            "Each dialogue in a process of its own: an example of an executor from another package.",
        ),
        ("vector_store", "dictionaries", "Vectors in dictionaries: an example of a store from another package."),
    ],
)
def test_it_is_listed(memeval: Command, group: str, name: str, line: str) -> None:
    assert lines(memeval("list", group))[name] == line
    assert name not in lines(memeval("list", group, plugin=False))


def test_its_data_are_listed_and_can_be_fetched(memeval: Command) -> None:
    assert re.search(r"sayings +0\.0 MB +CC0-1\.0 +\S+sayings\.jsonl", memeval("data", "list").stdout)
    unknown = memeval("data", "fetch", "saying")
    assert unknown.returncode == 2 and "did you mean sayings?" in unknown.stderr


def test_benchmark_store_measure_preset_and_plot_work_together(memeval: Command) -> None:
    words = (
        "benchmark=sayings",
        "strategy=none",
        "retriever=vector",
        "vector_store=dictionaries",
        "embedder=wordllama",
    )
    done = memeval("run", *words, "references=[none]", "measures=[EvidenceRecall,EmptyContext]", "progress=off")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sayings: 2 dialogues, 2 questions" in done.stdout
    assert "empty context: EmptyContext, the context is empty; n = 2" in done.stdout

    scored = memeval("score", "none*", "measures=[EmptyContext]")
    assert scored.returncode == 0, scored.stderr
    assert re.search(r"none +vector +0\.0\s", scored.stdout)
    assert re.search(r"none +– +100\.0\s", scored.stdout), "the reference without any memory"
    preset = memeval("score", "none*", "preset=presence")
    assert preset.returncode == 0, preset.stderr
    assert "preset presence: one evidence turn is enough" in preset.stdout

    drawn = memeval("plot", "kinds=[empty]", "out=drawn")
    assert drawn.returncode == 0, drawn.stderr
    file = re.search(r"Plot empty: (\S+\.png)", drawn.stdout)
    assert file and Path(file[1]).read_bytes().startswith(b"\x89PNG")

    # Without the package the stored run is a sentence.
    gone = memeval("score", "none*", "measures=[EmptyContext]", plugin=False)
    assert gone.returncode == 2 and "unknown measure 'EmptyContext'" in gone.stderr


def test_its_executor_gives_the_outcomes_of_one_process(memeval: Command, tmp_path: Path) -> None:
    words = ("run", "benchmark=sayings", "strategy=last_words", "references=[]", "progress=off")
    runs = {}
    for name in ("serial", "fresh"):
        done = memeval(*words, f"executor={name}", f"results={tmp_path / name}")
        assert done.returncode == 0, done.stdout + done.stderr
        (folder,) = (tmp_path / name / "sayings").iterdir()
        lines = [json.loads(line) for line in (folder / "outcomes.jsonl").read_text().splitlines()]
        facts = [
            {key: line[key] for key in line.keys() & {"question", "context", "error", "finished"}} for line in lines
        ]
        record = json.loads((folder / "run.json").read_text())
        runs[name] = folder.name, record["code"], facts
        assert record["execution"]["executor"] == name.capitalize()
    assert runs["serial"] == runs["fresh"] and any(fact["context"] for fact in runs["fresh"][2])


def test_its_command(memeval: Command) -> None:
    done = memeval("sayings", "Miso")
    assert (done.returncode, done.stdout) == (0, "My kitten is called Miso.\n"), done.stderr
    wrong = memeval("sayings", "one", "two")
    assert wrong.returncode == 2 and "memeval sayings takes one word" in wrong.stderr
    alone = memeval("sayings", plugin=False)
    assert alone.returncode == 2 and "there is no command 'sayings'" in alone.stderr
