"""Facts by rules: no model, no data but what stands in this package."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from memeval.kit.types import Turn
from memeval.strategies.extraction.clauses import sentences
from memeval.strategies.extraction.dates import resolve
from memeval.strategies.extraction.english import is_english
from memeval.strategies.extraction.fact import Fact
from memeval.strategies.extraction.patterns import (
    ANIMAL,
    APPOSED,
    COPULA,
    KINDS,
    NAMED,
    NAMED_WITHOUT_CASE,
    NEW_ONE,
    PATTERNS,
    PATTERNS_WITHOUT_CASE,
    PERSON,
    PREVIOUS,
    PRONOUN_NAME,
    SINGLE_NOUNS,
)
from memeval.strategies.extraction.persons import as_first_person
from memeval.strategies.extraction.sentences import Action, actions, third_person
from memeval.strategies.extraction.spelling import is_without_case, plain, written
from memeval.strategies.extraction.unsaid import shown
from memeval.strategies.extraction.words import base, content, normal

# Speakers whose turns are answers, not a life.
_MACHINES = frozenset({"assistant", "ai", "bot", "chatbot", "model", "gpt", "chatgpt", "claude", "system", "agent"})
_PERSONAL = re.compile(r"\b(?:I|[Mm]y|[Ww]e|[Oo]ur|me)\b")
_FUTURE = re.compile(
    r"\b(?:will|gonna|going to|planning|next|soon|upcoming|hoping|want to|looking forward|tomorrow|can't wait)\b|'ll\b"
)
_YEAR = re.compile(r"(?<![\w.,/-])(?:19|20)\d\d(?![\w-])")
_DATED = re.compile(r"\[[^\]]*\d{4}\]")
_ENTITY = re.compile(r"(?<=\s)[A-Z][a-z]+|\b\d+\b|\"")
_VITAL = re.compile(
    r"\b(?:wife|husband|mother|mom|father|dad|sister|brother|daughter|son|kids?|child(?:ren)?|family|parents?|"
    r"baby|pregnan\w+|"
    r"married|wedding|engaged|divorced?|died|passed away|funeral|hospital|surgery|diagnos\w+|doctor|cancer|"
    r"illness|allerg\w+|"
    r"accident|injur\w+|promot\w+|fired|laid off|new job|hired|retired|graduated|adopt\w+)\b",
    re.IGNORECASE,
)
# Facts that need no other clause.
_WHOLE = frozenset({"preference", "pet", "allergy", "health", "photo"})
_OTHER = re.compile(r"\b(?:you|your|you're|you've|yours|y'all)\b", re.IGNORECASE)
_AGE = re.compile(r"^(?:(?:new|old|current|latest|present|other|next) )+")
_TOPIC_END = re.compile(
    r"[,.!?;:(\[]|\b(?:because|since|but|when|while|as|so|anymore|any more|now|these days|lately|again)\b"
)


class RuleExtractor:
    """Facts that English sentences state in common forms.

    Each clause of a turn gives the attributes of `patterns` that it states, names of people and animals, or otherwise
    what its subject did, is or plans. Questions, thanks and opinions about the other speaker give nothing, nor do turns
    of a machine. He and she are taken for the person named last in the session.

    Importance: 5 identity, health, family, relationship and job; 4 a lasting attribute or preference; 3 a statement
    with a name, a number or a date; 2 any other; 1 a mood or an opinion without any of these.
    """

    def __init__(self, captions: bool = True) -> None:
        """Start with nobody known; `captions`: an image that is shared with a turn is a fact."""
        self._captions = captions
        self._names: frozenset[str] = frozenset()
        self._session = ""
        self._person = ""
        self._animal = ""
        self._without_case = False
        self._read = 0
        self._unread = 0

    def prepare(self) -> None:
        """Load dateparser."""
        resolve("on Monday", datetime(2024, 1, 5))

    def extract(self, turns: Sequence[Turn]) -> Sequence[Fact]:
        """The facts of these turns, in order, none twice in a turn."""
        return [fact for turn in turns for fact in self._turn(turn)]

    def stats(self) -> Mapping[str, float]:
        """Turns that were read, and turns that were not because they are not English; turns of machines are neither."""
        return {"turns_read": self._read, "turns_unread": self._unread}

    def _turn(self, turn: Turn) -> Iterator[Fact]:
        if turn.role == "system" or turn.speaker.lower() in _MACHINES:
            return
        if turn.session != self._session:
            self._session, self._person, self._animal = turn.session, "", ""
        speaker = turn.speaker.strip() or turn.role
        if speaker not in self._names:
            self._names |= {speaker, *plain(speaker).split()}
        if not is_english(turn.text):
            self._unread += 1
            return
        self._read += 1
        self._without_case = is_without_case(turn.text)
        seen = set()
        for clauses in sentences(plain(turn.text)):
            for fact in self._sentence(clauses, turn, speaker):
                key = (fact.subject, fact.attribute, fact.slot, fact.value)
                if key not in seen:
                    seen.add(key)
                    yield fact
        if self._captions and turn.caption and turn.caption.strip():
            yield _fact(turn, speaker, "photo", plain(turn.caption).strip(), "shares {value}", False, 2)

    def _sentence(self, clauses: list[str], turn: Turn, speaker: str) -> list[Fact]:
        """The facts of its clauses; a clause without one goes with its neighbour, which may need it."""
        facts, left = [], []
        for clause in clauses:
            found = list(self._clause(clause, turn, speaker))
            facts += found
            if not found and len(content(clause)) > 1 and not _OTHER.search(clause):
                left.append(resolve(clause, turn.time, _FUTURE.search(clause) is not None, self._names))
        if not facts:
            return list(self._note(", ".join(left), turn, speaker))
        if left:
            for place, fact in enumerate(facts):
                if fact.slot and fact.attribute not in _WHOLE:
                    more = written(shown(third_person(", ".join(left))))
                    statement = f"{fact.statement} ({more})"
                    facts[place] = replace(
                        fact, statement=statement, value=f"{fact.value} ({more})", slot=normal(statement)
                    )
                    break
        return facts

    def _clause(self, clause: str, turn: Turn, speaker: str) -> Iterator[Fact]:
        personal = _PERSONAL.search(clause) is not None
        if PREVIOUS.search(clause):
            personal = False
        yield from self._people(clause, turn, speaker)
        dated = resolve(clause, turn.time, _FUTURE.search(clause) is not None, self._names)
        known = False
        if personal:
            stated = list(self._stated(clause, turn, speaker)) or list(_possession(clause, turn, speaker))
            # A date that none of these facts names gets a fact of its own.
            named = " ".join(fact.statement for fact in stated)
            known = dated == clause and bool(stated) and all(year in named for year in _YEAR.findall(clause))
            yield from stated
        for name, said in as_first_person(clause, self._names, self._person):
            told = [fact for fact in self._stated(said, turn, name) if fact.attribute not in ("name", "age")]
            known = known or bool(told)
            yield from told
        if not known:
            for action in actions(dated, self._names):
                yield from self._action(action, turn, speaker)

    def _stated(self, clause: str, turn: Turn, subject: str) -> Iterator[Fact]:
        """The attributes that a clause in the first person states, one value each."""
        stated = set()
        for pattern in PATTERNS_WITHOUT_CASE if self._without_case else PATTERNS:
            match = pattern.regex.search(clause) if pattern.attribute not in stated else None
            if match is None:
                continue
            value = match["value"].strip(" ,-")
            # A name in another script may have two letters, and a number one.
            if not content(value) and not any(letter.isdigit() or not letter.isascii() for letter in value):
                continue
            stated.add(pattern.attribute)
            topic = match.groupdict().get("topic") or ""
            attribute = pattern.attribute.replace("{topic}", " ".join(base(word) for word in topic.split()))
            statement = pattern.statement.replace("{topic}", topic)
            yield _fact(turn, subject, attribute, value, statement, pattern.single, pattern.importance)

    def _note(self, clause: str, turn: Turn, speaker: str) -> Iterator[Fact]:
        """What fits no form but has a person, a name, a number or a date in it, as it was said."""
        names = {base(name) for name in self._names}
        if len([word for word in content(clause) if word not in names]) < 3:
            return
        named = _DATED.search(clause) or _ENTITY.search(clause)
        if named or _PERSONAL.search(shown(clause)) or shown(clause) != clause:
            importance = 3 if named else 2
            yield _fact(turn, speaker, "note", clause, "says {value}", False, importance)

    def _people(self, clause: str, turn: Turn, speaker: str) -> Iterator[Fact]:
        """Names of people and animals that belong to the speaker."""
        named = NAMED_WITHOUT_CASE if self._without_case else NAMED
        for match in (*named.finditer(clause), *APPOSED.finditer(clause)):
            kind, name = match["kind"], match["name"]
            self._names |= {name}
            animal = ANIMAL.match(kind) is not None
            if animal:
                self._animal = kind
            else:
                self._person = name
            yield self._name(turn, speaker, kind, name, animal)
        new = NEW_ONE.search(clause)
        if new is not None:
            self._animal = new["rest"].split()[-1]
            kind = third_person(new["rest"])
            yield _fact(turn, speaker, "pet", kind, "has a pet: {value}", False, 4)
        called = PRONOUN_NAME.search(clause)
        if called is not None and self._animal:
            yield self._name(turn, speaker, self._animal, called["name"], True)

    def _name(self, turn: Turn, speaker: str, kind: str, name: str, animal: bool) -> Fact:
        kind = KINDS.get(kind, kind)
        if animal:
            return _fact(turn, speaker, "pet", f"{kind} {name}", f"has a {kind} named {name}", False, 5)
        return _fact(turn, speaker, base(kind), name, f"{kind} is {name}", False, 5)

    def _action(self, action: Action, turn: Turn, speaker: str) -> Iterator[Fact]:
        words = content(action.value)
        if not words:
            return
        subject, statement, attribute = speaker, action.statement, action.attribute
        if action.subject == "relative":
            if PERSON.search(action.who):
                self._person = ""
            statement = f"{action.who} {action.statement}"
            attribute = base(action.who.split()[-1])
        elif action.subject == "name":
            subject = self._person = action.who
        elif action.subject == "pronoun":
            if not self._person:
                return
            subject = self._person
        if _OTHER.search(action.value):
            importance = 1
        elif _VITAL.search(statement) and attribute not in ("be", "feel"):
            importance = 5
        elif _DATED.search(statement) or _ENTITY.search(action.value):
            importance = 3
        else:
            importance = 1 if attribute in ("be", "feel") else 2
        yield _fact(turn, subject, attribute, action.value, statement, False, importance)


def _possession(clause: str, turn: Turn, speaker: str) -> Iterator[Fact]:
    """My car is a Honda."""
    match = COPULA.search(clause)
    if match is None:
        return
    topic = _AGE.sub("", match["topic"].lower())
    noun = base(topic.split()[-1])
    if noun in SINGLE_NOUNS and content(match["value"]):
        attribute = " ".join(base(word) for word in topic.split())
        yield _fact(turn, speaker, attribute, match["value"].strip(), f"{topic} is {{value}}", True, 4)


def _fact(turn: Turn, subject: str, attribute: str, value: str, statement: str, single: bool, importance: int) -> Fact:
    value = written(shown(third_person(value)))
    statement = " ".join(written(shown(statement)).replace("{value}", value).split())
    # What is liked and what is disliked meet in one slot.
    topic = _TOPIC_END.split(value, maxsplit=1)[0] if attribute == "preference" else statement
    slot = "" if single else normal(topic) or statement.lower()
    return Fact(written(subject), attribute, value, statement, slot, (turn.id,), turn.time, importance)
