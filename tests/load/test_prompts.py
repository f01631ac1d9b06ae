import json

from lab import load


def test_prompts_have_empty_outputs_that_are_known_to_be_so(tmp_path):
    rows = [
        {"prompt": "a", "category": "chat"},
        {"turns": ["b", "then c"]},
        {"instruction": "d", "input": "x"},
        {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "e"}]},
        {
            "question": [[{"role": "user", "content": "f"}]],
            "function": [{"name": "g", "parameters": {}}],
        },
    ]
    path = tmp_path / "prompts.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    pool = load.prompts(path).pool
    assert pool["instruction"].tolist() == ["a", "b", "d", "e", "f"]
    assert pool["output"].tolist() == [""] * 5
    assert not pool["answered"].any()
    assert pool["later_turns"].iloc[1] == ["then c"]
    assert pool["input"].iloc[2] == "x"
    assert [tool["function"]["name"] for tool in pool["tools"].iloc[4]] == ["g"]
