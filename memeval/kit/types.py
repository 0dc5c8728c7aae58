"""The nouns of memeval: frozen data without behaviour. What plug-ins implement stands in `memeval.kit.protocols`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Kind = Literal["system", "summary", "memory", "history", "tool"]
Role = Literal["system", "user", "assistant"]
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance of a dialogue.

    Attributes:
        id: opaque, unique within its dialogue.
        session: id of the sitting it belongs to.
        time: the dialogue's own clock, naive; None where the data has no dates.
        caption: a description of an image shared with the turn.
    """

    id: str
    session: str
    speaker: str
    role: Role
    text: str
    time: datetime | None = None
    caption: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """All that a strategy sees of a question. `time` is the day it is asked; None means after the last turn."""

    text: str
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A query with its gold; the gold never leaves the harness.

    Attributes:
        id: unique within its benchmark.
        answers: accepted answer strings; empty means that the right behaviour is to abstain.
        evidence: ids of the turns that hold the answer; () means annotated as none; None means not annotated.
        evidence_sessions: ids of the sessions that hold the answer, where the data annotates sessions on their
            own; None means: the sessions of `evidence`.
        stale: ids of turns that hold a superseded value of the answer (knowledge update).
        stale_answers: the superseded values.
        tags: further facets of the question, e.g. `lexical`, `paraphrase`, `recent`.
    """

    id: str
    query: Query
    answers: tuple[str, ...]
    evidence: tuple[str, ...] | None
    category: str
    evidence_sessions: tuple[str, ...] | None = None
    stale: tuple[str, ...] = ()
    stale_answers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation in order of time with the questions asked about it."""

    id: str
    turns: Sequence[Turn]
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True)
class Passage:
    """A unit of storage and retrieval made from one or more turns.

    Attributes:
        id: unique within its dialogue; writing a passage under a known id replaces the old one (upsert).
        text: what is indexed and, if retrieved, shown; stripped.
        sources: ids of the turns it was made from, in order.
        time: of its last source.
        verbatim: the text contains every source's text; False for derived text (summaries, facts).
        importance: 1 (trivial) to 5 (vital), where the writer judges it.
    """

    id: str
    text: str
    sources: tuple[str, ...]
    time: datetime | None = None
    verbatim: bool = True
    importance: int | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage. Higher scores are better; a score of None orders by position only.

    `importance` is that of the passage, 1 (trivial) to 5 (vital), where its writing judged it: for whoever ranks by it.
    """

    text: str
    sources: tuple[str, ...]
    score: float | None = None
    verbatim: bool = True
    importance: int | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the assembled context.

    `text` is stripped; the prompt puts one newline after it. `sources` are the ids of the turns it comes from: with
    `verbatim` it must contain their text, otherwise they are only what it claims to be made from.
    """

    kind: Kind
    text: str
    sources: tuple[str, ...]
    verbatim: bool = True


