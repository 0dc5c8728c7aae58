"""`memeval data`."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from memeval.cli import console
from memeval.kit.errors import ConfigError

DESCRIPTION = """\
  memeval data list               published data sets, their licences, and whether they are on this machine
  memeval data fetch NAME...      download into the user's cache folder; size and sha256 are checked
  memeval data show BENCHMARK     what is in it and every irregularity the loader met; overrides choose a variant:
                                  memeval data show longmemeval benchmark.variant=s
  memeval data validate FILE      every mistake of a jsonl file of your own, by line and field

Data are looked for in the folder named by MEMEVAL_DATA, then in the cache folder (MEMEVAL_CACHE names another one).
"""


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval data`."""
    parser = console.subparser("data", DESCRIPTION)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="published data sets")
    fetch = actions.add_parser("fetch", help="download")
    fetch.add_argument("names", nargs="+", metavar="NAME", help="as memeval data list shows them")
    fetch.add_argument("--force", action="store_true", help="download again what is there already")
    show = actions.add_parser("show", help="contents and irregularities")
    show.add_argument("benchmark", metavar="BENCHMARK")
    show.add_argument("overrides", nargs="*", metavar="KEY=VALUE")
    validate = actions.add_parser("validate", help="check a jsonl file")
    validate.add_argument("file", metavar="FILE")
    arguments = parser.parse_args(argv)
    if arguments.action == "list":
        return _list()
    if arguments.action == "fetch":
        return _fetch(arguments.names, arguments.force)
    if arguments.action == "show":
        return _show(arguments.benchmark, arguments.overrides)
    return _validate(arguments.file)


def _list() -> int:
    from memeval.benchmarks.collections import COLLECTIONS, whereabouts
    from memeval.benchmarks.sources import SOURCES

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("name", "size", "licence", "where"):
        table.add_column(name, justify="right" if name == "size" else "left", no_wrap=name != "where", overflow="fold")
    for name, source in (*SOURCES.available(), *COLLECTIONS.available()):
        if isinstance(source, ConfigError):
            table.add_row(name, "–", "–", str(source))
            continue
        found = whereabouts(source)
        absent = f"memeval data fetch {source.name}" if source.url else "not published"
        size = "–" if source.size is None else f"{source.size / 1e6:,.1f} MB"
        table.add_row(source.name, size, source.licence, str(found) if found else f"– ({absent})")
    console.table(table)
    return 0


def _fetch(names: Sequence[str], force: bool) -> int:
    from memeval.benchmarks.collections import Collection, published
    from memeval.benchmarks.download import fetch, fetch_files

    out = console.out()
    for source in [published(name) for name in names]:
        out.print(f"{source.name}: {source.cite}. Licence: {source.licence}.", markup=False, soft_wrap=True)
        path = fetch_files(source, force) if isinstance(source, Collection) else fetch(source, force)
        out.print(f"{source.name}: {path}", markup=False, soft_wrap=True)
    return 0


def _show(name: str, overrides: Sequence[str]) -> int:
    from memeval.harness.compose import build_benchmark, composer
    from memeval.kit.protocols import Describes

    with composer() as hydra:
        benchmark = build_benchmark(hydra.cell([f"benchmark={name}", *overrides]))
    if not isinstance(benchmark, Describes):
        raise ConfigError(f"benchmark {name} does not describe itself: it has no describe() and anomalies()")
    out = console.out()
    for key, value in benchmark.describe().items():
        shown = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
        out.print(f"{key}: {shown}", markup=False, soft_wrap=True)
    anomalies = benchmark.anomalies()
    if anomalies:
        out.print("irregularities:")
        for key, count in anomalies.items():
            out.print(f"  {count:>7,}  {key}", markup=False, soft_wrap=True)
    return 0


def _validate(file: str) -> int:
    from memeval.benchmarks.jsonl import validate

    out = console.out()
    count = 0
    for mistake in validate(file):
        out.print(str(mistake), markup=False, soft_wrap=True)
        count += 1
    out.print(
        f"{count:,} mistakes" if count else f"no mistakes: memeval run benchmark=jsonl benchmark.path={file}",
        markup=False,
    )
    return 2 if count else 0
