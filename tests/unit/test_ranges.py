"""Ranges in signatures: from a config, from Python, in the documentation, and for every option that there is."""

import inspect
import math
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from annotated_types import Ge, Gt, Interval, Le, Lt
from hypothesis import given
from hypothesis import strategies as st

from memeval.harness.compose import composer
from memeval.kit.document import Document
from memeval.kit.errors import ConfigError
from memeval.kit.ranges import Choice, Range, allowed, limits, ranged
from memeval.options import root
from memeval.options.build import build
from memeval.strategies.long_term.bm25 import BM25
from memeval.strategies.memory import Memory
from memeval.strategies.writing.turns import Turns

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


@pytest.mark.parametrize(
    ("hint", "words", "inside", "outside"),
    [
        (Annotated[int, Ge(1)], "1 or more", [1, 2, 10**400], [0, -1]),
        (Annotated[float, Gt(0)] | None, "more than 0, or null", [1e-9, 3, None], [0, -0.0, math.nan, math.inf]),
        (Annotated[float, Interval(ge=0, le=1)], "0 to 1", [0, 0.5, 1], [-0.1, 1.1, math.nan, -math.inf]),
        (Annotated[float, Interval(gt=0, le=1)], "more than 0 and at most 1", [0.1, 1], [0, 1.1]),
        (Annotated[float, Ge(0), Lt(1)], "0 or more and less than 1", [0, 0.9], [1, -1]),
        (Annotated[float, Gt(0), Lt(1)], "more than 0 and less than 1", [0.5], [0, 1]),
        (Annotated[float, Le(5)], "at most 5", [5, -7], [5.1, -math.inf]),
        (list[Annotated[float, Ge(0)]] | None, "0 or more, or null", [[], [0, 1.5], None], [[1, -1], [math.nan]]),
        (Literal["on", "off", "replay"], "on, off or replay", ["on"], ["On", None, True, 1]),
        (Literal[64, 128] | None, "64, 128 or null", [64, None], [65, "64", 64.0]),
    ],
)
def test_a_hint_says_what_is_allowed(hint: Any, words: str, inside: list[Any], outside: list[Any]) -> None:
    known = allowed(hint)
    assert known is not None and known.words() == words
    assert all(map(known.holds, inside))
    assert not any(map(known.holds, outside))


@pytest.mark.parametrize(
    "hint", [int, str | None, Any, Annotated[int, "a word"], Literal["on"] | bool, list[int], Document]
)
def test_other_hints_say_nothing(hint: Any) -> None:
    assert allowed(hint) is None


@given(low=st.integers(), high=st.integers(), value=st.integers() | st.floats())
def test_a_range_is_the_one_of_mathematics(low: int, high: int, value: float) -> None:
    finite = math.isfinite(value)
    assert Range(low, high).holds(value) == (finite and low <= value <= high)
    assert Range(low, high, True, True).holds(value) == (finite and low < value < high)


@ranged
class Sized:
    """With a size."""

    def __init__(self, name: str, size: Annotated[int, Ge(1)] = 3, *, mode: Literal["a", "b"] = "a") -> None:
        self.values = name, size, mode


class Named(Sized):
    """A subclass that passes on."""

    def __init__(self, size: Any) -> None:
        super().__init__("named", size)


@ranged
@dataclass(frozen=True, slots=True)
class Point:
    """A dataclass."""

    x: Annotated[float, Ge(0)] = 1.0
    y: Annotated[float, Gt(0)] | None = None


