from dataclasses import replace

import pytest

from lab import load, records
from lab.tune import presets, structure
from lab.tune.encode import NO_LABEL, encode
from lab.tune.templates import ChatTemplate

END = "<|end_of_turn|>"


def recipe(text, **more):
    return replace(presets.testbed, template=ChatTemplate(text=text), max_tokens=40_000, **more)


def theirs(tokenizer, row, text, *, drop):
    talk = structure.written(records.conversation(row))
    if drop:
        talk = [{k: v for k, v in turn.items() if k != "reasoning_content"} for turn in talk]
    found = tokenizer.apply_chat_template(
        talk,
        tools=records.structure(row).get("tools"),
        chat_template=text,
        return_dict=True,
        return_assistant_tokens_mask=True,
    )
    return found["input_ids"], found["assistant_masks"]


def check_against_the_templates_own_mask(pool, tokenizer, thinking, text, mask_text):
    """Compare ids and labels; masked thinking stands before the template's mark."""
    set_up = recipe(text, train_history=True, thinking=thinking)
    encoding = encode(pool, set_up, tokenizer, end_of_turn=END)
    assert encoding.skipped == {}
    assert len(encoding.examples) == len(pool) == 10
    for example in encoding.examples:
        ids, mask = theirs(
            tokenizer,
            pool.loc[example.id],
            mask_text if thinking == "mask" else text,
            drop=thinking == "drop",
        )
        assert example.input_ids == ids
        assert [label != NO_LABEL for label in example.labels] == [bool(on) for on in mask]
        assert [label for label in example.labels if label != NO_LABEL] == [
            token for token, on in zip(ids, mask, strict=True) if on
        ]


@pytest.mark.parametrize("thinking", ["train", "mask", "drop"])
def test_ids_and_labels_are_those_of_the_templates_own_mask(
    bytes_tokenizer, talks, marked, marked_after_thinking, thinking
):
    check_against_the_templates_own_mask(
        talks, bytes_tokenizer, thinking, marked, marked_after_thinking
    )


@pytest.mark.realdata
@pytest.mark.parametrize("thinking", ["train", "mask", "drop"])
@pytest.mark.parametrize(
    "name",
    [
        "llama_factory/reason_tool_use_demo_50.jsonl.gz",
        "openai/xtuner_qwen35_tokenize_data.jsonl",
        "llama_factory/glaive_toolcall_zh_100.json.gz",
    ],
)
def test_published_tool_and_thinking_rows_have_the_templates_own_mask(
    shared, bytes_tokenizer, marked, marked_after_thinking, name, thinking
):
    pool = load.auto(shared / "data" / "tool_use" / name).pool
    held = [bool(records.structure(row)) for _, row in pool.iterrows()]
    weighed = [
        any("weight" in turn for turn in records.conversation(row)) for _, row in pool.iterrows()
    ]
    pool = pool[[a and not b for a, b in zip(held, weighed, strict=True)]].head(10)
    check_against_the_templates_own_mask(
        pool, bytes_tokenizer, thinking, marked, marked_after_thinking
    )


def test_masked_thinking_is_in_the_text_and_has_no_loss(bytes_tokenizer, talks, marked):
    kept = encode(talks, recipe(marked, train_history=True), bytes_tokenizer, end_of_turn=END)
    masked = encode(
        talks, recipe(marked, train_history=True, thinking="mask"), bytes_tokenizer, end_of_turn=END
    )
    for one, two in zip(kept.examples, masked.examples, strict=True):
        assert one.input_ids == two.input_ids
        gone = [a for a, b in zip(one.labels, two.labels, strict=True) if a != b]
        thought = any(turn.get("thinking") for turn in records.conversation(talks.loc[one.id]))
        assert bool(gone) == thought
        trained = bytes_tokenizer.decode([label for label in two.labels if label != NO_LABEL])
        assert "</think>" not in trained


@pytest.mark.parametrize("thinking", ["train", "mask", "drop"])
def test_a_template_without_marks_trains_on_the_same_texts(
    bytes_tokenizer, talks, marked, unmarked, thinking
):
    both = [
        encode(talks, recipe(text, thinking=thinking), bytes_tokenizer, end_of_turn=END)
        for text in (marked, unmarked)
    ]
    assert both[0].skipped == both[1].skipped == {}
    for one, two in zip(both[0].examples, both[1].examples, strict=True):
        assert [i for i in one.labels if i != NO_LABEL] == [i for i in two.labels if i != NO_LABEL]


def test_answers_of_the_history_with_weight_zero_are_not_trained_on():
    history = [
        {"role": "user", "content": "Hi ."},
        {"role": "assistant", "content": "Hello .", "thinking": "be kind"},
    ]
    slip = [history[0], {"role": "assistant", "content": "slip", "weight": 0}]
    row = records.frame([{"history": slip, "instruction": "a", "output": "b"}]).iloc[0]
    assert structure.trained_turns(row, train_history=True) == [3]
    assert structure.trained_turns({**row, "history": history}, train_history=True) == [1, 3]


def test_calls_have_no_place_in_a_text_template(bytes_tokenizer, talks):
    encoding = encode(
        talks, replace(presets.testbed, max_tokens=500), bytes_tokenizer, end_of_turn=END
    )
    reason = "a text template has no place for tools and tool calls"
    assert encoding.counts() == {reason: 6}
