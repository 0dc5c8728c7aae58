"""`memeval new`."""

import keyword
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

from memeval.cli import console, words
from memeval.cli.listing import options
from memeval.kit.errors import ConfigError
from memeval.kit.escaping import shortened
from memeval.records.replacing import replace_files


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be written.

    Attributes:
        group: the config group of its YAML; None for a measure, which has none.
        run: what to type to use it, after `memeval run`.
    """

    group: str | None
    run: str


KINDS: Mapping[str, Kind] = {
    "strategy": Kind("strategy", "benchmark=demo strategy={name}"),
    "retriever": Kind("retriever", "benchmark=demo strategy=none retriever={name}"),
    "store": Kind("vector_store", "benchmark=demo strategy=none retriever=vector vector_store={name}"),
    "benchmark": Kind("benchmark", "benchmark={name} strategy=none retriever=bm25"),
    "measure": Kind(None, "benchmark=demo measures=[{title}]"),
}


INTO = words.path(
    "into", None, "folder of your package; left out, the one in the working directory or in src", "FOLDER"
)
COMMAND = words.Command(
    "new",
    "Write a plug-in to start from into your own package: a class, its YAML and its contract test. What is written "
    "works "
    "as it stands: run its test, then replace what it does. A file that exists is never overwritten.",
    (
        ("memeval new strategy last_notes", "into the package in the working directory (or in src)"),
        ("memeval new retriever by_topic into=src/my_memory", "into this package; the folder is made if it is missing"),
    ),
    words.Words(
        "KIND NAME",
        f"KIND is one of {', '.join(KINDS)} (store: a vector store). NAME is the name of the option: small letters, "
        f"digits "
        "and _; the measure of recall_of_names is called RecallOfNames",
        2,
        2,
        f"name what to write: memeval new KIND NAME, where KIND is one of {', '.join(KINDS)}",
    ),
    (INTO,),
)


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval new`."""
    given = COMMAND.parse(argv)
    asked, name = given.words
    if asked not in KINDS:
        close = get_close_matches(asked, KINDS, n=1)
        meant = f", did you mean {close[0]}?" if close else ""
        raise ConfigError(f"there is no kind {shortened(asked)!r}{meant}: choose one of {', '.join(KINDS)}")
    kind = KINDS[asked]
    _check_name(asked, kind, name)
    package = _package(given[INTO])
    dotted, above = _dotted(package)
    project = next((folder for folder in (above, *above.parents) if (folder / "pyproject.toml").is_file()), above)
    filled = {"__NAME__": name, "__CLASS__": _class_name(name), "__PACKAGE__": dotted}
    test = project / "tests" / f"test_{name}.py"
    written = {package / f"{name}.py": _filled(f"{asked}.py", filled)}
    if kind.group is not None:
        option = package / "conf" / kind.group / f"{name}.yaml"
        written[option] = _filled(f"{asked}.yaml", filled)
    written[test] = _filled(f"{asked}_test.py", filled)
    _write(written, [package / "__init__.py", *([package / "conf" / "__init__.py"] if kind.group else [])])
    out = console.out()
    for path in written:
        out.print(f"written: {path}", markup=False, soft_wrap=True)
    for line in _next(kind, name, dotted, above, project, test):
        out.print(line, markup=False, soft_wrap=True)
    return 0


def _check_name(title: str, kind: Kind, name: str) -> None:
    if not name.isidentifier() or not name.isascii() or name != name.lower() or keyword.iskeyword(name):
        raise ConfigError(f"{name!r} cannot be the name of an option: use small letters, digits and _, e.g. last_notes")
    if kind.group is None:
        from memeval.scoring.measures import KNOWN

        name, taken = _class_name(name), set(KNOWN)
    else:
        taken = {option for option, _ in options().get(kind.group, [])}
    if name in taken:
        raise ConfigError(f"there is a {title} {name!r} already: choose a name that is not {', '.join(sorted(taken))}")


def _package(into: Path | None) -> Path:
    """The folder of the caller's package; without one the only one in the working directory or in src."""
    if into is not None:
        folder = into.resolve()
        if not all(part.isidentifier() for part in _dotted(folder)[0].split(".")):
            raise ConfigError(f"into={into} cannot be a Python package: name a folder of letters, digits and _")
        return folder
    here = Path.cwd()
    if (here / "__init__.py").is_file():
        return here
    found = [
        path.parent
        for top in (here, here / "src")
        for path in sorted(top.glob("*/__init__.py"))
        if path.parent.name != "tests"
    ]
    if len(found) != 1:
        names = ", ".join(str(folder.relative_to(here)) for folder in found) or "none"
        raise ConfigError(f"which package? Here there are: {names}. Add into=FOLDER, e.g. into=my_memory")
    return found[0]


def _dotted(package: Path) -> tuple[str, Path]:
    """The name that the package is imported by, and the folder that has to be on Python's path for it."""
    names, above = [package.name], package.parent
    while (above / "__init__.py").is_file():
        names.insert(0, above.name)
        above = above.parent
    return ".".join(names), above


def _class_name(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _filled(template: str, values: Mapping[str, str]) -> str:
    text = files("memeval.cli").joinpath("templates", f"{template}.txt").read_text(encoding="utf-8")
    for placeholder, word in values.items():
        text = text.replace(placeholder, word)
    return text


def _write(written: Mapping[Path, str], markers: Sequence[Path]) -> None:
    """Write all files, or none if one of them exists; `markers` are the empty files that make folders packages."""
    if existing := [str(path) for path in written if path.exists()]:
        raise ConfigError(f"there is {', '.join(existing)} already: nothing was written; choose another name")
    try:
        for path in (*markers, *written):
            path.parent.mkdir(parents=True, exist_ok=True)
        for path in markers:
            path.touch()
        replace_files(written)
    except OSError as error:
        path = Path(error.filename) if error.filename else path
        raise ConfigError(f"{path} cannot be written ({error.strerror}): choose another folder with into=") from error


def _next(kind: Kind, name: str, dotted: str, above: Path, project: Path, test: Path) -> list[str]:
    """What to type next."""
    lines = []
    title = _class_name(name)
    configs = f"{dotted}.conf"
    if kind.group is None:
        lines += [
            "",
            f"Add to {project / 'pyproject.toml'}, so that memeval knows the name, and install it again:",
            '  [project.entry-points."memeval.measures"]',
            f'  {title} = "{dotted}.{name}:{title}"',
        ]
    elif configs not in _config_packages(project / "pyproject.toml"):
        lines += [
            "",
            f"Add to {project / 'pyproject.toml'}, so that memeval knows the option by its name, and install it again:",
            '  [project.entry-points."memeval.configs"]',
            f'  {dotted.partition(".")[0]} = "{configs}"',
            "",
            "  [tool.setuptools.package-data]",
            f'  "{configs}" = ["**/*.yaml"]',
        ]
    lines += ["", "Type next:", f"  PYTHONPATH={shlex.quote(str(above))} python -m pytest {shlex.quote(str(test))}"]
    if not (project / "pyproject.toml").is_file():
        return lines
    return [
        *lines,
        f"  pip install -e {shlex.quote(str(project))}",
        f"  memeval run {kind.run.format(name=name, title=title)}",
    ]


def _config_packages(pyproject: Path) -> set[str]:
    """The packages that a project names in the entry points of memeval's configs."""
    if not pyproject.is_file():
        return set()
    try:
        content = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return set()
    return set(content.get("project", {}).get("entry-points", {}).get("memeval.configs", {}).values())
