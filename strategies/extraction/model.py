"""Facts that a language model finds."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from annotated_types import Ge

from memeval.kit import powers
from memeval.kit.document import Document
from memeval.kit.errors import ModelError, ReplyError
from memeval.kit.protocols import Model
from memeval.kit.ranges import ranged
from memeval.kit.tokens import Tokenizer
from memeval.kit.types import Turn
from memeval.strategies.extraction.fact import Fact
from memeval.strategies.extraction.words import normal
from memeval.strategies.language import needed, one_line
from memeval.strategies.writing.groups import line

_TEXT = {"type": "string"}
# All properties required and no others, as providers with strict schemas want it; `enum`, since not all of them take
# a minimum and a maximum.
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "facts": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "entity": _TEXT,
                    "attribute": _TEXT,
                    "value": _TEXT,
                    "statement": _TEXT,
                    "single": {"type": "boolean"},
                    "importance": {"type": "integer", "enum": [1, 2, 3, 4, 5]},
                    "turns": {"type": "array", "items": {"type": "integer"}},
                    "date": {"type": ["string", "null"]},
                },
                "required": ["entity", "attribute", "value", "statement", "single", "importance", "turns", "date"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["facts"],
    "additionalProperties": False,
}


@ranged
class ModelExtractor:
    """Asks a model for the facts of a block of turns, one call a block, two halves where its reply cannot be used.

    The turns of a block are numbered from 1, and the model names the numbers that say a fact: a turn's own id never
    leaves the harness, and a number that is not in the block can be seen. A block ends with its session.
    """

    def __init__(
        self,
        llm: Model | None,
        document: Document,
        tokenizer: Tokenizer,
        prompt: str,
        block: Annotated[int, Ge(1)] = 10,
        tokens: Annotated[int, Ge(1)] = 4000,
        unusable: Literal["stop", "skip"] = "stop",
    ) -> None:
        """Set the model and the size of a block.

        Args:
            llm: finds the facts.
            document: the template that writes the turns down for the model; its date is what relative dates need.
            tokenizer: counts the turns of a block.
            prompt: what the model is told.
            block: at most so many turns in one call.
            tokens: a block ends before the turn with which it would be longer; one turn alone may be.
            unusable: what to do about a single turn to which there is no reply that follows the schema, nor after its
                repair: `stop` ends the run, which can be resumed; `skip` counts it and goes on without its facts.

        Raises:
            ConfigError: no model, or blocks that hold nothing.
        """
        self._llm = needed(llm, "writing=model_facts", "writing=facts")
        self._document = document
        self._count = tokenizer.count
        self._prompt = prompt
        self._block = block
        self._tokens = tokens
        self._unusable = unusable
        self._counts = dict.fromkeys(
            (
                "blocks_extracted", "blocks_halved", "turns_skipped", "facts_found", "facts_empty", "facts_unsourced",
                "numbers_unmappable",
            ), 0,
        )  # fmt: skip

    def prepare(self) -> None:
        """Load what the model needs."""
        powers.prepare(self._llm)

    def extract(self, turns: Sequence[Turn]) -> Sequence[Fact]:
        """The facts of these turns, block by block.

        Raises:
            ModelError: the model cannot be reached, or, with `unusable: stop`, has no usable reply to a single turn.
        """
        return [fact for block in self._blocks(turns) for fact in self._facts(block)]

    def _blocks(self, turns: Sequence[Turn]) -> Iterator[list[tuple[Turn, str]]]:
        """Turns that are stored at all, with the text that the model reads."""
        block: list[tuple[Turn, str]] = []
        taken = 0
        for turn in turns:
            written = line(turn, self._document)
            # One line a turn: a list inside a turn must not look like turns.
            text = one_line(written.text) if written is not None else ""
            if not text:
                continue
            tokens = self._count(text)
            full = len(block) >= self._block or taken + tokens > self._tokens
            if block and (full or turn.session != block[-1][0].session):
                yield block
                block, taken = [], 0
            block.append((turn, text))
            taken += tokens
        if block:
            yield block

    def _facts(self, block: Sequence[tuple[Turn, str]]) -> Iterator[Fact]:
        items = self._answered(block)
        if items is None and len(block) > 1:
            # Too long for the model, or so many facts that the reply was cut: halves may do.
            self._counts["blocks_halved"] += 1
            middle = len(block) // 2
            yield from self._facts(block[:middle])
            yield from self._facts(block[middle:])
        for item in items or ():
            self._counts["facts_found"] += 1
            fact = self._fact(item, [turn for turn, _ in block])
            if fact is not None:
                yield fact

    def _answered(self, block: Sequence[tuple[Turn, str]]) -> Sequence[Mapping[str, Any]] | None:
        """The facts of one call as they come, or None for a reply that cannot be used."""
        asked = "\n".join(f"{number}. {text}" for number, (_, text) in enumerate(block, 1))
        messages = [{"role": "system", "content": self._prompt}, {"role": "user", "content": asked}]
        try:
            data = self._llm.complete(messages, SCHEMA).data
        except ReplyError as error:
            if len(block) > 1:
                return None
            if self._unusable == "skip":
                self._counts["turns_skipped"] += 1
                return None
            # No question is at fault here: all of them would be read from a memory with a gap.
            raise ModelError(
                f"no facts of the turn {block[0][0].id!r}: {error}. To go on without them: "
                "writing.extractor.unusable=skip"
            ) from error
        self._counts["blocks_extracted"] += 1
        facts: Sequence[Mapping[str, Any]] = data["facts"]
        return facts

    def _fact(self, item: Mapping[str, Any], block: Sequence[Turn]) -> Fact | None:
        numbers = dict.fromkeys(item["turns"])
        known = sorted(number for number in numbers if 1 <= number <= len(block))
        self._counts["numbers_unmappable"] += len(numbers) - len(known)
        subject, attribute = one_line(item["entity"]), one_line(item["attribute"]).lower()
        statement = _without(subject, one_line(item["statement"]).rstrip("."))
        if not subject or not attribute or not statement:
            self._counts["facts_empty"] += 1
            return None
        if not known:
            self._counts["facts_unsourced"] += 1
            return None
        date = one_line(item["date"] or "")
        if date and date not in statement:
            statement = f"{statement} [{date}]"
        value = one_line(item["value"]) or statement
        sources = [block[number - 1] for number in known]
        return Fact(
            subject=subject,
            attribute=attribute,
            value=value,
            statement=statement,
            slot="" if item["single"] else normal(value) or value.lower(),
            sources=tuple(turn.id for turn in sources),
            time=sources[-1].time,
            importance=item["importance"],
        )

    def stats(self) -> Mapping[str, float]:
        """Blocks answered and halved, turns skipped; facts in the replies, left out as empty or without a turn.

        `numbers_unmappable` are numbers of turns that the block does not have.
        """
        return dict(self._counts)


def _without(subject: str, statement: str) -> str:
    """A statement that begins with its subject all the same, without it."""
    if subject and statement.lower().startswith(subject.lower()):
        for end in ("'s ", "’s ", ": ", " "):
            if statement[len(subject) :].startswith(end):
                return statement[len(subject) + len(end) :].strip()
    return statement
