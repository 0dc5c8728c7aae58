"""The embedded benchmark: synthetic long chats of several users with exact gold."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from math import isqrt
from random import Random
from typing import Any

from memeval.benchmarks.demo.chitchat import Chitchat, prefixes
from memeval.benchmarks.demo.draw import between, pick
from memeval.benchmarks.demo.layout import RECENT_TURNS, Beat, Layout
from memeval.benchmarks.demo.plot import CATEGORIES, Draft, plan
from memeval.benchmarks.demo.world import World
from memeval.errors import ConfigError
from memeval.types import Dialogue, Query, Question, Turn

VERSION = 1
_FEWEST, _MOST, _SHORTEST = 100, 1_000_000, 50
_SYSTEM = (
    "You are a helpful personal assistant. Keep track of what the user tells you and answer in a few sentences.",
    "You are a friendly everyday assistant. Be brief, be concrete, and ask when something is unclear.",
    "You assist one person over a long time. Answer plainly and remember what matters to them.",
)


class Demo:
    """Synthetic chats of several users with an assistant over months, each with questions and their evidence.

    Users are generated one at a time and independently of each other: nothing is read or downloaded. The same
    arguments give the same bytes under every Python version.
    """

    name = "demo"
    licence = "MIT"
    categories: Sequence[str] = CATEGORIES

    def __init__(self, users: int | None = None, turns: int = 2400, seed: int = 7) -> None:
        """Set up; nothing is generated yet.

        Args:
            users: number of dialogues; None chooses it by `turns` (2,400 give 6 dialogues of 400).
            turns: of all users together, 100 to 1,000,000.
            seed: another seed gives other users.
        """
        if not _FEWEST <= turns <= _MOST:
            raise ConfigError(
                f"benchmark.turns={turns} must lie between {_FEWEST:,} and {_MOST:,}, e.g. benchmark.turns=2400"
            )
        if users is None:
            users = max(1, min(turns // 400, isqrt(turns // 66)))
        if users < 1 or turns // users < _SHORTEST:
            raise ConfigError(
                f"benchmark.users={users} must lie between 1 and {turns // _SHORTEST} for benchmark.turns={turns}, since "
                f"a user has at least {_SHORTEST} turns: type benchmark.users=null to have it chosen"
            )
        self._users, self._turns, self._seed = users, turns, seed

    def __len__(self) -> int:
        """Number of users."""
        return self._users

    def __iter__(self) -> Iterator[Dialogue]:
        """One user after the other, each made when asked for."""
        short, longer = divmod(self._turns, self._users)
        for user in range(self._users):
            yield _dialogue(self._seed, user, short + (user < longer))

    def fingerprint(self) -> Mapping[str, Any]:
        """The generator's version and all its arguments."""
        return {
            "name": self.name,
            "version": VERSION,
            "seed": self._seed,
            "users": self._users,
            "turns": self._turns,
        }

    def describe(self) -> Mapping[str, Any]:
        """Counts of what is generated; runs through all users once."""
        counts = dict.fromkeys(CATEGORIES, 0)
        sessions = 0
        for dialogue in self:
            sessions += len({turn.session for turn in dialogue.turns})
            for question in dialogue.questions:
                counts[question.category] += 1
        return {
            "users": self._users,
            "turns": self._turns,
            "sessions": sessions,
            "questions": sum(counts.values()),
            **{f"questions: {category}": count for category, count in counts.items()},
            "generator": f"version {VERSION}, seed {self._seed}",
            "licence": self.licence,
        }

    def anomalies(self) -> Mapping[str, int]:
        """Nothing is repaired: the data is made, not read."""
        return {}


def _dialogue(seed: int, user: int, length: int) -> Dialogue:
    rng = Random(f"{seed}:{user}")
    world = World(rng)
    layout = Layout(rng, length - 1)
    drafts = plan(rng, world, layout, max(6, min(60, length // 10)))
    turns = _turns(rng, world, layout)
    number = {turn.id: index for index, turn in enumerate(turns)}
    questions = []
    for index, draft in enumerate(drafts):
        asked = draft.asked or layout.after()
        written = _written(turns, asked.date())
        questions.append(
            Question(
                id=f"u{user + 1}-q{index + 1}",
                query=Query(draft.text, asked),
                answers=draft.answers,
                evidence=tuple(sorted((beat.turn for beat in draft.evidence), key=number.__getitem__)),
                category=draft.category,
                stale=tuple(beat.turn for beat in draft.stale),
                stale_answers=draft.stale_answers,
                tags=(*draft.tags, *_age(draft, number, written)),
            )
        )
    return Dialogue(f"u{user + 1}", turns, tuple(questions))


def _written(turns: Sequence[Turn], day: Any) -> int:
    low, high = 0, len(turns)
    while low < high:
        middle = (low + high) // 2
        time = turns[middle].time
        if time is not None and time.date() <= day:
            low = middle + 1
        else:
            high = middle
    return low


def _age(draft: Draft, number: Mapping[str, int], written: int) -> tuple[str, ...]:
    """How long ago the evidence was told, as of the question."""
    if not draft.evidence:
        return ()
    first = min(number[beat.turn] for beat in draft.evidence)
    if first >= written - RECENT_TURNS:
        return ("recent",)
    return ("old",) if first < written / 3 else ("middle",)


def _turns(rng: Random, world: World, layout: Layout) -> list[Turn]:
    chat = Chitchat(rng, world.people)
    turns: list[Turn] = []
    for place, session in enumerate(layout.sessions):
        time = session.start
        label = f"s{place + 1}"
        if not turns:
            turns.append(Turn("t1", label, "Instruction", "system", pick(rng, _SYSTEM), time))
        chat.begin()
        thanks: str | None = None
        for exchange in range((session.size + 1) // 2):
            beat = session.beats.get(exchange)
            user, assistant, own = _exchange(chat, beat, thanks)
            thanks = beat.reply if beat is not None and beat.ask is not None else None
            turns.append(Turn(f"t{len(turns) + 1}", label, "User", "user", user, time))
            if beat is not None and own:
                beat.turn = turns[-1].id
            time += timedelta(seconds=between(rng, 15, 80))
            if 2 * exchange + 1 < session.size:
                turns.append(Turn(f"t{len(turns) + 1}", label, "Assistant", "assistant", assistant, time))
                if beat is not None and not own:
                    beat.turn = turns[-1].id
                time += timedelta(seconds=between(rng, 25, 160))
            chat.maybe_turn()
    return turns


def _exchange(chat: Chitchat, beat: Beat | None, thanks: str | None) -> tuple[str, str, bool]:
    """What user and assistant say, and whether the user's turn holds the fact."""
    if beat is None:
        return chat.user(None, thanks), chat.assistant(), True
    if beat.ask is not None:
        return (f"{thanks} {beat.ask}" if thanks else beat.ask), chat.assistant(beat.text), False
    for _ in range(80):
        if beat.reply is not None:
            user, assistant = chat.plain(beat.text), chat.assistant(beat.reply)
        else:
            user = chat.user(beat.text)
            assistant = chat.assistant()
        if not beat.avoid & prefixes(user.replace(beat.text, "")):
            break
        chat.turn()
    return user, assistant, True
