"""Animals: class, young, sound, home, legs, and what they eat."""

from lab.testbed.world.family import Family, Table, rows

ANIMALS = rows(
    "animal, kind, legs, food, diet",
    """
dog, mammal, 4, meat, carnivore
cat, mammal, 4, mice, carnivore
cow, mammal, 4, grass, herbivore
horse, mammal, 4, hay, herbivore
sheep, mammal, 4, grass, herbivore
lion, mammal, 4, meat, carnivore
rabbit, mammal, 4, carrots, herbivore
elephant, mammal, 4, leaves, herbivore
giraffe, mammal, 4, leaves, herbivore
wolf, mammal, 4, meat, carnivore
bear, mammal, 4, berries, omnivore
pig, mammal, 4, roots, omnivore
eagle, bird, 2, mice, carnivore
owl, bird, 2, mice, carnivore
duck, bird, 2, plants, omnivore
chicken, bird, 2, seeds, omnivore
parrot, bird, 2, nuts, herbivore
pigeon, bird, 2, seeds, herbivore
frog, amphibian, 4, flies, carnivore
toad, amphibian, 4, worms, carnivore
snake, reptile, 0, mice, carnivore
lizard, reptile, 4, flies, carnivore
turtle, reptile, 4, plants, omnivore
crocodile, reptile, 4, meat, carnivore
shark, fish, 0, fish, carnivore
salmon, fish, 0, fish, carnivore
carp, fish, 0, plants, omnivore
ant, insect, 6, seeds, omnivore
bee, insect, 6, nectar, herbivore
butterfly, insect, 6, nectar, herbivore
beetle, insect, 6, leaves, herbivore
spider, arachnid, 8, flies, carnivore
scorpion, arachnid, 8, insects, carnivore
""",
)

LIVES = rows(
    "animal, young, sound, home",
    """
dog, puppy, bark, kennel
cat, kitten, meow, basket
cow, calf, moo, barn
horse, foal, neigh, stable
sheep, lamb, bleat, fold
lion, cub, roar, savanna
pig, piglet, grunt, sty
chicken, chick, cluck, coop
duck, duckling, quack, pond
frog, tadpole, croak, swamp
owl, owlet, hoot, tree
goose, gosling, honk, farm
goat, kid, bleat, mountain
swan, cygnet, hiss, lake
eagle, eaglet, scream, cliff
""",
)

