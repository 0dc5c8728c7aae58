"""What all calls to providers share: litellm, imported late and kept quiet, addresses and texts free of secrets."""

import os
import re
import sys
import warnings
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from memeval.kit.errors import ConfigError, ModelError
from memeval.kit.secrets import masked

# Of a message a short value is masked, too.
_SHORTEST_SECRET = 6
# What the clients of providers say that are given no key; the first variable that they name is the usual one.
_NO_KEY = re.compile(r"missing (\w+ )?(api key|credentials)|api_key[^.]{0,40} must be set", re.IGNORECASE)
_KEY_NAME = re.compile(r"\b[A-Z][A-Z0-9_]*_API_KEY\b")


def litellm() -> Any:
    """The litellm module, told to fetch nothing, print nothing and retry nothing by itself.

    Raises:
        ModelError: it is not installed.
    """
    # Otherwise it fetches a list of prices when it is imported.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    if "litellm" not in sys.modules:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                import litellm as module
            except ImportError as error:
                raise ModelError("a model of a provider needs litellm: pip install litellm") from error
    # Waits where another thread is still importing it.
    import litellm as module

    # Of its own data classes; some are only made at the first call.
    warnings.filterwarnings("ignore", message=r"Item '\w+' on TypedDict class|Pydantic serializer warnings")
    # Its hint to its own bug tracker, printed at every error.
    module.suppress_debug_info = True
    # Some of its providers take max_retries=0 for not given, and this instead.
    setattr(module, "DEFAULT_MAX_RETRIES", 0)  # noqa: B010
    return module


def check_addresses(config: Mapping[str, Any], above: str = "") -> None:
    """Refuse a password, query or key in any `api_base` of a config, before it is written down anywhere.

    Raises:
        ConfigError: there is one.
    """
    for key, value in config.items():
        if isinstance(value, Mapping):
            check_addresses(value, key)
        elif key == "api_base" and isinstance(value, str):
            address(above, "", value)


def address(option: str, model: str, api_base: str | None) -> str | None:
    """Where litellm will go: the address given, or that of the environment; None is the provider's own.

    Args:
        option: what the user types before `.api_base`, for messages.
        model: as litellm names it.
        api_base: the address given.

    Raises:
        ConfigError: an address with a password, query or key in it, since it stands in every record.
    """
    found = api_base or _of_environment(model)
    if found is None:
        return None
    parts = urlsplit(found)
    if parts.query or "@" in parts.netloc or masked(found, _SHORTEST_SECRET) != found:
        raise ConfigError(
            f"{option}.api_base carries a name, password, key or query, which would stand in every record: give the "
            "bare address and put the key into the environment, e.g. OPENAI_API_KEY"
        )
    return found


def _of_environment(model: str) -> str | None:
    provider = model.partition("/")[0].upper() if "/" in model else "OPENAI"
    return os.environ.get(f"{provider}_BASE_URL") or os.environ.get(f"{provider}_API_BASE") or None


def unset_key(error: str) -> str | None:
    """The variable to set where a provider's client says that it has no key; None for all other errors."""
    beginning = error[:1_000]
    name = _KEY_NAME.search(beginning)
    return name[0] if name and _NO_KEY.search(beginning) and name[0] not in os.environ else None


def without_secrets(text: str) -> str:
    """The text in one line, shortened, without the values of variables that name a secret, and what looks like one."""
    # Providers quote a key with its middle left out.
    text = re.sub(r"\b(sk|pk|key|gsk|hf|pa|AIza)[-_][\w*.-]{4,}", "***", masked(text, _SHORTEST_SECRET))
    return " ".join(text.split())[:300]
