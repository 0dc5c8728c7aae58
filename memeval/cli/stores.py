"""`memeval stores`."""

import importlib
import re
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib import metadata
from importlib.resources import files
from typing import Any

from memeval.cli import console, tables, words
from memeval.cli.listing import options
from memeval.cli.tables import Output
from memeval.kit.errors import ConfigError, MemevalError, ModelError, StorageError
from memeval.kit.errors import words as said
from memeval.kit.stores import AtServer, Opens, Server
from memeval.options import root
from memeval.options.identity import config_packages
from memeval.reports.grid import Grid, Line, Report, text_column
from memeval.reports.grid import words as words_of

YES = words.flag("yes", "clean without asking")
TIMEOUT = words.decimal("timeout", 5.0, "seconds to wait for each system")
LIST = words.Command(
    "stores list",
    "All storage systems, with client, address and the engine that answers.",
    (("memeval stores", "all of them"), ("memeval stores list timeout=1 format=csv", "for programs")),
    options=(TIMEOUT, tables.FORMAT, tables.OUT),
)
CLEAN = words.Command(
    "stores clean",
    "What runs have left at the addresses; it is removed after asking.",
    (("memeval stores clean", "everywhere"), ("memeval stores clean pgvector --yes", "at one system, without asking")),
    words.Words("[NAME...]", "only these systems", most=None),
    (YES, TIMEOUT),
)
SERVE = words.Command(
    "stores serve",
    "Start engines on this machine (extra `servers`) until Ctrl-C.",
    (("memeval stores serve postgres redis", "two engines; their addresses are printed"),),
    words.Words("NAME...", "engines; without a name the message says which there are", most=None),
)
GROUP = words.Group(
    "stores",
    "Storage systems: what is installed, what answers, and what runs have left there.",
    (LIST, CLEAN, SERVE),
    "list",
    "Addresses are read from the environment, e.g. MEMEVAL_PGVECTOR_URL; docs/storage.md names them all.",
)
ROLES = root.stores()
# A retriever may bring a store of its own.
_ELSEWHERE = "retriever"
# Clients that come with memeval itself.
_BUILT_IN = {"faiss": "faiss-cpu", "numpy": "numpy", "qdrant": "qdrant-client", "qdrant_server": "qdrant-client"}
_VARIABLE = re.compile(r"MEMEVAL_\w+_URL")


