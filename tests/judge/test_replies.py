import pytest

from lab import llm, testbed
from lab.judge import replies


def test_an_answer_ends_at_the_first_text_that_ends_it():
    assert replies.cut("4\nQ: 5\nQ: 6", ["</s>", "Q:"]) == "4\n"
    assert replies.cut("a b", "b") == "a "
    assert replies.cut("a", ["", "x"]) == "a"


def test_answers_are_looked_up_and_those_that_are_not_there_are_marked():
    assert replies.look_up({"a": ""}, [("a", {}), ("b", {})]) == ["", replies.NONE]


def test_a_client_is_asked_as_the_task_says():
    asked = []

    class Asked(llm.Client):
        def complete(self, requests, *, batch=False):
            asked.extend(requests)
            return [llm.Completion("yes. Q: no"), llm.Completion(None, error="timeout: 5 s")]

    client = Asked("m", store=":memory:")
    chat = '[{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]'
    how = {"until": ["Q:"], "max_gen_toks": 7, "do_sample": True, "temperature": 0.5}
    assert replies.ask(client, [(chat, how), ("[1]", {})]) == ["yes. ", replies.NONE]
    assert [message["role"] for message in asked[0].messages] == ["system", "user"]
    assert (asked[0].max_tokens, asked[0].temperature) == (7, 0.5)
    assert asked[1].messages == [{"role": "user", "content": "[1]"}]
    assert (asked[1].max_tokens, asked[1].temperature) == (replies.LONGEST, 0.0)


def test_the_testbed_answers_like_any_server():
    pool = testbed.prompts(2)
    said = replies.ask(testbed.client(), [(text, {}) for text in pool["instruction"]])
    assert said == pool["output"].tolist()


def test_likelihoods_cannot_be_had_from_texts():
    pytest.importorskip("lm_eval", reason="needs the extra winnow[eval]")
    with pytest.raises(ValueError, match="needs a model that runs here"):
        replies.runner(lambda prompts: [""]).loglikelihood([1, 2])
