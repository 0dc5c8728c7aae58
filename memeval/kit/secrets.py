"""Keys and passwords of the environment: what is kept or printed of others' words holds none of them."""

import os
import re

_NAMED = re.compile(r"KEY|TOKEN|SECRET|PASSW(?:OR)?D", re.IGNORECASE)
# Where a key lies, and how many tokens there may be, is no key.
_NO_SECRET = re.compile(r"(?:FILE|PATH|DIR|URL|NAME|TOKENS|PARALLELISM)$", re.IGNORECASE)
MASK = "***"
# Characters; what is shorter may be a word of any text.
SHORTEST = 8


def masked(text: str, shortest: int = SHORTEST) -> str:
    """The text without the values of the variables that name a key, a token, a secret or a password.

    Args:
        text: a reply of a server, an error.
        shortest: characters of the shortest value that is masked. A value of digits only is never masked.
    """
    secrets = {
        value
        for name, value in os.environ.items()
        if len(value) >= shortest and _NAMED.search(name) and not _NO_SECRET.search(name) and not value.isdigit()
    }
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text
