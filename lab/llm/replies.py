"""From a raw reply to a completion: refusals, empty replies and cut ones told apart.

A stored reply is read like one that has just come: a field of another type than expected is read
where its meaning is plain, so that an old row can stop nobody.
"""

import json
from contextlib import suppress
from typing import Any

from lab import hashing
from lab.llm import pricing, protocol
from lab.llm.pricing import Price
from lab.llm.protocol import Answer
from lab.llm.request import Call, Completion
from lab.llm.store import Reply


def row(
    call: Call, answer: Answer, price: Price | None, *, provider: str, batch: bool = False
) -> Reply:
    """Return what is stored of an answer, with what it cost."""
    prompt, made = answer.prompt_tokens, answer.completion_tokens
    if not prompt and not made:  # a server that does not count
        prompt = pricing.guess_tokens(call.body)
        made = len(answer.reply["text"] or "") // pricing.BYTES_PER_TOKEN
    cached = answer.reply.get("cached_tokens", 0)
    cost = price.cost_usd(prompt, made, cached_tokens=cached, batch=batch) if price else None
    return Reply(call.key, provider, call.model, call.body, answer.reply, prompt, made, cost)


def completion(row: Reply, *, cached: bool) -> Completion:
    """Return a raw reply as a completion: a refusal or an empty reply is an error."""
    reply, body = row.reply, protocol.content(row.reply.get("text"))
    finish = protocol.finish(reply.get("finish_reason"))
    said = hashing.mended(body.text or "")
    refusal = protocol.content(reply.get("refusal") or None).text or body.refusal
    thinking = protocol.content(reply.get("thinking")).text or body.thinking
    calls = tool_calls(reply.get("tool_calls"))
    reasoning = protocol.count(reply.get("reasoning_tokens"))
    text: str | None = said
    error = None
    if refusal:
        text, error = None, f"refusal: {hashing.mended(refusal)}"
    elif finish == "content_filter":
        text, error = None, "content_filter: the server's filter withheld the reply"
    elif not said.strip() and not calls:
        spent = f", {reasoning} tokens went into its thoughts" if reasoning else ""
        text, error = None, f"empty: the reply has no text (finish_reason={finish}{spent})"
    return Completion(
        text,
        error,
        finish,
        row.prompt_tokens,
        row.completion_tokens,
        0.0 if cached else row.cost_usd,
        protocol.logprobs(reply.get("logprobs")),
        cached,
        row.key,
        raw=said or None if error else None,
        thinking=hashing.mended(thinking) if thinking else None,
        tool_calls=calls,
        reasoning_tokens=reasoning,
        cached_tokens=protocol.count(reply.get("cached_tokens")),
    )


def tool_calls(value: Any) -> tuple[dict[str, Any], ...]:
    """Return the calls of tools in a reply: their id, their name, and their arguments.

    Arguments that are no JSON stay the text that they are.

    Examples
    --------
    >>> tool_calls([{"id": "c1", "function": {"name": "add", "arguments": '{"a": 1}'}}])
    ({'id': 'c1', 'name': 'add', 'arguments': {'a': 1}},)
    """
    calls = []
    for one in value if isinstance(value, list) else []:
        function = one.get("function") if isinstance(one, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            continue
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            with suppress(ValueError):  # a slip of the model, for the caller to see
                arguments = json.loads(arguments or "{}")
        name = hashing.mended(function["name"])
        calls.append({"id": str(one.get("id") or ""), "name": name, "arguments": arguments})
    return tuple(calls)
