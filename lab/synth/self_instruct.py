"""Self-Instruct: tasks that a model writes after those of people, and its own, until N are kept.

A round asks for new tasks after eight of the pool, six of them by people; keeps those that pass the
rules and are novel against the whole pool as it grows; asks of each whether it is a classification;
and asks for instances, the label first where it is one, the input first where it is not.

Source: Wang et al. 2023, arXiv:2212.10560, section 2.2, and the released code.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random

import pandas as pd

from lab import filters
from lab.filters.tokens import Tokenizer
from lab.llm import Client
from lab.synth import layouts
from lab.synth.desk import Candidate, Desk, Sampling
from lab.synth.said import CUT, Said
from lab.synth.terms import Accept, Synthesised, Terms, check_pool

WORDS = {"en": (4, 150), "zh": (6, 225)}  # of an instruction; a Chinese character is a word
SHOWN = 8  # tasks in a prompt
WRITTEN = 8  # tasks asked for in a call
CALLS = 8  # calls for tasks in a round
MOST_INSTANCES = 5  # of an instruction
TASKS = Sampling(temperature=0.7, top_p=0.5, max_tokens=1024)
CHECK = Sampling(temperature=0.0, max_tokens=3)
INSTANCES = Sampling(temperature=0.0, max_tokens=350)


@dataclass(frozen=True)
class Quirks:
    """What the released code does beside the paper; all off.

    Parameters
    ----------
    capitalize : bool
        Lower-case everything after a task's first letter, names and acronyms too.
    discard_cut : bool
        Throw a whole list away if it ended at the limit of tokens; else its last item.

    Examples
    --------
    >>> Quirks(capitalize=True).discard_cut
    False
    """

    capitalize: bool = False
    discard_cut: bool = False


def self_instruct(
    seeds: pd.DataFrame,
    client: Client,
    *,
    keep: int,
    accept: Accept | None = None,
    terms: Terms | None = None,
    machine: int = 2,
    quirks: Quirks | None = None,
) -> Synthesised:
    """Make `keep` examples of new tasks from seed tasks by Self-Instruct, whole.

    Source: Wang et al. 2023, arXiv:2212.10560.
    Cost: a call for about eight tasks, and two calls for each task that is novel.

    Parameters
    ----------
    seeds : DataFrame
        Seed tasks by people, a pool; `load_seeds` gives those of this project.
    client : Client
        Which model writes.
    keep : int
        Examples wanted, at least 1; it stops at exactly so many.
    accept : mapping of name to filter, optional
        Further filters over candidates, True = keep.
    terms : Terms, optional
        Caps, seed, language, edited prompts.
    machine : int
        Tasks of its own among the eight that are shown, 0 to 8, as soon as there are some.
    quirks : Quirks, optional
        What the released code does beside the paper.

    Returns
    -------
    Synthesised
        Examples with `round` and `classification`; rejects with their reasons.

    Raises
    ------
    ValueError
        If `machine` or `keep` is out of range.
    DataError
        If `seeds` is no pool.

    Examples
    --------
    >>> from lab import testbed
    >>> made = self_instruct(testbed.pool(12), testbed.client(store=":memory:"), keep=3)
    >>> len(made.examples), made.stopped_because
    (3, 'kept 3')
    """
    if not 0 <= machine <= SHOWN:
        raise ValueError(f"machine must be between 0 and {SHOWN}, got {machine}")
    check_pool(seeds, "seeds")
    terms, quirks = terms or Terms(), quirks or Quirks()
    own = {"machine": machine, "quirks": asdict(quirks)}
    desk = Desk(
        "self_instruct", client, keep=keep, accept=accept, terms=terms, own=own, inputs=[seeds]
    )
    people = seeds["instruction"].drop_duplicates().tolist()
    pool = filters.Growing(people, tokenize=tokens(terms.language))
    with desk.open():
        while True:
            desk.round += 1
            shown = [
                _shown(people, pool.texts[len(people) :], machine, desk.rng)
                for _ in range(desk.group(min(CALLS, desk.left)))
            ]
            new = _tasks(desk, shown, pool, quirks)
            if new:
                _instances(desk, new)
    return desk.result()


def tokens(language: str) -> Tokenizer:
    """Return how texts of a language are cut for the comparison."""
    return filters.cjk_tokens if language == "zh" else filters.rouge_tokens


def wrong_tasks(tasks: Sequence[str], language: str, *, words: Sequence[str]) -> list[str]:
    """Return which rule on instructions each task breaks, "" where none.

    Examples
    --------
    >>> wrong_tasks(["Draw a graph of the sales."], "en", words=filters.SELF_INSTRUCT_WORDS)
    ['asks for more than text']
    """
    if not tasks:
        return []
    rows = pd.DataFrame({"instruction": pd.Series(list(tasks), dtype="str")})
    least, most = WORDS[language]
    chinese = language == "zh"
    rules = {
        "length of the instruction": filters.length(
            rows, min_words=least, max_words=most, field="instruction"
        ),
        "asks for more than text": filters.no_blacklisted(rows, words=words),
        "starts with no letter": filters.no_bad_start(rows, starts=(), allow_non_ascii=chinese),
        "asks for a program": filters.no_bad_start(rows, allow_non_ascii=True),
    }
    found = [""] * len(tasks)
    for reason, mask in rules.items():
        for at in (~mask).to_numpy().nonzero()[0]:
            found[at] = found[at] or reason
    return found


def wrong_instance(instance: dict[str, str]) -> str:
    """Return which rule on instances one breaks, "" if none."""
    given, output = instance.get("input", ""), instance.get("output", "")
    if not output:
        return "no output"
    if given == output:
        return "the output is the input"
    if given.endswith((":", "\uff1a")) or output.endswith((":", "\uff1a")):
        return "ends with a colon"
    return ""


def _shown(people: list[str], machine: list[str], most: int, rng: Random) -> list[str]:
    """Draw the tasks to show: at most `most` of the model's own, the rest by people, shuffled."""
    own = rng.sample(machine, min(most, len(machine)))
    others = rng.sample(people, min(SHOWN - len(own), len(people)))
    drawn = own + others
    rng.shuffle(drawn)
    return drawn


