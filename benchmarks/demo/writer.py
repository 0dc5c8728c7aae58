"""One dialogue, written from its plan."""

from collections.abc import Callable
from datetime import timedelta

from memeval.benchmarks.demo import moments, talk_home, talk_world
from memeval.benchmarks.demo.calendar import Calendar, Session
from memeval.benchmarks.demo.cast import Cast
from memeval.benchmarks.demo.frames import Frame, Scene
from memeval.benchmarks.demo.grammar import Voice, tidy
from memeval.benchmarks.demo.manners import GREETINGS, PARTINGS, SYSTEM
from memeval.benchmarks.demo.questions import KINDS, Asker
from memeval.benchmarks.demo.story import Deck, Draft, Exchange, NoRoom, Story, Told
from memeval.benchmarks.demo.telling import anything, told
from memeval.benchmarks.demo.vocabulary import POOLS
from memeval.benchmarks.demo.wording import Wording
from memeval.kit.types import Dialogue, Query, Question, Role, Turn

FEWEST_QUESTIONS, MOST_QUESTIONS = 12, 60
TURNS_PER_QUESTION = 10
_SCENES = (*talk_home.SCENES, *talk_world.SCENES)
# How often a free slot holds a fact that nothing is asked about, a session a moment of each kind, a greeting, an errand.
_FACT = 0.2
_MOMENT = 0.4
_RECORD = 0.45
_GREETING = 0.5
_ERRAND = 0.7
_TRIES = 4


