"""The optional powers over several parts: any parts with any of the powers, some of which fail."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memeval.kit import powers
from memeval.kit.errors import ConfigError
from memeval.kit.tokens import get_tokenizer
from memeval.kit.types import Context, Hit, Query, Turn
from memeval.strategies.long_term.capacity import Capacity
from memeval.strategies.long_term.decay import Decay
from memeval.strategies.long_term.hybrid import Hybrid
from memeval.strategies.memory import Memory


@dataclass
class Spec:
    """A part to make: what it can do, where it fails, and what it counts."""

    able: frozenset[str]
    fails: frozenset[str]
    counters: dict[str, int]
    calls: list[str] = field(default_factory=list)

    def make(self) -> Any:
        """An object with exactly these methods, and the two that a retriever has."""

        def doing(name: str) -> Callable[..., Any]:
            def call(_: object, *arguments: object) -> Any:
                self.calls.append(name)
                if name in self.fails:
                    raise RuntimeError(f"{name} of {id(self)}")
                return dict(self.counters) if name == "stats" else None

            return call

        methods: dict[str, Any] = {name: doing(name) for name in self.able}
        return type("Part", (_Both,), methods)()


class _Both:
    """What a retriever and a window must have."""

    def write(self, turns: Sequence[Turn]) -> None:
        """Keep nothing."""

    def search(self, query: Query, k: int) -> Sequence[Hit]:
        """Find nothing."""
        return []

    def read(self, query: Query, budget: int) -> Context:
        """Show nothing."""
        return Context([])


_NAMES = st.sampled_from(["prepare", "flush", "forget", "stats", "close"])
_COUNTERS = st.dictionaries(st.sampled_from(["items", "index_bytes", "merged"]), st.integers(0, 1_000))
_SPECS = st.lists(st.builds(Spec, st.frozensets(_NAMES), st.frozensets(_NAMES), _COUNTERS), max_size=5)


def _failing(specs: Sequence[Spec], power: str) -> list[Spec]:
    return [spec for spec in specs if power in spec.able & spec.fails]


@pytest.mark.parametrize("power", ["prepare", "flush"])
@given(specs=_SPECS)
def test_parts_with_the_power_come_in_order_up_to_the_first_failure(power: str, specs: list[Spec]) -> None:
    use = getattr(powers, power)
    parts = [spec.make() for spec in specs]
    failing = _failing(specs, power)
    if failing:
        with pytest.raises(RuntimeError, match=f"{power} of {id(failing[0])}"):
            use(*parts)
    else:
        use(*parts)
    reached = specs[: specs.index(failing[0]) + 1] if failing else specs
    assert [spec.calls for spec in specs] == [
        [power] if power in spec.able and any(spec is each for each in reached) else [] for spec in specs
    ]


@given(specs=_SPECS, nested=st.integers(0, 5))
def test_forgetting_touches_all_parts_or_none(specs: list[Spec], nested: int) -> None:
    parts = [spec.make() for spec in specs]
    # Some of the parts are parts of a part.
    parts = [*parts[:nested], powers.Composite(*parts[nested:])]
    if any("forget" not in spec.able for spec in specs):
        with pytest.raises(ConfigError, match="Part cannot forget"):
            powers.forget(["t1"], *parts)
        assert not any(spec.calls for spec in specs)
    elif failing := _failing(specs, "forget"):
        with pytest.raises(RuntimeError, match=str(id(failing[0]))):
            powers.forget(["t1"], *parts)
    else:
        powers.forget(["t1"], *parts)
        assert all(spec.calls == ["forget"] for spec in specs)


@given(specs=_SPECS)
def test_counters_of_one_name_are_added_up(specs: list[Spec]) -> None:
    for spec in specs:
        spec.fails -= {"stats"}
    expected: Counter[str] = Counter()
    for spec in specs:
        if "stats" in spec.able:
            expected.update(spec.counters)
    assert powers.stats(*[spec.make() for spec in specs]) == dict(expected)
    assert powers.stats(*[spec.make() for spec in reversed(specs)]) == dict(expected)


@given(specs=_SPECS)
def test_all_parts_are_closed_and_the_first_failure_is_raised(specs: list[Spec]) -> None:
    parts = [spec.make() for spec in specs]
    failing = _failing(specs, "close")
    if failing:
        with pytest.raises(RuntimeError, match=f"close of {id(failing[0])}") as caught:
            powers.close(*parts)
        notes = getattr(caught.value, "__notes__", [])
        assert len(notes) == len(failing) - 1
        assert all(str(id(spec)) in note for spec, note in zip(failing[1:], notes, strict=True))
    else:
        powers.close(*parts)
    assert [spec.calls for spec in specs] == [["close"] if "close" in spec.able else [] for spec in specs]


def test_an_interruption_does_not_leave_the_others_open() -> None:
    class Interrupted:
        def close(self) -> None:
            raise KeyboardInterrupt

    other = Spec(frozenset({"close"}), frozenset(), {})
    with pytest.raises(KeyboardInterrupt):
        powers.close(Interrupted(), other.make())
    assert other.calls == ["close"]


_ALL = frozenset({"prepare", "flush", "forget", "stats", "close"})


def _memory(first: Any, second: Any) -> Memory:
    return Memory(first, second, get_tokenizer("o200k_base"))


def _nested(first: Any, second: Any) -> Memory:
    return _memory(first, Decay(Hybrid([second, second])))


def _capped(first: Any, second: Any) -> Memory:
    return _memory(first, Capacity(second, turns=3))


@pytest.mark.parametrize("make", [_memory, _nested, lambda first, second: Hybrid([first, second])])
def test_no_side_of_a_composite_forgets_unless_all_can(make: Callable[[Any, Any], powers.Composite]) -> None:
    able, mute = Spec(_ALL, frozenset(), {}), Spec(_ALL - {"forget"}, frozenset(), {})
    with pytest.raises(ConfigError, match="Part cannot forget"):
        make(able.make(), mute.make()).forget(["t1"])
    assert able.calls == []


@pytest.mark.parametrize("make", [_memory, _nested, _capped])
def test_composites_close_what_stands_behind_a_failure(make: Callable[[Any, Any], powers.Composite]) -> None:
    broken, sound = Spec(_ALL, frozenset({"close"}), {}), Spec(_ALL, frozenset(), {})
    with pytest.raises(RuntimeError, match=f"close of {id(broken)}"):
        make(broken.make(), sound.make()).close()
    assert set(sound.calls) == {"close"}


def test_a_memory_adds_up_the_counters_of_its_sides() -> None:
    sides = [Spec(_ALL, frozenset(), {"items": 3, "merged": 1}), Spec(_ALL, frozenset(), {"items": 4})]
    assert _memory(*[side.make() for side in sides]).stats() == {"items": 7, "merged": 1}


def test_what_cannot_forget_cannot_be_evicted_from() -> None:
    mute = Spec(_ALL - {"forget"}, frozenset(), {})
    with pytest.raises(ConfigError, match=r"evicted from retriever\.inner: Part cannot forget"):
        Capacity(Hybrid([mute.make(), mute.make()]), turns=3)
