import json

from lab import load


def test_context_and_response_become_input_and_output(tmp_path):
    rows = [
        {"instruction": "a", "context": "c", "response": "b", "category": "open_qa"},
        {"instruction": "a", "input": "c2", "response": "b2"},
        {"instruction": "alone"},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    found = load.dolly(path)
    assert found.pool[["input", "output"]].values.tolist() == [["c", "b"], ["c2", "b2"]]
    assert found.pool["category"].iloc[0] == "open_qa"
    assert found.refused["field"].tolist() == ["response"]
