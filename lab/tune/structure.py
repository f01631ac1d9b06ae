"""Tools, calls and thinking on their way into a chat template, and the template's own mask.

A template with `{% generation %}` marks says itself which text is the assistant's: ids and labels
are then those of `apply_chat_template(…, return_assistant_tokens_mask=True)` in transformers, less
the turns and the thinking that a recipe does not train on.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from lab import records

Thinking = Literal["train", "mask", "drop"]
_MARK = re.compile(r"\{%-?\s*generation\s*-?%\}")
_CLOSING = re.compile(r"\s*(?:</(?:think|thinking|reasoning)>\s*)?")


def chosen(
    example: Mapping[str, Any], *, thinking: Thinking, thinking_in_history: bool
) -> dict[str, Any]:
    """Return an example with the thinking that a recipe keeps.

    Examples
    --------
    >>> row = {"history": [], "output": "4", "thinking": "2 and 2"}
    >>> chosen(row, thinking="drop", thinking_in_history=True)["thinking"]
    ''
    """
    made = dict(example)
    if not thinking_in_history:
        made["history"] = [_thoughtless(turn) for turn in example["history"]]
    if thinking == "drop":
        made["thinking"] = ""
        made["history"] = [_thoughtless(turn) for turn in made["history"]]
        steps = records.structure(example).get("steps", [])
        made["steps"] = [_thoughtless(turn) for turn in steps]
    return made


def written(messages: Sequence[records.Message]) -> list[dict[str, Any]]:
    """Return messages as chat templates expect them.

    Examples
    --------
    >>> written([{"role": "assistant", "content": "4", "thinking": "2 and 2"}])
    [{'role': 'assistant', 'content': '4', 'reasoning_content': '2 and 2'}]
    """
    return [_written(turn) for turn in messages]


def trained_turns(example: Mapping[str, Any], *, train_history: bool) -> list[int]:
    """Return the places of the messages that a model is trained to write.

    They are the answer, the calls on the way to it, and on demand the answers of the history that
    have not the weight 0.
    """
    messages = records.prompt(example)
    last = len(example["history"])
    found = [
        place
        for place, turn in enumerate(messages)
        if turn["role"] == "assistant"
        and (place > last or train_history)
        and turn.get("weight") != 0
    ]
    return [*found, len(messages)] if "output" in example else found


def is_marked(text: str | None) -> bool:
    """Say whether a template marks what the assistant writes."""
    return bool(text and _MARK.search(text))


def marked(
    example: Mapping[str, Any],
    text: str,
    tokenizer: Any,
    *,
    train_history: bool = False,
    thinking: Thinking = "train",
) -> tuple[list[int], list[bool]]:
    """Return the ids of an example, and for each whether a model is trained to write it.

    Parameters
    ----------
    example : row of a pool
        As `chosen` gives it.
    text : str
        A template with `{% generation %}` marks.
    tokenizer : PreTrainedTokenizerFast
        Writes and tokenises.
    train_history : bool
        Also train on the answers of the history.
    thinking : {"train", "mask", "drop"}
        `mask` keeps the thinking in the text, without a loss on it and on its tags.
    """
    from transformers.utils.chat_template_utils import render_jinja_template

    messages = records.conversation(example)
    rendered: Any = render_jinja_template(  # it says that it gives a text
        conversations=[written(messages)],
        tools=records.structure(example).get("tools"),
        chat_template=text,
        return_assistant_tokens_mask=True,
        **tokenizer.special_tokens_map,
    )
    (whole,), (marks,) = rendered
    places = [place for place, turn in enumerate(messages) if turn["role"] == "assistant"]
    wanted = set(trained_turns(example, train_history=train_history))
    encoding = tokenizer(whole, add_special_tokens=False)
    ids = list(encoding["input_ids"])
    labels = [False] * len(ids)
    for place, (start, end) in zip(places, marks, strict=True):
        if place not in wanted or end <= start:
            continue
        first = encoding.char_to_token(0, _begin(whole, start, messages[place], thinking))
        last = encoding.char_to_token(0, end - 1)
        if first is not None:
            labels[first : len(ids) if last is None else last + 1] = [True] * (
                (len(ids) if last is None else last + 1) - first
            )
    return ids, labels


def after_thinking(text: str, thought: str, answer: str = "") -> int:
    """Return where the thinking of an answer, with the tag that closes it, ends in its text.

    The space after the tag goes with it, but for the one that `answer` itself begins with.

    Examples
    --------
    >>> after_thinking("<think>a</think>b", "a")
    16
    >>> after_thinking("<think>a</think>  b", "a", " b")
    17
    """
    place = text.find(thought.strip()) if thought.strip() else -1
    if place < 0:
        return 0
    found = _CLOSING.match(text, place + len(thought.strip()))
    if not found:
        return 0
    space = answer[: len(answer) - len(answer.lstrip())]
    end = found.end()
    return end - len(space) if answer.strip() and text.startswith(answer, end - len(space)) else end


def _begin(whole: str, start: int, turn: records.Message, thinking: Thinking) -> int:
    if thinking != "mask" or not turn.get("thinking"):
        return start
    return start + after_thinking(whole[start:], turn["thinking"], turn["content"])


def _thoughtless(turn: records.Message) -> records.Message:
    return {name: value for name, value in turn.items() if name != "thinking"}


def _written(turn: records.Message) -> dict[str, Any]:
    more = {name: value for name, value in turn.items() if name != "weight"}
    if more.pop("thinking", ""):
        more["reasoning_content"] = turn["thinking"]
    if turn.get("tool_calls"):
        more["tool_calls"] = [
            {
                "type": "function",
                **({"id": call["id"]} if "id" in call else {}),
                "function": {"name": call["name"], "arguments": call["arguments"]},
            }
            for call in turn["tool_calls"]
        ]
    return more
