"""The people of a user's life and the values that are true of them; every value is given out once per user."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from memeval.benchmarks.demo.draw import between, shuffled

WOMEN = (
    "Ines Marisol Freya Priya Agnes Tamsin Noor Saoirse Beatrix Yuki Leila Odette Rosalind Ingrid Zainab Chiara Maeve "
    "Philippa Anneke Soledad Thandi Ottilie Renata Willa Kamala Elspeth Nadia Hedda Corinne Jolanta Amara Verity Petra "
    "Delphine Svetlana Imogen Rukmini Sinead Clementine Aiko Ludmila Winifred Farida Gwen Estelle Manon Tilda Oriana"
).split()
MEN = (
    "Marek Tobias Desmond Rafael Callum Hiroshi Bertrand Kwame Leopold Stefan Arjun Fergus Matteo Ozan Lachlan Emeka "
    "Anselm Dmitri Gareth Ruben Sven Idris Casimir Alasdair Youssef Piotr Barnaby Tariq Enzo Magnus Ravi Cormac Felix "
    "Joaquin Hamish Bogdan Lucian Ewan Kenji Silvio Nikhil Thaddeus Omar Gideon Laszlo Rhys Timur Vikram"
).split()
# (designation, gender): each stands for exactly one person of a user, so "my sister" is never ambiguous.
RELATIONS = (
    ("my sister", "f"), ("my brother", "m"), ("my aunt", "f"), ("my uncle", "m"), ("my cousin", "x"),
    ("my flatmate", "x"), ("my running partner", "x"), ("my niece", "f"),
    ("my nephew", "m"), ("my old school friend", "x"), ("my godmother", "f"), 
    ("my desk mate", "x"), ("my yoga teacher", "x"), ("my brother-in-law", "m"), ("my sister-in-law", "f"),
    ("my father-in-law", "m"), ("my mentor", "x"), ("my stepsister", "f"), ("my pen pal", "x"),
)  # fmt: skip

POOLS: dict[str, Sequence[str]] = {
    "town": (
        "Hexham Ludlow Whitby Kendal Aberystwyth Totnes Cromer Falmouth Hebden Penzance Berwick Oban Stroud Alnwick "
        "Malvern Frome Tenby Skipton Lyme Keswick Arundel Ripon Stirling Ulverston Dunbar Wexford Sligo Kilkenny "
        "Tavistock Southwold Glossop Matlock Bridport Lewes Galashiels Inverness Llandudno Nantwich Shrewsbury "
        "Harrogate Melrose Barnstaple Helmsley Otley Ilkley Buxton"
    ).split(),
    "abroad": (
        "Lisbon Ghent Bologna Tallinn Seville Ljubljana Kyoto Reykjavik Marrakesh Krakow Valletta Bergen Thessaloniki "
        "Montreal Hanoi Cartagena Tbilisi Utrecht Salzburg Palermo Dubrovnik Oaxaca Zanzibar Toulouse Gdansk Bruges "
        "Nafplio Trieste Aarhus Coimbra Lucerne Sarajevo"
    ).split(),
    "job": (
        "a paramedic;a locksmith;a cartographer;a speech therapist;a stonemason;a tax adviser;a midwife;a tree surgeon;"
        "a structural engineer;a bookbinder;a radiographer;a court interpreter;a beekeeper;a piano tuner;a geologist;"
        "an upholsterer;an optician;an air traffic controller;a probation officer;a set designer;a marine biologist;"
        "a glazier;a patent lawyer;a puppeteer;a crane operator;a sommelier;an archivist;a veterinary nurse;"
        "a wind turbine technician;a ferry captain"
    ).split(";"),
    "instrument": (
        "cello;banjo;oboe;accordion;trombone;mandolin;bassoon;harp;clarinet;ukulele;viola;double bass;bagpipes;"
        "tenor saxophone;French horn;dulcimer;marimba;concertina"
    ).split(";"),
    "car": (
        "Skoda Octavia;Fiat Panda;Volvo estate;Toyota Yaris;Mini Clubman;Dacia Duster;Renault Zoe;Saab convertible;"
        "Honda Jazz;Kia Niro;Citroen Berlingo;Suzuki Jimny;Mazda MX-5;Nissan Leaf;Peugeot 208;Hyundai Kona"
    ).split(";"),
    "allergy": (
        "cashews;penicillin;shellfish;latex;sesame;wasp stings;birch pollen;lupin;kiwi fruit;celery;mustard;aspirin;"
        "feathers;nickel;mango;sulphites"
    ).split(";"),
    "language": (
        "Portuguese Welsh Swahili Finnish Korean Icelandic Turkish Catalan Mandarin Hungarian Farsi Greek Tagalog "
        "Norwegian Basque Urdu"
    ).split(),
    "collects": (
        "vintage postcards;enamel badges;antique maps;fountain pens;old typewriters;sea glass;matchboxes;first editions;"
        "jazz records;porcelain owls;pocket watches;film posters;fossils;tin robots;snow globes;toy trams"
    ).split(";"),
    "degree": (
        "astrophysics;medieval history;linguistics;oceanography;philosophy;mechanical engineering;art history;"
        "veterinary medicine;econometrics;theology;botany;anthropology;quantum chemistry;town planning;musicology"
    ).split(";"),
    "volunteer": (
        "the hedgehog rescue;the lifeboat station;the food bank;the repair cafe;the hospice shop;the canal trust;"
        "the mountain rescue team;the youth theatre;the steam railway;the donkey sanctuary;the night shelter;"
        "the community orchard;the toy library;the bat survey"
    ).split(";"),
    "pet": (
        "Biscuit Pickle Mochi Truffle Nacho Waffles Pepper Crumpet Ziggy Bramble Tofu Marmalade Pretzel Domino Juno "
        "Sprocket Clementina Falafel Gizmo Haggis Noodle Pumpkin Rhubarb Socks"
    ).split(),
    "sport": (
        "curling;water polo;fencing;bouldering;badminton;archery;rowing;judo;ultimate frisbee;netball;squash;"
        "trampolining;orienteering;roller derby;handball;canoeing"
    ).split(";"),
    "dish_liked": (
        "Thai green curry;mushroom risotto;shepherd's pie;lamb tagine;pumpkin gnocchi;fish tacos;beef stroganoff;"
        "aubergine parmigiana;ramen;chicken katsu;paella;moussaka;spinach lasagne;pierogi;jambalaya;bibimbap;"
        "duck pancakes;potato rosti"
    ).split(";"),
    "food_hated": (
        "coriander;olives;blue cheese;anchovies;beetroot;raisins;liver;brussels sprouts;goat's cheese;fennel;capers;"
        "marzipan;tofu skin;parsnips;okra;cottage cheese;gherkins;rhubarb crumble"
    ).split(";"),
    "music": (
        "bossa nova;bluegrass;baroque choirs;synth pop;flamenco;Motown;drum and bass;Gregorian chant;swing;ska;"
        "heavy metal;reggae;minimal techno;country ballads;klezmer;afrobeat"
    ).split(";"),
    "film": (
        "silent comedies;spaghetti westerns;courtroom dramas;heist films;nature documentaries;Korean thrillers;"
        "old musicals;science fiction;costume dramas;stop-motion films;submarine films;ghost stories;"
        "screwball comedies;spy films"
    ).split(";"),
    "flower": (
        "peonies;freesias;ranunculus;sunflowers;hydrangeas;irises;anemones;sweet peas;dahlias;gladioli;cornflowers;"
        "snapdragons;tulips;lilac"
    ).split(";"),
    "drink": (
        "ginger beer;oat milk cortados;mint tea;dry cider;elderflower cordial;hot chocolate;tomato juice;rooibos;"
        "Belgian ale;kombucha;Earl Grey;alcohol-free lager;espresso martinis;mango lassi"
    ).split(";"),
    "gift": (
        "jigsaw puzzles;hand-thrown pottery;crime novels;scented candles;woollen socks;dark chocolate;model trains;"
        "gardening books;fancy notebooks;board games;kitchen knives;star maps;linocut prints;silk scarves"
    ).split(";"),
    "outing": (
        "botanical gardens;railway museums;sculpture parks;car boot sales;boat trips;castle ruins;aquariums;"
        "farmers' markets;bird reserves;comedy nights;planetariums;antique fairs;open-air theatre;cheese tastings"
    ).split(";"),
    "surname": (
        "Okonkwo Lindqvist Fairweather Castellano Brannigan Hathersage Nakamura Pemberton Szymanski Abernathy Delacroix "
        "Thistlewood Varga Moncrieff Oyelaran Kirkbride Ashdown Rasmussen Quennell Bellweather Tregenza Hollis "
        "Vandermeer Macallister Ferreira Winterbourne Jankowski Strathmore Carmody Penhaligon"
    ).split(),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the user's life: `who` is a unique designation such as "my sister"."""

    name: str
    who: str
    woman: bool

    @property
    def full(self) -> str:
        """For example "my sister Ines"."""
        return f"{self.who} {self.name}"

    @property
    def words(self) -> dict[str, str]:
        """What templates may use: {name} {who} {they} {them} {their}."""
        they, them, their = ("she", "her", "her") if self.woman else ("he", "him", "his")
        return {"name": self.name, "who": self.who, "they": they, "them": them, "their": their}


