"""SELF-ALIGN: answers by principles, to prompts that were made to need them, from a bare model.

A model brainstorms topics for kinds of questions that a text model gets wrong, and asks about them
(topic-guided red-teaming). It answers these and the prompts of a pool with sixteen principles
before its eyes and its thoughts said first; the thoughts are stripped. Tuning a model on what is
kept (`tune.sft(made.examples, recipe, folder)`) engraves the principles: it needs them no longer.
The engraved model may then answer anew, at length (verbose cloning).

Source: Sun et al. 2023, arXiv:2305.03047. Principles, kinds and examples are in our own words.
"""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pandas as pd

from lab import filters, records
from lab.llm import Client
from lab.synth import layouts
from lab.synth.desk import Candidate, Desk, Sampling
from lab.synth.said import CUT
from lab.synth.self_instruct import tokens
from lab.synth.terms import Accept, Synthesised, Terms, check_pool, rows_of

GROUP = 16
TOPICS, QUESTIONS = 10, 3  # asked for in one call
DRAWN = Sampling(temperature=1.0, top_p=0.95, max_tokens=512)
ANSWERED = Sampling(temperature=0.7, top_p=0.9, max_tokens=1024)
AT_LENGTH = Sampling(temperature=0.7, top_p=0.9, max_tokens=2048)
MARK = r"^[\s#>*_]*(?:{names})[\s*_]*[:\uff1a][\s*_]*"
THOUGHT = "(?:internal |my )?thoughts?|思考|内心思考|想法"
THOUGHTS = re.compile(
    MARK.format(names="(?:internal |my )?thoughts?|思考|内心思考|想法"),
    re.IGNORECASE | re.MULTILINE,
)
ANSWER = re.compile(MARK.format(names="(?:final )?answer|回答"), re.IGNORECASE | re.MULTILINE)
NEXT = re.compile(
    MARK.format(names=f"{THOUGHT}|user|question|用户|问题"),
    re.IGNORECASE | re.MULTILINE,
)
LEAKED = re.compile(
    r"\b(?:principles?|rules?)\s*(?:no\.?\s*|number\s*)?\(?\d|\b(?:internal|my) thoughts\b|"
    r"原则\s*[(\uff08]?\d|第\s*\d+\s*条原则|内心思考|"
    r"[(\uff08](?:1[0-6]|[1-9])[)\uff09]\s*[.\u3002]?\s*$",  # as thoughts name them
    re.IGNORECASE | re.MULTILINE,
)
NAMED = re.compile(r"[(\uff08]([^()\uff08\uff09]*)[)\uff09]")
NUMBER = re.compile(r"(?<!\d)(1[0-6]|[1-9])(?!\d)")


@dataclass(frozen=True)
class Kind:
    """A kind of question that a text model gets wrong: what such questions ask for."""

    name: str
    en: str
    zh: str

    def told(self, language: str) -> str:
        """Return what questions of this kind ask for, in a language."""
        return self.zh if language == "zh" else self.en


KINDS = (
    Kind("future", "what will happen in the future", "询问将来会发生什么"),
    Kind("live data", "how things stand at this moment", "询问此刻的实时情况"),
    Kind("action", "something to be done in the world", "要求在现实中做某件事"),
    Kind("senses", "what something looks, sounds or smells like here", "询问此处看到或闻到什么"),
    Kind("own life", "the model's own life, body or feelings", "询问模型自己的生活、身体或感受"),
    Kind("private", "private facts about a person", "询问某人的隐私"),
    Kind("harm", "help with something harmful or illegal", "请求协助有害或违法之事"),
    Kind("false premise", "an explanation of something that is not true", "要求解释并不属实的事"),
    Kind("nonsense", "an answer to what makes no sense", "问法本身没有意义"),
    Kind("disputed", "a verdict on a disputed question", "要求对有争议的问题下结论"),
    Kind("dilemma", "a choice between two evils", "要求在两难之间选择"),
    Kind("exact numbers", "exact numbers that hardly anybody knows", "询问几乎没人知道的精确数字"),
    Kind("many steps", "a sum or deduction in many steps", "需要许多步计算或推理"),
    Kind("ambiguous", "something that can be read in several ways", "可以有多种读法"),
    Kind(
        "advice",
        "medical, legal or financial advice in one case",
        "就具体个案寻求医疗、法律或理财建议",
    ),
    Kind("news", "events of the last weeks", "询问最近几周的事件"),
    Kind("obscure", "details of something hardly known", "询问鲜为人知之事的细节"),
    Kind("made up", "facts about a thing that does not exist", "询问并不存在的事物"),
    Kind("counterfactual", "what would be if history had gone otherwise", "假设历史走向不同会怎样"),
    Kind("other media", "a picture, a sound or a film", "要求提供图片、声音或影片"),
)


