"""What is wrong with how a command ended."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.fuzz.carrying import Said
from tools.fuzz.inputs import Input

# Characters of what a command says of an error.
LONGEST = 2_000
# Words of what nobody has words for.
_UNWORDED = ("Traceback (most recent call last)", "met an error that it has no words for", "Exception ignored in")
_WARNING = re.compile(r"^\S*:\d+: \w*Warning:", re.MULTILINE)
# What differs between two runs of the same: times, places, ids, and versions of what is read.
_OWN = ("usage", "seconds")
# A table's numbers; times have units of their own and are asked for by nobody here.
_ID = re.compile(r"-[0-9a-f]{10}\b")


def fault(given: Input, said: Said, limit: float) -> str | None:
    """What is wrong with how a command ended; None if nothing is."""
    if said.late:
        return f"it did not end within {limit:g} seconds"
    for sign in _UNWORDED:
        if sign in said.err or sign in said.out:
            return f"a traceback: {_last(said.err if sign in said.err else said.out)}"
    if found := _WARNING.search(said.err):
        return f"a Python warning: {found[0]}"
    if said.code not in (0, 1, 2):
        return f"exit code {said.code}"
    if given.wrong and said.code != 2:
        return f"exit code {said.code} of what cannot be carried out"
    # `data validate` prints mistakes, which are its result.
    if said.code == 2 and not (said.err.strip() or said.out.strip()):
        return "exit code 2 without a word"
    if said.code == 1 and not (said.err.strip() or said.out.strip()):
        return "exit code 1 without a word"
    if len(said.err) > LONGEST * max(1, said.err.count("\nmemeval:") + said.err.startswith("memeval:")):
        return f"a message of {len(said.err):,} characters"
    if any(ord(sign) < 32 and sign not in "\n\t" for sign in said.err + said.out):
        return "a control character reaches the terminal"
    return None


def difference(one: Said, other: Said) -> str | None:
    """How the numbers of two inputs that mean the same differ; None if they do not."""
    if one.code != other.code:
        return f"exit codes {one.code} and {other.code} of inputs that mean the same"
    before, after = list(_outcomes(one.folder)), list(_outcomes(other.folder))
    if before != after:
        pair = next((pair for pair in zip(before, after, strict=False) if pair[0] != pair[1]), (before, after))
        return f"different outcomes of inputs that mean the same:\n{str(pair[0])[:1500]}\n{str(pair[1])[:1500]}"
    shown, again = _table(one), _table(other)
    if one.code == 0 and shown != again:
        pair = next((pair for pair in zip(shown, again, strict=False) if pair[0] != pair[1]), (shown, again))
        return f"different numbers of inputs that mean the same:\n{str(pair[0])[:500]}\n{str(pair[1])[:500]}"
    return None


def _table(said: Said) -> list[str]:
    """What a command prints, without the names of runs and folders."""
    lines = said.out.replace(str(said.folder), "").splitlines()
    return [_ID.sub("", line) for line in lines if not line.startswith(("Stored in", "Curves:"))]


def _outcomes(folder: Path) -> Iterator[Any]:
    for path in sorted(folder.glob("results/**/outcomes.jsonl"), key=lambda path: _ID.sub("", str(path))):
        for line in path.read_text(encoding="utf-8", errors="backslashreplace").splitlines():
            value = json.loads(line)
            value["stats"] = {k: v for k, v in value.get("stats", {}).items() if not k.endswith(("seconds", "bytes"))}
            yield {key: each for key, each in value.items() if key not in ("usage", "write")}


def _last(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:400] if lines else ""
