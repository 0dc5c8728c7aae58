"""Key-value store in Redis: each call is one command, writes are scripts that run at the server."""

import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence

from memeval.kit.stores import Entry
from memeval.kit.text import time_of
from memeval.strategies.stores.clients.redis import Redis
from memeval.strategies.stores.clients.remote import PREFIX, checked_name
from memeval.strategies.stores.clients.server import StoreAtServer
from memeval.strategies.stores.kv.base import KVBase, microsecond

# A value's member says its age: its time, or that of the newest value before it, in 26 characters, and then a serial
# number. Members of equal score are sorted as texts. Of each key there are a sorted set of the current members, a hash
# of all members to their rows, and a hash of slots to members; a row begins with 1 if it is current. `by:` holds each
# writer's last call, so that one that is repeated after a lost answer is not done twice.
_UPSERT = """
local base, entries, writer, call = KEYS[2], cjson.decode(ARGV[2]), 'by:' .. ARGV[3], ARGV[4]
local meta = base .. ':meta'
if redis.call('HGET', meta, writer) == call then return end
redis.call('SADD', KEYS[1], ARGV[1])
local serial, added = tonumber(redis.call('HGET', meta, 'serial') or '0'), 0
local function union(...)
  local sources, seen = {}, {}
  for _, given in ipairs({...}) do
    for _, source in ipairs(cjson.decode(given)) do
      if not seen[source] then seen[source] = true; table.insert(sources, source) end
    end
  end
  return #sources > 0 and cjson.encode(sources) or '[]'
end
local function later(first, second) if first < second then return second end return first end
for _, entry in ipairs(entries) do
  local key, slot, value, time, sources = unpack(entry)
  local current, rows, slots = base .. ':c:' .. key, base .. ':r:' .. key, base .. ':s:' .. key
  local at = time
  if at == '' then
    local newest = redis.call('ZREVRANGE', current, 0, 0)[1]
    at = newest and string.sub(newest, 1, 26) or '0001-01-01T00:00:00.000000'
  end
  serial, added = serial + 1, added + 1
  redis.call('ZADD', base .. ':keys', 'NX', serial, key)
  local member = at .. string.format('%016d', serial)
  local row = cjson.encode({slot, value, time, sources})
  local held = redis.call('HGET', slots, slot)
  local older = held and redis.call('HGET', rows, held)
  local before = held and cjson.decode(string.sub(older, 2))
  if held and before[2] == value then
    added = added - 1
    member = later(string.sub(held, 1, 26), at) .. string.sub(held, 27)
    row = cjson.encode({slot, value, later(before[3], time), union(before[4], sources)})
    redis.call('HDEL', rows, held)
    redis.call('ZREM', current, held)
  elseif held and at < string.sub(held, 1, 26) then
    redis.call('HSET', rows, member, '0' .. row)
    member = nil
  elseif held then
    redis.call('HSET', rows, held, '0' .. string.sub(older, 2))
    redis.call('ZREM', current, held)
  end
  if member then
    redis.call('HSET', rows, member, '1' .. row)
    redis.call('HSET', slots, slot, member)
    redis.call('ZADD', current, 0, member)
  end
end
redis.call('HSET', meta, 'serial', serial, writer, call)
redis.call('HINCRBY', meta, 'count', added)
"""
_GET = """
local found = redis.call('ZREVRANGE', KEYS[1], 0, ARGV[1])
for place, member in ipairs(found) do found[place] = redis.call('HGET', KEYS[2], member) end
return found
"""
_DELETE = """
local base, gone = KEYS[1], 0
for _, key in ipairs(cjson.decode(ARGV[1])) do
  gone = gone + redis.call('HLEN', base .. ':r:' .. key)
  redis.call('DEL', base .. ':c:' .. key, base .. ':r:' .. key, base .. ':s:' .. key)
  redis.call('ZREM', base .. ':keys', key)
end
if gone > 0 then redis.call('HINCRBY', base .. ':meta', 'count', -gone) end
"""
_NAME = re.compile(rf"{PREFIX}[A-Za-z0-9_-]+")
_BATCH = 1_000


class _Server(Redis):
    """The sets whose names are prefixes of stores show what is there."""

    choice = "kv_store=redis"

    def leftovers(self) -> list[str]:
        found = self.ask(lambda: list(self.client.scan_iter(f"{PREFIX}*", count=_BATCH, _type="set")))
        return sorted(name for name in set(found) if _NAME.fullmatch(name))

    def names(self, prefix: str) -> Iterator[list[str]]:
        """The keys of a store, in batches, without a look at anybody else's."""
        for scope in sorted(self.ask(lambda: self.client.smembers(prefix))):
            place = _place(prefix, scope)
            keys = self.ask(lambda place=place: self.client.zrange(f"{place}:keys", 0, -1))  # type: ignore[misc]
            for start in range(0, len(keys), _BATCH):
                yield [f"{place}:{kind}:{key}" for key in keys[start : start + _BATCH] for kind in "crs"]
            yield [f"{place}:keys", f"{place}:meta"]
        yield [prefix]

    def remove(self, name: str) -> None:
        for names in self.names(name):
            self.ask(lambda names=names: self.client.unlink(*names))  # type: ignore[misc]


