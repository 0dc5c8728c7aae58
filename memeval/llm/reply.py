"""What a model's reply says, without what models put around it: thinking, code fences, headings, quotation marks."""

import re

_TAGS = "think(?:ing)?|reason(?:ing)?|thoughts?|reflection|analysis|scratchpad"
# <think> ... </think>, <|think|> ... <|/think|>, ◁think▷ ... ◁/think▷, [THINK] ... [/THINK].
_OPENED = re.compile(rf"(?:<\|?|◁)(?:{_TAGS})\b[^<>◁▷\n]*[>▷]|\[THINK\]", re.IGNORECASE)
_CLOSED = re.compile(rf"(?:<\|?|◁)/(?:{_TAGS})\s*\|?[>▷]|\[/THINK\]", re.IGNORECASE)
_TAGGED = re.compile(r"<(?P<name>answer|final|output|response)>(?P<inside>.*?)</(?P=name)>", re.IGNORECASE | re.DOTALL)
_FENCE = re.compile(r"\s*(?:```|~~~)[^\n`]*\n(?P<inside>.*?)\n?\s*(?:```|~~~)\s*", re.DOTALL)
_LABEL = re.compile(
    r"(?:[#>*•–—-]+\s+|[*_`]{1,3}(?=\w))*(?:the\s+)?(?:final\s+|short\s+)?answer(?:\s+is)?\s*[*_`]{0,3}\s*[:：]\s*[*_`]{0,3}\s*",
    re.IGNORECASE,
)
_BULLET = re.compile(r"[#>*•–—-]+\s+(?=\S)")
_PAIRS = {
    '"': '"', "'": "'", "`": "`", "*": "*", "_": "_", "“": "”", "”": "”", "„": "“”", "‘": "’", "’": "’", "‚": "‘’",
    "«": "»", "»": "«", "‹": "›", "›": "‹", "「": "」", "『": "』", "《": "》", "【": "】",
}  # fmt: skip


def without_thinking(text: str) -> str:
    """A reply without the thinking that some models write before it.

    What stands before a closing tag is thinking, also where the opening tag stood in the prompt. Of thinking that is
    never closed, the last paragraph is taken for the reply, or the last line if there is one paragraph only; a single
    line is all thinking.
    """
    if not ("<" in text or "◁" in text or "[" in text):
        return text
    closed = list(_CLOSED.finditer(text))
    if closed:
        after = text[closed[-1].end() :]
        # A reply that comes first, with the thinking behind it.
        text = after if after.strip() else _OPENED.split(text[: closed[-1].start()], maxsplit=1)[0]
    opening = _OPENED.match(text.lstrip())
    if opening is None:
        return text
    rest = re.sub(r"\n[ \t]+\n", "\n\n", text.lstrip()[opening.end() :].strip())
    for border in ("\n\n", "\n"):
        _, found, last = rest.rpartition(border)
        if found:
            return last
    return ""


def unfenced(text: str) -> str:
    """A reply without the code fence or the <answer> tag around the whole of it."""
    around = _FENCE.fullmatch(text) or _TAGGED.fullmatch(text.strip())
    return around["inside"] if around else text


def answer_of(reply: str) -> str:
    """The answer proper of a reply: what the measures, the judge and the recognition of abstaining look at.

    Without thinking, a code fence or an <answer> tag around the whole, a heading such as `**Answer:**`, the bullet of
    a single line, and quotation marks or emphasis around the whole; runs of blanks are one. Nothing within the answer
    is changed.
    """
    text = without_thinking(reply).strip()
    while True:
        shorter = unfenced(text).strip()
        label = _LABEL.match(shorter)
        if label is not None and label.end() < len(shorter):
            shorter = shorter[label.end() :].strip()
        bullet = _BULLET.match(shorter)
        if bullet is not None and "\n" not in shorter:
            shorter = shorter[bullet.end() :]
        if len(shorter) > 2 and shorter[-1] in _PAIRS.get(shorter[0], "") and shorter[0] not in shorter[1:-1]:
            shorter = shorter[1:-1].strip()
        elif len(shorter) > 4 and shorter[:2] == shorter[-2:] and shorter[:2] in ("**", "__"):
            shorter = shorter[2:-2].strip()
        if shorter == text:
            return re.sub(r"[^\S\n]+", " ", text)
        text = shorter
