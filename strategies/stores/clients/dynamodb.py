"""One connection to DynamoDB, or to what answers in its place: requests, tables, batches."""

import os
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from memeval.kit.engines import Engine, Settings
from memeval.kit.errors import ConfigError
from memeval.strategies.stores.clients.remote import PREFIX, address, variable
from memeval.strategies.stores.clients.server import AtServer

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
Item = dict[str, Any]


class Unfinished(Exception):
    """The service has done a part of a batch only."""


class Dynamo(AtServer):
    """Requests that are repeated as often as we say; the library itself repeats none.

    Without an address the service is Amazon's own, in the region that the environment names.
    """

    choice = "kv_store=dynamodb"
    system = "dynamodb"
    module = "boto3.session"
    example = "http://localhost:8000"

    def _address(self, option: str, url: str | None) -> str:
        region = _region()
        if url is None and region is None and not os.environ.get(variable(self.system)):
            raise ConfigError(
                f"{self.choice} needs a region or an address: set AWS_REGION=eu-west-1 for Amazon's own, or "
                f"{variable(self.system)}={self.example}"
            )
        return address(self.system, option, url, self.example, f"https://dynamodb.{region}.amazonaws.com")

    @property
    def errors(self) -> Any:
        """The library's module of errors."""
        return self.part("botocore.exceptions")

    def _connect(self) -> Any:
        keys = {}
        if not self._amazon() and not os.environ.get("AWS_ACCESS_KEY_ID"):
            # Others take any; and looking for some would ask the machine's cloud.
            keys = {"aws_access_key_id": "memeval", "aws_secret_access_key": "memeval"}
        try:
            session = self.library.Session(region_name=_region() or "us-east-1", **keys)
            return session.client(
                self.system,
                endpoint_url=self.url,
                config=self.part("botocore.config").Config(
                    connect_timeout=self.timeout,
                    read_timeout=self.timeout,
                    retries={"total_max_attempts": 1},
                    user_agent_extra="memeval",
                    parameter_validation=False,
                ),
            )
        except (ValueError, self.errors.BotoCoreError) as error:
            raise self.wrong_address(error) from None

    def _amazon(self) -> bool:
        return (urlsplit(self.url).hostname or "").endswith(_AMAZON)

    def request(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """The answer of e.g. `query`; done again after failures that may pass.

        Raises:
            StorageError: the service does not answer or refuses.
        """
        return self.ask(lambda: self.once(operation, **arguments))

    def once(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """The answer, or the library's error."""
        answer: dict[str, Any] = getattr(self.client, operation)(**arguments)
        return answer

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

            self.ask(work)
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

            self.ask(work)

    def leftovers(self) -> list[str]:
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

        return self.ask(work)

    def remove(self, name: str) -> None:
        """Delete the table; what is gone or going already is fine."""

        def work() -> None:
            try:
                self.once("delete_table", TableName=name)
            except self.errors.ClientError as error:
                if error.response["Error"]["Code"] not in ("ResourceNotFoundException", "ResourceInUseException"):
                    raise

        self.ask(work)

    def engine(self, settings: Settings | None = None) -> Engine:
        """Which program answers: Amazon's service only at Amazon's own address."""
        answer = self.request("list_tables", Limit=1)
        if self._amazon():
            return Engine(self.system, "real", "Amazon DynamoDB", _API, settings or {})
        server = str(answer["ResponseMetadata"]["HTTPHeaders"].get("server", "unknown"))
        name = "DynamoDB Local" if server.startswith("Jetty") else f"{server}, by DynamoDB's protocol"
        return Engine(self.system, "emulator", name, _API, settings or {})


def _region() -> str | None:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


def reasons(error: Any) -> list[str]:
    """Why each item of a transaction was refused; `None` where it was not."""
    return [str(each.get("Code")) for each in error.response.get("CancellationReasons", [])]
