"""Sentences that state a lasting attribute of the speaker: one table row each."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from memeval.strategies.extraction.words import ANIMALS, CAPITAL, PEOPLE, SMALL, STOP_WITHIN, TITLES

_JOBS = (
    r"(?:[\w-]+ ){0,3}?(?:\w{3,}(?:eer|grapher|logist|ician|tician|ist|ect|nter|cher|yer|tant|ctor|ssor|iter|"
    r"iner|igner|"
    r"ager|oper|ler|ger)|nurse|chef|cook|doctor|pilot|student|engineer|lawyer|manager|writer|editor|librarian|barista|"
    r"driver|farmer|baker|actor|actress|analyst|consultant|intern|freelancer|accountant|vet|carpenter|plumber|"
    r"firefighter|"
    r"police officer|counsell?or|social worker|coach|mechanic|musician|veterinarian|researcher|dancer)\b"
)
_NOW = r"(?:(?:now|currently|just|recently|actually|still|also|both|finally|originally|already|officially|really) )*"
_VERY = (
    r"(?:(?:really|just|absolutely|still|also|do|always|truly|totally|particularly|especially|actually|personally|"
    r"definitely|kinda|kind of|now|quite) )*"
)
_I = r"(?P<who>\b[Ii](?: am|'m| have|'ve| was|'d| had| will|'ll)? )" + _NOW
_AM = rf"\bI(?:'m| am|'ve been| have been) {_NOW}"
_IN_NAME = rf"[\w'{STOP_WITHIN}-]"
# What may begin a name where no name has a capital: any word but those of the language.
_ANY = (
    r"(?!(?:an?|the|my|our|your|his|her|their|this|that|these|those|it|its|in|on|at|to|of|for|with|from|by|and|or|but|"
    r"here|there|now|not|just|so|very|really|still|always|back|next|last|some|all|be|me|you|one|who|what|where|when|if|"
    r"love|fear|hope|peace|harmony|pain|sync|together|is|was|are|were|has|had|i)\b)[^\W\d_]"
)
_END = (
    r"(?=$|[,.!?;()]| \(| now\b| since\b| when\b| because\b| but\b| for (?:the|a|my|\d)| instead\b| at the "
    r"moment\b| these days\b|"
    r" (?:last|next|this) (?:week|weekend|month|year|spring|summer|autumn|fall|winter|\w+day)\b|"
    r" (?:yesterday|today|tomorrow)\b| any ?more\b| in \d{4}\b|"
    r" (?:an?|one|two|three|four|five|six|\d+|a few|a couple of) (?:day|week|month|year)s? ago\b)"
)
_THING = rf"(?P<value>.{{2,80}}?){_END}"
_REST = r"(?P<value>[^!?;]{2,120})"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A row: the first that matches a clause states one of its facts.

    Attributes:
        regex: with the group `value`, and `topic` where the attribute is named by the sentence itself.
        attribute: the key; `{topic}` is put in.
        statement: `{value}` and `{topic}` are put in.
        single: the attribute has one value at a time, so that a newer one supersedes.
        importance: 1 to 5.
        slot: what stands in the place of the value in telling facts apart: with `likes x` and `hates x` under the same
            slot x the newer supersedes.
    """

    regex: re.Pattern[str]
    attribute: str
    statement: str
    single: bool
    importance: int


def _row(regex: str, attribute: str, statement: str, importance: int, single: bool = True) -> Pattern:
    return Pattern(re.compile(regex), attribute, statement, single, importance)


