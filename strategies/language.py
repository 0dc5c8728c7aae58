"""What the memories that use a language model have in common."""

from memeval.kit.errors import ConfigError
from memeval.kit.protocols import Model
from memeval.kit.text import encodable


def needed(model: Model | None, option: str, instead: str) -> Model:
    """The model, which `option` cannot do without; `instead` is what works offline.

    Raises:
        ConfigError: there is none.
    """
    if model is None:
        raise ConfigError(
            f"{option} needs a language model: add llm=litellm with llm.model=..., or llm=scripted to try it offline, "
            f"or choose {instead}, which needs none"
        )
    return model


def one_line(text: str) -> str:
    """With single spaces and without what no store takes."""
    return " ".join(clean(text).split())


def clean(text: str) -> str:
    """Stripped, without NUL and unpaired surrogates: neither a request nor a store takes them."""
    return encodable(text.replace("\0", " ").strip())
