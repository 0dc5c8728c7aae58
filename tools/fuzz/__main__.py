"""`python -m tools.fuzz`."""

import random
import resource
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tools.fuzz.carrying import carry_out, composed_once, scratch, warm
from tools.fuzz.inputs import Input
from tools.fuzz.kinds import KINDS, SHARES
from tools.fuzz.verdict import difference, fault

HELP = """\
Type odd inputs into every command of memeval and say what was not answered with an exit code and a sentence.

  python -m tools.fuzz                              1,000 inputs of all kinds
  python -m tools.fuzz only=dialogues count=5000    one kind, or several: only=rules,measures
  python -m tools.fuzz seed=7 seconds=600           other inputs; at most ten minutes
  python -m tools.fuzz alone=yes only=plugins       each in a process of its own: finds what does not end

count=1000 inputs, seconds=0 (no limit), seed=0, limit=20 seconds an input,
    keep=build/fuzz: a folder for each input that
failed, with COMMAND.sh that repeats it. The same seed gives the same inputs.

A command passes if it ends in time with exit code 0, 1 or 2, says a sentence of at most 2,000 characters where it is
not 0, prints no traceback and no control characters, and gives equal numbers for inputs that mean the same.

Exit codes: 0 all passed; 1 some did not; 2 the words above are not understood.

Kinds: """
_SLICE = 500
# Bytes of memory: an input that wants more ends with an error and not with the machine.
_MEMORY = 12_000_000_000


@dataclass(slots=True)
class Found:
    """What a session has found.

    Attributes:
        inputs: how many of each kind.
        seconds: spent on each kind.
        faults: of each kind.
        codes: how often each exit code was seen, by kind.
    """

    inputs: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    codes: Counter[tuple[str, int | None]] = field(default_factory=Counter)


def examples(kind: str, count: int, start: int) -> list[Input]:
    """So many inputs of a kind; the same start gives the same ones."""
    made: list[Input] = []

    # Warnings of other packages and of a slow draw are no matter of memeval.
    @seed(start)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(KINDS[kind])
    def take(each: Input) -> None:
        made.append(each)

    take()
    return made[:count]


def check(each: Input, limit: float, alone: bool) -> tuple[str | None, str, int | None]:
    """What is wrong with how a command answers an input, what it said, and its exit code."""
    with scratch() as folder, scratch() as other:
        said = carry_out(each, folder, limit, alone)
        wrong = fault(each, said, limit)
        if wrong is None and each.twin is not None:
            twin = carry_out(each.twin, other, limit, alone)
            wrong = fault(each.twin, twin, limit) or difference(said, twin)
        return wrong, f"exit code {said.code}\n{said.err[-6000:]}\n{said.out[-2000:]}", said.code


def fuzz(kinds: dict[str, int], start: int, limit: float, alone: bool, seconds: float, keep: Path) -> Found:
    """Carry out so many inputs of each kind.

    Args:
        kinds: how many of each.
        start: of the generators.
        limit: seconds of an input.
        alone: each in a process of its own.
        seconds: after which no input is begun; 0: all are carried out.
        keep: folder of those that failed.
    """
    found = Found()
    end = time.monotonic() + seconds if seconds else float("inf")
    # After Ctrl-C, what has been found is printed.
    with composed_once(), suppress(KeyboardInterrupt):
        for kind, count in kinds.items():
            for first in range(0, count, _SLICE):
                number = random.Random(f"{start}/{kind}/{first}").getrandbits(32)
                for index, each in enumerate(examples(kind, min(_SLICE, count - first), number), first):
                    began = time.monotonic()
                    if began > end:
                        return found
                    wrong, said, code = check(each, limit, alone)
                    found.inputs[kind] += 1 + (each.twin is not None)
                    found.seconds[kind] += time.monotonic() - began  # type: ignore[assignment]
                    found.codes[kind, code] += 1
                    if wrong is not None:
                        found.faults[kind] += 1
                        each.keep(keep / f"{kind}-{start}-{index}", wrong, said)
                        print(f"{kind}-{start}-{index}: {wrong}", flush=True)  # noqa: T201
    return found


def main(words: list[str]) -> int:
    """Read the words, carry out the inputs, print a table."""
    if {"-h", "--help"} & set(words):
        print(HELP + ", ".join(KINDS))  # noqa: T201
        return 0
    asked = {
        "seed": "0",
        "only": "",
        "count": "1000",
        "seconds": "0",
        "limit": "20",
        "alone": "no",
        "keep": "build/fuzz",
    }
    given_words = dict(word.partition("=")[::2] for word in words)
    chosen = [kind for kind in given_words.get("only", "").split(",") if kind]
    numbers = all(given_words.get(key, "0").isdigit() for key in ("seed", "count", "seconds", "limit"))
    if set(given_words) - set(asked) or set(chosen) - set(KINDS) or not numbers:
        print(f"not understood: {' '.join(words)}\n\n{HELP}{', '.join(KINDS)}", file=sys.stderr)  # noqa: T201
        return 2
    asked.update(given_words)
    shares = {kind: SHARES[kind] for kind in chosen or SHARES}
    kinds = {kind: max(1, int(asked["count"]) * share // sum(shares.values())) for kind, share in shares.items()}
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    warm()
    found = fuzz(
        kinds,
        int(asked["seed"]),
        float(asked["limit"]),
        asked["alone"] == "yes",
        float(asked["seconds"]),
        Path(asked["keep"]),
    )
    print(f"{'kind':<16} {'inputs':>7} {'seconds':>8} {'failed':>7}   exit codes")  # noqa: T201
    for kind in found.inputs:
        codes = ", ".join(
            f"{code}: {number:,}" for (name, code), number in sorted(found.codes.items(), key=str) if name == kind
        )
        print(f"{kind:<16} {found.inputs[kind]:>7,} {found.seconds[kind]:>8.0f} {found.faults[kind]:>7,}   {codes}")  # noqa: T201
    print(f"{sum(found.inputs.values()):,} inputs, {sum(found.faults.values()):,} failed")  # noqa: T201
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
