"""Language models: through litellm (`litellm_model`), or scripted for work without one (`scripted`)."""

from typing import Protocol, runtime_checkable

from memeval.kit.protocols import Model


@runtime_checkable
class Repeats(Protocol):
    """For models that can be asked the same thing several times, e.g. by a judge that votes."""

    def repetition(self, number: int) -> Model:
        """The same model with other dice: its replies are kept apart from those of other numbers.

        Args:
            number: 0 is the model itself.
        """
