import json

import pytest

from lab import filters, records

FILMS = {"films": [{"id": "tt01", "title": "Quiet Harbour"}, {"id": "tt02", "title": "Iron Comet"}]}
BUCHER = {"书名": ["骆驼祥子", "围城故事", "红楼梦境", "边城小说"], "数量": 25}


def kept(reply, answer, asked="Which films run tonight?"):
    reply = reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False)
    steps = [{"role": "tool", "content": reply}]
    rows = [{"instruction": asked, "output": answer, "steps": steps}]
    return filters.no_ignored_result(records.frame(rows)).item()


MANY = {"rooms": ["Amber", "Cobalt", "Indigo", "Violet"], "price": 1249.376}


@pytest.mark.parametrize(
    ("reply", "answer", "keep"),
    [
        (MANY, "The Cobalt room is free.", True),
        (MANY, "It costs 1,249.38 euros.", True),  # rounded as it is told
        (MANY, "It costs 1249 euros.", True),
        (MANY, "It costs 1300 euros.", False),
        (MANY, "The result of the code is 3.", False),
        (MANY, "I cannot look that up.", False),
        (FILMS, "I cannot look that up.", False),
        ({"film": "Harbour"}, "I cannot look that up.", True),  # too little to tell
        ({"password": "aB3#fG7!kL9@"}, "Your password is ab3#fg7!kl9@.", True),
        ({"password": "aB3#fG7!kL9@"}, "You are 31 years old.", False),
        ({"films": ["间谍", "火车事故"]}, "你可能会喜欢《Spy》和《Trainwreck》。", True),
        ({"films": ["Spy", "Trainwreck"]}, "你可能会喜欢《间谍》。", True),
        ({"films": ["间谍", "火车事故"]}, "发票已创建。", False),
        ({"status": "success", "message": "Created successfully", "code": 200}, "Done.", True),
        ("", "Nothing was found.", True),
        (
            "wind from the northwest, gusty, overcast, drizzle later, visibility poor",
            "Nice.",
            False,
        ),
        ("wind from the northwest, gusty, overcast, drizzle later", "It is overcast.", True),
        (BUCHER, "我推荐《围城故事》。", True),
        (BUCHER, "抱歉，我不知道。", False),
        ({"相差": "五年三个月五天", "天数": 1923}, "你们相差5年、3个月、5天。", True),
    ],
)
def test_answers(reply, answer, keep):
    assert kept(reply, answer) is keep


def test_what_was_asked_and_ids_are_no_news():
    assert kept(MANY, "Hm.", asked="Is Amber, Cobalt, Indigo or Violet free at 1249.376?")
    ids = {"a_id": "alpha", "b_id": "bravo", "c_id": "charlie", "d_id": "delta", "id": "echo"}
    assert kept(ids, "Hm.")
    assert not kept(dict(enumerate(ids.values())), "Hm.")


def test_every_answer_of_a_conversation_is_read_and_calls_are_none():
    call = {
        "role": "assistant",
        "content": "Let me see.",
        "tool_calls": [{"name": "x", "arguments": {}}],
    }
    reply = {"role": "tool", "content": json.dumps(MANY)}
    asked = {"role": "user", "content": "?"}
    row = {"instruction": "And now?", "output": "Bye."}
    bad = {"role": "assistant", "content": "No idea."}
    good = {"role": "assistant", "content": "Indigo."}
    rows = [{**row, "history": [asked, call, reply, said]} for said in (bad, good)]
    rows += [{**row, "steps": [call, reply]}, {**row, "output": "Violet.", "steps": [call, reply]}]
    assert filters.no_ignored_result(records.frame(rows)).tolist() == [False, True, False, True]


def test_a_reply_of_many_levels_ends():
    assert kept("[" * 5000 + "]" * 5000, "Nothing.")
