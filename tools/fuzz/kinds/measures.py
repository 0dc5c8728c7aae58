"""Names of measures."""

from hypothesis import strategies as st

from tools.fuzz import odd
from tools.fuzz.inputs import Input
from tools.fuzz.prepared import stored

_PARTS = ("(", ")", "@", ",", "=", "[", "]", "'",
    '"', " ", "unit", "rule", "segments", "turn", "session", "any", "all", "fraction",
          "own", "p", "50", "10", "0", "-1", "1e3", "1000000000", "99999999999999999999999", "x", "é", "\n", "１０",
          "²", "{", "}")  # fmt: skip
_SAME = (
    ("EvidenceRecall(unit=session,rule=any)", ("EvidenceRecall(rule=any,unit=session)",
    "EvidenceRecall ( unit = session , rule=any )")),
    ("Recall(unit=turn,rule=any)@5", ("Hit@5", "Recall(rule=any)@5", "Recall(rule=any,unit=turn) @ 5",
    "Recall(rule=any)@05")),
    ("nDCG@10", ("nDCG(unit=turn)@10", "nDCG @10", "nDCG()@10")),
    ("MRR@3", ("MRR(unit=turn)@3", "MRR@ 3")),
    ("ContextTokens", ("ContextTokens()", " ContextTokens")),
    ("AnswerInContext", ("AnswerInContext()",)),
)  # fmt: skip


@st.composite
def odd_measures(draw: odd.Draw) -> Input:
    """Words that are almost measures, for the commands that take them."""
    from memeval.scoring.measures import ALIASES, KNOWN

    names = st.sampled_from((*KNOWN, *ALIASES))
    piece = st.one_of(names, names, st.sampled_from(_PARTS), st.sampled_from(_PARTS), odd.texts)
    if draw(st.booleans()):
        text = "".join(draw(st.lists(piece, max_size=6)))
    else:
        chosen = draw(st.one_of(names, names, odd.texts))
        option = f"{draw(st.sampled_from(_PARTS))}={draw(st.sampled_from(_PARTS))}"
        text = (
            chosen
            + draw(st.sampled_from(("", f"({option})", "()", f"({option}")))
            + draw(st.sampled_from(("", "@10", "@", "@0", "@-1", "@1e9", "@1000000000")))
        )
    text = text.replace("\0", "")
    command = draw(st.sampled_from(("score", "score", "compare", "report")))
    more = ["out=report"] if command == "report" else []
    runs = ["*60*"] if command == "compare" else ["truncation-60*", "sliding_window*"]
    return Input("measures", (command, *runs, f"measures=[{text}]", *more), stored())


@st.composite
def same_measures(draw: odd.Draw) -> Input:
    """The same measures in other spellings, with blanks between them."""
    chosen = draw(st.lists(st.sampled_from(_SAME), min_size=1, max_size=4, unique_by=lambda pair: pair[0]))
    blank = draw(st.sampled_from((",", ", ", " , ")))
    other = blank.join(draw(st.sampled_from(pair[1])) for pair in chosen)
    command = ("score", "truncation-60*", "sliding_window*")
    plain = Input("same-measures", (*command, f"measures=[{','.join(pair[0] for pair in chosen)}]"), stored())
    wrapped = draw(st.sampled_from(("[{}]", "{}", " [{}]")))
    return Input("same-measures", (*command, f"measures={wrapped.format(other)}"), stored(), plain)
