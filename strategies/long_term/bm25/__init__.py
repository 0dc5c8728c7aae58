"""Lexical retrieval by BM25, with a choice of engines."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from annotated_types import Ge, Interval

from memeval.kit import powers
from memeval.kit.errors import ConfigError
from memeval.kit.protocols import Forgets, Writing
from memeval.kit.ranges import ranged
from memeval.kit.types import Hit, Passage, Query, Turn
from memeval.language.analysis import WORD, AllWords, Analyser, Stemmer, StopWords, get_analysis, lone
from memeval.language.detection import AUTO
from memeval.strategies.long_term.bm25.bm25s_engine import Bm25sEngine
from memeval.strategies.long_term.bm25.engine import Engine
from memeval.strategies.long_term.bm25.fts5_engine import K1, B, Fts5Engine
from memeval.strategies.long_term.bm25.rank_bm25_engine import RankBm25Engine
from memeval.strategies.long_term.importance import Ratings

Method = Literal["lucene", "robertson", "atire", "okapi", "bm25l", "bm25plus"]

# The first of each is what the engine's package does by default.
METHODS: Mapping[str, tuple[str, ...]] = {
    "bm25s": ("lucene", "robertson", "atire", "bm25l", "bm25plus"),
    "rank_bm25": ("okapi", "bm25l", "bm25plus"),
    "fts5": (),
}


@ranged
class BM25:
    """Passages ranked by BM25 over the terms of the query.

    A query's repeated terms count each time. A passage is a hit if it scores more than one without any term of the
    query would; equal scores keep the order in which passages were first written. Indexing is put off to `flush` or
    the next search.
    """

    def __init__(
        self,
        writing: Writing,
        engine: Literal["bm25s", "rank_bm25", "fts5"] = "bm25s",
        tokenizer: Literal["word", "unicode61"] = "word",
        pattern: str = WORD,
        lower: bool = True,
        stop_words: StopWords | None = "english",
        stemmer: Stemmer | None = "english",
        method: Method | None = None,
        k1: Annotated[float, Ge(0)] | None = None,
        b: Annotated[float, Interval(ge=0, le=1)] = 0.75,
        delta: Annotated[float, Ge(0)] = 0.5,
        epsilon: Annotated[float, Ge(0)] = 0.25,
        zero_scores: bool = False,
        scope: str = "default",
        path: str | None = None,
        language: str = AUTO,
    ) -> None:
        r"""Open an empty index.

        Args:
            writing: makes the passages.
            engine: bm25s, rank_bm25 (slow, the package of many published baselines) or fts5 (SQLite; adds without
                rebuilding).
            tokenizer: `word`: texts and queries are split by `pattern`, the same for all engines. `unicode61`: SQLite
                splits and stems the texts itself, `pattern` splits queries only; fts5 only, without stop words, with
                stemmer porter or None.
            pattern: regular expression of a word, in scripts with blanks between words; the default takes English words
                of two characters or more, and words of any length in other languages.
            lower: fold case.
            stop_words: `english`: Lucene's 33 for English, as in bm25s, and those of any other language; None keeps all
                words.
            stemmer: Snowball `english` (Porter 2) or `porter` for English, and that of any other language; None keeps
                words as they are.
            method: how frequencies become scores; None means lucene for bm25s and okapi for rank_bm25; fts5 has no
                choice.
            k1: saturation of a term's frequency; None means 1.5, and 1.2 for fts5, which has no choice.
            b: weight of a passage's length, 0 to 1; fts5 has 0.75.
            delta: of bm25l and bm25plus.
            epsilon: share of the mean idf that okapi puts in the place of a negative one.
            zero_scores: fill up a short ranking with the passages that are no hits, as rank_bm25's own ranking does.
            scope: whose passages these are, where several memories share `path`.
            path: SQLite file of fts5; None keeps the index in memory. With a shared file, document frequencies and the
                average length are those of all scopes together.
            language: of the dialogue, `auto` to find it out from its texts, or a code such as de.

        Raises:
            ConfigError: options that do not go together.
        """
        if method is not None and method not in METHODS[engine]:
            raise ConfigError(
                f"retriever.method={method} is none of {engine}: type retriever.method="
                f"{'|'.join(METHODS[engine]) or 'null'}"
            )
        if engine == "fts5":
            if (k1, b) not in ((None, B), (K1, B)):
                raise ConfigError(
                    f"SQLite has k1={K1} and b={B} built in, not k1={k1} and b={b}: type retriever.k1={K1} "
                    f"retriever.b={B}, or retriever.engine=bm25s"
                )
        elif path is not None or tokenizer != "word":
            raise ConfigError(
                f"retriever.path and retriever.tokenizer=unicode61 are for SQLite, not {engine}: type "
                "retriever.engine=fts5, or leave retriever.path=null retriever.tokenizer=word"
            )
        if tokenizer == "unicode61" and (stop_words is not None or stemmer == "english"):
            raise ConfigError(
                f"SQLite's own tokenizer has no stop words and no stemmer but porter, not stop_words={stop_words} and "
                f"stemmer={stemmer}: type retriever.stop_words=null retriever.stemmer=porter, or "
                "retriever.tokenizer=word"
            )
        self._writing = writing
        self._zero_scores = zero_scores
        self._passages: dict[int, Passage] = {}
        self._numbers: dict[str, int] = {}
        self._next = 0
        self._changed: dict[int, str | None] = {}
        self._forgotten: set[str] = set()
        self._ratings = Ratings()
        self._k1 = k1 if k1 is not None else K1 if engine == "fts5" else 1.5
        self._b = b
        native = tokenizer == "unicode61"
        kept = None if native else stemmer
        self._analyser = Analyser(
            language, lambda code: get_analysis(pattern, lower, stop_words, kept, code), "retriever.language"
        )
        # For queries of which nothing is left: built when the first one comes.
        self._wide: Engine | None = None
        self._wide_changed: dict[int, str | None] = {}
        tokenize = (f"{stemmer} {tokenizer}" if stemmer else tokenizer) if native else None
        self._engine: Engine
        if engine == "bm25s":
            self._engine = Bm25sEngine(self._analyser, method or METHODS[engine][0], self._k1, b, delta)
        elif engine == "rank_bm25":
            self._engine = RankBm25Engine(self._analyser, method or METHODS[engine][0], self._k1, b, delta, epsilon)
        else:
            self._engine = Fts5Engine(self._analyser, tokenize, scope, path)

    def prepare(self) -> None:
        """Load what the writing needs."""
        powers.prepare(self._writing)

    def write(self, turns: Sequence[Turn]) -> None:
        """Take in the next turns."""
        self._put(self._writing.write(turns))

    def _put(self, passages: Sequence[Passage]) -> None:
        for passage in passages:
            if self._forgotten and not self._forgotten.isdisjoint(passage.sources):
                continue
            number = self._numbers.get(passage.id)
            if number is None:
                number = self._numbers[passage.id] = self._next
                self._next += 1
            self._passages[number] = passage
            self._ratings.note(passage.sources, passage.importance)
            self._changed[number] = passage.text
            if self._analyser.read(passage.text):
                # The terms of another language: everything is analysed again.
                self._changed.update((each, known.text) for each, known in self._passages.items())

    def flush(self) -> None:
        """Index what has changed."""
        if self._changed:
            self._engine.update(self._changed)
            if self._wide is not None:
                self._wide_changed.update(self._changed)
            self._changed = {}

    def search(self, query: Query, k: int) -> Sequence[Hit]:
        """The at most `k` best hits; the query's time is not used.

        A query of which the analysis leaves no word that a passage has is searched for again with all its words, stop
        words, single characters and symbols included. To the scores of another one, letters that stand alone as names
        (vitamin C) and emoji add theirs.
        """
        self.flush()
        if k < 1:
            return []
        passages = self._passages
        found = self._engine.search(query.text, k, self._zero_scores)
        if not found and passages and not self._engine.knows(query.text):
            self._analyser.miss(query.text)
            found = self._all_words().search(query.text, k, False)
        elif names := [name for name in lone(query.text) if not self._analyser.terms(name)]:
            scores = dict(self._engine.search(query.text, len(passages), self._zero_scores))
            for number, score in self._all_words().search(" ".join(names), len(passages), False):
                scores[number] = scores.get(number, 0.0) + score
            found = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:k]
        return [
            Hit(passage.text, passage.sources, score, passage.verbatim, passage.importance)
            for number, score in found
            for passage in (passages[number],)
        ]

    def _all_words(self) -> Engine:
        """An index of all words, in memory; Lucene's formula gives every word a weight above 0, however frequent."""
        if self._wide is None:
            self._wide = Bm25sEngine(AllWords(), "lucene", self._k1, self._b, 0.5)
            self._wide_changed = {number: passage.text for number, passage in self._passages.items()}
        if self._wide_changed:
            self._wide.update(self._wide_changed)
            self._wide_changed = {}
        return self._wide

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Remove what was made from these turns; a writing that can forget gives the other turns of a passage back."""
        self._forgotten.update(turn_ids)
        self._ratings.forget(turn_ids)
        if isinstance(self._writing, Forgets):
            self._writing.forget(turn_ids)
            self._put(self._writing.write(()))
        for number, passage in list(self._passages.items()):
            if not self._forgotten.isdisjoint(passage.sources):
                del self._passages[number], self._numbers[passage.id]
                self._changed[number] = None

    def rating(self, turn: str) -> int | None:
        """What the writing says of a turn's importance."""
        return self._ratings.get(turn)

    def stats(self) -> Mapping[str, float]:
        """Passages stored, bytes of the index, how often it was built, the parameters in force, counters of writing.

        See `Analyser.stats` for what is said of the language.
        """
        self.flush()
        return {
            "items": len(self._passages),
            **self._engine.stats(),
            "k1": self._k1,
            "b": self._b,
            **self._analyser.stats(),
            **powers.stats(self._writing),
        }

    def close(self) -> None:
        """Release the index."""
        powers.close(self._engine, self._wide)
