"""Key-value store in MongoDB: one document a key, with its current values and its history."""

import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from memeval.kit.engines import Engine, Settings
from memeval.kit.stores import Entry
from memeval.strategies.stores.clients.remote import PREFIX, checked_name, in_rounds
from memeval.strategies.stores.clients.server import AtServer, StoreAtServer
from memeval.strategies.stores.kv.base import OLDEST, Held, KVBase, Value, newest_first

_DATABASE = "memeval"
# How long a server is looked for before that counts as a failure; repetitions come on top.
_SELECTION = 5.0
_BATCH = 5_000
_T = TypeVar("_T")


class _Server(AtServer):
    """A client of one database, with repetitions that are ours alone."""

    choice = "kv_store=mongodb"
    system = "mongodb"
    module = "pymongo"
    example = "mongodb://user:password@host:27017/memeval"

    @property
    def errors(self) -> Any:
        """The library's module of errors."""
        return self.part("pymongo.errors")

    def _connect(self) -> Any:
        limit = round(self.timeout * 1_000)
        try:
            return self.library.MongoClient(
                self.url,
                appname="memeval",
                connectTimeoutMS=limit,
                socketTimeoutMS=limit,
                serverSelectionTimeoutMS=round(min(self.timeout, _SELECTION) * 1_000),
                retryReads=False,
                retryWrites=False,
            )
        except (self.errors.ConfigurationError, self.errors.InvalidURI) as error:
            raise self.wrong_address(error) from None

    def run(self, work: Callable[[Any], _T]) -> _T:
        """Do the work with the database, and again after failures that may pass."""
        database = self.client.get_default_database(default=_DATABASE)
        return self.ask(lambda: work(database))

    def _passes(self, error: Exception) -> bool:
        return isinstance(error, self.errors.ConnectionFailure) or (
            isinstance(error, self.errors.PyMongoError)
            and (error.has_error_label("TransientTransactionError") or error.has_error_label("RetryableWriteError"))
        )

    def transactions(self) -> bool:
        """Whether the server has them."""
        told = self.run(lambda database: database.command("hello"))
        return "setName" in told or told.get("msg") == "isdbgrid"

    def collections(self, name: Any) -> list[str]:
        """The collections of that name, or those that fit a condition."""
        found: list[str] = self.run(lambda database: database.list_collection_names(filter={"name": name}))
        return sorted(found)

    def engine(self, settings: Settings | None = None) -> Engine:
        told = self.run(lambda database: database.command("buildInfo"))
        for field, name in {"secantusVersion": "SecantusDB", "ferretdb": "FerretDB"}.items():
            if field in told:
                version = told[field]["version"] if isinstance(told[field], dict) else told[field]
                return Engine(self.system, "emulator", name, str(version))
        # What else speaks the protocol copies the version and leaves out how MongoDB was built.
        real = "storageEngines" in told and "modules" in told
        name = "MongoDB" if real else "unknown, by MongoDB's protocol"
        return Engine(self.system, "real" if real else "emulator", name, told["version"])

    def leftovers(self) -> list[str]:
        return self.collections({"$regex": f"^{PREFIX}"})

    def remove(self, name: str) -> None:
        self.run(lambda database: database.drop_collection(name))


