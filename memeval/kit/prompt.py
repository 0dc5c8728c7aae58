"""From a context and a query to the messages a model gets; the only place where a prompt is built."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import groupby

from memeval.kit.tokens import Tokenizer
from memeval.kit.types import Context, Kind, Query, Segment

ORDER: tuple[Kind, ...] = ("system", "summary", "memory", "history", "tool")
HEADINGS: dict[Kind, str] = {
    "summary": "[Summary of the conversation so far]",
    "memory": "[Relevant memories]",
    "history": "[Conversation]",
    "tool": "[Tool results]",
}
QUERY_HEADING = "[User query]"
_HEADING = re.compile(
    r"\[(?=(?:" + "|".join(re.escape(each[1:]) for each in (*HEADINGS.values(), QUERY_HEADING)) + "))", re.IGNORECASE
)


def pieces(context: Context, query: Query) -> list[tuple[str, str]]:
    """The prompt as (section, text) in order, headings included; each text is followed by a newline."""
    system = [segment for segment in context.segments if segment.kind == "system"]
    built: list[tuple[str, str]] = [("system", _quoted(segment.text)) for segment in system]
    others = [segment for segment in context.segments if segment.kind != "system"] if system else context.segments
    for kind, group in groupby(others, key=lambda segment: segment.kind):
        built.append((kind, HEADINGS[kind]))
        built.extend((kind, _quoted(segment.text)) for segment in group)
    return [*built, ("query", QUERY_HEADING), ("query", _quoted(query.text.strip()))]


# A turn stands in the prompts of many questions.
@lru_cache(maxsize=65_536)
def _quoted(text: str) -> str:
    """The text as it stands in the prompt.

    A backslash stands before each of the prompt's own headings, so that no turn can begin a section. A blank stands
    before a text that begins with a slash: o200k_base takes slashes after a newline together with the punctuation
    before it, so that counts of single pieces would not add up.
    """
    if text.startswith("/"):
        text = f" {text}"
    return _HEADING.sub(r"\\[", text) if "[" in text else text


def messages(context: Context, query: Query) -> list[dict[str, str]]:
    """Chat messages: the system segments, then one user message with a heading over each section, the query last."""
    built = pieces(context, query)
    system = [text for section, text in built if section == "system"]
    user = {"role": "user", "content": "\n".join(text for section, text in built if section != "system")}
    return [{"role": "system", "content": "\n".join(system)}, user] if system else [user]


def count(segments: Sequence[Segment], tokenizer: Tokenizer) -> int:
    """Tokens of the segments, each with the newline after it."""
    return sum(tokenizer.counts([segment.text for segment in segments]))


def sections(context: Context, query: Query, tokenizer: Tokenizer) -> dict[str, int]:
    """Tokens by kind of segment, of the `query` and of the `frame`; kinds that are absent are left out.

    The frame are the headings, the backslashes before headings that stand in a text, and the blank before a slash.
    """
    tokens: dict[str, int] = {}
    frame = tokenizer.count(QUERY_HEADING)
    previous: Kind | None = None
    texts = [segment.text for segment in context.segments]
    for segment, text, size in zip(context.segments, texts, tokenizer.counts(texts), strict=True):
        kind = segment.kind
        tokens[kind] = tokens.get(kind, 0) + size
        if ("[" in text or text.startswith("/")) and (quoted := _quoted(text)) != text:
            frame += tokenizer.count(quoted) - size
        if kind != previous and kind != "system":
            frame += tokenizer.count(HEADINGS[kind])
        previous = kind
    tokens["query"] = tokenizer.count(_quoted(query.text.strip()))
    tokens["frame"] = frame
    return tokens


def context_tokens(sections: Mapping[str, int]) -> int:
    """Tokens of the context alone: `sections` without the query and the frame."""
    return sum(sections.values()) - sections["query"] - sections["frame"]
