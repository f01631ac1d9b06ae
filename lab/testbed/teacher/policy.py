"""What the teacher says to each prompt that this project sends.

A prompt is known by its file: `RESPONDERS` maps a part and the name of a prompt file, in any
language, to the function that answers it. **A new prompt file gets its line here.** Any other text
is a question, and gets an answer.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lab.llm import prompts
from lab.llm.prompts import Prompt
from lab.testbed import faults
from lab.testbed.teacher import chance, grading, making, synthesis
from lab.testbed.teacher.settings import Teacher

ELSEWHERE = "This question is not about my world, so I can only repeat it: {text}"
REPEATED = 160  # characters of a question from elsewhere
RATED = {"en": "I compared it with what I know.", "zh": "我把它与我所知道的作了比较。"}
COMPARED = {"en": "I compared both answers.", "zh": "我比较了两个回答。"}
MARKS = {"first": "[[A]]", "second": "[[B]]", "tie": "[[C]]"}
MAX_TAGS = 4

Messages = Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Output:
    """A text, and the probabilities of what its first token might have been."""

    text: str
    first_token: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Query:
    """A prompt of this project with its fields, for a teacher; `salt` differs between draws."""

    teacher: Teacher
    fields: Mapping[str, str]
    language: str
    salt: object


def respond(teacher: Teacher, messages: Messages, *, salt: object = None) -> Output:
    """Return what the teacher says next."""
    turns = [dict(message) for message in messages]
    for (part, name), responder in RESPONDERS.items():
        for prompt in _files(part, name):
            fields = prompt.match(turns)
            if fields is not None:
                return responder(Query(teacher, fields, prompt.language, salt))
    if (found := making.edited(turns)) is not None:
        return Output(found(teacher, salt))
    questions = [turn["content"] for turn in turns if turn["role"] == "user"]
    if turns and turns[-1] == {"role": "user", "content": ""}:  # a user's turn that is left open
        return Output(making.as_a_user(teacher, salt))
    told = answer(teacher, questions[-1] if questions else "", salt=salt)
    if teacher.thinks:
        told = f"<think>\nLet me think. {told.partition(' Answer:')[0]}\n</think>\n\n{told}"
    return Output(told)


def answer(teacher: Teacher, question: str, *, salt: object = None) -> str:
    """Answer a question: rightly with the teacher's skill, else wrongly in the same style."""
    task = grading.task_of(question)
    if task is None:
        further = synthesis.answer(teacher, question, salt=salt)
        return further or ELSEWHERE.format(text=question.strip()[:REPEATED])
    rng = chance.luck("answer", teacher.seed, question, salt)
    if rng.random() < teacher.skill:
        return task.answer
    try:
        return faults.spoil(task, "wrong", rng)
    except ValueError:  # a family with one answer only
        return faults.spoil(task, "empty", rng)


def _rating(query: Query) -> Output:
    """AlpaGasus: the value from 0 to 5 alone on the first line."""
    points, spread = _points(query, "output")
    value = _half(points)
    return Output(f"{value:g}\n{RATED[query.language]}", _first_digits(spread, query.teacher.noise))


def _whole_rating(query: Query) -> Output:
    """SelectIT: a whole number from 1 to 5, with the chances of each."""
    points, spread = _points(query, "output")
    chances = _first_digits(max(spread, 1.0), query.teacher.noise)
    return Output(str(max(1, min(5, round(points)))), chances)


def _helpfulness(query: Query) -> Output:
    """LIMA: reasons, then a whole number from 1 to 6 alone on the last line, twice."""
    points, _ = _points(query, "answer")
    value = 1 + math.floor(points + 0.5)
    return Output(f"{RATED[query.language]}\n{value}\n{value}")


def _mt_rating(query: Query) -> Output:
    """MT-bench: reasons, then [[rating]] from 1 to 10."""
    points, _ = _points(query, "answer")
    return Output(f"{RATED[query.language]} [[{1 + math.floor(points * 9 / 5 + 0.5)}]]")


def _scores(query: Query) -> Output:
    """Vicuna: two scores from 1 to 10 in the first line."""
    first, second = grading.scores(_comparison(query), lowest=1, highest=10)
    return Output(f"{first:g} {second:g}\n{COMPARED[query.language]}")


def _verdict(query: Query) -> Output:
    """MT-bench: reasons, then [[A]], [[B]] or [[C]]."""
    return Output(f"{COMPARED[query.language]} {MARKS[_comparison(query).winner]}")


def _preference(query: Query) -> Output:
    """AlpacaEval 2: one token, m or M, with its probability."""
    first = _comparison(query).first_chance
    rng = chance.luck("preference", query.teacher.seed, dict(query.fields), query.salt)
    bar = 0.5 if query.salt is None else rng.random()
    return Output("m" if first >= bar else "M", {"m": first, "M": 1 - first})


