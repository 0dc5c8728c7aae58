"""The user's own likes and dislikes, told in passing; asked in other words, as one asks for advice."""

from memeval.benchmarks.demo.frames import Frame
from memeval.benchmarks.demo.tastes import FRAMES as TASTES

_TOLD: dict[str, tuple[str, ...]] = {
    "dessert": (
        "I finished a whole bowl of {v} by myself, [no cream needed|with a big spoon], and I'd do it again tomorrow.",
        "for afters there was {v}, [I had thirds|I scraped the dish], nothing sweet comes close.",
    ),
    "genre": (
        "we stayed in and watched {v} until two, I never [tire of those|get enough of them].",
        "give me {v} on the telly and a blanket and [I'm happy|nobody hears from me till morning].",
    ),
    "music": (
        "I had {v} on [full blast|repeat] while ironing, I could listen to it for [hours|days].",
        "my headphones are worn out from all the {v}, [every song of it|I hum along on the tram].",
    ),
    "hated_food": (
        "there was {v} in the salad and I [gagged|nearly was sick], can't stand the stuff.",
        "I picked every last bit of {v} off my pizza, [yuck|it ruins everything for me].",
    ),
    "seat": (
        "on the coach I had {v} and was [happy|content] for four hours, that's how I like a long ride.",
        "whenever I fly or go by rail I want {v}, otherwise I get [fidgety|queasy].",
    ),
    "flower": (
        "I bought myself an armful of {v} at the market, [the scent|they light up the kitchen], I can't resist those.",
        "someone left {v} in a vase on my desk and I [grinned all morning|couldn't stop sniffing them].",
    ),
    "colour": (
        "I painted the bathroom {v} and now I want [everything|the whole flat] to look like that.",
        "I came home with a scarf in {v} again, [my wardrobe is half that|always my weakness].",
    ),
}  # fmt: skip
_ASKED: dict[str, tuple[str, ...]] = {
    "dessert": ("Which dessert should you serve me?", "What would be my favourite dessert?"),
    "genre": ("Which kind of films would I enjoy?", "Which films should you pick for me?"),
    "music": ("What kind of music should you play for me?", "Which musical style do I enjoy?"),
    "hated_food": ("Which food do I dislike?", "What food should you never serve me?"),
    "seat": ("Which seat should you reserve for me?", "Where do I prefer to sit when travelling?"),
    "flower": ("Which flowers would please me?", "Which flowers do I love?"),
    "colour": ("In which shade should you buy me a jumper?", "You are buying me a jumper: which shade?"),
}  # fmt: skip
FRAMES: tuple[Frame, ...] = tuple(
    Frame(frame.values, _TOLD[frame.values], frame.other, frame.reply, _ASKED[frame.values]) if not frame.keys else frame
    for frame in TASTES
    if frame.keys or frame.values in _TOLD
)
