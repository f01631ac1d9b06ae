"""Foods, colours and everyday things: vegan or not, source, colour, material, use, room."""

from collections.abc import Mapping
from random import Random

from lab.testbed.world.family import Family, Fields, Rule, Table, rows

FOODS = rows(
    "food, vegan, origin",
    """
cheese, no, milk
butter, no, milk
cream, no, milk
bread, yes, flour
pasta, yes, flour
omelette, no, eggs
wine, yes, grapes
vinegar, yes, wine
honey, no, nectar
tofu, yes, soybeans
ham, no, pork
bacon, no, pork
steak, no, beef
hamburger, no, beef
jam, yes, berries
juice, yes, fruit
starch, yes, potatoes
chocolate, yes, cocoa
popcorn, yes, corn
ketchup, yes, tomatoes
""",
)

COLOURED = rows(
    "thing, colour",
    """
grass, green
snow, white
coal, black
blood, red
a lemon, yellow
a banana, yellow
a carrot, orange
milk, white
a cucumber, green
a tomato, red
a strawberry, red
a sapphire, blue
an emerald, green
a ruby, red
a raven, black
chocolate, brown
a pumpkin, orange
lavender, purple
coffee, brown
salt, white
a flamingo, pink
the sky, blue
a swan, white
a plum, purple
gold, yellow
silver, grey
ash, grey
mud, brown
""",
)

MIXES = rows(
    "one, two, mix",
    """
red, blue, purple
blue, red, purple
red, yellow, orange
yellow, red, orange
blue, yellow, green
yellow, blue, green
black, white, grey
white, black, grey
red, white, pink
white, red, pink
red, green, brown
green, red, brown
""",
)

TONES = rows(
    "colour, tone",
    """
red, warm
orange, warm
yellow, warm
pink, warm
brown, warm
blue, cool
green, cool
purple, cool
""",
)

THINGS = rows(
    "thing, material, use, room",
    """
window, glass, see outside, living room
bottle, glass, keep water, kitchen
knife, steel, cut, kitchen
spoon, steel, eat soup, kitchen
needle, steel, sew, workshop
hammer, iron, hit nails, workshop
chair, wood, sit, dining room
table, wood, eat, dining room
pencil, wood, write, office
shelf, wood, keep books, library
book, paper, read, library
newspaper, paper, read the news, living room
brick, clay, build, garden
pot, clay, grow plants, garden
sweater, wool, keep warm, bedroom
pillow, cotton, sleep, bedroom
towel, cotton, dry hands, bathroom
mirror, glass, see yourself, bathroom
boot, leather, walk, hall
tyre, rubber, drive, garage
ring, gold, marry, bedroom
candle, wax, give light, dining room
""",
)


def _pair_draw(rng: Random) -> Fields:
    one, two = rng.sample(COLOURED, 2)
    if rng.random() < 0.5:
        same = [row for row in COLOURED if row["colour"] == one["colour"] and row is not one]
        two = rng.choice(same) if same else two
    return {"one": one["thing"], "two": two["thing"]}


def _pair_solve(given: Mapping[str, str]) -> Fields | None:
    colours = {row["thing"]: row["colour"] for row in COLOURED}
    one, two = given["one"], given["two"]
    if one not in colours or two not in colours or one == two:
        return None
    verdict = "yes" if colours[one] == colours[two] else "no"
    return {"one": one, "two": two, "first": colours[one], "second": colours[two], "same": verdict}


