"""The table of root options: what follows from it, and that nothing else says the same."""

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from support.dialogues import Memory
from support.plans import plan, window

from memeval.comparison.comparable import differs
from memeval.gating.pairing import changed_settings
from memeval.harness.compose import Composer, composer
from memeval.kit.errors import ConfigError
from memeval.options import root
from memeval.options.root import Option

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import docs_reference  # noqa: E402

CONFIG = yaml.safe_load((ROOT / "configs" / "config.yaml").read_text(encoding="utf-8"))
# Lists of names that only look like a list of root options, each with what it is.
ALLOWED = {
    ("options/build.py", "_SHARED"): "names of arguments of classes",
    ("options/forms.py", "_WITH_NONE"): "groups of which a class of one's own starts from the option none",
    ("testing/configured.py", "_PROBES"): "what is tried first of a role",
    ("options/forms.py", "_FORMS"): "what people type by mistake for an option, and the form that works",
    ("options/given.py", "_METHODS"): "the methods of four protocols",
    ("harness/plan.py", "_ASKED"): "names of parameters of classes, at any depth",
}


def test_the_defaults_are_those_of_the_config() -> None:
    groups = {}
    for entry in CONFIG["defaults"]:
        for key, value in (entry if isinstance(entry, Mapping) else {}).items():
            groups[key.removeprefix("optional ").rpartition("@")[2]] = value
    assert groups == {option.name: option.default for option in root.OPTIONS if option.group}
    plain = {option.name: option.default for option in root.OPTIONS if not option.group}
    only_in_the_table = {"parts", *(option.name for option in root.OPTIONS if option.role == "filled")}
    assert plain.keys() - only_in_the_table == CONFIG.keys() - {"defaults"}
    assert {name: plain[name] for name in CONFIG if name != "defaults"} == {
        key: value for key, value in CONFIG.items() if key != "defaults"
    }


def test_names_are_unique_and_the_roles_known() -> None:
    names = [option.name for option in root.OPTIONS]
    assert len(set(names)) == len(names)
    assert {option.role for option in root.OPTIONS} == set(root.ROLES)


def test_what_must_agree_stands_in_the_identity() -> None:
    assert all(option.identified for option in root.must_agree())
    assert all(option.role in ("identity", "axis") for option in root.identified())


def test_what_must_agree_is_shared_with_references() -> None:
    # A reference that does not share it could not stand beside its runs. No reference can forget.
    assert {option.name for option in root.must_agree() if not option.shared} == {"forget"}


def test_a_group_under_another_name_has_two_keys() -> None:
    assert {"judge_llm", "llm@judge_llm"} <= root.shared_with_references()


def test_no_second_list_says_what_an_option_is() -> None:
    found = {}
    for path in sorted((ROOT / "memeval").rglob("*.py")):
        place = path.relative_to(ROOT / "memeval").as_posix()
        if place != "options/root.py":
            for name, names in lists_of_options(ast.parse(path.read_text(encoding="utf-8"))):
                found[place, name] = names
    unexpected = {key: names for key, names in found.items() if key not in ALLOWED}
    assert not unexpected, f"let these follow from memeval/options/root.py: {unexpected}"
    assert found.keys() == ALLOWED.keys(), "an exception that is none any more"


@pytest.mark.parametrize(
    "text",
    [
        '_NAMED = frozenset({"budget", "workers", "limit"})',
        'x = ("budget", "mode", "other", "judge")',
        'x = {"budget": None, "tokenizer": None, "isolation": "separate"}',
        'def f(key): return key in ["budget", "depth", "seed"]',
    ],
)
def test_a_second_list_is_seen(text: str) -> None:
    assert list(lists_of_options(ast.parse(text)))


def test_a_record_with_fields_of_such_names_is_no_list() -> None:
    assert not list(lists_of_options(ast.parse('x = {"budget": row.budget, "mode": row.mode, "seed": row.seed}')))


