"""Names in a text, by rules and without a model."""

import re
import unicodedata
from collections.abc import Container, Iterator

# Upper-case letters of Latin, Greek and Cyrillic. Some blocks alternate cases, so each hit is looked at again.
_UPPER = "A-ZÀ-ÖØ-ÞĀ-ɏͰ-Ωϒ-ϿЀ-Яѐ-ԯḀ-ỿ"
# An initial or a title keeps its full stop before a name: J. K. Rowling, Dr. Smith.
_WORD = rf"(?:(?:(?:[A-Z]\.)+|(?:Dr|Mrs?|Ms|Prof|St)\.)(?= [{_UPPER}])|[{_UPPER}][\w&]*(?:['’.-]\w+)*)"
_BETWEEN = r"(?:of the|of|de la|de|del|della|van der|van|von|du|&)"
_CANDIDATE = re.compile(
    rf"[\"“”«](?P<quoted>[^\"“”«»\n]{{2,80}}?)[\"”»]"
    rf"|(?<![\w@])@(?P<handle>\w[\w.-]*\w)"
    rf"|(?<![\w'’-])(?P<named>{_WORD}(?:(?: {_BETWEEN})? {_WORD})*)"
)
_KIN = re.compile(
    r"\b[Mm]y (?:(?:little|big|older|younger|twin|late|best|own|ex|dear|new|old) )*"
    r"(?P<kin>(?:step|half|grand|great-grand)?-?(?:mother|mom|mum|father|dad|sister|brother|son|daughter|child|kids|children|parents|"
    r"sons|daughters|sisters|brothers|ma|pa)|wife|husband|partner|girlfriend|boyfriend|fianc[eé]e?|aunt|uncle|cousin|cousins|niece|nephew|"
    r"grandma|grandpa|granny|boss|roommate|flatmate|neighbou?r|mentor|friend|friends|family|dog|cat|puppy|kitten)\b"
)
_TITLES = frozenset("mr mrs ms miss dr prof sir mx".split())
_ABBREVIATION = re.compile(r"(?:^|\W)(?:Mrs?|Ms|Dr|Prof|St|Mx|Sr|Jr|vs|[A-Z])\.$")
# Never a name, nor part of one.
_NEVER = frozenset(
    """
i i'm i've i'd i'll im ive monday tuesday wednesday thursday friday saturday sunday january february march april may
june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu
fri sat sun ok okay lol omg btw tbh imo fyi wow yay yes no hi hey hello thanks thank congrats am pm tv
""".split()
)
# Words that open sentences, and stay no names if a name follows them.
_OPENERS = frozenset(
    """
a able about absolutely actually after again ah aha ahead all almost alright also although always amazing among an and
another any anybody anyone anything anytime anyway apart are aren't around as ask at aw awesome aww back bad be because
become been before being believe best better between beyond big both bro brother but by bye call can can't certainly
check cheers come cool could could've couldn't crazy curious dear definitely despite did didn't do does doesn't don't
due during each either else end enjoy especially even ever every everybody everyone everything exactly except exciting
fair family fantastic far few finally find fine first following food for forget fortunately friends from fun funny
further get give given glad go god good goodbye gosh got great guess guys had haha hahaha happy hardly has hasn't have
haven't having he he'd he'll he's hear here here's hers highly his hmm home honestly hope hopefully how how'd how's
however huge if important in incredible indeed inside instead interesting into is isn't it it'd it'll it's its just
keep kids kind kinda know last lately later least less let let's life like likewise listen little live long look looks
lots love lovely luckily made make man many math maybe me mean meanwhile might mine mom dad more most mostly much music
must my myself name nature near need neither never nevertheless next nice nobody none nor normally not nothing now
of off oh often old on once one only onto or other otherwise ouch our ours out outside over own people perfect perhaps
personally plus please pretty probably proud put quite rather ready real really recently regarding remember right same
say says see seeing seems several she she'd she'll she's should should've shouldn't show similarly simply since sis
sister so some somebody someone something sometimes somewhere soon sorry sound sounds speaking start still stop such
suddenly sure surely take taking talk tell than that that'd that'll that's the their theirs them then there there'd
there'll there's therefore these they they'd they'll they're they've thing things think this those though thought
through thus til till time to today together tomorrow tonight too total totally toward tried truly try trying turn
two three four five six seven eight nine ten twenty ugh under understand unfortunately unless unlike until up upon us
use used usually very wait want was wasn't watch way we we'd we'll we're we've welcome well went were weren't what
what'd what'll what're what's whatever when when's whenever where where'd where's whereas whether which while who
who'd who's whoever whom whose why why's will wish with within without won't wonder wonderful wondering work worth
would would've wouldn't yeah year yep yesterday yet you you'd you'll you're you've your yours yourself yup
ain't woohoo woah whoa yo besides y'all gotta gonna wanna dude buddy girl hon sweetie sir ma'am
summary note tip tips step example option
""".split()
)
_VERBAL = re.compile(r"\w{2,}(?:ing|ed|ly)$")
_SPACE = re.compile(r"[\s_]+")
_TITLE_WORDS = 8


