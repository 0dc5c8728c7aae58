"""Base forms of words and the words that carry no content: enough to make keys that meet again."""

import re
from functools import lru_cache
from typing import Any

from memeval.language.analysis import unusual, usual
from memeval.language.detection import ENGLISH
from memeval.language.folding import fold

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")

# Letters for patterns of names: small ones of Latin, Greek, Cyrillic and Georgian, and all that are no small ones, so
# that a name in a script without capitals is a name.
SMALL = "".join(chr(code) for code in range(0x61, 0x1F00) if chr(code).islower())
CAPITAL = rf"[^\W\d_{SMALL}]"

PEOPLE = (
    "wife|husband|partner|fiancée?|girlfriend|boyfriend|spouse|mother|mom|mum|father|dad|sister|brother|daughter|son|"
    "grandmother|grandma|gran|grandfather|grandpa|aunt|uncle|cousin|niece|nephew|best friend|friend|roommate|flatmate|"
    "neighbou?r|boss|manager|colleague|coworker|co-worker|teacher|coach|mentor|doctor|dentist|therapist|baby|"
    "mother-in-law|father-in-law|sister-in-law|brother-in-law|step-?(?:mother|father|sister|brother|son|daughter|"
    "mum|mom|dad)|"
    "godmother|godfather|godson|goddaughter|grandson|granddaughter|fiance|ex|housemate|classmate|teammate|"
    "landlord|landlady|"
    "pen pal|tutor|trainer|instructor|supervisor|assistant|client|babysitter|nanny|gardener|mechanic|hairdresser|"
    "buddy|pal|mate"
)
ANIMALS = (
    "dog|cat|puppy|pup|kitten|bunny|rabbit|hamster|guinea pig|parrot|bird|fish|turtle|tortoise|snake|horse|pony|lizard|"
    "gecko|ferret|goat|chicken|pet"
)
# Stand before a name, with a stop that ends no sentence.
TITLES = r"Mr|Mrs|Ms|Mx|Dr|Drs|Prof|Rev|Fr|Sgt|Capt|Cpt|Lt|Col|Gen|Gov|Sen|Rep|Hon|Mme|Mlle|Mt|Ft|St|Ste"
# A stop that ends no sentence. It stands for "." until a fact is written down, so that patterns may end at ".".
STOP_WITHIN = "․"

_FORMS = """
be am is are was were been being 's 'm 're; have has had having; do does did done doing; go goes went gone going;
get gets got gotten getting; take took taken; make made; buy bought; see saw seen; come came; give gave given;
find found; think thought; tell told; become became; leave left; feel felt; bring brought; begin began begun;
keep kept; hold held; write wrote written; run ran; read read; spend spent; lose lost; meet met; sit sat; stand stood;
teach taught; win won; eat ate eaten; drink drank drunk; drive drove driven; ride rode ridden; fly flew flown;
grow grew grown; know knew known; sell sold; send sent; build built; break broke broken; speak spoke spoken;
choose chose chosen; wear wore worn; swim swam swum; sing sang sung; sleep slept; hear heard; catch caught;
fall fell fallen; draw drew drawn; hide hid hidden; wake woke woken; throw threw thrown; forget forgot forgotten;
pay paid; say said; lead led; light lit; shoot shot; steal stole stolen; understand understood; lie lay; show shown;
child children; person people; man men; woman women; wife wives;; foot feet; mouse mice;
dye dyed; tie tied; die died dying; hike hiked hiking; bake baked baking; move moved moving; live lived living;
love loved loving; write writing; name named naming; use used using; raise raised raising; dance danced dancing;
practice practiced practicing practise practised practising; exercise exercised exercising; race raced racing;
hobby hobbies; movie movies; cookie cookies; hope hoped hoping; like liked liking; change changed changing;
receive received receiving; share shared sharing; prepare prepared preparing; invite invited inviting;
bike biked biking; cycle cycled cycling; create created creating; volunteer volunteered volunteering;
hate hated hating; prefer preferred preferring; retire retired retiring; celebrate celebrated celebrating;
favourite favorite fave; colour color; organise organize organised organized; travel travelled traveled travelling;
graduate graduated graduating; drive driving; ride riding; take taking; give giving; come coming; make making;
become becoming; leave leaving; lose losing; choose choosing; shoe shoes; purchase purchased purchasing;
propose proposed proposing; promote promoted promoting; relocate relocated relocating; adore adored adoring;
dream dreamt dreamed dreaming
"""
IRREGULAR = {form: line.split()[0] for line in _FORMS.split(";") for form in line.split()}

STOP = frozenset(
    """
a about above after again all also always am an and any anyone anything are around as at away back be because been
before being both but by came can cause could did do does doing done down each else ever every everyone everything
few for from gave get gets getting go gonna got gotta great had has have having he her here hers him his how i if
im in into is it its itself just kind kinda know last later least less let like little look lot lots lately made make
many maybe me mean might mine more most much must my myself never new next nice no not nothing now of off oh ok okay
on once one only or other our ours out over own part pretty quite real really right said same say see she should since
so some someone something soon sort still stuff such sure take than thank thanks that the their theirs them then there
these they thing things think this those though through thru til till time to today together too total toward try
two under until up upon us used usually very was way we well went were what when where whether which while who
whole whom whose why will with within without wow would ya yeah yes yet you your yours yourself
amazing awesome cool fun good glad happy hey hi hello hope yay haha lol wonderful bye care chat talk forward
excited wait
""".split()
)


@lru_cache(maxsize=65536)
def base(word: str) -> str:
    """What the forms of a word share: `went` and `going` are `go`; `explored` and `explore` are `explor`."""
    word = word.lower().replace("’", "'").removesuffix("'s").removesuffix("'")
    stem: str = _stemmer().stemWord(lemma(word))
    return stem


def lemma(word: str) -> str:
    """The dictionary form of a lower-case irregular word; any other word as it is."""
    return IRREGULAR.get(word, word)


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")


def words(text: str) -> list[str]:
    """The words of a text as they are written."""
    return WORD.findall(text)


def content(text: str, language: str = ENGLISH) -> list[str]:
    """Base forms of the words that say something, in order, each once.

    Words of other languages and scripts are those of `memeval.language.analysis`, without stop words and stemmed.
    """
    if language != ENGLISH:
        return list(dict.fromkeys(usual(language).terms(text)))
    found: dict[str, None] = {}
    if unusual(text):
        found = dict.fromkeys(term for term in usual(ENGLISH).terms(text) if not term.isascii())
    for word in WORD.findall(text if text.isascii() else fold(text)):
        lower = word.lower()
        if (
            lower not in STOP
            and (len(lower) > 2 or lower.isdigit())
            and lemma(lower) not in STOP
            and not unusual(lower)
        ):
            found[base(lower)] = None
    return list(found)


def normal(text: str) -> str:
    """A value as a key: base forms joined by spaces, articles and possessives left out."""
    return " ".join(
        base(word)
        for word in WORD.findall(text)
        if word.lower() not in ("a", "an", "the", "my", "our", "their", "some")
    )
