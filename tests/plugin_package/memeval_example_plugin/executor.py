"""An executor that is not part of memeval: each dialogue in a process of its own."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from memeval.harness.plan import Plan
from memeval.harness.runner import Runner
from memeval.kit.types import Dialogue, DialogueResult


class Fresh:
    """Starts a process for each dialogue, so that no dialogue meets what another has left in memory."""

    def __init__(self, workers: int = 1) -> None:
        self._workers = workers

    def run(self, plan: Plan, dialogues: Iterable[Dialogue]) -> Iterator[DialogueResult]:
        """Results as they come; an error that stops the run is raised here."""
        with ProcessPoolExecutor(self._workers, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
            for done in as_completed([pool.submit(run_one, plan, dialogue) for dialogue in dialogues]):
                yield done.result()


def run_one(plan: Plan, dialogue: Dialogue) -> DialogueResult:
    """Run a dialogue, in whatever process or machine this is called."""
    with TemporaryDirectory() as scratch:
        return Runner(plan, Path(scratch)).run(dialogue)
