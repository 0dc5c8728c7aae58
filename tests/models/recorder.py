"""Stands between the harness and the model's server and notes every request and what the server says that it used."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.chat_server import close_clients


class Recorder:
    """`calls` are pairs of a request and its answer, of those that the server answered with 200."""

    def __init__(self, target: str) -> None:
        self.calls: list[tuple[dict[str, Any], dict[str, Any]]] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = urllib.request.Request(
                    target.removesuffix("/v1") + self.path, data=body, headers={"Content-Type": "application/json"}
                )
                try:
                    with urllib.request.urlopen(request, timeout=600) as answer:
                        status, data = answer.status, answer.read()
                    recorder.calls.append((json.loads(body), json.loads(data)))
                except urllib.error.HTTPError as error:
                    status, data = error.code, error.read()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.http.server_port}/v1"

    @property
    def overrides(self) -> list[str]:
        """What to give `memeval run` so that it uses this model."""
        return ["llm=litellm", "llm.model=smollm2", f"llm.api_base={self.base}", "llm.concurrency=1"]

    def used(self, calls: list[tuple[dict[str, Any], dict[str, Any]]] | None = None) -> dict[str, int]:
        """The server's own sums over some of the calls, or all, under the names of `Usage`."""
        usages = [answer["usage"] for _, answer in (self.calls if calls is None else calls)]
        return {
            "calls": len(usages),
            "tokens_in": sum(usage["prompt_tokens"] for usage in usages),
            "tokens_out": sum(usage["completion_tokens"] for usage in usages),
            "cached_tokens_in": sum(usage["prompt_tokens_details"]["cached_tokens"] for usage in usages),
        }


@contextmanager
def recording(target: str) -> Iterator[Recorder]:
    """A recorder before `target` that runs until the block ends."""
    recorder = Recorder(target)
    thread = threading.Thread(target=recorder.http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield recorder
    finally:
        recorder.http.shutdown()
        thread.join()
        recorder.http.server_close()
        close_clients()