class World:
    """One user's world: people and pools of values still to give out."""

    def __init__(self, rng: Random) -> None:
        """Draw the order in which names, relations and values are used."""
        self._rng = rng
        self._names = {"f": shuffled(rng, WOMEN), "m": shuffled(rng, MEN)}
        self._used: list[str] = []
        self.people = [self._person(who, gender) for who, gender in shuffled(rng, RELATIONS)[:16]]

    def _person(self, who: str, gender: str) -> Person:
        woman = gender == "f" or (gender == "x" and self._rng.random() < 0.5)
        return Person(self.name(woman), who, woman)

    def name(self, woman: bool) -> str:
        """A first name that nobody else has."""
        name = self._names["f" if woman else "m"].pop()
        self._used.append(name.lower())
        return name

    def value(self, pool: str) -> str | None:
        """An unused value of one of the pools of this module."""
        return self.draw(POOLS[pool])

    def draw(self, values: Sequence[str]) -> str | None:
        """A value at random that nobody has used and that neither contains nor is part of a used one; None if all are."""
        for value in shuffled(self._rng, values):
            low = value.lower()
            if not any(low in used or used in low for used in self._used):
                self._used.append(low)
                return value
        return None

    def amount(self) -> str:
        """A sum such as 1,480, unique per user."""
        while True:
            amount = f"{10 * between(self._rng, 21, 940):,}"
            if not any(amount in used or used in amount for used in self._used):
                self._used.append(amount)
                return amount

    def code(self) -> str:
        """A reference such as KX-4417, unique per user."""
        letters = "BCDFGHJKLMNPQRSTVWXZ"
        while True:
            first, second = (letters[between(self._rng, 0, len(letters) - 1)] for _ in range(2))
            code = f"{first}{second}-{between(self._rng, 1000, 9999)}"
            if code.lower() not in self._used:
                self._used.append(code.lower())
                return code
