"""How often Python looks for reference cycles during a run."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_ALLOCATIONS = 50_000


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for cycles seldom: outcomes and turns are many small objects that live long and form none.

    At the default pace (every 700 allocations) a tenth of a run goes into walking over them again and again. What is
    there already is taken out of the search.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
