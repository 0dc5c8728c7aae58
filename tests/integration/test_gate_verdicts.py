"""A gate never exits with 0 without a verdict, and its files always say how it ended."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = """
class Keeper:
    def __init__(self): self.turns = []
    def write(self, turns): self.turns += turns
    def read(self, query, budget):
        from memeval.kit.types import Context
        return Context(())
class EndsReading(Keeper):
    def read(self, query, budget): raise SystemExit(0)
class EndsBuilding(Keeper):
    def __init__(self): raise SystemExit(0)
class PipePreparing(Keeper):
    def prepare(self): raise BrokenPipeError()
class PipeClosing(Keeper):
    def close(self): raise BrokenPipeError()
"""
RUN = ("benchmark=demo", "benchmark.turns=100", "limit=1", "strategy=none", "budget=300", "progress=off")


def gate(folder: Path, *words: str, out: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(folder)))}
    command = [sys.executable, "-m", "memeval.cli", "gate", "--baseline", "base", *words]
    return subprocess.run(
        command, cwd=folder, env=environment, stdout=out, stderr=subprocess.PIPE, text=True, timeout=120
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a baseline, and in `results` the run that it was made of."""
    made = tmp_path_factory.mktemp("gate")
    (made / "my_memory.py").write_text(PLUGIN)
    done = gate(made, "--update", *RUN, "strategy._target_=my_memory.Keeper")
    assert done.returncode == 0, done.stderr
    return made


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((*RUN, "strategy._target_=my_memory.EndsReading"), 1, "SystemExit while reading"),
        ((*RUN, "strategy._target_=my_memory.PipeClosing"), 1, "BrokenPipeError in PipeClosing.close()"),
        ((*RUN, "strategy._target_=my_memory.EndsBuilding"), 2, "EndsBuilding cannot be made: SystemExit"),
        ((*RUN, "strategy._target_=my_memory.PipePreparing"), 2, "BrokenPipeError in PipePreparing.prepare()"),
        (("--rules", "nowhere.yaml"), 2, "nowhere.yaml is not there"),
        (("no-such-run",), 2, "no run matches"),
    ],
)
def test_a_gate_that_measured_nothing_does_not_pass(folder: Path, words: Sequence[str], code: int, said: str):
    for name in ("v.xml", "v.json", "v.md"):
        (folder / name).write_text("of an earlier gate, which passed")
    done = gate(folder, "--out", "v.xml", "--out", "v.json", "--out", "v.md", *words)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    kept = json.loads((folder / "v.json").read_text())
    assert kept["exit_code"] == code and said in json.dumps(kept)
    assert said in "".join(ElementTree.parse(folder / "v.xml").getroot().itertext())
    assert "Gate" in (folder / "v.md").read_text() and "earlier" not in (folder / "v.md").read_text()


@pytest.mark.parametrize("kind", ["terminal", "markdown", "junit", "json"])
def test_a_verdict_does_not_depend_on_who_reads_it(folder: Path, kind: str):
    (scores,) = (folder / "base").glob("*/scores.json")
    before = scores.read_text()
    kept = json.loads(before)
    tokens = next(line for name, line in kept["measures"].items() if name.startswith("ContextTokens"))
    tokens["values"] = [-1 for _ in kept["questions"]]
    tokens["value"] = -1.0
    scores.write_text(json.dumps(kept))
    try:
        ends = os.pipe()
        os.close(ends[0])
        done = gate(folder, "--format", kind, out=ends[1])
        os.close(ends[1])
    finally:
        scores.write_text(before)
    assert done.returncode == 1, done.stderr
