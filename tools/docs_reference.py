"""The reference pages of the documentation, made from the code and the configs: nothing on them is written by hand.

The site's build calls `pages` (tools/docs_site.py). `python tools/docs_reference.py FOLDER` writes them as files.
"""

import contextlib
import io
import pkgutil
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from memeval.kit.ranges import allowed, limits
from memeval.options import root

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / "configs"
# What a plug-in or a script imports. The names of `memeval` itself come first.
API = ("memeval", "memeval.kit.types", "memeval.kit.stores", "memeval.kit.errors", "memeval.testing")
# Groups that are no root options.
OTHER_GROUPS: Mapping[str, str] = {
    "reproduction": "Published numbers with the overrides that give them, for `memeval reproduce`.",
}

# What the column "must agree" says.
_AGREES: Mapping[str, str] = {"no": "", "across": "unless `across=`", "always": "always"}


def pages() -> dict[str, str]:
    """The Markdown of each page, by its path below docs/."""
    made = {
        "reference/options.md": root_options(),
        "reference/measures.md": measures(),
        "reference/commands.md": commands(),
        "reference/api.md": api(),
    }
    made.update((f"reference/configs/{group}.md", group_page(group)) for group in groups())
    return made


def meanings() -> dict[str, str]:
    """One line a group. A group without a line stands on the pages without one."""
    return {option.name: option.meaning for option in root.OPTIONS if option.group == option.name} | OTHER_GROUPS


def groups() -> list[str]:
    """The config groups: those with a line first, in the order of the lines."""
    folders = {path.name for path in CONFIGS.iterdir() if any(path.glob("*.yaml"))}
    known = meanings()
    return [*(group for group in known if group in folders), *sorted(folders - set(known))]


def group_page(group: str) -> str:
    """Each option of a group: its sentence, the settings with defaults and comments, the class and its arguments."""
    lines = [f"# `{group}`", "", meanings().get(group, ""), ""]
    options = sorted((CONFIGS / group).glob("*.yaml"))
    lines += ["| option | what it is |", "|---|---|"]
    lines += [f"| [`{group}={path.stem}`](#{path.stem}) | {_cell(_sentence(path))} |" for path in options]
    lines.append("")
    for path in options:
        text = path.read_text(encoding="utf-8")
        lines += [f"## `{path.stem}` {{ #{path.stem} }}", "", _sentence(path), ""]
        body = "\n".join(line for line in text.split("\n") if line != _first_comment(text)).strip()
        lines += ["```yaml", body, "```", ""]
        target = (yaml.safe_load(text) or {}).get("_target_")
        if isinstance(target, str):
            lines += [*_values(path.parent.name, target), *_arguments(target)]
    return "\n".join(lines)


def root_options() -> str:
    """The table of root options."""
    lines = [
        "# Root options",
        "",
        "Give them as they stand: `memeval run budget=1000 depth=100`. An option of a group takes a name: "
        "`memeval run retriever=bm25`. `memeval run --cfg` prints the whole config of a run and starts nothing.",
        "",
        "| option | default | values | meaning | role | must agree | references |",
        "|---|---|---|---|---|---|---|",
    ]
    for option in root.OPTIONS:
        if option.role == "filled":
            continue
        if isinstance(option.default, Mapping) and option.default:
            parts = {f"{option.name}.{key}": value for key, value in option.default.items()}
        else:
            parts = {option.name: option.default}
        name = f"[`{option.name}`](configs/{option.group}.md)" if option.group else f"`{option.name}`"
        for place, (key, default) in enumerate(parts.items()):
            values = "" if (known := allowed(option.kind)) is None else known.words()
            told = (values, option.meaning, option.role, _AGREES[option.agrees], "share it" if option.shared else "")
            cells = [_cell(text) for text in told] if place == 0 else [""] * 5
            lines.append(
                f"| {name if key == option.name else f'`{key}`'} | `{_cell(_shown(default))}` | {' | '.join(cells)} |"
            )
    lines += ["", "## Roles", "", "| role | meaning |", "|---|---|"]
    lines += [f"| {role} | {meaning} |" for role, meaning in root.ROLES.items() if role != "filled"]
    lines += [
        "",
        "Must agree: two runs that differ in it are not comparable. `memeval compare across=OPTION` allows the "
        "difference where the table says so. References: the runs `none`, `full`, `oracle` and `random` take the "
        "option from the runs that they stand beside.",
    ]
    return "\n".join([*lines, ""])


