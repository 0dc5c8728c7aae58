"""Files of a benchmark that were named by a relative path, found again from wherever a stored run is scored."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# In the record of a run: the folder that it was started in, seen from the run's own, so that both may move together.
FOLDER = "folder"


def started_in(node: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """What a record keeps so that relative paths can be followed again; nothing where the benchmark has none.

    Args:
        node: of the benchmark; options that name files are called `path` or end in `_path`.
        folder: of the run.
    """
    if not any(_is_relative(key, value) for key, value in node.items()):
        return {}
    try:
        return {FOLDER: Path(os.path.relpath(Path.cwd(), folder.resolve())).as_posix()}
    except ValueError:
        # Another drive of Windows.
        return {FOLDER: str(Path.cwd())}


def found_again(benchmark: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The node of a benchmark with paths that lead to its files from here.

    A file that lies no longer where the run found it is looked for from the working directory, as it was typed.

    Args:
        benchmark: of the record.
        folder: of the run.
    """
    start = folder / str(benchmark.get(FOLDER, ""))
    return {
        key: str(there)
        if FOLDER in benchmark and _is_relative(key, value) and (there := (start / value).resolve()).exists()
        else value
        for key, value in benchmark["node"].items()
    }


def _is_relative(key: str, value: object) -> bool:
    named = key == "path" or key.endswith("_path")
    return named and isinstance(value, str) and not Path(value).expanduser().is_absolute()
