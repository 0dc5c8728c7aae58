"""Clauses of any other content: who did what, told in the third person."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from memeval.strategies.extraction.words import ANIMALS, CAPITAL, PEOPLE, SMALL, base, content, lemma

_CHAIN = (
    r"(?P<chain>(?:'m|'ve|'re|'d|'ll|'s| (?:am|is|are|was|were|have|has|had|been|being|do|does|did|will|would|"
    r"could|can|cannot|might|"
    r"should|must|may|don't|doesn't|didn't|haven't|hasn't|hadn't|won't|can't|couldn't|wouldn't|wasn't|weren't|"
    r"isn't|aren't|"
    r"never|not|just|first|also|still|even|only|always|often|sometimes|already|now|both|all|kind of|kinda|sort "
    r"of|gonna|gotta|"
    r"going to|planning to|planning on|thinking of|thinking about|hoping to|trying to|looking to|looking forward to|"
    r"want to|wanted to|wanna|hope to|plan to|plan on|need to|have to|had to|got to|like to|love to|used to|"
    r"decided to|managed to|started|began|been trying to|ended up|so|very|super|pretty|too|"
    r"[a-z]+ly(?<!family)(?<!fly)(?<!apply)(?<!reply)(?<!rely)(?<!supply))\b)*)"
)
_VERB = r" (?P<verb>[a-z]+(?:-[a-z]+)?)\b(?P<rest>[^?]*)"
_SPEAKER = re.compile(rf"\b(?P<subject>I|[Ww]e|[Mm]y (?:family|kids|husband|wife|partner)(?: and I)){_CHAIN}{_VERB}")
_RELATIVE = re.compile(
    rf"\b(?:[Mm]y|[Oo]ur) (?P<subject>(?:(?!(?:and|or|to|of|in|for)\b)[a-z-]+ ){{0,2}}?(?:{PEOPLE}|{ANIMALS}|"
    rf"family|kids?|child|"
    rf"children|parents?|grandparents?|grandkids|team|band|class|company|church|school|boys|girls)s?){_CHAIN}{_VERB}"
)
_NAMED = re.compile(rf"\b(?P<subject>{CAPITAL}[{SMALL}]+){_CHAIN}{_VERB}")
_PRONOUN = re.compile(rf"(?:^|\s)(?P<subject>[Hh]e|[Ss]he){_CHAIN}{_VERB}")
_BARE = re.compile(
    r"(?P<chain>(?:(?:just|also|finally|recently|still|currently|been) )*(?:(?:gonna|going to|planning to|thinking of|"
    r"trying to|looking forward to|can't wait to|hoping to) (?=(?P<any>[a-z]+)))?)"
    r"(?P<verb>(?(any)[a-z]+|(?:(?!(?:some|any|every|no)thing|during|morning|evening|being|nothing)[a-z]{3,}ing|"
    r"got|went|had|started|finished|tried|bought|made|saw|met|took|joined|signed|spent|came|"
    r"ran|read|watched|visited|found|won|lost|did)))\b(?P<rest>[^?]+)",
    re.IGNORECASE,
)

_OTHER_SUBJECT = re.compile(
    r"\b(?:is|are|was|were|isn't|looks?|sounds?|means?|makes|made|can|will|brings?|has|helps?|you|your)\b|'s\b|'re\b"
)
# Where a verb should stand, these show that the word before was the verb, or that there is none.
_FUNCTION = frozenset(
    "a an the my our your his her its their this that these those some any no every each another one two three "
    "four five six "
    "in on at to of for with from by about into onto up out over under and or but nor if when while than as like "
    "last so too "
    "very it them him us me you there here more most much many few all both other different such what how who "
    "where".split()
)
_LAST_WORD = re.compile(r"('m|'ve|'re|'d|'ll|'s|[\w']+)$")
# Verbs of thinking and of manners say nothing about a life; the clause may go on with one that does.
_EMPTY = frozenset(
    "think guess know mean agree bet wonder believe appreciate understand suppose wish imagine thank see hear say tell "
    "admire welcome congratulate relate hope figure assume doubt apologise apologize".split()
)
_EMPTY_THIRD = _EMPTY - {"hope", "believe", "say", "tell"}
_BE = re.compile(r"'m|'re|'s\b|\b(?:am|is|are|was|were|been|being)\b")
_PLAN = re.compile(
    r"'ll|'d (?:love|like) to\b|\b(?:will|gonna|going to|planning|thinking of|thinking about|hoping|looking "
    r"forward|looking to|want to|wanna|plan to|"
    r"plan on|hope to|would like to|would love to|can't wait)\b"
)
_FEELINGS = frozenset(
    "excited happy proud glad grateful thankful sad nervous anxious stressed thrilled stoked tired exhausted "
    "relieved scared "
    "worried upset lonely overwhelmed inspired motivated hopeful lucky blessed pumped devastated frustrated amazed "
    "disappointed confident calm afraid embarrassed delighted swamped busy bored surprised touched honored "
    "honoured sorry".split()
)
_PARTICIPLES = frozenset(
    "gone done seen been taken made given found become left felt brought begun kept held written run spent lost "
    "met taught won "
    "eaten driven ridden flown grown sold sent built broken spoken chosen worn swum sung caught fallen drawn "
    "heard hurt got".split()
)
_PERSONS = {
    "'m": " is", "'ve": " has", "'re": " is", "'ll": " will", "'d": " would", " am": " is", " are": " is",
    " have": " has",
    " do": " does", " don't": " doesn't", " haven't": " hasn't", " were": " was", " weren't": " wasn't",
    " aren't": " isn't", " want": " wants", " hope": " hopes", " plan": " plans", " need": " needs",
}  # fmt: skip
_CHAIN_PERSON = re.compile(
    r"'m|'ve|'re|'ll|'d| (?:am|are|have|do|don't|haven't|were|weren't|aren't|want|hope|plan|need)\b(?=(?P<rest>.*))"
)
_MINE = re.compile(r"\b(?:I'm|I am|I've|I have|I|me|myself|my|mine|we're|we've|we|us|our|ours)\b", re.IGNORECASE)
_THEIRS = {
    "i'm": "they are", "i am": "they are", "i've": "they have", "i have": "they have", "i": "they", "me": "them",
    "myself": "themselves", "my": "their", "mine": "theirs", "we're": "they are", "we've": "they have", "we": "they",
    "us": "them", "our": "their", "ours": "theirs",
}  # fmt: skip
_NO_NAMES = frozenset(
    "The This That These Those It There What Who How When Where Why Which You They He She We If As At In On Of "
    "For To And But "
    "So Or No Not Yes Yeah Wow Thanks Thank Hey Hi Also Just Now Then Here Let Maybe Everyone Someone Everything "
    "Nothing "
    "Sounds Looks Glad Good Great Nice Cool Awesome Sorry Sure Well All Some Any Each Every Both One After "
    "Before Since While "
    "My Our Your His Her Its Their Mom Dad God Monday Tuesday Wednesday Thursday Friday Saturday Sunday January "
    "February March "
    "April May June July August September October November December Next Last Another Such Having Being Art "
    "Music Life Love "
    "Nature People Kids Reading Painting Cooking Running Playing Writing Seeing Taking Making Going Getting "
    "Doing".split()
)


@dataclass(frozen=True, slots=True)
class Action:
    """What a clause says that someone did, is or means to do.

    Attributes:
        subject: `speaker`, a name, `relative` or `pronoun`.
        who: the words that stand as the subject.
        attribute: base form of the verb, or plan, feel, be.
        statement: the predicate in the third person.
        value: what follows the verb; of a plan the verb, too.
    """

    subject: str
    who: str
    attribute: str
    statement: str
    value: str


_OWNED = re.compile(r"\b(?:[Mm]y|[Oo]ur) (?:[\w-]+ ){1,3}$")
_PAST = frozenset("read put let set cut hit hurt quit cost shut split".split())


def third_person(text: str) -> str:
    """The words that mean the speaker, as another would say them: `my garden` as `their garden`."""
    return _MINE.sub(lambda match: _THEIRS[match[0].lower()], text)


def actions(clause: str, names: frozenset[str]) -> Iterator[Action]:
    """The first statement of a clause about the speaker, else about a relative, one of `names`, or he or she."""
    for match in _matches(_SPEAKER, clause):
        action = _action(match, "speaker", _EMPTY)
        if action is not None:
            yield action
            return
    for kind, regex in (("relative", _RELATIVE), ("name", _NAMED), ("pronoun", _PRONOUN)):
        for match in _matches(regex, clause):
            who = match["subject"]
            if kind == "name" and (who in _NO_NAMES or (who not in names and match.start() == 0)):
                continue
            action = _action(match, kind, _EMPTY_THIRD)
            if action is not None:
                yield action
                return
    bare = _BARE.match(clause)
    if bare is not None and not _OTHER_SUBJECT.search(bare["rest"]):
        action = _action(bare, "speaker", _EMPTY)
        if action is not None:
            yield action


def _matches(regex: re.Pattern[str], clause: str) -> Iterator[re.Match[str]]:
    """From each subject on: a match takes all that follows, which may hold the next subject."""
    match = regex.search(clause)
    while match is not None:
        yield match
        match = regex.search(clause, match.end("subject"))


def _action(match: re.Match[str], kind: str, empty: frozenset[str]) -> Action | None:
    chain, verb, rest = match["chain"].rstrip(), match["verb"].lower(), match["rest"].rstrip()
    who = match.groupdict().get("subject") or ""
    be = _BE.search(chain) is not None
    if verb in _FUNCTION and not be:
        last = _LAST_WORD.search(chain)
        if last is None or last[0] in ("'ll", "'d") or verb in ("and", "or", "but"):
            return None
        verb, rest, chain = last[0].replace("'ve", "have"), f" {verb}{rest}", chain[: last.start()].rstrip()
    if lemma(verb) in empty:
        return None
    copula = be and not (verb.endswith(("ing", "ed")) or verb in _PARTICIPLES or _PLAN.search(chain))
    person = chain
    if kind == "speaker" and who:
        person = _CHAIN_PERSON.sub(lambda found: _PERSONS[found[0]], chain)
    said = f"{person.strip()} {_agree(verb, chain, kind)}{rest}".strip()
    statement = third_person(said) if kind != "name" else said
    # `At the lake I ran a race`: where and when stand before the subject.
    before = _OWNED.sub("", match.string[: match.start()]).strip(" ,:")
    before = f", {third_person(before)}" if content(before) else ""
    if verb in _FEELINGS or lemma(verb) == "feel":
        attribute = "feel"
    elif _PLAN.search(chain):
        attribute = "plan"
    elif copula:
        attribute = "be"
    else:
        attribute = base(verb)
    value = f"{verb}{rest}" if attribute in ("plan", "be", "feel") else rest.strip()
    return Action(kind, who, attribute, f"{statement}{before}", f"{third_person(value)}{before}")


def _agree(verb: str, chain: str, kind: str) -> str:
    """`I run` becomes `runs`; a verb after an auxiliary or in the past stays."""
    if kind != "speaker" or chain.strip() not in (
        "",
        "also",
        "still",
        "always",
        "often",
        "usually",
        "really",
        "sometimes",
    ):
        return verb
    if lemma(verb) != verb or verb in _PAST or verb.endswith(("ed", "ing", "s")):
        return verb
    if verb == "have":
        return "has"
    if verb.endswith("y") and verb[-2:-1] not in "aeou":
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("sh", "ch", "x", "o", "z")) else "s")
