import json

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from lab import load, records
from lab.load import spelled

LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXT = st.text(LETTERS, max_size=12) | st.sampled_from(
    ["你好，世界", "🙂👩‍🔬", "a\u2028b", "<b>&amp;"]
)
SAID = TEXT.filter(lambda text: text.strip() and "<" not in text)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
CALL = st.fixed_dictionaries(
    {"name": SAID, "arguments": st.dictionaries(TEXT, JSON, max_size=2)},
    optional={"id": SAID},
)


def turn(role, **more):
    said = st.fixed_dictionaries({"content": SAID}, optional=more)
    return said.map(lambda turn: {"role": role, "content": turn["content"], **turn})


ANSWER = turn("assistant", thinking=SAID, tool_calls=st.lists(CALL, min_size=1, max_size=2))
TOOL = turn("tool", tool_call_id=SAID, name=SAID)
EXCHANGE = st.tuples(turn("user"), ANSWER).map(list)
HISTORY = st.lists(EXCHANGE, max_size=2).map(lambda pairs: [one for pair in pairs for one in pair])
EXAMPLE = st.fixed_dictionaries(
    {
        "history": st.tuples(st.lists(turn("system"), max_size=1), HISTORY).map(
            lambda t: t[0] + t[1]
        ),
        "instruction": SAID,
        "input": st.just("") | SAID,
        "output": SAID,
    },
    optional={
        "thinking": SAID,
        "calls": st.lists(CALL, min_size=1, max_size=2),
        "steps": st.tuples(ANSWER, TOOL).map(list),
        "tools": st.lists(
            st.fixed_dictionaries(
                {"name": SAID, "parameters": st.dictionaries(TEXT, JSON, max_size=2)}
            ),
            min_size=1,
            max_size=2,
        ).map(lambda found: [{"type": "function", "function": one} for one in found]),
    },
)


def same(pool, back):
    assert back.index.tolist() == pool.index.tolist()
    for (_, one), (_, two) in zip(pool.iterrows(), back.iterrows(), strict=True):
        assert records.conversation(one) == records.conversation(two)
        assert records.structure(one) == records.structure(two)


@settings(max_examples=40, derandomize=True, deadline=None, phases=[Phase.generate])
@given(st.lists(EXAMPLE, min_size=1, max_size=3))
def test_every_form_gives_the_same_ids_and_structure(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("forms")
    pool = records.frame(rows)
    same(pool, load.saved(load.save.jsonl(pool, folder / "pool.jsonl")))
    same(pool, load.saved(load.save.parquet(pool, folder / "pool.parquet")))
    same(pool, load.messages(load.save.messages(pool, folder / "chat.jsonl")).pool)
    same(pool, load.sharegpt(load.save.sharegpt(pool, folder / "share.jsonl")).pool)


def test_openai_rows_come_back_as_the_same_json(tmp_path):
    row = {
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": "Weather?", "name": "Ann"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "w", "arguments": '{"city": "Oslo"}'},
                    },
                    {
                        "id": "c2",
                        "type": "function",
                        "function": {"name": "w", "arguments": '{"city": "奥斯陆"}'},
                    },
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "4"},
            {"role": "tool", "tool_call_id": "c2", "content": "5"},
            {"role": "assistant", "content": "Cold.", "reasoning_content": "4 and 5"},
        ],
        "tools": [
            {"type": "function", "function": {"name": "w", "parameters": {"type": "object"}}}
        ],
    }
    path = tmp_path / "chat.jsonl"
    path.write_text(json.dumps(row))
    found = load.messages(path).pool.iloc[0]
    back = spelled.openai("k", found)
    assert {name: back[name] for name in row} == row
