"""The embedded benchmark: generated dialogues of made-up people, with questions whose evidence is known.

What is in it, how it is made and how it was checked: docs/demo.md.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from annotated_types import Ge, Interval

from memeval.benchmarks.demo.questions import CATEGORIES
from memeval.benchmarks.demo.writer import write
from memeval.kit.errors import ConfigError
from memeval.kit.ranges import ranged
from memeval.kit.types import Dialogue

# A change of any generated text takes the next version, and a hash of the source of that version. A change of the code
# that leaves all texts as they are takes neither: tests hold the texts of several sizes.
VERSION = 1
SHA256 = "4f38c84021e23b024b9cbf4b85e91c7ec0b5d9da2fa731c1c0b89e6668dbc648"
FEWEST, MOST = 100, 1_000_000


@ranged
class Demo:
    """Generated dialogues, the same for the same arguments on every machine and Python."""

    name = "demo"
    licence = "Apache-2.0"
    categories: Sequence[str] = CATEGORIES

    def __init__(
        self,
        users: Annotated[int, Ge(1)] | None = None,
        turns: Annotated[int, Interval(ge=FEWEST, le=MOST)] = 2400,
        seed: int = 7,
    ) -> None:
        """Choose the size; nothing is generated yet.

        Args:
            users: number of dialogues, each of at least 100 turns; by default 6 for 2,400 turns and as the square root
                of `turns` otherwise, so that more turns make more and longer dialogues.
            turns: of all dialogues together, 100 to 1,000,000.
            seed: another one makes other dialogues of the same kind.

        Raises:
            ConfigError: a size out of range.
        """
        if users is None:
            users = max(1, min(turns // FEWEST, round(6 * math.sqrt(turns / 2400))))
        if users > turns // FEWEST:
            raise ConfigError(
                f"benchmark.users={users} does not fit benchmark.turns={turns}: a user has at least {FEWEST} turns, so "
                f"choose 1 to {turns // FEWEST} users, e.g. benchmark.users=1, or leave it out"
            )
        self._users = users
        self._turns = turns
        self._seed = seed

    def fingerprint(self) -> Mapping[str, Any]:
        """Version of the generator with its hash, size and seed."""
        return {
            "name": self.name,
            "version": VERSION,
            "sha256": SHA256,
            "users": self._users,
            "turns": self._turns,
            "seed": self._seed,
            "gold": "generated",
        }

    def __len__(self) -> int:
        """Number of dialogues."""
        return self._users

    def __iter__(self) -> Iterator[Dialogue]:
        """Dialogues one by one, each generated when it is asked for."""
        each, more = divmod(self._turns, self._users)
        for index in range(self._users):
            yield write(index, each + (index < more), self._seed)

    def describe(self) -> Mapping[str, Any]:
        """What there is: counts; generates everything once."""
        counts: Counter[str] = Counter()
        categories: Counter[str] = Counter()
        tags: Counter[str] = Counter()
        for dialogue in self:
            counts["dialogues"] += 1
            counts["sessions"] += len({turn.session for turn in dialogue.turns})
            counts["turns"] += len(dialogue.turns)
            counts["questions"] += len(dialogue.questions)
            categories.update(question.category for question in dialogue.questions)
            tags.update(tag for question in dialogue.questions for tag in question.tags)
        return {
            **counts,
            "questions by category": {name: categories[name] for name in CATEGORIES},
            "questions by tag": dict(sorted(tags.items())),
            "seed": self._seed,
            "licence": f"{self.licence}, generated",
        }

    def anomalies(self) -> Mapping[str, int]:
        """None: nothing had to be repaired."""
        return {}
