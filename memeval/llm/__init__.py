"""Language models: through litellm (`litellm_model`), or scripted for work without one (`scripted`)."""

from typing import Protocol, runtime_checkable

from memeval.errors import ModelError
from memeval.types import Model


class ReplyError(ModelError):
    """One request that has no usable reply: too long for the model, empty, cut, against the schema, refused.

    Other requests may succeed, so that it is noted where it happened; any other `ModelError` fails them all.
    """


@runtime_checkable
class Repeats(Protocol):
    """For models that can be asked the same thing several times, e.g. by a judge that votes."""

    def repetition(self, number: int) -> Model:
        """The same model with other dice: its replies are kept apart from those of other numbers.

        Args:
            number: 0 is the model itself.
        """
