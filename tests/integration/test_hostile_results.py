"""A stranger's results folder, opened by every command: nothing runs, nothing is written elsewhere, all is text."""

import contextlib
import io
import json
import os
import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import memeval
from memeval.cli.main import main
from memeval.kit.errors import MemevalError

RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]")
CALL = {"_target_": "pathlib.Path.touch", "self": "CANARY"}
TEXT = (
    "=1+1 \x1b]52;c;cm0gLXJmIH4=\x07<script>alert(1)</script> ![x](http://evil.example/x.png) \\input{x} ]]>\n::error::"
)


class Bomb:
    def __reduce__(self) -> Any:
        return os.system, ("touch CANARY",)


def at(*path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(meta: dict[str, Any]) -> None:
        node = meta
        for key in path[:-1]:
            node = node.setdefault(key, {}) if isinstance(node.get(key, {}), dict) else {}
        node[path[-1]] = value

    return change


CHANGES: dict[str, Callable[[dict[str, Any]], None]] = {
    "benchmark node": at("benchmark", "node", value=CALL),
    "benchmark node, a part": at("benchmark", "node", "inner", value=CALL),
    "benchmark class": at("benchmark", "node", "class", value="os.system"),
    "benchmark option": at("benchmark", "node", "options", value={"path": "../../../secret.jsonl"}),
    "document": at("identity", "document", value=CALL),
    "tokenizer": at("identity", "tokenizer", value=CALL),
    "memory": at("identity", "memory", value=CALL),
    "retriever": at("identity", "memory", "retriever", value=CALL),
    "reader": at("identity", "reader", value=CALL),
    "judge": at("identity", "judge", value=CALL),
    "config": at("config", "benchmark", value=CALL),
    "config hydra": at("config", "hydra", value={"searchpath": ["file://."], "run": {"dir": "../outside"}}),
    "resolver": at("config", "budget", value="${oc.env:HOME}"),
    "overrides": at(
        "overrides", value=["hydra.searchpath=[file://.]", "strategy._target_=os.system", "hydra.run.dir=../outside"]
    ),
    "id": at("id", value="../../../outside"),
    "id with escapes": at("id", value=TEXT),
    "names": at("names", value={"benchmark": "../../outside", "strategy": TEXT, "retriever": TEXT}),
    "strategy": at("names", "strategy", value=TEXT),
    "licence": at("benchmark", "licence", value=TEXT),
    "benchmark name": at("benchmark", "name", value="../../outside"),
    "environment": at("environment", value={"memeval": TEXT, "packages": {TEXT: TEXT}}),
    "yaml tag": at("benchmark", "node", value="!!python/object/apply:os.system ['touch CANARY']"),
    "numbers": at("dialogues", value=10**30),
    "deep": at("identity", "memory", value=json.loads("[" * 400 + "]" * 400)),
}


def called(*words: str) -> tuple[int, str]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = main(words)
        except SystemExit as end:
            code = int(end.code or 0)
    return code, said.getvalue()


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("honest")
    turns = [{"id": f"t{n}", "text": f"number{n} is here", "role": "user"} for n in range(6)]
    questions = [
        {"id": f"q{n}", "text": f"What of number{n}?", "answers": [f"number{n}"], "evidence": [f"t{n}"]}
        for n in range(4)
    ]
    lines = [
        json.dumps(
            {"id": f"d{n}", "turns": turns, "questions": [{**each, "id": f"{each['id']}-{n}"} for each in questions]}
        )
        for n in range(3)
    ]
    (folder / "data.jsonl").write_text("\n".join(lines))
    for budget in ("20", "40"):
        code, said = called(
            "run", "benchmark=jsonl", f"benchmark.path={folder}/data.jsonl", "retriever=bm25", f"budget={budget}",
            "references=[]", "progress=off", f"results={folder}/runs",
        )  # fmt: skip
        assert code == 0, said
    assert called("gate", f"baseline={folder}/base", "--update", f"results={folder}/runs", "*")[0] == 0
    return folder


def commands(place: Path) -> list[tuple[str, ...]]:
    runs = f"results={place}/runs"
    run = str(next((place / "runs" / "jsonl").iterdir()))
    exports = [
        ("compare", "*", runs, "across=budget", f"out={place}/out/t{end}")
        for end in (".csv", ".md", ".tex", ".parquet")
    ]
    gates = [
        ("gate", f"baseline={place}/base", f"results={place}/runs", f"format={kind}", f"out={place}/out/g.{kind}")
        for kind in ("terminal", "markdown", "junit", "json")
    ]
    return [
        ("show", runs), ("show", run), ("show", run, "q1"), ("list", "commands"),
        ("score", "*", runs), ("score", run, "measures=[MRR]"), ("cost", "*", runs), ("replay", "*", runs),
        ("compare", "*", runs, "across=budget"), *exports, ("plot", "*", runs, f"out={place}/out"),
        ("report", runs, "across=budget", f"out={place}/out/report"), *gates,
        ("data", "show", "jsonl", f"benchmark.path={place}/data.jsonl"), ("reproduce", "none-of-them", runs),
    ]  # fmt: skip


@pytest.fixture
def place(honest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "deep" / "inside" / "place"
    shutil.copytree(honest, folder)
    (folder / "work").mkdir()
    monkeypatch.chdir(folder / "work")
    monkeypatch.setenv("MEMEVAL_CACHE", str(folder / "cache"))
    return folder


def check(place: Path, root: Path) -> None:
    for words in commands(place):
        code, said = called(*words)
        assert code in (0, 1, 2), (words, said)
        assert "Traceback" not in said and "no words for" not in said, (words, said)
        assert not RAW.search(said), (words, RAW.findall(said))
        assert not re.findall(r"^\s*::.*", said, re.MULTILINE), words
    for call in (
        lambda: memeval.load(results=place / "runs"),
        lambda: memeval.load("*", results=place / "runs"),
        lambda: memeval.score("*", results=place / "runs"),
        lambda: memeval.compare("*", results=place / "runs", across=["budget"]),
        lambda: memeval.plot("*", results=place / "runs", out=place / "out" / "api"),
        lambda: memeval.report("*", out=place / "out" / "pages", results=place / "runs", across=["budget"]),
    ):
        with contextlib.suppress(MemevalError):
            call()
    assert not list(root.rglob("CANARY"))
    # Above the place there is nothing but the way to it.
    assert [path.name for path in root.iterdir()] == ["deep"]
    assert [path.name for path in (root / "deep").iterdir()] == ["inside"]
    assert [path.name for path in (root / "deep" / "inside").iterdir()] == ["place"]
    assert {path.name for path in place.iterdir()} <= {"runs", "base", "data.jsonl", "work", "out", "cache"}
    assert not list((place / "work").iterdir())


@pytest.mark.parametrize("name", list(CHANGES))
def test_no_command_obeys_a_record(name: str, place: Path, tmp_path: Path) -> None:
    for path in [*place.rglob("run.json")]:
        meta = json.loads(path.read_text())
        CHANGES[name](meta)
        path.write_text(json.dumps(meta))
    check(place, tmp_path)


def test_links_pickles_and_huge_files_are_data(
    place: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    victim = tmp_path_factory.mktemp("victim") / "secret"
    victim.write_text("secret")
    first, second = sorted((place / "runs" / "jsonl").iterdir())
    (first / "outcomes.jsonl").unlink()
    (first / "outcomes.jsonl").symlink_to(victim)
    (second / "outcomes.jsonl").write_bytes(pickle.dumps(Bomb()))
    linked = place / "runs" / "jsonl" / "linked"
    linked.symlink_to(victim.parent)
    np.savez(place / "base" / "scores.npz", np.array([Bomb()], dtype=object))
    (place / "cache" / "vectors").mkdir(parents=True)
    (place / "cache" / "vectors" / "x.sqlite").write_bytes(pickle.dumps(Bomb()))
    for path in place.glob("base/*/scores.json"):
        path.write_text('{"measures": {"x": ' + "[" * 5_000)
    with (place / "runs" / "jsonl" / "sparse").open("wb") as file:
        file.truncate(1 << 33)
    check(place, tmp_path)
    assert victim.read_text() == "secret" and len(list(victim.parent.iterdir())) == 1


def test_rules_and_experiments_are_read_as_plain_yaml(place: Path) -> None:
    rules = place / "rules.yaml"
    for text in (
        "!!python/object/apply:os.system ['touch CANARY']",
        "rules: !!python/object/apply:os.system ['touch CANARY']",
        "rules: [{measure: EvidenceRecall, max_drop: '${oc.env:HOME}'}]",
        "rules: [{measure: EvidenceRecall, max_drop: 0.1, _target_: os.system}]",
    ):
        rules.write_text(text)
        code, said = called("gate", f"baseline={place}/base", f"rules={rules}", f"results={place}/runs")
        assert code == 2 and "Traceback" not in said, (text, said)
    assert not list(place.rglob("CANARY"))
