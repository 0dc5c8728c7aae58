"""The rules of the house that no type checker holds: who imports whom, what is loaded when, what plug-ins may not do.

A rule is a function from a parsed module to complaints, so that each is shown to fail on a bad snippet before it is
trusted on the code.
"""

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINKED = ("strategies", "benchmarks", "configs")

# The rooms of the harness from the ground up: a room imports from itself and from those before it. What each is for
# stands in docs/design.md.
ROOMS = (
    "kit", "language", "options", "provenance", "pricing", "llm", "checks", "records", "answers", "harness", "scoring",
    "comparison", "gating", "reports", "testing", "servers", "api", "cli", "pytest_plugin",
)  # fmt: skip

# What plug-ins may import of memeval, beside their own folder.
ALLOWED = {
    "strategies": {"kit", "language", "llm", "pricing", "strategies"},
    "benchmarks": {"kit", "benchmarks"},
    "configs": set[str](),
}

# Slow to import: only inside the functions that use them.
HEAVY = {
    "bm25s", "chromadb", "datasets", "faiss", "hydra", "litellm", "matplotlib", "omegaconf", "onnxruntime", "pandas",
    "pinecone", "pyarrow", "pydantic", "qdrant_client", "qdrant_edge", "rank_bm25", "redis", "scipy",
    "sentence_transformers", "sklearn", "tiktoken", "tokenizers", "torch", "transformers", "weaviate", "wordllama",
}  # fmt: skip

MAX_LINES = 400
# Looked up rather than read.
LONG: dict[str, int] = {}


@dataclass(frozen=True)
class Module:
    """A parsed file under its dotted name; `part` is what stands after `memeval.`: cli, runner, strategies, ..."""

    name: str
    code: str
    tree: ast.Module

    @property
    def part(self) -> str:
        return part_of(self.name)


def part_of(name: str) -> str:
    """What stands after `memeval.`."""
    return (name.split(".") + [""])[1]


def parse(name: str, code: str) -> Module:
    return Module(name, code, ast.parse(code, name))


def modules() -> Iterator[Module]:
    """All of memeval, plug-ins included, each file once and under the name it is imported by."""
    for top in ("memeval", *LINKED):
        for path in sorted((ROOT / top).rglob("*.py")):
            relative = path.relative_to(ROOT)
            if top == "memeval" and len(relative.parts) > 2 and relative.parts[1] in LINKED:
                continue
            dotted = [*([] if top == "memeval" else ["memeval"]), *relative.with_suffix("").parts]
            name = ".".join(dotted).removesuffix(".__init__")
            yield parse(name, path.read_text(encoding="utf-8"))


