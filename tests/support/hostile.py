"""A benchmark whose texts and ids try to become more than text."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from memeval.kit.types import (
    ContextPart,
    Dialogue,
    DialogueRecord,
    DialogueResult,
    Outcome,
    Query,
    Question,
    Turn,
    Usage,
)
from memeval.options import identity
from memeval.records.runs import Run
from memeval.records.writer import RunWriter
from support.plans import DOCUMENT
from support.rows import meta, read_back

# Each would set `window.hacked` if anything of it ran.
PAYLOADS = (
    "<script>window.hacked=1</script>",
    "</script><script>window.hacked=1</script><!--",
    "<img src=x onerror=window.hacked=1>",
    '"><svg onload=window.hacked=1>',
    "');window.hacked=1;//",
    "\\');window.hacked=1;//",
    "`${window.hacked=1}`",
    "javascript:window.hacked=1",
    "&lt;b&gt; &amp; &#60;script&#62;window.hacked=1",
    "line\u2028window.hacked=1\u2029paragraph",
    "right \u202eot tfel\u202c \u200f\u0627\u0644 marks",
    "null \0 and bell \x07",
    "lone \ud800 surrogate \udfff",
    '=cmd|"/c calc"!A1,"quoted ""cell""",\tx',
    "]]> --> */ {{constructor.constructor('window.hacked=1')()}}",
    "long " + "<b>x</b> " * 12_000,
)
IDS = ("../../../etc/passwd", "__proto__", "constructor", "a b?c#d&e=f", "<b>", "\ud800", "@1", "", "%", "x" * 300)


class Hostile:
    """Two dialogues; every text, id, speaker, category, answer and caption is a payload."""

    name = "hostile"
    licence = "<script>window.hacked=1</script>"
    categories = PAYLOADS[:3]

    def fingerprint(self) -> Mapping[str, Any]:
        return {"name": self.name, "sha256": "00" * 32}

    def __len__(self) -> int:
        return 2

    def __iter__(self) -> Iterator[Dialogue]:
        for number, name in enumerate(("__proto__", "</script><b>")):
            turns = [
                Turn(f"{IDS[place % len(IDS)]}/{place}", "s", PAYLOADS[0], "user", text, None, PAYLOADS[2])
                for place, text in enumerate(PAYLOADS)
            ]
            questions = [
                Question(
                    f"{IDS[place % len(IDS)]}{'+' * number}{place if place >= len(IDS) else ''}",
                    Query(text if len(text) < 1000 else "about the long one"),
                    (text[:200],),
                    (turns[place].id, *((turns[0].id,) if place % 3 == 0 else ())),
                    PAYLOADS[place % 3],
                    stale=(turns[1].id,) if place == 4 else (),
                )
                for place, text in enumerate(PAYLOADS)
            ]
            yield Dialogue(name, turns, questions)


def stored(root: Path) -> list[Run]:
    """Three stored runs over it: window and ranking, derived text with an answer and its verdict, failures."""
    return [_stored(root, number) for number in range(3)]


def _stored(root: Path, number: int) -> Run:
    name = ("sliding_window", "summary", "<b onclick=window.hacked=1>")[number]
    retriever = ("bm25", "none", "</script>")[number]
    told = meta(name, retriever, benchmark=dict(Hostile().fingerprint()), document=identity.described(DOCUMENT))
    told |= {"id": ("run0", "na\u00efve+run~1", "run2")[number], "dialogues": 2, "code": "<i>c0de</i>"}
    told["benchmark"] = {
        "name": Hostile.name,
        "licence": Hostile.licence,
        "node": {"class": "support.hostile.Hostile"},
    }
    identity.named_here({"_target_": "support.hostile.Hostile"})
    about = read_back(told)
    writer = RunWriter(root / "hostile" / f"r{number}", about)
    for dialogue in Hostile():
        outcomes = tuple(_outcome(number, dialogue, place) for place in range(len(dialogue.questions)))
        record = DialogueRecord(dialogue.id, len(dialogue.turns), 500, len(outcomes), Usage(seconds=0.1))
        writer.append(DialogueResult(record, outcomes))
    run = writer.finish([dialogue.id for dialogue in Hostile()], about)
    writer.close()
    return run


def _outcome(number: int, dialogue: Dialogue, place: int) -> Outcome:
    ids = [turn.id for turn in dialogue.turns]
    usage = {"read": Usage(0.001 * (place + 1), 0.001 * (place + 1), 0.0)}
    if number == 2:
        return Outcome(dialogue.id, dialogue.questions[place].id, 16, None, None, {}, error=PAYLOADS[1], usage=usage)
    history = ContextPart("history", True, tuple((each,) for each in ids))
    summary = ContextPart("summary", False, (tuple(ids), ("<no turn>",)), (PAYLOADS[place], PAYLOADS[0]))
    hits = tuple(((each,), 1.0 / (rank + 1)) for rank, each in enumerate(reversed(ids)))
    return Outcome(
        dialogue.id,
        dialogue.questions[place].id,
        16,
        (summary,) if number else (history,),
        None if number else hits,
        {"summary" if number else "history": 400, "query": 5, "frame": 6},
        answer=PAYLOADS[place] if number else None,
        verdict={"__proto__": PAYLOADS[2], "correct": True} if number else None,
        usage=usage,
    )
