import json

import pytest

from lab import load
from lab.errors import DataError

ROWS = {
    "alpaca": {"instruction": "a", "output": "b"},
    "dolly": {"instruction": "a", "context": "c", "response": "b"},
    "messages": {
        "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    },
    "sharegpt": {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]},
    "self_instruct": {"instruction": "a", "instances": [{"input": "", "output": "b"}]},
    "prompt_completion": {"question": "a", "answer": "b"},
    "preference": {"prompt": "a", "chosen": "b", "rejected": "c"},
    "prompts": {"prompt": "a", "category": "chat"},
    "oasst": {
        "message_tree_id": "t",
        "prompt": {
            "text": "a",
            "role": "prompter",
            "replies": [{"text": "b", "role": "assistant"}],
        },
    },
    "responses": {
        "responses_create_params": {"input": "a"},
        "response": {"output": [{"type": "message", "role": "assistant", "content": "b"}]},
    },
}


@pytest.mark.parametrize("name", ROWS)
def test_each_format_is_found_by_its_keys(tmp_path, name):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(ROWS[name]) + "\n")
    found = load.auto(path)
    assert found.told.startswith(f"read by load.{name}: 1 of the first 1 rows hold ")
    row = found.pool.iloc[0]
    assert (row["instruction"], row["output"]) == ("a", "" if name == "prompts" else "b")


def test_columns_of_other_names(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("q,a\nx,y\n")
    row = load.auto(path, columns={"instruction": "q", "output": "a"}).pool.iloc[0]
    assert (row["instruction"], row["output"]) == ("x", "y")


def test_an_unknown_format_is_refused_and_the_nearest_are_named(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"instruct": "a", "output": "b"}\n')
    with pytest.raises(
        DataError, match=r"its rows hold instruct, output; the nearest: load\.alpaca"
    ):
        load.auto(path)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "rows", "kept"),
    [
        ("sharegpt/sharegpt_sample.jsonl.gz", 979, 964),
        ("oasst/en_100_tree.jsonl.gz", 100, 100),
        ("tool_use/llama_factory/glaive_toolcall_zh_100.json.gz", 100, 97),
        ("tool_use/llama_factory/reason_tool_use_demo_50.jsonl.gz", 50, 50),
        ("tool_use/openai/drone_training.jsonl.gz", 103, 103),
        ("tool_use/openai/functionary_test_case_v2.json", 1, 1),
        ("tool_use/openai/xtuner_openai_sft.jsonl", 128, 128),
        ("tool_use/openai/xtuner_qwen35_tokenize_data.jsonl", 17, 13),
        ("tool_use/responses_form/nemo_gym_xlam_fc.jsonl", 5, 5),
        ("tool_use/s1k_5.parquet", 5, 5),
    ],
)
def test_published_files_load_whole_and_come_back_equal(shared, tmp_path, name, rows, kept):
    found = load.auto(shared / "data" / name)
    assert (found.rows, len(found.pool)) == (rows, kept)
    assert len(found.pool) + len(found.refused) == rows
    back = load.messages(load.save.messages(found.pool, tmp_path / "chat.jsonl")).pool
    assert back.index.tolist() == found.pool.index.tolist()
    share = load.sharegpt(load.save.sharegpt(found.pool, tmp_path / "share.jsonl")).pool
    assert share.index.tolist() == found.pool.index.tolist()
    whole = load.saved(load.save.parquet(found.pool, tmp_path / "pool.parquet"))
    assert whole.index.tolist() == found.pool.index.tolist()