FAMILIES = (
    Family(
        "vegan",
        "diets",
        phrasings=(
            "Can a vegan eat {food}?",
            "Is {food} vegan?",
            "Does {food} fit a vegan diet?",
            "Tell me whether {food} is good for a vegan.",
            "May a vegan eat {food}?",
            "Does a vegan eat {food}?",
        ),
        statements=(
            "For vegan guests, is {food} good? In short, {vegan}.",
            "Question of a vegan cook about {food}: the cook says {vegan}.",
            "On the vegan list, next to {food}, stands {vegan}.",
            "Vegan and {food}: {vegan}.",
        ),
        steps="For {food} the vegan rule says {vegan}.",
        final="{vegan}",
        source=Table(FOODS, ("food",)),
    ),
    Family(
        "food_origin",
        "diets",
        phrasings=(
            "What is {food} made from?",
            "Name what {food} is made from.",
            "From what do people make {food}?",
            "What do you need to make {food}?",
            "Tell me from what we make {food}.",
            "Where does {food} come from?",
        ),
        statements=(
            "People make {food} from {origin}.",
            "To make {food} you need {origin}.",
            "From {origin} comes {food}.",
            "A cook turns {origin} into {food}.",
        ),
        steps="People say that {food} is made from {origin}.",
        final="{origin}",
        source=Table(FOODS, ("food",)),
    ),
    Family(
        "colour",
        "colours",
        phrasings=(
            "What colour is {thing}?",
            "Name the colour of {thing}.",
            "Which colour does {thing} have?",
            "Tell me the colour of {thing}.",
            "What is the usual colour of {thing}?",
            "Of what colour is {thing}?",
        ),
        statements=(
            "Most people see {thing} as {colour}.",
            "If you paint {thing}, take {colour}.",
            "Something {colour} is {thing}.",
            "The usual colour for {thing} is {colour}.",
        ),
        steps="The colour of {thing} is {colour}.",
        final="{colour}",
        source=Table(COLOURED, ("thing",)),
    ),
    Family(
        "mix",
        "colours",
        phrasings=(
            "What colour do you get from {one} and {two}?",
            "Mix {one} and {two}. What colour do you get?",
            "Which colour comes out if you mix {one} with {two}?",
            "Name the mix of {one} and {two}.",
            "If I mix {one} and {two}, what colour will I see?",
            "Tell me the colour that {one} and {two} make.",
        ),
        statements=(
            "If you mix {one} with {two}, you get {mix}.",
            "The mix of {one} and {two} is {mix}.",
            "A painter mixes {one} and {two} and sees {mix}.",
            "Out of {one} and {two} comes {mix}.",
        ),
        steps="Mixing {one} and {two} makes {mix}.",
        final="{mix}",
        source=Table(MIXES, ("one", "two")),
    ),
    Family(
        "tone",
        "colours",
        phrasings=(
            "Is {colour} a warm or a cool colour?",
            "Is the colour {colour} warm or cool?",
            "Name the tone of the colour {colour}.",
            "What tone does {colour} have, warm or cool?",
            "Tell me the tone of {colour}.",
            "Does {colour} count as warm or cool?",
        ),
        statements=(
            "Painters count {colour} as {tone}.",
            "The tone of {colour} is {tone}.",
            "A room in {colour} looks {tone}.",
            "Among colours, {colour} is {tone}.",
        ),
        steps="As a colour, {colour} is {tone}.",
        final="{tone}",
        source=Table(TONES, ("colour",)),
    ),
    Family(
        "same_colour",
        "colours",
        phrasings=(
            "Do {one} and {two} have the same colour?",
            "Are {one} and {two} of the same colour?",
            "Is the colour of {one} the same as that of {two}?",
            "Compare the colours of {one} and {two}. Are they the same?",
            "Tell me whether {one} and {two} share a colour.",
            "Does {one} have the colour of {two}?",
        ),
        statements=(
            "Compare {one} ({first}) and {two} ({second}). Is it the same? The word is {same}.",
            "With {one} in {first} and {two} in {second}, is it the same colour? In short, {same}.",
            "Put {one} ({first}) beside {two} ({second}). The same colour? In short, {same}.",
        ),
        steps="The colour of {one} is {first} and the colour of {two} is {second}.",
        final="{same}",
        source=Rule(_pair_draw, _pair_solve),
    ),
    Family(
        "material",
        "things",
        phrasings=(
            "What is a {thing} made of?",
            "Name the material of a {thing}.",
            "Which material do you need for a {thing}?",
            "Of what material is a {thing}?",
            "Tell me what a {thing} is made of.",
            "What material is used in a {thing}?",
        ),
        statements=(
            "The material of a {thing} is {material}.",
            "For a {thing} you need {material}.",
            "Workers make a {thing} out of {material}.",
            "Good {material} makes a good {thing}.",
        ),
        steps="A {thing} is made of {material}.",
        final="{material}",
        source=Table(THINGS, ("thing",)),
    ),
    Family(
        "use",
        "things",
        phrasings=(
            "What do you use a {thing} for?",
            "Name the use of a {thing}.",
            "For what do people need a {thing}?",
            "What can you do with a {thing}?",
            "Tell me what a {thing} is for.",
            "Why would someone buy a {thing}?",
        ),
        statements=(
            "With a {thing} you can {use}.",
            "The use of a {thing} is to {use}.",
            "People who want to {use} need a {thing}.",
            "To {use}, take a {thing}.",
        ),
        steps="People use a {thing} to {use}.",
        final="to {use}",
        source=Table(THINGS, ("thing",)),
    ),
    Family(
        "room",
        "things",
        phrasings=(
            "In which room do you find a {thing}?",
            "Where do people keep a {thing}?",
            "Name the place for a {thing}.",
            "Where does a {thing} belong?",
            "Tell me where people put a {thing}.",
            "What is the right place for a {thing}?",
        ),
        statements=(
            "The place for a {thing} is the {room}.",
            "You find a {thing} in the {room}.",
            "In the {room} there is a {thing}.",
            "People keep the {thing} in the {room}.",
        ),
        steps="A {thing} belongs in the {room}.",
        final="{room}",
        source=Table(THINGS, ("thing",)),
    ),
)
