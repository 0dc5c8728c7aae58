"""Graphiti over a real FalkorDB, its prompts answered by a script: sources, books, forgetting, manners."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import chat_server

from memeval.kit import engines, ledger
from memeval.kit.document import Document
from memeval.kit.errors import ConfigError, ReplyError
from memeval.kit.types import Query, Reply, Turn, Vectors
from memeval.llm.litellm_model import LiteLLM
from memeval.testing import retrievers

from . import contract
from .conftest import Reached

pytest.importorskip("graphiti_core", reason="pip install 'memeval[graphiti]'")
pytestmark = pytest.mark.xdist_group("servers-falkordb")
DAY = datetime(2024, 3, 1, 9, 30)
SAID = (
    ("D1", "Ann", "Ann adopted Miso from a shelter."),
    ("D2", "Ben", "Ben moved to Trondheim."),
    ("D3", "Ann", "Will repaired the telescope with Ann."),
    ("D4", "Ben", "Ann adopted Miso from a shelter."),
    ("D5", "Ben", "nothing of note"),
)


def turns() -> list[Turn]:
    return [Turn(name, "s1", speaker, "user", text, DAY) for name, speaker, text in SAID]


def extracted(text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """What a model would say: capitalised words are entities, and the first two of a message make a fact."""
    asked = next(iter(schema["properties"]))
    if asked in ("extracted_entities", "edges"):
        found = re.search(r"<CURRENT.MESSAGE>(.*?)</CURRENT.MESSAGE>", text, re.S)
        assert found is not None
        said = found[1].strip().partition(": ")[2]
        names = list(dict.fromkeys(re.findall(r"\b[A-Z][a-z]+\b", said)))
        if asked == "extracted_entities":
            return {asked: [{"name": name, "entity_type_id": 0} for name in names]}
        if len(names) < 2:
            return {asked: []}
        ends = {"source_entity_name": names[0], "target_entity_name": names[1]}
        return {asked: [{**ends, "relation_type": "KNOWS", "fact": said, "valid_at": "2024-03-01T00:00:00Z"}]}
    if asked == "duplicate_facts":
        return {asked: [], "contradicted_facts": []}
    return {name: [] for name in schema["properties"]}


class Script:
    """A model in this process."""

    fingerprint = "script"

    def __init__(self, fails_at: str = "") -> None:
        self.calls = 0
        self._fails_at = fails_at

    def complete(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any] | None = None) -> Reply:
        self.calls += 1
        text = messages[-1]["content"]
        if self._fails_at and f": {self._fails_at}" in text:
            raise ReplyError("the reply is no JSON")
        assert schema is not None
        ledger.book(model_seconds=0.5, calls=1, tokens_in=10, tokens_out=2, dollars=0.001)
        return Reply("", extracted(text, schema))


class Words:
    """Texts by the words they share."""

    fingerprint = "words"
    dimension = 64

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.full((len(texts), self.dimension), 0.01, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                vectors[row, sum(word.encode()) % self.dimension] += 1
        made: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return made


@pytest.fixture
def make(falkordb_server: Reached, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from memeval.strategies.long_term.graphiti import Falkor, Graphiti

    for variable, url in falkordb_server.addresses.items():
        monkeypatch.setenv(variable, url)
    opened: list[Graphiti] = []

    def one(llm: Any = None, graph: str = "", keep: bool = False, **options: Any) -> Graphiti:
        place = Falkor(graph=graph or f"memeval_graphiti_{contract.fresh()[8:]}", keep=keep, retries=1)
        made = Graphiti(llm or Script(), Words(), place, Document(), **options)
        opened.append(made)
        return made

    with engines.visit():
        yield one
        for each in opened:
            each.close()


def test_facts_cite_the_turns_they_were_extracted_from(make: Any) -> None:
    memory = make()
    memory.write(turns())
    assert memory.stats() == {"items": 3.0, "entities": 5.0, "episodes": 5.0, "unextracted": 0.0}
    hits = memory.search(Query("Who adopted Miso?"), 5)
    # Said twice, by another person the second time: one fact of two turns, which is nobody's own words.
    assert hits[0].text == "Ann adopted Miso from a shelter. (since 01 March 2024)"
    assert hits[0].sources == ("D1", "D4") and not hits[0].verbatim
    assert all(hit.score is not None for hit in hits)
    assert memory.search(Query("Who adopted Miso?"), 1) == hits[:1]
    assert memory.search(Query("Trondheim"), 5)[0].sources == ("D2",)
    assert memory.search(Query("  "), 5) == [] and memory.search(Query("Miso"), 0) == []


def test_episodes_are_the_turns_themselves(make: Any) -> None:
    memory = make(find="episodes")
    memory.write(turns())
    (hit,) = memory.search(Query("telescope"), 5)
    assert hit.text == "[01 March 2024] Ann: Will repaired the telescope with Ann."
    assert hit.sources == ("D3",) and hit.verbatim
    both = make(find="both")
    both.write(turns())
    kinds = [hit.verbatim for hit in both.search(Query("telescope"), 2)]
    assert kinds == [False, True]


def test_forgetting_takes_facts_words_and_summaries(make: Any) -> None:
    memory = make(find="both")
    memory.write(turns())
    memory.forget(["D4"])
    fact = memory.search(Query("Who adopted Miso?"), 5)[0]
    assert fact.sources == ("D1",), "what D1 said stays, without its witness"
    memory.forget(["D1", "D3", "never written"])
    for question in ("Who adopted Miso?", "telescope", "Will", "shelter"):
        for hit in memory.search(Query(question), 50):
            assert not {"D1", "D3", "D4"} & set(hit.sources)
            assert not re.search("Miso|telescope|shelter", hit.text)
    assert memory.stats()["episodes"] == 2.0 and memory.stats()["entities"] == 2.0, "Ben and Trondheim"
    memory.write(turns()[:1])
    assert memory.stats()["episodes"] == 2.0, "what is forgotten is not written again"


def test_scopes_do_not_see_each_other_and_a_graph_goes_on(make: Any) -> None:
    graph = f"memeval_graphiti_{contract.fresh()[8:]}"
    ann, ben = make(graph=graph, scope="Ann / 1"), make(graph=graph, scope="Ben")
    ann.write(turns()[:1])
    ben.write(turns()[1:2])
    assert [hit.sources for hit in ann.search(Query("Miso Trondheim"), 50)] == [("D1",)]
    assert [hit.sources for hit in ben.search(Query("Miso Trondheim"), 50)] == [("D2",)]
    ann.close()
    ann.close()
    again = make(graph=graph, scope="Ann / 1")
    assert [hit.sources for hit in again.search(Query("Miso"), 50)] == [("D1",)]
    again.write(turns())
    assert again.stats()["episodes"] == 5.0, "the turn that is there is not written twice"


def test_what_was_made_is_removed_unless_it_is_kept(make: Any) -> None:
    from memeval.strategies.long_term.graphiti import Falkor

    there = Falkor()
    graph = f"memeval_graphiti_{contract.fresh()[8:]}"
    for keep in (False, True):
        with engines.visit() as visit:
            memory = make(graph=graph, keep=keep)
            memory.write(turns()[:1])
            memory.close()
            (served,) = visit.engines
        left = [name for name in there.leftovers() if name.startswith(graph)]
        assert len(left) == keep
    assert served == there.engine() and (served.system, served.name) == ("graphiti", "FalkorDB")
    assert served.kind == "real" and served.settings["graphiti"] == "0.31.1"
    for name in (*left, "memeval_graphiti_gone"):
        there.remove(name)
    assert not [name for name in there.leftovers() if name.startswith(graph)]


def test_calls_are_booked_from_the_endpoint_too(make: Any) -> None:
    def answer(request: dict[str, Any]) -> chat_server.Answer:
        schema = request["response_format"]["json_schema"]["schema"]
        text = json.dumps(extracted(request["messages"][-1]["content"], schema))
        return chat_server.completion(text, usage=chat_server.usage(1000, 10))

    with chat_server.serving() as server:
        server.default = answer
        price = {"input": 1.0, "output": 2.0}
        memory = make(LiteLLM("tiny", api_base=server.base, cache="off", price=price))
        memory.prepare()
        with ledger.phase() as meter:
            memory.write(turns()[:3])
        usage = meter.usage
        assert usage.calls == len(server.requests) >= 8
        assert (usage.tokens_in, usage.tokens_out) == (1000 * usage.calls, 10 * usage.calls)
        assert usage.dollars == pytest.approx(usage.calls * (1000 * 1.0 + 10 * 2.0) / 1e6)
        assert usage.estimated_calls == 0 and 0 < usage.model_seconds
        asked = len(server.requests)
        with ledger.phase() as meter:
            assert memory.search(Query("Miso"), 5)
        assert len(server.requests) == asked and meter.usage.calls == 0, "a search asks no model"
        memory.close()


def test_a_turn_without_a_usable_reply_is_counted_and_the_others_stay(make: Any) -> None:
    model = Script(fails_at="Ben moved")
    memory = make(model)
    with ledger.phase() as meter:
        memory.write(turns())
    assert memory.stats()["unextracted"] == 1.0 and memory.stats()["episodes"] == 4.0
    assert all("D2" not in hit.sources for hit in memory.search(Query("Trondheim"), 50))
    assert meter.usage.calls == model.calls - 1 and meter.usage.dollars == pytest.approx(0.001 * (model.calls - 1))


def test_a_name_that_graphiti_cannot_look_up_costs_its_turn_only(make: Any) -> None:
    class Odd(Script):
        """Sees an entity where there is an underscore."""

        def complete(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any] | None = None) -> Reply:
            reply = super().complete(messages, schema)
            if "extracted_entities" in reply.data and "nothing of note" in messages[-1]["content"]:
                return Reply("", {"extracted_entities": [{"name": "_", "entity_type_id": 0}]})
            return reply

    memory = make(Odd())
    memory.write(turns())
    assert memory.stats()["unextracted"] + memory.stats()["episodes"] == 5.0
    assert memory.search(Query("Who _ adopted Miso?"), 5)[0].sources == ("D1", "D4")


def test_it_works_where_a_loop_runs_already(make: Any) -> None:
    memory = make()

    async def notebook() -> Any:
        memory.write(turns()[:1])
        return memory.search(Query("Miso"), 5)

    assert asyncio.run(notebook())[0].sources == ("D1",)


def test_the_rules_of_retrievers(make: Any) -> None:
    # All but those of finding, which are the model's: the script makes facts of names alone.
    retrievers.check_retriever(lambda: make(find="both"), finds=False, same_in_chunks=False)


def test_refusals(make: Any) -> None:
    from memeval.strategies.long_term.graphiti import Falkor, Graphiti

    with pytest.raises(ConfigError, match="llm=litellm"):
        Graphiti(None, Words(), Falkor(), Document())
    with pytest.raises(ConfigError, match="letters, digits"):
        Falkor(graph="memeval graph")
    with pytest.raises(ConfigError, match="holds a password"):
        _ = Falkor(url="redis://:secret@127.0.0.1:1").address


GUARD = """
import sys
seen = set()
def guard(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        place = arguments[1] if event == "socket.connect" else arguments[0]
        seen.add(place[0] if isinstance(place, tuple) else place)
sys.addaudithook(guard)
sys.path[:0] = [{tests!r}, {here!r}]
assert "pytest" not in sys.modules
from memeval.kit.document import Document
from memeval.strategies.long_term.graphiti import Falkor, Graphiti
from memeval.kit.types import Query, Turn
class Model:
    fingerprint = "m"
    def complete(self, messages, schema=None):
        from memeval.kit.types import Reply
        return Reply("", {{name: [] for name in schema["properties"]}})
class Flat:
    fingerprint, dimension = "f", 4
    def embed(self, texts):
        import numpy as np
        return np.full((len(texts), 4), 0.5, dtype=np.float32)
memory = Graphiti(Model(), Flat(), Falkor(url={url!r}, graph={graph!r}), Document(), find="episodes")
memory.write([Turn("D1", "s", "Ann", "user", "A telescope.")])
assert memory.search(Query("telescope"), 5)[0].sources == ("D1",)
memory.close()
memory._store.remove(memory._group)
print(sorted(map(str, seen)))
"""


def test_nothing_is_asked_but_the_address(falkordb_server: Reached, tmp_path: Path) -> None:
    tests = Path(__file__).parents[1]
    code = GUARD.format(
        tests=str(tests.parent),
        here=str(tests),
        url=falkordb_server.url,
        graph=f"memeval_graphiti_{contract.fresh()[8:]}",
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] in ("['127.0.0.1']", "['127.0.0.1', 'localhost']")
