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
    assert found.recognised.startswith(f"read by load.{name}: 1 of the first 1 rows hold ")
    row = found.pool.iloc[0]
    assert (row["instruction"], row["output"]) == ("a", "" if name == "prompts" else "b")


def test_a_file_in_which_answers_are_missing_is_still_one_of_answers():
    from lab import paths

    found = load.auto(paths.samples() / "alpaca-dirty.jsonl")
    assert found.recognised.startswith(
        "read by load.alpaca: 7 of the first 9 rows hold instruction, out"
    )
    assert len(found.pool) == len(load.alpaca(paths.samples() / "alpaca-dirty.jsonl").pool)


SAMPLES = {
    "Posts.xml": ("stack_exchange", 3, 1),
    "alpaca.json": ("alpaca", 6, 6),
    "dolly.jsonl": ("dolly", 2, 2),
    "messages.jsonl": ("messages", 2, 2),
    "messages-dirty.jsonl": ("messages", 4, 1),
    "mood_text.txt": ("tasks.labelled", 3, 3),
    "oasst.jsonl": ("oasst", 1, 1),
    "pairs.jsonl": ("preference", 2, 2),
    "prompts.jsonl": ("prompts", 2, 2),
    "reddit.jsonl": ("reddit", 1, 1),
    "sharegpt.jsonl": ("sharegpt", 3, 2),
    "task.json": ("tasks.natural_instructions", 3, 3),
    "tools.jsonl": ("messages", 3, 3),
    "wikihow.csv": ("wikihow", 1, 1),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_read_by_its_reader(name):
    from lab import paths

    reader, rows, kept = SAMPLES[name]
    found = load.auto(paths.samples() / name)
    assert found.recognised.startswith(f"read by load.{reader}: ")
    assert (found.rows, len(found.pool)) == (rows, kept)


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
        ("natural_instructions/task1704_ljspeech_textmodification.json.gz", 499, 499),
        ("instruction_induction/common_concept.json", 16, 16),
        ("bbh/sports_understanding.json", 250, 248),
        ("tweeteval/emotion/train_text.txt.gz", 3257, 3232),
        ("wikihow/wikihow_steps.csv.gz", 223, 223),
        ("reddit_top/WritingPrompts.csv.gz", 997, 997),
    ],
)
def test_published_files_load_whole_and_come_back_equal(shared, tmp_path, name, rows, kept):
    found = load.auto(shared / "data" / name)
    assert (found.rows, len(found.pool)) == (rows, kept)
    assert len(found.pool) + len(found.refused) == rows
    if not found.pool["output"].all():
        return  # posts alone
    back = load.messages(load.save.messages(found.pool, tmp_path / "chat.jsonl")).pool
    assert back.index.tolist() == found.pool.index.tolist()
    share = load.sharegpt(load.save.sharegpt(found.pool, tmp_path / "share.jsonl")).pool
    assert share.index.tolist() == found.pool.index.tolist()
    whole = load.saved(load.save.parquet(found.pool, tmp_path / "pool.parquet"))
    assert whole.index.tolist() == found.pool.index.tolist()


def pack(path, suffix):
    import gzip

    import zstandard

    data = path.read_bytes()
    packed = gzip.compress(data) if suffix == ".gz" else zstandard.compress(data)
    path.with_name(path.name + suffix).write_bytes(packed)
    path.unlink()


ALPACA = [{"instruction": f"a{n}", "output": "b, c"} for n in range(5)]


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
@pytest.mark.parametrize("kind", [".json", ".jsonl", ".csv", ".tsv"])
def test_every_kind_of_file_is_read_packed_or_not(tmp_path, kind, suffix):
    import pandas as pd

    path = tmp_path / f"rows{kind}"
    table = pd.DataFrame(ALPACA)
    if kind in (".csv", ".tsv"):
        table.to_csv(path, index=False, sep="," if kind == ".csv" else "\t")
    elif kind == ".json":
        path.write_text(json.dumps(ALPACA))
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in ALPACA))
    if suffix:
        pack(path, suffix)
    found = load.auto(path.with_name(path.name + suffix))
    assert found.recognised.startswith("read by load.alpaca: 5 of the first 5 rows")
    assert found.pool["instruction"].tolist() == [f"a{n}" for n in range(5)]


def test_a_folder_of_parquet_shards_is_one_set(tmp_path):
    import pandas as pd

    for n in range(5):
        pd.DataFrame(ALPACA[n : n + 1]).to_parquet(tmp_path / f"train-0000{n}-of-00005.parquet")
    found = load.auto(tmp_path)
    assert len(found.pool) == found.rows == 5
    assert found.pool["source"].tolist()[0] == "train-00000-of-00005.parquet"


