"""Every option in configs/: introduced by one line, made of what its class takes, and composable."""

import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from memeval.harness.compose import Composer, composer
from memeval.kit.errors import ConfigError
from memeval.options import root
from memeval.options.build import TARGET, TUNED, VERSION

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
FILES = sorted(CONFIGS.rglob("*.yaml"))
OPTIONS = [(path.parent.name, path.stem) for path in FILES if path.parent != CONFIGS]
# Lists of overrides for `memeval reproduce`, no part of a run's config.
NOT_OF_A_RUN = {"reproduction"}
# A strategy's budget is taken by the harness.
FOR_THE_HARNESS = {"strategy": {"budget"}}
INTERPOLATION = re.compile(r"\$\{.*\}")


def first_line_complaint(text: str) -> str | None:
    """`memeval list` shows the first line, so it must be one sentence; only Hydra's own header may stand above it."""
    first = re.sub(r"\A(# @.*\n)+", "", text).partition("\n")[0]
    if not re.fullmatch(r"# \S+( \S+){2,}[.]", first):
        return f"the first line must be a comment of one sentence with a full stop, not {first!r}"
    return None


def nodes(node: Any, where: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The parts of a config that name a class, with their place."""
    if isinstance(node, Mapping):
        if node.get("_target_"):
            yield where, node
        for key, value in node.items():
            yield from nodes(value, f"{where}.{key}" if where else str(key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from nodes(value, f"{where}[{index}]")


def node_complaints(node: Mapping[str, Any], harness: set[str]) -> Iterator[str]:
    """Keys that the class does not take, and arguments that a user could not set since the file lacks them."""
    target = str(node["_target_"])
    try:
        taken = inspect.signature(pkgutil.resolve_name(target)).parameters.values()
    except (ImportError, AttributeError, ValueError) as error:
        yield f"{target} cannot be imported: {error}"
        return
    names = {parameter.name for parameter in taken if parameter.kind is not parameter.VAR_KEYWORD}
    given = {str(key) for key in node} - {TARGET} - harness
    if unknown := given - names:
        yield f"{target} takes no {', '.join(sorted(unknown))}: it takes {', '.join(sorted(names))}"
    if missing := names - given:
        yield f"{target} takes {', '.join(sorted(missing))}: spell the defaults out, so that they can be overridden"


@pytest.fixture(scope="module")
def hydra() -> Iterator[Composer]:
    with composer() as opened:
        yield opened


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CONFIGS)))
def test_first_line(path: Path) -> None:
    complaint = first_line_complaint(path.read_text(encoding="utf-8"))
    assert complaint is None, complaint


@pytest.mark.parametrize(
    "text",
    ["_target_: a.B\n", "# t\na: 1\n", "#No space after it.\n", "\n# Too late, on line two.\n", "# no full stop\n"],
)
def test_first_line_catches(text: str) -> None:
    assert first_line_complaint(text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CONFIGS)))
def test_keys_are_the_constructors(path: Path) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict), "an option is a mapping"
    # What is said of an option as a whole: below it they would say nothing.
    harness = FOR_THE_HARNESS.get(path.parent.name, set()) | {VERSION, TUNED}
    complaints = [
        f"{where or path.stem}: {complaint}"
        for where, node in nodes(content)
        for complaint in node_complaints(node, harness if not where else set())
    ]
    assert not complaints, "\n".join(complaints)
    benchmarks = {file.stem for file in FILES if file.parent.name == "benchmark"}
    assert set(content.get(TUNED, ())) <= benchmarks, "an option is tuned on benchmarks that there are"


@pytest.mark.parametrize(
    ("node", "named"),
    [
        ({"_target_": "memeval.nowhere.X"}, "memeval.nowhere"),
        ({"_target_": "memeval.kit.document.Missing"}, "Missing"),
        (
            {"_target_": "memeval.kit.document.Document", "before": "", "after": "", "date": "", "caption": "", "a": 1},
            "no a",
        ),
        ({"_target_": "memeval.kit.document.Document", "before": "", "after": "", "date": ""}, "takes caption"),
    ],
)
def test_keys_catch(node: dict[str, Any], named: str) -> None:
    complaints = list(node_complaints(node, set()))
    assert len(complaints) == 1
    assert named in complaints[0]


@pytest.mark.parametrize(
    ("group", "name"),
    [pytest.param(*option, id="/".join(option)) for option in OPTIONS if option[0] not in NOT_OF_A_RUN],
)
def test_option_composes(hydra: Composer, group: str, name: str) -> None:
    """Each option can be chosen; no interpolation in it leads nowhere."""
    cell = hydra.cell([f"{group}={name}"])
    if group in root.axes():
        assert cell.names[group] == name
    texts = list(strings(cell.config))
    assert texts
    assert not [text for text in texts if INTERPOLATION.search(text)]


def strings(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)
    elif isinstance(node, str):
        yield node


def test_unknown_option_is_refused(hydra: Composer) -> None:
    with pytest.raises(ConfigError, match="truncation"):
        hydra.cell(["strategy=truncatoin"])
