"""The embedded benchmark: it stays what it is, its gold is right, and nothing but the words leads to it."""

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from statistics import mean

import pytest
import Stemmer
from rank_bm25 import BM25Okapi

from memeval import benchmarks
from memeval.benchmarks.demo import SHA256, VERSION, Demo, details, events, personal
from memeval.benchmarks.demo.grammar import Voice
from memeval.benchmarks.demo.story import Deck
from memeval.benchmarks.demo.writer import write
from memeval.checks.contexts import check_dialogue
from memeval.kit.errors import ConfigError
from memeval.kit.types import Dialogue, Question, Turn

WORDED = ("single-hop", "multi-hop", "knowledge-update", "preference")
# Function words, the frame of "Which came first", and words that say nothing of the matter.
SMALL = frozenset(
    "a an the and or but if so as at by for from in into of off on out to up with than then that this there i me my we "
    "our you your he him his she her it its they their who which what where when how do does did s t m ll ve re d is "
    "am are was were "
    "be been have has had will would should can not no only just any all first came time one".split()
)
DIGEST = """
import hashlib
from memeval.benchmarks.demo import Demo
digest = hashlib.sha256()
for dialogue in Demo():
    digest.update(repr((dialogue.turns, dialogue.questions)).encode())
print(digest.hexdigest())
"""

TURNS_PINNED = [
    ("u0", "t0", "s0", "system", "2acdb91da5cb"),
    ("u0", "t9", "s0", "user", "36f3276a4a90"),
    ("u5", "t399", "s26", "assistant", "426642586f7f"),
]
# Of repr((turns, questions)) of all dialogues of a size; a text that changes needs a new VERSION and SHA256.
SIZES_PINNED = [
    ({}, "17dbe48b5bad"),
    ({"turns": 100}, "a917a4165945"),
    ({"turns": 600, "seed": 1}, "3bae72bf6c02"),
    ({"turns": 20_000, "users": 1}, "3e4268607e18"),
]
QUESTIONS_PINNED = [
    ("u0-q0", "single-hop", ("beside the router",), ("t57",), "577e1a3785c4"),
    ("u0-q9", "multi-hop", ("Connemara",), ("t184", "t341"), "439679835512"),
    ("u5-q39", "preference", ("a spot near the door",), ("t182",), "a4a2aaf6fdc7"),
]


@pytest.fixture(scope="module")
def dialogues() -> list[Dialogue]:
    return list(Demo())


def asked(dialogues: list[Dialogue]) -> Iterator[tuple[Dialogue, dict[str, Turn], Question]]:
    for dialogue in dialogues:
        turns = {turn.id: turn for turn in dialogue.turns}
        for question in dialogue.questions:
            yield dialogue, turns, question


def day(time: datetime | None) -> date:
    assert time is not None
    return time.date()


def short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def pattern(template: str, **slots: str) -> re.Pattern[str]:
    """What a template can have become."""
    parts = re.split(r"(\{\w+\}|a~ |[\[\]|])", template)
    signs = {"[": "(?:", "]": ")", "|": "|", "a~ ": "an? "}
    return re.compile(
        "".join(
            signs.get(part) or (slots.get(part[1:-1]) or ".+?" if part.startswith("{") else re.escape(part))
            for part in parts
        ),
        re.IGNORECASE,
    )


def test_the_default_size_has_exactly_this(dialogues: list[Dialogue]) -> None:
    assert Demo().describe() == {
        "dialogues": 6,
        "sessions": 170,
        "turns": 2400,
        "questions": 240,
        "questions by category": {
            "single-hop": 72,
            "multi-hop": 36,
            "temporal": 36,
            "knowledge-update": 36,
            "preference": 30,
            "abstention": 30,
        },
        "questions by tag": {
            "2-hop": 24,
            "3-hop": 12,
            "date": 24,
            "lexical": 96,
            "midway": 63,
            "near-miss": 30,
            "order": 12,
            "paraphrase": 90,
            "recent": 24,
        },
        "seed": 7,
        "licence": "Apache-2.0, generated",
    }
    assert len(Demo()) == len(dialogues) == 6
    assert [len(dialogue.turns) for dialogue in dialogues] == [400] * 6
    assert [len(dialogue.questions) for dialogue in dialogues] == [40] * 6
    assert Demo().anomalies() == {}


def test_records_0_9_and_last(dialogues: list[Dialogue]) -> None:
    turns = [(d.id, t.id, t.session, t.role, short(t.text)) for d in dialogues for t in d.turns]
    questions = [(q.id, q.category, q.answers, q.evidence, short(q.query.text)) for d in dialogues for q in d.questions]
    assert [turns[0], turns[9], turns[-1]] == TURNS_PINNED
    assert [questions[0], questions[9], questions[-1]] == QUESTIONS_PINNED


