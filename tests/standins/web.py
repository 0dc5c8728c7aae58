"""A small HTTP server for stand-ins, and how it runs as a child process like a real engine."""

import json
import os
import sys
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from memeval.servers.base import Server

# What every answer carries in the header Server, so that nobody takes it for the product.
MARK = "memeval-stand-in"


@dataclass(frozen=True)
class Request:
    """What was asked: `path` in its parts, unquoted; `size` in bytes of the body."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: Any
    size: int


@dataclass(frozen=True)
class Answer:
    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """Answered instead of what was asked."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(body)
        self.answer = Answer(body, status)


def run(name: str, port: int, answer: Callable[[Request], Answer]) -> ThreadingHTTPServer:
    """A server on loopback that is ready to `serve_forever`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Without it small answers wait 40 ms for an acknowledgement.
        disable_nagle_algorithm = True
        server_version = f"{MARK}/{name}"
        sys_version = ""

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except ConnectionError:
                self.close_connection = True

        def do_any(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            path = tuple(unquote(part) for part in parts.path.split("/") if part)
            try:
                body = json.loads(raw) if raw else None
                headers = {each.lower(): value for each, value in self.headers.items()}
                query = parse_qs(parts.query, keep_blank_values=True)
                given = answer(Request(self.command, path, query, headers, body, len(raw)))
            except Refused as refused:
                given = refused.answer
            text = b"" if given.body is None else json.dumps(given.body).encode()
            self.send_response(given.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            for each, value in given.headers.items():
                self.send_header(each, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_any

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Web(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    return Web(("127.0.0.1", port), Handler)


class StandIn(Server):
    """A module of this package as a child process: `python -m standins.<module> PORT ...`."""

    module: str
    # Asked for until it answers.
    probe = "/"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def arguments(self) -> Sequence[str]:
        return [str(self.port)]

    def command(self) -> Sequence[str | Path]:
        return [sys.executable, "-m", self.module, *self.arguments()]

    def environment(self) -> Mapping[str, str]:
        root = Path(__file__).resolve().parents[2]
        return {"PYTHONPATH": os.pathsep.join([str(root / "tests"), str(root)])}

    def ready(self) -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{self.probe}", timeout=5) as answer:
            assert MARK in answer.headers["Server"]