class MongoKV(StoreAtServer, KVBase):
    """A document a key: {scope, key, first, version, size, current: [values, newest first], old: [values], by}.

    A call that writes is read, worked out, and written back as one bulk of updates, each of which holds only for the
    version that was read; what another writer has changed in between is done again. Where the server has transactions
    (a replica set or a sharded cluster) the bulk is one: all or none. A server on its own has none: a call that breaks
    off may have written some of its keys, each of them wholly, and is completed when it is repeated.
    """

    server = _Server
    _base: _Server

    def __init__(
        self,
        url: str | None = None,
        collection: str = "memeval_kv",
        keep: bool = False,
        timeout: float = 60.0,
        retries: int = 3,
    ) -> None:
        """Connect, and make the collection unless it is there.

        Args:
            url: of the server, without a password, with the database as its path, `tls=true` for TLS; None:
                MEMEVAL_MONGODB_URL. Without a path the database is `memeval`.
            collection: one that is there already is gone on with.
            keep: do not remove the collection at the end of the run.
            timeout: seconds for connecting and for each command.
            retries: how often again after a lost connection.

        Raises:
            ConfigError: no address, or settings that make no sense.
            ModelError: the client is not installed.
            StorageError: the server does not answer or refuses.
        """
        self._name = checked_name("kv_store", "collection", collection)
        # Each writer's last call is noted in what it wrote, so that one that is repeated is not done twice.
        self._writer = uuid.uuid4().hex
        self._calls = 0
        self._base = _Server(url, timeout, retries)
        with self._base.opening():
            self._transactions = self._base.transactions()
            if not self._base.collections(collection):
                if not keep:
                    self._base.made("collection", collection)
                self._base.run(lambda database: database[collection].create_index([("scope", 1), ("first", 1)]))

    def _run(self, work: Callable[[Any], _T]) -> _T:
        return self._base.run(lambda database: work(database[self._name]))

    def _put(self, scope: str, entries: Sequence[Entry]) -> None:
        self._calls += 1
        call = self._calls
        by_key: dict[str, list[tuple[int, Entry]]] = {}
        for place, entry in enumerate(entries):
            by_key.setdefault(entry.key, []).append((place, entry))
        start = self._in_rounds(lambda kv: self._count_on(kv, scope, len(entries)))
        self._in_rounds(lambda kv: self._write(kv, scope, by_key, start, call) or None)

    def _in_rounds(self, work: Callable[[Any], _T | None]) -> _T:
        return in_rounds(lambda: self._run(work), self._base.system)

    def _count_on(self, kv: Any, scope: str, more: int) -> int | None:
        """The first of so many serial numbers; None if another has just made the counter."""
        where, change = {"_id": _id(scope)}, {"$inc": {"serial": more}}
        try:
            found = kv.find_one_and_update(where, change, upsert=True, return_document=True)
        except self._base.errors.DuplicateKeyError:
            return None
        return None if found is None else int(found["serial"]) - more

    def _write(
        self, kv: Any, scope: str, by_key: Mapping[str, Sequence[tuple[int, Entry]]], start: int, call: int
    ) -> bool:
        """One attempt; False if another writer came in between."""
        if not self._transactions:
            return self._bulk(kv, None, scope, by_key, start, call)
        with kv.database.client.start_session() as session:
            try:
                with session.start_transaction():
                    if self._bulk(kv, session, scope, by_key, start, call):
                        return True
                    session.abort_transaction()
            except self._base.errors.PyMongoError as error:
                if not error.has_error_label("TransientTransactionError") or isinstance(
                    error, self._base.errors.ConnectionFailure
                ):
                    raise
        return False

    def _bulk(
        self,
        kv: Any,
        session: Any,
        scope: str,
        by_key: Mapping[str, Sequence[tuple[int, Entry]]],
        start: int,
        call: int,
    ) -> bool:
        ids = {_id(scope, key): key for key in by_key}
        known = {}
        for part in _parts(list(ids)):
            for document in kv.find({"_id": {"$in": part}}, {"old": 0}, session=session):
                known[document["_id"]] = document
        updates = []
        for name, key in ids.items():
            document = known.get(name, {"version": 0, "current": [], "by": {}})
            if document["by"].get(self._writer, 0) < call:
                updates.append(self._update(name, scope, key, document, by_key[key], start, call))
        if not updates:
            return True
        try:
            done = kv.bulk_write(updates, ordered=session is not None, session=session)
        except self._base.errors.BulkWriteError as error:
            # Somebody else has made the same key; in a transaction a conflict carries a label.
            if any(each["code"] != 11000 for each in error.details["writeErrors"]):
                raise
            return False
        return bool(done.matched_count + done.upserted_count == len(updates))

    def _update(
        self,
        name: str,
        scope: str,
        key: str,
        document: Mapping[str, Any],
        entries: Sequence[tuple[int, Entry]],
        start: int,
        call: int,
    ) -> Any:
        values = [_value(row) for row in document["current"]]
        held = Held({value.slot: value for value in values}, max((value.at for value in values), default=OLDEST))
        for place, entry in entries:
            held.put(entry, start + place)
        added = len(held.slots) - len(values) + len(held.retired)
        change: dict[str, Any] = {
            "$set": {
                "current": [_row(value) for value in newest_first(held.slots.values())],
                f"by.{self._writer}": call,
            },
            "$inc": {"version": 1, "size": added},
            "$setOnInsert": {"scope": scope, "key": key},
            # The least, since another writer may have made the key with a number taken later.
            "$min": {"first": start + entries[0][0]},
        }
        if held.retired or not document["version"]:
            change["$push"] = {"old": {"$each": [_row(value) for value in held.retired]}}
        new = document["version"] == 0
        where = {"_id": name, "version": document["version"]}
        return self._base.library.UpdateOne(where, change, upsert=new)

    def get(self, scope: str, key: str, limit: int | None = None) -> Sequence[Entry]:
        """The current values of a key, newest first."""
        if limit == 0:
            return []
        part: dict[str, Any] = {"_id": 0, "current": {"$slice": limit} if limit else 1}
        if limit:
            part |= {"old": 0, "by": 0}
        found = self._run(lambda kv: kv.find_one({"_id": _id(scope, key)}, part))
        return [] if found is None else [_value(row).entry(key, True) for row in found["current"]]

    def history(self, scope: str, key: str) -> Sequence[Entry]:
        """All values that a key ever had, newest first."""
        found = self._run(lambda kv: kv.find_one({"_id": _id(scope, key)}, {"current": 1, "old": 1}))
        if found is None:
            return []
        current = {value.serial: value for value in map(_value, found["current"])}
        values = newest_first([*current.values(), *map(_value, found["old"])])
        return [value.entry(key, value.serial in current) for value in values]

    def delete(self, scope: str, keys: Sequence[str]) -> None:
        """Remove keys with their history."""
        for part in _parts([_id(scope, key) for key in dict.fromkeys(keys)]):
            self._run(lambda kv, part=part: kv.delete_many({"_id": {"$in": part}}))  # type: ignore[misc]

    def keys(self, scope: str) -> Sequence[str]:
        """The keys of a scope, in order of first writing."""
        rows = self._run(lambda kv: list(kv.find({"scope": scope}, {"key": 1}).sort("first", 1)))
        return [row["key"] for row in rows]

    def count(self, scope: str) -> int:
        """How many values the scope holds, history included."""
        steps = [{"$match": {"scope": scope}}, {"$group": {"_id": None, "size": {"$sum": "$size"}}}]
        return next((int(row["size"]) for row in self._run(lambda kv: list(kv.aggregate(steps)))), 0)

    def stats(self) -> Mapping[str, float]:
        """Bytes of the collection with its indexes, all scopes together."""
        told = self._base.run(lambda database: database.command("collStats", self._name))
        return {"index_bytes": told["storageSize"] + told["totalIndexSize"]}


def _id(scope: str, *key: str) -> str:
    # The length tells where the scope ends; an index takes no text of any length.
    text = f"{len(scope)}:{scope}{':'.join(('', *key))}"
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def _row(value: Value) -> list[Any]:
    return [value.slot, value.value, value.time, value.at, value.serial, list(value.sources)]


def _value(row: Sequence[Any]) -> Value:
    slot, value, time, at, serial, sources = row
    return Value(slot, value, time, at, serial, tuple(sources))


def _parts(names: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), _BATCH):
        yield list(names[start : start + _BATCH])
