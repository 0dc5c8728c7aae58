"""Embeddings over HTTP, against a small server on loopback that speaks OpenAI's protocol, and misbehaves on demand."""

import json
import socket
import threading
import warnings
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from memeval.kit import cache, ledger
from memeval.kit.errors import ConfigError, ModelError
from memeval.kit.types import Usage
from memeval.strategies.embedders.api import Api
from memeval.testing import check_embedder

KEY = "sk-planted-0123456789abcdef"


def vector(text: str, dimension: int) -> list[float]:
    """Not of unit length, as a server of one's own may give it; the same for the same text."""
    return [float(value) for value in np.random.default_rng(list(cache.key(text))).normal(size=dimension) * 3]


def fair(request: dict[str, Any]) -> tuple[int, Any]:
    rows = [
        {"object": "embedding", "index": index, "embedding": vector(text, request.get("dimensions", 16))}
        for index, text in enumerate(request["input"])
    ]
    # Order is not promised, the index is.
    return 200, {
        "object": "list",
        "data": rows[::-1],
        "model": "tiny",
        "usage": {"prompt_tokens": 1, "total_tokens": 1},
    }


class Server:
    """Answers as `answers` says, one after the other, and fairly from then on; `requests` and `keys` are what came."""

    def __init__(self) -> None:
        self.answers: list[Callable[[dict[str, Any]], tuple[int, Any]]] = []
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                super().setup()

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.requests.append(request)
                server.keys.append(self.headers["Authorization"])
                answer = server.answers.pop(0) if server.answers else fair
                status, body = answer(request)
                data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
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
    def texts(self) -> list[str]:
        return [text for request in self.requests for text in request["input"]]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("memeval.kit.retrying.time.sleep", lambda seconds: None)
    with warnings.catch_warnings():
        # litellm's own, at its import.
        warnings.simplefilter("ignore")
        import litellm  # noqa: F401
    made = Server()
    thread = threading.Thread(target=made.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.http.shutdown()
    thread.join()
    made.http.server_close()


def status(code: int, text: str = "slow down") -> Callable[[dict[str, Any]], tuple[int, Any]]:
    return lambda request: (code, {"error": {"message": text, "type": "x", "code": str(code)}})


def test_it_keeps_the_contract(server: Server) -> None:
    check_embedder(Api("openai/tiny", api_base=server.base), finds=False)
    check_embedder(Api("openai/tiny", api_base=server.base, dimension=8, cache=False), finds=False)


def test_batches_cache_and_books(server: Server, tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(10)] + ["text 3", ""]
    make = lambda: Api("openai/tiny", api_base=server.base, batch_size=4)  # noqa: E731
    with ledger.phase() as cold:
        vectors = make().embed(texts)
    assert [len(request["input"]) for request in server.requests] == [4, 4, 3]
    assert sorted(server.texts) == sorted([*texts[:10], "."])
    for text, row in zip(texts[:10], vectors, strict=False):
        expected = np.array(vector(text, 16))
        assert np.allclose(row, expected / np.linalg.norm(expected), atol=1e-6)
    with ledger.phase() as warm:
        again = make().embed(texts)
    assert len(server.requests) == 3
    assert again.tobytes() == vectors.tobytes()
    # Never against the cold phase's own clock: on a busy machine the two differ by more than the calls cost.
    assert warm.usage.model_seconds == pytest.approx(cold.usage.model_seconds)
    assert warm.usage.booked_seconds == pytest.approx(warm.usage.seconds + cold.usage.model_seconds)
    # Another length, address or model is another maker.
    for other in (
        Api("openai/tiny", api_base=server.base, dimension=8),
        Api("openai/small", api_base=server.base),
        Api("openai/tiny", api_base=server.base.replace("127.0.0.1", "localhost")),
    ):
        before = len(server.requests)
        assert other.embed(["text 3"]).shape == (1, other.dimension)
        assert len(server.requests) == before + 1


def test_tokens_and_dollars_are_booked_also_from_the_cache(server: Server) -> None:
    def told(tokens: int) -> Callable[[dict[str, Any]], tuple[int, Any]]:
        return lambda request: (200, fair(request)[1] | {"usage": {"prompt_tokens": tokens, "total_tokens": tokens}})

    def embed(texts: list[str], price: float | None = None, cache: bool = True) -> Usage:
        with ledger.phase() as books:
            Api("openai/tiny", api_base=server.base, batch_size=2, price=price, cache=cache).embed(texts)
        return books.usage

    texts = ["one", "two and more", "three"]
    server.answers = [told(700), told(300)]
    cold = embed([*texts, "one"], price=0.5)
    assert (cold.embedding_tokens, cold.calls) == (1000, 0)
    assert cold.dollars == pytest.approx(1000 * 0.5e-6)
    calls = len(server.requests)
    warm = embed(texts, price=0.5)
    assert (warm.embedding_tokens, warm.dollars) == (cold.embedding_tokens, cold.dollars)
    # Each text has its share of its call, by length; together they make the call.
    parts = [embed([text], price=0.5).embedding_tokens for text in texts]
    assert parts[2] == 300
    assert 0 < parts[0] < parts[1]
    assert abs(parts[0] + parts[1] - 700) <= 1
    assert len(server.requests) == calls
    # A server of one's own has no published price, which is not 0; nor does any other text change that.
    assert embed(texts).dollars is None
    # What was paid for before a failure is booked, and noted for the time when it is taken from the cache.
    server.answers = [told(50), status(400)]
    with ledger.phase() as books, pytest.raises(ModelError):
        Api("openai/tiny", api_base=server.base, batch_size=2, price=1.0).embed(["a", "b", "c"])
    assert books.usage.embedding_tokens == 50
    # Servers that say nothing of usage are counted.
    server.answers = [lambda request: (200, fair(request)[1] | {"usage": None})]
    assert embed(["four words in all"], cache=False).embedding_tokens >= 4


def test_the_address_of_the_environment_counts(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Api("tiny").fingerprint
    monkeypatch.setenv("OPENAI_BASE_URL", server.base)
    assert Api("openai/tiny").embed(["a"]).shape == (1, 16)
    assert Api("tiny").fingerprint not in (plain, Api("openai/tiny").fingerprint)
    assert Api("openai/tiny").fingerprint == Api("openai/tiny", api_base=server.base).fingerprint
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://ann:{KEY}@127.0.0.1/v1")
    with pytest.raises(ConfigError) as caught:
        Api("openai/tiny")
    assert KEY not in str(caught.value)


def test_what_passes_is_tried_again(server: Server) -> None:
    server.answers = [status(429), status(503), status(500)]
    assert Api("openai/tiny", api_base=server.base, retries=3).embed(["hello"]).shape == (1, 16)
    assert len(server.requests) == 4


@pytest.mark.parametrize(("code", "calls"), [(500, 3), (429, 3), (401, 1), (404, 1), (400, 1)])
def test_what_stays_is_said_in_a_sentence(server: Server, tmp_path: Path, code: int, calls: int) -> None:
    server.answers = [status(code, f"the key {KEY} is no good, nor is sk-plan*****cdef")] * 9
    with pytest.raises(ModelError, match=f"'openai/tiny' did not answer after {calls} call.*embedder.model") as caught:
        Api("openai/tiny", api_base=server.base, retries=2).embed(["hello"])
    assert len(server.requests) == calls
    assert KEY not in str(caught.value) and "cdef" not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    server.answers = []
    # A failure leaves nothing behind.
    assert Api("openai/tiny", api_base=server.base).embed(["hello"]).shape == (1, 16)


@pytest.mark.parametrize(
    "body",
    [
        "not json",
        {},
        {"data": []},
        {"data": None},
        {"object": "list", "data": [{"index": 0}]},
        {"object": "list", "data": [{"index": 0, "embedding": []}]},
        {"object": "list", "data": [{"index": 0, "embedding": None}]},
        {"object": "list", "data": [{"index": 0, "embedding": "AAAA"}]},
        {"object": "list", "data": [{"index": 0, "embedding": [1.0, "x"]}]},
        {"object": "list", "data": [{"index": 0, "embedding": [[1.0, 2.0]]}]},
        {"object": "list", "data": [{"index": 0, "embedding": [1.0, float("nan")]}]},
        {"object": "list", "data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0]}]},
    ],
)
def test_answers_that_are_none(server: Server, body: Any) -> None:
    server.answers = [lambda request: (200, body)] * 9
    embedder = Api("openai/tiny", api_base=server.base, retries=0)
    with pytest.raises(ModelError):
        embedder.embed(["hello"])
    server.answers = []
    assert embedder.embed(["hello"]).shape == (1, 16)


def test_lengths_that_change(server: Server) -> None:
    long = lambda request: fair({**request, "dimensions": 12})  # noqa: E731
    server.answers = [fair, long]
    with pytest.raises(ModelError, match="several lengths"):
        Api("openai/tiny", api_base=server.base, batch_size=1).embed(["a", "b"])
    server.answers = [fair, long]
    embedder = Api("openai/tiny", api_base=server.base, batch_size=1)
    embedder.embed(["c"])
    with pytest.raises(ModelError, match="shape"):
        embedder.embed(["d"])


def test_the_key_is_kept_nowhere(server: Server, tmp_path: Path) -> None:
    embedder = Api("openai/tiny", api_base=server.base)
    embedder.embed(["hello", KEY[:4]])
    assert server.keys == [f"Bearer {KEY}"]
    assert KEY not in repr(vars(embedder)) + embedder.fingerprint
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if KEY.encode() in path.read_bytes() or KEY in path.name]


def test_nobody_there(server: Server, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        with pytest.raises(ModelError, match="did not answer after 2 calls"):
            Api("openai/tiny", api_base=base, retries=1).embed(["hello"])


def test_no_key(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ModelError, match="OPENAI_API_KEY"):
        Api("openai/tiny", api_base=server.base, retries=0).embed(["hello"])
    assert not server.requests


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"model": " "}, "embedder.model"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"dimension": 0}, "dimension=0"),
        ({"retries": -1}, "retries=-1"),
        ({"timeout": 0.0}, "timeout=0"),
        ({"api_base": "http://ann:secret@host/v1"}, "embedder.api_base"),
        ({"api_base": "http://host/v1?key=secret"}, "embedder.api_base"),
    ],
)
def test_options(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        Api(**{"model": "openai/tiny", **options})
    assert "secret" not in str(caught.value)