@ranged
def halved(share: Annotated[float, Interval(ge=0, le=1)]) -> float:
    """A function."""
    return share / 2


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Sized("x", 0), "size=0 is out of range: give 1 or more, e.g. size=3"),
        (lambda: Sized(size=-1, name="x"), "size=-1 is out of range: give 1 or more, e.g. size=3"),
        (lambda: Sized("x", mode="c"), "mode='c' is unknown: choose a or b"),  # type: ignore[arg-type]
        (lambda: Named(0), "size=0 is out of range: give 1 or more, e.g. size=3"),
        (lambda: Point(x=math.nan), "x=nan is out of range: give 0 or more, e.g. x=1.0"),
        (lambda: Point(y=0), "y=0 is out of range: give more than 0, or None"),
        (lambda: halved(1.5), "share=1.5 is out of range: give 0 to 1"),
        (lambda: BM25(Turns(Document()), k1=-1), "k1=-1 is out of range: give 0 or more, or None"),
        (lambda: BM25(Turns(Document()), b=math.inf), "b=inf is out of range: give 0 to 1, e.g. b=0.75"),
    ],
)
def test_a_direct_call_is_refused_with_a_sentence(call: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        call()
    assert str(caught.value) == sentence


def test_what_is_allowed_arrives_unchanged() -> None:
    assert Sized("x", 5, mode="b").values == ("x", 5, "b") and Named(2).values == ("named", 2, "a")
    assert Point(2, 3).y == 3 and halved(1) == 0.5
    assert list(inspect.signature(Sized).parameters) == ["name", "size", "mode"]


class Undecorated:
    """Of a package that checks nothing itself."""

    def __init__(self, size: Annotated[int, Ge(1)] = 3, mode: Literal["a", "b"] | None = "a") -> None:
        self.values = size, mode


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"size": 0}, "retriever.size=0 is out of range: give 1 or more, e.g. retriever.size=3"),
        ({"size": 1.5}, "retriever.size=1.5 is not valid: "),
        ({"size": "3"}, "retriever.size='3' is not valid: "),
        ({"size": True}, "retriever.size=True is not valid: "),
        ({"mode": "c"}, "retriever.mode='c' is unknown: choose a, b or null"),
    ],
)
def test_a_config_is_refused_with_the_name_that_was_typed(arguments: Mapping[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build({"_target_": f"{__name__}.Undecorated", **arguments}, "retriever")
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("budget=0", "budget=0 is out of range: give 1 or more, e.g. budget=2000"),
        ("limit=0", "limit=0 is out of range: give 1 or more, or null"),
        ("forget=nan", "forget=nan is no finite number: give one, or null where the option may be left open"),
        ("workers=-3", "workers=-3 is out of range: give 1 or more, e.g. workers=1"),
        ("retrieved_share=1.5", "retrieved_share=1.5 is out of range: give 0 to 1, e.g. retrieved_share=0.5"),
        ("mode=replya", "mode='replya' is unknown: choose questions or replay"),
    ],
)
def test_a_root_option_is_refused_by_the_table(override: str, sentence: str) -> None:
    with composer() as hydra, pytest.raises(ConfigError) as caught:
        hydra.cell([override])
    assert str(caught.value) == sentence


def test_the_table_and_the_composite_allow_the_same() -> None:
    """`top_k=0` is refused under the name that was typed, and by the class that is called from Python."""
    for name, known in limits(Memory).items():
        assert allowed(next(option.kind for option in root.OPTIONS if option.name == name)) == known
    assert set(limits(Memory)) == {"retrieved_share", "top_k", "depth"}


def options() -> Iterator[Any]:
    """Every class that a config names, with the values that stand in it."""
    for path in sorted(CONFIGS.glob("*/*.yaml")):
        node = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(node.get("_target_"), str):
            yield pytest.param(node, id=f"{path.parent.name}/{path.stem}")


@pytest.mark.parametrize("node", list(options()))
def test_defaults_are_allowed(node: Mapping[str, Any]) -> None:
    made = pkgutil.resolve_name(node["_target_"])
    defaults = {name: parameter.default for name, parameter in inspect.signature(made).parameters.items()}
    for name, known in limits(made).items():
        for value in (defaults[name], node.get(name, defaults[name])):
            if value is not inspect.Parameter.empty and not str(value).startswith("${"):
                assert known.holds(value), f"{name}={value}, but {known.words()} is allowed"


@pytest.mark.parametrize("node", list(options()))
def test_a_class_with_ranges_holds_direct_calls_to_them(node: Mapping[str, Any]) -> None:
    made = pkgutil.resolve_name(node["_target_"])
    for name, known in limits(made).items():
        if isinstance(known, Range):
            others = {
                each: None
                for each, parameter in inspect.signature(made).parameters.items()
                if parameter.default is parameter.empty
            }
            with pytest.raises(ConfigError, match=f"^{name}=nan is out of range: give "):
                made(**{**others, name: math.nan})


def test_choices_have_a_type() -> None:
    assert not Choice((1,)).holds(True) and not Choice((True,)).holds(1)
