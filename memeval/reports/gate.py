"""The gate's verdicts for people (terminal, Markdown) and for machines (JUnit XML, JSON)."""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree import ElementTree

from memeval.gating.check import Check, Fall, Verdict, Verdicts
from memeval.gating.rules import describe
from memeval.gating.update import Updated
from memeval.kit import escaping
from memeval.kit.escaping import shown
from memeval.reports.grid import DASH, Cell, Column, Grid, Line, Report, of_records, text_column, words
from memeval.reports.layout import Drawn, folded, grid_lines
from memeval.reports.table import show, unit
from memeval.scoring.measures import Measure

_STYLES = {
    Verdict.WORSE: "bold red",
    Verdict.BROKEN: "bold red",
    Verdict.INCOMPARABLE: "yellow",
    Verdict.BETTER: "green",
}
_SUMMARY = {0: "passed", 1: "FAILED", 2: "cannot decide"}


def headline(verdicts: Verdicts) -> str:
    """One line: passed or not, and how many checks came out how."""
    counts = ", ".join(f"{verdicts.count(each)} {each}" for each in Verdict if verdicts.count(each))
    return f"Gate {_SUMMARY[verdicts.exit_code]}: {counts or 'nothing was checked'}."


def sentence(check: Check) -> str:
    """What a check found, in one or two sentences: what fell, from what to what, and where."""
    name = f"{check.benchmark}/{check.name}"
    measure = check.measure
    if check.reason or measure is None or check.before is None or check.now is None:
        what = f" {measure}: " if measure is not None and not check.reason.startswith(str(measure)) else " "
        return f"{name}:{what}{check.reason or check.verdict}".rstrip(".") + "."
    where = f" in {check.category}" if check.category else ""
    verb = "is" if check.before == check.now else "rose" if check.now > check.before else "fell"
    sure = "" if check.p is None else f", p = {check.p:.3f}"
    text = (
        f"{name}: {measure}{where} {verb} from {_from_to(measure, check.before, check.now)} "
        f"({_with_unit(measure, _change(check))}, allowed {allowed(check)}{sure}; n = {check.n:,})."
    )
    if check.categories and not check.category:
        text += f" Most in {'; '.join(_fall(measure, fall) for fall in check.categories)}."
    if check.questions:
        kind = "Worst questions" if any(fall.category for fall in check.questions) else "Worst"
        text += f" {kind}: {'; '.join(_fall(measure, fall) for fall in check.questions)}."
    return text


def meaning(verdicts: Verdicts) -> list[str]:
    """What a pass means: the smallest drop that would have failed."""
    lines = []
    exact = [check for check in verdicts.checks if check.rule and check.rule.confidence is None and check.n]
    exact = [check for check in exact if check.rule and check.rule.max_ratio is None]
    if exact:
        lines.append(
            f"{len(exact)} checks compare the same questions exactly: every drop beyond what is allowed fails, were it "
            "of one question."
        )
    tested = [check for check in verdicts.checks if check.rule and check.rule.confidence is not None and check.sees]
    if tested:
        # Compared by the share of the value, since measures have different units.
        worst = max(tested, key=lambda check: (check.sees or 0) / (abs(check.before or 0) or 1))
        if worst.measure is not None and worst.sees is not None:
            least = _with_unit(worst.measure, _amount(worst.measure, worst.sees))
            lines.append(
                f"{len(tested)} checks have a confidence, that of all together. A drop of the size under `sees` "
                f"fails four times in five; the least is seen in {worst.name} {worst.measure}: {least}. Smaller "
                "ones may pass."
            )
    return lines


def _value(measure: Measure, value: float | None) -> str:
    return show(measure, value) if value is None else f"{show(measure, value)}{_unit(measure)}"


def _from_to(measure: Measure, before: float, now: float) -> str:
    """With as many decimals as it takes to see a difference."""
    first, second = _value(measure, before), _value(measure, now)
    if first == second and before != now:
        first, second = (f"{value * _scale(measure):,.4f}{_unit(measure)}" for value in (before, now))
    return f"{first} to {second}"


