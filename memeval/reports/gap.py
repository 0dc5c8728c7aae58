"""A sentence about what is missing, told apart from other sentences."""


class Gap(str):
    """A sentence that says what was skipped, cut, left empty, not judged or done in a lesser way.

    Commands print it as any other; `--strict` ends a command that printed one with exit code 1.
    """

    __slots__ = ()
