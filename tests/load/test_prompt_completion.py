import json

from lab import load


def test_texts_or_messages_under_their_many_names(tmp_path):
    rows = [
        {"prompt": "a", "completion": "b<|endoftext|>"},
        {"question": "c", "answer": "d", "level": 3},
        {
            "prompt": [{"role": "user", "content": "e"}],
            "completion": [{"role": "assistant", "content": "f"}],
        },
        {"input": "g", "target": "h"},
        {"prompt": "lacks its answer"},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    found = load.prompt_completion(path, ending="<|endoftext|>")
    assert found.pool["instruction"].tolist() == ["a", "c", "e", "g"]
    assert found.pool["output"].tolist() == ["b", "d", "f", "h"]
    assert found.refused[["field", "reason"]].values.tolist() == [
        ["completion", "completion is missing"]
    ]


def test_a_system_prompt_beside_the_question_opens_the_history(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"system_prompt": "Be brief.", "question": "a", "response": "b"}\n')
    pool = load.auto(path).pool
    assert pool["history"].tolist() == [[{"role": "system", "content": "Be brief."}]]
    assert "system_prompt" not in pool.columns
