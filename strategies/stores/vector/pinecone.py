"""Vectors at Pinecone: a serverless index with a namespace for each scope."""

import os
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from memeval.kit.engines import Engine, Settings
from memeval.kit.errors import ConfigError
from memeval.kit.types import Vectors
from memeval.strategies.stores.clients.remote import PREFIX, address, checked_name
from memeval.strategies.stores.clients.server import AtServer
from memeval.strategies.stores.vector.base import Row, VectorBase, key

_PREFIX = PREFIX.replace("_", "-")
# Pinecone's own limits: characters of a name, ids of a page, bytes of a record's metadata (40 KB, with ours).
_LONGEST = 45
_PAGE = 100
_TEXT = 30_000
# Up to so many matches come with their content at once; a larger answer would be refused.
_WHOLE = 100


class _NotYet(Exception):
    """A read that was served before the index had caught up with what was written."""


class _Server(AtServer):
    choice, system = "vector_store=pinecone", "pinecone"
    module = "pinecone"
    example = "https://api.pinecone.io"

    def _address(self, option: str, url: str | None) -> str:
        return address(self.system, option, url, self.example, self.example)

    @property
    def _key(self) -> str:
        found = os.environ.get("MEMEVAL_PINECONE_API_KEY") or os.environ.get("PINECONE_API_KEY")
        if not found:
            raise ConfigError(f"{self.choice} needs an API key: set MEMEVAL_PINECONE_API_KEY=...")
        return found

    def _connect(self) -> Any:
        # Repetitions are ours.
        retry = self.library.RetryConfig(max_retries=0)
        return self.library.Pinecone(api_key=self._key, host=self.url, timeout=self.timeout, retry_config=retry)

    def _passes(self, error: Exception) -> bool:
        errors = self.library
        lost = errors.PineconeConnectionError | errors.PineconeTimeoutError | errors.RateLimitError
        return isinstance(error, lost | errors.ServiceError | _NotYet)

    def engine(self, settings: Settings | None = None) -> Engine:
        """Which program answers; Pinecone says no name: it is told by its domain."""
        version = self.part("pinecone._internal.constants").CONTROL_PLANE_API_VERSION
        served = self.ask(lambda: self._served(version))
        host = urlsplit(self.url).hostname or ""
        if "memeval-stand-in" in served:
            return Engine(self.system, "stand-in", served, version, settings or {})
        if host == "pinecone.io" or host.endswith(".pinecone.io"):
            return Engine(self.system, "real", "Pinecone", version, settings or {})
        return Engine(self.system, "emulator", served or "unknown", version, settings or {})

    def _served(self, version: str) -> str:
        """How the server calls itself."""
        headers = {"Api-Key": self._key, "X-Pinecone-Api-Version": version}
        errors, web = self.library, self.part("httpx")
        try:
            answer = web.get(f"{self.url.rstrip('/')}/indexes", headers=headers, timeout=self.timeout)
        except web.TransportError as error:
            raise errors.PineconeConnectionError(str(error)) from error
        if answer.status_code >= 400:
            kind = errors.ServiceError if answer.status_code >= 500 else errors.ApiError
            raise kind(f"it answers with status {answer.status_code}", answer.status_code)
        return str(answer.headers.get("server", ""))

    def leftovers(self) -> list[str]:
        names = self.ask(lambda: [each.name for each in self.client.indexes.list()])
        return sorted(name for name in names if name.startswith(_PREFIX))

    def remove(self, name: str) -> None:
        def work() -> None:
            try:
                self.client.indexes.delete(name, timeout=max(1, round(self.timeout)))
            except self.library.NotFoundError:
                return

        self.ask(work)


