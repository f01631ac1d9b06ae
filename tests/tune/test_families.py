"""Other kinds of causal language models: the same call, the same guarantees."""

import json

import pytest
import torch
import transformers

from lab import tune
from tests.tune.conftest import WORDS, tokenizer_of

SMALL = {"vocab_size": len(WORDS), "hidden_size": 32, "num_hidden_layers": 2}
HEADS = {"num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 64}
NONE = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
FAMILIES = {
    "gpt2": lambda: transformers.GPT2Config(
        vocab_size=len(WORDS), n_embd=32, n_layer=2, n_head=2, n_positions=128, **NONE
    ),
    "bloom": lambda: transformers.BloomConfig(
        vocab_size=len(WORDS), hidden_size=32, n_layer=2, n_head=2, **NONE
    ),
    "gemma2": lambda: transformers.Gemma2Config(
        **SMALL, **HEADS, head_dim=16, sliding_window=8, max_position_embeddings=128, **NONE
    ),
    "mpt": lambda: transformers.MptConfig(
        vocab_size=len(WORDS), d_model=32, n_heads=2, n_layers=2, max_seq_len=128, **NONE
    ),
    "mamba": lambda: transformers.MambaConfig(**SMALL, **NONE),
    "qwen3": lambda: transformers.Qwen3Config(
        **SMALL, **HEADS, head_dim=16, max_position_embeddings=128, **NONE
    ),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_tunes_and_answers_alike_for_any_batch(name, pool, tmp_path):
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(FAMILIES[name]())
    model.save_pretrained(tmp_path / "base")
    tokenizer_of(WORDS, eos_token="</s>").save_pretrained(tmp_path / "base")
    recipe = tune.Recipe(
        model=str(tmp_path / "base"),
        template=tune.PLAIN,
        steps=20,
        batch_size=16,
        learning_rate=1e-2,
        checkpoints=None,
    )
    folder = tune.sft(pool, recipe, tmp_path / "tuned")
    done = json.loads((folder / "tune.json").read_text(encoding="utf-8"))
    assert done["loss"][-1] < done["loss"][0]
    whole = tune.generate(folder, pool.head(20), max_new_tokens=8)
    single = tune.Decoding(rows_at_once=1)
    assert whole.equals(tune.generate(folder, pool.head(20), max_new_tokens=8, decoding=single))
