import json

from lab import load


def test_each_instance_is_an_example(tmp_path):
    rows = [
        {
            "id": "t0",
            "instruction": "a",
            "instances": [{"input": "x", "output": "1"}, {"input": "", "output": "2"}],
        },
        {"instruction": "b", "instances": []},
    ]
    path = tmp_path / "tasks.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    found = load.self_instruct(path)
    assert found.pool[["input", "output", "given_id"]].values.tolist() == [
        ["x", "1", "t0"],
        ["", "2", "t0"],
    ]
    assert found.refused[["field", "reason"]].values.tolist() == [
        ["instances", "instances is missing"]
    ]
    assert found.rows == 3
