"""Text of strangers, shown as text: ids, categories, names and turns of data never act on what they are printed into.

One function a place: `shown` for a terminal, `markdown`, `csv_cell`, `latex`, `xml` for exports, `log_line` for the
logs of continuous integration, `shortened` for values that a message repeats.
"""

import re

# What moves the cursor, rings, ends a line, hides or turns text around: C0 and C1, line and paragraph separators,
# marks, embeddings and isolates of direction, fillers and the byte order mark; halves of surrogate pairs.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\ud800-\udfff\U000e0001]"
)
# Signs of markup; what makes an address or a mention; what makes a line a list or a quotation.
_MARKDOWN = re.compile(
    r"[\\`*_\[\]|~$#&<>@]|:(?=//)|(?<=[wW]{3})\.|^[-+](?=\s)|(?<=^\d)[.)](?!\S)|(?<=^\d\d)[.)](?!\S)"
)
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;", ".": "&#46;", ":": "&#58;", ")": "&#41;"}
_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}", "–": "--",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "`": r"\textasciigrave{}",
}  # fmt: skip
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
MOST = 200


def shown(text: str, lines: bool = False) -> str:
    r"""The text with what would act on a terminal in sight, e.g. `\x1b[2J`.

    Args:
        text: of data, of a record, of a plug-in.
        lines: leave line feeds and tabs as they are; only for texts that are not within a line or a table.
    """
    if not _HIDDEN.search(text):
        return text
    return _HIDDEN.sub(lambda found: found[0] if lines and found[0] in "\n\t" else _code(found[0]), text)


def shortened(value: object, most: int = MOST, end: int = 0) -> str:
    """A value as a message repeats it: cut, with its length said, where it is longer than `most` characters.

    Args:
        value: a string is taken as it is, without quotes; for quotes give `repr(value)`.
        most: how many characters are kept.
        end: how many of them are those at the end.
    """
    text = value if isinstance(value, str) else repr(value)
    if len(text) <= most:
        return text
    return f"{text[: most - end]}... ({len(text):,} characters in all){' ...' + text[-end:] if end else ''}"


def markdown(text: str) -> str:
    """For GitHub's Markdown, within a line or a table cell: no markup, link, image, mention, HTML or line break."""
    return _MARKDOWN.sub(lambda found: _marked(found[0]), " ".join(shown(text.replace("\n", " ")).split()))


def _marked(sign: str) -> str:
    # Addresses and mentions are linked even behind a backslash.
    return _ENTITIES.get(sign, f"\\{sign}")


def csv_cell(value: object) -> object:
    """A cell of CSV: a text that a spreadsheet would take for a formula gets an apostrophe in front.

    What is no text stays as it is, so that negative numbers stay numbers.
    """
    if not isinstance(value, str):
        return value
    return shown(f"'{value}" if value.lstrip(" ").startswith(_FORMULA) else value, lines=True)


def latex(text: str) -> str:
    """For LaTeX: no command, no maths, no comment."""
    # Behind the end of a row, LaTeX takes these for a part of it.
    start = "{}" if text.startswith(("[", "*")) else ""
    return start + "".join(_LATEX.get(sign, sign) for sign in shown(text))


def xml(text: str) -> str:
    """For XML 1.0, which cannot hold all characters; the writer of XML escapes what is markup."""
    return _NOT_XML.sub(lambda found: _code(found[0]), shown(text, lines=True))


def log_line(line: str) -> str:
    """A line for a log that GitHub reads: it carries out lines that begin with `::` and what follows `##[`."""
    bare = line.lstrip()
    if bare.startswith("::"):
        line = line[: len(line) - len(bare)] + "\\" + bare
    return line.replace("##[", "#\\#[")


def _code(sign: str) -> str:
    number = ord(sign)
    named = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(sign)
    return named or (
        f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
    )
