"""The root options: each is described here once, and all that depends on what an option is reads this table.

From it follow the schema of the config (`schema`), the identity of a run, which runs are comparable, which settings the
reference runs share, which settings a table shows as columns, and the page of options in the documentation.
`configs/config.yaml` holds the same defaults; a test compares the two.

To add an option: add a line here, add its default to `configs/config.yaml`, and use it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, make_dataclass
from functools import reduce
from operator import or_
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Interval

from memeval.kit.errors import ConfigError
from memeval.kit.ranges import allowed

# Stand in a plan for what only the run knows: the dialogue's own scope, a folder that ends with the run, and letters,
# digits and _ that make a name at a server this run's own.
SCOPE = "<scope>"
SCRATCH = "<scratch>"
UNIQUE = "<unique>"

Role = Literal["identity", "axis", "execution", "output", "filled"]
# What each role means, for the documentation.
ROLES: Mapping[Role, str] = {
    "identity": "changes the result",
    "axis": "changes the result and has a column of its own in tables",
    "execution": "how the run is carried out: no result depends on it",
    "output": "what is shown: no result depends on it",
    "filled": "set by memeval itself",
}
# Of an option that stands in an identity whatever its value is.
ALWAYS = "<always>"


@dataclass(frozen=True, slots=True)
class Option:
    """A root option.

    Attributes:
        name: its key in the config.
        kind: its type, with the range or the choices of its values.
        default: as in `configs/config.yaml`; of a group the name of the default option.
        meaning: one line.
        role: what depends on it.
        group: the config group of its values; None for a plain value or a node.
        identified: it stands in the identity of a run under its own name. What changes a result and is not identified
            enters as a part of another node: `embedder` stands inside `memory`, `target` gives tokenizer and window.
        neutral: the value at which the identity leaves it out, so that a new option renames no run.
        agrees: whether two runs must agree in it to be comparable; `across`: unless `across=` allows the difference.
        shared: reference runs (`none`, `full`, `oracle`, `random`) take it from the runs that they stand beside.
        of_parts: a part of a composite retriever may set it for itself.
    """

    name: str
    kind: Any
    default: Any
    meaning: str
    role: Role
    group: str | None = None
    identified: bool = False
    neutral: Any = ALWAYS
    agrees: Literal["no", "across", "always"] = "no"
    shared: bool = False
    of_parts: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """What a user may type to set it: a group under another name is typed `llm@judge_llm` too."""
        return (self.name,) if self.group in (None, self.name) else (self.name, f"{self.group}@{self.name}")

    @property
    def is_node(self) -> bool:
        """Whether its value describes an object."""
        return self.group is not None or isinstance(self.default, Mapping)

    def value_in(self, identity: Mapping[str, Any]) -> Any:
        """Its value in the identity of a run; what an identity leaves out has the neutral value."""
        return identity.get(self.name, None if self.neutral == ALWAYS else self.neutral)


def _group(name: str, default: str | None, meaning: str, role: Role = "identity", **more: Any) -> Option:
    return Option(name, Any, default, meaning, role, **{"group": name, **more})


def _execution(name: str, kind: Any, default: Any, meaning: str) -> Option:
    return Option(name, kind, default, meaning, "execution", shared=True)


def _output(name: str, kind: Any, default: Any, meaning: str) -> Option:
    return Option(name, kind, default, meaning, "output", shared=True)


_COUNT = Annotated[int, Ge(1)]
_SHARE = Annotated[float, Interval(ge=0, le=1)]

# The order is that of the documentation and of messages.
OPTIONS: tuple[Option, ...] = (
    _group(
        "benchmark", "demo", "The dialogues and questions that a memory is measured on.", "axis",
        identified=True, agrees="always", shared=True,
    ),
    _group("strategy", "sliding_window", "The short-term side: what of the dialogue stays in the prompt.", "axis"),
    _group("retriever", "none", "The long-term side: how stored passages are found for a question.", "axis"),
    _group("writing", "turns", "What a passage is: how turns become what a retriever stores.", of_parts=True),
    _group("embedder", "minilm", "What turns a text into a vector.", of_parts=True),
    _group("vector_store", "numpy", "Where vectors are kept.", of_parts=True),
    _group("kv_store", "memory", "Where values under exact keys are kept.", of_parts=True),
    _group("graph_store", "memory", "Where nodes and edges are kept.", of_parts=True),
    _group("sql_store", "sqlite", "Where turns are kept in tables.", of_parts=True),
    # Its window enters the identity where an outcome depends on it, its tokenizer as `tokenizer`. Prices do not.
    _group(
        "target", "gpt-4o", "The model that the prompt is meant for: its window, tokenizer and prices.", shared=True,
    ),
    _group("llm", "none", "The language model that a memory, a reader or a judge may call.", shared=True),
    _group("judge_llm", "none", "The language model of the judge.", group="llm", shared=True),
    # Two readers may be compared, and a gate tests what a new one changes.
    _group(
        "reader", "none", "What answers a question from the prompt.",
        identified=True, neutral=None, shared=True,
    ),
    _group("experiment", None, "Named sets of overrides: a sweep under one name.", "execution", shared=True),
    Option(
        "budget", _COUNT, 2000, "What a context may have, in tokens of the target's tokenizer.", "axis",
        identified=True, agrees="across", shared=True,
    ),
    Option(
        "tokenizer", Any, {"_target_": "memeval.kit.tokens.get_tokenizer", "name": "${target.tokenizer}"},
        "What counts tokens.", "identity", identified=True, agrees="across", shared=True,
    ),
    Option(
        "isolation", Literal["separate", "shared"], "separate",
        "separate: every dialogue has stores of its own; shared: one set of stores for all, told apart by scope.",
        "identity", identified=True, neutral="separate", agrees="across", shared=True,
    ),
    # References cannot forget.
    Option(
        "forget", _SHARE, 0.0, "Share of the questions whose evidence is forgotten at the end and looked for again "
        "(GhostRate); 0: none.", "identity", identified=True, neutral=0.0, agrees="across",
    ),
    _group(
        "judge", "none", "What decides whether an answer is correct.",
        identified=True, neutral=None, agrees="across", shared=True,
    ),
    Option(
        "limit", _COUNT | None, None, "Only the first dialogues of the benchmark; null: all.", "identity",
        identified=True, agrees="always", shared=True,
    ),
    Option(
        "mode", Literal["questions", "replay"], "questions",
        "questions: the benchmark's questions when their time has come; replay: every user turn is a query.",
        "identity", identified=True, neutral="questions", agrees="always", shared=True,
    ),
    # It says what one more turn costs. The other scores of the run do not depend on it.
    Option(
        "increments", Annotated[int, Ge(0)], 0,
        "The last so many turns of a dialogue are written one at a time, and timed (IncrementSeconds).",
        "identity", identified=True, neutral=0,
    ),
    Option(
        "memory", Any,
        {
            "_target_": "memeval.strategies.memory.Memory", "window": None, "retriever": "${retriever}",
            "tokenizer": "${tokenizer}", "retrieved_share": "${retrieved_share}", "top_k": "${top_k}",
            "depth": "${depth}",
        },
        "The composite that joins strategy and retriever; used when there is a retriever.",
        "identity", identified=True,
    ),
    Option(
        "document", Any,
        {
            "_target_": "memeval.kit.document.Document",
            "before": "{speaker}: ", "after": "", "date": "[%d %B %Y] ", "caption": " [shares {caption}]",
        },
        "How a turn is written down, for the index and the prompt: date + before + text + after + caption.",
        "identity", identified=True, shared=True, of_parts=True,
    ),
    Option(
        "retrieved_share", _SHARE, 0.5, "Part of the budget that the window leaves to retrieved memories.", "identity",
    ),
    Option(
        "top_k", _COUNT | None, None, "At most so many memories enter the prompt; null: as many as the budget holds.",
        "identity",
    ),
    Option("depth", _COUNT, 50, "How many hits a ranking keeps for the ranking measures.", "identity"),
    Option(
        "language", str, "auto", "Of the dialogues, for memories that look for words: auto finds it out from the texts "
        "of each | en | de | ...", "identity",
    ),
    Option("seed", int, 0, "What random choices of a memory start from.", "identity", shared=True),
    _execution("max_turn_tokens", _COUNT, 32768, "Longer turns are refused as damaged data."),
    # What takes too long is an error, and a dialogue with an error is run again: no result depends on it.
    _execution(
        "timeout", Annotated[float, Gt(0)] | None, None,
        "Seconds that a call of the memory may take (write, read, prepare, ...); null: any number.",
    ),
    _execution("results", str, "results/runs", "The folder of the stored runs."),
    _group(
        "executor", "auto", "How the dialogues of a run are shared out: auto, one process, or several.", "execution",
        shared=True,
    ),
    _execution("workers", _COUNT, 1, "How many processes share the dialogues of a run."),
    _execution("overwrite", bool, False, "true: a finished run is made again."),
    _execution("progress", str, "auto", "auto: a bar on a terminal; on; off."),
    _execution(
        "skip_unreachable", bool, False, "true: of a sweep, runs whose stores do not answer are passed over with a "
        "line, instead of ending as failures.",
    ),
    _execution("sweep", list[Any], [], "Blocks of axes to run, each a product of its lists; experiments set it."),
    _output("references", list[str], ["none", "full", "oracle", "random"], "Reference rows added to every table."),
    _output("measures", list[str] | None, None, "Measures of the table; null: the default ones."),
    _output(
        "plots", list[str], [], "Plots drawn at the end (memeval plot --help): trade-off, budget, heat-map, "
        "categories, evidence-age, scaling, backends.",
    ),
    _output(
        "targets", list[str], ["gpt-4o", "claude-sonnet-4", "gemini-2-5-pro", "llama-3-3-70b"],
        "A replay is priced on each of these (memeval list target).",
    ),
    Option("parts", dict[str, Any], {}, "Settings of parts of a retriever: +parts.bm25.k1=0.9.", "identity"),
    Option("scope", str, SCOPE, "The dialogue's own id.", "filled"),
    Option("scratch", str, SCRATCH, "A folder that ends with the run.", "filled"),
    Option("unique", str, UNIQUE, "A name of this run at a server.", "filled"),
)  # fmt: skip


def schema() -> type:
    """The dataclass that Hydra checks a root config with: wrong types and misspelt keys are refused by Hydra itself."""
    return make_dataclass("RunConfig", [(option.name, _plain(option.kind), _default(option)) for option in OPTIONS])


def _plain(kind: Any) -> Any:
    """The type without its range, which Hydra does not know."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return parts[0]
    if origin is Literal:
        return type(parts[0])
    return reduce(or_, map(_plain, parts)) if origin in (Union, UnionType) else kind


