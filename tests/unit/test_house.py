"""The rules of the house that no type checker holds: who imports whom, what is loaded when, what plug-ins may not do.

A rule is a function from a parsed module to complaints, so that each is shown to fail on a bad snippet before it is
trusted on the code.
"""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINKED = ("strategies", "benchmarks", "configs")

# From the top down: a module imports from its own layer and from those below it. A new module gets a place here.
LAYERS: list[set[str]] = [
    {"cli", "pytest_plugin"},
    {"report", "testing", "servers"},
    {"gate"},
    {"comparison"},
    {"stats", "evaluate", "scoring", "measures", "money"},
    {"experiment", "executors", "store", "runner", "replay", "compose", "parts", "plan", "provenance"},
    {"judge_check"},
    {"controls", "checks", "forgetting", "prompt", "prompt_cache", "judging", "reading", "records"},
    {"build", "identity"},
    {"llm", "ledger", "serving", "tokens", "document", "cache", "pricing"},
    {"types", "errors", "storage", "strict_json", "user_files", "escaping", "plain_names"},
]

# What plug-ins may import of memeval.
ALLOWED = {
    "strategies": {
        "types",
        "storage",
        "errors",
        "tokens",
        "document",
        "ledger",
        "serving",
        "cache",
        "prompt",
        "llm",
        "pricing",
        "strategies",
    },
    "benchmarks": {"types", "errors", "cache", "strict_json", "user_files", "escaping", "benchmarks"},
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
LONG = {"memeval.types": 450}


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
    """Absolute imports, under one name; down the layers; plug-ins see what they may see."""
    layer = {part: depth for depth, parts in enumerate(LAYERS) for part in parts}
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
        elif module.part == "":
            yield f"imports {name}: import memeval must load nothing"
        elif part in LINKED and not (module.part == "cli" and part == "benchmarks"):
            # The command line offers the published data sets to download and validates files of the user's own.
            yield f"imports {name}: the harness knows no plug-in, configs name them"
        elif part in LINKED:
            continue
        elif module.part not in layer or part not in layer:
            yield f"{module.part} or {part} has no place in LAYERS of this test: give it one"
        elif layer[part] < layer[module.part]:
            yield f"imports {name}, which stands above it: {module.part} is in layer {layer[module.part]}"


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
            yield f"line {node.lineno} asserts: python -O drops it; raise a class of memeval.errors"
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
    assert {"memeval", "memeval.types", "memeval.cli.main", "memeval.strategies.memory"} <= {
        each.name for each in found
    }
    complaints = [f"{module.name} {complaint}" for module in found for complaint in rule(module)]
    assert not complaints, "\n" + "\n".join(complaints)


@pytest.mark.parametrize(
    ("rule", "name", "code"),
    [
        (import_rules, "memeval.strategies.x", "import memeval.runner"),
        (import_rules, "memeval.strategies.x", "from memeval import store"),
        (import_rules, "memeval.strategies.x", "from memeval.benchmarks import locomo"),
        (import_rules, "memeval.strategies.x", "from strategies.memory import Memory"),
        (import_rules, "memeval.benchmarks.x", "def f():\n    from memeval.tokens import get_tokenizer"),
        (import_rules, "memeval.benchmarks.x", "from memeval.strategies import memory"),
        (import_rules, "memeval.runner", "from memeval.strategies.memory import Memory"),
        (import_rules, "memeval.store", "from memeval.report.table import render"),
        (import_rules, "memeval.runner", "from .checks import check"),
        (import_rules, "memeval.types", "from memeval.tokens import Tokenizer"),
        (import_rules, "memeval", "from memeval.types import Turn"),
        (import_rules, "memeval.newcomer", "from memeval.types import Turn"),
        (heavy_rule, "memeval.report.x", "import matplotlib.pyplot as plt"),
        (heavy_rule, "memeval.strategies.x", "try:\n    from faiss import IndexFlatIP\nexcept ImportError:\n    pass"),
        (heavy_rule, "memeval.x", "class A:\n    import pandas"),
        (clock_rule, "memeval.strategies.x", "from datetime import datetime\ndef f():\n    return datetime.now()"),
        (clock_rule, "memeval.strategies.x", "import datetime as d\nf = d.date.today"),
        (clock_rule, "memeval.strategies.x", "import time\nx = time.time()"),
        (clock_rule, "memeval.strategies.x", "from time import time"),
        (clock_rule, "memeval.strategies.x", "QUERY = \"SELECT date('now')\""),
        (clock_rule, "memeval.strategies.x", "TABLE = 'at TEXT DEFAULT CURRENT_TIMESTAMP'"),
        (manners, "memeval.runner", "def f():\n    print('done')"),
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
        ("memeval.strategies.x", "from memeval.strategies.memory import Memory\nfrom memeval import types"),
        ("memeval.benchmarks.x", "from memeval.cache import Cache\nimport json"),
        (
            "memeval.runner",
            "from memeval import ledger\nfrom memeval.types import Turn\nfrom memeval import __version__",
        ),
        ("memeval.strategies.x", "def f():\n    import faiss, sentence_transformers, Stemmer"),
        ("memeval.x", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas"),
        ("memeval.strategies.x", '"""Never calls now() or CURRENT_TIME."""\nfrom time import perf_counter'),
        ("memeval.ledger", "import time\nx = time.time()"),
        ("memeval.cli.x", "print('hello')"),
    ],
)
def test_the_rules_allow(name: str, code: str) -> None:
    assert [complaint for rule in RULES for complaint in rule(parse(name, code))] == []


def test_every_module_has_one_layer() -> None:
    placed = [part for parts in LAYERS for part in parts]
    assert len(placed) == len(set(placed))
    parts = {module.part for module in modules()} - {"", *LINKED}
    assert parts <= set(placed), f"give a place in LAYERS to {', '.join(sorted(parts - set(placed)))}"


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
