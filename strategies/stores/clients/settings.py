"""What stores at servers check of their settings before they connect."""

import re

from memeval.kit.errors import ConfigError
from memeval.strategies.stores.clients.remote import PREFIX

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{2,99}")


def check_settings(option: str, what: str, name: str, timeout: float, retries: int) -> None:
    """Refuse names that some system would have to quote, and limits that make no sense.

    Args:
        option: the config group, e.g. `kv_store`.
        what: which argument gives the name, e.g. `table`.
        name: its value.
        timeout: seconds.
        retries: how often again.

    Raises:
        ConfigError: names the argument and what to type.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{option}.{what}={name!r} cannot be used: give 3 to 100 letters, digits, _ and -, a letter first, e.g. "
            f"{option}.{what}={PREFIX}${{unique}}"
        )
    if not timeout > 0:
        raise ConfigError(f"{option}.timeout={timeout} must be more than 0 seconds, e.g. {option}.timeout=60")
    if retries < 0:
        raise ConfigError(f"{option}.retries={retries} must be 0 or more, e.g. {option}.retries=3")
