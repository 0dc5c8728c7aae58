"""action.yml: the fields that GitHub asks for, inputs that are all used, and its shell steps, run here."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTION = ROOT / "action.yml"
# Of GitHub's metadata syntax for composite actions.
TOP = {"name", "author", "description", "inputs", "outputs", "runs", "branding"}
INPUT = {"description", "required", "default", "deprecationMessage"}
STEP = {"name", "id", "if", "uses", "with", "run", "shell", "env", "working-directory", "continue-on-error"}


def complaints(action: Mapping[str, Any]) -> Iterator[str]:
    """What GitHub, or somebody who uses it, would stumble over."""
    if missing := {"name", "description", "runs"} - set(action):
        yield f"lacks {sorted(missing)}"
    if unknown := set(action) - TOP:
        yield f"unknown keys {sorted(unknown)}"
    runs = action.get("runs", {})
    if runs.get("using") != "composite":
        yield "is not composite"
    inputs = action.get("inputs", {})
    for name, node in inputs.items():
        if not node.get("description") or set(node) - INPUT:
            yield f"input {name} has no description, or keys too many"
        if node.get("required", False) == ("default" in node):
            yield f"input {name} is either required or has a default"
    steps = runs.get("steps", [])
    for step in steps:
        name = step.get("name")
        if not name or set(step) - STEP:
            yield f"step {name} has no name, or keys too many"
        if ("run" in step) == ("uses" in step):
            yield f"step {name} needs one of run and uses"
        if "run" in step and "shell" not in step:
            yield f"step {name} needs a shell"
        if "${{" in step.get("run", ""):
            yield f"step {name} puts an expression into a script: whoever sets the input could run anything"
        if "uses" in step and not re.fullmatch(r"[\w-]+/[\w-]+@\S+", step["uses"]):
            yield f"step {name} uses no pinned action"
    text = json.dumps([steps, action.get("outputs", {})])
    used = set(re.findall(r"inputs\.([\w-]+)", text))
    if used != set(inputs):
        yield f"inputs that are declared or used, not both: {sorted(used ^ set(inputs))}"
    ids = {step.get("id") for step in steps}
    if unknown := set(re.findall(r"steps\.([\w-]+)\.", text)) - ids:
        yield f"outputs of steps that do not exist: {sorted(unknown)}"


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    return loaded


def test_the_fields_that_github_asks_for(action: dict[str, Any]):
    assert list(complaints(action)) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda action: action.pop("description"),
        lambda action: action["runs"].update(using="node20"),
        lambda action: action["runs"]["steps"][2].pop("shell"),
        lambda action: action["runs"]["steps"][2].update(run="echo ${{ inputs.run }}"),
        lambda action: action["inputs"].update(unused={"description": "x", "default": ""}),
        lambda action: action["outputs"]["exit-code"].update(value="${{ steps.nothing.outputs.x }}"),
        lambda action: action["runs"]["steps"][0].update(uses="actions/setup-python"),
    ],
)
def test_the_check_complains(damage: Any):
    action = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    damage(action)
    assert list(complaints(action))


class Runner:
    """Runs the action's shell steps as GitHub does: bash with -eo pipefail, a script file, the step's environment."""

    def __init__(self, action: Mapping[str, Any], folder: Path) -> None:
        self._steps = {step["name"]: step for step in action["runs"]["steps"]}
        self._defaults = {name: node.get("default", "") for name, node in action["inputs"].items()}
        self.folder = folder
        for name in ("temp", "bin", "project"):
            (folder / name).mkdir()
        for name in ("output", "summary"):
            (folder / name).touch()
        # setup-python puts its interpreter first; here the one of these tests stands for it.
        self.python(f'exec "{sys.executable}" "$@"')

    def python(self, script: str) -> None:
        """Put a command `python` first in the path."""
        file = self.folder / "bin" / "python"
        file.write_text(f"#!/usr/bin/env bash\n{script}\n")
        file.chmod(0o755)

    def step(self, name: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        step = self._steps[name]
        values = {**self._defaults, **inputs}

        def fill(text: str) -> str:
            text = text.replace("${{ github.action_path }}", str(ROOT))
            return re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda match: values[match[1]], text)

        script = self.folder / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        environment = {
            **os.environ,
            **{key: fill(value) for key, value in step["env"].items()},
            "PATH": os.pathsep.join([str(self.folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONPATH": str(ROOT),
            "RUNNER_TEMP": str(self.folder / "temp"),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
        }
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.folder / "project" / fill(step["working-directory"]),
            env=environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip


@pytest.fixture
def runner(action: dict[str, Any], tmp_path: Path) -> Runner:
    if shutil.which("bash") is None:
        pytest.skip("bash runs the action's steps")
    return Runner(action, tmp_path)


RUN = "benchmark=demo benchmark.turns=100 'strategy=truncation' strategy.turns={} progress=off"


def test_the_gate_step_passes_and_fails(runner: Runner):
    """The baseline is made by the command; the step passes on the same run and fails on a shorter window."""
    project = runner.folder / "project"
    words = [*RUN.format(20).replace("'", "").split(), "--update"]
    made = subprocess.run(
        [sys.executable, "-m", "memeval.cli", "gate", "--baseline", "my baseline", *words],
        cwd=project, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    same = runner.step("Gate", baseline="my baseline", run=RUN.format(20))
    assert same.returncode == 0, same.stdout + same.stderr
    assert "Gate passed" in (runner.folder / "summary").read_text()
    (project / "rules.yaml").write_text("- {measure: EvidenceRecall, max_drop: 1%}\n")
    worse = runner.step("Gate", baseline="my baseline", run=RUN.format(1), rules="rules.yaml")
    assert worse.returncode == 1, worse.stdout + worse.stderr
    assert "WORSE demo/truncation: EvidenceRecall" in worse.stdout
    assert (runner.folder / "output").read_text().split() == ["exit-code=0", "exit-code=1"]
    kept = runner.folder / "temp" / "memeval-gate"
    assert ElementTree.parse(kept / "gate.xml").getroot().findall(".//failure")
    assert json.loads((kept / "gate.json").read_text())["exit_code"] == 1
    assert "Gate FAILED" in (kept / "gate.md").read_text()
    torn = runner.step("Gate", baseline="my baseline", run="benchmark=demo 'strategy=truncation")
    assert torn.returncode == 2 and "cannot be split into words" in torn.stderr
    assert (runner.folder / "output").read_text().split()[-1] == "exit-code=2"
    nothing = runner.step("Gate", baseline="nowhere")
    assert nothing.returncode == 2
    assert "holds no baseline" in nothing.stderr


def test_the_install_step_gives_pip_each_word_whole(runner: Runner):
    """Pip itself is replaced by what prints its arguments: installing would need the network."""
    runner.python(f'if [ "$1" = -m ]; then printf "%s\\n" "$@"; else exec "{sys.executable}" "$@"; fi')
    done = runner.step("Install memeval", install="-e . 'a package>=1' \"$(touch hacked)\"")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-5:] == [str(ROOT), "-e", ".", "a package>=1", "$(touch hacked)"]
    assert not list((runner.folder / "project").iterdir())
    assert runner.step("Install memeval").stdout.splitlines()[-1] == str(ROOT)
    torn = runner.step("Install memeval", install="-e . 'a package")
    assert torn.returncode != 0 and not torn.stdout
