"""Tiny models with word-level tokenizers, built once."""

import random

import pytest

from lab import records, tune

WORDS = ["<unk>", "<s>", "</s>", "<pad>", *(f"w{i}" for i in range(60))]


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
