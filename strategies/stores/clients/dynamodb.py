"""One connection to DynamoDB, or to what answers in its place: requests, tables, batches."""

import copy
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

from memeval.kit.engines import Engine
from memeval.kit.errors import ConfigError, StorageError
from memeval.strategies.stores.clients.remote import PREFIX, address, client, persistently, variable

_SYSTEM, _OPTION = "dynamodb", "kv_store"
_EXAMPLE = "http://localhost:8000"
# The service is older than releases that can be told from outside: this is the version of its API.
_API = "2012-08-10"
_AMAZON = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
# What passes by itself: limits of rate, and the service's own failures.
_PASSING = frozenset(
    {
        "InternalServerError", "LimitExceededException",
        "ProvisionedThroughputExceededException", "RequestLimitExceeded", "ServiceUnavailable", "ThrottlingException",
        "TransactionInProgressException",
    }
)  # fmt: skip
_CONFLICTS = frozenset({"ConditionalCheckFailed", "TransactionConflict", "None"})
GET_BATCH, WRITE_BATCH, TRANSACTION = 100, 25, 100
_T = TypeVar("_T")
Item = dict[str, Any]


class Unfinished(Exception):
    """The service has done a part of a batch only."""


class Dynamo:
    """Requests that are repeated as often as we say; the library itself repeats none."""

    def __init__(self, url: str | None, timeout: float, retries: int) -> None:
        """Nothing is asked yet.

        Args:
            url: of the config; None: the environment's, or Amazon's own in the region that the environment names.
            timeout: seconds that connecting and each request may take.
            retries: how often again.

        Raises:
            ConfigError: neither address nor region.
            ModelError: the client is not installed.
        """
        name = f"{_OPTION}={_SYSTEM}"
        self._boto = client("boto3.session", name, _SYSTEM)
        self._configs = client("botocore.config", name, _SYSTEM)
        self.errors = client("botocore.exceptions", name, _SYSTEM)
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        own = f"https://dynamodb.{region}.amazonaws.com" if region else None
        try:
            self.url = address(_SYSTEM, _OPTION, url, _EXAMPLE, own)
        except ConfigError as error:
            if "needs an address" not in str(error):
                raise
            raise ConfigError(
                f"{name} needs a region or an address: set AWS_REGION=eu-west-1 for Amazon's own, or "
                f"{variable(_SYSTEM)}={_EXAMPLE}"
            ) from None
        self._region = region or "us-east-1"
        self._timeout = timeout
        self._retries = retries
        self._closed = False
        self._client = self._connect()

    def _connect(self) -> Any:
        amazon = self._amazon()
        keys = {}
        if not amazon and not os.environ.get("AWS_ACCESS_KEY_ID"):
            # Others take any; and looking for some would ask the machine's cloud.
            keys = {"aws_access_key_id": "memeval", "aws_secret_access_key": "memeval"}
        try:
            session = self._boto.Session(region_name=self._region, **keys)
            return session.client(
                _SYSTEM,
                endpoint_url=self.url,
                config=self._configs.Config(
                    connect_timeout=self._timeout,
                    read_timeout=self._timeout,
                    retries={"total_max_attempts": 1},
                    user_agent_extra="memeval",
                    parameter_validation=False,
                ),
            )
        except (ValueError, self.errors.BotoCoreError) as error:
            raise ConfigError(f"the address of {_SYSTEM} is none ({error}): give e.g. {_EXAMPLE}") from None

    def _amazon(self) -> bool:
        return (urlsplit(self.url).hostname or "").endswith(_AMAZON)

    def request(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """The answer of e.g. `query`; done again after failures that may pass.

        Raises:
            StorageError: the service does not answer or refuses.
        """
        return self.run(lambda: self.once(operation, **arguments))

    def once(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """The answer, or the library's error."""
        if self._closed:
            raise StorageError(f"the store at {_SYSTEM} is closed")
        answer: dict[str, Any] = getattr(self._client, operation)(**arguments)
        return answer

    def run(self, work: Callable[[], _T]) -> _T:
        """Do the work, and again after failures that may pass."""
        return persistently(work, self._passes, _SYSTEM, self.url, self._retries)

    def _passes(self, error: Exception) -> bool:
        if isinstance(error, self.errors.ClientError):
            told = error.response["Error"]["Code"]
            if told == "TransactionCanceledException":
                return all(code in _CONFLICTS or "Thr" in code for code in reasons(error))
            return told in _PASSING or told == "TransactionConflictException"
        lost = self.errors.HTTPClientError | self.errors.ConnectionError
        return isinstance(error, lost | Unfinished)

    def conflict(self, error: Exception) -> bool:
        """Whether a transaction failed since somebody else has written in between."""
        return (
            isinstance(error, self.errors.ClientError)
            and error.response["Error"]["Code"] == "TransactionCanceledException"
            and set(reasons(error)) <= _CONFLICTS
        )

    def query(self, **arguments: Any) -> Iterator[Item]:
        """All items, page by page, read consistently."""
        while True:
            answer = self.request("query", ConsistentRead=True, **arguments)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def get(self, table: str, keys: Sequence[Item]) -> list[Item]:
        """The items that there are, 100 a request, read consistently."""
        found: list[Item] = []
        for start in range(0, len(keys), GET_BATCH):
            waiting: dict[str, Any] = {table: {"Keys": keys[start : start + GET_BATCH], "ConsistentRead": True}}

            def work() -> None:
                nonlocal waiting
                while waiting:
                    answer = self.once("batch_get_item", RequestItems=waiting)
                    got = answer["Responses"].get(table, [])
                    found.extend(got)
                    waiting = answer.get("UnprocessedKeys") or {}
                    if waiting and not got:
                        raise Unfinished("items were not read")

            self.run(work)
        return found

    def delete(self, table: str, keys: Sequence[Item]) -> None:
        """Remove these items, 25 a request."""
        for start in range(0, len(keys), WRITE_BATCH):
            requests = [{"DeleteRequest": {"Key": key}} for key in keys[start : start + WRITE_BATCH]]
            waiting: dict[str, Any] = {table: requests}

            def work() -> None:
                nonlocal waiting
                while waiting:
                    left = self.once("batch_write_item", RequestItems=waiting).get("UnprocessedItems") or {}
                    stuck, waiting = left == waiting, left
                    if stuck:
                        raise Unfinished("items were not removed")

            self.run(work)

    def tables(self) -> list[str]:
        """Names of the tables with memeval's prefix."""
        found: list[str] = []
        arguments: dict[str, Any] = {}
        while True:
            answer = self.request("list_tables", **arguments)
            found += [name for name in answer["TableNames"] if name.startswith(PREFIX)]
            if "LastEvaluatedTableName" not in answer:
                return sorted(found)
            arguments["ExclusiveStartTableName"] = answer["LastEvaluatedTableName"]

    def state(self, table: str) -> str | None:
        """ACTIVE, CREATING, ...; None if there is no such table."""

        def work() -> str | None:
            try:
                return str(self.once("describe_table", TableName=table)["Table"]["TableStatus"])
            except self.errors.ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise
            return None

        return self.run(work)

    def drop(self, table: str) -> None:
        """Delete the table; what is gone or going already is fine."""

        def work() -> None:
            try:
                self.once("delete_table", TableName=table)
            except self.errors.ClientError as error:
                if error.response["Error"]["Code"] not in ("ResourceNotFoundException", "ResourceInUseException"):
                    raise

        self.run(work)

    def engine(self, settings: Mapping[str, str | int | float | bool | None]) -> Engine:
        """Which program answers: Amazon's service only at Amazon's own address."""
        answer = self.request("list_tables", Limit=1)
        if self._amazon():
            return Engine(_SYSTEM, "real", "Amazon DynamoDB", _API, settings)
        server = str(answer["ResponseMetadata"]["HTTPHeaders"].get("server", "unknown"))
        name = "DynamoDB Local" if server.startswith("Jetty") else f"{server}, by DynamoDB's protocol"
        return Engine(_SYSTEM, "emulator", name, _API, settings)

    @contextmanager
    def again(self) -> Iterator["Dynamo"]:
        """A second connection to the same address, closed in the end."""
        other = copy.copy(self)
        other._closed, other._client = False, self._connect()
        try:
            yield other
        finally:
            other.close()

    def close(self) -> None:
        """Close the connections; later calls do nothing."""
        if not self._closed:
            self._closed = True
            self._client.close()


def reasons(error: Any) -> list[str]:
    """Why each item of a transaction was refused; `None` where it was not."""
    return [str(each.get("Code")) for each in error.response.get("CancellationReasons", [])]


@contextmanager
def visiting(url: str | None, timeout: float) -> Iterator[Dynamo]:
    """A connection for a look around, closed in the end."""
    base = Dynamo(url, timeout, retries=0)
    try:
        yield base
    finally:
        base.close()
