"""Names of a dialogue that cannot be written down are refused before anything is run."""

from dataclasses import replace

import pytest
from support.dialogues import dialogue

from memeval.checks.contexts import check_dialogue
from memeval.kit.errors import DataError


@pytest.mark.parametrize("odd", ["a\ud800", "a\0b"])
@pytest.mark.parametrize(
    "what", ["id", "turn id", "session", "speaker", "question id", "category", "answer", "stale answer", "tag"]
)
def test_a_name_with_characters_that_are_no_text_is_refused(what: str, odd: str):
    given = dialogue()
    turn, question = given.turns[0], given.questions[0]
    turns = {
        "turn id": replace(turn, id=odd),
        "session": replace(turn, session=odd),
        "speaker": replace(turn, speaker=odd),
    }
    questions = {
        "question id": replace(question, id=odd),
        "category": replace(question, category=odd),
        "answer": replace(question, answers=(odd,)),
        "stale answer": replace(question, stale_answers=(odd,)),
        "tag": replace(question, tags=(odd,)),
    }
    check_dialogue(given)
    changed = replace(
        given,
        id=odd if what == "id" else given.id,
        turns=[turns.get(what, turn), *given.turns[1:]],
        questions=[questions.get(what, question), *given.questions[1:]],
    )
    with pytest.raises(DataError, match=what.removeprefix("stale ")):
        check_dialogue(changed)
