"""Where a process connects to: a guard around Python's sockets, and what the kernel says of all others."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

LOOPBACK = ("127.0.0.1", "::1", "localhost", "")
_LISTENING = "0A"


def places(*urls: str) -> set[tuple[str, int]]:
    """Hosts and ports of addresses; a query like `?grpc_port=` names a further port."""
    found = set()
    for url in urls:
        parts = urlsplit(url)
        found.add((parts.hostname or "", parts.port or 0))
        for name, values in parse_qs(parts.query).items():
            if name.endswith("port"):
                found.add((parts.hostname or "", int(values[0])))
    return found


@contextmanager
def only(*urls: str) -> Iterator[list[str]]:
    """Refuse connections and look-ups of names that lead elsewhere than to the addresses.

    Yields what was refused, since libraries hide such errors; the list is to be empty. Clients in C or Rust do not ask
    Python: see `peers`.
    """
    allowed = places(*urls)
    hosts = {host for host, _ in allowed}
    refused: list[str] = []
    connect, connect_ex, lookup = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def check(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and tuple(address[:2]) not in allowed:
            refused.append(f"connect {address}")
            raise OSError(f"the guard lets nobody connect to {address}")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        check(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        check(self, address)
        return connect_ex(self, address)

    def guarded_lookup(host: Any, *arguments: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and name not in hosts:
            refused.append(f"look up {name}")
            raise socket.gaierror(f"the guard lets nobody look up {name}")
        return lookup(host, *arguments, **named)

    socket.socket.connect = guarded_connect  # type: ignore[method-assign]
    socket.socket.connect_ex = guarded_connect_ex  # type: ignore[method-assign]
    socket.getaddrinfo = guarded_lookup
    try:
        yield refused
    finally:
        socket.socket.connect = connect  # type: ignore[method-assign]
        socket.socket.connect_ex = connect_ex  # type: ignore[method-assign]
        socket.getaddrinfo = lookup


def peers(pid: int | str = "self") -> set[str]:
    """Addresses beyond loopback that a process of Linux has TCP connections to now, however it opened them."""
    process = Path("/proc") / str(pid)
    if not process.is_dir():
        return set()
    own = set()
    for each in (process / "fd").iterdir():
        try:
            own.add(str(each.readlink()))
        except OSError:
            continue  # closed in between
    found = set()
    for table in ("tcp", "tcp6"):
        for line in (process / "net" / table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] != _LISTENING and f"socket:[{fields[9]}]" in own:
                found.add(_readable(fields[2].partition(":")[0]))
    return {address for address in found if not address.startswith("127.") and address not in ("::1", "0.0.0.0", "::")}


def _readable(raw: str) -> str:
    # Words of four bytes, each in the machine's order.
    data = b"".join(bytes.fromhex(raw[start : start + 8])[::-1] for start in range(0, len(raw), 8))
    if len(data) == 4:
        return socket.inet_ntop(socket.AF_INET, data)
    text = socket.inet_ntop(socket.AF_INET6, data)
    return text.removeprefix("::ffff:")
