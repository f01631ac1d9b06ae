import pytest
from pydantic import BaseModel, Field

from lab.llm import Completion, parse, tally
from lab.llm.parsing import Parsed


class Grade(BaseModel):
    score: float = Field(ge=0, le=5)
    why: str


SCHEMA = {
    "type": "object",
    "properties": {"score": {"type": "number", "minimum": 0, "maximum": 5}},
    "required": ["score"],
}
GOOD = '{"score": 4.5, "why": "right"}'


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Sure! Here it is:\n\n{GOOD}\n\nHope this helps.",
        f'{{"note": "other"}} and then {GOOD}',
        '{"score": 4.5, "why": "right",}',
        f"Let me think {{about}} it [1]. {GOOD}",
        f"```\n{GOOD}\n```\nand ```json\n[]\n```",
    ],
)
def test_a_value_is_found_in_what_models_write(text):
    assert parse(Completion(text), Grade).value == Grade(score=4.5, why="right")
    assert parse(Completion(text), SCHEMA).value["score"] == 4.5


@pytest.mark.parametrize(
    "text",
    [
        'The form is {"score": 1, "why": "x"}. So: {"score": 4.5, "why": "right"}',
        '```json\n{"score": 1, "why": "x"}\n```\nNo.\n```json\n{"score": 4.5, "why": "right"}\n```',
        '形式是 {"score": 1, "why": "x"}。我的回答：{"score": 4.5, "why": "right"}',
    ],
)
def test_the_last_value_that_fits_counts_for_the_first_may_be_an_example(text):
    assert parse(Completion(text), SCHEMA).value["score"] == 4.5
    assert parse(Completion(text), Grade).value.score == 4.5


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('The form is {"score": 1, "why": "x"}. So: {"score": 4.', "length"),
        ('```json\n{"score": 1, "why": "x"}\n```\nNo.\n```json\n{"score', "length"),
        ('{"score": 4.5, "why": "right"} and that is beca', "value"),
    ],
)
def test_a_cut_reply_gives_no_value_that_another_would_have_replaced(text, kind):
    for shape in (Grade, SCHEMA):
        assert parse(Completion(text, finish_reason="length"), shape).kind == kind


def test_line_ends_in_strings_are_forgiven():
    assert parse(Completion('{"score": 1, "why": "a\nb"}'), Grade).value.why == "a\nb"


def test_a_list_is_a_value_too():
    shape = {"type": "array", "items": {"type": "integer"}}
    assert parse(Completion("Numbers: [1, 2, 3]"), shape).value == [1, 2, 3]


def test_the_protocols_own_form_is_taken():
    form = {"type": "json_schema", "json_schema": {"name": "g", "schema": SCHEMA}}
    assert parse(Completion(GOOD), form).error is None
    assert parse(Completion('{"score": 9}'), form).kind == "wrong_shape"


@pytest.mark.parametrize(
    ("completion", "kind"),
    [
        (Completion("I would give it four."), "no_json"),
        (Completion('{"score": 7, "why": "x"}'), "wrong_shape"),
        (Completion('{"why": "x"}'), "wrong_shape"),
        (Completion('{"score": 4.5, "wh', finish_reason="length"), "length"),
        (Completion(None, "refusal: I cannot"), "refusal"),
        (Completion(None, "empty: the reply has no text", raw=""), "empty"),
        (Completion(None, "timeout: no reply"), "timeout"),
    ],
)
def test_failures_are_told_apart_and_keep_their_text(completion, kind):
    for shape in (Grade, SCHEMA):
        found = parse(completion, shape)
        assert found.kind == kind
        assert found.value is None
        assert found.raw == (completion.text if completion.text is not None else completion.raw)


def test_a_value_of_none_is_not_an_error():
    assert parse(Completion("null"), {"type": "null"}) == Parsed(None, None, "null")


def test_results_are_counted_by_kind():
    found = [
        parse(Completion(text), SCHEMA) for text in (GOOD, "no", "nothing", '{"score": -1}', GOOD)
    ]
    assert list(tally(found).items()) == [("value", 2), ("no_json", 2), ("wrong_shape", 1)]


def test_what_was_stored_is_parsed_again_without_a_call(client, ask, chat):
    there = client(lambda *_: chat(f"It is {GOOD}"))
    asked = [ask("q", response_format=Grade)]
    [reply] = there.complete(asked)
    assert parse(reply, {"type": "array"}).kind == "wrong_shape"
    stored = there.stored(asked)
    assert parse(stored[0], Grade).value.score == 4.5
    assert len(there.scripted.bodies) == 1
    assert there.stored([ask("other")]) == {}


@pytest.mark.parametrize(
    ("message", "finish", "kind"),
    [
        ({"content": None, "refusal": "I cannot"}, "stop", "refusal"),
        ({"content": ""}, "stop", "empty"),
        ({"content": "  \n"}, "stop", "empty"),
        ({"content": "bad"}, "content_filter", "content_filter"),
        ({"content": "and so"}, "length", "length"),
        ({"content": "fine"}, "stop", "reply"),
    ],
)
def test_refusals_empty_replies_and_cuts_are_told_apart(client, ask, chat, message, finish, kind):
    there = client(lambda *_: chat(finish_reason=finish, **{"text": None} | _named(message)))
    for _ in range(2):  # from the server, then from the store
        [reply] = there.complete([ask("q")])
        assert reply.kind == kind
        assert (reply.text is None) == (reply.error is not None)
    assert len(there.scripted.bodies) == 1  # it was paid for, so it is kept


def _named(message):
    rest = {name: value for name, value in message.items() if name != "content"}
    return {"text": message["content"], **rest}


def test_a_server_without_response_format_is_asked_without(client, ask, chat):
    def answer(body, _):
        if "response_format" in body:
            failure = {"message": "unknown", "param": "response_format", "code": None}
            return 400, {"error": failure}, {}
        return chat(f"Here: {GOOD}")

    there = client(answer)
    replies = there.complete([ask(f"q{n}", response_format=Grade) for n in range(3)])
    assert all(parse(reply, Grade).error is None for reply in replies)
    before = len(there.scripted.bodies)
    there.complete([ask("later", response_format=Grade)])
    assert len(there.scripted.bodies) == before + 1
    assert all(r.cached for r in there.complete([ask("later", response_format=Grade)]))


def test_a_server_that_wants_the_newer_name_gets_it(client, ask, chat):
    def answer(body, _):
        if "max_tokens" in body:
            text = "Unsupported parameter: 'max_tokens'; use 'max_completion_tokens' instead."
            return 400, {"error": {"message": text, "param": "max_tokens"}}, {}
        return chat(str(body["max_completion_tokens"]))

    assert client(answer).complete([ask("q", max_tokens=9)])[0].text == "9"
