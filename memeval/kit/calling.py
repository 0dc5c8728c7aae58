"""Calls of methods that return nothing: a coroutine or a generator in its place means that nothing was done."""

import inspect
from collections.abc import Callable

from memeval.kit.errors import ContractError


def called(name: str, call: Callable[..., object], *arguments: object) -> None:
    """Call a method that returns nothing.

    Raises:
        ContractError: it returned a coroutine or a generator, so that it has done nothing yet.
    """
    refuse_pending(call(*arguments), name)


def refuse_pending(result: object, name: str) -> None:
    """Refuse what the method `name` returned if the method has done nothing yet.

    Raises:
        ContractError: a coroutine or a generator.
    """
    if inspect.iscoroutine(result):
        result.close()
    elif not (inspect.isgenerator(result) or inspect.isasyncgen(result) or inspect.isawaitable(result)):
        return
    raise ContractError(
        f"{name}() returned a {type(result).__name__}, so that nothing was done: the harness neither awaits nor "
        f"iterates; write def {name} without async and yield"
    )
