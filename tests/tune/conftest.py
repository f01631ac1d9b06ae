"""Tiny models with word-level tokenizers, built once."""

import random

import pytest

from lab import records, tune

WORDS = ["<unk>", "<s>", "</s>", "<pad>", *(f"w{i}" for i in range(60))]
BODY = (
    "{% if tools %}{{ 'Tools: ' ~ (tools | tojson) ~ ' ' }}{% endif %}"
    "{% for m in messages %}{% if m['role'] == 'assistant' %}{{ 'Answer: ' }}OPEN"
    "{% if m['reasoning_content'] %}"
    "{{ '<think>' ~ m['reasoning_content'] ~ '</think>' }}{% endif %}THOUGHT"
    "{{ m['content'] }}"
    "{% for c in m['tool_calls'] or [] %}"
    "{{ '[call] ' ~ c['function']['name'] ~ ' ' ~ (c['function']['arguments'] | tojson) }}"
    "{% endfor %}{{ END }}CLOSE"
    "{% else %}{{ m['role'] ~ ': ' ~ m['content'] ~ ' ' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Answer: ' }}{% endif %}"
)
END = "<|end_of_turn|>"
OPENING, CLOSING = "{% generation %}", "{% endgeneration %}"
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


def template(**marks):
    """Write the body with these marks in their places, and none in the others."""
    text = BODY.replace("END", repr(END))
    for place in ("OPEN", "THOUGHT", "CLOSE"):
        text = text.replace(place, marks.get(place, ""))
    return text


def tokenizer_of(words, **special):
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="<unk>", **special)


def save_llama(folder, tokenizer, *, window=128, layers=2, width=32, vocabulary=None):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary or len(tokenizer),
            hidden_size=width,
            intermediate_size=2 * width,
            num_hidden_layers=layers,
            num_attention_heads=2,
            max_position_embeddings=window,
            bos_token_id=None,
            eos_token_id=None,
            pad_token_id=None,
        )
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    """A Llama with an end-of-sequence and a padding token."""
    tokenizer = tokenizer_of(WORDS, eos_token="</s>", pad_token="<pad>")
    return save_llama(tmp_path_factory.mktemp("base"), tokenizer)


@pytest.fixture(scope="session")
def pool():
    """Say it again: a task that a tiny model learns in a few hundred steps."""
    draw = random.Random(0)
    rows = []
    for _ in range(120):
        words = [f"w{draw.randrange(60)}" for _ in range(draw.randint(1, 9))]
        rows.append(
            {"instruction": " ".join(words), "output": " ".join(words[: draw.randint(1, 4)])}
        )
    return records.frame(rows, source="toy")


@pytest.fixture
def recipe(base):
    return tune.Recipe(
        model=str(base),
        template=tune.PLAIN,
        epochs=2,
        batch_size=16,
        learning_rate=3e-3,
        schedule="linear",
        max_tokens=64,
        checkpoints=None,
    )


@pytest.fixture(scope="session")
def marked():
    """A chat template that marks what the assistant writes, thinking, calls and end included."""
    return template(OPEN=OPENING, CLOSE=CLOSING)


@pytest.fixture(scope="session")
def marked_after_thinking():
    """The same text, in which the thinking is not marked."""
    return template(THOUGHT=OPENING, CLOSE=CLOSING)


@pytest.fixture(scope="session")
def unmarked():
    """The same text without marks."""
    return template()


@pytest.fixture(scope="session")
def talks():
    """Ten conversations with tools, calls, thinking and a history, in all mixtures."""
    return records.frame(ROWS, source="toy")


@pytest.fixture(scope="session")
def bytes_tokenizer():
    """A tokenizer of bytes: nothing is unknown to it."""
    from tokenizers import Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast

    letters = {letter: n for n, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    made = Tokenizer(BPE(letters, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token=END, pad_token="<|pad|>")


@pytest.fixture(scope="session")
def bytes_base(bytes_tokenizer, tmp_path_factory):
    """A Llama that reads and writes bytes."""
    return save_llama(tmp_path_factory.mktemp("bytes"), bytes_tokenizer, window=2_000)


@pytest.fixture
def talking(bytes_base, marked):
    """A recipe of one step over all ten conversations."""
    return tune.Recipe(
        model=str(bytes_base),
        template=tune.templates.ChatTemplate(text=marked),
        steps=1,
        batch_size=10,
        learning_rate=1e-3,
        max_tokens=1_000,
        checkpoints=None,
    )