def entities(text: str, known: Container[str] = frozenset(), speaker: str | None = None) -> list[str]:
    """The names in a text in order of appearance, each once, in the form of `normalise`.

    Names are runs of capitalised words (`New York`, `Lord of the Rings`), quoted titles and @handles. A single word at
    the start of a sentence counts only if it stands elsewhere in the text or is known, since any word is capitalised
    there. Months, weekdays, interjections and the words that open sentences are none.

    Args:
        text: in any language that capitalises names.
        known: normalised names that count at the start of a sentence, too.
        speaker: if given, `my sister` is the entity `<speaker>'s sister`; None leaves kinship out.
    """
    found: dict[str, int] = {}
    doubtful: dict[str, tuple[int, list[str]]] = {}
    for match in _CANDIDATE.finditer(text):
        start, kind = match.start(), match.lastgroup
        if kind == "named":
            opens = _opens(text, start)
            for number, words in enumerate(_names(match["named"], opens)):
                first = opens and match["named"].startswith(words[0])
                name, place = normalise(" ".join(words)), start + number
                if not first or (len(words) > 1 and not _VERBAL.match(words[0])):
                    found.setdefault(name, place)
                else:
                    doubtful.setdefault(name, (place, words))
        elif kind == "handle":
            found.setdefault(f"@{match['handle'].lower()}", start)
        elif _is_title(match["quoted"]):
            found.setdefault(normalise(match["quoted"].strip(" ,.!?;:")), start)
    for name, (start, words) in doubtful.items():
        rest = normalise(" ".join(words[1:]))
        if name in found or name in known:
            found[name] = min(start, found.get(name, start))
        elif rest:
            # Visited Paris yesterday.
            found.setdefault(rest, start)
    if speaker is not None:
        for match in _KIN.finditer(text):
            found.setdefault(f"{normalise(speaker)}'s {normalise(match['kin'])}", match.start())
    found.pop("", None)
    return sorted(found, key=found.__getitem__)


def normalise(name: str) -> str:
    """How a name is compared: case folded, without possessive, article and title, spaces united."""
    if not name.isascii():
        name = unicodedata.normalize("NFKC", name)
    name = name.casefold().replace("’", "'").strip(" .'-")
    name = name.removesuffix("'s")
    words = _SPACE.split(name)
    while len(words) > 1 and (words[0] in ("the", "a", "an") or words[0].rstrip(".") in _TITLES):
        del words[0]
    return " ".join(words)


def _names(run: str, opens: bool) -> Iterator[list[str]]:
    """A run of capitalised words and what joins them, cut at words that are in no name."""
    contracted = ("'m", "'ll", "'re", "'ve", "n't")
    words: list[str] = []
    for word in run.split(" "):
        plain = word.lower().replace("’", "'")
        upper = word[0].isupper()
        if (
            plain in _NEVER
            or plain.endswith(contracted)
            or (not words and (not upper or (opens and plain in _OPENERS)))
        ):
            yield from _closed(words)
            words = []
            continue
        words.append(word)
        if plain.endswith("'s"):
            # Caroline's Toyota: two names.
            yield from _closed(words)
            words = []
    yield from _closed(words)


def _closed(words: list[str]) -> Iterator[list[str]]:
    while words and not words[-1][0].isupper():
        words = words[:-1]
    if len(words) > 1 or (words and len(words[0]) > 1 and words[0].lower().replace("’", "'") not in _OPENERS):
        yield words


def _opens(text: str, start: int) -> bool:
    """Whether a sentence begins at `start`."""
    before = text[max(0, start - 12) : start].rstrip(" \t(['*#-–—")
    if not before:
        return True
    last = before[-1]
    if last == ".":
        return _ABBREVIATION.search(before) is None
    return not (last.isalnum() or last in ",;&/'’)]%$€£@+")


def _is_title(quoted: str) -> bool:
    """A quotation that is a title and no speech: its long words are capitalised."""
    words = quoted.split()
    if not words or len(words) > _TITLE_WORDS or not words[0][0].isupper():
        return False
    long = [word for word in words if len(word) > 3]
    return all(word[0].isupper() or word[0].isdigit() for word in long) and (len(words) > 1 or len(words[0]) > 2)
