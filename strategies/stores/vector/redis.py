"""Vectors in Redis 8: a vector set for each scope, compared exactly or through its HNSW graph."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from memeval.kit.errors import ConfigError, StorageError
from memeval.kit.types import Vectors
from memeval.strategies.stores.clients.redis import Redis
from memeval.strategies.stores.clients.remote import PREFIX, checked_name
from memeval.strategies.stores.vector.base import Row, VectorBase, check_range, hnsw


class _Server(Redis):
    choice = "vector_store=redis"

    def make_sure(self) -> None:
        """The server has vector sets.

        Raises:
            StorageError: it is older than Redis 8.
        """

        def work() -> None:
            try:
                self.client.execute_command("VCARD", f"{PREFIX}nothing")
            except self.part("redis.exceptions").ResponseError as error:
                if "unknown command" not in str(error).lower():
                    raise
                raise StorageError(
                    f"{self.system}: this server has no vector sets: use Redis 8 or newer, or another vector store"
                ) from None

        self.ask(work)

    def leftovers(self) -> list[str]:
        keys = self.ask(lambda: list(self.client.scan_iter(match=f"{PREFIX}*:dimension", count=1_000)))
        return sorted(key.removesuffix(":dimension") for key in keys)

    def remove(self, name: str) -> None:
        def work() -> None:
            # No "name:*" alone: another kind of store may use the prefix, too. The dimension last: it shows the rest.
            for kind in ("vectors", "rows", "dimension"):
                for key in self.client.scan_iter(match=f"{name}:*{kind}", count=1_000):
                    self.client.unlink(key)

        self.ask(work)


class RedisVectors(VectorBase):
    """Under a prefix: a vector set and a hash with vectors and payloads for each scope.

    A vector set keeps vectors normalised once more, and shortened if it is told so; the hash has them as they were
    given. A filter is an attribute of the set's elements.
    """

    server = _Server
    _base: _Server
    batch_rows = 500

    def __init__(
        self,
        url: str | None = None,
        prefix: str = "memeval_vectors",
        index: Literal["exact", "hnsw"] = "exact",
        quantization: Literal["none", "q8", "bin"] = "none",
        m: int = 16,
        ef_construction: int = 200,
        ef_search: int = 100,
        filter_ef: int | None = None,
        keep: bool = False,
        timeout: float = 60.0,
        retries: int = 3,
    ) -> None:
        """Connect.

        Args:
            url: of the server, without a password; None: MEMEVAL_REDIS_URL.
            prefix: what the keys start with; what is there already is gone on with.
            index: `exact` compares with every vector of the scope.
            quantization: how the graph's vectors are shortened; Redis' own default is q8.
            m: neighbours of a node of the graph, 4 to 512.
            ef_construction: candidates looked at while building.
            ef_search: candidates looked at in a search.
            filter_ef: after so many candidates a filtered search gives up; None: 100 k, as Redis does.
            keep: do not remove the keys at the end of the run.
            timeout: seconds for connecting and for each command.
            retries: how often again after a lost connection.

        Raises:
            ConfigError: settings that Redis does not take.
            ModelError: the client is not installed.
            StorageError: the server does not answer, refuses, or has no vector sets.
        """
        self._prefix = checked_name("vector_store", "prefix", prefix)
        check_range("m", m, 4, 512)
        check_range("ef_construction", ef_construction, 1, 1_000_000)
        check_range("ef_search", ef_search, 1, 1_000_000)
        if filter_ef is not None:
            check_range("filter_ef", filter_ef, 1, 1_000_000_000)
        if index == "exact" and quantization != "none":
            raise ConfigError(
                f"vector_store.quantization={quantization} loses what vector_store.index=exact promises: "
                "choose none, or index=hnsw"
            )
        base = _Server(url, timeout, retries)
        super().__init__(base.system, index == "exact", base)
        self._keep = keep
        self._adding = {"none": b"NOQUANT", "q8": b"Q8", "bin": b"BIN"}[quantization], b"M", m, b"EF", ef_construction
        self._searching: tuple[Any, ...] = (b"TRUTH",)
        if index == "hnsw":
            self._searching = b"EF", ef_search
            if filter_ef is not None:
                self._searching += (b"FILTER-EF", filter_ef)
        settings = {**hnsw(index, m, ef_construction, ef_search), "quantization": quantization}
        if index == "hnsw":
            settings["filter_ef"] = filter_ef
        self._client = base.client
        with base.opening(settings):
            base.make_sure()

    def _keys(self, scope: str) -> tuple[bytes, bytes]:
        start = f"{self._prefix}:{scope}".encode()
        return start + b":vectors", start + b":rows"

    def _find(self) -> int | None:
        found = self._client.get(f"{self._prefix}:dimension")
        return None if found is None else int(found)

    def _create(self, dimension: int) -> None:
        if not self._keep:
            self._base.made("keys", self._prefix)
        self._client.set(f"{self._prefix}:dimension", dimension, nx=True)

    def _write(self, scope: str, rows: Sequence[Row]) -> None:
        vectors, contents = self._keys(scope)
        with self._client.pipeline(transaction=True) as pipe:
            for row in rows:
                name = row.id.encode()
                given = row.vector.astype("<f4").tobytes()
                facts = ",".join(f'"{each}"' for each in row.facts)
                attributes = f'{{"facts":[{facts}]}}'
                pipe.execute_command(
                    "VADD", vectors, b"FP32", given, name, *self._adding[:1], *self._adding[3:], b"SETATTR",
                    attributes, *self._adding[1:3],
                )  # fmt: skip
                pipe.hset(contents, name, struct.pack("<qi", row.place, len(given)) + given + row.payload.encode())
            pipe.execute()

    def _near(self, scope: str, vector: Vectors, n: int, facts: Sequence[str]) -> Sequence[tuple[Row, float]]:
        vectors, contents = self._keys(scope)
        command = [b"FP32", vector.astype("<f4").tobytes(), b"WITHSCORES", b"COUNT", n, *self._searching]
        if facts:
            wish = " and ".join(f'"{each}" in .facts' for each in facts)
            command += [b"FILTER", wish]
        found = _pairs(self._client.execute_command("VSIM", vectors, *command))
        if not found:
            return []
        rows = self._client.execute_command("HMGET", contents, *found, NEVER_DECODE=True)
        # Redis gives (1 + cosine) / 2.
        return [
            (_row(name, row), 2 * float(score) - 1)
            for (name, score), row in zip(found.items(), rows, strict=True)
            if row is not None
        ]

    def _remove(self, scope: str, names: Sequence[str]) -> None:
        vectors, contents = self._keys(scope)
        with self._client.pipeline(transaction=True) as pipe:
            for name in names:
                pipe.execute_command("VREM", vectors, name.encode())
            pipe.hdel(contents, *[name.encode() for name in names])
            pipe.execute()

    def _size(self, scope: str) -> int:
        return int(self._client.execute_command("VCARD", self._keys(scope)[0]))

    def _written(self, scope: str) -> Mapping[str, int]:
        contents = self._keys(scope)[1]
        rows = _pairs(self._client.execute_command("HGETALL", contents, NEVER_DECODE=True))
        return {name.decode(): _row("", row).place for name, row in rows.items()}

    def stats(self) -> Mapping[str, float]:
        """Bytes of the keys of all scopes in Redis' memory, an estimate of its own."""
        keys = self._ask(lambda: list(self._client.scan_iter(match=f"{self._prefix}:*", count=1_000)))
        return {"index_bytes": sum(self._ask(lambda: [self._client.memory_usage(key) or 0 for key in keys]))}


def _pairs(answer: Any) -> Mapping[Any, Any]:
    """A mapping, which older versions of the protocol and of the client give as a list."""
    return answer if isinstance(answer, Mapping) else dict(zip(answer[::2], answer[1::2], strict=True))


def _row(name: str, raw: bytes) -> Row:
    place, size = struct.unpack_from("<qi", raw)
    return Row(name, place, np.frombuffer(raw, dtype="<f4", count=size // 4, offset=12), raw[12 + size :].decode())
