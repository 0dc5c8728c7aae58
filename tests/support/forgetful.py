"""Memories that claim to forget."""

from collections.abc import Sequence
from pathlib import Path

from memeval.kit.types import Context, Query, Segment, Turn


class ForgetsNothing:
    def __init__(self, folder: str | None = None) -> None:
        self.turns: list[Turn] = []

    def write(self, turns: Sequence[Turn]) -> None:
        self.turns += turns

    def read(self, query: Query, budget: int) -> Context:
        wanted = query.text.split()[-1].rstrip("?") + " "
        return Context([Segment("memory", turn.text, (turn.id,)) for turn in self.turns if wanted in turn.text])

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Nothing happens."""


class ForgetsTheSource(ForgetsNothing):
    """Keeps the text and only no longer says whose it is."""

    def __init__(self, folder: str | None = None) -> None:
        super().__init__()
        self.anonymous: set[str] = set()

    def read(self, query: Query, budget: int) -> Context:
        found = super().read(query, budget).segments
        return Context(
            [
                Segment("memory", segment.text, (), verbatim=False) if segment.sources[0] in self.anonymous else segment
                for segment in found
            ]
        )

    def forget(self, turn_ids: Sequence[str]) -> None:
        self.anonymous.update(turn_ids)


class ForgetsUntilReopened(ForgetsNothing):
    """Drops the turns in memory and leaves them in its file."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._file = Path(folder) / "turns.txt"
        if self._file.exists():
            lines = [line.split("\t") for line in self._file.read_text().splitlines()]
            self.turns = [Turn(name, "s", "Ann", "user", text) for name, text in lines]

    def write(self, turns: Sequence[Turn]) -> None:
        super().write(turns)
        self._file.write_text("".join(f"{turn.id}\t{turn.text}\n" for turn in self.turns))

    def forget(self, turn_ids: Sequence[str]) -> None:
        self.turns = [turn for turn in self.turns if turn.id not in turn_ids]
