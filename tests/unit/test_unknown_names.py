"""What is unknown is said before anything runs, and leaves nothing."""

from pathlib import Path

import pytest

from memeval.cli.main import main


@pytest.mark.parametrize("word", ["plots=[[1]]", "plots=[budgt]", "measures=[[[[[1]]]]]"])
def test_what_is_unknown_is_said_before_anything_runs(word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["run", "limit=1", word, f"results={tmp_path / 'runs'}"]) == 2
    assert "there is no plot" in (said := capsys.readouterr().err) or "not a measure" in said
    assert not (tmp_path / "runs").exists()
