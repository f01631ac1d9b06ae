import gzip
import json
from pathlib import Path

import pytest

from lab.errors import DataError
from lab.judge import task_files

CONFIG = {"task": "t", "fewshot_split": "train"}


def write(path, *rows):
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_rows_are_laid_out_as_on_the_hub(tmp_path):
    stem = {"stem": "Why?", "choices": [{"text": "so", "label": "A"}, {"text": "no", "label": "B"}]}
    arc = {"id": "1", "question": stem, "answerKey": "B"}
    assert task_files.rows(write(tmp_path / "arc.jsonl", arc)) == [
        {
            "id": "1",
            "question": "Why?",
            "choices": {"text": ["so", "no"], "label": ["A", "B"]},
            "answerKey": "B",
        }
    ]
    plain = {"question": "1 + 1?", "answer": "#### 2"}
    packed = tmp_path / "gsm8k.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps(plain).encode()))
    assert task_files.rows(packed) == [plain]
    bbh = {"canary": "x", "examples": [{"input": "not True", "target": "False"}]}
    assert task_files.rows(write(tmp_path / "bbh.json", bbh)) == bbh["examples"]


@pytest.mark.parametrize(("said", "place"), [("A", 0), ("d", 3), ("2", 2)])
def test_tables_of_mmlu_with_and_without_names(tmp_path, said, place):
    path = tmp_path / "a_test.csv"
    path.write_text(f'question,choice0,choice1,choice2,choice3,answer\n"q, q",1,2,3,4,{said}\n')
    asked = {"question": "q, q", "choices": ["1", "2", "3", "4"], "answer": place}
    assert task_files.rows(path) == [asked]
    path.write_text(f'"q, q",1,2,3,4,{said}\n')
    assert task_files.rows(path) == [asked]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "q,1,2,3,4,E\n", r"a.csv, row 1: must be A to D or 0 to 3 \(got 'E'\)"),
        ("a.csv", "q,1,2,3\n", "row 1: must have 6 columns, has 4"),
        ("a.csv", "", "holds no items"),
        ("a.jsonl", "", "holds no items"),
        ("a.json", '{"rows": []}', "holds no items"),
        ("a.jsonl", "[1", "is no JSON"),
    ],
)
def test_a_file_that_holds_no_items_is_named(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=message):
        task_files.rows(tmp_path / name)


def test_a_task_keeps_all_but_the_place_of_its_items(tmp_path):
    items = write(tmp_path / "items.jsonl", {"question": "é", "answer": "1"})
    examples = write(tmp_path / "examples.jsonl", {"question": "b", "answer": "2"})
    changed = task_files.task("t", (items, examples), CONFIG | {"num_fewshot": 5})
    place = changed["dataset_kwargs"]["data_files"]
    assert json.loads(Path(place["test"]).read_text(encoding="utf-8"))["question"] == "é"
    assert (changed["test_split"], changed["fewshot_split"]) == ("test", "examples")
    assert "num_fewshot" not in changed
    alone = task_files.task("t", items, CONFIG)
    assert (alone["fewshot_split"], alone["num_fewshot"]) == (None, 0)
    own = CONFIG | {"fewshot_config": {"samples": [{}]}, "num_fewshot": 8}
    assert "num_fewshot" not in task_files.task("t", items, own)


def test_examples_are_never_taken_from_the_items(tmp_path):
    items = write(tmp_path / "items.jsonl", {"question": "a", "answer": "1"})
    with pytest.raises(ValueError, match=r"t shows 5 examples, .* give \(items, examples\)"):
        task_files.task("t", items, CONFIG | {"num_fewshot": 5})
    assert task_files.task("t", items, CONFIG | {"num_fewshot": 5}, 0)["num_fewshot"] == 0
    with pytest.raises(ValueError, match="'mmlu' is no single task"):
        task_files.task("mmlu", items, {"group": "mmlu", "task": ["a", "b"]})
