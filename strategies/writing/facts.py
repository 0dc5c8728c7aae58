"""One passage a fact: what turns say, condensed, dated and told once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from annotated_types import Ge, Interval

from memeval.kit import powers
from memeval.kit.document import Document
from memeval.kit.protocols import Embedder
from memeval.kit.ranges import ranged
from memeval.kit.types import Passage, Turn, Vectors
from memeval.strategies.extraction.fact import Extractor, Fact, day
from memeval.strategies.writing.deduplication import Deduplicator, restates
from memeval.strategies.writing.groups import line

_DAYS_SHOWN = 3


@dataclass(slots=True)
class _Record:
    """A stored fact: every statement of it in order, and its place in the chain of values that replaced each other."""

    id: str
    facts: list[Fact]
    before: str | None = None
    after: str | None = None

    def passage(self, until: datetime | None) -> Passage:
        """`until`: when the value that replaced this one was said."""
        first = self.facts[0]
        days = dict.fromkeys(day(fact.time) for fact in self.facts if fact.time is not None)
        shown = list(days)
        if len(shown) > _DAYS_SHOWN:
            shown = [*shown[: _DAYS_SHOWN - 1], shown[-1]]
        text = first.line + (f" ({', '.join(shown)})" if shown else "")
        if self.after is not None:
            text += f" [until {day(until)}]" if until is not None else " [no longer]"
        times = [fact.time for fact in self.facts if fact.time is not None]
        return Passage(
            id=self.id,
            text=text,
            sources=tuple(dict.fromkeys(source for fact in self.facts for source in fact.sources)),
            time=max(times, default=None),
            verbatim=False,
            importance=max(fact.importance for fact in self.facts),
        )


@ranged
class Facts:
    """Stores the facts that an extractor finds, each once.

    A fact restated adds its turn to the sources of the known one; a newer value of the same attribute marks the older
    one with the day until which it held, and both stay. A turn without facts is dropped, or stored as it is.

    A passage reads `Caroline: home is Oslo (12 May 2023)`, with the days on which it was said.
    """

    def __init__(
        self,
        extractor: Extractor,
        document: Document,
        embedder: Embedder | None = None,
        threshold: Annotated[float, Interval(gt=0, le=1)] = 0.9,
        top: Annotated[int, Ge(1)] = 5,
        minimum_importance: Annotated[int, Interval(ge=1, le=5)] = 1,
        keep_unparsed: bool = True,
    ) -> None:
        """Start empty.

        Args:
            extractor: finds the facts.
            document: the template that writes down turns without facts.
            embedder: compares facts; None recognises restated facts by their words only.
            threshold: cosine similarity from which on two facts are the same.
            top: how many of the nearest known facts are compared.
            minimum_importance: facts below are left out, 1 to 5.
            keep_unparsed: store turns without any fact verbatim instead of dropping them.
        """
        self._extractor = extractor
        self._document = document
        self._known = Deduplicator(embedder, threshold, top)
        self._embedder = embedder
        self._minimum = minimum_importance
        self._keep = keep_unparsed
        self._records: dict[str, _Record] = {}
        self._silent: dict[str, Passage] = {}
        self._of_turn: dict[str, dict[str, None]] = {}
        self._changed: dict[str, None] = {}
        self._counts = dict.fromkeys(
            ("facts_added", "facts_unimportant", "merged", "superseded", "dropped", "kept_whole"), 0
        )

    def prepare(self) -> None:
        """Load what extractor and embedder need."""
        powers.prepare(self._extractor, self._embedder)

    def write(self, turns: Sequence[Turn]) -> Sequence[Passage]:
        """Facts that are new or changed, and turns without facts if they are kept, in order of the turns."""
        found = self._extractor.extract(turns)
        facts = [fact for fact in found if fact.importance >= self._minimum]
        self._counts["facts_unimportant"] += len(found) - len(facts)
        of_turn: dict[str, list[tuple[Fact, Vectors | None]]] = {}
        for fact, vector in zip(facts, self._known.embed(facts), strict=True):
            of_turn.setdefault(fact.sources[-1], []).append((fact, vector))
        told = {source for fact in facts for source in fact.sources}
        for turn in turns:
            for fact, vector in of_turn.get(turn.id, ()):
                self._take(fact, vector)
            written = line(turn, self._document) if turn.id not in told else None
            if written is None:
                continue
            if self._keep:
                self._counts["kept_whole"] += 1
                self._silent[turn.id] = Passage(turn.id, written.text, (turn.id,), turn.time)
                self._changed[turn.id] = None
            else:
                self._counts["dropped"] += 1
        changed, self._changed = self._changed, {}
        return [
            self._silent[name] if name in self._silent else self._passage(self._records[name])
            for name in changed
            if name in self._silent or name in self._records
        ]

    def _passage(self, record: _Record) -> Passage:
        after = self._records[record.after] if record.after is not None else None
        return record.passage(after.facts[0].time if after is not None else None)

    def _take(self, fact: Fact, vector: Vectors | None) -> None:
        verdict = self._known.judge(fact, vector)
        known = self._records[verdict.id] if verdict.id is not None else None
        if known is not None and verdict.kind == "merged":
            self._counts["merged"] += 1
            known.facts.append(fact)
            self._touch(known, fact.sources)
            return
        number = 0
        while (name := f"{fact.sources[-1]}#fact{number}") in self._records:
            number += 1
        record = self._records[name] = _Record(name, [fact])
        self._counts["facts_added"] += 1
        self._touch(record, fact.sources)
        if known is not None and verdict.kind == "late":
            # It was no longer so when it was told: it goes in before what is known to be so.
            self._counts["superseded"] += 1
            record.after, record.before, known.before = known.id, known.before, name
            if record.before is not None:
                self._records[record.before].after = name
                self._changed[record.before] = None
            return
        if known is not None:
            self._counts["superseded"] += 1
            self._known.remove(known.id, known.facts[0])
            known.after, record.before = name, known.id
            self._changed[known.id] = None
        self._known.put(name, fact, vector)

    def _touch(self, record: _Record, sources: Iterable[str]) -> None:
        for source in sources:
            self._of_turn.setdefault(source, {})[record.id] = None
        self._changed[record.id] = None

    def forget(self, turn_ids: Sequence[str]) -> Sequence[str]:
        """Take these turns out of their facts; the next `write` gives the facts that are left without them.

        A value that had been replaced by a forgotten one holds again.

        Returns:
            Ids of the passages that are gone.
        """
        gone = [turn for turn in turn_ids if self._silent.pop(turn, None) is not None]
        lost = set(turn_ids)
        for turn in turn_ids:
            for name in self._of_turn.pop(turn, ()):
                record = self._records.get(name)
                if record is None:
                    continue
                record.facts, before = [fact for fact in record.facts if lost.isdisjoint(fact.sources)], record.facts
                if not record.facts:
                    gone += self._remove(record, before[0])
                    continue
                self._changed[name] = None
                if record.facts[0] is not before[0] and record.before is not None:
                    # The day until which the older value held is that of a statement now gone.
                    self._changed[record.before] = None
                if record.after is None and record.facts[0] is not before[0]:
                    self._known.remove(name, before[0])
                    self._known.put(name, record.facts[0], self._known.embed(record.facts[:1])[0])
        for name in gone:
            self._changed.pop(name, None)
        return gone

    def _remove(self, record: _Record, first: Fact) -> list[str]:
        """Take a fact out of the chain of values, and say what is gone; `first` is what it was known by."""
        del self._records[record.id]
        before = self._records[record.before] if record.before is not None else None
        after = self._records[record.after] if record.after is not None else None
        if after is not None:
            after.before = record.before
        else:
            self._known.remove(record.id, first)
        if before is not None:
            before.after = record.after
            self._changed[before.id] = None
            if after is None:
                self._known.put(before.id, before.facts[0], self._known.embed(before.facts[:1])[0])
            elif restates(before.facts[0], after.facts[0]):
                # Only the forgotten value stood between a fact and the same fact told again.
                before.facts += after.facts
                for fact in after.facts:
                    self._touch(before, fact.sources)
                return [record.id, *self._join(before, after)]
        return [record.id]

    def _join(self, kept: _Record, record: _Record) -> list[str]:
        """Let one take the place in the chain of the other, which comes right after it."""
        del self._records[record.id]
        kept.after = record.after
        if record.after is not None:
            self._records[record.after].before = kept.id
        else:
            self._known.remove(record.id, record.facts[0])
            self._known.put(kept.id, kept.facts[0], self._known.embed(kept.facts[:1])[0])
        return [record.id]

    def stats(self) -> Mapping[str, float]:
        """Counters since the start, the extractor's included.

        Facts new, left out for their importance, merged into known ones, superseding; turns without facts.
        """
        return {**powers.stats(self._extractor), **self._counts}