def _patterns(first: str) -> tuple[Pattern, ...]:
    """The rows; `first` is the regular expression of the first letter of a name."""
    name = rf"{first}{_IN_NAME}*(?: {first}{_IN_NAME}+){{0,2}}"
    return (
        _row(rf"\b[Mm]y (?:full |first |real )?name(?:'s| is) (?P<value>{name})", "name", "name is {value}", 5),
        _row(rf"\b(?:[Cc]all me|I go by) (?P<value>{name})", "name", "name is {value}", 5),
        _row(rf"{_AM}(?P<value>\d{{1,3}}) years old", "age", "age is {value}", 5),
        _row(rf"\bI {_NOW}turned (?P<value>\d{{1,3}})\b", "age", "age is {value}", 5),
        _row(rf"\b[Mm]y birthday(?:'s| is| falls)(?: on| in)? {_THING}", "birthday", "birthday is {value}", 5),
        _row(rf"\bI was born (?:and raised )?(?:on|in) {_THING}", "birthday", "born in {value}", 5),
        _row(rf"{_AM}from (?P<value>{first}.{{1,50}}?){_END}", "origin", "is from {value}", 5),
        _row(rf"\bI grew up (?:in|on) {_THING}", "origin", "grew up in {value}", 5),
        _row(
            rf"\b(?:I|[Ww]e)(?:'m|'re| am| are|'ve| have)?(?: (?:now|currently|just|recently|finally|still|been|"
            rf"actually|both|"
            rf"officially|all))* "
            rf"(?:live|living|moved|moving|relocated|relocating|settled|resettled|based|reside)"
            rf"(?: back| down| up| over| out)?(?: from [\w' ]+?)? "
            rf"(?:in|to|into|near) (?!the [^,.]*\b(?:project|team|department|role|office|class|group|company|"
            rf"position|section)\b)"
            rf"(?P<value>(?:an? |the |my |our )?(?:{first}{_IN_NAME}+.{{0,50}}?"
            rf"|(?:[\w'-]+ ){{0,4}}(?:apartment|house|flat|home|place|city|town|village|suburbs?|neighbou?rhood|"
            rf"condo|loft|studio|"
            rf"country|countryside|farm|cabin|dorm)\b.{{0,40}}?)){_END}",
            "home", "home is {value}", 5,
        ),
        _row(rf"\b[Mm]y (?:new )?(?:address|home) is (?:now )?{_THING}", "home", "home is {value}", 5),
        _row(
            rf"\bI(?:'m| am|'ve| have)?(?: (?:now|currently|just|recently|still|been|actually))* "
            rf"(?:work|working|worked) "
            rf"(?:full-time |part-time |remotely )?(?:as|for|at) (?P<value>.{{2,60}}?){_END}",
            "job", "job is {value}", 5,
        ),
        _row(
            rf"{_AM}(?:an? |the )?(?P<value>{_JOBS}(?: (?:at|for|in|of) .{{2,50}}?)?){_END}",
            "job", "job is {value}", 5,
        ),
        _row(
            r"\bI (?:just |recently |finally |officially )?(?:got|started|landed|accepted|took|began|was offered) "
            r"(?:a|an|my|the)(?: new)? (?:[\w-]+ ){0,2}?(?:job|position|role) (?:as|at|with|in) " + _THING,
            "job", "job is {value}", 5,
        ),
        _row(
            rf"\bI(?:'ve| was| got| have)?(?: (?:just|recently|been|finally|got))* (?:promoted|became|become)"
            rf"(?: to)? (?:an? |the )?(?P<value>{_JOBS}.{{0,40}}?){_END}",
            "job", "job is {value}", 5,
        ),
        _row(
            rf"\b[Mm]y (?:new |current )?(?:job|profession|occupation)(?:'s| is)(?: now)? {_THING}",
            "job", "job is {value}", 5,
        ),
        _row(
            r"\bI(?:'ve)? (?:just |recently |finally )?(?P<value>(?:quit|left|lost|resigned from|retired from) "
            r"(?:my|the) [^,.!?;]{0,40}?(?:job|position|role|work|company)\b)",
            "job", "{value}", 5,
        ),
        _row(
            rf"\b(?:I(?:'m| am| got| have been|'ve been)|[Ww]e(?:'re| are| got)) {_NOW}"
            rf"(?P<value>(?:happily )?(?:married|engaged|single|divorced|separated|dating|widowed)\b[^,.!?;]{{0,40}})",
            "relationship", "is {value}", 5,
        ),
        _row(rf"{_AM}(?:\w+ly )?allergic to {_THING}", "allergy", "is allergic to {value}", 5, False),
        _row(
            rf"\bI (?:have|developed|suffer from|live with|struggle with) (?:an? )?(?:severe |mild |bad |chronic )?"
            rf"(?P<value>(?:[\w-]+ )?(?:allerg(?:y|ies)(?: to [\w ]+)?|asthma|diabetes|arthritis|migraines?|anxiety|"
            rf"depression|ADHD|"
            rf"epilepsy|eczema|insomnia|intolerance|celiac disease|high blood pressure)){_END}",
            "health", "has {value}", 5, False,
        ),
        _row(
            rf"\bI (?:was|got|have been|'ve been|'ve just been) diagnosed with {_THING}",
            "health", "has {value}", 5, False,
        ),
        _row(
            rf"{_AM}(?:a |an )?(?P<value>vegan|vegetarian|pescatarian|gluten[- ]free|lactose[- ]intolerant|"
            rf"dairy[- ]free|"
            rf"coeliac|celiac|keto)\b",
            "diet", "diet is {value}", 5,
        ),
        _row(
            r"\bI(?:'ve)? (?:just |recently )?(?:went|gone|turned|became|become) (?P<value>vegan|vegetarian|"
            r"pescatarian|keto)\b",
            "diet", "diet is {value}", 5,
        ),
        _row(
            rf"\b[Mm]y (?:all-time |new |absolute |current |number one )*fav(?:ou?rite|e)? (?P<topic>[\w' -]{{2,40}}?)"
            rf"(?: (?:is|are|has to be|would be|will always be|has become|became)|'s)(?: (?:now|still|definitely|"
            rf"probably))* {_THING}",
            "favourite {topic}", "favourite {topic} is {value}", 4,
        ),
        _row(
            rf"(?P<value>[\w'& -]{{2,60}}?) (?:is|are|has become|became) (?:now |still |definitely |probably )*my "
            rf"(?:all-time |new |absolute |current )*favou?rite (?P<topic>[\w'-]+(?: [\w'-]+)?){_END}",
            "favourite {topic}", "favourite {topic} is {value}", 4,
        ),
        _row(
            rf"\bI(?:'ve| have)? (?:never |no longer |don't |do not |can't |cannot |really don't |just don't |didn't "
            rf"|stopped )"
            rf"{_VERY}(?:like|liked|liking|enjoy|enjoyed|love|loved|stand|care for|stomach|liked) {_REST}",
            "preference", "dislikes {value}", 4, False,
        ),
        _row(
            rf"\bI(?:'ve| have)? {_VERY}(?:hate|dislike|detest|despise|loathe|avoid|grew to hate|went off|am tired "
            rf"of) {_REST}",
            "preference", "dislikes {value}", 4, False,
        ),
        _row(
            rf"{_AM}(?:not (?:really )?(?:into|a (?:big |huge )?fan of|keen on)|no longer into|afraid of|scared of|"
            rf"terrified of|"
            rf"sick of|tired of) {_REST}",
            "preference", "dislikes {value}", 4, False,
        ),
        _row(rf"\bI(?:'d)? {_VERY}prefer {_REST}", "preference", "prefers {value}", 4, False),
        _row(
            rf"\b[Ii](?:'ve| have)? {_VERY}(?:love|loved|like|liked|enjoy|enjoyed|adore|can't get enough of|have a "
            rf"soft spot for|never get enough of|cannot resist|can't resist|fell in "
            rf"love with|"
            rf"am into|swear by|got into|always loved|always liked) {_REST}",
            "preference", "likes {value}", 4, False,
        ),
        _row(
            rf"{_AM}(?:super |so |totally |completely |quite )?(?:into|fond of|keen on|obsessed with|crazy about|"
            rf"mad about|"
            rf"passionate about|"
            rf"(?:a )?(?:big |huge |massive )?fan of|addicted to|interested in|drawn to|hooked on|loving|"
            rf"enjoying) {_REST}",
            "preference", "likes {value}", 4, False,
        ),
    )  # fmt: skip


