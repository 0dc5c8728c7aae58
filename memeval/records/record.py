"""What a run was: the content of its run.json as a type. It is read and written here and nowhere else.

The JSON has the keys of the dataclasses, in their order. What is None is left out, and engines where there were none.
Keys that this memeval does not know are not kept. No record that was read is written again, but for the baseline of a
run, which takes what `RunRecord` has.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from memeval.kit.engines import Engine
from memeval.kit.errors import RecordsError
from memeval.kit.escaping import shown
from memeval.kit.plain_names import RULE, is_plain
from memeval.options import identity, overrides, root
from memeval.provenance.environment import Environment

RUN_FILE = "run.json"
# 2: identities name options; version 1 named the classes behind them by their places in the code.
SCHEMA_VERSION = 2
# The fixed rows that say what is the least and the most that can be reached.
REFERENCES = frozenset({"none", "full", "oracle", "random"})
AGAIN = "start the run again with overwrite=true"
_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", NoneType: "null"}


@dataclass(frozen=True, slots=True)
class Data:
    """The benchmark of a run.

    Attributes:
        node: describes how it is opened again; a baseline has none.
        folder: where the run was started, seen from its own folder, if the node has relative paths.
    """

    name: str
    licence: str
    node: Mapping[str, Any] | None = None
    folder: str | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """How a run was carried out. A baseline keeps the day only."""

    finished_at: str
    executor: str | None = None
    workers: int | None = None
    dialogues: int | None = None
    seconds: float | None = None
    peak_memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """The outcomes file as it was when the run finished."""

    bytes: int
    lines: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What was run, by what, and how it went.

    Attributes:
        names: option names of the axes: benchmark, strategy, retriever.
        identity: what determines the result; the table of root options says what stands in it.
        code: hash of all code that made the result; `harness_code` leaves out that of the memory.
        config: the resolved config, for the reader; of a baseline only the target.
        overrides: the words that the run was composed from.
        judge: fingerprint of what judged the answers.
        dialogues, questions, errors: counts of a finished run.
        engines: the storage systems that served it, each once.
        outcomes: of a finished run; runs of an older memeval and baselines have none.
    """

    id: str
    names: Mapping[str, str]
    identity: Mapping[str, Any]
    code: str
    benchmark: Data
    harness_code: str | None = None
    environment: Environment
    config: Mapping[str, Any] | None = None
    overrides: tuple[str, ...]
    judge: str | None = None
    status: Literal["unfinished", "finished"]
    dialogues: int | None = None
    questions: int | None = None
    errors: int | None = None
    execution: Execution | None = None
    engines: tuple[Engine, ...] = ()
    outcomes: Contents | None = None

    @property
    def strategy(self) -> str:
        """Short-term strategy, or the reference."""
        return self.names["strategy"]

    @property
    def retriever(self) -> str:
        """Long-term retriever; `none` for a window alone."""
        return self.names.get("retriever", "none")

    @property
    def name(self) -> str:
        """Strategy and retriever in words, on one line: `sliding_window + bm25`, `bm25 alone`, `truncation`."""
        strategy, retriever = shown(self.strategy), shown(self.retriever)
        if retriever == "none":
            return strategy
        return f"{retriever} alone" if strategy == "none" else f"{strategy} + {retriever}"

    @property
    def short_name(self) -> str:
        """Strategy and retriever as an id begins: `sliding_window+bm25`."""
        return identity.short_name(self.names)

    @property
    def current_id(self) -> str:
        """The id that the run has today: a record of an older version lies under the id that it had then."""
        return identity.run_id(self.names, self.identity)

    @property
    def is_reference(self) -> bool:
        """One of the fixed rows."""
        return self.strategy in REFERENCES and self.retriever == "none"

    @property
    def is_full(self) -> bool:
        """Whether its context is the whole history and nothing beside it."""
        return self.strategy == "full" and self.retriever == "none"

    @property
    def is_replay(self) -> bool:
        """Whether its queries are the user's turns: then it has no gold and no scores."""
        return bool(self.identity.get("mode") == "replay")

    @property
    def finished(self) -> bool:
        """Whether every dialogue is there."""
        return self.status == "finished"

    @property
    def budget(self) -> int:
        """Tokens that a context may have."""
        return int(self.identity["budget"])

    @property
    def limit(self) -> int | None:
        """Only the first so many dialogues; None for all."""
        limit: int | None = self.identity["limit"]
        return limit

    @property
    def fingerprint(self) -> Mapping[str, Any]:
        """What identifies the data and gold of the benchmark."""
        fingerprint: Mapping[str, Any] = self.identity["benchmark"]
        return fingerprint

    @property
    def document(self) -> Mapping[str, Any]:
        """The described node of the template of turns."""
        document: Mapping[str, Any] = self.identity["document"]
        return document

    @property
    def memory(self) -> Mapping[str, Any]:
        """The described node of the memory."""
        memory: Mapping[str, Any] = self.identity["memory"]
        return memory

    @property
    def tokenizer(self) -> str:
        """Name of what counted the tokens."""
        return str(self.identity["tokenizer"].get("name", "unnamed"))

    @property
    def target(self) -> Mapping[str, Any] | None:
        """The model that the run was made for, with its prices, as its config described it."""
        target: Mapping[str, Any] | None = (self.config or {}).get("target")
        return target

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the other models that a replay is priced on."""
        return tuple((self.config or {}).get("targets") or ())

    @property
    def settings(self) -> Mapping[str, str]:
        """The overrides that the run was composed with, by key."""
        return overrides.settings(self.overrides)

    @property
    def made_on(self) -> str:
        """The day on which the run finished, as 2026-11-28; empty where that is not known."""
        return "" if self.execution is None else self.execution.finished_at[:10]

    def folder(self, results: Path) -> Path:
        """Where the run lies below the folder of all runs."""
        return folder_of(results, self.benchmark.name, self.id)

    def to_json(self) -> str:
        """The text of run.json."""
        return json.dumps({"schema_version": SCHEMA_VERSION, **_plain(self)}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, path: Path, cure: str = AGAIN) -> "RunRecord":
        """The record of a text; also of version 1.

        Args:
            text: the content of the file.
            path: the file, for messages.
            cure: what to do about a damaged file.

        Raises:
            RecordsError: names the file, what is wrong with it, and what to do.
        """
        try:
            node = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RecordsError(f"{path} cannot be read ({error!s:.200}): {cure}") from error
        if not isinstance(node, dict) or "schema_version" not in node:
            raise RecordsError(f"{path} holds no record of a run: {cure}")
        version = node["schema_version"]
        if type(version) is not int or version not in (1, SCHEMA_VERSION):
            raise RecordsError(
                f"{path} has schema version {version!r:.50}, this memeval reads {SCHEMA_VERSION}: install the memeval "
                "that wrote it, or run it again"
            )
        _check_names(node, path)
        try:
            record: RunRecord = _typed(cls, _upgraded(node) if version == 1 else node, "")
            _check(record)
        except (_DamageError, RecursionError) as error:
            raise RecordsError(f"{path} is damaged ({error!s:.300}): {cure}") from None
        return record


def folder_of(results: Path, benchmark: str, run_id: str) -> Path:
    """Where a run lies below the folder of all runs."""
    return results / benchmark / run_id


def read(path: Path, cure: str = AGAIN) -> RunRecord:
    """The record in a file.

    Raises:
        RecordsError: as of `RunRecord.from_json`, or the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        advice = "memeval show lists the stored runs" if cure == AGAIN else cure
        raise RecordsError(f"{path.parent} holds no run (no {RUN_FILE}): {advice}") from None
    except (OSError, ValueError) as error:
        raise RecordsError(f"{path} cannot be read ({error}): {cure}") from error
    return RunRecord.from_json(text, path, cure)


