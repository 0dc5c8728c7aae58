"""Files that are replaced whole: written beside the old ones first, then renamed."""

import os
from collections.abc import Mapping
from pathlib import Path


def replace_files(texts: Mapping[Path, str]) -> None:
    """Write texts into files; no old file is lost where one of the new ones cannot be written.

    Raises:
        OSError: a full disk, no permission; then all files are as they were.
    """
    beside = {path: path.with_name(f"{path.name}.tmp") for path in texts}
    try:
        for path, text in texts.items():
            with beside[path].open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
    except OSError:
        for each in beside.values():
            each.unlink(missing_ok=True)
        raise
    for path, each in beside.items():
        each.replace(path)
