import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from memeval.harness.prefixes import Prefixes
from memeval.kit.errors import ConfigError
from memeval.kit.prompt import context_tokens, count, pieces, sections
from memeval.kit.tokens import ENCODINGS, get_tokenizer
from memeval.kit.types import Context, Kind, Query, Segment

# What a rendered turn looks like: stripped, beginning with a date or a name.
rendered = st.text(max_size=80).map(lambda text: f"Ann: {text}".strip())


@pytest.mark.parametrize("name", ENCODINGS)
@given(pieces=st.lists(rendered, min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_a_prompt_counts_as_the_sum_of_its_pieces(name: str, pieces: list[str]):
    import tiktoken

    tokenizer = get_tokenizer(name)
    whole = "".join(piece + "\n" for piece in pieces)
    if any(0xD800 <= ord(letter) < 0xE000 for letter in whole):
        return
    assert sum(map(tokenizer.count, pieces)) == len(tiktoken.get_encoding(name).encode_ordinary(whole))


# What encodings treat in ways of their own, alone and side by side.
odd = st.lists(
    st.sampled_from([*"/!.)-:ab1 é中’'\"]}—\\\\|~[", "//", "/help", "[User query]", "😀", "\u0301", "\u200b", "\ufeff"]
                    + ["\x1c", "\x85", "\u2028", "\r", "\n", "  ", "\xa0"]),
    min_size=1, max_size=6,
).map(lambda parts: "".join(parts).strip()).filter(bool)  # fmt: skip


@pytest.mark.parametrize("name", ENCODINGS)
@given(texts=st.lists(odd, max_size=5), query=odd, kind=st.sampled_from(["memory", "history", "summary"]))
@example(texts=["really?!", "/help me", "/", "//"], query="/new", kind="history")
@settings(max_examples=300, deadline=None)
def test_the_sections_of_a_prompt_add_up_to_its_tokens(name: str, texts: list[str], query: str, kind: Kind):
    import tiktoken

    tokenizer = get_tokenizer(name)
    context = Context([Segment("system", "Be kind!", ()), *(Segment(kind, text, (text,)) for text in texts)])
    asked = Query(f" {query}\n")
    whole = "".join(f"{text}\n" for _, text in pieces(context, asked))
    tokens = len(tiktoken.get_encoding(name).encode_ordinary(whole))
    held = sections(context, asked, tokenizer)
    assert sum(held.values()) == tokens == Prefixes(tokenizer).measure(context, asked).tokens
    assert context_tokens(held) == count(context.segments, tokenizer)
    assert all(text in whole for text in texts if "[" not in text)


def test_counts_are_known_and_empty_text_is_nothing():
    tokenizer = get_tokenizer("cl100k_base")
    assert tokenizer.count("hello world") == 3
    assert tokenizer.count("") == 0
    assert get_tokenizer("cl100k_base") is tokenizer


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300), limit=st.integers(1, 60))
@settings(max_examples=150, deadline=None)
def test_cut_never_exceeds_its_limit_and_keeps_a_start(text: str, limit: int):
    tokenizer = get_tokenizer("o200k_base")
    kept = tokenizer.cut(text, limit)
    assert tokenizer.count(kept) <= limit or not kept
    assert kept == text or text.strip().startswith(kept.strip()[: len(kept) // 2])


def test_an_unknown_encoding_is_refused():
    with pytest.raises(ConfigError, match="unknown tokenizer 'gpt5'"):
        get_tokenizer("gpt5")
