"""Errors a user can act on: each message names the value, the choices and what to type."""


class MemevalError(Exception):
    """Base of every error that memeval raises on purpose; the CLI prints it without a traceback and exits with 2."""


class ConfigError(MemevalError):
    """An option, a name or a combination of options that cannot be run."""


class DataError(MemevalError):
    """A data file that is missing, damaged, not what its hash says, or not of its schema."""


class ContractError(MemevalError):
    """A strategy broke the rules of its protocol: unknown source, false verbatim claim, budget exceeded."""


class LeakError(ContractError):
    """A strategy cited turns of another dialogue."""


class StoreError(MemevalError):
    """Results that cannot be written or read."""


class StorageError(MemevalError):
    """A storage system that cannot be reached, refuses, or fails; the message names it and how to go on."""


class BaselineError(MemevalError):
    """A comparison that lacks what it compares with."""


class ModelError(MemevalError):
    """A model or embedder that is missing, is not the one expected, or did not answer."""