def imports(nodes: ast.AST) -> Iterator[str]:
    """Dotted names of all that is imported; `from a import b` gives a.b, since b may be a module."""
    for node in ast.walk(nodes):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def at_import(tree: ast.Module) -> Iterator[ast.AST]:
    """The nodes that run when the module is imported: no function bodies, nothing under `if TYPE_CHECKING`."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for child in ast.iter_child_nodes(node):
            checking = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            if not checking and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                waiting.append(child)


def import_rules(module: Module) -> Iterator[str]:
    """Absolute imports, under one name; downwards; plug-ins see what they may see."""
    at_top = [node for node in at_import(module.tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    for name in imports(module.tree):
        top, part = name.split(".")[0], part_of(name)
        if name.startswith("."):
            yield f"imports {name} relatively: write memeval. in front"
        elif top in LINKED:
            yield f"imports {name}: only memeval.{name} is installed"
        elif top != "memeval" or part in ("", "__version__"):
            continue
        elif module.part in ALLOWED:
            if part not in ALLOWED[module.part]:
                yield f"imports {name}: of memeval, {module.part} may import {', '.join(sorted(ALLOWED[module.part]))}"
        elif part == "cli" and module.part != "cli":
            yield f"imports {name}: what others than the command line need belongs in a room below it"
        elif module.part == "":
            if part != "api" or any(name in imports(node) for node in at_top):
                yield f"imports {name}: import memeval must load nothing, and offers memeval.api alone"
        elif part in LINKED and not (module.part == "cli" and part == "benchmarks"):
            # The command line offers the published data sets to download and validates files of the user's own.
            yield f"imports {name}: the harness knows no plug-in, configs name them"
        elif part in LINKED:
            continue
        elif module.part not in ROOMS or part not in ROOMS:
            yield f"{module.part} or {part} is no room of ROOMS in this test: give it a place"
        elif ROOMS.index(part) > ROOMS.index(module.part):
            yield f"imports {name}, which stands above {module.part} in ROOMS"


def heavy_rule(module: Module) -> Iterator[str]:
    """Nothing slow is imported at the top."""
    for node in at_import(module.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name in imports(node):
                if name.split(".")[0] in HEAVY:
                    yield f"line {node.lineno} imports {name} at the top: import it in the function that uses it"


def clock_rule(module: Module) -> Iterator[str]:
    """A strategy reads no clock but the dialogue's, in Python or in SQL."""
    if module.part != "strategies":
        return
    wall = {"time", "time_ns", "localtime", "gmtime", "ctime"}
    docstrings = {
        node.body[0].value
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute):
            of_time = isinstance(node.value, ast.Name) and node.value.id == "time" and node.attr in wall
            if of_time or node.attr in ("now", "utcnow", "today"):
                yield f"line {node.lineno} reads the wall clock: {ast.unparse(node)}"
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            for alias in node.names:
                if alias.name in wall:
                    yield f"line {node.lineno} imports the wall clock: time.{alias.name}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            if re.search(r"\bCURRENT_(TIMESTAMP|DATE|TIME)\b|'now'|\bnow\(\)", node.value, re.IGNORECASE):
                yield f"line {node.lineno} reads the wall clock in SQL: {node.value!r}"


def manners(module: Module) -> Iterator[str]:
    """No print outside the command line, no assert, no hasattr, files that can be read in one sitting."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assert):
            yield f"line {node.lineno} asserts: python -O drops it; raise a class of memeval.kit.errors"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "hasattr":
                yield f"line {node.lineno} asks hasattr: make the power a protocol and ask isinstance"
            elif node.func.id == "print" and module.part != "cli":
                yield f"line {node.lineno} prints: only memeval.cli speaks to the user"
    limit = LONG.get(module.name, MAX_LINES)
    if (lines := len(module.code.splitlines())) > limit:
        yield f"has {lines} lines: at most {limit}, one purpose each"


@cache
def declared() -> frozenset[str]:
    """Names that the dependencies of pyproject.toml install; of extras only those that are not for development."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = (lines for extra, lines in project["optional-dependencies"].items() if extra != "dev")
    wanted = {normal(re.split(r"[^\w.-]", line)[0]) for lines in (project["dependencies"], *extras) for line in lines}
    installed = {top for top, owners in packages_distributions().items() if wanted & {normal(each) for each in owners}}
    # An extra that is not installed is known by its own name only.
    return frozenset(installed | {name.replace("-", "_") for name in wanted})


def normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def dependency_rule(module: Module) -> Iterator[str]:
    """What is imported is declared, not there by the luck of another package needing it."""
    for top in {name.split(".")[0] for name in imports(module.tree)} - {"memeval", ""}:
        if top not in sys.stdlib_module_names and top not in declared():
            yield f"imports {top}, which no dependency in pyproject.toml installs"


RULES: tuple[Callable[[Module], Iterator[str]], ...] = (import_rules, heavy_rule, clock_rule, manners, dependency_rule)


@pytest.mark.parametrize("rule", RULES)
def test_the_code_keeps(rule: Callable[[Module], Iterator[str]]) -> None:
    found = list(modules())
    assert {"memeval", "memeval.kit.types", "memeval.cli.main", "memeval.strategies.memory"} <= {
        each.name for each in found
    }
    complaints = [f"{module.name} {complaint}" for module in found for complaint in rule(module)]
    assert not complaints, "\n" + "\n".join(complaints)


