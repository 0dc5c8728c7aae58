"""The start of a text that fits a number of tokens, ended where a sentence ends."""

from bisect import bisect_right

from memeval.kit.tokens import Tokenizer
from memeval.strategies.short_term.extractive import split

# Prose has 4 to 5 characters a token. What lies far behind the limit is not even looked at.
_MOST_CHARACTERS = 40


def shorten(text: str, limit: int, tokenizer: Tokenizer) -> str:
    """The longest start of `text` of at most `limit` tokens that ends with a sentence.

    If not even the first sentence fits, as many of its words as do; "" if none does.
    """
    if tokenizer.count(text) <= limit:
        return text
    near = text[: max(limit, 0) * _MOST_CHARACTERS]
    ends = []
    place = 0
    # The second line has even a text with one full stop looked at.
    for sentence in split(f"{near}\n."):
        found = near.find(sentence, place)
        if found >= 0:
            place = found + len(sentence)
            ends.append(place)
    # The last sentence was cut off, or is the one too many.
    ends = ends[:-1]
    fitting = bisect_right(ends, limit, key=lambda end: tokenizer.count(text[:end]))
    return text[: ends[fitting - 1]] if fitting else tokenizer.cut(near, limit)
