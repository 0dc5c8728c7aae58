"""Which failures of a call pass by themselves, and how long to wait for it."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from memeval.kit.errors import ModelError
from memeval.kit.retrying import again, growing
from memeval.llm import providers

# Too slow, in conflict, too often; all from 500 on pass too, and so do lost connections, which litellm numbers 500.
_PASSING = frozenset({408, 409, 425, 429})
# Providers call it a rate limit when the account has no money left.
_SPENT = ("insufficient_quota", "exceeded your current quota", "billing")
_FIRST_WAIT = 1.0
_LONGEST_WAIT = 60.0
# Whoever is told to come back later than this is told so.
_LONGEST_ASKED = 300.0
_T = TypeVar("_T")


def patiently(call: Callable[[], _T], retries: int, failed: Callable[[Exception, int], Exception]) -> _T:
    """Call until it succeeds, fails for good or has been tried `retries` times again.

    Between two calls it waits as long as the provider asks (Retry-After), otherwise 1, 2, 4, ... up to 60 seconds, of
    which a random half is left out, so that those who failed together do not come back together.

    Args:
        call: makes one call, by litellm.
        retries: 0 or more.
        failed: the error to raise, from the last exception and the number of calls made.

    Raises:
        ModelError: no key is set; said at the first call.
        Exception: what `failed` gives.
    """

    def wait(error: Exception, made: int) -> float:
        if key := providers.unset_key(str(error)):
            raise ModelError(f"there is no API key: set {key} in the environment, e.g. export {key}=...") from None
        asked = _asked_wait(error)
        if not passes(error) or made > retries or (asked or 0.0) > _LONGEST_ASKED:
            # Not chained: what the provider wrote may repeat the key.
            raise failed(error, made) from None
        return growing(made, _FIRST_WAIT, _LONGEST_WAIT) if asked is None else asked

    return again(call, wait)


def passes(error: Exception) -> bool:
    """Whether the same call may succeed later."""
    status = getattr(error, "status_code", None)
    if not isinstance(status, int) or (status == 429 and any(word in str(error).lower() for word in _SPENT)):
        return False
    return status in _PASSING or status >= 500


def _asked_wait(error: Exception) -> float | None:
    """Seconds that the provider asks to wait."""
    headers: Any = getattr(error, "litellm_response_headers", None)
    value = headers.get("retry-after") if headers is not None else None
    if not isinstance(value, str):
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
