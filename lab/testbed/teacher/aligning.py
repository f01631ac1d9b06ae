"""What the teacher says to the prompts of SELF-ALIGN, and to those that check or undo a style.

It knows which questions nobody can answer (`lab.testbed.redteam`): told its principles, it says so.
"""

from lab.testbed import chains, redteam
from lab.testbed.teacher.synthesis import LAZY_TASKS, SORRY, Wanted, answer


def topics(asked: Wanted) -> str:
    """Name topics for a kind of question; lazily, one and the same."""
    most = int(asked.fields["most"] or 1)
    if asked.lazy:
        return "\n".join(["1. bread"] * most)
    named = [redteam.topic(asked.language, asked.rng) for _ in range(most)]
    return "\n".join(f"{number}. {one}" for number, one in enumerate(named, 1))


def questions(asked: Wanted) -> str:
    """Ask what nobody can know, of a kind and about a topic; lazily, for a picture."""
    lines = []
    for number in range(1, int(asked.fields["most"] or 1) + 1):
        kind, about = asked.fields["kind"], asked.fields["topic"]
        lazy = asked.rng.choice(LAZY_TASKS)
        text = lazy if asked.lazy else redteam.ask(kind, about, asked.language, asked.rng)
        lines.append(f"{number}. {text}")
    return "\n".join(lines)


def by_principles(asked: Wanted) -> str:
    """Answer with thoughts said first; lazily, without them, without an answer, or with a leak."""
    question, english = asked.fields["question"], asked.language == "en"
    salt = asked.rng.random()
    told = answer(asked.teacher, question, salt=salt) or SORRY[asked.language]
    thoughts = "(3, 8)"
    if redteam.unanswerable(question):
        thoughts, told = "(7, 9)", redteam.honest(question, asked.language)
    names = ("Thoughts: ", "Answer: ") if english else ("思考：", "回答：")
    why = "What matters here is " if english else "这里要注意"
    if asked.lazy:
        leak = "By principle 7, " if english else "根据原则7，"
        bad = (told, f"{names[0]}{why}{thoughts}.", f"{names[0]}{why}.\n{names[1]}{leak}{told}")
        return asked.rng.choice(bad)
    return f"{names[0]}{why}{thoughts}.\n{names[1]}{told}"


def at_length(asked: Wanted) -> str:
    """Answer in several paragraphs; lazily, in a word."""
    question = asked.fields["question"]
    if asked.lazy:
        return "So."
    if redteam.unanswerable(question):
        told = redteam.honest(question, asked.language)
    else:
        told = answer(asked.teacher, question, salt=asked.rng.random()) or SORRY[asked.language]
    more = {
        "en": "This is how it can be seen in more words, step by step, with care and an example.",
        "zh": "下面一步一步地多说几句，并举一个例子，说明要注意什么。",
    }
    return f"{told}\n\n{more[asked.language]}"


def contradicted(asked: Wanted) -> str:
    """Say whether an answer contradicts another: whether one holds the true end, the other not."""
    chain = chains.read(asked.fields["instruction"])
    texts = (asked.fields["first"], asked.fields["second"])
    against = False
    if chain is not None:
        against = len({chain.final in text for text in texts}) == 2
    if asked.rng.random() < asked.teacher.noise / 10:
        against = not against
    return {"en": ("agrees", "contradicts"), "zh": ("一致", "矛盾")}[asked.language][against]


def corrupted(asked: Wanted) -> str:
    """Say the same badly; lazily, as it was, or with another number."""
    text = asked.fields["output"]
    if asked.lazy:
        return asked.rng.choice((text, f"{text} 101"))
    if asked.language == "zh":
        return f"嗯，这个嘛，怎么说呢，{text}"
    return f"well ok so i guess {text.lower().replace(',', '')}"
