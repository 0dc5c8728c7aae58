"""The notebooks run from the top to the end; in git they have no outputs."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))


def test_both_are_there() -> None:
    assert {path.stem for path in NOTEBOOKS} >= {"tradeoffs", "your_own_strategy"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    for cell in code:
        assert cell.outputs == [] and cell.execution_count is None, f"{path.name}: clear all outputs before committing"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_api_is_used_and_no_shell(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert "import memeval" in code.splitlines()
    assert [line for line in code.splitlines() if line.lstrip().startswith(("!", "%"))] == []


def executed(name: str, folder: Path) -> str:
    """Everything that the notebook printed or showed."""
    path = next(path for path in NOTEBOOKS if path.stem == name)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = [output.get("text") or "".join(output.get("data", {}).keys()) for output in outputs]
    assert not any(output.output_type == "error" for output in outputs)
    return "\n".join(shown)


@pytest.mark.slow
def test_trade_offs() -> None:
    text = executed("tradeoffs", NOTEBOOKS[0].parent)
    assert "of the evidence in" in text and "reference" in text and text.count("image/png") == 2


@pytest.mark.slow
def test_your_own_strategy(tmp_path: Path) -> None:
    text = executed("your_own_strategy", tmp_path)
    assert "exit code 0" in text and "exit code 1" in text
    assert "LongWords" in text and "EvidenceRecall" in text
