"""Normalisation of text for matching answer strings, after SQuAD (Rajpurkar et al. 2016, section 6.1)."""

import string

_ARTICLES = frozenset(("a", "an", "the"))
# Deleted as SQuAD deletes ASCII punctuation; typographic quotation marks are the same characters in better print.
_DELETED = string.punctuation + "‘’‚“”„«»´"
# Dashes and ellipses separate words; deleting them would glue two words into one.
_SPACED = "–—―…•·"
_TABLE = str.maketrans(dict.fromkeys(_DELETED) | dict.fromkeys(_SPACED, " "))


def normalise(text: str) -> str:
    """Lower case, no punctuation, no articles, single spaces, and one space at each end so that words match whole."""
    words = text.lower().translate(_TABLE).split()
    kept = [word for word in words if word not in _ARTICLES]
    # An answer that is nothing but an article (a grade "A") would otherwise match every text.
    return f" {' '.join(kept or words)} "
