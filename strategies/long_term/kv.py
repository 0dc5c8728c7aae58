"""Key-value memory: a profile of each person, read by exact keys."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Literal

from annotated_types import Ge, Interval

from memeval.kit import powers
from memeval.kit.document import Document
from memeval.kit.ranges import ranged
from memeval.kit.stores import Entry, KeyValueStore
from memeval.kit.text import storable
from memeval.kit.types import Hit, Query, Turn
from memeval.language.analysis import Analyser
from memeval.language.detection import AUTO
from memeval.strategies.extraction.entities import entities, normalise
from memeval.strategies.extraction.fact import Extractor, Fact, said
from memeval.strategies.extraction.synonyms import attributes
from memeval.strategies.extraction.words import STOP, base, content, words
from memeval.strategies.long_term.importance import Ratings

_FAVOURITE = re.compile(r"\bfav(?:ou?rite|e)s? (?P<topic>[\w'-]+(?: [\w'-]+)?)", re.IGNORECASE)
_NAME = re.compile(r"\b[A-ZÀ-ÖØ-Þ][\w'’-]*")
_ME = frozenset({"i", "my", "me", "mine", "i'm", "i've", "i'd", "i'll", "user", "user's", "myself", "we", "our", "us"})
# Content has these for empty, but attributes are called so.
_ASKED = frozenset("have has had like likes liked go going goes went get got love loved from eat want".split())
# Keys of the memory's own, which no entity spells.
_USER, _TEXT, _KEYS, _FULL = "@user", "@text/", "@keys/", "@name/"


@ranged
class KV:
    """Facts under the keys `entity/attribute`, found again only by the keys that a query spells.

    Writing: an extractor's facts, each under its attribute and, with `topics`, under the content words of its value.
    One value an attribute, such as home, is superseded by a newer one; several, such as likes, stand side by side;
    what is superseded stays in the store's history and is not returned.

    Reading: the entities that the query names (names it spells, or the user for I and my and where it names nobody)
    times the attributes that its words ask for (`extraction.synonyms`) are the keys; each is got by itself. The score
    of a value is the number of key parts that led to it, plus less than one for being newer than the others. A query
    about somebody unknown, or without a word that is a key, has no hits.
    """

    def __init__(
        self,
        store: KeyValueStore,
        extractor: Extractor,
        document: Document,
        scope: str = "default",
        show: Literal["fact", "turn"] = "turn",
        topics: bool = True,
        limit: Annotated[int, Ge(1)] = 50,
        minimum_importance: Annotated[int, Interval(ge=1, le=5)] = 1,
        language: str = AUTO,
    ) -> None:
        """Open a scope of a store.

        Args:
            store: holds the values; closed with this memory.
            extractor: finds the facts.
            document: the template that writes down a turn, for `show: turn`.
            scope: whose memory it is.
            show: `turn`: a hit is the newest turn that states the fact, verbatim; `fact`: the fact as one line, which
                is derived text and claims its turns.
            topics: facts also lie under the content words of their values.
            limit: at most so many of the newest values are got of each key.
            minimum_importance: facts below are left out, 1 to 5.
            language: of the dialogue, `auto` to find it out from its texts, or a code such as de.
        """
        self._store = store
        self._extractor = extractor
        self._document = document
        self._scope = scope
        self._show = show
        self._topics = topics
        self._limit = limit
        self._minimum = minimum_importance
        self._analyser = Analyser(language, option="retriever.language")
        self._user = ""
        self._ratings = Ratings()
        self._line_ratings = Ratings()
        self._lookups = 0
        self._refused = 0

    def prepare(self) -> None:
        """Load what extractor and store need."""
        powers.prepare(self._extractor, self._store)

    def write(self, turns: Sequence[Turn]) -> None:
        """Take in the next turns: all their facts in one call of the store."""
        entries: list[Entry] = []
        known = {turn.id: turn for turn in turns if storable(turn.id, turn.speaker, turn.text, turn.caption)}
        self._refused += len(turns) - len(known)
        for turn in known.values():
            self._analyser.read(turn.text)
            entries += self._speaker(turn)
        noted: set[str] = set()
        for fact in self._extractor.extract(list(known.values())):
            if fact.importance < self._minimum:
                continue
            self._ratings.note(fact.sources, fact.importance)
            self._line_ratings.note((fact.line,), fact.importance)
            for source in fact.sources:
                if source not in noted:
                    noted.add(source)
                    text = self._document.render(known[source])
                    entries.append(Entry(f"{_TEXT}{source}", "", text, known[source].time, (source,)))
            for entry in self._entries(fact):
                entries.append(entry)
                entries += [Entry(f"{_KEYS}{source}", entry.key, "", fact.time, (source,)) for source in fact.sources]
        self._store.upsert(self._scope, entries)

    def _speaker(self, turn: Turn) -> Iterator[Entry]:
        """Who the user is, and whose first name is which."""
        name = normalise(turn.speaker)
        if turn.role == "user" and name and name != self._user:
            self._user = name
            yield Entry(_USER, "", name, turn.time, ())
        parts = name.split()
        if len(parts) > 1:
            yield Entry(f"{_FULL}{parts[0]}", name, name, turn.time, ())

    def _entries(self, fact: Fact) -> Iterator[Entry]:
        entity = normalise(fact.subject)
        yield Entry(f"{entity}/{fact.attribute}", fact.slot, fact.line, fact.time, fact.sources)
        if not self._topics:
            return
        # A topic that comes from a value which another can supersede would outlive it.
        topics = content(fact.value, self._analyser.language) if fact.slot else fact.attribute.split()
        slot = f"{fact.attribute}:{fact.slot}"
        for topic in topics:
            if topic != fact.attribute:
                yield Entry(f"{entity}/{topic}", slot, fact.line, fact.time, fact.sources)

    def search(self, query: Query, k: int) -> Sequence[Hit]:
        """The at most `k` facts or turns that most parts of the query's keys lead to; the query's time is not used."""
        if k < 1:
            return []
        found: dict[str, _Found] = {}
        order = 0
        for parts, key in self._keys(query.text):
            self._lookups += 1
            for entry in self._store.get(self._scope, key, self._limit):
                for name in entry.sources if self._show == "turn" else (entry.value,):
                    known = found.get(name)
                    if known is None:
                        known = found[name] = _Found(entry, order)
                        order += 1
                    known.parts |= parts
        if not found:
            self._analyser.miss(query.text)
        ranked = sorted(found.items(), key=lambda item: item[1].rank())
        hits = []
        for place, (name, known) in enumerate(ranked[:k]):
            # Newer ones of as many parts come first; the fraction says so, since scores order hits.
            score = len(known.parts) + 1 - (place + 1) / (len(ranked) + 1)
            if self._show == "fact":
                text, rating = f"{name}{said(known.entry.time)}", self._line_ratings.get(name)
                hits.append(Hit(text, known.entry.sources, score, False, rating))
            else:
                texts = self._store.get(self._scope, f"{_TEXT}{name}", 1)
                hits += [Hit(text.value, (name,), score, importance=self._ratings.get(name)) for text in texts]
        return hits

    def _keys(self, text: str) -> Iterator[tuple[set[str], str]]:
        """The keys that a query spells, each with the parts that it spells of them.

        I and my spell no name: where a query names somebody too, what is known of them comes first.
        """
        entities, names = self._entities(text)
        asked = content(text, self._analyser.language)
        asked += [base(word) for word in words(text) if word.lower() in _ASKED]
        favourites = []
        for match in _FAVOURITE.finditer(text):
            topic = [base(word) for word in words(match["topic"])]
            favourites += [f"favourite {' '.join(topic[:length])}" for length in range(len(topic), 0, -1)]
        for entity in entities:
            spelled = {entity} if entity in names or len(entities) == 1 else set()
            for favourite in favourites:
                yield {favourite, *spelled}, f"{entity}/{favourite}"
            for word in dict.fromkeys(asked):
                for attribute in attributes(word):
                    yield {word, *spelled}, f"{entity}/{attribute}"

    def _entities(self, text: str) -> tuple[list[str], set[str]]:
        """Whom the query is about, and which of them it names."""
        found: dict[str, None] = {}
        if not _ME.isdisjoint(word.lower() for word in words(text.replace("’", "'"))):
            found |= dict.fromkeys(filter(None, [self._user_name()]))
        names: set[str] = set()
        # A wrong guess at a name costs one look-up, so that the first word of a sentence may be one.
        single = [normalise(word) for word in _NAME.findall(text) if word.lower() not in STOP]
        for name in dict.fromkeys((*entities(text), *single)):
            full = [entry.value for entry in self._store.get(self._scope, f"{_FULL}{name}")]
            found |= dict.fromkeys((name, *full))
            names.update((name, *full))
        if not found and self._user_name():
            found[self._user_name()] = None
        return list(found), names

    def _user_name(self) -> str:
        if not self._user:
            users = self._store.get(self._scope, _USER, 1)
            self._user = users[0].value if users else ""
        return self._user

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Remove what these turns alone say; a value that one of them had superseded holds again."""
        gone = set(turn_ids)
        self._ratings.forget(gone)
        keys = dict.fromkeys(
            entry.slot for turn in turn_ids for entry in self._store.get(self._scope, f"{_KEYS}{turn}")
        )
        kept = []
        for key in keys:
            for entry in reversed(self._store.history(self._scope, key)):
                sources = tuple(source for source in entry.sources if source not in gone)
                if sources:
                    kept.append(replace(entry, sources=sources))
        own = [f"{prefix}{turn}" for turn in turn_ids for prefix in (_KEYS, _TEXT)]
        self._store.delete(self._scope, [*keys, *own])
        self._store.upsert(self._scope, kept)

    def rating(self, turn: str) -> int | None:
        """What the writing says of a turn's importance."""
        return self._ratings.get(turn)

    def stats(self) -> Mapping[str, float]:
        """Values held, history and the memory's own included; keys looked up; turns that no database takes.

        The counters of the extractor and the store are among them.
        """
        count = self._store.count(self._scope)
        own = {"items": count, "lookups": self._lookups, "refused": self._refused, **self._analyser.stats()}
        return {**own, **powers.stats(self._extractor, self._store)}

    def close(self) -> None:
        """Close the store."""
        self._store.close()


@dataclass(slots=True)
class _Found:
    """A candidate: a value that leads to it, when it was first met, and the parts of the keys."""

    entry: Entry
    order: int
    parts: set[str] = field(default_factory=set)

    def rank(self) -> tuple[int, float, int]:
        time = self.entry.time
        age = (time - _EPOCH).total_seconds() if time is not None else 0.0
        return -len(self.parts), -age, self.order


_EPOCH = datetime(1970, 1, 1)