PATTERNS = _patterns(CAPITAL)
# For texts without capitals.
PATTERNS_WITHOUT_CASE = _patterns(_ANY)

# What kind of noun has one value at a time: `my dentist is Dr. Wu` is superseded by the next dentist.
SINGLE_NOUNS = frozenset(
    "car|phone|laptop|computer|bike|email|address|number|goal|budget|major|degree|school|university|college|gym|"
    "dentist|doctor|therapist|boss|manager|landlord|bank|schedule|commute|size|height|weight|team|nickname|hometown|"
    "wife|husband|partner|girlfriend|boyfriend|fiancé|fiancée|password|pin|shift|salary|rent|record|time|title|"
    "deadline|"
    "diet|routine|hobby|hair|camera|record|locker|room|office|desk|provider|plan|status|score|limit|flight|"
    "appointment".split("|")
)

_BELONGING = (
    r"\b(?:[Mm]y|[Oo]ur|[Aa]n?|the)(?: new| old| little| big| older| younger| eldest| youngest| late| own| adorable| "
    r"cute| sweet| lovely| black| white| brown| golden| rescue| twin| good| close| dear| next-door)*(?: [a-z]+)? "
    rf"(?P<kind>{PEOPLE}|{ANIMALS})s?"
)
_CALLED = r" named| called|'s name is|'s named| is named| is called|'s called"
_TITLE = rf"(?:(?:{TITLES}){STOP_WITHIN} )?"
NAMED = re.compile(
    rf"{_BELONGING}(?:,|{_CALLED}| -)? ?(?P<name>{_TITLE}{CAPITAL}[{SMALL}'-]+)\b(?!{STOP_WITHIN})(?! {CAPITAL})"
)
# Without capitals only what says that a name follows shows it.
NAMED_WITHOUT_CASE = re.compile(
    rf"{_BELONGING}(?:{_CALLED}) (?P<name>(?i:{_TITLE}){_ANY}[{SMALL}'-]+)\b(?!{STOP_WITHIN})"
)
ANIMAL = re.compile(rf"(?:{ANIMALS})s?\Z")
PERSON = re.compile(rf"(?:{PEOPLE})s?\Z")
APPOSED = re.compile(rf"\b(?P<name>{CAPITAL}[{SMALL}'-]+), (?:my|our) (?:[a-z]+ )?(?P<kind>{PEOPLE}|{ANIMALS})\b")
PRONOUN_NAME = re.compile(
    rf"\b(?:[Hh]is|[Hh]er|[Ii]ts|[Tt]heir) names?(?:'s| is| are) (?P<name>{CAPITAL}[\w'-]+(?: and {CAPITAL}[\w'-]+)?)"
)
NEW_ONE = re.compile(
    rf"\b(?:adopted|got|bought|rescued|have|own|found|named) (?:an?|two|three|the|our|my)(?: new)? "
    rf"(?P<rest>(?:[\w-]+ ){{0,3}}?(?:{ANIMALS})s?)\b"
)
COPULA = re.compile(
    r"\b[Mm]y (?P<topic>(?:[\w'-]+ ){0,3}?[\w'-]+?)(?: is| are)(?: now| currently| still| just)* "
    r"(?P<value>[^,;!?]{2,80})"
)
PREVIOUS = re.compile(r"\b(?:used to|would have|wouldn't|if I)\b")

KINDS: Mapping[str, str] = {"mom": "mother", "mum": "mother", "dad": "father", "pup": "puppy", "bunny": "rabbit"}
