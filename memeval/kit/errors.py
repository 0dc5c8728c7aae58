"""Errors a user can act on: each message names the value, the choices and what to type."""

from memeval.kit.escaping import shortened
from memeval.kit.secrets import masked

# Characters of a message; none of memeval's own words are as long.
MOST = 1_900
_END = 500
# Characters of an error that are kept for a question of a run.
_KEPT = 1_500


class MemevalError(Exception):
    """Base of every error that memeval raises on purpose; the CLI prints it without a traceback and exits with 2.

    A message that repeats a long value of the user's is cut in the middle and says so, wherever it is printed or kept.
    """

    def __str__(self) -> str:
        return shortened(super().__str__(), MOST, end=_END)


class ConfigError(MemevalError):
    """An option, a name or a combination of options that cannot be run."""


class DataError(MemevalError):
    """A data file that is missing, damaged, not what its hash says, or not of its schema."""


class ContractError(MemevalError):
    """A strategy broke the rules of its protocol: unknown source, false verbatim claim, budget exceeded."""


class LeakError(ContractError):
    """A strategy cited turns of another dialogue."""


class RecordsError(MemevalError):
    """Results that cannot be written or read."""


class StorageError(MemevalError):
    """A storage system that cannot be reached, refuses, or fails; the message names it and how to go on."""


class BaselineError(MemevalError):
    """A comparison that lacks what it compares with."""


class ModelError(MemevalError):
    """A model or embedder that is missing, is not the one expected, or did not answer."""


class ReplyError(ModelError):
    """One request that has no usable reply: too long for the model, empty, cut, against the schema, refused.

    Other requests may succeed, so that it is noted where it happened; any other `ModelError` fails them all.
    """


class CallTimedOut(BaseException):
    """A call of a plug-in took longer than `timeout`. It is no `Exception`: no plug-in takes it for one of its own."""


def words(error: BaseException) -> str:
    """What an error says, as it is kept for a question of a run: cut where it is long, and without keys."""
    try:
        text = str(error)
    except Exception:
        return "its message cannot be read"
    return shortened(masked(text), _KEPT).encode("utf-8", "backslashreplace").decode()