def test_other_columns_are_mapped_in_every_format(tmp_path):
    path = tmp_path / "rows.jsonl"
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    path.write_text(json.dumps({"dialogue": turns}) + "\n")
    found = load.auto(path, columns={"messages": "dialogue"})
    assert found.recognised == "read by load.messages: 1 of the first 1 rows hold messages"
    path.write_text('{"ask": "a", "good": "b", "bad": "c"}\n')
    names = {"prompt": "ask", "chosen": "good", "rejected": "bad"}
    assert load.auto(path, columns=names).pool["rejected"].tolist() == ["c"]
    path.write_text('{"q": "a", "why": "b", "a": "c"}\n')
    names = {"instruction": "q", "thinking": "why", "output": "a"}
    assert load.auto(path, columns=names).pool["thinking"].tolist() == ["b"]


TASK = {
    "Definition": ["Write in capitals."],
    "Positive Examples": [{"input": "a", "output": "A"}],
    "Instances": [{"input": "b", "output": ["B"]}, {"input": "c", "output": ["C"]}],
}


def test_a_task_and_a_folder_of_tasks_are_recognised(tmp_path):
    (tmp_path / "task1_caps.json").write_text(json.dumps(TASK, indent=1))
    (tmp_path / "task2_pairs.json").write_text(
        json.dumps({"metadata": {}, "examples": {"1": {"input": "x", "output": "y"}}})
    )
    one = load.auto(tmp_path / "task1_caps.json")
    assert one.recognised.startswith(
        "read by load.tasks.natural_instructions: task1_caps.json holds a "
    )
    assert one.pool["instruction"].tolist() == ["Write in capitals."] * 2
    both = load.auto(tmp_path)
    assert both.pool["task"].tolist() == ["task1_caps", "task1_caps", "task2_pairs"]


def test_templates_beside_a_table_are_written(tmp_path):
    path = tmp_path / "templates.yaml"
    path.write_text('templates:\n  x:\n    name: ask\n    jinja: "Say {{text}}.|||{{text}}"\n')
    with pytest.raises(
        DataError, match=r"holds 1 templates; name the table .*promptsource\(table, templat"
    ):
        load.auto(path)
    (tmp_path / "rows.csv").write_text("text\nhello\n")
    found = load.auto(tmp_path)
    assert found.recognised == (
        "read by load.tasks.promptsource: templates.yaml beside one table, rows.csv"
    )
    assert found.pool["instruction"].tolist() == ["Say hello."]


def test_texts_with_labels_are_recognised_and_their_description_is_told(tmp_path):
    for split in ("train", "test"):
        (tmp_path / f"{split}_text.txt").write_text("good\nbad\n")
        (tmp_path / f"{split}_labels.txt").write_text("1\n0\n")
    (tmp_path / "mapping.txt").write_text("0\tno\n1\tyes\n")
    with pytest.raises(DataError, match=r"holds texts with labels; name one of test_text\.txt, tr"):
        load.auto(tmp_path)
    found = load.auto(tmp_path / "train_text.txt")
    assert "described as 'Say which label fits the text.'" in found.recognised
    assert found.pool["output"].tolist() == ["yes", "no"]


def test_dumps_of_communities_are_recognised(tmp_path):
    site = tmp_path / "tea.stackexchange.com"
    site.mkdir()
    (site / "Posts.xml").write_text(
        '<posts><row Id="1" PostTypeId="1" Title="Q?" Body="&lt;p&gt;q&lt;/p&gt;" Score="3"/>'
        '<row Id="2" PostTypeId="2" ParentId="1" Body="&lt;p&gt;a&lt;/p&gt;" Score="4"/></posts>'
    )
    for path in (site, site / "Posts.xml"):
        found = load.auto(path)
        assert found.recognised == "read by load.stack_exchange: Posts.xml is XML"
        assert found.pool["output"].tolist() == ["a"]
    path = tmp_path / "rows.jsonl"
    answers = [{"text": "b", "score": 2}, {"text": "c", "score": 5}]
    path.write_text(json.dumps({"question": "a?", "answers": answers, "subreddit": "s"}) + "\n")
    assert load.auto(path).pool["output"].tolist() == ["c"]
    path.write_text('{"title": "[WP] A tale", "selftext": "", "score": 5}\n')
    assert load.auto(path).recognised.startswith(
        "read by load.reddit: 1 of the first 1 rows hold title"
    )
    path.write_text('{"title": "How to a", "heading": "b", "paragraph": "b c"}\n')
    assert load.auto(path).recognised.startswith("read by load.wikihow")


def test_what_auto_found_may_not_take_an_argument(tmp_path):
    (tmp_path / "task1_caps.json").write_text(json.dumps(TASK))
    with pytest.raises(ValueError, match=r"columns is not for load\.tasks\.natural_instructions"):
        load.auto(tmp_path / "task1_caps.json", columns={"instruction": "Definition"})
