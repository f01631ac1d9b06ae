"""A client whose model is a function from a request's body to a reply: no server, a real job."""

import json

import httpx2

from lab import llm


def reply(text, finish="stop"):
    """Return a reply of the protocol."""
    message = {"role": "assistant", "content": text}
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


def client(say, *, store=":memory:", price=True, limits=None):
    """`say` takes the body and returns a text, or a whole reply."""

    async def handle(request):
        said = say(json.loads(request.content))
        return httpx2.Response(200, json=said if isinstance(said, dict) else reply(said))

    prices = {"m": llm.Price(input_usd=1.0, output_usd=1.0)} if price else None
    server = llm.Server(
        "http://fake/v1", provider="fake", transport=lambda: httpx2.MockTransport(handle)
    )
    return llm.Client("m", base_url=server, store=store, prices=prices, limits=limits)
