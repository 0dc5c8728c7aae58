import pytest

from memeval.kit import engines
from memeval.kit.engines import Engine
from memeval.kit.errors import ConfigError, ModelError, StorageError
from memeval.strategies.stores.clients import remote

ENGINE = Engine("pgvector", "real", "PostgreSQL", "18.6", {"index": "hnsw"})


def test_what_a_visit_made_is_removed_last_first_also_after_an_error():
    removed: list[str] = []
    with pytest.raises(ValueError, match="broken"), engines.visit() as visit:
        engines.served_by(ENGINE)
        engines.served_by(ENGINE)
        assert engines.engines() == (ENGINE,)
        for name in ("first", "second"):
            engines.made(name, lambda name=name: removed.append(name))
        engines.made("first", lambda: removed.append("first again"))
        raise ValueError("broken")
    assert removed == ["second", "first again"]
    assert visit.made == {}
    assert engines.engines() == ()


def test_what_cannot_be_removed_is_named_and_the_rest_goes():
    removed: list[str] = []

    def fail() -> None:
        raise OSError("the server is gone")

    with pytest.raises(StorageError, match=r"collection b at qdrant could not be removed \(the server is gone\)"):
        with engines.visit():
            engines.made("collection a", lambda: removed.append("a"))
            engines.made("collection b at qdrant", fail)
    assert removed == ["a"]
    with pytest.raises(ValueError, match="first") as caught, engines.visit():
        engines.made("collection b at qdrant", fail)
        raise ValueError("first")
    assert "memeval stores clean" in caught.value.__notes__[0]


def test_outside_a_visit_nothing_is_noted():
    engines.served_by(ENGINE)
    engines.made("x", lambda: pytest.fail("nobody asked"))
    assert engines.engines() == ()


def test_an_address_comes_from_config_or_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MEMEVAL_PGVECTOR_URL", raising=False)
    example = "postgresql://localhost/memeval"
    with pytest.raises(ConfigError, match="set MEMEVAL_PGVECTOR_URL=postgresql://localhost/memeval"):
        remote.address("pgvector", "vector_store", None, example)
    assert remote.address("pgvector", "vector_store", None, example, "redis://here") == "redis://here"
    monkeypatch.setenv("MEMEVAL_PGVECTOR_URL", "postgresql://me:secret@host:5432/db")
    found = remote.address("pgvector", "vector_store", None, example)
    assert found == "postgresql://me:secret@host:5432/db"
    assert remote.place(found) == "postgresql://host:5432"
    assert remote.address("pgvector", "vector_store", "postgresql://other", example) == "postgresql://other"
    with pytest.raises(ConfigError, match="holds a password") as caught:
        remote.address("pgvector", "vector_store", "postgresql://me:secret@host/db", example)
    assert "secret" not in str(caught.value)


def test_failures_that_pass_are_outlived_and_others_are_not_repeated():
    url = "postgresql://me:secret@host:5432/db"
    calls: list[int] = []

    def flaky() -> str:
        calls.append(1)
        if len(calls) < 3:
            raise ConnectionError(f"no answer from {url} for me:secret")
        return "here"

    def passing(error: Exception) -> bool:
        return isinstance(error, ConnectionError)

    assert remote.persistently(flaky, passing, "pgvector", url, retries=2, pause=0.001) == "here"
    calls.clear()
    with pytest.raises(StorageError, match="pgvector at postgresql://host:5432 does not answer") as caught:
        remote.persistently(flaky, passing, "pgvector", url, retries=1, pause=0.001)
    assert len(calls) == 2 and "secret" not in str(caught.value) and caught.value.__cause__ is None
    calls.clear()
    with pytest.raises(StorageError, match="refuses"):
        remote.persistently(flaky, lambda error: False, "pgvector", url, retries=5, pause=0.001)
    assert len(calls) == 1


def test_a_missing_client_is_one_sentence():
    with pytest.raises(ModelError, match=r"pip install 'memeval\[nowhere\]'"):
        remote.client("no_such_client_anywhere", "vector_store=nowhere", "nowhere")
