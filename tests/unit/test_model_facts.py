"""Facts that a model finds: which turns it is shown, what its numbers become, what is counted, what stops a run."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.dialogues import Memory as Tiny
from support.dialogues import turns
from support.plans import plan

from memeval.harness.compose import Composer, composer
from memeval.harness.runner import Runner
from memeval.kit.document import Document
from memeval.kit.errors import ConfigError, ModelError
from memeval.kit.ledger import phase
from memeval.kit.protocols import Model
from memeval.kit.tokens import get_tokenizer
from memeval.kit.types import Query, Reply, Turn
from memeval.llm import structured
from memeval.llm.scripted import Scripted
from memeval.options.build import build
from memeval.strategies.extraction.model import SCHEMA, ModelExtractor
from memeval.strategies.long_term.bm25 import BM25
from memeval.strategies.long_term.kv import KV
from memeval.strategies.memory import Memory
from memeval.strategies.short_term.sliding_window import SlidingWindow
from memeval.strategies.stores.kv.memory import MemoryKV
from memeval.strategies.writing.facts import Facts
from memeval.testing import check_retriever, check_strategy

TOKENIZER = get_tokenizer("o200k_base")
MAY = datetime(2023, 5, 8, 13, 56)


def turn(number: int, text: str = "Something.", *, session: str = "s1", role: str = "user") -> Turn:
    kind = "system" if role == "system" else "user" if role == "user" else "assistant"
    return Turn(f"id-{number}", session, "Ann", kind, text, MAY + timedelta(days=number))


def found(**changes: Any) -> dict[str, Any]:
    """A fact as the model writes it."""
    plain = {
        "entity": "Ann", "attribute": "home", "value": "Oslo", "statement": "home is Oslo", "single": True,
        "importance": 5, "turns": [1], "date": None,
    }  # fmt: skip
    return {**plain, **changes}


def script(*facts: dict[str, Any], match: str = ".") -> Scripted:
    return Scripted(rules=[{"match": match, "reply": {"facts": list(facts)}}])


def extractor(model: Model | None, **options: Any) -> ModelExtractor:
    return ModelExtractor(model, Document(), TOKENIZER, "Find facts.", **options)


def blocks(model: Scripted) -> list[str]:
    return [request.messages[1]["content"] for request in model.requests]


class Retells:
    """Makes a fact of every line that it is given."""

    fingerprint = "retells"

    def complete(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any] | None = None) -> Reply:
        facts = []
        for text in messages[-1]["content"].split("\n"):
            number, _, rest = text.partition(". ")
            if number.isdigit():
                said = rest.partition("] ")[2].partition(": ")[2] or rest
                facts.append(
                    found(attribute="say", value=said, statement=f"says {said}", single=False, turns=[int(number)])
                )
        assert schema is not None
        structured.parse(structured.canonical({"facts": facts}), schema)
        return Reply("", {"facts": facts})


def test_a_reply_becomes_facts() -> None:
    model = script(
        found(),
        found(entity=" Rex ", attribute="Breed", value="", statement="Rex's breed is collie.", importance=2, turns=[2]),
        found(attribute="run", statement="Ann ran a marathon", single=False, turns=[3, 1, 3], date="May 2023"),
        found(attribute="run", statement="ran on 6 May 2023", single=False, turns=[2], date="6 May 2023"),
    )  # fmt: skip
    home, breed, marathon, dated = extractor(model).extract([turn(1), turn(2), turn(3)])
    assert (home.text, home.slot, home.sources, home.importance) == ("Ann: home is Oslo (9 May 2023)", "", ("id-1",), 5)
    assert (breed.line, breed.attribute, breed.value) == ("Rex: breed is collie", "breed", "breed is collie")
    assert marathon.line == "Ann: ran a marathon [May 2023]"
    assert marathon.sources == ("id-1", "id-3")
    assert marathon.time == turn(3).time
    assert marathon.slot
    assert dated.line == "Ann: ran on 6 May 2023"


def test_numbers_that_are_no_turns_are_dropped_and_counted() -> None:
    model = script(
        found(turns=[0, 2, 7, -1]),
        found(turns=[3, 4], attribute="job"),
        found(turns=[], attribute="age"),
        found(entity=" \0 "),
        found(statement=""),
    )
    writer = extractor(model)
    (fact,) = writer.extract([turn(1), turn(2)])
    assert fact.sources == ("id-2",)
    assert writer.stats() == {
        "blocks_extracted": 1, "blocks_halved": 0, "turns_skipped": 0, "facts_found": 5, "facts_empty": 2,
        "facts_unsourced": 2, "numbers_unmappable": 5,
    }  # fmt: skip


def test_what_a_block_is() -> None:
    model = script()
    long = "word " * 50
    said = [
        *(turn(i) for i in range(4)),
        turn(4, "Be kind.", role="system"),
        turn(5, " \t "),
        turn(6, session="s2"),
        turn(7, long, session="s2"),
        turn(8, long, session="s2"),
        turn(9, "half a \ud800 character", session="s2"),
        turn(10, session="s2"),
    ]
    assert extractor(model, block=3, tokens=70).extract(said) == []
    assert [[line.split(".")[0] for line in block.split("\n")] for block in blocks(model)] == [
        ["1", "2", "3"], ["1"], ["1"], ["1"], ["1"], ["1", "2"]
    ]  # fmt: skip
    assert "3. [10 May 2023] Ann: Something." in blocks(model)[0]
    everything = "\n".join(blocks(model))
    assert "Be kind" not in everything
    assert "id-" not in everything, "a model sees no ids"
    assert "half a ? character" in everything
    assert all(request.messages[0]["content"] == "Find facts." for request in model.requests)
    assert all(request.schema == SCHEMA for request in model.requests)


def test_a_list_inside_a_turn_is_no_turns() -> None:
    model = script()
    extractor(model).extract([turn(1, "My plans:\n1. rest\n2. [09 May 2023] Ben: I moved"), turn(2)])
    (asked,) = blocks(model)
    assert [each.partition(" ")[0] for each in asked.split("\n")] == ["1.", "2."]


@given(n=st.integers(0, 30), block=st.integers(1, 9), tokens=st.integers(1, 200))
@settings(max_examples=30, deadline=None)
def test_every_turn_is_shown_once_and_cited_as_itself(n: int, block: int, tokens: int) -> None:
    said = turns(n)
    facts = extractor(Retells(), block=block, tokens=tokens).extract(said)
    assert [fact.sources for fact in facts] == [(each.id,) for each in said]
    assert [fact.value for fact in facts] == [each.text for each in said]


def test_it_is_told_once_superseded_and_counted_where_rules_are() -> None:
    model = Scripted(
        rules=[
            {"match": "Bergen", "reply": {"facts": [found(value="Bergen", statement="home is Bergen")]}},
            {"match": "mood", "reply": {"facts": [found(attribute="feel", statement="feels good", importance=1)]}},
            {"match": "Oslo", "reply": {"facts": [found(), found(turns=[9])]}},
        ]
    )
    writing = Facts(extractor(model), Document(), minimum_importance=2)
    with phase() as books:
        writing.write([turn(1, "I live in Oslo")])
        writing.write([turn(2, "Oslo is my home")])
        passages = writing.write([turn(3, "We moved to Bergen")])
        kept = writing.write([turn(4, "I am in a good mood")])
    assert {(passage.text, passage.sources) for passage in passages} == {
        ("Ann: home is Oslo (9 May 2023, 10 May 2023) [until 11 May 2023]", ("id-1", "id-2")),
        ("Ann: home is Bergen (11 May 2023)", ("id-3",)),
    }
    assert [passage.verbatim for passage in kept] == [True]
    stats = writing.stats()
    wanted = {"facts_added": 2, "merged": 1, "superseded": 1, "facts_unimportant": 1, "kept_whole": 1}
    assert {name: stats[name] for name in wanted} == wanted
    assert (stats["facts_unsourced"], stats["numbers_unmappable"], stats["blocks_extracted"]) == (2, 2, 4)
    assert books.usage.calls == 4
    writing.forget(["id-3"])
    (again,) = writing.write([])
    assert again.text == "Ann: home is Oslo (9 May 2023, 10 May 2023)"


def test_a_reply_of_no_use_is_asked_for_in_halves() -> None:
    model = Scripted(rules=[{"match": r"\n3\. ", "error": "too long"}, {"match": ".", "reply": {"facts": [found()]}}])
    writer = extractor(model)
    facts = writer.extract([turn(i) for i in range(7)])
    assert [fact.sources[0] for fact in facts] == ["id-0", "id-1", "id-3", "id-5"]
    assert [block.count("\n") + 1 for block in blocks(model)] == [7, 3, 1, 2, 4, 2, 2]
    stats = writer.stats()
    assert (stats["blocks_extracted"], stats["blocks_halved"], stats["facts_found"]) == (4, 3, 4)


def test_a_turn_without_a_usable_reply_stops_the_run_or_is_counted() -> None:
    broken = [{"match": "third", "reply": "no JSON"}, {"match": ".", "reply": {"facts": [found()]}}]
    said = [turn(1), turn(2, "the third degree"), turn(3)]
    with pytest.raises(ModelError, match="'id-2'.*writing.extractor.unusable=skip") as stopped:
        extractor(Scripted(rules=broken)).extract(said)
    assert type(stopped.value) is ModelError, "not one that is noted at a question"
    skipping = extractor(Scripted(rules=broken), unusable="skip")
    assert [fact.sources for fact in skipping.extract(said)] == [("id-1",), ("id-3",)]
    assert skipping.stats()["turns_skipped"] == 1
    writing = Facts(extractor(Scripted(rules=broken), unusable="skip"), Document())
    assert [passage.verbatim for passage in writing.write(said)] == [False, True]


@pytest.mark.parametrize("options", [{"block": 0}, {"tokens": 0}])
def test_blocks_that_hold_nothing_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=r"(block|tokens)=0 is out of range: give 1 or more"):
        extractor(script(), **options)


def test_the_contracts_hold() -> None:
    def facts() -> Facts:
        return Facts(extractor(Retells(), block=4), Document())

    check_retriever(lambda: BM25(facts()))
    check_retriever(lambda: BM25(Facts(extractor(Scripted()), Document())), finds=True)
    check_retriever(lambda: KV(MemoryKV(), extractor(Retells()), Document()), finds=False)
    check_strategy(lambda: Memory(SlidingWindow(Document(), TOKENIZER), BM25(facts()), TOKENIZER))


@pytest.fixture(scope="module")
def hydra() -> Iterator[Composer]:
    with composer() as opened:
        yield opened


def test_without_a_model_it_says_what_to_type(hydra: Composer) -> None:
    cell = hydra.cell(["retriever=bm25", "writing=model_facts"])
    with pytest.raises(ConfigError, match="llm=litellm.*writing=facts"):
        build(cell.config["retriever"], "retriever")


def test_the_prompt_is_part_of_the_run(hydra: Composer) -> None:
    common = ["retriever=bm25", "writing=model_facts", "llm=scripted"]
    first = hydra.cell(common).plan(Tiny())
    other = hydra.cell([*common, "writing.extractor.prompt=Be brief."]).plan(Tiny())
    assert "numbered turns" in first.identity["memory"]["retriever"]["writing"]["extractor"]["prompt"]
    assert first.run_id != other.run_id
    parts = hydra.cell(
        ["retriever=hybrid", "retriever.parts=[bm25,kv]", "+parts.bm25.writing=model_facts", "llm=scripted"]
    )
    assert build(parts.config["retriever"], "retriever")


@pytest.mark.parametrize("isolation", ["separate", "shared"])
def test_a_run(hydra: Composer, isolation: str, tmp_path: Path) -> None:
    rule = {
        "match": "number15 ",
        "reply": {"facts": [found(statement="was told of number15", turns=[1])]},
    }
    cell = hydra.cell(["retriever=bm25", "writing=model_facts", "llm=scripted", "strategy=none"])
    memory: dict[str, Any] = {**cell.config["memory"], "window": cell.config["strategy"]}
    memory["retriever"]["writing"]["extractor"]["llm"]["rules"] = [rule]
    runner = Runner(plan(Tiny(), memory, isolation=isolation), tmp_path)
    (first, *_) = Tiny()
    result = runner.run(first)
    assert [outcome.error for outcome in result.outcomes] == [None] * 4
    stats = result.record.stats
    assert result.record.write.calls == stats["blocks_extracted"] >= 4
    assert stats["facts_added"] >= 1
    texts = [text for part in result.outcomes[-1].context or () for text in part.texts or ()]
    assert "Ann: was told of number15 (4 March 2024)" in texts


def test_a_query_finds_facts_by_their_words() -> None:
    memory = BM25(Facts(extractor(script(found(), match="Oslo")), Document(), keep_unparsed=False))
    memory.write([turn(1, "I have settled in Oslo"), turn(2, "Nice.")])
    (hit,) = memory.search(Query("Where is Ann's home?"), 5)
    assert (hit.text, hit.sources, hit.verbatim) == ("Ann: home is Oslo (9 May 2023)", ("id-1",), False)
