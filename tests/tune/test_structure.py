from dataclasses import replace

import pytest

from lab import records
from lab.tune import presets, structure
from lab.tune.encode import NO_LABEL, encode
from lab.tune.templates import ChatTemplate

BODY = (
    "{% if tools %}{{ 'Tools: ' ~ (tools | tojson) ~ ' ' }}{% endif %}"
    "{% for m in messages %}{% if m['role'] == 'assistant' %}{{ 'Answer: ' }}OPEN"
    "{% if m['reasoning_content'] %}"
    "{{ '<think>' ~ m['reasoning_content'] ~ '</think>' }}{% endif %}"
    "{{ m['content'] }}"
    "{% for c in m['tool_calls'] or [] %}"
    "{{ ' call ' ~ c['function']['name'] ~ ' ' ~ (c['function']['arguments'] | tojson) }}"
    "{% endfor %}{{ END }}CLOSE"
    "{% else %}{{ m['role'] ~ ': ' ~ m['content'] ~ ' ' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Answer: ' }}{% endif %}"
)
END = "<|end_of_turn|>"
MARKED = (
    BODY.replace("OPEN", "{% generation %}")
    .replace("CLOSE", "{% endgeneration %}")
    .replace("END", repr(END))
)
PLAIN = BODY.replace("OPEN", "").replace("CLOSE", "").replace("END", repr(END))
CALL = {"id": "c1", "name": "add", "arguments": {"a": 1, "b": 2}}
TOOLS = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}]
STEPS = [
    {"role": "assistant", "content": "I add .", "thinking": "two numbers", "tool_calls": [CALL]},
    {"role": "tool", "content": "3"},
]
HISTORY = [
    {"role": "user", "content": "Hi ."},
    {"role": "assistant", "content": "Hello .", "thinking": "be kind"},
]
ROWS = [
    {"instruction": f"Add {n} and 2 .", "output": "3 ."} | more
    for n, more in enumerate(
        [
            {},
            {"thinking": "one and two"},
            {"tools": TOOLS, "steps": STEPS},
            {"tools": TOOLS, "steps": STEPS, "thinking": "it said 3"},
            {"tools": TOOLS, "calls": [CALL], "output": ""},
            {"tools": TOOLS, "calls": [CALL, CALL], "thinking": "both"},
            {"history": HISTORY},
            {"history": HISTORY, "thinking": "again"},
            {"history": HISTORY, "tools": TOOLS, "steps": STEPS},
            {"history": HISTORY, "calls": [CALL], "output": "Look :"},
        ]
    )
]


@pytest.fixture(scope="module")
def tokenizer():
    """A tokenizer of bytes: nothing is unknown to it."""
    from tokenizers import Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast

    letters = {letter: n for n, letter in enumerate(pre_tokenizers.ByteLevel.alphabet())}
    made = Tokenizer(BPE(letters, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token=END)


def recipe(text, **more):
    return replace(presets.testbed, template=ChatTemplate(text=text), max_tokens=4_000, **more)


def theirs(tokenizer, row, *, drop):
    talk = structure.written(records.conversation(row))
    if drop:
        talk = [{k: v for k, v in turn.items() if k != "reasoning_content"} for turn in talk]
    found = tokenizer.apply_chat_template(
        talk,
        tools=records.structure(row).get("tools"),
        chat_template=MARKED,
        return_dict=True,
        return_assistant_tokens_mask=True,
    )
    return found["input_ids"], found["assistant_masks"]


@pytest.mark.parametrize("thinking", ["train", "drop"])
def test_ids_and_labels_are_those_of_the_templates_own_mask(tokenizer, thinking):
    pool = records.frame(ROWS)
    set_up = recipe(MARKED, train_history=True, thinking=thinking)
    encoding = encode(pool, set_up, tokenizer, end_of_turn=END)
    assert encoding.skipped == {}
    assert len(encoding.examples) == 10
    for example in encoding.examples:
        ids, mask = theirs(tokenizer, pool.loc[example.id], drop=thinking == "drop")
        assert example.input_ids == ids
        assert [label != NO_LABEL for label in example.labels] == [bool(on) for on in mask]


def test_masked_thinking_is_in_the_text_and_has_no_loss(tokenizer):
    pool = records.frame(ROWS)
    kept = encode(pool, recipe(MARKED, train_history=True), tokenizer, end_of_turn=END)
    masked = encode(
        pool, recipe(MARKED, train_history=True, thinking="mask"), tokenizer, end_of_turn=END
    )
    for one, two in zip(kept.examples, masked.examples, strict=True):
        assert one.input_ids == two.input_ids
        gone = [a for a, b in zip(one.labels, two.labels, strict=True) if a != b]
        thought = any(turn.get("thinking") for turn in records.conversation(pool.loc[one.id]))
        assert bool(gone) == thought
        trained = tokenizer.decode([label for label in two.labels if label != NO_LABEL])
        assert "</think>" not in trained


@pytest.mark.parametrize("thinking", ["train", "mask", "drop"])
def test_a_template_without_marks_trains_on_the_same_texts(tokenizer, thinking):
    pool = records.frame(ROWS)
    both = [
        encode(pool, recipe(text, thinking=thinking), tokenizer, end_of_turn=END)
        for text in (MARKED, PLAIN)
    ]
    assert both[0].skipped == both[1].skipped == {}
    for one, two in zip(both[0].examples, both[1].examples, strict=True):
        assert [i for i in one.labels if i != NO_LABEL] == [i for i in two.labels if i != NO_LABEL]


def test_answers_of_the_history_with_weight_zero_are_not_trained_on(tokenizer):
    slip = [HISTORY[0], {"role": "assistant", "content": "slip", "weight": 0}]
    row = records.frame([{"history": slip, "instruction": "a", "output": "b"}]).iloc[0]
    assert structure.trained_turns(row, train_history=True) == [3]
    assert structure.trained_turns({**row, "history": HISTORY}, train_history=True) == [1, 3]


def test_calls_have_no_place_in_a_text_template(tokenizer):
    pool = records.frame([ROWS[4], ROWS[1]])
    encoding = encode(pool, replace(presets.testbed, max_tokens=500), tokenizer, end_of_turn=END)
    assert "a text template has no place for tools and tool calls" in encoding.skipped.values()
