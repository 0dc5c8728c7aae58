"""memeval: the neutral referee for LLM memory.

The functions are loaded when they are first used, so that `import memeval` takes no time:

    import memeval

    result = memeval.run(benchmark="demo", strategy="sliding_window", retriever="bm25", budget=2000)
    print(result["EvidenceRecall"], result.folder)

A class of one's own takes the place of a name: `memeval.run(benchmark="demo", strategy=MyMemory)`. It needs `write` and
`read`; `memeval.kit.protocols` says what they take. `run`, `sweep`, `load`, `score`, `compare`, `gate`, `plot` and
`report` do what the commands of their names do.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memeval.api import Compared, Result, Results, compare, gate, load, plot, report, run, score, sweep

__version__ = "0.1.0"
__all__ = ["Compared", "Result", "Results", "compare", "gate", "load", "plot", "report", "run", "score", "sweep"]


def __getattr__(name: str) -> Any:
    """Load the API at the first use of one of its names."""
    if name in __all__:
        return getattr(importlib.import_module("memeval.api"), name)
    raise AttributeError(f"module 'memeval' has no attribute {name!r}: it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    """What editors and notebooks offer."""
    return sorted({*globals(), *__all__})
