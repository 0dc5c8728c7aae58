"""Words `key=value` as they are meant reach Hydra as they are meant, and those in its own grammar stay as they are."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memeval.harness.compose import composer
from memeval.options.overrides import in_grammar, is_override, items, key_of, read, settings, text


def value_of(word: str) -> object:
    """What Hydra reads."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    return OverridesParser.create().parse_override(in_grammar([word])[0]).value()


@pytest.mark.parametrize(
    ("word", "sign", "key", "value"),
    [
        ("budget=500", "", "budget", "500"),
        ("+parts.bm25.k1=0.9", "+", "parts.bm25.k1", "0.9"),
        ("++llm@judge_llm=scripted", "++", "llm@judge_llm", "scripted"),
        ("benchmark.path=/a/b=c", "", "benchmark.path", "/a/b=c"),
        ("measures=", "", "measures", ""),
    ],
)
def test_an_override_has_a_sign_a_key_and_a_value(word: str, sign: str, key: str, value: str) -> None:
    assert read(word) == (sign, key, value) and is_override(word) and key_of(word) == key
    assert settings([word, "~retriever", "word"]) == {key: value}


@pytest.mark.parametrize(
    "word", ["results/a=b", "./a=b", "~/a=b", "/a=b", "none+bm25-2000", "a b=c", "1=2", "*=x", "="]
)
def test_a_path_or_an_id_is_no_override(word: str) -> None:
    assert read(word) is None and not is_override(word)


def test_taking_away_is_an_override() -> None:
    assert is_override("~retriever") and is_override("~kv_store.path") and key_of("~retriever") == "retriever"
    assert read("~retriever") is None


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("MRR@10", ["MRR@10"]),
        ("a,b", ["a", "b"]),
        ("[a, b]", ["a", "b"]),
        (" [ a ,b , ] ", ["a", "b"]),
        ("[Recall(unit=session,rule=any)@5, MRR@10]", ["Recall(unit=session,rule=any)@5", "MRR@10"]),
        ("Recall(unit=session,rule=any)@5,MRR@10", ["Recall(unit=session,rule=any)@5", "MRR@10"]),
        ("['a, b', \"c]\", d]", ["a, b", "c]", "d"]),
        ("[[a,b],[c]]", ["[a,b]", "[c]"]),
        ("[a],[b]", ["[a]", "[b]"]),
        ("it's,here", ["it's", "here"]),
        ("[]", []),
        ("", []),
    ],
)
def test_lists_are_read_with_or_without_blanks_brackets_and_quotes(typed: str, found: list[str]) -> None:
    assert items(typed) == found


@given(st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12), max_size=5))
def test_any_list_of_texts_can_be_quoted(texts: list[str]) -> None:
    quoted = ", ".join("'" + each.replace("\\", "\\\\").replace("'", "\\'") + "'" for each in texts)
    assert items(f"[{quoted}]") == texts


@pytest.mark.parametrize(
    "word",
    [
        "budget=500", "strategy=none,full", "sweep=[{strategy: none, retriever: kv}]", "x='a b'", "x=[1,2]", "x=a b",
        "retriever=glob(*)", "x=${target.window}", "x=", "limit=null", "~retriever", "measures=null",
        "measures=${other}", "a.b={c: 1}",
    ],
)  # fmt: skip
def test_what_is_in_the_grammar_of_hydra_stays_as_it_is(word: str) -> None:
    assert in_grammar([word]) == [word]


@pytest.mark.parametrize(
    "value",
    [
        "/a b/c=d",
        "/it's",
        "/a[1].jsonl",
        "[1].jsonl!",
        "/a(1)",
        "/x#y",
        '/x"y',
        "/ä ö/ü",
        "x;y",
        "a=b=c",
        "/a{b",
        "100 %",
    ],
)
def test_what_hydra_cannot_read_is_text(value: str) -> None:
    # What begins as a list and is none is a mistake, unless there is such a file.
    if value.startswith("["):
        assert in_grammar([f"benchmark.path={value}"]) == [f"benchmark.path={value}"]
    else:
        assert value_of(f"benchmark.path={value}") == value


@pytest.mark.parametrize("name", ["a,b.jsonl", "[draft].jsonl", "a b.jsonl", "{x}", "it's [1]=2, 'x'.jsonl", "$HOME"])
def test_the_name_of_a_file_that_exists_is_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    for value in (name, str(tmp_path / name)):
        assert value_of(f"benchmark.path={value}") == value


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert value_of("benchmark.path=~/x y.jsonl") == str(tmp_path / "x y.jsonl")
    assert value_of("benchmark.path=~nobody_of_that_name/x") == "~nobody_of_that_name/x"


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20).filter(lambda text: "${" not in text))
def test_any_text_can_be_written_in_the_grammar(value: str) -> None:
    assert value_of(f"x={text(value)}") == value


def test_a_list_option_takes_measures_as_every_command_does() -> None:
    words = ["measures=[Recall(unit=session,rule=any)@5, MRR@10]", "references=oracle", "plots=budget,heat-map"]
    with composer() as hydra:
        (cell, *_) = hydra.cells(["benchmark=demo", *words], multirun=False)
        again = hydra.cells(cell.overrides, multirun=False)[0]
    assert cell.config["measures"] == ["Recall(unit=session,rule=any)@5", "MRR@10"]
    assert cell.config["references"] == ["oracle"] and cell.config["plots"] == ["budget", "heat-map"]
    assert again.config == cell.config, "what a record keeps is read alike"
