"""The fuzzer finds what it is for, repeats itself, and finds nothing in a short run."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.fuzz.__main__ import SHARES, check, examples, fuzz, main
from tools.fuzz.carrying import Said, carry_out, warm
from tools.fuzz.inputs import ROOT, Input
from tools.fuzz.kinds import KINDS
from tools.fuzz.prepared import DIALOGUES, RUN, dialogues, lines
from tools.fuzz.verdict import difference, fault

FILES = {DIALOGUES: lines(dialogues())}
FEW = ("strategy=truncation", "budget=200", "measures=[AnswerInContext]")


def said(tmp_path: Path, code: int | None = 2, err: str = "memeval: no", out: str = "", late: bool = False) -> Said:
    return Said(code, out, err, 0.1, late, tmp_path)


@pytest.mark.parametrize(
    ("ended", "wrong"),
    [
        ({}, None),
        ({"code": 0, "err": ""}, None),
        ({"code": None, "late": True}, "did not end within 20 seconds"),
        ({"err": "Traceback (most recent call last):\nKeyError: 'a'"}, "a traceback: KeyError"),
        ({"err": "memeval: run met an error that it has no words for, KeyError"}, "a traceback"),
        ({"code": 0, "err": "/x/y.py:3: RuntimeWarning: overflow"}, "a Python warning"),
        ({"code": 130}, "exit code 130"),
        ({"err": ""}, "exit code 2 without a word"),
        ({"code": 1, "err": " \n"}, "exit code 1 without a word"),
        ({"err": "memeval: " + "x" * 3000}, "a message of 3,009 characters"),
        ({"err": "memeval: \x1b[2J"}, "a control character"),
    ],
)
def test_a_verdict_names_what_is_wrong(tmp_path: Path, ended: dict[str, object], wrong: str | None):
    found = fault(Input("any", ("run",)), said(tmp_path, **ended), 20)  # type: ignore[arg-type]
    assert found is None if wrong is None else wrong in str(found)


def test_what_cannot_be_carried_out_must_end_with_2(tmp_path: Path):
    assert "exit code 1" in str(fault(Input("any", (), wrong=True), said(tmp_path, code=1), 20))


def test_inputs_of_another_meaning_differ_and_those_of_the_same_do_not(tmp_path: Path):
    other = dialogues()
    other[0]["questions"][0]["answers"] = ["red"]
    ended = []
    for name, content in (("a", FILES[DIALOGUES]), ("b", b"\n" + FILES[DIALOGUES]), ("c", lines(other))):
        folder = tmp_path / name
        folder.mkdir()
        ended.append(carry_out(Input("any", (*RUN, *FEW), {DIALOGUES: content}), folder, 60, alone=False))
    assert difference(ended[0], ended[1]) is None
    assert "different numbers" in str(difference(ended[0], ended[2]))


def test_a_seed_gives_the_same_inputs_again():
    for kind in ("dialogues", "same-dialogues", "plugins"):
        assert examples(kind, 20, 7) == examples(kind, 20, 7)
    assert examples("dialogues", 20, 7) != examples("dialogues", 20, 8)
    assert set(SHARES) == set(KINDS)


def test_an_input_that_failed_is_kept_with_the_command_that_repeats_it(tmp_path: Path):
    odd = Input("any", (*RUN, *FEW, "nobody=1"), FILES)
    odd.keep(tmp_path / "kept", "a reason", "what it said")
    assert (tmp_path / "kept" / "FAULT.txt").read_text() == "a reason\n\nwhat it said\n"
    command = (tmp_path / "kept" / "COMMAND.sh").read_text().replace(" python ", f" {sys.executable} ")
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.returncode == 2 and "unknown option 'nobody'" in done.stderr


def test_what_does_not_end_is_found(tmp_path: Path):
    option = [
        "strategy=none",
        "strategy._target_=tools.fuzz.misbehaving.Memory",
        "+strategy.where=read",
        "+strategy.act=sleep",
    ]
    asleep = Input("any", (*RUN, *option), FILES)
    assert check(asleep, 0.2, alone=True)[0] == "it did not end within 0.2 seconds"


def test_inputs_of_all_kinds_have_no_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    warm()
    # Hydra takes 0.2 seconds for each new line of overrides.
    slow = {"overrides": 2, "same-overrides": 1, "targets": 2, "plugins": 2, "words": 3, "records": 3, "baselines": 2}
    kinds = {kind: slow.get(kind, share) for kind, share in SHARES.items()}
    found = fuzz({**kinds, "dialogues": 20, "same-dialogues": 3}, 1, 30, alone=False, seconds=0, keep=tmp_path)
    assert not found.faults, capsys.readouterr().out
    assert sum(found.inputs.values()) > 50 and set(found.inputs) == set(KINDS)


def test_no_input_is_begun_when_the_time_is_over(tmp_path: Path):
    found = fuzz({"dialogues": 5}, 1, 30, alone=False, seconds=1e-9, keep=tmp_path)
    assert not found.inputs


def test_words_of_the_fuzzer_are_checked(capsys: pytest.CaptureFixture[str]):
    assert main(["only=nobody"]) == main(["count=x"]) == main(["colour=red"]) == 2
    assert main(["--help"]) == 0
    assert "dialogues" in capsys.readouterr().out
    assert ROOT.joinpath("tools", "fuzz").is_dir()
