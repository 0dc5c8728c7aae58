"""The published rows of LoCoMo and bm25s's own pipeline, met by the retriever alone on the real data."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from memeval.kit.document import Document
from memeval.kit.types import Query, Turn
from memeval.strategies.long_term.bm25 import BM25
from memeval.strategies.writing.turns import Turns


def locomo(folder: Path) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((folder / "locomo" / "locomo10.json").read_text(encoding="utf-8"))
    return loaded


def locomo_turns(sample: dict[str, Any]) -> list[Turn]:
    talk = sample["conversation"]
    return [
        Turn(turn["dia_id"], f"session_{number}", turn["speaker"], "user", turn["text"], time)
        for number in range(1, 100)
        if f"session_{number}" in talk
        for time in [datetime.strptime(talk[f"session_{number}_date_time"], "%I:%M %p on %d %B, %Y")]
        for turn in talk[f"session_{number}"]
    ]


def test_memini_keyword_row(real_data: Path, tmp_path: Path) -> None:
    samples = locomo(real_data)
    document = Document(before="{speaker}: ", date="[%I:%M %p on %d %B, %Y] ", caption=None)
    memories = []
    for sample in samples:
        memory = BM25(
            Turns(document),
            engine="fts5",
            tokenizer="unicode61",
            pattern="[a-z0-9]{2,}",
            stop_words=None,
            stemmer="porter",
            scope=sample["sample_id"],
            path=str(tmp_path / "all.sqlite"),
        )
        memory.write(locomo_turns(sample))
        memory.flush()
        memories.append(memory)
    ranks = []
    for sample, memory in zip(samples, memories, strict=True):
        for question in sample["qa"]:
            gold = set(re.findall(r"D\d+:\d+", json.dumps(question["evidence"])))
            if gold:
                hits = memory.search(Query(question["question"]), 10)
                ranks.append(next((rank for rank, hit in enumerate(hits, 1) if hit.sources[0] in gold), 0))
        memory.close()
    assert len(ranks) == 1982
    measured = [
        sum(0 < rank <= 5 for rank in ranks),
        sum(rank > 0 for rank in ranks),
        sum(1 / rank for rank in ranks if rank),
    ]
    assert [f"{100 * value / len(ranks):.2f}" for value in measured] == ["58.73", "67.10", "44.80"]


def test_rank_bm25_row(real_data: Path) -> None:
    document = Document(before="{speaker}: ", date=None, caption=None)
    shares: list[list[float]] = []
    for sample in locomo(real_data):
        memory = BM25(
            Turns(document),
            engine="rank_bm25",
            pattern="[A-Za-z0-9_]+",
            stop_words=None,
            stemmer=None,
            zero_scores=True,
        )
        memory.write(locomo_turns(sample))
        for question in sample["qa"]:
            gold = {evidence for evidence in question["evidence"] if re.fullmatch(r"D\d+:\d+", evidence)}
            if gold:
                found = [hit.sources[0] for hit in memory.search(Query(question["question"]), 50)]
                shares.append([len(gold.intersection(found[:k])) / len(gold) for k in (1, 5, 10, 25, 50)])
    assert len(shares) == 1978
    assert [f"{100 * value:.1f}" for value in np.mean(shares, axis=0)] == ["24.5", "45.2", "53.2", "61.9", "68.4"]


def test_bm25s_equals_its_own_pipeline(real_data: Path) -> None:
    import bm25s
    import Stemmer

    sample = locomo(real_data)[0]
    turns = locomo_turns(sample)
    memory = BM25(Turns(Document(before="", date=None, caption=None)))
    memory.write(turns)
    stemmer = Stemmer.Stemmer("english")
    index = bm25s.BM25()
    index.index(
        bm25s.tokenize([turn.text.strip() for turn in turns], stopwords="en", stemmer=stemmer, show_progress=False),
        show_progress=False,
    )
    for question in sample["qa"]:
        tokens = bm25s.tokenize(
            question["question"], stopwords="en", stemmer=stemmer, return_ids=False, show_progress=False
        )
        hits = memory.search(Query(question["question"]), 50)
        expected = np.sort(index.get_scores(tokens[0]))[::-1][: len(hits)]
        np.testing.assert_allclose([hit.score or 0.0 for hit in hits], expected, rtol=1e-5)
