"""A server on loopback that speaks OpenAI's chat protocol, and misbehaves on demand."""

import inspect
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What the server sends; a body that is no text is sent as JSON."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Script = Callable[[dict[str, Any]], Answer]


def words(messages: list[dict[str, str]]) -> int:
    return sum(len(message["content"].split()) for message in messages)


def completion(
    text: str | None, finish: str = "stop", usage: Mapping[str, Any] | None = None, **message: Any
) -> Answer:
    """An answer in OpenAI's form; `usage` None leaves it out."""
    body: dict[str, Any] = {
        "id": "chat-1",
        "object": "chat.completion",
        "created": 1,
        "model": "tiny",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish}
        ],
    }
    return Answer(body if usage is None else {**body, "usage": dict(usage)})


def usage(tokens_in: int, tokens_out: int, **more: Any) -> dict[str, Any]:
    return {
        "prompt_tokens": tokens_in,
        "completion_tokens": tokens_out,
        "total_tokens": tokens_in + tokens_out,
        **more,
    }


def fair(request: dict[str, Any]) -> Answer:
    """Echoes the last message; a token is a word."""
    text = "echo: " + request["messages"][-1]["content"]
    return completion(text, usage=usage(words(request["messages"]), len(text.split())))


def says(text: str | None, finish: str = "stop", tokens_out: int = 3, **message: Any) -> Script:
    return lambda request: completion(text, finish, usage(words(request["messages"]), tokens_out), **message)


def fails(status: int, text: str = "no", **headers: str) -> Script:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: Answer(
        {"error": {"message": text, "type": "x", "code": str(status)}}, status=status, headers=named
    )


class ChatServer:
    """Answers as `script` says, one after the other, and as `default` from then on."""

    def __init__(self, port: int = 0) -> None:
        self.script: list[Script] = []
        self.default: Script = fair
        self.requests: list[dict[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self.most_at_once = 0
        self.connections: list[socket.socket] = []
        self._at_once = 0
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                server.connections.append(self.request)
                super().setup()

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = server._answer(request, dict(self.headers.items()))
                data = answer.body.encode() if isinstance(answer.body, str) else json.dumps(answer.body).encode()
                try:
                    self.send_response(answer.status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(data)))
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    # The client did not wait.
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.http.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.http.server_port}/v1"

    def _answer(self, request: dict[str, Any], headers: Mapping[str, str]) -> Answer:
        with self._lock:
            self.requests.append(request)
            self.headers.append(headers)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            script = self.script.pop(0) if self.script else self.default
        try:
            return script(request)
        finally:
            with self._lock:
                self._at_once -= 1

    @property
    def prompts(self) -> list[str]:
        """The last message of each request."""
        return [request["messages"][-1]["content"] for request in self.requests]


def close_clients() -> None:
    """Close the connections that litellm keeps for later."""
    module = sys.modules.get("litellm")
    if module is None:
        return
    for client in list(module.in_memory_llm_clients_cache.cache_dict.values()):
        close = getattr(client, "close", None)
        if close is not None and not inspect.iscoroutinefunction(close):
            close()
    module.in_memory_llm_clients_cache.flush_cache()


@contextmanager
def serving(port: int = 0) -> Iterator[ChatServer]:
    """A server that runs until the block ends."""
    server = ChatServer(port)
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        thread.join()
        server.http.server_close()
        close_clients()
        for connection in server.connections:
            # Kept open by the client, it would still be answered.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