def lists_of_options(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """Literal collections with three or more names of root options, and the name that each is bound to."""
    bound = {
        id(inner): target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Set | ast.Tuple | ast.List):
            parts: list[Any] = node.elts
        elif isinstance(node, ast.Dict) and not is_record(node):
            parts = node.keys
        else:
            continue
        names = [part.value for part in parts if isinstance(part, ast.Constant) and part.value in root.names()]
        if len(names) >= 3:
            yield bound.get(id(node), f"line {node.lineno}"), names


def is_record(node: ast.Dict) -> bool:
    """Whether the values are computed: the fields of a row, not what is said of options."""
    return any(isinstance(inner, ast.Attribute | ast.Call) for value in node.values for inner in ast.walk(value))


@pytest.fixture
def colour(monkeypatch: pytest.MonkeyPatch) -> Option:
    """A root option that memeval does not have."""
    added = Option(
        "colour", str, "red", "What the memory is painted with.", "identity",
        identified=True, neutral="red", agrees="across", shared=True,
    )  # fmt: skip
    monkeypatch.setattr(root, "OPTIONS", (*root.OPTIONS, added))
    return added


@pytest.fixture
def hydra() -> Iterator[Composer]:
    with composer() as opened:
        yield opened


@pytest.fixture
def painted(tmp_path: Path) -> str:
    """The override that finds a config in which the option stands."""
    folder = tmp_path / "experiment"
    folder.mkdir()
    (folder / "painted.yaml").write_text("# @package _global_\ncolour: blue\n", encoding="utf-8")
    return f"hydra.searchpath=[file://{tmp_path}]"


def test_a_new_option_is_in_the_schema_and_the_identity(colour: Option, hydra: Composer, painted: str) -> None:
    source = Memory()
    plain = hydra.cell(["benchmark=demo"]).plan(source)
    blue = hydra.cell([painted, "experiment=painted"]).plan(source)
    assert blue.identity["colour"] == "blue"
    # Its neutral value renames no run.
    assert "colour" not in plain.identity
    assert blue.run_id != plain.run_id
    assert hydra.cell([painted, "benchmark=demo"]).plan(source).run_id == plain.run_id
    assert hydra.cell(["colour=blue"]).plan(source).run_id == blue.run_id


def test_without_the_option_the_same_config_is_refused(hydra: Composer, painted: str) -> None:
    with pytest.raises(ConfigError, match="experiment/painted"):
        hydra.cell([painted, "experiment=painted"])


def test_a_new_option_has_the_type_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    number = Option("shade", int, 3, "How dark it is.", "identity", identified=True, neutral=3)
    monkeypatch.setattr(root, "OPTIONS", (*root.OPTIONS, number))
    with composer() as opened, pytest.raises(ConfigError, match="shade"):
        opened.cell(["shade=dark"])


def test_references_share_a_new_option(colour: Option, hydra: Composer) -> None:
    cells = hydra.cells(["strategy=truncation,none", "colour=blue", "references=[full]"], multirun=True)
    assert [cell.config["colour"] for cell in cells] == ["blue"] * 3
    assert cells[-1].names["strategy"] == "full"


def test_runs_that_differ_in_a_new_option_are_not_comparable(colour: Option) -> None:
    red, blue = (run_of(plan(Memory(), window(), others={"colour": value}).identity) for value in ("red", "blue"))
    assert differs(red, red) is None
    said = differs(red, blue)
    assert said is not None and "their colour is red and blue" in said and "across=colour" in said
    assert differs(red, blue, across={"colour"}) is None


def test_an_option_that_need_not_agree_is_said_by_the_gate(colour: Option, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root, "OPTIONS", (*root.OPTIONS[:-1], replace(colour, agrees="no")))
    red, blue = (run_of(plan(Memory(), window(), others={"colour": value}).identity) for value in ("red", "blue"))
    assert differs(red, blue) is None
    assert changed_settings(red, blue) == ["colour: red -> blue"]


def test_a_new_option_stands_on_the_page_of_options(colour: Option) -> None:
    line = next(line for line in docs_reference.root_options().split("\n") if "`colour`" in line)
    for text in ("`red`", "What the memory is painted with.", "identity", "across", "share it"):
        assert text in line


def test_the_page_has_a_line_for_each_option() -> None:
    page = docs_reference.root_options()
    for option in root.OPTIONS:
        if option.role != "filled":
            assert page.count(option.meaning.replace("|", "\\|")) == 1, option.name


def run_of(identity: Mapping[str, Any]) -> Any:
    return SimpleNamespace(id=f"run-{id(identity)}", record=SimpleNamespace(identity=identity))
