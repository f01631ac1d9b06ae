"""Answers in text for lm-evaluation-harness: from a client, or from a table of answers.

The harness asks for a reply to each prompt; only tasks that are answered in text can be asked so.
A prompt without an answer gets a mark that no model writes, and its results are missing, not 0.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab.llm import Client, Request

NONE = "\x00no answer\x00"
Prompt = tuple[str, Mapping[str, Any]]  # the text and how to write: until, max_gen_toks, …
LONGEST = 256  # tokens of an answer where a task says nothing, as in the harness


def ask(client: Client, prompts: Sequence[Prompt]) -> list[str]:
    """Return the replies of a client, each cut at the first of the texts that end it."""
    requests = []
    for text, how in prompts:
        limit = int(how.get("max_gen_toks") or how.get("max_tokens") or LONGEST)
        warmth = float(how.get("temperature") or 0.0) if how.get("do_sample") else 0.0
        requests.append(Request(_messages(text), max_tokens=limit, temperature=warmth))
    said = client.complete(requests)
    return [
        NONE if reply.text is None else cut(reply.text, how.get("until") or [])
        for reply, (_, how) in zip(said, prompts, strict=True)
    ]


def look_up(answers: Mapping[str, str], prompts: Sequence[Prompt]) -> list[str]:
    """Return the answers to prompts; those that are not there are marked as missing."""
    return [answers.get(text, NONE) for text, _ in prompts]


def cut(text: str, until: str | Sequence[str]) -> str:
    """Return a text up to the first of the texts that end it.

    Examples
    --------
    >>> cut("4 Question: 5", ["Question:", "</s>"])
    '4 '
    """
    for end in [until] if isinstance(until, str) else until:
        text = text.split(end, maxsplit=1)[0] if end else text
    return text


def runner(answer: Callable[[Sequence[Prompt]], list[str]]) -> Any:
    """Return a model of the harness that answers by a function of prompts."""
    from lm_eval.api.model import LM

    class Replies(LM):  # type: ignore[misc]  # the harness has no types
        tokenizer_name = "messages"

        def generate_until(self, requests: list[Any], **_: Any) -> list[str]:
            return answer([each.args for each in requests])

        def loglikelihood(self, requests: list[Any], **_: Any) -> Any:
            raise ValueError(
                "a task that compares the likelihood of choices needs a model that runs here, got "
                f"answers in text ({len(requests)} requests)"
            )

        loglikelihood_rolling = loglikelihood

        def apply_chat_template(self, chat_history: list[Any], **_: Any) -> str:
            return json.dumps(chat_history, ensure_ascii=False)

        def chat_template(self, *_: Any) -> str:
            return ""

    return Replies()


def _messages(text: str) -> list[dict[str, Any]]:
    """Return the messages of a prompt, which are JSON where the chat template was asked for."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        found = None
    if isinstance(found, list) and all(
        isinstance(each, dict) and {"role", "content"} <= each.keys() for each in found
    ):
        return found
    return [{"role": "user", "content": text}]
