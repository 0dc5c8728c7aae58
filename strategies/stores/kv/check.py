"""What every key-value store refuses."""

from collections.abc import Iterable

from memeval.kit.errors import ContractError
from memeval.kit.stores import Entry
from memeval.kit.text import flaw


def check_entries(scope: str, entries: Iterable[Entry]) -> None:
    """Refuse text that some database would cut or change: with a NUL or an unpaired surrogate.

    Raises:
        ContractError: names the key.
    """
    _check(scope, "scope", scope)
    for entry in entries:
        for name, text in (("key", entry.key), ("slot", entry.slot), ("value", entry.value)):
            _check(text, name, entry.key)
        for source in entry.sources:
            _check(source, "source", entry.key)


def _check(text: str, name: str, key: str) -> None:
    if reason := flaw(text):
        raise ContractError(f"the {name} of key {key!r:.80} contains {reason}")