def _unit(measure: Measure) -> str:
    name = unit(measure)
    return f" {name}" if name else ""


def _scale(measure: Measure) -> float:
    return {"%": 100.0, "ms": 1000.0}.get(unit(measure), 1.0)


def _amount(measure: Measure, value: float) -> str:
    """A difference, without its unit."""
    scaled = value * _scale(measure)
    text = f"{scaled:,.2f}" if scaled >= 0.01 or not scaled else f"{scaled:.2g}"
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def _with_unit(measure: Measure, amount: str) -> str:
    """Shares differ by points."""
    return amount if amount in ("", "0") else amount + (" points" if unit(measure) == "%" else _unit(measure))


def _change(check: Check) -> str:
    if check.measure is None or check.before is None or check.now is None:
        return ""
    change = check.now - check.before
    return f"{'+' if change > 0 else '-'}{_amount(check.measure, abs(change))}" if change else "0"


def _allowed(check: Check) -> str:
    if check.rule is None or check.measure is None or check.allowed is None:
        return ""
    return (
        f"{check.rule.max_ratio:g} times" if check.rule.max_ratio is not None else _amount(check.measure, check.allowed)
    )


def allowed(check: Check) -> str:
    """How much worse it may get, as the rule says it and in the measure's unit."""
    if check.rule is None or check.measure is None or check.rule.max_ratio is not None:
        return _allowed(check)
    amount = _with_unit(check.measure, _allowed(check))
    return f"{describe(check.rule.allowance)} = {amount}" if check.rule.allowance.relative else amount


def sees(check: Check) -> str:
    """The smallest drop that fails."""
    if check.rule is None or check.measure is None or check.sees is None:
        return ""
    if check.rule.max_ratio is not None:
        return f"> {check.sees:g} times"
    if check.rule.confidence is None:
        return f"> {_amount(check.measure, check.sees)}" if check.sees else "any"
    return _amount(check.measure, check.sees)


def _fall(measure: Measure, fall: Fall) -> str:
    detail = _from_to(measure, fall.before, fall.now)
    if fall.category:
        return f"{fall.name} ({fall.category}) {detail}"
    return f"{fall.name} {detail}" + (f" (n = {fall.n:,})" if fall.n > 1 else "")


_HEADINGS = ("run", "measure", "category", "before", "now", "change", "allowed", "sees", "p", "verdict")
_TEXTS = (0, 1, 2, 9)


def short(measure: Measure) -> str:
    """Its name without what is understood: turns, fractions."""
    text = str(measure)
    for understood in ("(unit=turn,rule=fraction)", "(unit=turn)"):
        text = text.replace(understood, "")
    return text.replace("(unit=turn,rule=fraction,", "(")


def _in_unit(check: Check) -> str:
    """What the numbers of a line are in."""
    return f", {unit(check.measure)}" if check.measure is not None and unit(check.measure) else ""


def _cells(check: Check) -> list[str]:
    measure = check.measure
    if measure is None:
        return [check.name, DASH, *[""] * 7, check.verdict]
    return [
        check.name,
        short(measure) + _in_unit(check),
        check.category or "",
        *(show(measure, value) if value is not None else "" for value in (check.before, check.now)),
        _change(check),
        _allowed(check),
        sees(check),
        "" if check.p is None else f"{check.p:.3f}",
        check.verdict,
    ]


def gate_report(verdicts: Verdicts) -> Report:
    """A table of all checks by benchmark, a paragraph for each that did not pass, and how the gate ended."""
    grids = [_grid(benchmark, verdicts) for benchmark in dict.fromkeys(check.benchmark for check in verdicts.checks)]
    legend = tuple(line for line, style in _paragraphs(verdicts) if style == "dim")
    findings = tuple(line for line, style in _paragraphs(verdicts) if style != "dim")
    return Report(tuple(grids), (*findings, headline(verdicts)), legend, (checks_grid(verdicts),))


