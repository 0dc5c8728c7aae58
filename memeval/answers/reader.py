"""The reader: a model's answer from a context, and how its abstaining is recognised."""

import re
from collections.abc import Mapping

from memeval.kit import powers, prompt
from memeval.kit.errors import ConfigError
from memeval.kit.protocols import Model
from memeval.kit.types import Context, Query
from memeval.language.folding import fold
from memeval.llm.reply import answer_of

ABSTENTION = "I do not know."
_SAID = re.compile(r"i (do not|don't|dont) know")


def abstains(answer: str) -> bool:
    """Whether a reply abstains: the first sentence of its `answer_of` is the reader's phrase, or there is none.

    `I don't know` counts as the same phrase; `I do not know, but perhaps Rome` is an answer.
    """
    proper = fold(answer_of(answer)).strip(" \"'*`\n“”„«»")
    first = next((part.strip() for part in re.split(r"[.!?\n]", proper) if part.strip()), "")
    return not first or _SAID.fullmatch(first) is not None


class Reader:
    """Answers questions by a language model."""

    def __init__(self, model: Model | None, instruction: str) -> None:
        """Take the model and what it is told first.

        Args:
            model: answers; may be asked by several threads.
            instruction: the first system message; `{abstention}` stands for `ABSTENTION`.

        Raises:
            ConfigError: no model, or an instruction that does not say how to abstain.
        """
        if model is None:
            raise ConfigError("reader=llm needs a model: add e.g. llm=litellm llm.model=gpt-4o-mini, or llm=scripted")
        if "{abstention}" not in instruction:
            raise ConfigError(
                "reader.instruction lacks {abstention}, so that abstaining could not be recognised: write for example "
                "'Answer briefly. If the context does not say, reply with exactly: {abstention}'"
            )
        self._model = model
        self.instruction = instruction.replace("{abstention}", ABSTENTION)

    def prepare(self) -> None:
        """Load what the model needs."""
        powers.prepare(self._model)

    def messages(self, context: Context, query: Query) -> list[Mapping[str, str]]:
        """The request: the instruction, then the prompt; system segments of the context follow the instruction."""
        built = prompt.messages(context, query)
        if built[0]["role"] == "system":
            return [{"role": "system", "content": f"{self.instruction}\n{built[0]['content']}"}, *built[1:]]
        return [{"role": "system", "content": self.instruction}, *built]

    def answer(self, context: Context, query: Query) -> str:
        """The reply, stripped; what counts of it is `answer_of`.

        Raises:
            ReplyError: this question has no answer, e.g. since its prompt is too long for the model.
            ModelError: the model does not answer at all.
        """
        return self._model.complete(self.messages(context, query)).text.strip()
