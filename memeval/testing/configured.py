"""The options of a config package, each held to the contract of its group.

A test takes its parameters from the YAMLs, so that an option with a file needs no line of a test:

    @pytest.mark.parametrize("option", configured("my_package.conf"), ids=str)
    def test_contract(option):
        if why := option.check():
            pytest.skip(why)
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from memeval.harness.compose import composer
from memeval.kit.errors import ConfigError, ContractError, DataError, ModelError, StorageError
from memeval.kit.powers import close, prepare
from memeval.kit.tokens import get_tokenizer
from memeval.options.build import TARGET, build
from memeval.options.root import SCOPE, SCRATCH, UNIQUE
from memeval.pricing.targets import read_target
from memeval.testing.benchmarks import check_benchmark
from memeval.testing.embedders import check_embedder
from memeval.testing.executors import check_executor
from memeval.testing.graph import check_graph_store
from memeval.testing.kv import check_kv_store
from memeval.testing.models import check_judge, check_model, check_reader
from memeval.testing.retrievers import check_retriever
from memeval.testing.sql import check_sql_store
from memeval.testing.strategies import check_strategy
from memeval.testing.vectors import check_vector_store

# Parts that need neither a download nor a server.
_AROUND = ("embedder=wordllama", "llm=scripted", "workers=2", "retriever=bm25", "strategy=none")
# What an option says that lacks a package, a server, a key or a file.
_MISSING = (ConfigError, DataError, ModelError, StorageError)


@dataclass(frozen=True, slots=True)
class Configured:
    """An option of a config group."""

    group: str
    name: str

    def __str__(self) -> str:
        """As it is typed: `retriever=bm25`."""
        return f"{self.group}={self.name}"

    def check(self, *overrides: str, **settings: Any) -> str | None:
        """Hold the option, with the defaults of its YAML, to the contract of its group.

        Args:
            overrides: what it needs to be made, e.g. `benchmark.path=FILE`.
            settings: of the check of the group, e.g. `finds=False` of `check_retriever`.

        Returns:
            None if the contract is kept; otherwise why the option cannot run here, in the words of its class.

        Raises:
            ContractError: the first rule that is broken.
        """
        if self.group not in CONTRACTS:
            raise ContractError(
                f"there is no contract for the group {self.group!r}: choose among {', '.join(CONTRACTS)}"
            )
        around = [word for word in _AROUND if not word.startswith(f"{self.group}=")]
        with composer() as hydra:
            config = hydra.cell([*around, str(self), *overrides]).config
        # What is written is looked at through a retriever. A strategy's budget is taken by the harness.
        node = config["retriever" if self.group == "writing" else self.group]
        if self.group == "strategy" and isinstance(node, Mapping):
            node = {key: value for key, value in node.items() if key != "budget"}
        if not isinstance(node, Mapping) or (self.group != "target" and node.get(TARGET) is None):
            return f"{self} stands for nothing"
        with TemporaryDirectory() as folder:
            maker = Maker(self.group, node, Path(folder))
            try:
                made = maker()
                try:
                    prepare(made)
                    _PROBES.get(self.group, _nothing)(made)
                finally:
                    close(made)
            except _MISSING as error:
                return str(error)
            CONTRACTS[self.group](maker, settings)
        return None


def configured(package: str = "memeval.configs") -> list[Configured]:
    """The options of a package of configs: those of all groups that have a contract.

    Args:
        package: as an entry point of the group `memeval.configs` names it.
    """
    found = []
    for folder in files(package).iterdir():
        if folder.is_dir() and folder.name in CONTRACTS:
            names = (file.name for file in folder.iterdir())
            found += [Configured(folder.name, name[: -len(".yaml")]) for name in names if name.endswith(".yaml")]
    return sorted(found, key=str)


class Maker:
    """Makes the object of an option, each time in a place of its own."""

    def __init__(self, group: str, node: Mapping[str, Any], folder: Path) -> None:
        """Take the resolved node, and a folder that ends with the check."""
        self._group = group
        self._text = json.dumps(node)
        self._folder = folder
        self._numbers = count()
        self._last = ""

    def __call__(self) -> Any:
        """An empty one."""
        number = next(self._numbers)
        place = self._folder / str(number)
        place.mkdir()
        values = {SCOPE: "someone", SCRATCH: place.as_posix(), UNIQUE: f"check_{self._folder.name}_{number}"}
        self._last = self._text
        for placeholder, value in values.items():
            self._last = self._last.replace(placeholder, value)
        return self.again()

    def again(self) -> Any:
        """The one that was made last, opened again."""
        node = json.loads(self._last)
        return read_target(node) if self._group == "target" else build(node, self._group)

    @property
    def lasts(self) -> Callable[[], Any] | None:
        """Opens what was made last; None for what keeps nothing on a disk."""
        return self.again if SCRATCH in self._text else None


Contract = Callable[[Maker, Mapping[str, Any]], None]


def _benchmark(make: Maker, settings: Mapping[str, Any]) -> None:
    check_benchmark(make(), **settings)


def _embedder(make: Maker, settings: Mapping[str, Any]) -> None:
    check_embedder(make(), **settings)


def _store(check: Callable[..., None]) -> Contract:
    return lambda make, settings: check(make, **{"reopen": make.lasts, **settings})


def _fresh(check: Callable[..., None]) -> Contract:
    return lambda make, settings: check(make, **settings)


def _target(make: Maker, settings: Mapping[str, Any]) -> None:
    target = make()
    if not 1 <= target.usable <= target.window:
        raise ContractError(f"{target.name}: {target.usable} tokens are usable in a window of {target.window}")
    if get_tokenizer(target.tokenizer).count("a text") < 1:
        raise ContractError(f"{target.name}: its tokenizer {target.tokenizer} counts no token")


def _try_store(store: Any) -> None:
    store.count("someone")


def _try_embedder(embedder: Any) -> None:
    embedder.embed(["a text"])


def _try_model(model: Any) -> None:
    model.complete([{"role": "user", "content": "Hello!"}])


def _try_benchmark(benchmark: Any) -> None:
    next(iter(benchmark), None)


def _nothing(made: Any) -> None:
    return None


CONTRACTS: Mapping[str, Contract] = {
    "benchmark": _benchmark,
    "embedder": _embedder,
    "executor": _fresh(check_executor),
    "graph_store": _store(check_graph_store),
    "judge": _fresh(check_judge),
    "kv_store": _store(check_kv_store),
    "llm": _fresh(check_model),
    "reader": _fresh(check_reader),
    "retriever": _fresh(check_retriever),
    "sql_store": _store(check_sql_store),
    "strategy": _fresh(check_strategy),
    "target": _target,
    "vector_store": _store(check_vector_store),
    # What is written is found by a retriever that has no say in it.
    "writing": _fresh(check_retriever),
}
# The first use of what may need a server, a key or a file.
_PROBES: Mapping[str, Callable[[Any], None]] = {
    "benchmark": _try_benchmark,
    "embedder": _try_embedder,
    "graph_store": _try_store,
    "kv_store": _try_store,
    "llm": _try_model,
    "sql_store": _try_store,
    "vector_store": _try_store,
}
