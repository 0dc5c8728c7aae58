from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from memeval.kit.types import Dialogue, Query, Question, Turn

START = datetime(2024, 3, 1, 9, 30)
WORDS = "river lamp copper violin garden harbour pepper lantern meadow anchor cellar falcon".split()


def turns(n: int, *, per_session: int = 5, prefix: str = "t") -> list[Turn]:
    """`n` turns of two speakers, a session a day, each with one word that no other turn has."""
    return [
        Turn(
            id=f"{prefix}{i}",
            session=f"s{i // per_session}",
            speaker=("Ann", "Ben")[i % 2],
            role=("user", "assistant")[i % 2],
            text=f"The {WORDS[i % len(WORDS)]} number{i} was mentioned on that day.",
            time=START + timedelta(days=i // per_session, minutes=i % per_session),
        )
        for i in range(n)
    ]


def dialogue(name: str = "d0", n: int = 20, questions: int = 4) -> Dialogue:
    """Questions about evenly spread turns: half in the middle of the dialogue, half after its end."""
    written = turns(n)
    asked = []
    for q in range(questions):
        about = written[q * n // max(questions, 1)]
        time = None if q % 2 else about.time
        asked.append(
            Question(
                f"{name}_q{q}",
                Query(f"What was said of number{about.id[1:]}?", time),
                (about.text.split()[2],),
                (about.id,),
                "single-hop",
            )
        )
    return Dialogue(name, written, asked)


class Memory:
    """A benchmark of `dialogues` small dialogues."""

    name = "tiny"
    licence = "none"
    categories = ("single-hop",)

    def __init__(self, dialogues: int = 3, turns: int = 20, questions: int = 4) -> None:
        self._sizes = (dialogues, turns, questions)

    def fingerprint(self) -> Mapping[str, Any]:
        return {"name": self.name, "sizes": list(self._sizes)}

    def __len__(self) -> int:
        return self._sizes[0]

    def __iter__(self) -> Iterator[Dialogue]:
        for i in range(self._sizes[0]):
            yield dialogue(f"d{i}", self._sizes[1], self._sizes[2])


class Given:
    """A benchmark of the dialogues that it is given."""

    name = "given"
    licence = "none"
    categories = ("single-hop",)

    def __init__(self, dialogues: Sequence[Dialogue]) -> None:
        self._dialogues = dialogues

    def fingerprint(self) -> Mapping[str, Any]:
        return {"name": self.name}

    def __len__(self) -> int:
        return len(self._dialogues)

    def __iter__(self) -> Iterator[Dialogue]:
        return iter(self._dialogues)
