"""The files that a visitor of the repository meets: issue forms, workflows, citation, hooks."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import memeval

ROOT = Path(__file__).resolve().parents[2]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# Of GitHub's syntax of issue forms: what each kind of element needs among its attributes.
ELEMENTS = {
    "markdown": {"value"},
    "textarea": {"label"},
    "input": {"label"},
    "dropdown": {"label", "options"},
    "checkboxes": {"label", "options"},
}


def form_complaints(form: Mapping[str, Any]) -> Iterator[str]:
    """What GitHub would refuse in an issue form."""
    if missing := {"name", "description", "body"} - set(form):
        yield f"lacks {sorted(missing)}"
    body = form.get("body", [])
    ids = [element["id"] for element in body if "id" in element]
    if len(ids) != len(set(ids)) or not all(re.fullmatch(r"[\w-]+", id) for id in ids):
        yield f"ids are not distinct words: {ids}"
    if all(element.get("type") == "markdown" for element in body):
        yield "asks nothing"
    for element in body:
        kind, attributes = element.get("type"), element.get("attributes", {})
        if kind not in ELEMENTS:
            yield f"an element of unknown type {kind!r}"
        elif missing := ELEMENTS[kind] - set(attributes):
            yield f"{element.get('id', kind)} lacks {sorted(missing)}"
        if kind == "dropdown":
            options = attributes.get("options", [])
            if len(options) != len(set(options)) or not all(isinstance(option, str) for option in options):
                yield f"options of {element.get('id')} are not distinct texts"


def workflow_complaints(workflow: Mapping[Any, Any]) -> Iterator[str]:
    """Rights that are not needed, expressions inside scripts, actions without a version."""
    if workflow.get("permissions") != {"contents": "read"}:
        yield f"its permissions are {workflow.get('permissions')}, not contents: read"
    # YAML 1.1 reads the key `on` as true.
    if "pull_request_target" in str(workflow.get(True, workflow.get("on"))):
        yield "runs code of a pull request with the rights of the repository"
    for name, job in workflow.get("jobs", {}).items():
        if "permissions" in job:
            yield f"job {name} has permissions of its own"
        if "timeout-minutes" not in job:
            yield f"job {name} has no time limit"
        for step in job.get("steps", []):
            if "${{" in step.get("run", ""):
                yield f"job {name} puts an expression into a script"
            if "uses" in step and not re.fullmatch(r"[\w-]+/[\w/-]+@(v\d+|[0-9a-f]{40})", step["uses"]):
                yield f"job {name} uses {step['uses']} without a major version or a hash"


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_issue_forms(path: Path) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if path.stem == "config":
        assert content == {"blank_issues_enabled": True}
    else:
        assert list(form_complaints(content)) == []


def test_there_is_a_form_for_each_reason_to_write() -> None:
    assert {path.stem for path in FORMS} == {"config", "number", "store", "benchmark", "bug"}


@pytest.mark.parametrize(
    ("form", "named"),
    [
        ({"name": "a", "description": "b"}, "lacks"),
        ({"name": "a", "description": "b", "body": [{"type": "markdown", "attributes": {"value": "x"}}]}, "nothing"),
        ({"name": "a", "description": "b", "body": [{"type": "input", "id": "i", "attributes": {}}]}, "label"),
        ({"name": "a", "description": "b", "body": [{"type": "text", "id": "i"}]}, "unknown type"),
    ],
)
def test_bad_forms_are_seen(form: dict[str, Any], named: str) -> None:
    assert any(named in complaint for complaint in form_complaints(form))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows(path: Path) -> None:
    assert list(workflow_complaints(yaml.safe_load(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"permissions": "write-all"}, "permissions"),
        ({True: ["pull_request_target"]}, "rights of the repository"),
        ({"jobs": {"a": {"timeout-minutes": 1, "steps": [{"run": "echo ${{ github.head_ref }}"}]}}}, "expression"),
        ({"jobs": {"a": {"timeout-minutes": 1, "steps": [{"uses": "a/b@main"}]}}}, "major version"),
        ({"jobs": {"a": {"steps": []}}}, "time limit"),
    ],
)
def test_bad_workflows_are_seen(change: dict[Any, Any], named: str) -> None:
    workflow = {"permissions": {"contents": "read"}, True: ["push"], "jobs": {}} | change
    complaints = list(workflow_complaints(workflow))
    assert len(complaints) == 1
    assert named in complaints[0]


def test_ci_covers_the_supported_pythons() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    supported = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', project)
    assert workflow["jobs"]["linux"]["strategy"]["matrix"]["python"] == supported
    assert any(step.get("run") == ".ci/run" for step in workflow["jobs"]["linux"]["steps"])


def test_the_citation_names_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert str(citation["version"]) == memeval.__version__
    assert {"cff-version", "message", "title", "authors"} <= set(citation)


def test_hooks_check_what_make_check_checks() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    entries = {
        hook["entry"].split()[0] for repo in config["repos"] if repo["repo"] == "local" for hook in repo["hooks"]
    }
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    checked = re.findall(r"\$\(BIN\)/(\w+)", makefile.partition("\ncheck:")[2].partition("\n\n")[0])
    assert checked
    assert entries == {f".venv/bin/{tool}" for tool in checked}