@dataclass(frozen=True, slots=True)
class System:
    """An option, and how its server is connected to; None for what runs in this process."""

    role: str
    name: str
    server: Opens | None


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval stores`."""
    action, given = GROUP.parse(argv)
    if action == "serve":
        return serve(given.words)
    timeout = given[TIMEOUT]
    if not timeout > 0:
        raise ConfigError(f"timeout={timeout:g} waits for nobody: give more than 0 seconds")
    if action == "clean":
        return clean(given.words, given[YES], timeout)
    return show(timeout, tables.Output(given))


def show(timeout: float, output: Output) -> int:
    """Print a table of all systems."""
    found = list(systems())
    with ThreadPoolExecutor(max_workers=8) as pool:
        states = list(pool.map(lambda system: _state(system, timeout), found))
    columns = tuple(map(text_column, ("option", "client", "engine", "name and version")))
    lines = [
        Line((words_of(f"{system.role}={system.name}"), words_of(_client(system)), words_of(kind), words_of(answer)))
        for system, (kind, answer, _) in zip(found, states, strict=True)
    ]
    output.report([Report((Grid("", columns, tuple(lines)),))])
    notes = console.notes()
    for note in dict.fromkeys(note for _, _, note in states if note):
        notes.print(f"memeval: {note}", markup=False)
    return 0


def systems() -> Iterator[System]:
    """All options of the four roles, those of plug-ins included, and retrievers with a store of their own."""
    groups = options()
    for role in (*ROLES, _ELSEWHERE):
        for name, _ in groups.get(role, []):
            config = _config(role, name)
            target = config.get("_target_")
            if not isinstance(target, str):
                continue
            kind = _imported(target)
            inside = role in ROLES and ("url" not in config or config.get("mode") == "embedded")
            server = kind.server if isinstance(kind, AtServer) and not inside else None
            if role in ROLES or server is not None:
                yield System(role, name, server)


def _config(role: str, name: str) -> Mapping[str, Any]:
    import yaml

    for package in config_packages():
        file = files(package) / role / f"{name}.yaml"
        if file.is_file():
            found = yaml.safe_load(file.read_text(encoding="utf-8"))
            return found if isinstance(found, dict) else {}
    return {}


def _imported(target: str) -> object:
    module, _, name = target.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None


@contextmanager
def _connected(server: Opens, timeout: float, retries: int = 0) -> Iterator[Server]:
    with closing(server(url=None, timeout=timeout, retries=retries)) as base:
        yield base


def _state(system: System, timeout: float) -> tuple[str, str, str | None]:
    """Kind and name of what answers, and what else is to be said."""
    if system.server is None:
        return "in this process", "", None
    try:
        with _connected(system.server, timeout) as base:
            engine = base.engine()
    except ModelError:
        return "", "client is missing", None
    except ConfigError as error:
        variable = _VARIABLE.search(str(error))
        return "", f"no address: set {variable[0]}" if variable else "no address", None
    except StorageError as error:
        return "", "does not answer", str(error)
    except Exception as error:
        # One system that cannot be asked hides none of the others.
        return "", "cannot be asked", f"{system.role}={system.name}: {type(error).__name__}: {said(error)}"
    return engine.kind, f"{engine.name} {engine.version}", None


def _client(system: System) -> str:
    """The client's packages with their versions, or how to install them."""
    name = system.name
    if name in _BUILT_IN:
        return _versions([_BUILT_IN[name]]) or "missing"
    extras = _extras()
    # chroma_server is served by the extras chroma, chroma-server and chroma-client.
    base = name.replace("_", "-")
    while base:
        able = [extra for extra in extras if extra == base or extra.startswith(f"{base}-")]
        for extra in able:
            if versions := _versions(extras[extra]):
                return versions
        if able:
            return f"pip install 'memeval[{able[0]}]'"
        base = base.rpartition("-")[0]
    first = name.partition("_")[0]
    if first in _BUILT_IN:
        return _versions([_BUILT_IN[first]]) or "missing"
    # A checkout that was never installed knows no extras.
    return "built in" if system.server is None else "unknown"


def _extras() -> dict[str, list[str]]:
    """Packages of each extra of memeval, as it was installed."""
    try:
        lines = metadata.requires("memeval") or []
    except metadata.PackageNotFoundError:
        lines = []
    found: dict[str, list[str]] = {}
    for line in lines:
        package = re.match(r"[\w.-]+", line)
        extra = re.search(r"extra\s*==\s*['\"]([\w.-]+)['\"]", line)
        if package and extra:
            found.setdefault(extra[1], []).append(package[0])
    return found


def _versions(packages: Iterable[str]) -> str | None:
    try:
        return ", ".join(f"{package} {metadata.version(package)}" for package in packages)
    except metadata.PackageNotFoundError:
        return None


def clean(names: Sequence[str], sure: bool, timeout: float) -> int:
    """Show what is left at the addresses of the environment, ask, and remove it.

    Raises:
        ConfigError: an unknown system, or nobody to ask.
        StorageError: something could not be looked at or removed; the rest was.
    """
    at_servers: dict[int, System] = {id(each.server): each for each in systems() if each.server is not None}
    known = {each.name for each in at_servers.values()}
    if strange := [name for name in names if name not in known]:
        raise ConfigError(f"no storage system is called {', '.join(strange)}: choose of {', '.join(sorted(known))}")
    out, notes = console.out(), console.notes()
    failed: list[str] = []
    found: list[tuple[System, list[str]]] = []
    for system in at_servers.values():
        if names and system.name not in names:
            continue
        try:
            left = _look(system, timeout)
        except StorageError as error:
            failed.append(system.name)
            notes.print(f"memeval: {error}", markup=False)
            continue
        if left:
            found.append((system, left))
    for system, left in found:
        for each in left:
            out.print(f"{system.role}={system.name}  {each}", markup=False)
    total = sum(len(left) for _, left in found)
    if not total:
        out.print("nothing of memeval's is left at the addresses of the environment")
    elif sure or _agreed(total):
        for system, left in found:
            try:
                if system.server is not None:
                    with _connected(system.server, max(timeout, 60.0), retries=3) as base:
                        for name in left:
                            base.remove(name)
            except MemevalError as error:
                failed.append(system.name)
                notes.print(f"memeval: {error}", markup=False)
            else:
                out.print(f"removed {len(left)} at {system.name}")
    if failed:
        raise StorageError(f"not cleaned: {', '.join(dict.fromkeys(failed))}; once they answer, clean again")
    return 0


def _look(system: System, timeout: float) -> list[str]:
    """What is left at a system; nothing where there is no client or no address."""
    if system.server is None:
        return []
    try:
        with _connected(system.server, timeout) as base:
            left = base.leftovers()
    except (ConfigError, ModelError):
        return []
    # Whatever a system calls it: what does not carry our name is not ours.
    return [each for each in left if "memeval" in each.lower()]


def _agreed(total: int) -> bool:
    if not sys.stdin.isatty():
        raise ConfigError("there is no terminal to ask at: look at the list above, then add --yes to remove all of it")
    print("What belongs to a run that is still going on would be missed there.")
    return input(f"Remove these {total}? [y/N] ").strip().lower() in ("y", "yes")


def serve(names: Sequence[str]) -> int:
    """Start engines, print where they are, and stop them at Ctrl-C, SIGTERM or SIGHUP."""
    from memeval.servers import SERVERS, server

    if not names:
        raise ConfigError(f"name what to start: {', '.join(SERVERS)}")
    started = []
    try:
        for name in dict.fromkeys(names):
            engine = server(name)
            started.append(engine)
            engine.start()
            for variable, url in engine.addresses.items():
                print(f"export {variable}='{url}'", flush=True)
        print(f"# {', '.join(names)} at your service until Ctrl-C; the data go then", flush=True)
        while True:
            signal.pause()
    except KeyboardInterrupt:
        return 0
    finally:
        for engine in reversed(started):
            engine.stop()