def checks_grid(verdicts: Verdicts) -> Grid:
    """All facts of all checks for programs; values in the measure's own unit (shares of one, tokens, seconds)."""
    facts = []
    for check in verdicts.checks:
        fields = _fields(check)
        unit_of = {"unit": None if check.measure is None else check.measure.quantity}
        facts.append({key: value for key, value in fields.items() if not isinstance(value, list)} | unit_of)
    return of_records(facts, ("benchmark", "run", "name", "verdict", "measure", "category", "unit", "message"))


def terminal(verdicts: Verdicts, width: int, rules: bool = True) -> Iterator[Drawn]:
    """The lines of a screen: a table of all checks, then a paragraph for each that did not pass."""
    grids = gate_report(verdicts).grids
    for grid in grids:
        yield from grid_lines(grid, width, rules)
    if grids:
        yield Drawn("")
    paragraphs = [*_paragraphs(verdicts), (headline(verdicts), "bold" if verdicts else "bold red")]
    for text, style in paragraphs:
        yield from (Drawn(line, style) for line in folded(text, width))


def _grid(benchmark: str, verdicts: Verdicts) -> Grid:
    """Runs as lines of their own, so that it fits a terminal; columns that are empty are left out."""
    checks = [check for check in verdicts.checks if check.benchmark == benchmark]
    rows = [_cells(check)[3:] for check in checks]
    places = [place for place in range(len(rows[0])) if any(row[place] for row in rows)]
    columns = [Column((_HEADINGS[3 + place],), is_text=3 + place in _TEXTS) for place in places]
    lines = []
    for check, row in zip(checks, rows, strict=True):
        measure = "the run" if check.measure is None else short(check.measure)
        name = f"{measure} {check.category or ''}".rstrip() + _in_unit(check)
        cells = (words(check.name), words(name), *(Cell(row[place]) for place in places))
        lines.append(Line(cells, _STYLES.get(check.verdict, "")))
    first = (text_column("run"), text_column("measure"))
    return Grid(f"Gate on {benchmark}", (*first, *columns), tuple(lines), names=2, stacked=1)


def _paragraphs(verdicts: Verdicts) -> list[tuple[str, str]]:
    lines = [
        (f"{check.verdict.upper()} {sentence(check)}", _STYLES.get(check.verdict, ""))
        for check in _to_explain(verdicts)
    ]
    lines += [(f"Set otherwise than in the baseline: {note}.", "") for note in verdicts.notes]
    return lines + [(line, "dim") for line in meaning(verdicts)]


def _to_explain(verdicts: Verdicts) -> list[Check]:
    order = (Verdict.BROKEN, Verdict.WORSE, Verdict.INCOMPARABLE, Verdict.NEW)
    return [check for verdict in order for check in verdicts.checks if check.verdict is verdict]


def message(verdicts: Verdicts) -> str:
    """What a test prints that fails: the headline, and a paragraph for each check that did not pass."""
    lines = [f"{check.verdict.upper()} {sentence(check)}" for check in _to_explain(verdicts)]
    lines += [f"Set otherwise than in the baseline: {note}." for note in verdicts.notes]
    return "\n".join([headline(verdicts), *lines])


def markdown(verdicts: Verdicts) -> str:
    """For a job summary or a pull request: what did not pass in full, all checks folded away below."""
    lines = [f"### {'✅' if verdicts else '❌' if verdicts.exit_code == 1 else '⚠️'} memeval: {headline(verdicts)}", ""]
    lines += [f"- **{check.verdict}** {escaping.markdown(sentence(check))}" for check in _to_explain(verdicts)]
    lines += [f"- Set otherwise than in the baseline: {escaping.markdown(note)}." for note in verdicts.notes]
    if len(lines) > 2:
        lines.append("")
    lines += [f"<details{'' if verdicts else ' open'}><summary>All {len(verdicts.checks)} checks</summary>", ""]
    lines += [f"| {' | '.join(('benchmark', *_HEADINGS))} |", "|---|---|---|---|" + "--:|" * 6 + "---|"]
    for check in verdicts.checks:
        cells = [check.benchmark, *_cells(check)]
        if not verdicts and check.verdict in _STYLES and check.verdict is not Verdict.BETTER:
            cells[-1] = f"**{cells[-1]}**"
            lines.append(f"| {' | '.join([*map(escaping.markdown, cells[:-1]), cells[-1]])} |")
        else:
            lines.append(f"| {' | '.join(map(escaping.markdown, cells))} |")
    lines += ["", *map(escaping.markdown, meaning(verdicts)), "", "</details>"]
    return "\n".join(lines) + "\n"


