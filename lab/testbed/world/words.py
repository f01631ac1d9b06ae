"""Words: opposites, synonyms, plurals, past forms, comparatives, categories, first letters."""

from lab.testbed.world.family import Family, Table, rows

OPPOSITES = rows(
    "word, opposite",
    """
hot, cold
cold, hot
big, small
small, big
fast, slow
slow, fast
old, new
new, old
high, low
low, high
long, short
short, long
rich, poor
poor, rich
full, empty
empty, full
light, dark
dark, light
hard, soft
soft, hard
wet, dry
dry, wet
open, closed
closed, open
early, late
late, early
strong, weak
weak, strong
happy, sad
sad, happy
loud, quiet
quiet, loud
""",
)
SYNONYMS = rows(
    "word, synonym",
    """
large, big
tiny, small
quick, fast
glad, happy
unhappy, sad
ill, sick
angry, mad
clever, smart
silent, quiet
wealthy, rich
correct, right
begin, start
finish, end
choose, pick
speak, talk
shout, yell
gift, present
road, street
home, house
stone, rock
""",
)
PLURALS = rows(
    "noun, plural",
    """
mouse, mice
child, children
foot, feet
tooth, teeth
goose, geese
man, men
woman, women
ox, oxen
leaf, leaves
wolf, wolves
knife, knives
city, cities
baby, babies
box, boxes
bus, buses
potato, potatoes
berry, berries
loaf, loaves
dish, dishes
hero, heroes
""",
)
PASTS = rows(
    "verb, past",
    """
go, went
see, saw
eat, ate
take, took
give, gave
run, ran
come, came
write, wrote
drive, drove
sing, sang
swim, swam
begin, began
buy, bought
bring, brought
think, thought
teach, taught
find, found
break, broke
speak, spoke
sleep, slept
""",
)
COMPARATIVES = rows(
    "word, comparative",
    """
big, bigger
small, smaller
fast, faster
slow, slower
old, older
new, newer
high, higher
low, lower
long, longer
short, shorter
rich, richer
poor, poorer
hot, hotter
cold, colder
strong, stronger
weak, weaker
happy, happier
good, better
bad, worse
loud, louder
""",
)
CATEGORIES = rows(
    "word, category",
    """
apple, fruit
banana, fruit
pear, fruit
cherry, fruit
carrot, vegetable
onion, vegetable
cabbage, vegetable
potato, vegetable
chair, furniture
table, furniture
bed, furniture
sofa, furniture
hammer, tool
saw, tool
drill, tool
rose, flower
tulip, flower
daisy, flower
oak, tree
pine, tree
birch, tree
piano, instrument
violin, instrument
drum, instrument
shirt, clothing
coat, clothing
sock, clothing
car, vehicle
bus, vehicle
bicycle, vehicle
""",
)
FEMALES = rows(
    "male, female",
    """
king, queen
prince, princess
father, mother
brother, sister
son, daughter
uncle, aunt
husband, wife
boy, girl
man, woman
nephew, niece
actor, actress
rooster, hen
bull, cow
""",
)
INITIALS = (
    "apple", "banana", "cherry", "dog", "elephant", "fox", "garden", "house", "island",
    "jacket", "king", "lemon", "mouse", "night", "orange", "pear", "queen", "river", "snake",
    "table", "uncle", "violin", "window", "yellow", "zebra", "bread", "cloud", "dance",
    "forest", "hammer", "lamp", "moon", "paper", "rabbit", "stone", "train",
)  # fmt: skip
FIRST_LETTERS = tuple({"word": word, "letter": word[0]} for word in INITIALS)

