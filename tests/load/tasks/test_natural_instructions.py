import json

import pytest

from lab.load import tasks

FILE = {
    "Definition": ["Answer."],
    "Categories": ["QA"],
    "Positive Examples": [{"input": "a", "output": "b", "explanation": "c"}],
    "Instances": [{"id": "1", "input": "q", "output": ["r", "s"]}, {"input": "no output"}],
}
PAIRS = {"metadata": {}, "examples": {"1": {"input": "u", "output": "v"}}}


def test_a_task_file_and_a_folder_of_them(tmp_path):
    (tmp_path / "task1_x.json").write_text(json.dumps(FILE, indent=1))
    (tmp_path / "pairs.json").write_text(json.dumps(PAIRS))
    found = tasks.natural_instructions(tmp_path, definition="Do it.")
    assert found.pool[["task", "instruction", "input", "output"]].values.tolist() == [
        ["pairs", "Do it.", "u", "v"],
        ["task1_x", "Answer.", "q", "r"],
    ]
    assert found.pool["references"].tolist() == [["v"], ["r", "s"]]
    assert found.refused["reason"].tolist() == ["has no input and output as text"]


@pytest.mark.realdata
def test_all_published_task_files(shared):
    found = tasks.natural_instructions(shared / "data/natural_instructions")
    assert (found.rows, len(found.pool)) == (5_473, 5_473)
    assert found.pool["task"].nunique() == 24
