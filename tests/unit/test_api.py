"""The Python API: options by name and objects, no YAML, no PYTHONPATH, sentences for what cannot be run."""

import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dialogues import Memory as Tiny

import memeval
from memeval.api.words import Words, text
from memeval.harness.compose import composer
from memeval.kit.errors import BaselineError, ConfigError, RecordsError
from memeval.kit.types import Context, Query, Segment, Turn

ROOT = Path(__file__).resolve().parents[2]


class Last:
    """The last turns."""

    def __init__(self, size: int = 3) -> None:
        self.size = size
        self.turns: list[Turn] = []

    def write(self, turns: Sequence[Turn]) -> None:
        self.turns = [*self.turns, *turns][-self.size :]

    def read(self, query: Query, budget: int) -> Context:
        return Context([Segment("history", turn.text, (turn.id,)) for turn in self.turns])


class Locked(Last):
    """Cannot be copied."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()


@pytest.fixture
def run(tmp_path: Path) -> Any:
    return partial(memeval.run, Tiny(dialogues=3, turns=20, questions=4), budget=500, results=tmp_path)


def test_options_by_name_and_with_settings(run: Any) -> None:
    # The benchmark is an object here, so that what is stored is run again unless told otherwise.
    named = run(strategy="none", retriever="bm25", overwrite=False, **{"retriever.k1": 0.9})
    same = run(strategy="none", retriever={"option": "bm25", "k1": 0.9}, overwrite=False)
    other = run(strategy="none", retriever="bm25")
    assert named.id == same.id != other.id
    assert named.run.record.identity["memory"]["retriever"]["option"] == "retriever/bm25"
    assert named["EvidenceRecall"] == 1.0 and named["Recall(unit=session)@1"] > 0, "an unscored measure is computed"
    assert "evidence" in str(named) and named.folder.name == named.id
    before = (named.folder / "outcomes.jsonl").stat().st_mtime_ns
    run(strategy="none", retriever="bm25", overwrite=False, **{"retriever.k1": 0.9})
    assert (named.folder / "outcomes.jsonl").stat().st_mtime_ns == before


def test_a_class_of_a_module_is_named_by_its_place(run: Any) -> None:
    result = run(strategy=Last)
    assert result.run.record.identity["memory"] == {"class": f"{__name__}.Last"}
    assert result.run.record.names["strategy"] == "Last" and result.id.startswith("Last-500-")
    assert run(strategy={"option": Last, "size": 20})["EvidenceRecall"] > result["EvidenceRecall"]


def test_each_dialogue_gets_a_fresh_copy_of_an_instance(run: Any) -> None:
    memory = Last(20)
    result = run(strategy=memory)
    assert memory.turns == [], "the caller's own stays as it was"
    assert result["EvidenceRecall"] == run(strategy={"option": Last, "size": 20})["EvidenceRecall"]
    described = result.run.record.identity["memory"]
    assert described["rebuildable"] is False and described["state"]["size"] == 20
    assert described["class"].startswith(f"{__name__}.Last-")
    assert run(strategy=Last(2)).id != result.id, "other attributes are another memory"
    assert run(strategy=Last(20)).id == result.id


def test_a_factory_is_called_for_each_dialogue(run: Any) -> None:
    made: list[Last] = []

    def factory() -> Last:
        made.append(Last(4))
        return made[-1]

    assert run(strategy=factory).run.record.identity["memory"]["state"]["size"] == 4
    assert len(made) >= 1 + 3 and len({id(each) for each in made}) == len(made)
    assert run(strategy=partial(Last, 4)).id == run(strategy=lambda: Last(4)).id


def test_a_local_class_is_hashed_by_its_source_and_never_reused(run: Any) -> None:
    """Two classes of one name: the id is the same, the code is not, and neither is taken for the other."""

    def local(size: int) -> type[Last]:
        if size == 1:

            class Mine(Last):
                def read(self, query: Query, budget: int) -> Context:
                    return Context([])
        else:

            class Mine(Last):  # type: ignore[no-redef]
                def __init__(self) -> None:
                    super().__init__(20)

        return Mine

    one = run(strategy=local(1))
    code, recall = one.run.record.code, one["EvidenceRecall"]
    other = run(strategy=local(2))
    assert other.id == one.id and other.run.record.code != code
    assert recall == 0.0 and other["EvidenceRecall"] > 0.0
    assert other.run.record.identity["memory"]["rebuildable"] is False


def test_a_sweep_holds_objects_and_names(tmp_path: Path) -> None:
    swept = memeval.sweep(
        Tiny(), [Last(1), Last(9), "truncation"], budget=[100, 500], results=tmp_path, references=["none"]
    )
    assert [result.row.budget for result in swept] == [100, 500] * 3 + [100, 500]
    frame = swept.frame()
    assert len(frame) == 8 and list(frame["reference"]) == [False] * 6 + [True] * 2
    assert swept[1:3].runs == swept.runs[1:3] and swept.errors == 0
    compared = memeval.compare([swept[1], swept[3]], reference=swept[1].id)
    assert compared.comparison.reference.run.id == swept[1].id and swept[3].id[:11] in str(compared)
    with pytest.raises(BaselineError, match="budget"):
        swept.compare()
    scored = memeval.score("truncation*", ["EvidenceRecall"], results=tmp_path)
    assert [each.row.budget for each in scored] == [100, 500] and len(scored[0].scores.overall) == 1
    assert len(memeval.load(results=tmp_path)) == 8
    assert list(memeval.plot(swept, ["trade-off"], out=tmp_path / "plots"))[:1] == ["trade-off"]
    page = memeval.report(swept, out=tmp_path / "report")
    assert page.is_file()


def test_a_gate_passes_and_fails(run: Any, tmp_path: Path) -> None:
    good = run(strategy="sliding_window")
    assert memeval.gate(tmp_path / "baseline", good, update=True)
    rules = [{"measure": "EvidenceRecall", "max_drop": 0.01}]
    assert memeval.gate(tmp_path / "baseline", good, rules)
    assert memeval.gate(tmp_path / "baseline", results=tmp_path).exit_code == 0, "found by the baseline's id"
    with pytest.raises(ConfigError):
        memeval.gate(tmp_path / "baseline", good, [{"measure": "Nonsense"}])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"strategy": "truncatoin"}, "did you mean truncation"),
        ({"strategy": object()}, "has no write: a strategy is a class with the methods write, read"),
        ({"retriever": Last}, "has no search"),
        ({"strategy": Locked()}, "cannot be copied .* pass the class, strategy=Locked, or a factory"),
        ({"strategy": lambda size: Last(size)}, "pass a factory that needs none"),
        ({"strategy": Last(3), "workers": 2}, "Processes runs dialogues in other processes, .* give workers=1"),
        ({"strategy": {"option": Last, "length": 3}}, "takes no option 'length': it takes size"),
        ({"bugdet": 3}, "did you mean budget"),
        ({"experiment": "demo"}, "memeval.sweep"),
        ({"mode": "replay"}, "a replay asks no questions"),
        ({"retriever.k1": Last}, "give it in place of a whole option"),
        ({"measures": ["Recal@5"]}, "Recall"),
    ],
)
def test_what_cannot_be_run_is_a_sentence(run: Any, tmp_path: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        run(**options)
    assert not memeval.load(results=tmp_path), "nothing was run to its end"


def test_a_failure_is_warned_of_and_an_unknown_run_named(run: Any, tmp_path: Path) -> None:
    class Broken(Last):
        def read(self, query: Query, budget: int) -> Context:
            raise ValueError("no idea")

    with pytest.warns(UserWarning, match="12 questions failed, the first .* ValueError .*no idea"):
        assert run(strategy=Broken).errors == 12
    with pytest.raises(RecordsError, match="no run matches 'nosuch'"):
        memeval.load("nosuch", results=tmp_path)
    with pytest.raises(AttributeError, match="it has Compared"):
        _ = memeval.runn


def test_two_objects_of_one_name_are_refused(tmp_path: Path) -> None:
    def made(word: str) -> type[Last]:
        return type("Same", (Last,), {"word": word, "__module__": "__main__"})

    with pytest.raises(ConfigError, match="two different objects are called __main__.Same"):
        memeval.sweep(Tiny(), [made("a"), made("b")], results=tmp_path)


WORDS = st.text(st.characters(exclude_categories=("C",)), max_size=12).filter(lambda words: "${" not in words)
VALUES = st.none() | st.booleans() | st.integers(-99, 99) | st.floats(-9, 9) | WORDS


@given(st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3), max_leaves=4))
def test_values_survive_the_grammar_of_overrides(value: Any) -> None:
    from hydra.core.override_parser.overrides_parser import OverridesParser

    parsed = OverridesParser.create().parse_override(f"key={text(value)}").value()

    def plain(node: Any) -> Any:
        return [plain(each) for each in node] if isinstance(node, list) else getattr(node, "text", node)

    assert plain(parsed) == value


def test_a_script_of_its_own_needs_no_path_and_no_yaml(tmp_path: Path) -> None:
    """And `import memeval` loads nothing: the API comes with the first use of a name."""
    script = tmp_path / "mine.py"
    script.write_text(
        "import sys\n"
        "import memeval\n"
        "assert [name for name in sys.modules if name.startswith('memeval')] == ['memeval'], 'loads nothing'\n"
        "from memeval.kit.types import Context\n"
        "class Nothing:\n"
        "    def write(self, turns): pass\n"
        "    def read(self, query, budget): return Context([])\n"
        "demo = {'option': 'demo', 'users': 1, 'turns': 100}\n"
        "result = memeval.run(demo, Nothing, budget=500, results='out')\n"
        "print(result.run.record.identity['memory'], result['EvidenceRecall'])\n"
    )
    code = f"import sys, runpy; sys.path.insert(0, {str(ROOT)!r}); runpy.run_path('mine.py', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "{'class': '__main__.Nothing', 'rebuildable': False} 0.0"


def test_words_are_those_of_the_command_line() -> None:
    words = Words()
    typed = [*words.of("strategy", "none"), *words.of("retriever", {"option": "bm25", "k1": 0.9})]
    with composer() as hydra:
        cell = hydra.cell(typed)
    assert cell.config["retriever"]["k1"] == 0.9 and cell.names["retriever"] == "bm25" and not words.objects