def check(values: Mapping[str, Any]) -> None:
    """Hold values of root options, by name, to the ranges and choices of the table.

    Raises:
        ConfigError: names the option, the value, and what is allowed.
    """
    for option in OPTIONS:
        known = allowed(option.kind)
        if known is not None and option.name in values and not known.holds(values[option.name]):
            raise ConfigError(known.refusal(option.name, values[option.name], option.default, "null"))


def _default(option: Option) -> Any:
    # Nodes and groups come from the config files.
    value = None if option.is_node and option.kind is Any else option.default
    return field(default_factory=value.copy) if isinstance(value, list | dict) else field(default=value)


def names() -> frozenset[str]:
    """Of all root options."""
    return frozenset(option.name for option in OPTIONS)


def axes() -> tuple[str, ...]:
    """The groups that name a run."""
    return tuple(option.name for option in OPTIONS if option.role == "axis" and option.group)


def identified() -> tuple[Option, ...]:
    """What stands in the identity of a run under its own name."""
    return tuple(option for option in OPTIONS if option.identified)


def shared_with_references() -> frozenset[str]:
    """Keys that a reference takes from the runs beside it. All others describe a memory, and a reference has none."""
    return frozenset(key for option in OPTIONS if option.shared for key in option.keys)


def without_effect() -> frozenset[str]:
    """Keys on which no result depends."""
    return _keys("execution", "output")