def write(index: int, turns: int, seed: int) -> Dialogue:
    """The dialogue of user number `index`: depends on nothing but these three numbers."""
    voice = Voice(f"memeval demo {seed} {index} {turns}")
    cast = Cast(index, voice)
    story = Story(Calendar(turns, voice), voice, Wording(cast.user, voice), cast, Deck(voice))
    asker = Asker(story)
    wanted = max(FEWEST_QUESTIONS, min(MOST_QUESTIONS, turns // TURNS_PER_QUESTION))
    for number in range(wanted):
        try:
            asker.ask(KINDS[number % len(KINDS)])
        except NoRoom:
            continue
    for place in story.later:
        place()
    return _Writer(f"u{index}", story).dialogue()


class _Writer:
    def __init__(self, name: str, story: Story) -> None:
        self._name = name
        self._story = story
        self._voice = story.voice
        self._wording = story.wording
        self._turns: list[Turn] = []
        self._at: dict[int, int] = {}
        self._said: set[str] = set()
        self._moments = set(story.moments)
        self._scene: tuple[Scene, dict[str, str]] | None = None

    def dialogue(self) -> Dialogue:
        """Write everything, then look up where the evidence is."""
        sessions = self._story.calendar.sessions
        system = tidy(self._voice.say(self._voice.pick(SYSTEM), {"me": self._story.cast.user}, POOLS))
        self._turns.append(Turn("t0", "s0", "System", "system", system, sessions[0].start))
        for number, session in enumerate(sessions):
            self._session(f"s{number}", session)
        return Dialogue(self._name, tuple(self._turns), self._questions())

    def _session(self, name: str, session: Session) -> None:
        user = self._story.cast.user
        seconds = 0.0
        moments_here = self._moments_of(session)
        self._scene = None
        for slot in range(session.first, session.end):
            exchange = self._exchange(slot, session, moments_here.get(slot))
            self._at[slot] = len(self._turns)
            for speaker, role, text in ((user, "user", exchange.user), ("Assistant", "assistant", exchange.assistant)):
                seconds += session.step * (0.5 + self._voice.random())
                self._turn(name, session, seconds, speaker, "user" if role == "user" else "assistant", text)
        if session.parting:
            parting = self._fresh(lambda: tidy(self._voice.say(self._voice.pick(PARTINGS), {}, POOLS)))
            self._turn(name, session, seconds + session.step, user, "user", parting)

    def _turn(self, name: str, session: Session, seconds: float, speaker: str, role: Role, text: str) -> None:
        time = session.start + timedelta(seconds=int(seconds))
        self._turns.append(Turn(f"t{len(self._turns)}", name, speaker, role, text, time))

    def _exchange(self, slot: int, session: Session, moment: Frame | None) -> Exchange:
        voice = self._voice
        planned = self._story.placed.get(slot)
        if planned is not None:
            self._scene = None
            self._said.update((planned.user, planned.assistant))
            return planned
        if slot == session.first and voice.chance(_GREETING):
            return self._greeting()
        if slot == session.end - 1 and voice.chance(_ERRAND) and (0, session.day) not in self._moments:
            return self._recurring(moments.FRAMES[0])
        if moment is not None:
            self._scene = None
            return self._recurring(moment)
        if self._scene is not None:
            return self._second_round(*self._scene)
        if voice.chance(_FACT):
            return anything(self._story, slot)
        return self._opening()

    # -- what is said in slots without a plan -------------------------------------------------------------------------

    def _moments_of(self, session: Session) -> dict[int, Frame]:
        found: dict[int, Frame] = {}
        for number, frame in enumerate(moments.FRAMES):
            if number and self._voice.chance(_MOMENT) and (number, session.day) not in self._moments:
                slot = self._voice.between(session.first + 1, max(session.first + 1, session.end - 2))
                if slot not in found and self._story.free(slot):
                    found[slot] = frame
                    self._moments.add((number, session.day))
        for _ in range(2):
            slot = self._voice.between(session.first + 1, max(session.first + 1, session.end - 2))
            if self._voice.chance(_RECORD) and slot not in found and self._story.free(slot):
                found[slot] = self._voice.pick(moments.RECORDS)
        return found

    def _recurring(self, frame: Frame) -> Exchange:
        deck = self._story.deck
        slots = {"v": deck.rest(frame.values)}
        if frame.keys:
            slots["k"] = deck.rest(frame.keys)
        return told(self._story, frame.say, slots, frame.reply, opens=bool(frame.keys))

    def _greeting(self) -> Exchange:
        slots = {"me": self._story.cast.user}

        def make() -> Exchange:
            user, assistant = self._voice.pick(GREETINGS)
            said = (tidy(self._voice.say(text, dict(slots), POOLS)) for text in (user, assistant))
            return Exchange(*said)

        exchange = make()
        for _ in range(_TRIES):
            if exchange.user not in self._said:
                break
            exchange = make()
        self._said.add(exchange.user)
        return exchange

    def _opening(self) -> Exchange:
        voice = self._voice
        scene = voice.pick(_SCENES)
        person = self._story.cast.anyone()
        slots = {"p": person.full}
        if scene.pairs:
            slots["x"], slots["y"] = voice.pick(scene.pairs)
        number = voice.between(0, len(scene.open) - 1)
        user = self._fresh(lambda: self._wording.user(voice.say(scene.open[number], slots, POOLS)))
        # Once introduced, somebody goes by the name.
        slots["p"] = person.name
        assistant = self._fresh(lambda: self._wording.assistant(voice.say(scene.answer[number], slots, POOLS)))
        if voice.chance(0.6):
            self._scene = (scene, slots)
        return Exchange(user, assistant)

    def _second_round(self, scene: Scene, slots: dict[str, str]) -> Exchange:
        voice = self._voice
        self._scene = None
        number = voice.between(0, len(scene.more) - 1)
        user = self._fresh(lambda: self._wording.user(voice.say(scene.more[number], slots, POOLS), opens=False))
        assistant = self._fresh(lambda: self._wording.assistant(voice.say(scene.close[number], slots, POOLS)))
        return Exchange(user, assistant)

    def _fresh(self, make: Callable[[], str]) -> str:
        """A text that has not been said in this dialogue, if a few tries find one."""
        text = make()
        for _ in range(_TRIES):
            if text not in self._said:
                break
            text = make()
        self._said.add(text)
        return text

    # -- questions ----------------------------------------------------------------------------------------------------

    def _questions(self) -> tuple[Question, ...]:
        calendar = self._story.calendar
        ends = self._ends_of_days()

        def day_of(draft: Draft) -> int:
            return calendar.days - 1 if draft.day is None else draft.day

        questions = []
        for number, draft in enumerate(sorted(self._story.drafts, key=day_of)):
            time = self._turns[ends[day_of(draft)]].time
            if time is None:
                continue
            questions.append(
                Question(
                    id=f"{self._name}-q{number}",
                    query=Query(draft.text, time + timedelta(minutes=1 + number % 20)),
                    answers=draft.answers,
                    evidence=self._ids(draft.evidence),
                    category=draft.category,
                    stale=self._ids(draft.stale),
                    stale_answers=draft.stale_answers,
                    tags=draft.tags + (("midway",) if day_of(draft) < calendar.days - 1 else ()),
                )
            )
        return tuple(questions)

    def _ends_of_days(self) -> dict[int, int]:
        """Index of the last turn of each day."""
        calendar = self._story.calendar
        ends = {}
        for day, number in calendar.last_of_day.items():
            session = calendar.sessions[number]
            ends[day] = self._at[session.end - 1] + 1 + session.parting
        return ends

    def _ids(self, statements: tuple[Told, ...]) -> tuple[str, ...]:
        return tuple(self._turns[self._at[each.slot] + each.by_assistant].id for each in statements)
