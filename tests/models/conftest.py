"""A real, small language model on loopback; `make test-models` runs these tests, a plain pytest leaves them out."""

import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from .llama_server import LlamaServer
from .recorder import Recorder, recording

if not os.environ.get("MEMEVAL_TEST_MODELS"):
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def llama() -> Iterator[LlamaServer]:
    """The server, one for all tests: it takes a second to start and uses one thread."""
    with LlamaServer(context=8192) as server:
        yield server


@pytest.fixture
def recorded(llama: LlamaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """An address of the server that notes what goes through it; caches are empty, no key is in the environment."""
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path / "cache"))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    with warnings.catch_warnings():
        # litellm's own, at its import.
        warnings.simplefilter("ignore")
        from memeval.llm import providers

        providers.litellm()
    with recording(llama.base) as recorder:
        yield recorder
