"""The form that works for a word that looks right: for `llm=gpt-4o-mini` it is llm=litellm llm.model=gpt-4o-mini."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from memeval.kit.errors import ConfigError
from memeval.options import root
from memeval.options.build import TARGET
from memeval.options.overrides import settings

# A class by module and name: my_module:Memory, my.module.Memory.
_CLASS = re.compile(r"[A-Za-z_]\w*(?:[.][A-Za-z_]\w*)*[:.][A-Z]\w*")
# Of a model: neither a number nor one of YAML's words.
_NAME = re.compile(r"^(?!null$|true$|false$)[A-Za-z]", re.IGNORECASE)
_FILE = re.compile(r".*(/|\.jsonl?$)")
_FORMS: Mapping[str, Callable[[str], str]] = {
    "llm": lambda name: f"a model is named by llm=litellm llm.model={name}",
    "judge_llm": lambda name: (
        f"the judge's model is chosen by llm@judge_llm={name}"
        if name in ("litellm", "scripted", "none")
        else f"the judge's model is named by llm@judge_llm=litellm judge_llm.model={name}"
    ),
    "reader": lambda name: f"a model that answers is named by reader=llm llm=litellm llm.model={name}",
    "judge": lambda name: f"a model that judges is named by judge=llm llm@judge_llm=litellm judge_llm.model={name}",
    "embedder": lambda name: (
        f"a provider's model is named by embedder=api embedder.model={name}, one of the hub by "
        f"embedder=sentence_transformers embedder.model={name}"
    ),
    "tokenizer": lambda name: f"a tokenizer is named by tokenizer.name={name}",
}
# Options that are no group: they have one object, with settings.
_SETTING = {"document": "before='{speaker} said: '", "memory": "top_k=5"}
# Of these a class of the user's own needs no option to start from: `none` has no settings that it would have to take.
_WITH_NONE = ("strategy", "retriever", "llm", "reader", "judge")


def instead(group: str, value: str) -> str:
    """What to type for a value that is no option of a group, as the end of a sentence; empty where nothing is known."""
    if _CLASS.fullmatch(value):
        if group not in _WITH_NONE:
            return "; a class of your own gets a YAML, whose name stands here: see docs/extending.md"
        named = value.replace(":", ".")
        return f"; a class of your own is named by {group}=none {group}.{TARGET}={named}"
    if group == "benchmark" and _FILE.fullmatch(value):
        return f"; a file of your own is named by benchmark=jsonl benchmark.path={value}"
    return f"; {_FORMS[group](value)}" if group in _FORMS and _NAME.search(value) else ""


def check_nodes(config: Mapping[str, Any]) -> None:
    """Refuse a value in place of an object, such as judge_llm=gpt-4o.

    Raises:
        ConfigError: names the form that works.
    """
    for option in sorted(root.nodes() - {"experiment"}):
        value = config.get(option)
        if not isinstance(value, Mapping):
            known = instead(option, str(value)) or f"; what it has is set one by one, e.g. {option}.{_SETTING[option]}"
            raise ConfigError(f"{option}={'null' if value is None else value!s:.200} names nothing{known}")


def unknown_key(key: str, words: Sequence[str], nothing: bool) -> str:
    """What to type for an option that is not known, as the end of a sentence.

    Args:
        key: e.g. `strategy.turns`.
        words: of the command line.
        nothing: nothing is chosen in the key's group.
    """
    group = key.partition(".")[0]
    given = settings(words).get(key, "...")
    if group == "parts":
        return f"; what a part gets is new to the config: type +{key}={given}"
    if f"{group}.{TARGET}" in settings(words):
        return f"; what only your own class takes begins with a plus: type +{key}={given}"
    if not nothing:
        return ""
    listed = next((option.group for option in root.OPTIONS if option.name == group), None) or group
    return f"; options of {group} come with a choice (memeval list {listed})"