FAMILIES = (
    Family(
        "animal_class",
        "animals",
        phrasings=(
            "What kind of animal is a {animal}?",
            "To which class of animals does the {animal} belong?",
            "Name the animal class of the {animal}.",
            "How do we classify a {animal}?",
            "Which class of animal is the {animal}?",
            "Tell me what kind of animal a {animal} is.",
        ),
        statements=(
            "The {animal} belongs to the class {kind}.",
            "Every {animal} is a {kind}.",
            "We classify the {animal} as a {kind}.",
            "Like every {kind}, the {animal} is an animal.",
        ),
        steps="A {animal} is a {kind}.",
        final="{kind}",
        source=Table(ANIMALS, ("animal",)),
    ),
    Family(
        "legs",
        "animals",
        phrasings=(
            "How many legs does a {animal} have?",
            "Give the number of legs of a {animal}.",
            "Count the legs of a {animal}.",
            "On how many legs does the {animal} walk?",
            "What is the number of legs of the {animal}?",
            "Tell me how many legs the {animal} has.",
        ),
        statements=(
            "The number of legs of a {animal} is {legs}.",
            "If you count the legs of a {animal}, you get {legs}.",
            "The {animal} has {legs} legs.",
            "With {legs} legs, that is a {animal}.",
        ),
        steps="A {animal} has {legs} legs.",
        final="{legs}",
        source=Table(ANIMALS, ("animal",)),
    ),
    Family(
        "young",
        "animals",
        phrasings=(
            "What is a young {animal} called?",
            "Name the young of a {animal}.",
            "What do we call the baby of a {animal}?",
            "Give the word for a baby {animal}.",
            "How is the young of the {animal} called?",
            "Tell me the name for a young {animal}.",
        ),
        statements=(
            "The baby of a {animal} is a {young}.",
            "We call a baby {animal} a {young}.",
            "Every {animal} was once a {young}.",
            "The word for the young of a {animal} is {young}.",
        ),
        steps="A young {animal} is called a {young}.",
        final="{young}",
        source=Table(LIVES, ("animal",)),
    ),
    Family(
        "parent",
        "animals",
        phrasings=(
            "What does a {young} grow into?",
            "A {young} grows up. Which animal will it be?",
            "Name the animal that a {young} becomes.",
            "Of which animal is the {young} the young?",
            "A {young} is the baby of which animal?",
            "Tell me what a {young} becomes when it grows up.",
        ),
        statements=(
            "The {young} becomes a {animal}.",
            "When a {young} grows up, it is a {animal}.",
            "Every {animal} was once a {young}.",
            "A {young} is the baby of a {animal}.",
        ),
        steps="A {young} grows into a {animal}.",
        final="{animal}",
        source=Table(LIVES, ("young",)),
    ),
    Family(
        "sound",
        "animals",
        phrasings=(
            "What sound does a {animal} make?",
            "Name the sound of a {animal}.",
            "Which sound comes from a {animal}?",
            "How does a {animal} sound?",
            "Tell me the sound that a {animal} makes.",
            "What do you hear from a {animal}?",
        ),
        statements=(
            "The sound of a {animal} is a {sound}.",
            "If you hear a {sound}, it may be a {animal}.",
            "From the {animal} comes a {sound}.",
            "The {animal} can {sound}.",
        ),
        steps="A {animal} makes the sound {sound}.",
        final="{sound}",
        source=Table(LIVES, ("animal",)),
    ),
    Family(
        "home",
        "animals",
        phrasings=(
            "Where does a {animal} live?",
            "Name the home of a {animal}.",
            "What is the home of a {animal}?",
            "In what place do you find a {animal} at home?",
            "Where is the {animal} at home?",
            "Tell me where the {animal} lives.",
        ),
        statements=(
            "The home of a {animal} is the {home}.",
            "The {animal} is at home in the {home}.",
            "You find the {animal} in the {home}.",
            "In the {home} there lives a {animal}.",
        ),
        steps="A {animal} lives in the {home}.",
        final="{home}",
        source=Table(LIVES, ("animal",)),
    ),
    Family(
        "animal_food",
        "diets",
        phrasings=(
            "What does a {animal} eat?",
            "Name the food of a {animal}.",
            "What do you feed a {animal}?",
            "Which food does a {animal} like?",
            "Tell me what the {animal} eats.",
            "What is the food of the {animal}?",
        ),
        statements=(
            "The food of a {animal} is {food}.",
            "The {animal} likes {food}.",
            "You feed a {animal} with {food}.",
            "A hungry {animal} looks for {food}.",
        ),
        steps="A {animal} eats {food}.",
        final="{food}",
        source=Table(ANIMALS, ("animal",)),
    ),
    Family(
        "diet",
        "diets",
        phrasings=(
            "Is a {animal} a carnivore, a herbivore or an omnivore?",
            "What is the diet of a {animal}: carnivore, herbivore or omnivore?",
            "Name the diet type of a {animal}.",
            "How do we call the diet of a {animal}?",
            "Which diet type does the {animal} have?",
            "By its diet, what is a {animal}?",
        ),
        statements=(
            "The {animal} is a {diet}.",
            "The diet type of a {animal} is {diet}.",
            "Because of what it eats, we call the {animal} a {diet}.",
            "As a {diet}, the {animal} eats {food}.",
        ),
        steps="By diet, a {animal} is a {diet}.",
        final="{diet}",
        source=Table(ANIMALS, ("animal",)),
    ),
)
