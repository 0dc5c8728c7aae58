"""Options that carry a key or a password are refused: all options of a run stand in its record."""

import re
from collections.abc import Mapping
from typing import Any

from memeval.kit.errors import ConfigError
from memeval.kit.secrets import MASK, masked

# `stop_token`, `max_tokens` and `sort_key` are no keys.
_NAME = re.compile(
    r"(?:^|_)(?:(?:api|access|account|admin|auth|client|license|master|private|secret|service|signing|subscription)_?key"
    r"|(?:^|(?:api|access|auth|bearer|github|hf|id|refresh|secret|session)_?)token"
    r"|secret|password|passwd|passphrase|credentials?|authorization)$"
)
_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]+@")


def check_keys(config: Mapping[str, Any], above: str = "") -> None:
    """Refuse a config that carries a key or a password.

    Raises:
        ConfigError: an option that is named like a key, an address with a password, or the value of an environment
            variable that names a secret; the message names the option and never its value.
    """
    for key, value in config.items():
        _check(f"{above}.{key}" if above else str(key), str(key), value)


def hidden(word: str) -> str:
    """An override as a message repeats it: without its value where its key is named like a secret."""
    key, equals, value = word.partition("=")
    return f"{key}={MASK}" if equals and value and _is_named(key.rpartition(".")[2]) else word


def _check(where: str, key: str, value: Any) -> None:
    if isinstance(value, Mapping):
        check_keys(value, where)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            _check(f"{where}[{index}]", key, each)
    elif isinstance(value, str) and value.strip():
        what = (
            "is named like a key"
            if _is_named(key)
            else "holds a password"
            if _PASSWORD.search(value)
            else "holds the value of an environment variable that names a secret"
            if masked(value) != value
            else None
        )
        if what is not None:
            raise ConfigError(
                f"{where} {what}, and all options stand in the records of runs and in baselines: leave it out, and let "
                "the class read the variable itself, e.g. os.environ['MY_API_KEY']; then type "
                "MY_API_KEY=... memeval run ..."
            )


def _is_named(key: str) -> bool:
    # apiKey, as other languages write it, is api_key.
    return _NAME.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower().replace("-", "_")) is not None