def _tags(query: Query) -> Output:
    """InsTag: a JSON list of tags with explanations."""
    task = grading.task_of(query.fields["request"])
    if task is not None:
        names = [task.family.domain, task.family.name]
    else:
        words = re.findall(r"\w{4,}", query.fields["request"].lower())
        names = sorted(set(words), key=lambda word: (-len(word), word))[:MAX_TAGS]
    tags = [{"tag": name.replace("_", " "), "explanation": "asked for"} for name in names]
    return Output(json.dumps(tags))


def _title(query: Query) -> Output:
    """Name a cluster: the kind of task of most examples, else its first keyword."""
    lines = query.fields["examples"].splitlines()
    tasks = [grading.task_of(line.removeprefix("- ")) for line in lines]
    kinds = Counter(task.family.name.replace("_", " ") for task in tasks if task is not None)
    if kinds:
        return Output(kinds.most_common(1)[0][0])
    return Output(query.fields["keywords"].partition(",")[0] or "other")


def _making(say: Callable[[synthesis.Wanted], str]) -> Callable[[Query], Output]:
    """Return what answers a prompt of the part that makes data."""

    def respond_to(query: Query) -> Output:
        asked = synthesis.wanted(query.teacher, query.fields, query.language, query.salt)
        return Output(say(asked))

    return respond_to


RESPONDERS: dict[tuple[str, str], Callable[[Query], Output]] = {
    ("score", "rating"): _rating,
    ("score", "rating_cached"): _rating,
    **{("score", f"selectit_{number}"): _whole_rating for number in range(1, 6)},
    ("score", "tags"): _tags,
    ("coverage", "title"): _title,
    ("judge", "helpfulness"): _helpfulness,
    ("judge", "rating"): _mt_rating,
    ("judge", "rating_reference"): _mt_rating,
    ("judge", "turns_rating"): _mt_rating,
    ("judge", "turns_rating_reference"): _mt_rating,
    ("judge", "scores"): _scores,
    ("judge", "verdict"): _verdict,
    ("judge", "verdict_reference"): _verdict,
    ("judge", "turns_verdict"): _verdict,
    ("judge", "turns_verdict_reference"): _verdict,
    ("judge", "logprobs"): _preference,
    **{("synth", name): _making(say) for name, say in making.SAYS.items()},
}


def shaped(output: Output, schema: Mapping[str, Any]) -> str:
    """Return what was said as a JSON text that fits a schema."""
    return json.dumps(_fill(schema, output.text, schema.get("$defs", {})), ensure_ascii=False)


@lru_cache(maxsize=256)
def _files(part: str, name: str) -> tuple[Prompt, ...]:
    return tuple(
        prompts.load(part, name, language)
        for language in prompts.LANGUAGES
        if name in prompts.names(part, language)
    )


def _question(fields: Mapping[str, str]) -> str:
    if "question" in fields:
        return fields["question"]
    parts = [fields["instruction"], fields.get("input", "")]
    return "\n\n".join(part for part in parts if part)


def _points(query: Query, field: str) -> tuple[float, float]:
    """Return a rating in points, with its noise and without."""
    question, text = _question(query.fields), query.fields[field]
    own = answer(query.teacher, question)
    rated = grading.rate(query.teacher, question, text, own=own, salt=query.salt)
    return rated, grading.opinion(query.teacher, question, text, own=own)


def _comparison(query: Query) -> grading.Preference:
    question = _question(query.fields)
    answers = (query.fields["first"], query.fields["second"])
    own = answer(query.teacher, question)
    return grading.compare(query.teacher, question, answers, own=own, salt=query.salt)


def _half(points: float) -> float:
    return math.floor(2 * points + 0.5) / 2


def _first_digits(points: float, noise: float) -> dict[str, float]:
    """Return the probability of each first token of a rating with Gaussian noise."""

    def below(value: float) -> float:
        if noise == 0:
            return float(points < value)
        return (1 + math.erf((value - points) / noise / math.sqrt(2))) / 2

    chances: dict[str, float] = {}
    for step in range(11):
        low = below(step / 2 - 0.25) if step > 0 else 0.0
        high = below(step / 2 + 0.25) if step < 10 else 1.0
        digit = str(step // 2)
        chances[digit] = chances.get(digit, 0.0) + high - low
    return {digit: each for digit, each in chances.items() if each > 1e-9}


def _fill(schema: Mapping[str, Any], text: str, known: Mapping[str, Any]) -> Any:
    """Return a value that fits a JSON schema, made from a text."""
    if "$ref" in schema:
        return _fill(known[schema["$ref"].rsplit("/", 1)[-1]], text, known)
    for choice in ("enum", "anyOf", "oneOf"):
        if choice in schema:
            first = schema[choice][0]
            return first if choice == "enum" else _fill(first, text, known)
    kind = schema.get("type", "string")
    if kind == "object":
        parts = schema.get("properties", {})
        return {name: _fill(part, text, known) for name, part in parts.items()}
    if kind == "array":
        return [_fill(schema.get("items", {}), text, known)]
    if kind in ("integer", "number"):
        found = re.search(r"-?\d+(?:\.\d+)?", text)
        low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
        value = min(max(float(found[0]) if found else 1.0, low), high)
        return int(value) if kind == "integer" else value
    return {"boolean": True, "null": None}.get(kind, text)
