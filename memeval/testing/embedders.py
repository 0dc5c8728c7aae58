"""The contract of an embedder as a check that any package can run on its own."""

from collections.abc import Callable, Sequence

import numpy as np

from memeval.kit.errors import ContractError
from memeval.kit.protocols import Embedder
from memeval.kit.types import Vectors

_ODD = (
    "",
    " \n\t ",
    "?!",
    "naïve Zoë crème brûlée",
    "東京で 猫 を飼う",
    "emoji 🐈‍⬛ and combining e\u0301 z\u0335",
    "NUL \0 inside",
    "an unpaired \ud800 surrogate",
    "[CLS] marks [SEP] of a model <s> </s>",
    "x" * 10_000,
    "badger " * 5_000,
)
_PAIRS = (
    ("My cat fell asleep on the sofa.", "The kitten is napping on the couch."),
    ("She flew to Paris for a holiday.", "Her vacation took her to France by plane."),
    ("The company's shares dropped sharply.", "Stock prices of the firm fell a lot."),
    ("He is learning to play the guitar.", "Practising chords on his new instrument, he improves."),
)


def check_embedder(embedder: Embedder, *, exact: bool = True, finds: bool = True) -> None:
    """Run every rule of the protocol.

    Args:
        embedder: what is checked.
        exact: a text's vector is the same to the last bit whatever it is embedded with. Turn it off for models that
            answer from afar: their vectors may then differ by a cosine of 0.001.
        finds: a paraphrase must be closer than sentences about something else.

    Raises:
        ContractError: the first rule that is broken, with what was returned.
    """
    fingerprint, dimension = embedder.fingerprint, embedder.dimension
    holds = bool(fingerprint) and dimension > 0
    _require(holds, "it has a fingerprint and a dimension", (fingerprint, dimension))
    none = embedder.embed([])
    _require(none.shape == (0, dimension), "no text gives no row of the same length", none.shape)
    texts = [text for pair in _PAIRS for text in pair]
    vectors = _embedded(embedder, texts, "each text gets a vector")
    _embedded(embedder, _ODD, "any text can be embedded")
    same = _same(embedder, texts, vectors, exact)
    _require(same(list(reversed(range(len(texts))))), "the order of texts does not matter", texts)
    _require(same([0, 3, 0, 0, 3]), "a text given twice gets its vector twice", texts[0])
    _require(all(same([row]) for row in range(len(texts))), "a text's vector does not depend on the others", texts)
    given = embedder.embed(texts)
    given[:] = 0
    _require(same(list(range(len(texts)))), "what is given belongs to the caller", "changed by writing to it")
    _require((embedder.fingerprint, embedder.dimension) == (fingerprint, dimension), "the fingerprint stays", None)
    if finds:
        scores = vectors @ vectors.T
        for row, (text, paraphrase) in enumerate(_PAIRS):
            others = np.delete(scores[2 * row], [2 * row, 2 * row + 1])
            holds = bool(scores[2 * row, 2 * row + 1] > others.max())
            _require(holds, "a paraphrase is closer than what is about something else", (text, paraphrase))


def _same(embedder: Embedder, texts: Sequence[str], vectors: Vectors, exact: bool) -> Callable[[Sequence[int]], bool]:
    def same(rows: Sequence[int]) -> bool:
        again = _embedded(embedder, [texts[row] for row in rows], "each text gets a vector")
        wanted = vectors[list(rows)]
        if exact:
            return again.tobytes() == wanted.tobytes()
        return bool(((again * wanted).sum(axis=1) > 0.999).all())

    return same


def _embedded(embedder: Embedder, texts: Sequence[str], rule: str) -> Vectors:
    before = list(texts)
    vectors = embedder.embed(texts)
    _require(list(texts) == before, "the caller's texts are left alone", list(texts))
    _require(vectors.dtype == np.float32, rule, f"float32 wanted, got {vectors.dtype}")
    shape = (len(texts), embedder.dimension)
    _require(vectors.shape == shape, rule, f"shape {shape} wanted, got {vectors.shape}")
    for text, vector in zip(texts, vectors, strict=True):
        length = float(np.linalg.norm(vector))
        # A length that is no number fails too.
        _require(abs(length - 1) < 1e-4, "vectors have unit length", f"{length} for {text[:80]!r}")
    return vectors


def _require(holds: bool, rule: str, what: object) -> None:
    if not holds:
        raise ContractError(f"the embedder breaks the rule {rule!r}: {what!r:.600}")