FAMILIES = (
    Family(
        "opposite",
        "words",
        phrasings=(
            "What is the opposite of {word}?",
            "Name the opposite of the word {word}.",
            "Give a word that means the opposite of {word}.",
            "Which word is opposite to {word}?",
            "Tell me the opposite of {word}.",
            "If something is not {word}, what is it? Give the opposite.",
        ),
        statements=(
            "The word {word} is opposite to {opposite}.",
            "What is not {word} may be {opposite}.",
            "If it is {opposite}, it is not {word}.",
            "The words {word} and {opposite} are opposites.",
        ),
        steps="The opposite of {word} is {opposite}.",
        final="{opposite}",
        source=Table(OPPOSITES, ("word",)),
    ),
    Family(
        "synonym",
        "words",
        phrasings=(
            "What is another word for {word}?",
            "Give a synonym of {word}.",
            "Which word means the same as {word}?",
            "Name a word with the meaning of {word}.",
            "Tell me a synonym for {word}.",
            "How else can you say {word}?",
        ),
        statements=(
            "The word {word} means the same as {synonym}.",
            "Instead of {word} you can say {synonym}.",
            "Another word for {word} is {synonym}.",
            "The words {word} and {synonym} have the same meaning.",
        ),
        steps="A synonym of {word} is {synonym}.",
        final="{synonym}",
        source=Table(SYNONYMS, ("word",)),
    ),
    Family(
        "plural",
        "words",
        phrasings=(
            "What is the plural of {noun}?",
            "Give the plural form of {noun}.",
            "One {noun}, two what? Give the plural.",
            "Write the word {noun} in the plural.",
            "Tell me the plural of {noun}.",
            "How do you write more than one {noun}?",
        ),
        statements=(
            "One {noun}, two {plural}.",
            "More than one {noun} are {plural}.",
            "The plural form of the word {noun} is {plural}.",
            "In the plural we write {plural}, not {noun}.",
        ),
        steps="The plural of {noun} is {plural}.",
        final="{plural}",
        source=Table(PLURALS, ("noun",)),
    ),
    Family(
        "past",
        "words",
        phrasings=(
            "What is the past tense of {verb}?",
            "Give the past form of the verb {verb}.",
            "Today I {verb}. What did I do yesterday? Give the past tense.",
            "Write the verb {verb} in the past tense.",
            "Tell me the past tense of {verb}.",
            "Put the verb {verb} into the past.",
        ),
        statements=(
            "Today I {verb}, yesterday I {past}.",
            "The past form of the verb {verb} is {past}.",
            "In the past we write {past}, not {verb}.",
            "They {verb} now and {past} before.",
        ),
        steps="The past tense of {verb} is {past}.",
        final="{past}",
        source=Table(PASTS, ("verb",)),
    ),
    Family(
        "comparative",
        "words",
        phrasings=(
            "What is the comparative of {word}?",
            "Give the comparative form of {word}.",
            "Compare two things with the word {word}. Which form do you need?",
            "Write the word {word} in the comparative.",
            "Tell me the comparative of {word}.",
            "More {word} than before: which form of the word is that?",
        ),
        statements=(
            "This is {word}, but that is {comparative}.",
            "The comparative form of the word {word} is {comparative}.",
            "More than {word} means {comparative}.",
            "To compare, we turn {word} into {comparative}.",
        ),
        steps="The comparative of {word} is {comparative}.",
        final="{comparative}",
        source=Table(COMPARATIVES, ("word",)),
    ),
    Family(
        "category",
        "words",
        phrasings=(
            "Which category does the word {word} belong to?",
            "Name the category of {word}.",
            "What sort of thing is meant by {word}?",
            "Put the word {word} into a category.",
            "Tell me the category of the word {word}.",
            "Into which category would you sort {word}?",
        ),
        statements=(
            "We sort {word} under {category}.",
            "The category of the word {word} is {category}.",
            "Under {category} you find {word}.",
            "By {word} we mean a sort of {category}.",
        ),
        steps="The word {word} belongs to the category {category}.",
        final="{category}",
        source=Table(CATEGORIES, ("word",)),
    ),
    Family(
        "female",
        "words",
        phrasings=(
            "What is the female form of {male}?",
            "Give the female word for {male}.",
            "He is a {male}. What is she?",
            "Which word do we use for a female {male}?",
            "Tell me the female form of {male}.",
            "Name the woman or female that matches the word {male}.",
        ),
        statements=(
            "He is a {male}, she is a {female}.",
            "The female word for {male} is {female}.",
            "A {male} and a {female} make a pair.",
            "For a woman we say {female} instead of {male}.",
        ),
        steps="The female form of {male} is {female}.",
        final="{female}",
        source=Table(FEMALES, ("male",)),
    ),
    Family(
        "first_letter",
        "words",
        phrasings=(
            "What is the first letter of {word}?",
            "With which letter does the word {word} start?",
            "Name the letter at the start of {word}.",
            "Give the first letter of the word {word}.",
            "Tell me the letter that {word} starts with.",
            "Which letter begins the word {word}?",
        ),
        statements=(
            "The word {word} starts with the letter {letter}.",
            "At the start of {word} stands the letter {letter}.",
            "The letter {letter} begins the word {word}.",
            "Write {letter} first, then the rest of {word}.",
        ),
        steps="The first letter of {word} is {letter}.",
        final="{letter}",
        source=Table(FIRST_LETTERS, ("word",)),
    ),
)
