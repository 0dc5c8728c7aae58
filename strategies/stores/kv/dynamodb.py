"""Key-value store in Amazon DynamoDB: an item a value, and an index that has the current ones in order of age."""

import hashlib
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from memeval.kit.errors import StorageError
from memeval.kit.stores import Entry
from memeval.strategies.stores.clients.dynamodb import TRANSACTION, Dynamo, Item
from memeval.strategies.stores.clients.remote import checked_name, in_rounds
from memeval.strategies.stores.clients.server import StoreAtServer
from memeval.strategies.stores.kv.base import OLDEST, Held, KVBase, Value, newest_first

# Items under a partition and a sort key. Of each key of ours: a head at (scope, key), and in the partition of the key
# the current value of each slot, found by the slot's name, and what has become history. Only current values have an
# `age`, so that only they are in the index. And of each scope a counter.
_ATTRIBUTES = [{"AttributeName": name, "AttributeType": "S"} for name in ("part", "sort", "age")]
_KEYS = [{"AttributeName": "part", "KeyType": "HASH"}, {"AttributeName": "sort", "KeyType": "RANGE"}]
_INDEX = {
    "IndexName": "newest",
    "KeySchema": [_KEYS[0], {"AttributeName": "age", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "ALL"},
}
# The service's own limits: bytes of an item, and of a transaction.
_LARGEST = 400 * 1024
_LARGEST_CALL = 4_000_000


class DynamoKV(StoreAtServer, KVBase):
    """A call that writes is read, worked out, and written back in transactions that hold for what was read.

    A transaction takes 100 items, which is some 50 entries: a call of more that breaks off for good has written the
    first of them, and is completed when it is repeated. A value has at most 400 KB. Reads are consistent ones.
    """

    server = Dynamo
    _base: Dynamo

    def __init__(
        self,
        url: str | None = None,
        table: str = "memeval_kv",
        keep: bool = False,
        timeout: float = 60.0,
        retries: int = 5,
    ) -> None:
        """Connect, and make the table, paid by request, unless it is there.

        Args:
            url: an endpoint; None: MEMEVAL_DYNAMODB_URL, or Amazon's own in AWS_REGION. Credentials are those that
                Amazon's library finds: AWS_ACCESS_KEY_ID, AWS_PROFILE, the role of the machine.
            table: one that is there already is gone on with.
            keep: do not remove the table at the end of the run.
            timeout: seconds for connecting and for each request, and until the table is ready.
            retries: how often again after a lost connection or a limit of rate.

        Raises:
            ConfigError: neither address nor region, or settings that make no sense.
            ModelError: the client is not installed.
            StorageError: the service does not answer or refuses.
        """
        self._table = checked_name("kv_store", "table", table)
        self._base = self.server(url, timeout, retries)
        self._writer = uuid.uuid4().hex
        self._calls = 0
        with self._base.opening():
            self._make(keep, timeout)

    def _make(self, keep: bool, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while (state := self._base.state(self._table)) != "ACTIVE":
            if state is None:
                if not keep:
                    self._base.made("table", self._table)
                self._create()
            elif time.monotonic() > deadline:
                raise StorageError(f"dynamodb: the table {self._table} is {state} still, after {timeout:g} s")
            else:
                time.sleep(0.2)

    def _create(self) -> None:
        def work() -> None:
            try:
                self._base.once(
                    "create_table",
                    TableName=self._table,
                    AttributeDefinitions=_ATTRIBUTES,
                    KeySchema=_KEYS,
                    LocalSecondaryIndexes=[_INDEX],
                    BillingMode="PAY_PER_REQUEST",
                )
            except self._base.errors.ClientError as error:
                # Another worker was faster, or the answer to our own first attempt was lost.
                if error.response["Error"]["Code"] != "ResourceInUseException":
                    raise

        self._base.ask(work)

    def _put(self, scope: str, entries: Sequence[Entry]) -> None:
        for entry in entries:
            size = sum(len(text.encode()) for text in (entry.key, entry.slot, entry.value, *entry.sources))
            if size > _LARGEST - 1_000:
                raise StorageError(
                    f"dynamodb takes values of at most 400 KB, and that of {entry.key!r:.80} has {size / 1024:.0f}: "
                    "choose another kv_store for such texts"
                )
        self._calls += 1
        counter = self._base.request(
            "update_item",
            TableName=self._table,
            Key=_key(_part("scope", scope), "-"),
            UpdateExpression="ADD serial :more",
            ExpressionAttributeValues={":more": {"N": str(len(entries))}},
            ReturnValues="UPDATED_NEW",
        )
        start = int(counter["Attributes"]["serial"]["N"]) - len(entries)
        numbered = [(start + place, entry) for place, entry in enumerate(entries)]
        while numbered:
            numbered = numbered[self._some(scope, numbered) :]

    def _some(self, scope: str, numbered: Sequence[tuple[int, Entry]]) -> int:
        """Write as many of the first entries as fit into one transaction."""
        size = _fitting(numbered)

        def once() -> int | None:
            nonlocal size
            while True:
                requests, weight = self._plan(scope, numbered[:size])
                if size == 1 or (len(requests) <= TRANSACTION and weight <= _LARGEST_CALL):
                    return size if not requests or self._transact(requests) else None
                size = max(1, size // 2)

        return in_rounds(once, self._base.system)

    def _transact(self, requests: Sequence[Item]) -> bool:
        """False if another writer came in between."""

        def work() -> bool:
            try:
                self._base.once("transact_write_items", TransactItems=requests)
            except self._base.errors.ClientError as error:
                if not self._base.conflict(error):
                    raise
                return False
            return True

        return self._base.ask(work)

    def _plan(self, scope: str, numbered: Sequence[tuple[int, Entry]]) -> tuple[list[Item], int]:
        """What to write for these entries, for what the table holds now; and about how many bytes it has."""
        keys = {entry.key: _part("key", scope, entry.key) for _, entry in numbered}
        slots = {(entry.key, entry.slot): _key(keys[entry.key], _slot(entry.slot)) for _, entry in numbered}
        heads = {key: _key(_part("heads", scope), part) for key, part in keys.items()}
        found = self._base.get(self._table, [*heads.values(), *slots.values()])
        known = {(item["part"]["S"], item["sort"]["S"]): item for item in found}
        requests: list[Item] = []
        weight = 0
        for key, part in keys.items():
            head = known.get(_pair(heads[key]), {})
            done = int(head.get("by", {}).get("M", {}).get(self._writer, {}).get("N", "-1"))
            mine = [(serial, entry) for serial, entry in numbered if entry.key == key and serial > done]
            if not mine:
                continue
            held = Held(newest=head["newest"]["S"] if head else OLDEST)
            for slot in {entry.slot for _, entry in mine}:
                item = known.get(_pair(slots[key, slot]))
                if item is not None:
                    held.slots[slot] = _value(item)
            before = len(held.slots)
            for serial, entry in mine:
                held.put(entry, serial)
            added = len(held.slots) - before + len(held.retired)
            since = int(head["version"]["N"]) + 1 if head else 1
            requests.append(self._head(heads[key], key, head, held, mine, added))
            for slot in sorted(held.changed):
                item = _item(part, _slot(slot), held.slots[slot], since)
                requests.append(self._unless_changed(item, known.get(_pair(slots[key, slot])), "since"))
                weight += _weight(item)
            for value in held.retired:
                item = _item(part, f"old {_age(value)}", value)
                requests.append({"Put": {"TableName": self._table, "Item": item}})
                weight += _weight(item)
            weight += 1_000 + len(key.encode())
        return requests, weight

    def _head(
        self, place: Item, key: str, head: Item, held: Held, mine: Sequence[tuple[int, Entry]], added: int
    ) -> Item:
        version, size = (int(head[name]["N"]) if head else 0 for name in ("version", "size"))
        item = {
            **place,
            "key": {"S": key},
            "first": head.get("first", {"N": str(mine[0][0])}),
            "version": {"N": str(version + 1)},
            "size": {"N": str(size + added)},
            "newest": {"S": held.newest},
            # How far each writer has come, so that what is repeated after a lost answer is not written twice.
            "by": {"M": {**head.get("by", {}).get("M", {}), self._writer: {"N": str(mine[-1][0])}}},
        }
        return self._unless_changed(item, head, "version")

    def _unless_changed(self, item: Item, known: Item | None, mark: str) -> Item:
        """Write an item if it is still what was read."""
        condition: Item = {"ConditionExpression": "attribute_not_exists(part)"}
        if known:
            condition = {
                "ConditionExpression": f"{mark} = :{mark}",
                "ExpressionAttributeValues": {f":{mark}": known[mark]},
            }
        return {"Put": {"TableName": self._table, "Item": item, **condition}}

    def get(self, scope: str, key: str, limit: int | None = None) -> Sequence[Entry]:
        """The current values of a key, newest first."""
        if limit == 0:
            return []
        found: list[Entry] = []
        bound = {} if limit is None else {"Limit": limit}
        for item in self._base.query(**self._within(_part("key", scope, key)), IndexName="newest",
                                     ScanIndexForward=False, **bound):  # fmt: skip
            found.append(_value(item).entry(key, True))
            if len(found) == limit:
                break
        return found

    def _within(self, part: str) -> Item:
        return {
            "TableName": self._table,
            "KeyConditionExpression": "part = :part",
            "ExpressionAttributeValues": {":part": {"S": part}},
        }

    def history(self, scope: str, key: str) -> Sequence[Entry]:
        """All values that a key ever had, newest first."""
        items = list(self._base.query(**self._within(_part("key", scope, key))))
        current = {int(item["serial"]["N"]) for item in items if "age" in item}
        return [value.entry(key, value.serial in current) for value in newest_first(map(_value, items))]

    def delete(self, scope: str, keys: Sequence[str]) -> None:
        """Remove keys with their history, and each key's head last."""
        heads = [_key(_part("heads", scope), _part("key", scope, key)) for key in dict.fromkeys(keys)]
        for head in self._base.get(self._table, heads):
            part = head["sort"]["S"]
            names = {"#part": "part", "#sort": "sort"}
            within = {**self._within(part), "ProjectionExpression": "#part, #sort", "ExpressionAttributeNames": names}
            found = list(self._base.query(**within))
            self._base.delete(self._table, [*found, _key(head["part"]["S"], part)])

    def _heads(self, scope: str, attribute: str) -> list[Item]:
        within = self._within(_part("heads", scope))
        # Names that are words of its language have to be called otherwise.
        names = {"#first": "first", "#wanted": attribute}
        return list(self._base.query(**within, ProjectionExpression="#first, #wanted", ExpressionAttributeNames=names))

    def keys(self, scope: str) -> Sequence[str]:
        """The keys of a scope, in order of first writing."""
        return [
            head["key"]["S"] for head in sorted(self._heads(scope, "key"), key=lambda head: int(head["first"]["N"]))
        ]

    def count(self, scope: str) -> int:
        """How many values the scope holds, history included."""
        return sum(int(head["size"]["N"]) for head in self._heads(scope, "size"))


def _part(kind: str, scope: str, *key: str) -> str:
    # The length tells where the scope ends; a partition's name has at most 2 KB.
    text = f"{len(scope)}:{scope}{':'.join(('', *key))}"
    return f"{kind} {hashlib.blake2b(text.encode(errors='surrogatepass'), digest_size=16).hexdigest()}"


def _slot(slot: str) -> str:
    return f"slot {hashlib.blake2b(slot.encode(), digest_size=16).hexdigest()}"


def _key(part: str, sort: str) -> Item:
    return {"part": {"S": part}, "sort": {"S": sort}}


def _pair(key: Item) -> tuple[str, str]:
    return key["part"]["S"], key["sort"]["S"]


def _age(value: Value) -> str:
    return f"{value.at} {value.serial:016}"


def _item(part: str, sort: str, value: Value, since: int | None = None) -> Item:
    """A value as an item; a current one with the version of its key since which it is as it is."""
    item = {
        **_key(part, sort),
        "slot": {"S": value.slot},
        "value": {"S": value.value},
        "time": {"S": value.time},
        "at": {"S": value.at},
        "serial": {"N": str(value.serial)},
        "sources": {"L": [{"S": source} for source in value.sources]},
    }
    return item if since is None else {**item, "age": {"S": _age(value)}, "since": {"N": str(since)}}


def _value(item: Mapping[str, Any]) -> Value:
    sources = tuple(source["S"] for source in item["sources"]["L"])
    texts = [item[name]["S"] for name in ("slot", "value", "time", "at")]
    return Value(texts[0], texts[1], texts[2], texts[3], int(item["serial"]["N"]), sources)


def _weight(item: Item) -> int:
    return 300 + sum(len(str(next(iter(value.values()))).encode()) for value in item.values())


def _fitting(numbered: Sequence[tuple[int, Entry]]) -> int:
    """How many of the first entries a transaction takes: each may need two items, and one more for a new key."""
    keys: set[str] = set()
    items = weight = 0
    for place, (_, entry) in enumerate(numbered):
        items += 2 + (entry.key not in keys)
        keys.add(entry.key)
        weight += 2 * len(entry.value.encode()) + 1_000
        if place and (items > TRANSACTION or weight > _LARGEST_CALL):
            return place
    return len(numbered)
