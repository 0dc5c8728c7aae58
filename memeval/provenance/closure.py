"""The code that a result comes from: the modules that made it and all that they import, no more and no less.

A module is read as text. What it imports, also inside functions, is followed within memeval and within the package of a
class of the user's own. What only type checkers import is left out. Other packages count by their versions, which
`memeval.provenance.environment` notes. A file beside a module, such as a vocabulary, counts where the module names it.
"""

import hashlib
import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import memeval
from memeval.options import given
from memeval.options.build import TARGET

# What drives a memory, and what writes down the outcomes.
_ROOTS = ("memeval.harness.executors", "memeval.records.outcomes")
_QUOTED = re.compile(r'("""|\'\'\')[\s\S]*?\1')
_FOR_TYPES = re.compile(r"^if TYPE_CHECKING:\n(?:[ \t]+.*\n|\n)*", re.MULTILINE)
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<module>\.*[\w.]*)[ \t]+import[ \t]+(?:\((?P<several>[^)]*)\)|(?P<names>[^\n#;]*))"
    r"|import[ \t]+(?P<whole>[^\n#;]*))",
    re.MULTILINE,
)
_NAMED_FILE = re.compile(r"""["']([\w-]+\.(?:json|txt|sql|yaml|csv))["']""")


def code_hash(nodes: Mapping[str, Any]) -> str:
    """Hash of the sources that made a result: those of the harness and of the classes that the nodes name."""
    names: set[str] = set()
    targets = set(_targets(nodes))
    objects = [own for target in sorted(targets) if (own := given.found(target)) is not None]
    modules = {target.rpartition(".")[0] for target in targets if given.found(target) is None}
    for module in (*_ROOTS, *modules, *(own.module for own in objects)):
        names |= closure(module)
    digest = hashlib.sha256()
    for own in objects:
        digest.update(own.source.encode())
    for name in sorted(names):
        digest.update(name.encode() + b"\0" + _content(name))
    return digest.hexdigest()[:16]


@cache
def closure(module: str) -> frozenset[str]:
    """Dotted names of a module and of all that it imports within its own package and within memeval."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or (path := _path(name)) is None:
            continue
        found.add(name)
        # Importing a module runs the packages that it lies in.
        waiting += [name.rpartition(".")[0]] if "." in name else []
        waiting += imports(path.read_text(encoding="utf-8"), name, path.name == "__init__.py")
    return frozenset(found)


def imports(text: str, name: str, is_package: bool = False) -> Iterator[str]:
    """Dotted names of the modules that a source imports and that are followed.

    Args:
        text: the source.
        name: its dotted name, which relative imports start from.
        is_package: the source is the `__init__.py` of a package.
    """
    own = name.partition(".")[0]
    for match in _IMPORT.finditer(_FOR_TYPES.sub("", _QUOTED.sub("", text))):
        if match["whole"] is not None:
            wholes = [part.split()[0] for part in match["whole"].split(",") if part.split()]
            yield from (whole for whole in wholes if _is_followed(whole, own))
            continue
        module = _absolute(match["module"], name, is_package)
        if not _is_followed(module, own):
            continue
        yield module
        for part in re.sub(r"#.*", "", match["several"] or match["names"] or "").split(","):
            if part.split():
                inside = f"{module}.{part.split()[0]}"
                if _path(inside) is not None:
                    yield inside


def _is_followed(name: str, own: str) -> bool:
    """Whether a module is of memeval, of the importing package, or beside it and of no installed package."""
    top = name.partition(".")[0]
    if top in (own, memeval.__name__):
        return True
    if own == memeval.__name__ or top in sys.stdlib_module_names:
        return False
    here, there = _root(own), _root(top)
    return (
        here is not None
        and there is not None
        and here.parent == there.parent
        and not {"site-packages", "dist-packages"} & set(there.parts)
    )


def _absolute(module: str, name: str, is_package: bool) -> str:
    dots = len(module) - len(module.lstrip("."))
    if not dots:
        return module
    above = name.split(".")
    above = above[: len(above) - dots + (1 if is_package else 0)]
    return ".".join([*above, *([module[dots:]] if module[dots:] else [])])


@cache
def _path(name: str) -> Path | None:
    """The file of a module of memeval or of a package of the user's own; None for all others."""
    top, *inner = name.split(".")
    root = _root(top)
    if root is None:
        return None
    base = root.joinpath(*inner)
    for path in (base / "__init__.py", base.with_suffix(".py")) if inner else (base / "__init__.py", base):
        if path.is_file():
            return path
    return None


@cache
def _root(top: str) -> Path | None:
    """The folder of a package, or the file of a single module, that is no installed package of somebody else's."""
    if top == memeval.__name__:
        return Path(memeval.__file__).parent
    if top in sys.stdlib_module_names:
        return None
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    path = Path(spec.origin)
    return path.parent if path.name == "__init__.py" else path


@cache
def _content(name: str) -> bytes:
    """A module's source, and the files beside it that it names."""
    path = _path(name)
    if path is None:
        return b""
    source = path.read_bytes()
    beside = (path.with_name(file) for file in sorted(set(_NAMED_FILE.findall(source.decode(errors="replace")))))
    return source + b"".join(file.read_bytes() for file in beside if file.is_file())


def _targets(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(node.get(TARGET), str):
            yield node[TARGET]
        for value in node.values():
            yield from _targets(value)
    elif isinstance(node, list):
        for value in node:
            yield from _targets(value)