@pytest.mark.parametrize(
    ("rule", "name", "code"),
    [
        (import_rules, "memeval.strategies.x", "import memeval.harness.runner"),
        (import_rules, "memeval.strategies.x", "from memeval import store"),
        (import_rules, "memeval.strategies.x", "from memeval.benchmarks import locomo"),
        (import_rules, "memeval.strategies.x", "from strategies.memory import Memory"),
        (import_rules, "memeval.benchmarks.x", "def f():\n    from memeval.llm import ReplyError"),
        (import_rules, "memeval.benchmarks.x", "from memeval.strategies import memory"),
        (import_rules, "memeval.harness.runner", "from memeval.strategies.memory import Memory"),
        (import_rules, "memeval.records.runs", "from memeval.reports.table import render"),
        (import_rules, "memeval.harness.runner", "from .checks import check"),
        (import_rules, "memeval.kit.types", "from memeval.pricing import Target"),
        (import_rules, "memeval", "from memeval.kit.types import Turn"),
        (import_rules, "memeval", "from memeval.api import run"),
        (import_rules, "memeval", "def f():\n    from memeval.kit.types import Turn"),
        (import_rules, "memeval.pytest_plugin", "def f():\n    from memeval.cli.run import main"),
        (import_rules, "memeval.newcomer", "from memeval.kit.types import Turn"),
        (heavy_rule, "memeval.reports.x", "import matplotlib.pyplot as plt"),
        (heavy_rule, "memeval.strategies.x", "try:\n    from faiss import IndexFlatIP\nexcept ImportError:\n    pass"),
        (heavy_rule, "memeval.x", "class A:\n    import pandas"),
        (clock_rule, "memeval.strategies.x", "from datetime import datetime\ndef f():\n    return datetime.now()"),
        (clock_rule, "memeval.strategies.x", "import datetime as d\nf = d.date.today"),
        (clock_rule, "memeval.strategies.x", "import time\nx = time.time()"),
        (clock_rule, "memeval.strategies.x", "from time import time"),
        (clock_rule, "memeval.strategies.x", "QUERY = \"SELECT date('now')\""),
        (clock_rule, "memeval.strategies.x", "TABLE = 'at TEXT DEFAULT CURRENT_TIMESTAMP'"),
        (manners, "memeval.harness.runner", "def f():\n    print('done')"),
        (manners, "memeval.cli.x", "assert 1"),
        (manners, "memeval.strategies.x", "x = hasattr(1, 'real')"),
        (manners, "memeval.x", "pass\n" * (MAX_LINES + 1)),
        (dependency_rule, "memeval.x", "def f():\n    import aiohttp"),
        (dependency_rule, "memeval.strategies.x", "from hypothesis import given"),
    ],
)
def test_the_rule_catches(rule: Callable[[Module], Iterator[str]], name: str, code: str) -> None:
    assert list(rule(parse(name, code))), "the rule has no complaint about this"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("memeval.strategies.x", "from memeval.strategies.memory import Memory\nfrom memeval.kit import types"),
        ("memeval.benchmarks.x", "from memeval.kit.cache import Cache\nimport json"),
        (
            "memeval.harness.runner",
            "from memeval.kit import ledger\nfrom memeval.kit.types import Turn\nfrom memeval import __version__",
        ),
        ("memeval.strategies.x", "def f():\n    import faiss, sentence_transformers, Stemmer"),
        ("memeval.x", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas"),
        ("memeval.strategies.x", '"""Never calls now() or CURRENT_TIME."""\nfrom time import perf_counter'),
        ("memeval.kit.ledger", "import time\nx = time.time()"),
        ("memeval.cli.x", "print('hello')"),
        ("memeval.cli.x", "from memeval.cli import console"),
        ("memeval", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from memeval.api import run"),
    ],
)
def test_the_rules_allow(name: str, code: str) -> None:
    assert [complaint for rule in RULES for complaint in rule(parse(name, code))] == []


def test_every_folder_is_a_room() -> None:
    assert len(ROOMS) == len(set(ROOMS))
    assert {module.part for module in modules()} - {"", *LINKED} == set(ROOMS)


def test_the_table_of_rooms_is_the_code(tmp_path: Path) -> None:
    """docs/design.md has what tools/rooms.py reads off the code, and each room says what it is for."""
    spec = importlib.util.spec_from_file_location("rooms", ROOT / "tools" / "rooms.py")
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    table = tool.table()
    assert table in (ROOT / "docs" / "design.md").read_text(encoding="utf-8"), "run python tools/rooms.py"
    for line in table.splitlines()[2:]:
        room, purpose = line.split("|")[1:3]
        assert len(purpose.split()) > 4, f"{room} does not say what it is for: write a docstring"