class _DamageError(Exception):
    """A field that is missing or of a wrong type, in words that fit into a sentence."""


def _check_names(node: Mapping[str, Any], path: Path) -> None:
    """Refuse a record whose names, which become parts of paths, lead elsewhere."""
    names, data = node.get("names"), node.get("benchmark")
    for what, name in (
        ("id", node.get("id")),
        ("names.benchmark", names.get("benchmark") if isinstance(names, dict) else None),
        ("benchmark.name", data.get("name") if isinstance(data, dict) else None),
    ):
        if not is_plain(name):
            raise RecordsError(
                f"{path} has {what} {name!r:.200}, which is no plain name ({RULE}): memeval did not write it so; leave "
                "this run alone, or make it again"
            )


def _check(record: RunRecord) -> None:
    """What the types of the fields do not say."""
    if "strategy" not in record.names:
        raise _DamageError("it has no names.strategy")
    for option in root.identified():
        if option.name in record.identity:
            kind = Mapping[str, Any] if option.is_node else option.kind
            _typed(kind if option.neutral == root.ALWAYS else kind | None, record.identity[option.name],
                   f"identity.{option.name}")  # fmt: skip
        elif option.neutral == root.ALWAYS:
            raise _DamageError(f"it has no identity.{option.name}")
    _typed(Mapping[str, Any] | None, record.target, "config.target")
    _typed(tuple[str, ...] | None, (record.config or {}).get("targets"), "config.targets")
    counts = {"dialogues": record.dialogues, "questions": record.questions, "errors": record.errors}
    if record.finished and (missing := [name for name, count in counts.items() if count is None]):
        raise _DamageError(f"it has no {missing[0]} although the run is finished")


