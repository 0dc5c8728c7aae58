"""Normalisation of text for matching answer strings, after SQuAD (Rajpurkar et al. 2016, section 6.1)."""

import re
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


_SQUAD_ARTICLES = re.compile(r"\b(a|an|the)\b")
_SQUAD_TABLE = str.maketrans("", "", string.punctuation)
_ROUGE_SPLIT = re.compile(r"[^a-z0-9]+")


def squad_words(text: str) -> list[str]:
    """Words as in the official script of SQuAD 1.1: lower case, then no ASCII punctuation, then no articles.

    Unlike `normalise`, it changes nothing of the script, so that scores can be compared with published ones.
    """
    return _SQUAD_ARTICLES.sub(" ", text.lower().translate(_SQUAD_TABLE)).split()


def rouge_words(text: str) -> list[str]:
    """Words as in Google's rouge_score without stemming: runs of ASCII letters and digits, lower case."""
    return [word for word in _ROUGE_SPLIT.split(text.lower()) if word]