def _tasks(
    desk: Desk, shown: list[list[str]], pool: filters.Growing, quirks: Quirks
) -> list[tuple[str, Said]]:
    """Ask for tasks, and return those that pass the rules and are novel; they join the pool."""
    filled = [
        {
            "tasks": layouts.numbered(tasks),
            "first": str(len(tasks) + 1),
            "last": str(len(tasks) + WRITTEN),
        }
        for tasks in shown
    ]
    wishes: list[tuple[str, Said]] = []
    replies = desk.ask("self_instruct_tasks", filled, sampling=TASKS, whole=False)
    for tasks, said in zip(shown, replies, strict=True):
        if said is None:
            continue
        found = layouts.items(said.text, first=len(tasks) + 1)
        if not found:
            desk.reject("no list of tasks", said, {})
        if said.cut:
            lost = len(found) if quirks.discard_cut else 1
            for task in found[-lost:]:
                desk.reject(CUT, said, {"instruction": task})
            found = found[:-lost]
        wishes += [(task.capitalize() if quirks.capitalize else task, said) for task in found]
    texts = [task for task, _ in wishes]
    wrong = wrong_tasks(texts, desk.terms.language, words=filters.SELF_INSTRUCT_WORDS)
    kept: list[tuple[str, Said]] = []
    for (wanted, said), reason in zip(wishes, wrong, strict=True):
        near = None if reason else pool.offer(wanted)
        if reason or near is not None:
            row = {"instruction": wanted}
            desk.reject(reason or "not novel", said, row, evidence=near or "")
        else:
            kept.append((wanted, said))
    return kept


def _instances(desk: Desk, tasks: list[tuple[str, Said]]) -> None:
    """Ask of each task whether it is a classification, then for instances, and offer them."""
    rows = [{"instruction": task} for task, _ in tasks]
    checks = desk.ask(
        "self_instruct_classify",
        [{"task": task} for task, _ in tasks],
        parents=rows,
        sampling=CHECK,
        whole=False,
    )
    kinds = {True: "self_instruct_output_first", False: "self_instruct_input_first"}
    for closed, prompt in kinds.items():
        chosen = [
            row
            for row, said in zip(rows, checks, strict=True)
            if said is not None and _closed(said.text) is closed
        ]
        filled = [{"task": row["instruction"], "most": str(MOST_INSTANCES)} for row in chosen]
        if not filled:
            continue
        replies = desk.ask(prompt, filled, parents=chosen, sampling=INSTANCES, whole=False)
        for row, said in zip(chosen, replies, strict=True):
            if said is not None:
                _offer(desk, row["instruction"], said, closed=closed)


def _offer(desk: Desk, task: str, said: Said, *, closed: bool) -> None:
    found = layouts.examples(said.text)
    for one in found:
        if closed and "label" in one:
            one["output"] = one.pop("label")
    if not found:
        desk.reject("no instance", said, {"instruction": task})
        return
    if said.cut:
        desk.reject(CUT, said, {"instruction": task, **found.pop()})
    if len(found) > MOST_INSTANCES:
        found = desk.rng.sample(found, MOST_INSTANCES)
    outputs: dict[str, set[str]] = {}
    for one in found:
        outputs.setdefault(one.get("input", ""), set()).add(one.get("output", ""))
    contradicts = any(given and len(texts) > 1 for given, texts in outputs.items())
    candidates = []
    for one in found:
        row = {"instruction": task, "classification": closed}
        row |= {"input": one.get("input", ""), "output": one.get("output", "")}
        reason = "two outputs for one input" if contradicts else wrong_instance(one)
        if reason:
            desk.reject(reason, said, row)
        else:
            candidates.append(Candidate(row, said))
    desk.offer(candidates)


def _closed(text: str) -> bool:
    return text.strip().lower().startswith(("yes", "是"))