class RedisKV(StoreAtServer, KVBase):
    """All keys begin with the prefix; the set of that very name holds the scopes.

    A call that writes is one script, which Redis runs without another command in between: all or none, and safe with
    several writers. Scopes are hash tags.
    """

    server = _Server
    _base: _Server

    def __init__(
        self,
        url: str | None = None,
        prefix: str = "memeval_kv",
        keep: bool = False,
        timeout: float = 60.0,
        retries: int = 3,
    ) -> None:
        """Connect.

        Args:
            url: of the server, without a password, `rediss://` for TLS; None: MEMEVAL_REDIS_URL.
            prefix: of all keys; what is there already is gone on with.
            keep: do not remove the keys at the end of the run.
            timeout: seconds for connecting and for each command.
            retries: how often again after a lost connection.

        Raises:
            ConfigError: no address, or settings that make no sense.
            ModelError: the client is not installed.
            StorageError: the server does not answer or refuses.
        """
        self._prefix = checked_name("kv_store", "prefix", prefix)
        # Nothing to note before the first write, or if it stays.
        self._noted = keep
        self._writer = uuid.uuid4().hex
        self._calls = 0
        self._base = _Server(url, timeout, retries)
        with self._base.opening():
            register = self._base.client.register_script
            self._upsert, self._get, self._delete = register(_UPSERT), register(_GET), register(_DELETE)

    def _put(self, scope: str, entries: Sequence[Entry]) -> None:
        self._note()
        rows = [
            (entry.key, entry.slot, entry.value, microsecond(entry.time), json.dumps(entry.sources))
            for entry in entries
        ]
        self._calls += 1
        keys = [self._prefix, self._scope(scope)]
        arguments = [scope, json.dumps(rows), self._writer, self._calls]
        self._base.ask(lambda: self._upsert(keys, arguments))

    def _note(self) -> None:
        if not self._noted:
            if not self._base.ask(lambda: self._base.client.exists(self._prefix)):
                self._base.made("keys", self._prefix)
            self._noted = True

    def get(self, scope: str, key: str, limit: int | None = None) -> Sequence[Entry]:
        """The current values of a key, newest first."""
        if limit == 0:
            return []
        base = self._scope(scope)
        keys = [f"{base}:c:{key}", f"{base}:r:{key}"]
        rows = self._base.ask(lambda: self._get(keys, [-1 if limit is None else limit - 1]))
        return [_entry(key, row) for row in rows]

    def history(self, scope: str, key: str) -> Sequence[Entry]:
        """All values that a key ever had, newest first."""
        rows = self._base.ask(lambda: self._base.client.hgetall(f"{self._scope(scope)}:r:{key}"))
        return [_entry(key, row) for _, row in sorted(rows.items(), reverse=True)]

    def delete(self, scope: str, keys: Sequence[str]) -> None:
        """Remove keys with their history."""
        if keys:
            base, given = self._scope(scope), json.dumps(list(dict.fromkeys(keys)))
            self._base.ask(lambda: self._delete([base], [given]))

    def keys(self, scope: str) -> Sequence[str]:
        """The keys of a scope, in order of first writing."""
        found: list[str] = self._base.ask(lambda: self._base.client.zrange(f"{self._scope(scope)}:keys", 0, -1))
        return found

    def count(self, scope: str) -> int:
        """How many values the scope holds, history included."""
        return int(self._base.ask(lambda: self._base.client.hget(f"{self._scope(scope)}:meta", "count")) or 0)

    def _scope(self, scope: str) -> str:
        return _place(self._prefix, scope)

    def stats(self) -> Mapping[str, float]:
        """Bytes of memory that the keys take, all scopes together, as Redis estimates them."""
        size = 0
        for names in self._base.names(self._prefix):
            size += sum(filter(None, self._base.many([("MEMORY", "USAGE", name) for name in names])))
        return {"index_bytes": size}


def _place(prefix: str, scope: str) -> str:
    # The length tells where the scope ends, and the braces keep a scope together in a cluster.
    return f"{prefix}:{{{len(scope)}:{scope}}}"


def _entry(key: str, row: str) -> Entry:
    slot, value, time, sources = json.loads(row[1:])
    return Entry(key, slot, value, time_of(time), tuple(json.loads(sources)), row[0] == "1")
