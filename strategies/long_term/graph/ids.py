"""What the nodes of the memory graph are called."""

PASSAGE, CONCEPT, ENTITY, RELATION = "p/", "c/", "e/", "r/"
# Holds the name of the user, for questions that say I and my.
USER = "u/"


def relation(subject: str, attribute: str) -> str:
    """The node of what is known of a subject under an attribute, e.g. of Ann's home."""
    return f"{RELATION}{subject}/{attribute}"
