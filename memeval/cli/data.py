"""`memeval data`."""

from collections.abc import Iterator, Mapping, Sequence

from memeval.cli import tables, words
from memeval.cli.tables import Output
from memeval.kit.errors import ConfigError
from memeval.reports.grid import DASH, Cell, Column, Grid, Line, Report, number, text_column
from memeval.reports.grid import words as words_of

FORCE = words.flag("force", "download again what is there already")
LIST = words.Command(
    "data list",
    "Published data sets, their licences, and whether they are on this machine.",
    (("memeval data list", "all of them"), ("memeval data list format=jsonl", "for programs")),
    options=(tables.FORMAT, tables.OUT),
)
FETCH = words.Command(
    "data fetch",
    "Download into the user's cache folder; size and sha256 are checked.",
    (("memeval data fetch locomo", "one data set"),),
    words.Words(
        "NAME...",
        "as memeval data list shows them",
        1,
        None,
        "name what to download: memeval data list shows the names",
    ),
    (FORCE, tables.FORMAT, tables.OUT),
)
SHOW = words.Command(
    "data show",
    "What is in a benchmark, and every irregularity that the loader met.",
    (
        ("memeval data show locomo", "contents and irregularities"),
        ("memeval data show longmemeval benchmark.variant=s", "of a variant"),
    ),
    words.Words(
        "BENCHMARK",
        "as memeval list benchmark shows them",
        1,
        1,
        "name the benchmark: memeval list benchmark shows them",
    ),
    (tables.FORMAT, tables.OUT),
    overrides="Other words key=value are options of memeval run, such as benchmark.path=FILE.",
)
VALIDATE = words.Command(
    "data validate",
    "Every mistake of a jsonl file of your own, by line and field. Exit code 2 if there is one.",
    (("memeval data validate ~/my.jsonl", "list its mistakes"),),
    words.Words("FILE", "the file", 1, 1, "name the file: memeval data validate FILE"),
    (tables.FORMAT, tables.OUT),
)
GROUP = words.Group(
    "data",
    "Benchmark data: list, download, describe, check.",
    (LIST, FETCH, SHOW, VALIDATE),
    notes="Data are looked for in the folder named by MEMEVAL_DATA, then in the cache folder (MEMEVAL_CACHE names "
    "another "
    "one).",
)


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval data`."""
    action, given = GROUP.parse(argv)
    output = tables.Output(given)
    if action == "list":
        return _list(output)
    if action == "fetch":
        return _fetch(given.words, given[FORCE], output)
    if action == "show":
        return _show(given.words[0], given.overrides, output)
    return _validate(given.words[0], output)


def _list(output: Output) -> int:
    from memeval.benchmarks.collections import COLLECTIONS, whereabouts
    from memeval.benchmarks.sources import SOURCES

    lines = []
    for name, source in (*SOURCES.available(), *COLLECTIONS.available()):
        if isinstance(source, ConfigError):
            lines.append(Line((words_of(name), number(None), words_of(None, DASH), words_of(source))))
            continue
        found = whereabouts(source)
        absent = f"memeval data fetch {source.name}" if source.url else "not published"
        place = words_of(found) if found else words_of(None, f"{DASH} ({absent})")
        size = number(source.size, DASH if source.size is None else f"{source.size / 1e6:,.1f} MB")
        lines.append(Line((words_of(source.name), size, words_of(source.licence), place)))
    columns = (text_column("name"), Column(("size",), unit="bytes"), text_column("licence"), text_column("where"))
    output.report([Report((Grid("", columns, tuple(lines)),))])
    return 0


def _fetch(names: Sequence[str], force: bool, output: Output) -> int:
    from memeval.benchmarks.collections import Collection, published
    from memeval.benchmarks.download import fetch, fetch_files

    lines = []
    for source in [published(name) for name in names]:
        output.say(f"{source.name}: {source.cite}. Licence: {source.licence}.")
        place = fetch_files(source, force) if isinstance(source, Collection) else fetch(source, force)
        if output.is_screen:
            output.say(f"{source.name}: {place}")
        lines.append(Line((words_of(source.name), words_of(source.licence), words_of(place))))
    if not output.is_screen:
        columns = tuple(map(text_column, ("name", "licence", "where")))
        output.report([Report((Grid("", columns, tuple(lines)),))])
    return 0


def _show(name: str, typed: Sequence[str], output: Output) -> int:
    from memeval.harness.compose import build_benchmark, composer
    from memeval.kit.protocols import Describes

    with composer() as hydra:
        benchmark = build_benchmark(hydra.cells([f"benchmark={name}", *typed], multirun=False)[0])
    if not isinstance(benchmark, Describes):
        raise ConfigError(f"benchmark {name} does not describe itself: it has no describe() and anomalies()")
    facts = [Line((words_of(key), value)) for key, value in _facts(benchmark.describe())]
    counts = [Line((words_of(key), number(count))) for key, count in benchmark.anomalies().items()]
    grids = [Grid(f"What is in {name}", (text_column("fact"), text_column("value")), tuple(facts), key="contents")]
    if counts:
        columns = (text_column("irregularity"), Column(("count",)))
        grids.append(Grid("Irregularities", columns, tuple(counts), key="irregularities"))
    output.report([Report(tuple(grids))])
    return 0


def _facts(description: Mapping[str, object], above: str = "") -> Iterator[tuple[str, Cell]]:
    """What a benchmark says of itself, line by line; what is counted by kind has a line for each kind."""
    for key, value in description.items():
        if isinstance(value, Mapping):
            yield from _facts(value, f"{above}{key}: ")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{above}{key}", number(value)
        else:
            yield f"{above}{key}", words_of(value)


def _validate(file: str, output: Output) -> int:
    from memeval.benchmarks.jsonl import validate

    mistakes = [str(mistake) for mistake in validate(file)]
    if not output.is_screen:
        lines = tuple(Line((words_of(mistake),)) for mistake in mistakes)
        output.report([Report((Grid("", (text_column("mistake"),), lines),))])
    else:
        for mistake in mistakes:
            output.say(mistake)
    valid = f"no mistakes: {words.typed(['memeval', 'run', 'benchmark=jsonl', f'benchmark.path={file}'])}"
    output.say(f"{len(mistakes):,} mistakes" if mistakes else valid)
    return 2 if mistakes else 0
