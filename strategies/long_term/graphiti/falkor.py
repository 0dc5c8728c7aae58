"""Graphiti on FalkorDB: the connection, what is asked of it, and what answers."""

import asyncio
import logging
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from typing import Annotated, Any, TypeVar, cast

from annotated_types import Ge, Gt

from memeval.kit.engines import Engine
from memeval.kit.errors import ConfigError, MemevalError, ReplyError, StorageError
from memeval.kit.protocols import Embedder, Model
from memeval.kit.ranges import ranged
from memeval.strategies.long_term.graphiti.clients import embedder_client, model_client, no_reranker
from memeval.strategies.stores.clients import remote

_SYSTEM = "graphiti"
_OPTION = "retriever"
_EXAMPLE = "redis://127.0.0.1:6379"
# FalkorDB's own store has the rest of the prefix.
_PREFIX = f"{remote.PREFIX}graphiti_"
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Found:
    """What a search has given, with Graphiti's scores, best first."""

    facts: Sequence[tuple[Any, float]]
    episodes: Sequence[tuple[Any, float]]


@ranged
@dataclass(frozen=True, slots=True)
class Falkor:
    """Where Graphiti keeps its graphs.

    Attributes:
        url: of FalkorDB without a password; None: MEMEVAL_GRAPHITI_URL or MEMEVAL_FALKORDB_URL.
        graph: how its graphs' names start; the scope is added.
        keep: do not remove the graphs at the end of the run.
        timeout: seconds for connecting and for each query.
        retries: how often again after a lost connection.
    """

    url: str | None = None
    graph: str = "memeval_graphiti"
    keep: bool = False
    timeout: Annotated[float, Gt(0)] = 60.0
    retries: Annotated[int, Ge(0)] = 3

    def __post_init__(self) -> None:
        """Refuse what cannot be used."""
        if not _NAME.fullmatch(self.graph):
            raise ConfigError(
                f"{_OPTION}.store.graph={self.graph!r} is no name for Graphiti: use letters, digits, - and _"
            )

    @property
    def address(self) -> str:
        """Where it is.

        Raises:
            ConfigError: neither the config nor the environment says.
        """
        falkor = os.environ.get(remote.variable("falkordb"))
        return remote.address(_SYSTEM, _OPTION, self.url, _EXAMPLE, falkor)

    def persistently(self, call: Callable[[], _T]) -> _T:
        """Call, and again after a lost connection.

        Raises:
            StorageError: it does not answer, or refuses.
        """
        errors = remote.client("redis.exceptions", f"{_OPTION}={_SYSTEM}", _SYSTEM)
        passing = (errors.ConnectionError, errors.TimeoutError, errors.BusyLoadingError, OSError)

        def attempt() -> tuple[_T | None, Exception | None]:
            try:
                return call(), None
            except (errors.RedisError, OSError, MemevalError):
                raise
            except Exception as error:
                # Graphiti's own, which the database has nothing to do with.
                return None, error

        answer, error = remote.persistently(
            attempt, lambda error: isinstance(error, passing), "graphiti's FalkorDB", self.address, self.retries
        )
        if error is not None:
            raise error
        return cast(_T, answer)

    async def open(self, group: str, llm: Model, embedder: Embedder) -> Any:
        """A Graphiti whose driver is at the graph of that name, with its indexes."""
        option = f"{_OPTION}={_SYSTEM}"
        # Asked for whenever something would be sent.
        os.environ["GRAPHITI_TELEMETRY_ENABLED"] = "false"
        graphiti = remote.client("graphiti_core", option, _SYSTEM)
        driver = remote.client("graphiti_core.driver.falkordb_driver", option, _SYSTEM)
        falkor = remote.client("falkordb.asyncio", option, _SYSTEM)
        # It logs every query that fails with all its parameters, which are what people have said.
        logging.getLogger("graphiti_core").setLevel(logging.CRITICAL)

        def connect() -> Any:
            base = falkor.FalkorDB.from_url(
                self.address, socket_timeout=self.timeout, socket_connect_timeout=self.timeout
            )
            return driver.FalkorDriver(falkor_db=base, database=group)

        # In a thread, where there is no loop: the driver would otherwise make its indexes unasked and unawaited.
        made = graphiti.Graphiti(
            graph_driver=await asyncio.to_thread(connect),
            llm_client=model_client(llm),
            embedder=embedder_client(embedder),
            cross_encoder=no_reranker(),
        )
        try:
            await _build_indexes(made.driver)
        except BaseException:
            await self.shut(made)
            raise
        return made

    async def shut(self, graphiti: Any) -> None:
        """Close all connections: Graphiti's driver leaves those of a pool that it was given."""
        await graphiti.close()
        await graphiti.driver.client.connection.connection_pool.disconnect()

    def engine(self) -> Engine:
        """What answers.

        Raises:
            StorageError: nothing does, or a server without FalkorDB's module.
            ModelError: Graphiti is not installed.
        """
        try:
            graphiti = metadata.version("graphiti-core")
        except metadata.PackageNotFoundError:
            raise remote.missing(f"{_OPTION}={_SYSTEM}", _SYSTEM) from None
        for module in self._ask(lambda base: base.execute_command("MODULE", "LIST")):
            told = dict(zip(module[::2], module[1::2], strict=True)) if isinstance(module, list) else dict(module)
            if told.get("name") == "graph":
                number = int(told["ver"])
                version = f"{number // 10_000}.{number // 100 % 100}.{number % 100}"
                return Engine(_SYSTEM, "real", "FalkorDB", version, {"graphiti": graphiti})
        raise StorageError(
            f"what answers at {remote.place(self.address)} is no FalkorDB: it has no module called graph"
        )

    def graphs(self) -> list[str]:
        """Names of all graphs there."""
        return [str(name) for name in self._ask(lambda base: base.execute_command("GRAPH.LIST"))]

    def leftovers(self) -> list[str]:
        """Graphs that runs have left."""
        return sorted(name for name in self.graphs() if name.startswith(_PREFIX))

    async def add(
        self, graphiti: Any, *, group: str, name: str, text: str, time: datetime, altered: bool, previous: Sequence[str]
    ) -> str:
        """Have one episode extracted; returns its uuid.

        Raises:
            ReplyError: a reply of the model that cannot be used, or that Graphiti makes an impossible query of.
        """
        nodes = remote.client("graphiti_core.nodes", f"{_OPTION}={_SYSTEM}", _SYSTEM)
        errors = remote.client("redis.exceptions", f"{_OPTION}={_SYSTEM}", _SYSTEM)
        try:
            added = await graphiti.add_episode(
                name=name,
                episode_body=text,
                source_description="a turn, altered" if altered else "a turn",
                reference_time=time,
                source=nodes.EpisodeType.message,
                group_id=group,
                previous_episode_uuids=list(previous),
            )
        except errors.ResponseError as error:
            # Names and facts go into full-text queries, where not all of the signs that mean something are masked.
            if "Syntax error" in str(error):
                raise ReplyError(
                    f"Graphiti makes a query of turn {name!r} that FalkorDB does not take: {error}"
                ) from None
            raise
        return str(added.episode.uuid)

    async def search(self, graphiti: Any, group: str, text: str, find: str, limit: int) -> Found:
        """Graphiti's hybrid search of facts, its full-text search of episodes, or both."""
        config = remote.client("graphiti_core.search.search_config", f"{_OPTION}={_SYSTEM}", _SYSTEM)
        methods = config.EdgeSearchMethod
        asked = config.SearchConfig(
            edge_config=None
            if find == "episodes"
            else config.EdgeSearchConfig(search_methods=[methods.bm25, methods.cosine_similarity]),
            episode_config=None
            if find == "facts"
            else config.EpisodeSearchConfig(search_methods=[config.EpisodeSearchMethod.bm25]),
            limit=limit,
        )
        found = await graphiti.search_(text, config=asked, group_ids=[group])
        return Found(
            list(zip(found.edges, found.edge_reranker_scores, strict=True)),
            list(zip(found.episodes, found.episode_reranker_scores, strict=True)),
        )

    def remove(self, group: str) -> None:
        """Remove a graph; one that is gone is fine."""
        if group in self.graphs():
            self._ask(lambda base: base.execute_command("GRAPH.DELETE", group))

    def close(self) -> None:
        """Nothing to release: what is asked has a connection of its own."""

    def _ask(self, call: Callable[[Any], Any]) -> Any:
        """Do something over a connection of its own, which needs no Graphiti."""
        redis = remote.client("redis", f"{_OPTION}={_SYSTEM}", _SYSTEM)

        def attempt() -> Any:
            with redis.Redis.from_url(self.address, socket_timeout=self.timeout, decode_responses=True) as base:
                return call(base)

        return self.persistently(attempt)


async def _build_indexes(driver: Any) -> None:
    """Graphiti's own, but with FalkorDB's stop words, which are the same ones.

    Told its own list, FalkorDB 4.16 dies when it is asked for an entity whose name is one of them, such as Will.
    """
    queries = remote.client("graphiti_core.graph_queries", f"{_OPTION}={_SYSTEM}", _SYSTEM)
    for query in (*queries.get_range_indices(driver.provider), *queries.get_fulltext_indices(driver.provider)):
        await driver.execute_query(query.partition("OPTIONS")[0])
