"""People: jobs, bodies and small talk."""

from lab.testbed.world.family import Family, Table, rows

JOBS = rows(
    "job, place, tool, task",
    """
teacher, school, chalk, teach children
doctor, hospital, stethoscope, treat the sick
baker, bakery, oven, bake bread
farmer, farm, tractor, grow food
painter, studio, brush, paint pictures
cook, restaurant, pan, cook meals
pilot, airport, plane, fly planes
judge, court, hammer, decide cases
carpenter, workshop, saw, work with wood
gardener, garden, rake, care for plants
tailor, shop, needle, make clothes
sailor, harbour, rope, sail ships
miner, mine, lamp, dig for coal
librarian, library, catalogue, lend books
barber, salon, scissors, cut hair
photographer, gallery, camera, take photos
secretary, office, keyboard, write letters
firefighter, station, hose, put out fires
""",
)
SENSES = rows(
    "action, organ",
    """
see, eyes
hear, ears
smell, nose
taste, tongue
feel, skin
breathe, lungs
think, brain
chew, teeth
walk, legs
grab, hands
""",
)
CLOTHES = rows(
    "cloth, body",
    """
hat, head
glove, hand
shoe, foot
scarf, neck
ring, finger
belt, waist
sock, foot
watch, wrist
earring, ear
mask, face
backpack, back
""",
)
GREETINGS = rows(
    "time, greeting",
    """
in the morning, good morning
in the afternoon, good afternoon
in the evening, good evening
before sleep, good night
when you leave, goodbye
when you meet, hello
""",
)
OCCASIONS = rows(
    "occasion, wish",
    """
a birthday, happy birthday
a wedding, congratulations
an exam, good luck
a meal, enjoy your meal
a journey, have a good trip
a sneeze, bless you
an illness, get well soon
a toast, cheers
a new year, happy new year
a mistake of yours, sorry
a gift for you, thank you
""",
)
FAMILIES = (
    Family(
        "workplace",
        "jobs",
        phrasings=(
            "Where does a {job} work?",
            "Name the place where a {job} works.",
            "In which place do you meet a {job} at work?",
            "What is the place of work of a {job}?",
            "Tell me where the {job} works.",
            "Where would you look for a {job}?",
        ),
        statements=(
            "You meet a {job} at work in the {place}.",
            "The place of work of a {job} is the {place}.",
            "In the {place} you find a {job}.",
            "Look for the {job} in the {place}.",
        ),
        steps="A {job} works in the {place}.",
        final="{place}",
        source=Table(JOBS, ("job",)),
    ),
    Family(
        "job_tool",
        "jobs",
        phrasings=(
            "Which tool does a {job} use?",
            "Name a tool of a {job}.",
            "What does a {job} need for work?",
            "With what does a {job} work?",
            "Tell me which tool a {job} needs.",
            "What is in the hands of a {job} at work?",
        ),
        statements=(
            "The tool of a {job} is the {tool}.",
            "The {job} needs the {tool} for work.",
            "A good {job} takes care of the {tool}.",
            "At work the {job} holds the {tool}.",
        ),
        steps="A {job} works with the {tool}.",
        final="{tool}",
        source=Table(JOBS, ("job",)),
    ),
    Family(
        "job_task",
        "jobs",
        phrasings=(
            "What does a {job} do?",
            "Name the task of a {job}.",
            "What is the work of a {job}?",
            "Say what a {job} does all day.",
            "Tell me the task of the {job}.",
            "What do people pay a {job} for?",
        ),
        statements=(
            "The task of a {job} is to {task}.",
            "If you like to {task}, become a {job}.",
            "All day the {job} has to {task}.",
            "People pay the {job} to {task}.",
        ),
        steps="The work of a {job} is to {task}.",
        final="to {task}",
        source=Table(JOBS, ("job",)),
    ),
    Family(
        "who_does",
        "jobs",
        phrasings=(
            "Who has to {task}?",
            "Name the job of people who {task}.",
            "Which person do you need to {task}?",
            "What is the job of someone paid to {task}?",
            "Tell me who will {task}.",
            "Whose job is it to {task}?",
        ),
        statements=(
            "The task of a {job} is to {task}.",
            "People who {task} have the job of a {job}.",
            "To {task}, call a {job}.",
            "All day the {job} has to {task}.",
        ),
        steps="It is the job of a {job} to {task}.",
        final="{job}",
        source=Table(JOBS, ("task",)),
    ),
    Family(
        "organ",
        "body",
        phrasings=(
            "With what do we {action}?",
            "Which part of the body do we need to {action}?",
            "Name the part of the body that lets us {action}.",
            "What do people use to {action}?",
            "Tell me the part of the body used to {action}.",
            "What in our body helps us to {action}?",
        ),
        statements=(
            "The {organ} let us {action}.",
            "To {action}, the body needs its {organ}.",
            "Without {organ} nobody can {action}.",
        ),
        steps="We {action} with the {organ}.",
        final="{organ}",
        source=Table(SENSES, ("action",)),
    ),
    Family(
        "wear",
        "body",
        phrasings=(
            "Where on the body do you wear a {cloth}?",
            "On which part of the body goes a {cloth}?",
            "Name the part of the body for a {cloth}.",
            "What part of the body does a {cloth} cover?",
            "Tell me where people wear a {cloth}.",
            "Where do you put on a {cloth}?",
        ),
        statements=(
            "A {cloth} goes on the {body}.",
            "The {cloth} covers the {body}.",
            "On the {body} people wear a {cloth}.",
            "For the {body} you buy a {cloth}.",
        ),
        steps="You wear a {cloth} on the {body}.",
        final="{body}",
        source=Table(CLOTHES, ("cloth",)),
    ),
    Family(
        "greeting",
        "dialogue",
        phrasings=(
            "How do you greet someone {time}?",
            "What do polite people say {time}?",
            "Name a greeting to use {time}.",
            "Which greeting is right {time}?",
            "Tell me what to say to someone {time}.",
            "What are the right words {time}?",
        ),
        statements=(
            "Polite people use the words {greeting} {time}.",
            "The greeting {greeting} is used {time}.",
            "They greet each other with {greeting} {time}.",
        ),
        steps="People say {greeting} {time}.",
        final="{greeting}",
        source=Table(GREETINGS, ("time",)),
    ),
    Family(
        "wish",
        "dialogue",
        phrasings=(
            "What do you say at {occasion}?",
            "Name the right words for {occasion}.",
            "Which words do polite people use for {occasion}?",
            "What should I say because of {occasion}?",
            "Tell me what to say at {occasion}.",
            "There is {occasion}. What are the polite words?",
        ),
        statements=(
            "The polite words at {occasion} are {wish}.",
            "Because of {occasion} people say {wish}.",
            "They use the words {wish} when there is {occasion}.",
        ),
        steps="For {occasion} you say {wish}.",
        final="{wish}",
        source=Table(OCCASIONS, ("occasion",)),
    ),
)
