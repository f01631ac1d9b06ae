import json

from lab import load, records


def test_items_become_messages(tmp_path):
    row = {
        "responses_create_params": {
            "instructions": "Be brief.",
            "input": [{"role": "user", "content": "w?", "type": "message"}],
            "tools": [{"type": "function", "name": "w", "parameters": {}}],
        },
        "response": {
            "output": [
                {
                    "type": "reasoning",
                    "summary": [{"type": "summary_text", "text": "I must look."}],
                },
                {"type": "function_call", "call_id": "c1", "name": "w", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c1", "output": "4"},
                {"type": "reasoning", "summary": []},
                {
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": "4."}],
                },
            ]
        },
        "reward": 1.0,
    }
    path = tmp_path / "rollouts.jsonl"
    path.write_text(json.dumps(row))
    found = load.responses(path).pool.iloc[0]
    call = {"id": "c1", "name": "w", "arguments": {}}
    assert records.conversation(found) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "w?"},
        {"role": "assistant", "content": "", "thinking": "I must look.", "tool_calls": [call]},
        {"role": "tool", "content": "4", "tool_call_id": "c1"},
        {"role": "assistant", "content": "4."},
    ]
    assert found["tools"] == [{"type": "function", "function": {"name": "w", "parameters": {}}}]
    assert found["reward"] == 1.0
