"""Words of any length on the command line end in a short sentence."""

import pytest

from memeval.cli.main import main

LONG = "x" * 100_000


@pytest.mark.parametrize(
    "words",
    [
        ["show", f"--{LONG}"],
        [LONG],
        ["show", LONG],
        ["score", LONG],
        ["compare", LONG],
        ["plot", LONG],
        ["cost", LONG],
        ["report", LONG, "out=x"],
        ["gate", "--baseline", LONG],
        ["gate", "--baseline", "x", "--rules", LONG],
        ["list", LONG],
        ["data", "fetch", LONG],
        ["data", "validate", LONG],
        ["run", f"retriever={LONG}"],
        ["run", f"{LONG}=1"],
        ["run", f"budget={LONG}"],
        ["run", "benchmark=jsonl", f"benchmark.path={LONG}"],
        ["run", f"measures=[{LONG}]"],
    ],
    ids=lambda words: " ".join(words).replace(LONG, "LONG"),
)
def test_a_long_word_is_not_repeated_whole(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(words)
    except SystemExit as error:
        code = int(str(error.code))
    captured = capsys.readouterr()
    assert code == 2
    assert len(captured.out + captured.err) < 5_000
    assert "xxx" in captured.err
