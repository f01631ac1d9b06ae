"""Magpie: an aligned model, given nothing but the opening of a user's turn, says what users ask.

The request holds a user's turn that is left open (`continue_final_message`), so that the chat
template is written as far as the place where a user begins to type. What the model writes there is
the instruction, and its own answer to it is the output.

Source: Xu et al. 2024, arXiv:2406.08464 (ICLR 2025).
"""

import re

from lab import filters
from lab.llm import Client
from lab.synth.desk import Candidate, Desk, Sampling
from lab.synth.said import unusable
from lab.synth.self_instruct import tokens
from lab.synth.terms import Accept, Synthesised, Terms

GROUP = 16
OPEN_TURN = {"continue_final_message": True, "add_generation_prompt": False}
DRAWN = Sampling(temperature=1.0, top_p=0.995, max_tokens=512, extra=OPEN_TURN)
ANSWERED = Sampling(temperature=0.0, max_tokens=2048)
MARKUP = re.compile(r"<\|[^<>|]{1,40}\|>|\[/?INST\]|</?s>|<(?:start|end)_of_turn>")
HOLDS = ("local/", "testbed/")  # clients that are known to take a turn that is left open


def magpie(
    system: str,
    client: Client,
    *,
    keep: int,
    accept: Accept | None = None,
    terms: Terms | None = None,
    open_turns: bool = False,
) -> Synthesised:
    """Make `keep` examples out of what a chat model says in a user's place, and its answers.

    Instructions that are cut, not novel, or in which the template's own marks show are rejected.

    Source: Xu et al. 2024, arXiv:2406.08464: queries at a temperature of 1, greedy answers.
    Cost: two calls for each example.

    Parameters
    ----------
    system : str
        What a system turn says before, to steer the topic; "" for none.
    client : Client
        `llm.local` with a model that has a chat template, or a server that knows
        `continue_final_message` (vLLM).
    keep, accept, terms
        As for `self_instruct`.
    open_turns : bool
        Say of a server that it knows `continue_final_message`; others would answer an empty
        question.

    Raises
    ------
    ValueError
        If the client is neither local nor said to know turns that are left open.

    Examples
    --------
    >>> from lab import testbed
    >>> made = magpie("", testbed.client(store=":memory:"), keep=3)
    >>> len(made.examples), made.calls
    (3, 6)
    """
    if not open_turns and not client.server.provider.startswith(HOLDS):
        raise ValueError(
            "client must be local, or a server that knows continue_final_message, which "
            f"open_turns=True says; got {client.server.provider!r}"
        )
    terms = terms or Terms()
    own = {"system": system}
    desk = Desk("magpie", client, keep=keep, accept=accept, terms=terms, own=own, inputs=[])
    known = filters.Growing(tokenize=tokens(terms.language))
    before = [{"role": "system", "content": system}] if system else []
    with desk.open():
        while True:
            desk.round += 1
            size = desk.group(min(GROUP, desk.left))
            _pairs(desk, [[*before, {"role": "user", "content": ""}]] * size, known)
    return desk.result()


def _pairs(desk: Desk, asked: list[list[dict[str, str]]], known: filters.Growing) -> None:
    rows, questions = [], []
    for said in desk.converse("magpie", asked, sampling=DRAWN):
        if said is None:
            continue
        row = {"instruction": said.text}
        near = None
        reason = "marks of the template in the instruction" if MARKUP.search(said.text) else ""
        if not reason and (near := known.offer(said.text)) is not None:
            reason = "not novel"
        if reason or (reason := unusable(said.text)):
            desk.reject(reason, said, row, evidence=near or "")
            continue
        rows.append(row)
        questions.append([*asked[0][:-1], {"role": "user", "content": said.text}])
    replies = desk.converse("answer", questions, parents=rows, sampling=ANSWERED)
    desk.offer(
        [
            Candidate({**row, "output": said.text}, said)
            for row, said in zip(rows, replies, strict=True)
            if said is not None
        ]
    )