def circle(found: Sequence[Module]) -> Sequence[str]:
    """Modules that import each other in a circle, also by imports inside functions; empty where there is none."""
    names = {module.name for module in found}
    graph = {
        module.name: {other for name in imports(module.tree) for other in targets(name, names)} - {module.name}
        for module in found
        # The package itself loads its API when it is first asked for, and others import its version.
        if module.name != "memeval"
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found_circle: Sequence[str] = error.args[1]
        return found_circle
    return ()


def targets(name: str, names: set[str]) -> Iterator[str]:
    """The module that an import loads: `a.b.c` is the module c of a.b, or a name in it."""
    for candidate in (name, name.rpartition(".")[0]):
        if candidate in names:
            yield candidate
            return


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert circle(list(modules())) == ()


def test_a_circle_is_seen() -> None:
    lazy = "def f():\n    from memeval.kit.b import g"
    made = [parse("memeval.kit.a", lazy), parse("memeval.kit.b", "from memeval.kit import c")]
    assert circle([*made, parse("memeval.kit.c", "")]) == ()
    assert set(circle([*made, parse("memeval.kit.c", "import memeval.kit.a")])) == {f"memeval.kit.{x}" for x in "abc"}


def broken_links(package: Path) -> list[str]:
    """Links of the package folder that do not lead to the folders at the top, each with what to do."""
    return [
        f"{package.name}/{name} is not a link to ../{name}: type `git config core.symlinks true` (on Windows with "
        f"developer mode on), then `git checkout -- {package.name}/{name}`"
        for name in LINKED
        if not (package / name / "__init__.py").is_file() or not (package / name).samefile(package.parent / name)
    ]


def test_links_resolve() -> None:
    complaints = broken_links(ROOT / "memeval")
    assert not complaints, "\n".join(complaints)


def test_broken_links_are_explained(tmp_path: Path) -> None:
    """What a checkout without links leaves: a text file that holds the address; and a copy that goes its own way."""
    for name in LINKED:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    package = tmp_path / "memeval"
    package.mkdir()
    (package / "strategies").symlink_to("../strategies")
    (package / "benchmarks").write_text("../benchmarks")
    (package / "configs").mkdir()
    (package / "configs" / "__init__.py").touch()
    complaints = broken_links(package)
    assert len(complaints) == 2
    assert "memeval/benchmarks is not a link" in complaints[0]
    assert all("git config core.symlinks true" in complaint for complaint in complaints)


def loaded_by(code: str) -> set[str]:
    """Top-level names of the modules that a fresh interpreter has loaded after the code."""
    report = f"{code}\nimport json, sys\nsys.stderr.write('LOADED' + json.dumps(sorted(sys.modules)))"
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, "-c", report],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return {name.split(".")[0] for name in json.loads(done.stderr.partition("LOADED")[2])}


@pytest.mark.parametrize(
    "code",
    [
        "import memeval",
        "from memeval.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit as end:\n    assert not end.code",
    ],
)
def test_start_loads_nothing_slow(code: str) -> None:
    """Counted in modules, since seconds on a busy machine prove nothing; memeval --help is what users wait for."""
    loaded = loaded_by(code)
    assert "memeval" in loaded
    assert not loaded & HEAVY
    assert "numpy" not in loaded


def test_slow_modules_would_be_seen() -> None:
    assert "pydantic" in loaded_by("import memeval, pydantic")


def test_the_guide_shows_code_that_runs() -> None:
    """The strategy in CONTRIBUTING.md is the one of the plug-in package, which test_wheel runs."""
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    package = ROOT / "tests" / "plugin_package" / "memeval_example_plugin"
    for kind, source in (("python", "strategy.py"), ("yaml", "conf/strategy/last_words.yaml")):
        shown = re.findall(rf"```{kind}\n(.+?)```", guide, re.DOTALL)
        assert shown
        assert all(block in (package / source).read_text(encoding="utf-8") for block in shown)