def _upgraded(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record of version 1 in today's form: options for the classes that it names."""
    found = {**node}
    if isinstance(node.get("identity"), Mapping):
        found["identity"] = identity.upgraded(node["identity"])
    if isinstance(data := node.get("benchmark"), Mapping) and "node" in data:
        found["benchmark"] = {**data, "node": identity.upgraded(data["node"])}
    return found


def _plain(value: Any) -> Any:
    """A record as JSON has it."""
    if is_dataclass(value):
        contents = ((each, getattr(value, each.name)) for each in fields(value))
        return {each.name: _plain(content) for each, content in contents if content != each.default}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _typed(kind: Any, value: Any, where: str) -> Any:
    """A value of JSON as its type wants it; no value is taken for another: 1 is no text, and true is no number.

    Raises:
        _DamageError: it is of another type, or a field is missing.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _typed(inner[0], value, where)
    if origin in (Union, UnionType):
        return _one_of(inner, value, where)
    if origin is Literal and value in inner and isinstance(value, str):
        return value
    if origin is tuple and isinstance(value, list):
        return tuple(_typed(inner[0], each, f"{where}[{place}]") for place, each in enumerate(value))
    if origin is Mapping and isinstance(value, dict):
        return (
            value if inner[1] is Any else {key: _typed(inner[1], each, f"{where}.{key}") for key, each in value.items()}
        )
    if isinstance(kind, type) and is_dataclass(kind) and isinstance(value, dict):
        found = {}
        for each in fields(kind):
            place = f"{where}.{each.name}" if where else each.name
            if each.name in value:
                found[each.name] = _typed(_hints(kind)[each.name], value[each.name], place)
            elif each.default is MISSING:
                raise _DamageError(f"it has no {place}")
        return kind(**found)
    if kind is Any or type(value) is kind or (kind is float and type(value) is int):
        return value
    raise _DamageError(f"{where} is {json.dumps(value)[:100]}, not {_described(kind)}")


def _one_of(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and NoneType in kinds:
        return None
    others = [kind for kind in kinds if kind is not NoneType]
    for kind in others[:-1]:
        try:
            return _typed(kind, value, where)
        except _DamageError:
            continue
    return _typed(others[-1], value, where)


def _described(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(get_args(kind))
    return _WORDS.get(kind, "a list" if get_origin(kind) is tuple else "an object")