def self_align(
    pool: pd.DataFrame,
    client: Client,
    *,
    keep: int,
    accept: Accept | None = None,
    terms: Terms | None = None,
    kinds: Sequence[Kind] = KINDS,
    clone: Client | None = None,
) -> Synthesised:
    """Make `keep` examples answered by principles: prompts of a pool, and red-team questions.

    Half of each group of prompts is taken from the pool, in its order, until it is used up; the
    others are made. Answers without thoughts, without an answer after them, or in which the
    principles are still spoken of are rejected.

    Source: Sun et al. 2023, arXiv:2305.03047.
    Cost: a call for each answer; one for three questions; one for ten topics; with `clone`, one
    more for each answer.

    Parameters
    ----------
    pool : DataFrame
        Prompts; outputs are not looked at.
    client, keep, accept, terms
        As for `self_instruct`.
    kinds : sequence of Kind
        What the red-team questions ask for; none means that only the pool is answered.
    clone : Client, optional
        The engraved model; it answers each kept prompt again, at length (verbose cloning), and
        that answer is kept.

    Returns
    -------
    Synthesised
        Examples with `kind` and `topic` ("" for prompts of the pool), `thoughts` (stripped from
        the output) and `principles` (their numbers, as in "7, 9").

    Examples
    --------
    >>> from lab import testbed
    >>> made = self_align(testbed.pool(4), testbed.client(store=":memory:"), keep=6)
    >>> int((made.examples["kind"] != "").sum()), "Thoughts" in made.examples["output"].sum()
    (2, False)
    """
    check_pool(pool, "pool")
    terms = terms or Terms()
    own = {"kinds": [one.name for one in kinds], "clone": clone.model if clone else None}
    desk = Desk(
        "self_align",
        client,
        keep=keep,
        accept=accept,
        terms=terms,
        own=own,
        inputs=[pool],
        copies_allowed=True,
    )
    known = filters.Growing(pool["instruction"].tolist(), tokenize=tokens(terms.language))
    given = deque(
        {name: row[name] for name in ("history", "instruction", "input")}
        | {"parent": row["id"], "kind": "", "topic": ""}
        for row in rows_of(pool)
    )
    made = _questions(desk, kinds, known)
    with desk.open():
        while given or kinds:
            size = max(desk.group(min(GROUP, 2 * desk.left)), 2)
            part = [given.popleft() for _ in range(min(size // 2, len(given)))]
            _answer(desk, [*part, *islice(made, size - len(part) if kinds else 0)], clone)
    return desk.result()


def split(text: str) -> tuple[str, str, str]:
    r"""Return the thoughts of a reply, its answer without them, and what is wrong ("" if nothing).

    Examples
    --------
    >>> split("Thoughts: I cannot see this (9).\nAnswer: I do not know.")
    ('I cannot see this (9).', 'I do not know.', '')
    """
    start, answer = THOUGHTS.search(text), ANSWER.search(text)
    if answer is None:
        return "", "", "no answer after the thoughts"
    if start is None or start.start() > answer.start():
        return "", "", "no thoughts before the answer"
    told = text[answer.end() :]
    after = NEXT.search(told)
    told = (told[: after.start()] if after else told).strip()
    thoughts = text[start.end() : answer.start()].strip()
    if not told:
        return thoughts, "", "no answer after the thoughts"
    return thoughts, told, "speaks of the principles" if LEAKED.search(told) else ""


def _questions(
    desk: Desk, kinds: Sequence[Kind], known: filters.Growing
) -> Iterator[dict[str, Any]]:
    """Yield red-team questions, round by round, each unlike all before it."""
    seen: set[tuple[str, str]] = set()
    while kinds:
        desk.round += 1
        for part in desk.groups(_topics(desk, kinds, seen), GROUP):
            filled = [
                {"kind": kind.told(desk.terms.language), "topic": topic, "most": str(QUESTIONS)}
                for kind, topic in part
            ]
            replies = desk.ask("self_align_questions", filled, sampling=DRAWN, whole=False)
            for (kind, topic), said in zip(part, replies, strict=True):
                found = layouts.lines(said.text) if said is not None else []
                row = {"kind": kind.name, "topic": topic}
                if said is not None and said.cut and found:
                    desk.reject(CUT, said, {**row, "instruction": found.pop()})
                for text in found[:QUESTIONS]:
                    row = {**row, "instruction": text}
                    near = known.offer(text)
                    if near is None:
                        yield row
                    else:
                        desk.reject("not novel", said, row, evidence=near)


def _topics(
    desk: Desk, kinds: Sequence[Kind], seen: set[tuple[str, str]]
) -> list[tuple[Kind, str]]:
    """Return new topics of all kinds, in turns, enough for what is wanted."""
    found: list[list[tuple[Kind, str]]] = []
    for part in desk.groups(desk.rng.sample(list(kinds), len(kinds)), GROUP):
        told = [one.told(desk.terms.language) for one in part]
        filled = [{"kind": kind, "most": str(TOPICS)} for kind in told]
        replies = desk.ask("self_align_topics", filled, sampling=DRAWN, whole=False)
        for kind, said in zip(part, replies, strict=True):
            if said is None:
                continue
            named = layouts.lines(said.text, cut=said.cut)[:TOPICS]
            topics = dict.fromkeys(line.rstrip(".。") for line in named)
            new = [one for one in topics if one and (kind.name, one.casefold()) not in seen]
            seen.update((kind.name, one.casefold()) for one in new)
            found.append([(kind, one) for one in new])
            if not new:
                desk.reject("no new topic", said, {})
    width = max((len(row) for row in found), default=0)
    return [row[place] for place in range(width) for row in found if place < len(row)]


def _answer(desk: Desk, rows: list[dict[str, Any]], clone: Client | None) -> None:
    """Ask with the principles, strip the thoughts, and offer what is left."""
    prompt, asked = desk.prompt("self_align"), []
    for row in rows:
        turns = prompt.messages(question=_question(row))
        asked.append([*turns[:-1], *row.get("history", []), turns[-1]])
    replies = desk.converse("self_align", asked, parents=rows, sampling=ANSWERED)
    good = []
    for row, said in zip(rows, replies, strict=True):
        if said is None:
            continue
        thoughts, told, wrong = split(said.text)
        numbers = [number for part in NAMED.findall(thoughts) for number in NUMBER.findall(part)]
        named = ", ".join(dict.fromkeys(numbers))
        new = {**row, "output": told, "thoughts": thoughts, "principles": named}
        if wrong:
            desk.reject(wrong, said, new)
        else:
            good.append(Candidate(new, said))
    desk.offer(good if clone is None else _cloned(desk, good, clone))


def _cloned(desk: Desk, short: list[Candidate], clone: Client) -> list[Candidate]:
    """Return the candidates with longer answers by the engraved model."""
    rows = [dict(one.row) for one in short]
    filled = [{"question": _question(row)} for row in rows]
    replies = desk.ask("self_align_verbose", filled, parents=rows, sampling=AT_LENGTH, via=clone)
    found = []
    for row, said in zip(rows, replies, strict=True):
        if said is None:
            continue
        new = {**row, "output": said.text}
        if len(said.text) > len(row["output"]):
            found.append(Candidate(new, said))
        else:
            desk.reject("no longer than the short answer", said, new)
    return found


def _question(row: dict[str, Any]) -> str:
    return records.user_turn({"input": "", **row})