@pytest.mark.parametrize(("size", "wanted"), SIZES_PINNED)
def test_every_text_of_a_version_stays(size: dict[str, int], wanted: str) -> None:
    text = "".join(repr((dialogue.turns, dialogue.questions)) for dialogue in Demo(**size))
    assert short(text) == wanted
    assert (VERSION, SHA256[:8]) == (1, "4f38c840")


@pytest.mark.parametrize(
    ("pool", "count", "shapes"),
    [
        ("amount", 40_000, {"d,ddd": 3_600, "dd,ddd": 36_000, "ddd,ddd": 400}),
        ("code", 1_000, {"SSddSS": 1_000}),
        ("serial", 1_000, {"SS-dddd": 1_000}),
    ],
)
def test_made_up_values_never_run_out(pool: str, count: int, shapes: dict[str, int]) -> None:
    deck = Deck(Voice("a long dialogue"))
    values = [deck.deal(pool) if number % 2 else deck.rest(pool) for number in range(count)]
    assert len(set(values)) == count
    assert Counter(re.sub("[A-Z]", "S", re.sub(r"[0-9]", "d", value)) for value in values) == shapes
    if pool == "amount":
        assert all(value[-1] in "1379" and value[0] != "0" for value in values)


def test_the_same_bytes_under_another_hash_seed(dialogues: list[Dialogue]) -> None:
    digest = hashlib.sha256()
    for dialogue in dialogues:
        digest.update(repr((dialogue.turns, dialogue.questions)).encode())
    for seed in ("1", "4242"):
        run = subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout.strip() == digest.hexdigest()


def test_users_do_not_depend_on_each_other_and_seeds_differ(dialogues: list[Dialogue]) -> None:
    assert write(4, 400, 7) == dialogues[4]
    assert next(iter(Demo(users=2, turns=800))) == dialogues[0]
    other = next(iter(Demo(seed=8)))
    user = [{turn.text for turn in each.turns if turn.role == "user"} for each in (other, dialogues[0])]
    assert len(user[0] & user[1]) < 10


