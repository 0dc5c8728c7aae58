"""Targets and prices."""

from hypothesis import strategies as st

from tools.fuzz import odd
from tools.fuzz.inputs import Input
from tools.fuzz.kinds.overrides import _VALUES
from tools.fuzz.prepared import RUN, stored

_KEYS = ("window", "usable", "tokenizer", "name", "exact_tokenizer", "price", "price.input", "price.output",
    "price.cache_read",
         "price.cache_write", "price.tiers", "cache", "cache.automatic", "cache.minimum", "cache.step",
         "cache.seconds", "provider",
         "source", "as_of", "aliases", "notes", "nobody")  # fmt: skip
_NUMBERS = ("0", "-1", "1", "1.5", "1e308", "1e-308", "nan", "inf", "-inf", "1000000", "abc", "null", "true", "[]",
    "{}", "''",
            "[{above:1,input:1}]", "[{above:a}]", "[{above:0}]", "[1]", "{input:1}", "{nobody:1}", "128000",
            "o200k_base", "cl100k_base")  # fmt: skip
_NAMES = ("gpt-4o", "gpt-4o-mini", "litellm", "openai/gpt-4o", "anthropic/claude-sonnet-4", "claude-sonnet-4",
    "gemini-2-5-pro", "x",
          "gpt-4o,gpt-4o", ",", "", "a/b/c", "dall-e-3", "text-embedding-3-small", "whisper-1", "[gpt-4o]",
          "null")  # fmt: skip


@st.composite
def odd_targets(draw: odd.Draw) -> Input:
    """Targets by name and by their parts, for the commands that price."""
    command = draw(st.sampled_from(("run", "run", "cost", "replay")))
    name = draw(st.one_of(st.sampled_from(_NAMES), st.sampled_from(_NAMES), odd.texts)).replace("\0", "")
    if command == "cost":
        more = draw(st.sampled_from(((), ("questions=1,10",), ("llm=gpt-4o",), ("embedder=text-embedding-3-small",))))
        return Input("targets", ("cost", "truncation-60*", f"target={name}", *more), stored())
    if command == "replay":
        return Input("targets", ("replay", "results/runs/jsonl", "plot=off", f"target={name}"), stored())
    given = [f"target={draw(st.sampled_from(_NAMES))}"] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, 3))):
        value = draw(st.one_of(st.sampled_from(_NUMBERS), st.sampled_from(_NUMBERS), st.sampled_from(_VALUES)))
        given.append(f"{draw(st.sampled_from(('', '', '', '+', '++')))}target.{draw(st.sampled_from(_KEYS))}={value}")
    mode = ("mode=replay",) if draw(st.integers(0, 3)) == 0 else ()
    return Input("targets", (*RUN, "strategy=truncation", "budget=60", *mode, *given), stored())
