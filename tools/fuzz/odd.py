"""Odd values, damaged texts and trees, and other ways to write the same; all as strategies of hypothesis."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

Draw = Callable[[Any], Any]

# Strings that mean something to somebody: shells, terminals, paths, formats, numbers, other scripts.
TEXTS = (
    "", " ", "\t", "\n", "x", "0", "1", "-1", "1.5", "1e3", "1e400", "nan", "NaN", "inf", "-inf", "true", "null",
    "None",
    "~", ".", "..", "../..", "a/b", "a\\b", "*", "?", "[", "]", "{}", "{", "[]", "()", "$HOME", "${oc.env:HOME}",
    "${budget}", "%s", "%d %B", "{speaker}", "{0}", "{speaker.__class__}", "'", '"', "`id`", "a=b", "a,b", "a b", "#",
    "<b>", "&amp;", "[/no]", "[bold]", "\\n", "\x1b[2J", "\x07", "\x85", "\u202e", "\u2028", "\ufeff", "é", "e\u0301",
    "ß", "İ", "ﬁ", "日本語のテキスト", "ひ", "한국어", "שלום", "مرحبا",
    "हिन्दी", "ไทย", "👨‍👩‍👧", "𝔘", "Ⅷ", "½", "٣", "１２",
    "[User query]", "[Relevant memories]", "user:", "</think>", "<|endoftext|>", "SELECT * FROM turns; --", "NEAR(a b)",
    "a AND OR", "yesterday", "31 February 2023", "0001-01-01", "9999-12-31", "January 32", "today", "x" * 300,
    "ab " * 200,
)  # fmt: skip
SURROGATE = "\ud800"
NUMBERS = (0, 1, -1, 2, 3, 10**6, 10**12, -(10**12), 2**31, 2**63, 2**64, 10**30, 0.0, -0.0, 0.5, 1.0, 1.5, -0.5,
    1e-300,
           1e300)  # fmt: skip
ODD_NUMBERS = (float("nan"), float("inf"), float("-inf"))

texts = st.one_of(st.sampled_from(TEXTS), st.sampled_from(TEXTS), st.text(max_size=12))
leaves: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.sampled_from(NUMBERS), st.sampled_from(ODD_NUMBERS), texts, st.just(SURROGATE),
    st.integers(-10, 10), st.floats(allow_nan=False, width=32),
)  # fmt: skip


def _deep(depth: int, of: str) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value] if of == "[" else {"a": value}
    return value


values: st.SearchStrategy[Any] = st.one_of(
    leaves,
    leaves,
    st.lists(leaves, max_size=3),
    st.dictionaries(texts, leaves, max_size=3),
    st.builds(_deep, st.sampled_from((1, 5, 90)), st.sampled_from("[{")),
)


ACTS = (
    "like",
    "like",
    "like",
    "text",
    "text",
    "replace",
    "replace",
    "remove",
    "add",
    "double",
    "rename",
    "copy",
    "wrap",
)


def like(value: Any) -> st.SearchStrategy[Any]:
    """Values of the same type, which a check of types lets pass."""
    if isinstance(value, str):
        return texts
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, int | float):
        return st.one_of(st.sampled_from(NUMBERS), st.integers(-10, 3000), st.sampled_from(ODD_NUMBERS))
    if isinstance(value, list):
        return st.sampled_from(([], value[::-1], value[:1], value * 2))
    return st.just({}) if isinstance(value, dict) else values


def places(tree: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of all nodes of a JSON tree, without the root."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in pairs:
        yield (*above, key)
        yield from places(value, (*above, key))


def at(tree: Any, path: Sequence[Any]) -> Any:
    """The node of a path."""
    for key in path:
        tree = tree[key]
    return tree


@st.composite
def damaged(draw: Draw, tree: Any, most: int = 3) -> Any:
    """A JSON tree with one to `most` nodes replaced, removed, doubled, renamed, moved, wrapped, or filled with text."""
    tree = json.loads(json.dumps(tree))
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, most)))):
        found = list(places(tree))
        if not found:
            return draw(values)
        path = found[draw(st.integers(0, len(found) - 1))]
        above, key = at(tree, path[:-1]), path[-1]
        act = draw(st.sampled_from(ACTS))
        if act == "like":
            above[key] = draw(like(above[key]))
        elif act == "replace":
            above[key] = draw(values)
        elif act == "remove":
            del above[key]
        elif act == "add":
            if isinstance(above, dict):
                above[draw(texts)] = draw(values)
            else:
                above.insert(draw(st.integers(0, len(above))), draw(values))
        elif act == "double" and isinstance(above, list):
            above.insert(key, json.loads(json.dumps(above[key])))
        elif act == "rename" and isinstance(above, dict):
            above[draw(texts)] = above.pop(key)
        elif act == "copy":
            above[key] = json.loads(json.dumps(at(tree, found[draw(st.integers(0, len(found) - 1))])))
        elif act == "wrap":
            above[key] = [above[key]] if draw(st.booleans()) else {"a": above[key]}
        elif isinstance(above[key], str):
            at_ = draw(st.integers(0, len(above[key])))
            above[key] = above[key][:at_] + draw(texts) + above[key][at_:]
        else:
            above[key] = draw(values)
    return tree


@st.composite
def broken(draw: Draw, content: bytes) -> bytes:
    """Bytes cut, doubled, with some replaced, or with some put in."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.sampled_from((0, 1, 2, 10, 100, 10_000))))
        put = draw(st.sampled_from((b"", b"", b"\0", b"\xff", b"\xef\xbb\xbf", b"\r", b"\n",
        b'"', b"{", b"}", b"]", b",", b":",
                                    b"\\ud800", b"\\u0000", b"1e999", b"9" * 5000, b"[" * 3000, b"NaN", b"//",
                                    b"\x1f\x8b")))  # fmt: skip
        content = content[:start] + put + content[end if draw(st.booleans()) else start :]
    return content


def dumped(value: Any) -> bytes:
    """JSON; halves of surrogate pairs are escaped."""
    return json.dumps(value).encode()


@st.composite
def rewritten(draw: Draw, value: Any) -> str:
    """JSON of the same meaning: keys in another order, escapes, blanks, other spellings of a number."""
    blank = st.sampled_from(("", "", " ", "  ", "\t"))
    if isinstance(value, dict):
        pairs = draw(st.permutations(list(value.items())))
        inner = ",".join(
            f"{draw(blank)}{draw(rewritten(key))}{draw(blank)}:{draw(blank)}{draw(rewritten(each))}{draw(blank)}"
            for key, each in pairs
        )
        return "{" + inner + "}"
    if isinstance(value, list):
        return "[" + ",".join(f"{draw(blank)}{draw(rewritten(each))}{draw(blank)}" for each in value) + "]"
    if isinstance(value, str):
        plain = json.dumps(value, ensure_ascii=draw(st.booleans()))
        if draw(st.integers(0, 3)) == 0 and value.isascii():
            return '"' + "".join(f"\\u{ord(sign):04x}" for sign in value) + '"'
        return plain
    return json.dumps(value)
