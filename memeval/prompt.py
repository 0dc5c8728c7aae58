"""From a context and a query to the messages a model gets; the only place where a prompt is built."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from memeval.tokens import Tokenizer
from memeval.types import Context, Kind, Query, Segment

ORDER: tuple[Kind, ...] = ("system", "summary", "memory", "history", "tool")
HEADINGS: dict[Kind, str] = {
    "summary": "[Summary of the conversation so far]",
    "memory": "[Relevant memories]",
    "history": "[Conversation]",
    "tool": "[Tool results]",
}
QUERY_HEADING = "[User query]"


def messages(context: Context, query: Query) -> list[dict[str, str]]:
    """Chat messages: the system segments, then one user message with a heading over each section, the query last."""
    system = [segment.text for segment in context.segments if segment.kind == "system"]
    lines: list[str] = []
    for kind, group in groupby(
        (segment for segment in context.segments if segment.kind != "system"), key=lambda segment: segment.kind
    ):
        lines.append(HEADINGS[kind])
        lines.extend(segment.text for segment in group)
    lines += [QUERY_HEADING, query.text]
    built = [{"role": "system", "content": "\n".join(system)}] if system else []
    return [*built, {"role": "user", "content": "\n".join(lines)}]


def count(segments: Sequence[Segment], tokenizer: Tokenizer) -> int:
    """Tokens of the segments, each with the newline after it."""
    return sum(tokenizer.count(segment.text) for segment in segments)


def sections(context: Context, query: Query, tokenizer: Tokenizer) -> dict[str, int]:
    """Tokens by kind of segment, of the `query` and of the `frame` (headings); kinds that are absent are left out."""
    tokens: dict[str, int] = {}
    frame = tokenizer.count(QUERY_HEADING)
    previous: Kind | None = None
    for segment in context.segments:
        kind = segment.kind
        tokens[kind] = tokens.get(kind, 0) + tokenizer.count(segment.text)
        if kind != previous and kind != "system":
            frame += tokenizer.count(HEADINGS[kind])
        previous = kind
    tokens["query"] = tokenizer.count(query.text)
    tokens["frame"] = frame
    return tokens


def context_tokens(sections: Mapping[str, int]) -> int:
    """Tokens of the context alone: `sections` without the query and the frame."""
    return sum(sections.values()) - sections["query"] - sections["frame"]
