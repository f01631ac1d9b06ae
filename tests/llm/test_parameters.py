"""Parameters that models refuse."""

import warnings

import pytest

from lab import llm
from lab.llm import parameters
from lab.llm.protocol import Trouble

SENT = {
    "model": "m", "temperature": 0.0, "top_p": 1.0, "max_tokens": 9, "seed": 1, "stop": ["x"],
    "logprobs": True, "top_logprobs": 2, "response_format": {"type": "json_object"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("message", "parameter", "name"),
    [
        ("Unsupported 'max_tokens'. Use 'max_completion_tokens' instead.", None, "max_tokens"),
        ("Only the default (1) value is supported.", "temperature", "temperature"),
        ("`temperature` and `top_p` cannot both be specified for this model.", None, "top_p"),
        ("Unrecognized request argument supplied: seed", None, "seed"),
        ("'stop' is not supported with this model.", "stop", "stop"),
        ("this model does not support logprobs", None, "logprobs"),
        ("body.seed: Extra inputs are not permitted", None, "seed"),
        ("response_format is not supported", "response_format.type", "response_format"),
        ("参数 top_p 不支持", None, "top_p"),
        ("temperature must be at most 2", "temperature", None),
        ("max_tokens is too large: 9", "max_tokens", None),
        ("unsupported image", None, None),
        ("unknown: something_with_seed_in_it", None, None),
    ],
)  # fmt: skip
def test_a_refusal_names_its_parameter(message, parameter, name):
    trouble = Trouble("bad_request", message, parameter=parameter, sent=SENT)
    assert parameters.refused_by(trouble) == name
    assert parameters.refused_by(Trouble("server", message, sent=SENT)) is None
    assert parameters.refused_by(Trouble("bad_request", message, parameter=parameter)) is None


def test_what_is_refused_is_left_out_or_renamed_and_the_rest_stays():
    assert parameters.adapted(SENT, set()) is SENT
    without = parameters.adapted(SENT, {"max_tokens", "temperature", "logprobs"})
    assert without["max_completion_tokens"] == 9
    assert SENT.keys() - without.keys() == {"max_tokens", "temperature", "logprobs", "top_logprobs"}
    assert "temperature" in SENT  # what was asked is untouched


def strict(**refusals):
    """A server that refuses parameters: name to (message, param)."""

    def answer(body, _):
        for name, (message, param) in refusals.items():
            if name in body and not (name == "temperature" and body[name] == 1):
                return 400, {"error": {"message": message, "param": param}}, {}
        return {"choices": [{"message": {"content": "fine"}, "finish_reason": "stop"}]}

    return answer


def unsupported(name):
    return (f"Unsupported parameter: '{name}' is not supported with this model.", name)


def test_a_job_leaves_out_what_a_model_refuses_and_says_what_it_means(client, ask):
    there = client(strict(**{n: unsupported(n) for n in ("max_tokens", "temperature", "top_p")}))
    with pytest.warns(UserWarning, match="m does not take temperature.*differ between draws"):
        [reply] = there.complete([ask("q")])
    assert reply.text == "fine"
    assert there.scripted.bodies[-1].keys() == {"model", "messages", "max_completion_tokens"}
    before = len(there.scripted.bodies)
    there.complete([ask("r"), ask("s")])  # it is remembered, and told once
    assert len(there.scripted.bodies) - before == 2
    [row] = [row for row in there.store.rows() if row.key == reply.key]
    assert row.request["temperature"] == 0.0  # what was asked
    assert row.reply["left_out"] == ["temperature", "top_p"]
    assert there.complete([ask("q")])[0].cached


def test_what_means_the_same_when_left_out_is_no_news(client, ask):
    there = client(strict(**{n: unsupported(n) for n in ("max_tokens", "top_p")}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert there.complete([ask("q")])[0].text == "fine"


@pytest.mark.parametrize(
    ("name", "settings"),
    [("stop", {"stop": ["x"]}), ("seed", {"seed": 3}), ("logprobs", {"top_logprobs": 2})],
)
def test_a_refused_wish_is_left_out_with_a_warning(client, ask, name, settings):
    there = client(strict(**{name: unsupported(name)}))
    with pytest.warns(UserWarning, match=f"m does not take {name}"):
        assert there.complete([ask("q", **settings)])[0].text == "fine"
    assert not {"stop", "seed", "logprobs", "top_logprobs"} & there.scripted.bodies[-1].keys()


def test_none_leaves_a_parameter_out_from_the_start(client, ask):
    there = client(strict(temperature=unsupported("temperature"), top_p=unsupported("top_p")))
    [reply] = there.complete([ask("q", temperature=None, top_p=None)])
    assert reply.text == "fine"
    assert len(there.scripted.bodies) == 1


def test_a_value_out_of_bounds_is_a_failure_and_stays_one(client, ask):
    there = client(lambda *_: (400, {"error": {"message": "seed must be positive"}}, {}))
    assert there.complete([ask("q", seed=-3)])[0].kind == "bad_request"
    assert len(there.scripted.bodies) == 1


def test_each_model_has_refusals_of_its_own(client, ask):
    there = client(strict(seed=unsupported("seed")))
    with pytest.warns(UserWarning, match="m does not take seed"):
        there.complete([ask("q", seed=1)])
    there.scripted.answer = strict()
    there.complete([ask("q", seed=1, model="other")])
    assert there.scripted.bodies[-1]["seed"] == 1


def test_a_model_known_to_refuse_is_not_asked_in_vain(client, ask):
    there = client(model="gpt-5-mini", prices={"gpt-5-mini": llm.Price(1.0, 1.0)})
    there.complete([ask("q")])
    assert len(there.scripted.bodies) == 1
    assert there.scripted.bodies[0]["max_completion_tokens"] == 512
