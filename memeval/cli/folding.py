"""How a help is folded: paragraphs, and terms with their explanations beside them."""

from textwrap import fill

# Of a help's lines.
_WIDTH = 100
_INDENT = 2
# Where an explanation begins.
MARGIN = 26


def paragraph(text: str) -> list[str]:
    """A paragraph in lines of a help's width."""
    return fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False).split("\n")


def entry(term: str, explanation: str, margin: int, indent: int = _INDENT) -> list[str]:
    """A term with its explanation beside it, or below where the term is long."""
    front = " " * indent + term
    folded = fill(
        explanation, _WIDTH, initial_indent=" " * margin, subsequent_indent=" " * margin, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
    if not explanation:
        return [front]
    if len(front) + 2 <= margin:
        return (front + folded[len(front) :]).split("\n")
    return [front, *folded.split("\n")]
