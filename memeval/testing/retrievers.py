"""The contract of a retriever as a check that any package can run on its own."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from memeval.kit import powers
from memeval.kit.errors import ContractError
from memeval.kit.protocols import Forgets, Retriever
from memeval.kit.types import Hit, Query, Turn

_SAID = (
    ("s1", "user", "I adopted a black kitten from the shelter on Elm Street."),
    ("s1", "assistant", "Congratulations! What did you call your new companion?"),
    ("s1", "user", "Her name is Miso, because she loves soup."),
    ("s1", "assistant", "Miso sounds adorable, give her a cuddle."),
    ("s2", "user", "My sister Caroline moved to Trondheim for a job in marine biology."),
    ("s2", "assistant", "Norway is wonderful, did she take her telescope along?"),
    ("s2", "user", "The telescope broke, so we replaced its mirror ourselves."),
    ("s2", "assistant", "Grinding glass takes patience and many weekends."),
    ("s3", "user", "Yesterday our bakery won the regional sourdough contest."),
    ("s3", "assistant", "Which flour did the winning loaf use?"),
    ("s3", "user", "Rye from the old mill beside the canal."),
    ("s3", "assistant", "Rye keeps fresh longer than wheat."),
)
_START = datetime(2024, 3, 1, 9, 0)
_ALL = 1_000


def check_retriever(factory: Callable[[], Retriever], *, finds: bool = True, same_in_chunks: bool = True) -> None:
    """Run every rule of the protocol on fresh retrievers.

    Args:
        factory: makes an empty retriever; called several times. What it makes is closed if it can be.
        finds: the text of a turn used as the query must bring that turn among the best three hits. Turn it off for
            retrievers that rank by something else than the query.
        same_in_chunks: the same turns written at once or one by one must give the same ranking. Turn it off for
            retrievers that condense what is written together.

    Raises:
        ContractError: the first rule that is broken, with what was returned.
    """
    _empty_store(factory)
    _searching(factory, finds)
    _growing(factory, finds)
    _order(factory)
    if same_in_chunks:
        _chunks(factory)
    _odd_text(factory, finds)
    _forgetting(factory, finds)


def _turn(number: int, session: str, role: str, text: str) -> Turn:
    speaker = "Ann" if role == "user" else "Ben"
    return Turn(
        f"turn-{number}",
        session,
        speaker,
        "user" if role == "user" else "assistant",
        text,
        _START + timedelta(hours=number),
    )


def _turns() -> list[Turn]:
    return [_turn(number, *said) for number, said in enumerate(_SAID)]


@contextmanager
def _fresh(factory: Callable[[], Retriever]) -> Iterator[Retriever]:
    retriever = factory()
    try:
        yield retriever
    finally:
        powers.close(retriever)


def _search(retriever: Retriever, text: str, k: int, written: Sequence[Turn], rule: str) -> Sequence[Hit]:
    """Search, and hold each hit against what has been written."""
    hits = retriever.search(Query(text, written[-1].time if written else None), k)
    known = {turn.id: turn for turn in written}
    place = {turn.id: number for number, turn in enumerate(written)}
    _require(len(hits) <= k, rule, f"{len(hits)} hits for k={k}")
    for hit in hits:
        _require(bool(hit.sources), rule, f"a hit without sources: {hit!r}")
        _require(bool(hit.text.strip()), rule, f"a hit without text: {hit!r}")
        unknown = [source for source in hit.sources if source not in known]
        _require(not unknown, rule, f"sources that were not written or are forgotten: {unknown}")
        if hit.verbatim:
            lost = [source for source in hit.sources if known[source].text.strip() not in hit.text]
            _require(not lost, rule, f"a verbatim hit without the text of {lost}: {hit!r:.500}")
        _require(hit.score is None or math.isfinite(hit.score), rule, f"a score that is not finite: {hit.score}")
    _require(len({(hit.text, hit.sources) for hit in hits}) == len(hits), rule, "the same hit twice")
    for better, worse in zip(hits, hits[1:], strict=False):
        if better.score is None or worse.score is None:
            continue
        _require(better.score >= worse.score, rule, f"scores that rise: {better.score}, then {worse.score}")
        if better.score == worse.score and better.verbatim and worse.verbatim:
            first, second = place[better.sources[0]], place[worse.sources[0]]
            _require(first <= second, rule, f"equal scores, but {worse.sources} was written before {better.sources}")
    return hits


def _require(holds: bool, rule: str, what: str) -> None:
    if not holds:
        raise ContractError(f"the retriever breaks the rule {rule!r}: {what}")


def _found(hits: Sequence[Hit], turn: Turn) -> bool:
    return any(turn.id in hit.sources for hit in hits[:3])


def _empty_store(factory: Callable[[], Retriever]) -> None:
    rule = "an empty store has no hits"
    with _fresh(factory) as retriever:
        _search(retriever, "kitten", 5, [], rule)
        retriever.write([])
        powers.flush(retriever)
        _search(retriever, "kitten", 5, [], rule)


def _searching(factory: Callable[[], Retriever], finds: bool) -> None:
    turns = _turns()
    with _fresh(factory) as retriever:
        retriever.write(turns)
        powers.flush(retriever)
        for turn in turns:
            hits = _search(retriever, turn.text, 5, turns, "at most k hits from what was written")
            _require(
                not finds or _found(hits, turn), "a turn is found by its own text", f"{turn.text!r} gave {hits!r:.500}"
            )
            fewer = _search(retriever, turn.text, 1, turns, "at most k hits from what was written")
            _require(
                list(fewer) == list(hits[:1]),
                "a smaller k gives the start of the ranking",
                f"{fewer!r} is not {hits[:1]!r}",
            )
        for text in ("", "  ", "?!", "the", "kitten " * 200, "Zyzzyva qoph xylem"):
            _search(retriever, text, _ALL, turns, "any query, any k")
        wrong = {name: value for name, value in powers.stats(retriever).items() if not math.isfinite(value)}
        _require(not wrong, "stats are finite numbers", f"{wrong}")


def _growing(factory: Callable[[], Retriever], finds: bool) -> None:
    turns = _turns()
    with _fresh(factory) as retriever:
        for number, turn in enumerate(turns, 1):
            retriever.write([turn])
            if number % 2:
                powers.flush(retriever)
            hits = _search(retriever, turn.text, _ALL, turns[:number], "only what has been written so far")
            # In a store of one or two texts every word is common, which some formulas take for worthless.
            _require(
                not finds or number < 6 or _found(hits, turn),
                "what is written can be found at once",
                f"{turn.text!r} gave {hits!r:.500}",
            )


def _order(factory: Callable[[], Retriever]) -> None:
    rule = "equal scores keep the order of writing"
    turns = _turns()
    twins = [
        _turn(100 + number, f"twin-{number}", "user", "The lighthouse keeper collects postage stamps.")
        for number in range(7)
    ]
    written = [twins[0], *turns[:6], *twins[1:4], *turns[6:], *twins[4:]]
    # Without dates, so that no template makes the twins differ.
    written = [Turn(turn.id, turn.session, turn.speaker, turn.role, turn.text) for turn in written]
    with _fresh(factory) as retriever:
        retriever.write(written)
        powers.flush(retriever)
        longest = _search(retriever, "lighthouse stamps", _ALL, written, rule)
        for k in (1, 3, 5):
            hits = _search(retriever, "lighthouse stamps", k, written, rule)
            _require(
                list(hits) == list(longest[:k]), rule, f"k={k} gave {hits!r:.500}, a larger k {longest[:k]!r:.500}"
            )


def _chunks(factory: Callable[[], Retriever]) -> None:
    turns = _turns()
    rankings = []
    for size in (len(turns), len(turns), 1, 5):
        with _fresh(factory) as retriever:
            for start in range(0, len(turns), size):
                retriever.write(turns[start : start + size])
                _search(retriever, "telescope", 3, turns[: start + size], "only what has been written so far")
            powers.flush(retriever)
            rankings.append([_search(retriever, turn.text, _ALL, turns, "any chunks") for turn in turns])
    for ranking in rankings[1:]:
        for hits, again in zip(rankings[0], ranking, strict=True):
            same = [(hit.text, hit.sources) for hit in hits] == [(hit.text, hit.sources) for hit in again] and all(
                (hit.score is None) == (other.score is None)
                and math.isclose(hit.score or 0.0, other.score or 0.0, rel_tol=1e-4, abs_tol=1e-6)
                for hit, other in zip(hits, again, strict=True)
            )
            _require(
                same, "the same turns give the same ranking, in whatever chunks", f"{hits!r:.500}\nand\n{again!r:.500}"
            )


def _odd_text(factory: Callable[[], Retriever], finds: bool) -> None:
    rule = "any text can be written and asked for"
    odd = [
        "",
        " \n\t ",
        "...",
        "naïve Zoë crème brûlée",
        "東京で 猫 を飼う 日本語",
        "emoji 🐈‍⬛ and combining e\u0301 z\u0335",
        "quotes \" and ' OR NOT NEAR( * ^ : { } \\ % _ --",
        "NUL \0 inside",
        "an unpaired \ud800 surrogate",
        "I \u2028 line\nbreaks\r\nof every kind",
        "ending in a long story: " + " ".join(f"badger{number}" for number in range(1_000)),
        "x" * 10_000,
    ]
    turns = _turns()
    turns += [_turn(200 + number, "odd", "user", text) for number, text in enumerate(odd)]
    turns.append(Turn("captioned", "odd", "Ann", "user", "", _START + timedelta(days=20), "a photo of a heron"))
    turns.append(Turn("system", "odd", "system", "system", "Be brief.", _START + timedelta(days=21)))
    with _fresh(factory) as retriever:
        retriever.write(turns)
        powers.flush(retriever)
        for turn in turns:
            hits = _search(retriever, turn.text, _ALL, turns, rule)
            plain = turn.id in {known.id for known in _turns()}
            _require(
                not finds or not plain or _found(hits, turn),
                rule,
                f"{turn.text!r} was lost among odd texts: {hits!r:.500}",
            )


def _forgetting(factory: Callable[[], Retriever], finds: bool) -> None:
    rule = "what is forgotten does not come back"
    turns = _turns()
    gone = {turns[2].id, turns[8].id}
    with _fresh(factory) as retriever:
        if not isinstance(retriever, Forgets):
            return
        retriever.write(turns[:9])
        powers.flush(retriever)
        retriever.forget([*gone, "never written"])
        written = list(turns[:9])
        for chunk in ([], turns[9:10], turns[10:]):
            written += chunk
            retriever.write(chunk)
            left = [turn for turn in written if turn.id not in gone]
            for turn in written:
                hits = _search(retriever, turn.text, _ALL, left, rule)
                for forgotten in (turns[2], turns[8]):
                    _require(
                        all(forgotten.text not in hit.text for hit in hits),
                        rule,
                        f"{forgotten.text!r} in {hits!r:.500}",
                    )
        hits = _search(retriever, turns[6].text, _ALL, left, rule)
        _require(not finds or _found(hits, turns[6]), "other turns are still found after forgetting", f"{hits!r:.500}")
        retriever.forget([turn.id for turn in turns])
        _search(retriever, turns[6].text, _ALL, [], rule)
