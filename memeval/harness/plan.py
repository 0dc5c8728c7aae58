"""What one cell of a sweep runs: everything that determines its result, and the id that follows from it."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from memeval.kit.errors import ConfigError
from memeval.kit.plain_names import as_file_name
from memeval.options import identity, root
from memeval.options.root import SCOPE, SCRATCH, UNIQUE

# Options of models, embedders and stores that say where and how to ask and not what: no reply or vector depends on
# them. Whatever names them at any depth of memory, reader or judge, they are no part of the identity of a run.
_HOW_TO_ASK = frozenset(("cache", "timeout", "retries", "concurrency", "url", "keep"))
_ASKED = ("llm", "model", "fallback", "embedder", "judge_llm", "store")

_PLACEHOLDER = re.compile("|".join(map(re.escape, (SCOPE, SCRATCH, UNIQUE))))


@dataclass(frozen=True)
class Plan:
    """A resolved cell. Nodes are plain mappings for `memeval.options.build.build`.

    Attributes:
        names: option names of the axes, e.g. {"benchmark": "locomo", "strategy": "truncation", "retriever": "none"}.
        benchmark: node of the benchmark.
        fingerprint: what the benchmark says identifies its data and gold.
        memory: node of the strategy that the runner drives, with `SCOPE` and `SCRATCH` standing in it.
        tokenizer, document: nodes of the harness's own.
        budget: tokens a context may have.
        window: context window of the target model, tokens; a replay and answers depend on it.
        limit: only the first so many dialogues; None for all.
        max_turn_tokens: longer turns are refused.
        isolation: `separate`: every dialogue has stores of its own; `shared`: one set of stores holds all of them, told
            apart by scope, and everything is written before the questions at the dialogues' ends are read.
        forget: share of the questions whose evidence is forgotten at the end and looked for when they are asked again.
        increments: the last so many turns of each dialogue are written one at a time: what does one more cost?
        depth: a ranking holds at most so many hits.
        mode: `questions`: the benchmark's questions, each when its time has come; `replay`: every user turn is a query.
        timeout: seconds that a call of the memory may take; None for any number.
        reader, judge: nodes of what answers from a context and of what judges the answer; None for neither.
        others: root options that stand in the identity and that the harness itself does not read, by name.
    """

    names: Mapping[str, str]
    benchmark: Mapping[str, Any]
    fingerprint: Mapping[str, Any]
    memory: Mapping[str, Any]
    tokenizer: Mapping[str, Any]
    document: Mapping[str, Any]
    budget: int
    window: int
    limit: int | None
    max_turn_tokens: int
    isolation: str = "separate"
    forget: float = 0.0
    increments: int = 0
    depth: int = 50
    mode: str = "questions"
    timeout: float | None = None
    reader: Mapping[str, Any] | None = None
    judge: Mapping[str, Any] | None = None
    others: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        root.check({each.name: getattr(self, each.name) for each in fields(self)})
        identity.named_here([self.benchmark, self.tokenizer, self.document])
        if self.budget > self.window:
            raise ConfigError(
                f"budget={self.budget} is larger than the context window of the target ({self.window:,} tokens): "
                "lower it, or choose a target with a larger window (memeval list target)"
            )
        if self.mode == "replay" and (self.reader is not None or self.judge is not None):
            raise ConfigError("a replay asks no questions to answer: add reader=none judge=none, or mode=questions")
        if self.judge is not None and self.reader is None:
            raise ConfigError("there is no answer to judge: add reader=llm, or leave the judge out with judge=none")
        if self.forget and self.isolation == "shared":
            raise ConfigError("forget needs stores of one dialogue: add isolation=separate")

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """What determines the result, and nothing else: two cells with equal identities are one run."""
        # A prompt that does not fit the window is not answered, and a replay notes where the dialogue outgrows it.
        window_matters = self.reader is not None or self.mode == "replay"
        found: dict[str, Any] = {"benchmark": dict(self.fingerprint)}
        for option in root.identified():
            value = self.others[option.name] if option.name in self.others else getattr(self, option.name)
            if option.name not in found and value != option.neutral:
                found[option.name] = identity.described(_without_how(value))
        return {**found, **({"window": self.window} if window_matters else {})}

    @cached_property
    def run_id(self) -> str:
        """Readable name and hash of the identity, stable over time and machines."""
        return identity.run_id(self.names, self.identity)

    @property
    def deepest(self) -> int:
        """How many hits a ranking may hold: the memory's own `depth` where it has one."""
        own = self.memory.get("depth")
        return max(self.depth, own) if isinstance(own, int) else self.depth

    def memory_of(self, scope: str, scratch: str) -> Mapping[str, Any]:
        """The memory node with the placeholders replaced.

        An option called `scope` gets the dialogue's own id, which may be any text. Everywhere else, as in the path of a
        file, the id stands as a file name.
        """
        # Shared stores are one for all scopes, so that their names are, too.
        place = scratch if self.isolation == "shared" else f"{scratch}/{scope}"
        unique = f"{self.run_id[-10:]}_{hashlib.sha256(place.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
        placed: Mapping[str, Any] = _replace(self.memory, {SCOPE: scope, SCRATCH: scratch, UNIQUE: unique})
        return placed


def _without_how(node: Any, parent: str = "") -> Any:
    if isinstance(node, Mapping):
        return {
            key: _without_how(value, str(key))
            for key, value in node.items()
            if not (parent in _ASKED and key in _HOW_TO_ASK)
            # What `auto` finds out follows from the data, whose hash stands beside it.
            and (key, value) != ("language", "auto")
        }
    return [_without_how(value) for value in node] if isinstance(node, list) else node


def _replace(node: Any, values: Mapping[str, str], key: str = "") -> Any:
    if isinstance(node, Mapping):
        return {name: _replace(value, values, str(name)) for name, value in node.items()}
    if isinstance(node, list):
        return [_replace(value, values, key) for value in node]
    if isinstance(node, str) and "<" in node:
        return _PLACEHOLDER.sub(lambda found: _placed(found[0], values, key), node)
    return node


def _placed(placeholder: str, values: Mapping[str, str], key: str) -> str:
    value = values[placeholder]
    return as_file_name(value) if placeholder == SCOPE and key != "scope" else value
