"""`memeval cost`."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from memeval.cli import console, tables, words
from memeval.kit.errors import ConfigError, RecordsError
from memeval.reports.gap import Gap

if TYPE_CHECKING:
    from memeval.pricing import Price

TARGETS = words.names("target", "models whose prices apply: names of memeval list target, or of litellm's price map")
LLM = words.text("llm", None, "price writing and reading as if this model had been called", "MODEL")
EMBEDDER = words.text("embedder", None, "price embeddings as if this model had made them", "MODEL")
QUESTIONS = words.wholes("questions", (1, 10, 100, 1000), "spread writing over so many questions", "10,100")
COMMAND = words.Command(
    "cost",
    "What stored runs cost: tokens by section of the prompt, model calls by phase, money over a dialogue's lifetime.",
    (
        ("memeval cost 'truncation*' bm25", "at the prices of the model that they were run for"),
        ("memeval cost 'full*' vector target=gpt-4o,gpt-5-mini", "at the prices of others; no run is repeated"),
        ("memeval cost 'summary*' llm=gpt-5-mini", "as if the memory's own calls had been that model's"),
        ("memeval cost vector questions=10,100 out=cost.csv", "writing spread over 10 and 100 questions, into a file"),
    ),
    words.Words(
        "RUN...",
        "a run's id, the start of one, a retriever, a glob over ids, or a folder",
        least=1,
        most=None,
        missing="name the runs, e.g. memeval cost 'truncation*' target=gpt-4o; memeval show lists them",
    ),
    (TARGETS, LLM, EMBEDDER, QUESTIONS, tables.RESULTS, tables.FORMAT, tables.OUT, tables.STRICT),
    notes="Break-even needs a stored run of strategy=full over the same questions.",
)


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval cost`."""
    given = COMMAND.parse(argv)
    output = tables.Output(given)

    from memeval.pricing import find_target
    from memeval.records.runs import Run, find, runs
    from memeval.reports.costs import lifetime_grid, notes, phases_grid, sections_grid
    from memeval.reports.grid import Report
    from memeval.scoring.costs import Account, Lifetime, Rates, account, full_of, lifetime
    from memeval.scoring.evaluate import target_of

    root = given[tables.RESULTS]
    found = find(root, given.words)
    named = [find_target(name) for name in given[TARGETS]]
    rates = Rates(_price("llm", given[LLM]), _price("embedder", given[EMBEDDER]))
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
    grids = [sections_grid(accounts), phases_grid(accounts)]
    targets = named or list(dict.fromkeys(own for each in accounts if (own := target_of(each.run)) is not None))
    every: list[tuple[Lifetime, Lifetime | None]] = []
    for target in targets:
        lives: list[tuple[Lifetime, Lifetime | None]] = []
        for each in accounts:
            if named or target_of(each.run) == target:
                full = fulls[each.run.folder]
                beside = lifetime(books_of(full), target, rates) if full is not None else None
                lives.append((lifetime(each, target, rates), beside))
        grids.append(lifetime_grid(lives, given[QUESTIONS]))
        every += lives
    said = list(notes(every))
    for which, model in (("llm", given[LLM]), ("embedder", given[EMBEDDER])):
        if model is not None:
            said.append(f"The {which} of writing and reading is priced as if it had been {model}.")
    gaps = tuple(sentence for sentence in said if isinstance(sentence, Gap))
    legend = tuple(sentence for sentence in said if not isinstance(sentence, Gap))
    output.report([Report(tuple(grids), gaps, legend)])
    return 0


def _price(which: str, model: str | None) -> "Price | None":
    from memeval.pricing import price_of

    if model is None:
        return None
    price = price_of(model)
    if price is None:
        raise ConfigError(f"no price is known of {which}={model}: name a model of litellm's price map")
    return price
