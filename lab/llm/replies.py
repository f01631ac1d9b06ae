"""From a raw reply to a completion: refusals, empty replies and cut ones told apart."""

from lab import hashing
from lab.llm import pricing
from lab.llm.pricing import Price
from lab.llm.request import Call, Completion
from lab.llm.store import Reply
from lab.llm.wire import Answer


def row(
    call: Call, answer: Answer, price: Price | None, *, provider: str, batch: bool = False
) -> Reply:
    """Return what is stored of an answer, with what it cost."""
    prompt, made = answer.prompt_tokens, answer.completion_tokens
    if not prompt and not made:  # a server that does not count
        prompt = pricing.guess_tokens(call.body)
        made = len(answer.reply["text"] or "") // pricing.BYTES_PER_TOKEN
    cost = price.cost_usd(prompt, made, batch=batch) if price else None
    return Reply(call.key, provider, call.model, call.body, answer.reply, prompt, made, cost)


def completion(row: Reply, *, cached: bool) -> Completion:
    """Return a raw reply as a completion: a refusal or an empty reply is an error."""
    reply, finish = row.reply, row.reply["finish_reason"]
    said = hashing.mended(reply["text"] or "")
    text: str | None = said
    error = None
    if reply["refusal"]:
        text, error = None, f"refusal: {hashing.mended(reply['refusal'])}"
    elif finish == "content_filter":
        text, error = None, "content_filter: the server's filter withheld the reply"
    elif not said.strip():
        text, error = None, f"empty: the reply has no text (finish_reason={finish})"
    return Completion(
        text,
        error,
        finish,
        row.prompt_tokens,
        row.completion_tokens,
        0.0 if cached else row.cost_usd,
        reply["logprobs"],
        cached,
        row.key,
        raw=said or None if error else None,
    )