def measures() -> str:
    """Every measure with its options, every preset."""
    known: Mapping[str, Any] = import_module("memeval.scoring.measures").KNOWN
    presets: Mapping[str, Any] = import_module("memeval.scoring.measures.presets").PRESETS
    lines = [
        "# Measures and presets",
        "",
        "Definitions and denominators stand on the page [Measures](../measures.md).",
        "",
    ]
    lines += ["| measure | options, default first | what it is |", "|---|---|---|"]
    for name, kind in known.items():
        options = " ".join(f"`{key}={_cell('|'.join(map(str, values)))}`" for key, values in kind.options().items())
        cut = "@k" if kind.has_cutoff() else ""
        lines.append(f"| `{name}{cut}` | {options} | {_cell(kind.summary)} |")
    lines += ["", "## Presets", "", "A preset is another project's definition of its measures.", ""]
    lines += ["| preset | what it is |", "|---|---|"]
    lines += [f"| `{name}` | {_cell(preset.summary)} |" for name, preset in presets.items()]
    return "\n".join([*lines, ""])


def commands() -> str:
    """What `memeval --help` and `memeval COMMAND --help` print."""
    from memeval.cli.main import COMMANDS

    lines = ["# Commands", "", "```text", _help([]), "```", ""]
    for name, *_ in COMMANDS:
        lines += [f"## memeval {name} {{ #{name} }}", "", "```text", _help([name]), "```", ""]
    return "\n".join(lines)


def api() -> str:
    """Directives for mkdocstrings, which reads the sources."""
    lines = [
        "# Python API",
        "",
        "Types and signatures of what a script or a plug-in imports. The text is that of the docstrings.",
        "",
    ]
    for module in API:
        shown = "false" if module == "memeval" else "true"
        lines += [f"## {module}", "", f"::: {module}", "    options:", "      show_root_heading: false"]
        lines += ["      heading_level: 3", f"      show_submodules: {shown}", ""]
    return "\n".join(lines)


def _help(words: list[str]) -> str:
    from memeval.cli.main import main

    out = io.StringIO()
    # argparse folds lines to the width of the terminal.
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit), _columns("100"):
        main([*words, "--help"])
    return out.getvalue().strip()


@contextlib.contextmanager
def _columns(width: str) -> Iterator[None]:
    import os

    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = width
    try:
        yield
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before


def _first_comment(text: str) -> str:
    return next((line for line in text.split("\n") if line.startswith("#") and not line.startswith("# @")), "")


def _sentence(path: Path) -> str:
    return _first_comment(path.read_text(encoding="utf-8")).lstrip("# ")


def _values(group: str, target: str) -> list[str]:
    """The ranges and choices of the settings, from the signature of the class."""
    known = limits(pkgutil.resolve_name(target))
    lines = [f"| `{group}.{name}` | {values.words()} |" for name, values in known.items()]
    return ["| setting | values |", "|---|---|", *lines, ""] if lines else []


def _arguments(target: str) -> list[str]:
    """A directive that shows the class with the documentation of its arguments."""
    return [
        f"::: {target}",
        "    options:",
        "      show_root_heading: true",
        "      show_root_full_path: true",
        "      heading_level: 3",
        "      members: false",
        "",
    ]


def _shown(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, list):
        return "[" + ", ".join(map(str, value)) + "]"
    return f'"{value}"' if value == "" else str(value)


def _cell(text: str) -> str:
    """A text that keeps its place in a table: a bar would begin the next cell."""
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/docs_reference.py FOLDER")
    for name, content in pages().items():
        path = Path(sys.argv[1]) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
