"""The document template: how a turn is written down, for the index and for the prompt alike."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from memeval.kit.errors import ConfigError
from memeval.kit.types import Turn


@dataclass(frozen=True, slots=True)
class Document:
    """Renders a turn as `date + before + text + after + caption`, stripped.

    Attributes:
        before: put before the text; may use {speaker}, {role} and {session}.
        after: put after the text; may use the same fields.
        date: strftime pattern put at the front of turns that have a time, e.g. "[%d %B %Y] "; None leaves dates out.
        caption: pattern with {caption} put at the end of turns that have one; None leaves captions out.
    """

    before: str = "{speaker}: "
    after: str = ""
    date: str | None = "[%d %B %Y] "
    caption: str | None = " [shares {caption}]"

    def __post_init__(self) -> None:
        """Refuse patterns that cannot be filled."""
        try:
            for pattern in (self.before, self.after):
                pattern.format(speaker="", role="", session="")
            if self.caption is not None:
                self.caption.format(caption="")
        except (KeyError, IndexError, ValueError) as error:
            raise ConfigError(
                f"document pattern not understood ({error!r}): document.before and document.after may use {{speaker}}, "
                "{role} and {session}, document.caption may use {caption}"
            ) from error

    def render(self, turn: Turn) -> str:
        """The turn as one stripped text; it contains `turn.text` unchanged."""
        before, after = _frame(self.before, self.after, turn.speaker, turn.role, turn.session)
        date = _date(self.date, turn.time) if self.date is not None and turn.time is not None else ""
        caption = self.caption.format(caption=turn.caption) if self.caption is not None and turn.caption else ""
        return f"{date}{before}{turn.text}{after}{caption}".strip()


@lru_cache(maxsize=4096)
def _frame(before: str, after: str, speaker: str, role: str, session: str) -> tuple[str, str]:
    fields = {"speaker": speaker, "role": role, "session": session}
    return before.format(**fields), after.format(**fields)


@lru_cache(maxsize=4096)
def _date(pattern: str, time: datetime) -> str:
    return time.strftime(pattern)
