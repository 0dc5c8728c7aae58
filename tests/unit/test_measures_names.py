"""A measure is a value: hashable, prints as its definition, parses back, and refuses what it does not know."""

import pickle
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memeval.kit.errors import ConfigError
from memeval.scoring.measures import (
    DEFAULT_MEASURES,
    KNOWN,
    MRR,
    PRESETS,
    EvidenceRecall,
    Measure,
    ReadSeconds,
    Recall,
    get_preset,
    nDCG,
    parse,
    parse_list,
)


@st.composite
def measures(draw: st.DrawFn) -> Measure:
    kind = draw(st.sampled_from(list(KNOWN.values())))
    options = {name: draw(st.sampled_from(choices)) for name, choices in kind.options().items()}
    if kind.has_cutoff():
        options["k"] = draw(st.integers(1, 10_000))
    return kind(**options)


@given(measures())
def test_parses_back(measure: Measure) -> None:
    again = parse(str(measure))
    assert again == measure
    assert hash(again) == hash(measure)
    assert repr(measure) == str(measure)
    assert " " not in str(measure)


@given(measures(), measures())
def test_names_tell_measures_apart(one: Measure, other: Measure) -> None:
    assert (str(one) == str(other)) == (one == other)


@given(measures(), st.randoms(use_true_random=False), st.sampled_from(["", " ", "  "]))
def test_order_and_white_space_do_not_matter(measure: Measure, random: object, space: str) -> None:
    options = [f"{space}{name}{space}={space}{getattr(measure, name)}{space}" for name in measure.options()]
    random.shuffle(options)  # type: ignore[attr-defined]
    at = f"{space}@{space}{measure.k}" if measure.has_cutoff() else ""  # type: ignore[attr-defined]
    assert parse(f"{space}{type(measure).__name__}{space}({','.join(options)}){at}{space}") == measure


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("Recall@10", "Recall(unit=turn,rule=fraction)@10"),
        ("Recall()@10", "Recall(unit=turn,rule=fraction)@10"),
        ("Recall(rule=any, unit=session)@5", "Recall(unit=session,rule=any)@5"),
        ("Hit@5", "Recall(unit=turn,rule=any)@5"),
        ("Hit(unit=session)@5", "Recall(unit=session,rule=any)@5"),
        ("Recall(missing=1)@10", "Recall(unit=turn,rule=fraction,missing=1)@10"),
        ("nDCG(discount=longmemeval,unit=session)@10", "nDCG(unit=session,discount=longmemeval)@10"),
        ("MRR@10", "MRR(unit=turn)@10"),
        ("Precision@3", "Precision(unit=turn)@3"),
        ("EvidenceRecall", "EvidenceRecall(unit=turn,rule=fraction)"),
        ("EvidenceRecall(segments=all)", "EvidenceRecall(unit=turn,rule=fraction,segments=all)"),
        ("ReadSeconds", "ReadSeconds(p=50)"),
        ("ReadSeconds(p=99,clock=measured)", "ReadSeconds(p=99,clock=measured)"),
        ("WriteSeconds(per=turn)", "WriteSeconds(per=turn)"),
        ("ContextTokens", "ContextTokens"),
    ],
)
def test_canonical_names(written: str, canonical: str) -> None:
    assert str(parse(written)) == canonical


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("Recal@10", r"unknown measure 'Recal' \(did you mean Recall\?\): choose from .*EvidenceRecall, .*Hit"),
        ("ndcg@10", r"did you mean nDCG\?"),
        ("Accuracy", r"unknown measure 'Accuracy'"),
        ("Recall", r"needs a cut-off: type for example Recall@10"),
        ("Recall@0", r"cut-off from 1, not 0"),
        ("Recall@ten", r"needs a cut-off"),
        ("Recall@1.5", r"needs a cut-off"),
        ("Recall@-1", r"needs a cut-off"),
        ("Recall@²", r"needs a cut-off"),
        ("ContextTokens@10", r"ContextTokens has no cut-off; type ContextTokens"),
        ("Recall(uni=turn)@10", r"no option 'uni=turn' \(did you mean unit\?\): it takes unit=turn\|session; rule="),
        ("Recall(turn)@10", r"no option 'turn'"),
        ("ContextTokens(unit=turn)", r"it takes none"),
        ("Recall(unit=round)@10", r"cannot take unit=round: choose one of unit=turn, unit=session"),
        ("ReadSeconds(p=42)", r"choose one of p=50, p=90, p=95, p=99"),
        ("Recall(unit=turn,unit=session)@10", r"sets unit twice"),
        ("Hit(rule=all)@10", r"sets rule twice"),
        ("Recall(unit=turn@10", r"not a measure"),
        ("", r"not a measure"),
    ],
)
def test_errors_say_what_to_type(written: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse(written)


def test_constructors_refuse_what_the_parser_refuses() -> None:
    with pytest.raises(ConfigError, match="unit=round"):
        Recall(unit="round", k=10)  # type: ignore[arg-type]
    for k in (0, -1, True, 1.5, "3"):
        with pytest.raises(ConfigError, match="cut-off"):
            MRR(k=k)  # type: ignore[arg-type]


def test_lists_split_outside_parentheses_and_drop_repeats() -> None:
    assert parse_list("Recall(unit=session,rule=any)@5, nDCG@10 ,Hit(unit=session)@5,") == (
        Recall(unit="session", rule="any", k=5),
        nDCG(k=10),
    )
    assert parse_list(" ") == ()
    assert parse_list(",".join(map(str, DEFAULT_MEASURES))) == DEFAULT_MEASURES


def test_values_travel_between_processes() -> None:
    for measure in (*DEFAULT_MEASURES, *(m for preset in PRESETS.values() for m in preset.measures)):
        assert pickle.loads(pickle.dumps(measure)) == measure
    assert parse("EvidenceRecall") in {EvidenceRecall()}
    assert ReadSeconds(p=50) != ReadSeconds(p=95)


def test_every_measure_says_what_it_is() -> None:
    for name, kind in KNOWN.items():
        assert kind.summary, name
        assert kind.better in ("higher", "lower", "neither")


def test_every_measure_is_defined_in_the_docs(root: Path) -> None:
    text = (root / "docs" / "measures.md").read_text(encoding="utf-8")
    names, definitions = text.split("## Who is in the denominator")
    # Other tests of this process may have defined measures of their own.
    for name in (name for name, kind in KNOWN.items() if kind.__module__.startswith("memeval.")):
        named = rf"`{name}(?:@k)?`"
        assert re.search(rf"^\|.*{named}.*\|.*\|$", names, re.MULTILINE), f"{name} has no row"
        assert re.search(rf"\b{name}\b", definitions), f"{name} has no definition"


def test_presets_are_found_by_name() -> None:
    assert [*PRESETS] == ["longmemeval", "locomo", "mempalace", "memini", "okapi"]
    for name, preset in PRESETS.items():
        assert get_preset(name) is preset
        assert len(set(preset.measures)) == len(preset.measures) > 0
    with pytest.raises(ConfigError, match=r"did you mean memini\?\): choose from longmemeval, locomo"):
        get_preset("memni")
