"""What an option may be, said once, in the signature of its class: `turns: Annotated[int, Ge(1)] = 20`.

A number has a range by `Ge`, `Gt`, `Le`, `Lt` or `Interval` of `annotated_types`. Neither nan nor an infinity lies in a
range. A `Literal` has its choices. `memeval.options.build` holds what a config gives against the signature. `ranged`
does so for a class that is called from Python.
"""

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from numbers import Real
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Interval, Le, Lt

from memeval.kit.errors import ConfigError

_Made = TypeVar("_Made", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Range:
    """The values that a number may have; of a list: that each of its numbers may have.

    Attributes:
        low, high: the bounds; an infinity for none.
        above, below: the number must be more than `low`, less than `high`; otherwise it may be equal.
        null: None is allowed as well.
    """

    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    below: bool = False
    null: bool = False

    def holds(self, value: Any) -> bool:
        """Whether a value is allowed. What is no number is not its business: types are checked by others."""
        if isinstance(value, list | tuple):
            return all(map(self.holds, value))
        if isinstance(value, bool) or not isinstance(value, Real):
            return True
        number: Any = value
        over = number > self.low if self.above else number >= self.low
        under = number < self.high if self.below else number <= self.high
        return bool(over and under and abs(number) != math.inf)

    def words(self, null: str = "null") -> str:
        """E.g. `1 or more`, `0 to 1`, `more than 0 and less than 1, or null`; `null` is how None is written."""
        if self.high == math.inf:
            words = f"more than {self.low}" if self.above else f"{self.low} or more"
        elif not self.above and not self.below and self.low != -math.inf:
            words = f"{self.low} to {self.high}"
        else:
            lowest = "" if self.low == -math.inf else f"more than {self.low}" if self.above else f"{self.low} or more"
            highest = f"less than {self.high}" if self.below else f"at most {self.high}"
            words = " and ".join(filter(None, (lowest, highest)))
        return f"{words}, or {null}" if self.null else words

    def refusal(self, where: str, value: Any, default: Any, null: str) -> str:
        """The sentence about a value that it does not hold."""
        numbers = default if isinstance(default, list | tuple) else [default]
        known = not any(isinstance(each, bool) or not isinstance(each, Real) for each in numbers)
        example = f", e.g. {where}={default}" if known else ""
        return f"{where}={value} is out of range: give {self.words(null)}{example}"


@dataclass(frozen=True, slots=True)
class Choice:
    """The values of a `Literal`, and None where `null`."""

    values: tuple[Any, ...]
    null: bool = False

    def holds(self, value: Any) -> bool:
        """Whether a value is one of them."""
        return (self.null and value is None) or any(
            type(value) is type(choice) and value == choice for choice in self.values
        )

    def words(self, null: str = "null") -> str:
        """E.g. `on, off or replay`; `null` is how None is written."""
        *others, last = [*map(str, self.values), *([null] if self.null else [])]
        return f"{', '.join(others)} or {last}" if others else last

    def refusal(self, where: str, value: Any, default: Any, null: str) -> str:
        """The sentence about a value that it does not hold."""
        return f"{where}={value!r:.200} is unknown: choose {self.words(null)}"


def allowed(hint: Any) -> Range | Choice | None:
    """What the hint of a parameter allows; None where it says nothing of values.

    Args:
        hint: as `get_type_hints(..., include_extras=True)` gives it. `X | None` allows None, and the items of a list
            are held to the hint of an item.
    """
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _range(parts[1:])
    if origin is Literal:
        return Choice(parts)
    if origin in (Union, UnionType):
        found = [limits for part in parts if (limits := allowed(part)) is not None]
        if len(found) != 1:
            return None
        others = [part for part in parts if part is not NoneType and allowed(part) is None]
        if isinstance(found[0], Choice):
            # Of `Literal["on"] | bool` the choices are not all.
            return None if others else Choice(found[0].values, NoneType in parts)
        return _with_null(found[0], NoneType in parts)
    if isinstance(origin, type) and parts and issubclass(origin, list | tuple):
        inside = allowed(parts[0])
        return inside if isinstance(inside, Range) else None
    return None


def _with_null(limits: Range, null: bool) -> Range:
    return Range(limits.low, limits.high, limits.above, limits.below, null)


def _range(metadata: tuple[Any, ...]) -> Range | None:
    low, high, above, below = -math.inf, math.inf, False, False
    parts = [part for each in metadata for part in (each if isinstance(each, Interval) else [each])]
    known = [part for part in parts if isinstance(part, Ge | Gt | Le | Lt)]
    for part in known:
        # Numbers by the way they are written down.
        if isinstance(part, Ge | Gt):
            low, above = (part.ge, False) if isinstance(part, Ge) else (part.gt, True)  # type: ignore[assignment]
        else:
            high, below = (part.le, False) if isinstance(part, Le) else (part.lt, True)  # type: ignore[assignment]
    return Range(low, high, above, below) if known else None


def hints(call: Any) -> dict[str, Any]:
    """The hints of a class's or a function's parameters, ranges included; empty where they cannot be read."""
    function = call.__init__ if inspect.isclass(call) else call
    try:
        return get_type_hints(function, include_extras=True)
    except (NameError, TypeError):
        return {}


def limits(call: Any) -> Mapping[str, Range | Choice]:
    """What the parameters of a class or a function may be: by name, those that have a range or choices."""
    return {name: found for name, hint in hints(call).items() if (found := allowed(hint)) is not None}


def ranged(made: _Made) -> _Made:
    """Hold the arguments of direct calls to the ranges and choices of the signature: a decorator.

    Of a class its constructor is checked. A value that is not allowed raises a ConfigError with the parameter's name,
    the value, and what is allowed.
    """
    if not isinstance(made, type):
        return _checked(made)  # type: ignore[return-value]
    made.__init__ = _checked(made.__init__)  # type: ignore[misc]
    return made


def _checked(function: Callable[..., Any]) -> Callable[..., Any]:
    read: list[tuple[list[inspect.Parameter], Mapping[str, Range | Choice]]] = []

    @wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        if not read:
            # Not at import: a hint may name what is defined below.
            read.append((list(inspect.signature(function).parameters.values()), limits(function)))
        parameters, known = read[0]
        given = {parameter.name: value for parameter, value in zip(parameters, arguments, strict=False)} | named
        for parameter in parameters:
            name = parameter.name
            if name in known and name in given and not known[name].holds(given[name]):
                raise ConfigError(known[name].refusal(name, given[name], parameter.default, "None"))
        return function(*arguments, **named)

    return call
