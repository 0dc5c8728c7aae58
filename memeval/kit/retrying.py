"""Calling again after a failure that may pass by itself. What passes, and how long to wait, the caller knows."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


def again(call: Callable[[], _T], wait: Callable[[Exception, int], float]) -> _T:
    """Call until it succeeds.

    Args:
        call: may be made any number of times.
        wait: is given the failure and the number of calls made so far; returns the seconds to wait before the next
            one, or raises what is to be raised.
    """
    made = 0
    while True:
        made += 1
        try:
            return call()
        except Exception as error:
            seconds = wait(error, made)
        time.sleep(seconds)


def growing(made: int, first: float, longest: float) -> float:
    """Seconds to wait after `made` calls: `first`, twice as long after each further one, at most `longest`.

    A random half is left out, so that callers who failed together do not come back together.
    """
    return min(first * 2.0 ** (made - 1), longest) * random.uniform(0.5, 1.0)
