"""Files of a benchmark that were named by a relative path, found again from wherever a stored run is scored."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from memeval.kit.errors import RecordsError
from memeval.records.record import AGAIN, RUN_FILE, Data


def started_in(node: Mapping[str, Any], folder: Path) -> str | None:
    """The folder that a run is started in, seen from the run's own, so that both may move together.

    None where the benchmark has no relative path to follow again.

    Args:
        node: of the benchmark; options that name files are called `path` or end in `_path`.
        folder: of the run.
    """
    if not any(_is_relative(key, value) for key, value in node.items()):
        return None
    try:
        return Path(os.path.relpath(Path.cwd(), folder.resolve())).as_posix()
    except ValueError:
        # Another drive of Windows.
        return str(Path.cwd())


def found_again(benchmark: Data, folder: Path) -> dict[str, Any]:
    """The node of a benchmark with paths that lead to its files from here.

    A file that lies no longer where the run found it is looked for from the working directory, as it was typed.

    Args:
        benchmark: of the record.
        folder: of the run.

    Raises:
        RecordsError: a record that does not describe its benchmark.
    """
    if benchmark.node is None:
        raise RecordsError(f"{folder / RUN_FILE} does not say how its benchmark is opened: {AGAIN}")
    start = folder / (benchmark.folder or "")
    return {
        key: str(there)
        if benchmark.folder is not None and _is_relative(key, value) and (there := (start / value).resolve()).exists()
        else value
        for key, value in benchmark.node.items()
    }


def _is_relative(key: str, value: object) -> bool:
    named = key == "path" or key.endswith("_path")
    return named and isinstance(value, str) and not Path(value).expanduser().is_absolute()
