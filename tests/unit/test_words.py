"""One grammar for all commands: what is understood, what is refused, and how it is said."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from memeval.cli import words
from memeval.cli.main import COMMANDS, main
from memeval.cli.words import Command, Group, Words
from memeval.kit.errors import ConfigError
from memeval.scoring.measures import MRR, Recall

MEASURES = words.measures("measures")
RESULTS = words.path("results", Path("results/runs"), "a folder", "FOLDER")
LEVEL = words.decimal("level", 0.95, "a number")
SEED = words.whole("seed", 0, "a whole number")
ACROSS = words.names("across", "a list")
ONLY = words.names("only", "globs", several=True)
OUT = words.paths("out", "files")
BY = words.text("by", None, "a choice", choices=["category", "tag"])
STRICT = words.flag("strict", "a flag", short="-s")
REFERENCE = words.run("reference", "a run")
OPTIONS: tuple[words.Option[Any], ...] = (MEASURES, RESULTS, LEVEL, SEED, ACROSS, ONLY, OUT, BY, STRICT, REFERENCE)
TOY = Command(
    "toy", "It plays.", (("memeval toy", "plays"),), Words("RUN...", "runs", 0, None, "name runs"), OPTIONS
)  # fmt: skip
PASSING = Command("toy", "It runs.", (("memeval toy", "runs"),), options=(STRICT, OUT), overrides="Passed on.")


@pytest.mark.parametrize(
    ("typed", "option", "value"),
    [
        (["results=/a b/c=d/"], RESULTS, Path("/a b/c=d")),
        (["--results", "/a b/c=d/"], RESULTS, Path("/a b/c=d")),
        (["--results=/a b/c=d/"], RESULTS, Path("/a b/c=d")),
        (["results=it's [1]"], RESULTS, Path("it's [1]")),
        ([], RESULTS, Path("results/runs")),
        (["results=a", "results=b"], RESULTS, Path("b")),
        (["level=0.9"], LEVEL, 0.9),
        (["--level", "-1"], LEVEL, -1.0),
        (["seed=7"], SEED, 7),
        (["strict=yes"], STRICT, True),
        (["strict=OFF"], STRICT, False),
        (["--strict"], STRICT, True),
        (["--strict=no"], STRICT, False),
        (["-s"], STRICT, True),
        ([], STRICT, False),
        (["by=category"], BY, "category"),
        ([], BY, None),
        (["across=budget"], ACROSS, ("budget",)),
        (["across=[budget, 'a, b']"], ACROSS, ("budget", "a, b")),
        (["only=a,b", "--only", "c"], ONLY, ("a", "b", "c")),
        (["--out", "a,b.md", "out=c.md"], OUT, (Path("a,b.md"), Path("c.md"))),
        (["measures=MRR@10"], MEASURES, (MRR(k=10),)),
        (
            ["measures=[Recall(unit=session,rule=any)@5, MRR@10]"],
            MEASURES,
            (Recall(unit="session", rule="any", k=5), MRR(k=10)),
        ),
        (["--measures", "MRR@10 , MRR@10"], MEASURES, (MRR(k=10),)),
        (["measures=[]"], MEASURES, ()),
        ([], MEASURES, None),
    ],
)
def test_options_have_values_of_their_type(typed: list[str], option: words.Option[Any], value: object) -> None:
    given = TOY.parse(["run", *typed])
    assert given[option] == value and given.words == ("run",) and (option in given) == bool(typed)


def test_a_tilde_is_the_home_folder_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    given = TOY.parse(["~/runs", "results=~/r", "--out", "~/x.md", "reference=~/one"])
    assert given.words == (f"{tmp_path}/runs",) and given[RESULTS] == tmp_path / "r"
    assert given[OUT] == (tmp_path / "x.md",) and given[REFERENCE] == f"{tmp_path}/one"


@pytest.mark.parametrize("word", ["./a=b", "results/a=b/", "/x y/a=b", "none+bm25-2000", "*[ab]*", "it's", "a b"])
def test_runs_and_files_are_no_options(word: str) -> None:
    assert TOY.parse([word]).words == (word,)
    assert TOY.parse(["--", word, "results=x"]).words == (word, "results=x")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (["refernce=x"], "did you mean reference=?"),
        (["refernce=x"], "is typed ./refernce=x"),
        (["--refernce", "x"], "not refernce=; did you mean reference=?"),
        (["-x"], "not -x"),
        (["--level"], "--level needs a value: type level=X"),
        (["--level", "--strict"], "--level needs a value"),
        (["results="], "results= has no value: type results=FOLDER"),
        (["results"], "results is an option and needs a value: type results=FOLDER"),
        (["by"], "type by=category|tag"),
        (["level=high"], "level=high is not a number: for example level=0.95"),
        (["seed=1.5"], "seed=1.5 is not a whole number from 0"),
        (["seed=-1"], "seed=-1 is not a whole number from 0"),
        (["seed=inf"], "seed=inf is not a"),
        (["by=categroy"], "by=categroy is unknown, did you mean category?: choose one of category, tag"),
        (["strict=perhaps"], "strict=perhaps is unknown"),
        (["measures=Recal@5"], "did you mean Recall?"),
    ],
)
def test_what_is_not_understood_is_one_sentence(
    typed: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=re.escape(says)) as caught:
        TOY.parse(typed)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 600


def test_an_options_name_may_be_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    assert TOY.parse(["results"]).words == ("results",)


def test_other_keys_are_passed_on_where_a_command_runs_memories() -> None:
    given = PASSING.parse(
        ["budget=500", "--budget", "700", "--retriever.k1=0.9", "~llm", "+parts.bm25.k1=1", "--overwrite", "-s",
         "--skip-unreachable", "--limit", "3", "out=x.csv", "llm@judge_llm=none"]
    )  # fmt: skip
    assert given.overrides == (
        "budget=500", "budget=700", "retriever.k1=0.9", "~llm", "+parts.bm25.k1=1", "overwrite=true",
        "skip_unreachable=true", "limit=3", "llm@judge_llm=none",
    )  # fmt: skip
    assert given[STRICT] and given[OUT] == (Path("x.csv"),) and given.words == ()
    with pytest.raises(ConfigError, match=r"'resutls' is too much; did you mean results=\?"):
        PASSING.parse(["resutls"])
    with pytest.raises(ConfigError, match="budget is an option and needs a value: type budget=VALUE"):
        PASSING.parse(["budget"])


def test_how_many_words_there_may_be() -> None:
    two = Command("two", "", (), Words("A B", "", 1, 2, "name A"), (words.path("base", None, "a base", required=True),))
    with pytest.raises(ConfigError, match=r"^name A$"):
        two.parse(["base=x"])
    with pytest.raises(ConfigError, match="takes A B and options, and 'c' is too much"):
        two.parse(["a", "b", "c"])
    with pytest.raises(ConfigError, match="memeval two needs base=FILE: a base"):
        two.parse(["a"])


def test_a_group_has_actions() -> None:
    group = Group(
        "toys", "Toys.", (Command("toys list", "", ()), Command("toys play", "", (), options=(STRICT,))), "list"
    )
    assert group.parse([])[0] == "list" and group.parse(["play", "--strict"])[1][STRICT]
    with pytest.raises(ConfigError, match=r"no action 'plya', did you mean play\?"):
        group.parse(["plya"])


def declared() -> list[Command]:
    """Every command and every action."""
    found: list[Command] = []
    for _, module, _ in COMMANDS:
        loaded = importlib.import_module(f"memeval.cli.{module}")
        group = getattr(loaded, "GROUP", None)
        found += [loaded.COMMAND] if group is None else group.actions
    return found


@pytest.mark.parametrize("command", declared(), ids=lambda command: command.name)
def test_every_help_is_made_from_the_declaration_and_teaches(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main([*command.name.split(), "--help"])
    text = capsys.readouterr().out
    assert not end.value.code and text.startswith(f"usage: memeval {command.name}")
    assert command.examples and all(example in text for example, _ in command.examples)
    for option in command.options:
        assert re.search(rf"^  .*(?:--)?{option.name}\b", text, re.MULTILINE), option.name
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("command", declared(), ids=lambda command: command.name)
def test_a_misspelt_option_of_any_command_is_a_sentence_with_exit_code_2(
    command: Command, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    extra = ["demo"] * command.words.least + ["baseline=b"] * (command.name == "gate")
    for typed in ("--nonsense-of-mine", "nonsense_of_mine=1"):
        assert main([*command.name.split(), *extra, typed]) == 2
        captured = capsys.readouterr()
        assert captured.err.startswith("memeval: ") and captured.err.count("\n") == 1, captured.err
        assert "nonsense" in captured.err