def without_column() -> frozenset[str]:
    """Keys that need no column in a table: they have a column of their own, or no result depends on them."""
    return _keys("axis", "execution", "output")


def must_agree() -> tuple[Option, ...]:
    """What two runs must agree in to be comparable."""
    return tuple(option for option in OPTIONS if option.agrees != "no")


def across() -> tuple[str, ...]:
    """What of it may differ where `across=` allows it."""
    return tuple(option.name for option in OPTIONS if option.agrees == "across")


def of_full() -> tuple[Option, ...]:
    """What a run and the run of full history beside it agree in: all that references share, without the budget.

    The budget of full history is the target's window.
    """
    return tuple(option for option in identified() if option.shared and option.name != "budget")


def of_parts() -> tuple[str, ...]:
    """What a part of a composite retriever may set for itself."""
    return tuple(option.name for option in OPTIONS if option.of_parts)


def stores() -> tuple[str, ...]:
    """The groups of stores."""
    return tuple(option.name for option in OPTIONS if option.name.endswith("_store"))


def nodes() -> frozenset[str]:
    """Options whose value describes an object."""
    return frozenset(option.name for option in OPTIONS if option.is_node)


def _keys(*roles: Role) -> frozenset[str]:
    return frozenset(key for option in OPTIONS if option.role in roles for key in option.keys)