def test_dialogues_come_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counted(index: int, turns: int, seed: int) -> Dialogue:
        made.append(index)
        return write(index, turns, seed)

    monkeypatch.setattr(benchmarks.demo, "write", counted)
    first = next(iter(Demo(turns=1_000_000)))
    assert made == [0]
    assert len(first.turns) == -(-1_000_000 // len(Demo(turns=1_000_000)))


def test_the_fingerprint_tells_sizes_and_seeds_apart() -> None:
    prints = [
        Demo(*each).fingerprint() for each in ((), (6, 2400, 7), (6, 2400, 8), (5, 2400, 7), (6, 2401, 7))
    ]  # fmt: skip
    assert prints[0] == prints[1]
    assert len({repr(each) for each in prints}) == 4
    assert re.fullmatch("[0-9a-f]{64}", prints[0]["sha256"])


@pytest.mark.parametrize("turns", [100, 101, 150, 333, 1000])
def test_small_sizes_are_exact_and_have_every_category(turns: int) -> None:
    demo = Demo(turns=turns)
    made = list(demo)
    assert sum(len(dialogue.turns) for dialogue in made) == turns
    assert len(made) == len(demo)
    for dialogue in made:
        check_dialogue(dialogue)
        assert {question.category for question in dialogue.questions} == set(Demo.categories)
        assert 12 <= len(dialogue.questions) <= 60


def test_one_long_user() -> None:
    (dialogue,) = Demo(users=1, turns=30_000)
    check_dialogue(dialogue)
    assert len(dialogue.turns) == 30_000
    assert len(dialogue.questions) == 60
    places = sorted(int(each[1:]) for question in dialogue.questions for each in question.evidence or ())
    assert places[0] < 3_000 and places[-1] > 27_000 and 9_000 < mean(places) < 21_000
    texts = [turn.text for turn in dialogue.turns if turn.role == "user"]
    assert len(set(texts)) > 0.9 * len(texts)


@pytest.mark.parametrize(
    ("arguments", "typed"),
    [
        ({"turns": 99}, "turns=99 is out of range: give 100 to 1000000, e.g. turns=2400"),
        ({"turns": 1_000_001}, "turns=1000001 is out of range"),
        ({"users": 0}, "users=0 is out of range: give 1 or more"),
        ({"users": 25}, "1 to 24 users"),
    ],
)
def test_a_size_out_of_range_says_what_to_type(arguments: dict[str, int], typed: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(typed)):
        Demo(**arguments)


def test_the_dialogues_look_like_months_of_chat(dialogues: list[Dialogue]) -> None:
    for dialogue in dialogues:
        check_dialogue(dialogue)
        times = [turn.time for turn in dialogue.turns]
        assert times == sorted(times)
        assert dialogue.turns[0].role == "system"
        assert {turn.role for turn in dialogue.turns[1:]} == {"user", "assistant"}
        days = sorted({day(time) for time in times})
        gaps = [(late - early).days for early, late in zip(days, days[1:], strict=False)]
        assert days[-1] - days[0] > timedelta(days=60)
        assert min(gaps) == 1 and max(gaps) >= 7
        user = [turn.text for turn in dialogue.turns if turn.role == "user"]
        assert len(set(user)) > 0.98 * len(user)
        assert not any(re.search(r"[{}\[\]|~]|\s\s|\s$", turn.text) for turn in dialogue.turns)


def test_evidence_was_told_when_the_question_is_asked(dialogues: list[Dialogue]) -> None:
    for dialogue, turns, question in asked(dialogues):
        now = day(question.query.time)
        assert now <= day(dialogue.turns[-1].time)
        assert question.evidence is not None
        assert bool(question.evidence) == bool(question.answers) == (question.category != "abstention")
        for each in (*question.evidence, *question.stale):
            assert day(turns[each].time) <= now, question
        if question.category == "multi-hop":
            assert len({turns[each].session for each in question.evidence}) == len(question.evidence) >= 2


def test_answers_stand_in_their_evidence_and_hardly_elsewhere(dialogues: list[Dialogue]) -> None:
    elsewhere = total = 0
    for dialogue, turns, question in asked(dialogues):
        if question.category in WORDED:
            (answer,) = question.answers
            assert question.evidence
            assert any(answer.lower() in turns[each].text.lower() for each in question.evidence), question
            assert answer.lower() not in question.query.text.lower(), question
            others = (turn.text.lower() for turn in dialogue.turns if turn.id not in question.evidence)
            elsewhere += any(answer.lower() in text for text in others)
            total += 1
    assert total == 174
    assert elsewhere < 0.02 * total


def test_the_newest_value_counts(dialogues: list[Dialogue]) -> None:
    midway = 0
    for dialogue, turns, question in asked(dialogues):
        if question.category != "knowledge-update":
            assert not question.stale and not question.stale_answers
            continue
        (newest,) = question.evidence or ()
        assert 1 <= len(question.stale) == len(question.stale_answers) <= 3
        for each, value in zip(question.stale, question.stale_answers, strict=True):
            assert value.lower() in turns[each].text.lower()
            assert day(turns[each].time) < day(turns[newest].time)
        midway += "midway" in question.tags
        if "lexical" in question.tags:
            words = set(re.findall(r"\w+", question.query.text.lower()))
            told = [
                turn.id
                for turn in dialogue.turns
                if turn.role == "user"
                and len(words & set(re.findall(r"\w+", turn.text.lower()))) >= 3
                and turn.id in {newest, *question.stale}
            ]
            assert told == [*question.stale, newest]
    assert midway >= 12


def test_dates_follow_from_the_dialogue(dialogues: list[Dialogue]) -> None:
    for _, turns, question in asked(dialogues):
        if "date" in question.tags:
            (told,) = question.evidence or ()
            when, said = datetime.strptime(question.answers[0], "%d %B %Y"), turns[told]
            ago = (day(said.time) - when.date()).days
            assert question.answers[2] == when.date().isoformat()
            words = {0: "today", 1: "yesterday", 2: "the day before yesterday"}.get(ago, f"on {when:%A}")
            assert 0 <= ago <= 6 and words in said.text.lower().replace(f"on {when:%A}".lower(), f"on {when:%A}")
        elif "order" in question.tags:
            first, second = question.evidence or ()
            assert day(turns[second].time) - day(turns[first].time) > timedelta(days=12)
            assert question.answers[0] in question.query.text


def test_recent_evidence_is_in_the_last_ten_turns_of_its_day(dialogues: list[Dialogue]) -> None:
    ends = Counter[bool]()
    for dialogue, _, question in asked(dialogues):
        if "recent" in question.tags:
            seen = [turn.id for turn in dialogue.turns if day(turn.time) <= day(question.query.time)]
            (told,) = question.evidence or ()
            assert told in seen[-10:]
            ends["midway" in question.tags] += 1
    assert ends == {True: 18, False: 6}


def test_a_paraphrase_repeats_no_word(dialogues: list[Dialogue]) -> None:
    stem = Stemmer.Stemmer("english").stemWord

    def stems(text: str) -> set[str]:
        return {stem(word) for word in re.findall(r"[a-z0-9]+", text.lower()) if word not in SMALL}

    counted = 0
    shared: list[bool] = []
    for _, turns, question in asked(dialogues):
        told = [turns[each].text for each in (*(question.evidence or ()), *question.stale)]
        if "paraphrase" in question.tags:
            counted += 1
            assert not any(stems(question.query.text) & stems(text) for text in told), (question, told)
        elif "lexical" in question.tags:
            shared.extend(bool(stems(question.query.text) & stems(text)) for text in told)
    # A landlord in the question may be one who lets a flat in the evidence.
    assert mean(shared) > 0.95
    assert counted == 90


def test_nothing_answers_what_must_be_abstained_from(dialogues: list[Dialogue]) -> None:
    kinds = Counter[str]()
    for dialogue, _, question in asked(dialogues):
        if question.category != "abstention":
            continue
        text = question.query.text
        user = [turn.text for turn in dialogue.turns if turn.role == "user"]
        for frame in personal.FRAMES:
            if any(pattern(ask).fullmatch(text) for ask in frame.ask):
                kinds["fact"] += 1
                assert not any(pattern(say).search(said) for say in frame.say for said in user), text
                assert any(pattern(say).search(said) for say in frame.other for said in user), text
        for frame in details.FRAMES:
            for key in details.POOLS[frame.keys]:
                if any(pattern(ask, k=re.escape(key)).fullmatch(text) for ask in frame.ask):
                    kinds["detail"] += 1
                    says = [pattern(say, k=re.escape(key)) for say in frame.say]
                    assert not any(say.search(turn.text) for say in says for turn in dialogue.turns), text
        for event in events.EVENTS:
            if text == f"When did I {event.ask}?":
                kinds["event"] += 1
                assert not any(pattern(say).search(said) for say in event.say for said in user), text
                assert any(pattern(say).search(said) for say in event.other for said in user), text
    assert kinds == {"fact": 12, "detail": 6, "event": 6}


def test_only_words_lead_to_the_evidence(dialogues: list[Dialogue]) -> None:
    lengths: dict[bool, list[int]] = {True: [], False: []}
    places: dict[bool, list[float]] = {True: [], False: []}
    roles = Counter[str]()
    for dialogue in dialogues:
        assert [turn.id for turn in dialogue.turns] == [f"t{n}" for n in range(400)]
        gold = {each for q in dialogue.questions if "recent" not in q.tags for each in (*(q.evidence or ()), *q.stale)}
        sessions: dict[str, list[Turn]] = {}
        for turn in dialogue.turns[1:]:
            sessions.setdefault(turn.session, []).append(turn)
        assert list(sessions) == [f"s{n}" for n in range(len(sessions))]
        for session in sessions.values():
            for place, turn in enumerate(session):
                if turn.role == "user":
                    lengths[turn.id in gold].append(len(turn.text.split()))
                    places[turn.id in gold].append(place / len(session))
                if turn.id in gold:
                    roles[turn.role] += 1
    assert 0.85 < mean(lengths[True]) / mean(lengths[False]) < 1.15
    assert abs(mean(places[True]) - mean(places[False])) < 0.1
    assert roles["user"] > 200 and roles["assistant"] >= 5


def test_words_and_windows_find_what_they_should(dialogues: list[Dialogue]) -> None:
    found: dict[tuple[str, str], list[float]] = {}
    for dialogue, _, question in asked(dialogues):
        seen = [turn for turn in dialogue.turns if day(turn.time) <= day(question.query.time)]
        (kind,) = {"lexical", "paraphrase", "recent", "near-miss"}.intersection(question.tags)
        if kind == "near-miss":
            continue
        index = BM25Okapi([re.findall(r"\w+", f"{turn.speaker}: {turn.text}".lower()) for turn in seen])
        scores = index.get_scores(re.findall(r"\w+", question.query.text.lower()))
        best = sorted(range(len(seen)), key=lambda at: (-scores[at], at))[:10]
        for way, top in (("bm25", {seen[at].id for at in best}), ("window", {turn.id for turn in seen[-10:]})):
            gold = question.evidence or ()
            found.setdefault((way, kind), []).append(len(top.intersection(gold)) / len(gold))
    share = {key: mean(values) for key, values in found.items()}
    assert share["bm25", "lexical"] > 0.9
    assert share["bm25", "paraphrase"] < 0.1
    assert share["bm25", "recent"] < 0.7
    assert share["window", "recent"] == 1.0
    assert max(share["window", "lexical"], share["window", "paraphrase"]) < 0.15