@dataclass(frozen=True, slots=True)
class Context:
    """What a strategy puts before the query, in prompt order.

    `ranking` is best first and only given by strategies that rank: None makes ranking measures show a dash.
    """

    segments: Sequence[Segment]
    ranking: Sequence[Hit] | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a phase cost.

    Attributes:
        seconds: wall clock, as measured in this run.
        booked_seconds: what it costs without any cache of the harness: measured plus the original seconds of every
            cached vector or reply.
        model_seconds: the part of `booked_seconds` spent in models (embedders included).
        calls, tokens_in, tokens_out: of language models, replies from the harness's cache included.
        cached_tokens_in: the part of `tokens_in` that the provider served from its own prompt cache.
        cache_write_tokens_in: the part of `tokens_in` that the provider wrote into it for a price of its own.
        estimated_calls: the part of `calls` whose reply had no usage, so that our tokenizer counted it.
        embedding_tokens: of embedding models that are paid by the token.
        dollars: what all of this costs at the prices of the models called; None once the price of one is not known.
    """

    seconds: float = 0.0
    booked_seconds: float = 0.0
    model_seconds: float = 0.0
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cached_tokens_in: int = 0
    cache_write_tokens_in: int = 0
    estimated_calls: int = 0
    embedding_tokens: int = 0
    dollars: float | None = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.seconds + other.seconds,
            self.booked_seconds + other.booked_seconds,
            self.model_seconds + other.model_seconds,
            self.calls + other.calls,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.cached_tokens_in + other.cached_tokens_in,
            self.cache_write_tokens_in + other.cache_write_tokens_in,
            self.estimated_calls + other.estimated_calls,
            self.embedding_tokens + other.embedding_tokens,
            None if self.dollars is None or other.dollars is None else self.dollars + other.dollars,
        )


@dataclass(frozen=True, slots=True)
class ContextPart:
    """Stored form of consecutive segments of one kind: `sources[i]` are the source ids of the i-th segment.

    `texts` is kept only for derived segments (`verbatim` False); verbatim text is found again by its sources.
    """

    kind: Kind
    verbatim: bool
    sources: tuple[tuple[str, ...], ...]
    texts: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What a request to a model is made of when a dialogue is lived through turn by turn (replay mode).

    Facts of the prompts and of the dialogue only: what a provider charges for them is computed afterwards.

    Attributes:
        turn: number of the user turn in the dialogue, from 1.
        prompt_tokens: of the whole prompt: context, headings, query.
        prefix_tokens: of the longest start that it shares with the dialogue's previous request; 0 for the first.
        ends: token positions in the prompt at which its sections end, ascending; the query's end is left out.
        output_tokens: of the assistant's real next turns, up to the next user turn.
        seconds_since: seconds between the previous request and this one on the dialogue's own clock; None for the
            first, and where the data has no times.
        overflowed: the dialogue so far is larger than the model's context window, and the budget is that window.
        write: usage of writing since the previous request.
    """

    turn: int
    prompt_tokens: int
    prefix_tokens: int
    ends: tuple[int, ...]
    output_tokens: int
    seconds_since: float | None
    overflowed: bool = False
    write: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Raw facts about one question of one run; scores are computed from them afterwards.

    Attributes:
        written: how many turns of the dialogue had been written when the question was read.
        context: what reached the prompt; None if the strategy failed.
        ranking: (source ids, score) best first, at most the run's `depth`; None for strategies that do not rank.
        tokens: of the context by section (kinds of segments), of the `query`, and of the `frame` (the prompt's own
            headings).
        error: None, or what the strategy raised; such a question scores its worst value.
        leaks: sources of other dialogues that were cited, where dialogues share their stores; such a question failed.
        forgetting: where the run forgets: `turns` forgotten for this question, `ghosts` of them found when it was asked
            again, and found after the stores were `reopened`.
        usage: by phase: `read`, later `answer` and `judge`. Writing is booked on the dialogue.
        request: in replay mode, where the question is a user turn; its context is then left empty.
    """

    dialogue: str
    question: str
    written: int
    context: tuple[ContextPart, ...] | None
    ranking: tuple[tuple[tuple[str, ...], float | None], ...] | None
    tokens: Mapping[str, int]
    answer: str | None = None
    verdict: Mapping[str, Any] | None = None
    error: str | None = None
    leaks: int = 0
    forgetting: Mapping[str, int] | None = None
    usage: Mapping[str, Usage] = field(default_factory=dict)
    request: Request | None = None


@dataclass(frozen=True, slots=True)
class DialogueRecord:
    """What a run notes of a finished dialogue beside its outcomes.

    Attributes:
        turns, tokens: length of the dialogue, tokens of all its turns as the run's document template renders them.
        write: usage of the write pipeline, all chunks together.
        stats: counters a strategy reports of itself (items stored, merged, dropped, index bytes).
        engines: the storage systems that served it, as `memeval.kit.engines.Engine` has them. Libraries such as numpy
            and faiss are not among them.
    """

    dialogue: str
    turns: int
    tokens: int
    questions: int
    write: Usage
    error: str | None = None
    stats: Mapping[str, float] = field(default_factory=dict)
    engines: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What a language model answered.

    Attributes:
        text: as it came.
        data: the parsed and validated JSON where a schema was asked for, otherwise None.
        finish: why it ended, in OpenAI's words: `stop`, `length`, ...
        usage: of all calls behind this reply (a repair attempt is one more call).
    """

    text: str
    data: Any = None
    finish: str = "stop"
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class DialogueResult:
    """Everything a run notes of one dialogue."""

    record: DialogueRecord
    outcomes: Sequence[Outcome]
