"""A sweep tells its listener what happens, prints nothing, and knows one place for a run."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from support.dialogues import Memory

from memeval.harness.compose import Cell, composer
from memeval.harness.executors import Serial
from memeval.harness.plan import Plan
from memeval.harness.sweep import Silent
from memeval.kit.errors import ConfigError, MemevalError
from memeval.kit.types import Dialogue, DialogueRecord, DialogueResult
from memeval.scoring.measures import InputDollars
from memeval.scoring.rows import axes
from memeval.scoring.sweeps import run_cells


class Heard(Silent):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.sentences: list[str] = []

    def started(self, run_id: str, total: int) -> None:
        self.words.append(f"started {run_id.partition('-')[0]} of {total}")

    def dialogue(self, record: DialogueRecord | None, total: int) -> None:
        self.words.append(f"{'none' if record is None else record.dialogue} of {total}")

    def finished(self, run_id: str) -> None:
        self.words.append(f"finished {run_id.partition('-')[0]}")

    def skipped(self, sentence: str) -> None:
        self.sentences.append(sentence)

    def stopped(self, run_id: str, error: MemevalError) -> None:
        self.words.append(f"stopped {run_id.partition('-')[0]}: {type(error).__name__}")


class Small(Memory):
    """Its option is `demo`, its own name is another."""

    name = "small"

    def __init__(self) -> None:
        super().__init__(dialogues=2, turns=8, questions=2)


def cells(folder: Path, *overrides: str, multirun: bool = False) -> list[Cell]:
    common = ["~benchmark", f"+benchmark._target_={__name__}.Small", f"results='{folder}'", "references=[]"]
    with composer() as hydra:
        return hydra.cells([*common, *overrides], multirun)


def test_a_listener_hears_runs_dialogues_and_what_ended_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heard = Heard()
    swept = cells(tmp_path, "strategy=none") + cells(
        tmp_path, "strategy=none", "strategy._target_=support.strategies.NeedsModel"
    )
    rows, errors = run_cells(swept, heard)
    assert [row.name for row in rows] == ["none"] and errors == 1, "a run that was ended counts as one error"
    assert heard.words == [
        "started none of 2", "none of 2", "d0 of 2", "d1 of 2", "finished none",
        "started NeedsModel of 2", "none of 2", "stopped NeedsModel: ModelError",
    ]  # fmt: skip
    assert capsys.readouterr() == ("", "")


def test_the_error_of_the_only_run_is_raised(tmp_path: Path) -> None:
    heard = Heard()
    with pytest.raises(MemevalError):
        run_cells(cells(tmp_path, "strategy=none", "strategy._target_=support.strategies.NeedsModel"), heard)
    assert not any(word.startswith(("stopped", "finished")) for word in heard.words)


def test_what_is_finished_needs_no_store_wherever_the_benchmark_got_its_folder_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is that of the benchmark's own name, here `small`, not of the option that chose it."""
    words = ["strategy=none", "retriever=kv", "kv_store=memory", "skip_unreachable=true"]
    heard = Heard()
    rows, _ = run_cells(cells(tmp_path, *words), heard)
    assert rows[0].run.folder.parent == tmp_path / "small"
    monkeypatch.setattr("memeval.harness.sweep.unreachable", lambda plan: "nobody is at home")
    again, _ = run_cells(cells(tmp_path, *words), heard)
    assert again[0].run.folder == rows[0].run.folder and heard.sentences == []
    with pytest.raises(ConfigError, match="no store of the sweep answers"):
        run_cells(cells(tmp_path, *words, "overwrite=true"), heard)
    assert heard.sentences == ["passed over kv_store=memory: nobody is at home"]


def test_a_row_has_the_prices_of_the_target_that_was_asked_for(tmp_path: Path) -> None:
    same = ("target.window=128000", "strategy=truncation", "measures=[InputDollars]")
    alone = [run_cells(cells(tmp_path / name, *same, f"target={name}"))[0][0] for name in ("gpt-4o", "claude-sonnet-4")]
    heard = Heard()
    both, _ = run_cells(cells(tmp_path / "both", *same, "target=gpt-4o,claude-sonnet-4", multirun=True), heard)
    dollars = [row.scores[InputDollars()].value for row in alone]
    assert None not in dollars and dollars[0] != dollars[1]
    assert [row.scores[InputDollars()].value for row in both] == dollars
    assert [row.on("target") for row in both] == ["gpt-4o", "claude-sonnet-4"] and axes(both) == ["target"]
    assert [row.priced_at for row in both] == ["gpt-4o", "claude-sonnet-4"]
    assert len({row.run.id for row in both}) == 1 and sum("started" in word for word in heard.words) == 1
    # What is stored already is priced anew, too.
    after, _ = run_cells(cells(tmp_path / "gpt-4o", *same, "target=claude-sonnet-4"))
    assert [row.scores[InputDollars()].value for row in after] == dollars[1:]


class Backwards:
    """An executor of one's own: the last dialogue first."""

    def run(self, plan: Plan, dialogues: Iterable[Dialogue]) -> Iterator[DialogueResult]:
        for dialogue in reversed(list(dialogues)):
            yield from Serial().run(plan, [dialogue])


def test_the_executor_changes_no_id_and_no_outcome(tmp_path: Path) -> None:
    """Also one of somebody else's: one class, chosen by its name."""
    own = ("executor=serial", f"executor._target_={__name__}.Backwards")
    found = []
    for number, words in enumerate([(), ("executor=serial", "workers=2"), ("executor=processes",), own]):
        row = run_cells(cells(tmp_path / str(number), "strategy=truncation", *words))[0][0]
        contexts = [outcome.context for result in row.run.results() for outcome in result.outcomes]
        found.append((row.run.id, row.run.record.code, contexts))
    assert found[0][2] and all(each == found[0] for each in found)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("executor=processes", "workers=0"), "workers=0 is out of range"),
        (("executor=processes", "isolation=shared"), "executor=Processes does not: add executor=auto"),
        (("executor=serial", "executor._target_=collections.Counter"), "executor=Counter has no run"),
        (("executor=prcesses",), "did you mean processes"),
    ],
)
def test_an_executor_that_cannot_run_leaves_nothing(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        run_cells(cells(tmp_path, "strategy=truncation", *words))
    assert not list(tmp_path.iterdir())
