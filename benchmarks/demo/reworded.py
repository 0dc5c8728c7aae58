"""Questions in other words: none shares a content word's stem with any statement of its frame, or with its values.

Keys are the names of the frames of `personal` and `tastes`; the questions replace those frames' own where given.
"""

ASKS: dict[str, tuple[str, ...]] = {
    "breed": ("What kind of pet do I have?", "What sort of pet lives with me?", "Which breed is my dog?"),
    "job": ("What is my profession?", "What is my occupation?"),
    "town": ("Where did I spend my childhood?", "Which place did I grow up in?"),
    "instrument": ("Which musical skill am I picking up?", "What musical instrument am I practising?"),
    "sport": ("Which sport have I taken up?", "Which sport am I doing?"),
    "language": ("Which foreign tongue am I studying?", "Which foreign language am I learning?"),
    "allergen": ("What am I allergic to?", "Which allergy do I have?"),
    "commute": ("How do I travel to work?", "Which transport do I use for work?", "What is my means of travel to work?"),
    "degree": ("What did I study at university?", "Which subject did I study at university?"),
    "fear": ("What am I scared of?", "What am I terrified of?", "What frightens me?"),
    "venue": ("Where was my wedding?", "Where did my wedding ceremony take place?"),
    "first_job": ("Where was I employed as a teenager?", "Who employed me when I was young?"),
    "noise": ("Which noise prevents me from sleeping?", "Which noise disturbs me?"),
    "collectible": ("What is in my collection?", "Which antiques do I collect?"),
    "charity": ("Where am I a volunteer?", "Which charity do I volunteer for?"),
    "surgery": ("Which surgery am I having?", "What is the surgeon going to remove from me?"),
    "car": ("Which vehicle do I own?", "What sort of automobile do I have?"),
}
