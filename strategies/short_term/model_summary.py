"""A running summary of the middle that a language model writes, and the last turns as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from memeval.kit import powers
from memeval.kit.document import Document
from memeval.kit.protocols import Model
from memeval.kit.ranges import ranged
from memeval.kit.tokens import Tokenizer
from memeval.kit.types import Context, Query, Segment, Turn
from memeval.llm.reply import without_thinking
from memeval.strategies.language import clean, needed
from memeval.strategies.short_term.extractive import split
from memeval.strategies.short_term.shorten import shorten
from memeval.strategies.short_term.window import Window


@dataclass(frozen=True, slots=True)
class _Fold:
    """The turns folded in at once and the summary that came of them and all folds before."""

    turns: tuple[Turn, ...]
    text: str


@ranged
class ModelSummary:
    """System turns, a summary of at most `tokens`, then the last `turns` turns.

    Turns that leave the window wait there until `block` of them have gathered; then the model is given the old summary
    and these turns and writes the new one, while the dialogue is written. The summary claims as sources all turns that
    it was made from: recall over all segments counts them, whatever the model has left out.
    """

    def __init__(
        self,
        document: Document,
        tokenizer: Tokenizer,
        llm: Model | None,
        prompt: str,
        turns: Annotated[int, Ge(1)] = 10,
        tokens: Annotated[int, Ge(1)] = 600,
        block: Annotated[int, Ge(1)] = 32,
    ) -> None:
        """Set the model and the sizes.

        Args:
            document: template of the turns, for the window and for the model.
            tokenizer: counts the summary.
            llm: writes the summary.
            prompt: what the model is told; {tokens} and {words} in it are the largest size of the summary.
            turns: turns of history that are never summarised.
            tokens: size of the summary; a longer reply is cut at the end of a sentence. A read with a small budget
                shows its start, at most half of the budget.
            block: turns folded in at once, by one call of the model.

        Raises:
            ConfigError: no model, or sizes that hold nothing.
        """
        self._llm = needed(llm, "strategy=model_summary", "strategy=summary")
        # Models keep to a number of words better than to one of tokens; English has about 0.75 words a token.
        self._prompt = prompt.replace("{tokens}", str(tokens)).replace("{words}", str(max(1, tokens * 3 // 4)))
        self._document = document
        self._tokenizer = tokenizer
        self._turns = turns
        self._tokens = tokens
        self._block = block
        self._window = Window(document, tokenizer)
        self._recent: list[Turn] = []
        self._folds: list[_Fold] = []
        self._shown: tuple[int, list[Segment]] | None = None
        self._counts = dict.fromkeys(("summary_folds", "summary_cut"), 0)

    def prepare(self) -> None:
        """Load the sentence splitter and what the model needs."""
        split("One. Two. Three.")
        powers.prepare(self._llm)

    def write(self, turns: Sequence[Turn]) -> None:
        """Append, and let the model fold whole blocks of turns that left the window into the summary.

        Raises:
            ModelError: the model gave no summary; the turns then still wait for it.
        """
        self._window.write([turn for turn in turns if turn.role == "system"])
        self._recent += [turn for turn in turns if turn.role != "system" and (turn.text or turn.caption)]
        self._fold_in()

    def _fold_in(self) -> None:
        self._shown = None
        while len(self._recent) >= self._turns + self._block:
            leaving = tuple(self._recent[: self._block])
            self._folds.append(_Fold(leaving, self._rewritten(leaving)))
            del self._recent[: self._block]
        self._window.restart(self._recent)

    def _rewritten(self, leaving: Sequence[Turn]) -> str:
        """The new summary, from the old one and the turns that leave the window."""
        lines = "\n".join(clean(self._document.render(turn)) for turn in leaving)
        asked = f"[Summary so far]\n{self._text or '(none yet)'}\n\n[Turns that follow]\n{lines}"
        messages = [{"role": "system", "content": self._prompt}, {"role": "user", "content": asked}]
        reply = self._llm.complete(messages)
        text = clean(without_thinking(reply.text))
        # What the provider has cut ends in the middle of a sentence, which goes too.
        most = self._tokenizer.count(text) - 1 if reply.finish == "length" else self._tokens
        kept = shorten(text, min(most, self._tokens), self._tokenizer)
        self._counts["summary_folds"] += 1
        self._counts["summary_cut"] += kept != text
        return kept

    @property
    def _text(self) -> str:
        return self._folds[-1].text if self._folds else ""

    def read(self, query: Query, budget: int) -> Context:
        """System turns, the summary, the newest turns; the model is not asked."""
        count = self._tokenizer.count
        system = [segment for segment in self._window.read(budget) if segment.kind == "system"]
        summary = self._start((budget - sum(count(segment.text) for segment in system)) // 2)
        # The window counts the system turns again, so only the summary is taken from its budget.
        rest = budget - sum(count(segment.text) for segment in summary)
        history = [segment for segment in self._window.read(rest) if segment.kind == "history"]
        return Context((*system, *summary, *history))

    def _start(self, room: int) -> list[Segment]:
        """The summary, or as much of its start as fits."""
        if self._shown is None or self._shown[0] != room:
            text = shorten(self._text, room, self._tokenizer)
            sources = tuple(turn.id for fold in self._folds for turn in fold.turns)
            self._shown = (room, [Segment("summary", text, sources, verbatim=False)] if text else [])
        return self._shown[1]

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Drop these turns; the summary goes back to before the first of them, and the model folds in the others again.

        What a model once read cannot be taken out of its text. So every block's turns and summary are kept, and the
        summary is then the one that it would be if the turns had never been written.

        Raises:
            ModelError: as `write`; nothing made from these turns is left all the same.
        """
        gone = set(turn_ids)
        self._window.forget(turn_ids)
        self._recent = [turn for turn in self._recent if turn.id not in gone]
        for place, fold in enumerate(self._folds):
            if any(turn.id in gone for turn in fold.turns):
                again = [turn for later in self._folds[place:] for turn in later.turns if turn.id not in gone]
                del self._folds[place:]
                self._recent[:0] = again
                break
        self._fold_in()

    def stats(self) -> Mapping[str, float]:
        """How often the summary was rewritten, how many of the replies were too long, its tokens now."""
        return {**self._counts, "summary_tokens": self._tokenizer.count(self._text)}
