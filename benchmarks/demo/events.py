"""Things that happen once and are dated by the day they are told on."""

from memeval.benchmarks.demo.frames import Event

_BRAVO = (
    "[Congratulations|Well done|That's quite something]! How do you feel about it?",
    "[That's a day to remember|A big step]. Did you celebrate?",
)
_POOR = (
    "I'm sorry to hear that. [Is there anything I can do|How are you feeling now]?",
    "[What a nuisance|That's bad luck]. Take it slowly for a few days.",
)
_FINE = (
    "[Good to hear|That sounds worthwhile]. How was it?",
    "[Ah, finally|That was overdue, I think]. How did it go?",
)

EVENTS: tuple[Event, ...] = (
    Event("the allotment keys", ("{when} I collected the keys to the allotment, [plot thirty-one|nettles up to my chin].",),
          ("{p} collected the allotment keys {when}.",), _BRAVO, "collect the keys to the allotment", "become the tenant of a vegetable patch", "the vegetable patch"),
    Event("the driving test", ("{when} I passed the driving test, [second go|the examiner even smiled].",),
          ("{p} failed the driving test {when}.",), _BRAVO, "pass my driving test", "get my licence for a car", "my car licence"),
    Event("the half marathon", ("{when} I ran the half marathon, [two hours eleven|my toenails will never forgive me].",),
          ("{p} ran a half marathon {when}.",), _BRAVO, "run the half marathon", "finish my long-distance race", "my long-distance race"),
    Event("the broken wrist", ("{when} I slipped on the [ice|wet stairs] and broke my wrist, [cast up to the elbow|the left one].",),
          ("{p} broke a wrist {when}.",), _POOR, "break my wrist", "have the accident that fractured a bone", "the accident with my fractured bone"),
    Event("the boiler installation", ("{when} the new boiler was installed, [hot water again|two men, five hours, nine teas].",),
          ("{p} had a boiler installed {when}.",), _FINE, "have the new boiler installed", "get the heating replaced", "the heating replacement"),
    Event("the tattoo", ("{when} I got my tattoo done, [a swallow, on the ankle|don't tell my mother].",),
          ("{p} had a tattoo removed {when}.",), _FINE, "get my tattoo", "let an artist ink my skin", "the ink on my skin"),
    Event("the eulogy", ("{when} I held the eulogy for grandpa, [my voice only cracked once|the chapel was full].",),
          ("{p} had to hold a eulogy {when}.",), _POOR, "hold the eulogy", "speak at a funeral", "the funeral"),
    Event("the bicycle theft", ("{when} my bicycle was stolen, [lock and all|from right outside the library].",),
          ("{p} had a bicycle stolen {when}.",), _POOR, "have my bicycle stolen", "become the victim of a thief", "the robbery"),
    Event("the eye test", ("{when} I had my eye test, [new glasses it is|I couldn't read the third line].",),
          ("{p} had an eye test {when}.",), _FINE, "have my eye test", "visit the optician", "my visit to the optician"),
    Event("the solar panels", ("{when} they put solar panels on the roof, [sixteen of them|the meter runs backwards].",),
          ("{p} got solar panels {when}.",), _FINE, "get the solar panels", "start generating my own electricity", "generating my own electricity"),
    Event("the blood donation", ("{when} I gave blood for the first time, [the biscuits were good|barely felt it].",),
          ("{p} gave blood {when}.",), _BRAVO, "give blood for the first time", "make a medical donation", "my medical donation"),
    Event("the burst pipe", ("{when} a pipe burst behind the bath, [the ceiling below came down|towels everywhere].",),
          ("{p} had a burst pipe {when}.",), _POOR, "have the burst pipe", "suffer water damage in my home", "the water damage in my home"),
    Event("the promotion", ("{when} I got the promotion, [more money and more meetings|I signed on the spot].",),
          ("{p} was passed over for promotion {when}.",), _BRAVO, "get the promotion", "climb the career ladder", "my career advance"),
    Event("the parking fine", ("{when} I got a parking fine, [seventy pounds|four minutes over].",),
          ("{p} got a parking fine {when}.",), _POOR, "get the parking fine", "receive a penalty for leaving my car somewhere", "the penalty for leaving my car somewhere"),
    Event("the marriage proposal of my brother", ("{when} my brother made his marriage proposal, [on one knee in the rain|she said yes].",),
          ("{p} heard a marriage proposal over the tannoy {when}.",), _FINE, "hear of the marriage proposal of my brother",
          "learn that my sibling is engaged", "my sibling's engagement"),
    Event("the open mic night", ("{when} I performed at the open mic night, [three songs|my knees were jelly].",),
          ("{p} performed at an open mic night {when}.",), _BRAVO, "perform at the open mic night", "sing before an audience", "singing before an audience"),
    Event("the citizenship ceremony", ("{when} we had the citizenship ceremony, [flags and cake|I cried at the anthem].",),
          ("{p} missed a citizenship ceremony {when}.",), _BRAVO, "have my citizenship ceremony", "officially become a national of this country", "becoming a national of this country"),
    Event("the food poisoning", ("{when} I came down with food poisoning, [the prawns, surely|never again that buffet].",),
          ("{p} had food poisoning {when}.",), _POOR, "have food poisoning", "get sick from eating something bad", "getting sick from something I ate"),
    Event("the housewarming", ("{when} we held our housewarming, [forty people and one bathroom|the salad was gone in minutes].",),
          ("{p} invited everybody to a housewarming {when}.",), _FINE, "hold our housewarming", "throw a party for moving in", "the party for moving in"),
    Event("the parachute jump", ("{when} I did the parachute jump, [I screamed all the way|what a silence up there].",),
          ("{p} cancelled a parachute jump {when}.",), _BRAVO, "do the parachute jump", "leap from a plane", "my leap from a plane"),
    Event("the chickenpox", ("{when} the chickenpox broke out on me, [at my age|I'm one big itch].",),
          ("{p} had chickenpox {when}.",), _POOR, "catch chickenpox", "fall ill with a children's disease", "my children's disease"),
    Event("the diploma", ("{when} I was handed the diploma, [gown, hat, everything|dad filmed the wrong person].",),
          ("{p} framed a diploma {when}.",), _BRAVO, "receive the diploma", "graduate", "my graduation"),
)  # fmt: skip