def junit(verdicts: Verdicts) -> str:
    """One test case a check: `failure` for a regression, `error` for what cannot be decided, `skipped` for new runs."""
    suites = ElementTree.Element("testsuites", name="memeval gate")
    for benchmark in dict.fromkeys(check.benchmark for check in verdicts.checks):
        checks = [check for check in verdicts.checks if check.benchmark == benchmark]
        counts = {
            "tests": len(checks),
            "failures": sum(check.failed for check in checks),
            "errors": sum(check.verdict is Verdict.INCOMPARABLE for check in checks),
            "skipped": sum(check.verdict is Verdict.NEW for check in checks),
        }
        suite = ElementTree.SubElement(suites, "testsuite", name=escaping.xml(f"memeval.{benchmark}"), time="0")
        for key, value in counts.items():
            suite.set(key, str(value))
        for check in checks:
            _case(suite, check)
    ElementTree.indent(suites)
    text = ElementTree.tostring(suites, encoding="unicode", xml_declaration=False)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + text + "\n"


def _case(suite: ElementTree.Element, check: Check) -> None:
    name = "run" if check.measure is None else str(check.measure)
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=escaping.xml(f"{check.benchmark}.{check.run}"),
        name=escaping.xml(f"{name} in {check.category}" if check.category else name),
        time="0",
    )
    text = escaping.xml(shown(sentence(check)))
    if check.failed:
        ElementTree.SubElement(case, "failure", message=text, type=str(check.verdict)).text = text
    elif check.verdict is Verdict.INCOMPARABLE:
        ElementTree.SubElement(case, "error", message=text, type=str(check.verdict)).text = text
    elif check.verdict is Verdict.NEW:
        ElementTree.SubElement(case, "skipped", message=text)


def to_json(verdicts: Verdicts) -> str:
    """All facts of all checks; values in the measure's own unit (shares of one, tokens, seconds)."""
    content = {
        "passed": bool(verdicts),
        "exit_code": verdicts.exit_code,
        "counts": {str(each): verdicts.count(each) for each in Verdict},
        "checks": [_fields(check) for check in verdicts.checks],
        "notes": list(verdicts.notes),
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _fields(check: Check) -> dict[str, Any]:
    return {
        "benchmark": check.benchmark,
        "run": check.run,
        "name": check.name,
        "verdict": str(check.verdict),
        "measure": None if check.measure is None else str(check.measure),
        "category": check.category,
        "before": check.before,
        "now": check.now,
        "n": check.n,
        "allowed": check.allowed,
        "sees": check.sees,
        "p": check.p,
        "message": sentence(check),
        "categories": [_place(fall) for fall in check.categories],
        "questions": [_place(fall) for fall in check.questions],
    }


def _place(fall: Fall) -> dict[str, Any]:
    return {"name": fall.name, "category": fall.category, "n": fall.n, "before": fall.before, "now": fall.now}


def updated(changes: Sequence[Updated]) -> str:
    """What an update did, a line a baseline and a line a value that changed."""
    lines = []
    for each in changes:
        if each.what == "kept":
            lines.append(f"kept       {each.name}: there is no run of it now; delete {each.folder} if it is to go")
            continue
        lines.append(f"{each.what:<10} {each.name}: {each.folder}")
        lines += [f"           {setting}" for setting in each.settings]
        if each.what == "changed":
            lines += [
                f"           {change.measure}: {_value(change.measure, change.before)} -> "
                f"{_value(change.measure, change.now)}"
                for change in each.changes
            ]
    return "\n".join(lines)
