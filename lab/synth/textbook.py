"""Textbooks: a passage on a topic for a reader, and exercises with answers; code is tested.

Topic and reader are drawn together, which is what makes the passages differ. Exercises in code come
with tests, which are run in a sandbox; what passes them is kept.

Source: Gunasekar et al. 2023, arXiv:2306.11644 (phi-1). Its filter of web texts by educational
value is `score.fit_educational`, which `accept` can take here.
"""

import re
from collections.abc import Sequence
from typing import Any

from lab import filters
from lab.errors import SandboxError
from lab.llm import Client
from lab.synth import layouts, sandbox
from lab.synth.desk import Candidate, Desk, Sampling
from lab.synth.said import CUT
from lab.synth.self_instruct import tokens
from lab.synth.terms import Accept, Synthesised, Terms

GROUP = 8
EXERCISES, PROGRAMS = 3, 2  # asked for in one call
DRAWN = Sampling(temperature=1.0, top_p=0.95, max_tokens=1024)
FENCE = re.compile(r"```[^\n]*\n(.*?)(?:```|\Z)", re.DOTALL)
FIELDS = {
    "instruction": "Exercise|Question|Problem|练习|题目|问题",
    "output": "Solution|Answer|解答|答案|回答",
    "tests": "Tests?|测试",
}
AUDIENCES = {
    "en": (
        *("a child of ten who likes riddles", "a student in the first year of college"),
        *("a nurse who learns at night", "a retired engineer", "a teacher who prepares a lesson"),
        *("an artist who fears mathematics", "a farmer", "a researcher from another field"),
    ),
    "zh": (
        *("喜欢猜谜的十岁孩子", "大学一年级学生", "晚上自学的护士", "退休的工程师"),
        *("正在备课的老师", "害怕数学的画家", "农民", "别的领域的研究者"),
    ),
}
ASKED = {
    "en": "Write a textbook passage on {topic} for {audience}.",
    "zh": "请为{audience}写一段关于{topic}的课文。",
}


def textbook(
    topics: Sequence[str],
    client: Client,
    *,
    keep: int,
    accept: Accept | None = None,
    terms: Terms | None = None,
    audiences: Sequence[str] = (),
    tested: sandbox.Limits | None = None,
) -> Synthesised:
    """Make `keep` examples: passages of textbooks, and exercises with their answers.

    Every pair of a topic and a reader is taken once in a round, in an order drawn by the seed.
    Exercises that are not novel fall; with `tested`, they are programs, and those fall that do not
    pass their own tests or whose tests call nothing of theirs.

    Source: Gunasekar et al. 2023, arXiv:2306.11644.
    Cost: two calls for a passage and three exercises, or two programs.

    Parameters
    ----------
    topics : sequence of str
        What the passages are about.
    client, keep, accept, terms
        As for `self_instruct`.
    audiences : sequence of str
        Readers; by default eight.
    tested : sandbox.Limits, optional
        Exercises are in Python, and run within these limits.

    Returns
    -------
    Synthesised
        Examples with `kind` (`passage`, `exercise`, `program`), `topic`, `audience`, and `tests`.

    Raises
    ------
    ValueError
        If there are no topics.
    SandboxError
        If code is to be run and this machine cannot hold it back.

    Examples
    --------
    >>> from lab import testbed
    >>> made = textbook(["arithmetic"], testbed.client(store=":memory:"), keep=20)
    >>> made.examples["kind"].value_counts().to_dict()
    {'exercise': 12, 'passage': 8}
    """
    if not topics:
        raise ValueError("topics must hold at least one, got none")
    if tested is not None and (why := sandbox.unfit()):
        raise SandboxError(f"code of a model is not run on this machine: {why}")
    terms = terms or Terms()
    readers = list(audiences) or list(AUDIENCES[terms.language])
    own = {"topics": list(topics), "audiences": readers, "tested": repr(tested)}
    desk = Desk("textbook", client, keep=keep, accept=accept, terms=terms, own=own, inputs=[])
    known = filters.Growing(tokenize=tokens(terms.language))
    kept: set[tuple[str, str]] = set()  # pairs whose passage is kept
    pairs = [{"topic": topic, "audience": reader} for topic in topics for reader in readers]
    with desk.open():
        while True:
            desk.round += 1
            desk.rng.shuffle(pairs)
            for part in desk.groups(pairs, GROUP):
                _exercises(desk, _passages(desk, part, kept), known, tested)
    return desk.result()


def programs(text: str) -> str:
    r"""Return the code in a text: its fenced blocks, or all of it where there are none.

    Examples
    --------
    >>> programs("So:\n```python\nx = 1\n```")
    'x = 1\n'
    """
    blocks = FENCE.findall(text)
    return "\n".join(blocks) if blocks else text


def _passages(
    desk: Desk, pairs: Sequence[dict[str, str]], kept: set[tuple[str, str]]
) -> list[dict[str, str]]:
    """Ask for passages, offer them, and return them with topic and reader."""
    found, rows, offered = [], [], []
    for pair, said in zip(pairs, desk.ask("textbook_passage", pairs, sampling=DRAWN), strict=True):
        if said is None:
            continue
        found.append({**pair, "passage": said.text})
        told = {"instruction": ASKED[desk.terms.language].format(**pair), "output": said.text}
        row = {**pair, **told, "kind": "passage", "tests": ""}
        if (pair["topic"], pair["audience"]) in kept:
            desk.reject("a passage for this reader is kept already", said, row)
        else:
            rows.append(pair)
            offered.append(Candidate(row, said))
    for pair, reason in zip(rows, desk.offer(offered), strict=True):
        if not reason:
            kept.add((pair["topic"], pair["audience"]))
    return found


def _exercises(
    desk: Desk,
    passages: Sequence[dict[str, str]],
    known: filters.Growing,
    tested: sandbox.Limits | None,
) -> None:
    """Ask for exercises to passages, and offer those that are novel and, if programs, pass."""
    name, most = (
        ("textbook_exercises", EXERCISES) if tested is None else ("textbook_code", PROGRAMS)
    )
    filled = [{**one, "most": str(most)} for one in passages]
    parents = [{"topic": one["topic"], "audience": one["audience"]} for one in passages]
    replies = desk.ask(name, filled, parents=parents, sampling=DRAWN, whole=False)
    good = []
    for parent, said in zip(parents, replies, strict=True):
        if said is None:
            continue
        read = layouts.examples(said.text, fields=FIELDS)
        if not read:
            desk.reject("no exercises", said, parent)
        elif said.cut:
            desk.reject(CUT, said, {**parent, **read.pop()})
        for one in read[:most]:
            kind = "exercise" if tested is None else "program"
            row = {"output": "", "tests": "", **one, **parent, "kind": kind}
            reason, evidence = _wrong(row, known, tested)
            if reason:
                desk.reject(reason, said, row, evidence=evidence)
            else:
                good.append(Candidate(row, said))
    desk.offer(good)


def _wrong(
    row: dict[str, Any], known: filters.Growing, tested: sandbox.Limits | None
) -> tuple[str, str]:
    """Return what is wrong with an exercise, "" if nothing, and what shows it; cheap first."""
    if not row.get("instruction") or not row["output"]:
        return "exercise without task or answer", ""
    code, tests = programs(row["output"]), programs(row["tests"])
    if tested is not None and (why := sandbox.checks(code, tests)):
        return why, ""
    if (near := known.offer(str(row["instruction"]))) is not None:
        return "not novel", near
    if tested is None or (ran := sandbox.run(code, tests, limits=tested)).passed:
        return "", ""
    return "does not pass its tests", ran.reason
