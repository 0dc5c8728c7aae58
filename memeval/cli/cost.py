"""`memeval cost`."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from memeval.cli import console
from memeval.kit.errors import ConfigError, RecordsError
from memeval.reports.gap import Gap

if TYPE_CHECKING:
    from memeval.pricing import Price

DESCRIPTION = """\
What stored runs cost: tokens by section of the prompt, model calls by phase, money over a dialogue's lifetime.
  memeval cost 'truncation*' 'bm25*'                     at the prices of the model that they were run for
  memeval cost 'full*' 'vector*' target=gpt-4o,gemini-2-5-pro,gpt-5-mini
                                                         at the prices of others; no run is repeated
  memeval cost 'summary*' llm=gpt-5-mini                 as if the memory's own calls had been that model's
  memeval cost 'vector*' questions=10,100                spread writing over so many questions of a dialogue

RUN is a run's id, the start of one, a glob over ids, or a folder. target= takes the names of memeval list target and
any model of litellm's price map. Break-even needs a stored run of strategy=full over the same questions.
"""
_OPTIONS = ("target", "llm", "embedder", "questions", "results")
_QUESTIONS = (1, 10, 100, 1000)


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval cost`."""
    parser = console.subparser("cost", DESCRIPTION)
    parser.add_argument("words", nargs="+", metavar="RUN", help="runs, and target=NAME,... and other options")
    words = parser.parse_args(argv).words
    options = dict(word.split("=", 1) for word in words if _is_option(word))
    patterns = [word for word in words if not _is_option(word)]
    if unknown := set(options) - set(_OPTIONS):
        raise ConfigError(
            f"memeval cost takes {', '.join(f'{name}=' for name in _OPTIONS)} and not "
            f"{', '.join(f'{name}=' for name in sorted(unknown))}"
        )
    if not patterns:
        raise ConfigError("name the runs, e.g. memeval cost 'truncation*' target=gpt-4o; memeval show lists them")

    from memeval.pricing import find_target
    from memeval.records.runs import Run, find, runs
    from memeval.reports.costs import lifetime_table, notes, phases_table, sections_table
    from memeval.scoring.costs import Account, Lifetime, Rates, account, full_of, lifetime
    from memeval.scoring.evaluate import target_of

    root = Path(options.get("results", "results/runs"))
    found = find(root, patterns)
    named = [find_target(name) for name in options["target"].split(",") if name] if "target" in options else []
    rates = Rates(_price(options, "llm"), _price(options, "embedder"))
    numbers = _numbers(options["questions"]) if "questions" in options else _QUESTIONS
    books: dict[Path, Account] = {}

    def books_of(run: Run) -> Account:
        if run.folder not in books:
            books[run.folder] = account(run)
        return books[run.folder]

    # The run of full history may have been left out of the pattern, or lie in another benchmark's folder.
    known = list(found)
    # Runs of an older schema lie there too, and nobody asked for them.
    with suppress(RecordsError):
        known += runs(root)
    fulls = {run.folder: full_of(run, known) for run in found}
    accounts = [books_of(run) for run in found if run.finished]
    if unfinished := [run.id for run in found if not run.finished]:
        for sentence in console.note([Gap(f"not finished, left out: {', '.join(unfinished)}")]):
            console.notes().print(sentence)
    accounts = [each for each in accounts if each.questions]
    if not accounts:
        raise ConfigError("none of these runs has a finished question: start them again, memeval run goes on")
    console.table(sections_table(accounts))
    console.table(phases_table(accounts))
    targets = named or list(dict.fromkeys(own for each in accounts if (own := target_of(each.run)) is not None))
    every: list[tuple[Lifetime, Lifetime | None]] = []
    for target in targets:
        lives: list[tuple[Lifetime, Lifetime | None]] = []
        for each in accounts:
            if named or target_of(each.run) == target:
                full = fulls[each.run.folder]
                beside = lifetime(books_of(full), target, rates) if full is not None else None
                lives.append((lifetime(each, target, rates), beside))
        console.table(lifetime_table(lives, numbers))
        every += lives
    said = list(notes(every))
    for which in ("llm", "embedder"):
        if which in options:
            said.append(f"The {which} of writing and reading is priced as if it had been {options[which]}.")
    for note in console.note(said):
        console.out().print(note, style="dim", markup=False, soft_wrap=True)
    return 0


def _is_option(word: str) -> bool:
    key, equals, _ = word.partition("=")
    return bool(equals) and key.isidentifier()


def _price(options: dict[str, str], which: str) -> "Price | None":
    from memeval.pricing import price_of

    if which not in options:
        return None
    price = price_of(options[which])
    if price is None:
        raise ConfigError(f"no price is known of {which}={options[which]}: name a model of litellm's price map")
    return price


def _numbers(text: str) -> tuple[int, ...]:
    words = text.split(",")
    if not all(word.strip().isdigit() and int(word) > 0 for word in words):
        raise ConfigError(f"questions={text} is no list of numbers: give e.g. questions=10,100")
    return tuple(int(word) for word in words)