class PineconeStore(VectorBase):
    """One index, a namespace for each scope, as Pinecone advises for many tenants.

    The API key is read from MEMEVAL_PINECONE_API_KEY or PINECONE_API_KEY. Pinecone serves reads from before a write for
    a while: a write returns once searches have caught up with it, as far as Pinecone tells; of deletions and counts it
    tells nothing. What is too long for a record's metadata lies in records of its own.
    """

    server = _Server
    _base: _Server
    # A request may have 1,000 records and 2 MB.
    batch_rows = 1_000
    batch_bytes = 1_800_000
    most = 10_000

    def __init__(
        self,
        url: str | None = None,
        index: str = "memeval-vectors",
        cloud: str = "aws",
        region: str = "us-east-1",
        keep: bool = False,
        timeout: float = 60.0,
        retries: int = 8,
    ) -> None:
        """Connect; the index is made at the first write.

        Args:
            url: of the control plane; None: MEMEVAL_PINECONE_URL, or Pinecone's own.
            index: its name, with - for each _; one that is there already is gone on with.
            cloud: where it is made: aws, gcp or azure.
            region: of the cloud.
            keep: do not remove the index at the end of the run.
            timeout: seconds for each request.
            retries: how often again after a lost connection, or until a write can be read.

        Raises:
            ConfigError: settings that Pinecone does not take, or no API key.
            ModelError: the client is not installed.
            StorageError: Pinecone does not answer or refuses.
        """
        self._name = checked_name("vector_store", "index", index.lower().replace("_", "-"))
        if len(self._name) > _LONGEST:
            raise ConfigError(f"vector_store.index={self._name} is too long: Pinecone takes {_LONGEST} characters")
        base = _Server(url, timeout, retries)
        super().__init__(base.system, False, base)
        self._deployment = {"deployment_type": "managed", "cloud": cloud, "region": region}
        self._keep = keep
        self._index: Any = None
        # Namespaces whose last write, a position in Pinecone's log, cannot be read for sure yet.
        self._log: dict[str, int] = {}
        self._client = base.client
        with base.opening({"cloud": cloud, "region": region}):
            pass

    def _find(self) -> int | None:
        try:
            found = self._client.indexes.describe(self._name)
        except self._base.library.NotFoundError:
            return None
        if self._index is None:
            self._index = self._client.index(host=found.host)
        (size,) = [each.dimension for each in found.schema.fields.values() if getattr(each, "dimension", None)]
        return int(size)

    def _create(self, dimension: int) -> None:
        if not self._keep:
            self._base.made("index", self._name)
        try:
            self._client.indexes.create(
                name=self._name,
                dimension=dimension,
                metric="dotproduct",
                deployment=self._deployment,
                timeout=max(1, round(self._base.timeout)),
            )
        except self._base.library.ConflictError:
            # Another writer was first.
            return

    def upsert(self, scope: str, ids: Sequence[str], vectors: Vectors, payloads: Sequence[Mapping[str, Any]]) -> None:
        """Add or replace, batch by batch, and wait until it can be read; see `VectorBase`."""
        super().upsert(scope, ids, vectors, payloads)
        if not len(ids):
            return
        for space in list(self._log):
            self._ask(lambda space=space: self._catch_up(space, vectors[0]))  # type: ignore[misc]
            del self._log[space]

    def _catch_up(self, space: str, vector: Vectors) -> None:
        answer = self._index.query(vector=vector.tolist(), top_k=1, namespace=space)
        seen = answer.response_info.lsn_reconciled if answer.response_info is not None else None
        if seen is not None and seen < self._log[space]:
            raise _NotYet(f"searches have caught up to {seen} of {self._log[space]}")

    def _write(self, scope: str, rows: Sequence[Row]) -> None:
        records: list[dict[str, Any]] = []
        for row in rows:
            note: dict[str, Any] = {"id": row.id, "place": row.place, "facts": list(row.facts)}
            parts = _parts(row.payload)
            if len(parts) > 1:
                self._write_parts(scope, row, parts)
                note["parts"] = len(parts)
            else:
                note["payload"] = row.payload
            records.append({"id": key(scope, row.id), "values": row.vector.tolist(), "metadata": note})
        self._upsert(_space(scope), records)

    def _write_parts(self, scope: str, row: Row, parts: Sequence[str]) -> None:
        name, values = key(scope, row.id), row.vector.tolist()
        for start in range(0, len(parts), 20):
            self._upsert(
                _texts(scope),
                [
                    {"id": f"{name}#{number}", "values": values, "metadata": {"of": name, "part": part}}
                    for number, part in enumerate(parts[start : start + 20], start)
                ],
            )

    def _upsert(self, space: str, records: list[dict[str, Any]]) -> None:
        answer = self._index.upsert(vectors=records, namespace=space)
        if answer.response_info is not None and answer.response_info.lsn_committed is not None:
            self._log[space] = answer.response_info.lsn_committed

    def _near(self, scope: str, vector: Vectors, n: int, facts: Sequence[str]) -> Sequence[tuple[Row, float]]:
        space = _space(scope)
        answer = self._index.query(
            vector=vector.tolist(),
            top_k=n,
            namespace=space,
            filter={"$and": [{"facts": {"$eq": each}} for each in facts]} if facts else None,
            include_values=n <= _WHOLE,
            include_metadata=n <= _WHOLE,
        )
        records = {match.id: match for match in answer.matches}
        if n > _WHOLE:
            records = self._fetch(space, list(records))
        texts = self._long(scope, records)
        return [
            (_row(records[match.id], texts.get(match.id)), match.score)
            for match in answer.matches
            if match.id in records
        ]

    def _fetch(self, space: str, names: Sequence[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for start in range(0, len(names), _PAGE):
            found.update(self._index.fetch(ids=list(names[start : start + _PAGE]), namespace=space).vectors)
        return found

    def _long(self, scope: str, records: Mapping[str, Any]) -> dict[str, str]:
        """The texts that lie in records of their own."""
        counts = {name: int(each.metadata["parts"]) for name, each in records.items() if "parts" in each.metadata}
        found = self._fetch(
            _texts(scope), [f"{name}#{part}" for name, count in counts.items() for part in range(count)]
        )
        missing = [name for name, count in counts.items() if f"{name}#{count - 1}" not in found]
        if missing:
            raise _NotYet(f"{len(missing)} long texts are not there yet")
        return {
            name: "".join(found[f"{name}#{part}"].metadata["part"] for part in range(count))
            for name, count in counts.items()
        }

    def _remove(self, scope: str, names: Sequence[str]) -> None:
        keys = [key(scope, name) for name in names]
        try:
            self._index.delete(ids=keys, namespace=_space(scope))
        except self._base.library.NotFoundError:
            return  # a namespace is there from its first record on
        try:
            for start in range(0, len(keys), _PAGE):
                self._index.delete(filter={"of": {"$in": keys[start : start + _PAGE]}}, namespace=_texts(scope))
        except self._base.library.NotFoundError:
            return

    def _size(self, scope: str) -> int:
        spaces = self._index.describe_index_stats().namespaces
        return int(spaces[_space(scope)].vector_count) if _space(scope) in spaces else 0

    def _written(self, scope: str) -> Mapping[str, int]:
        space = _space(scope)
        names = [each.id for page in self._index.list(namespace=space) for each in page.vectors]
        found = self._fetch(space, names)
        return {each.metadata["id"]: int(each.metadata["place"]) for each in found.values()}

    def _release(self) -> None:
        if self._index is not None:
            self._index.close()
        super()._release()


def _space(scope: str) -> str:
    # Namespaces are ASCII.
    return key(scope, "")


def _texts(scope: str) -> str:
    return f"{_space(scope)}-texts"


def _parts(payload: str) -> list[str]:
    """The text in parts that are short enough for a record, each of whole characters."""
    if len(payload.encode()) <= _TEXT:
        return [payload]
    size = _TEXT // 4
    return [payload[start : start + size] for start in range(0, len(payload), size)]


def _row(record: Any, text: str | None) -> Row:
    note = record.metadata
    payload = note["payload"] if text is None else text
    # All numbers of metadata are floats there.
    return Row(note["id"], int(note["place"]), np.array(record.values, dtype=np.float32), payload)
