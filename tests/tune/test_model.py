from dataclasses import replace

import numpy as np
import pytest
import torch

from lab import tune
from lab.errors import ModelError, TuneError
from lab.tune import model as models
from tests.tune.conftest import WORDS, save_llama, tokenizer_of


def test_a_new_end_of_turn_token_is_trained_and_is_where_answers_stop(recipe, pool, tmp_path):
    recipe = replace(recipe, end_of_turn="<EOT>", epochs=None, steps=120, learning_rate=1e-2)
    folder = tune.sft(pool, recipe, tmp_path / "tuned")
    model, tokenizer = models.load(str(folder))
    new = len(WORDS)
    assert tokenizer.convert_tokens_to_ids("<EOT>") == new
    assert tokenizer.eos_token_id == model.config.eos_token_id == new
    assert model.generation_config.eos_token_id == new
    assert model.generation_config.pad_token_id == tokenizer.pad_token_id == WORDS.index("<pad>")
    head = model.get_output_embeddings().weight.detach().numpy()
    start = models.load(recipe.model)[0].get_output_embeddings().weight.detach().numpy()
    assert np.abs(head[new] - start.mean(axis=0)).max() > 0.01  # it has moved from where it began
    answers = tune.generate(folder, pool.head(40), max_new_tokens=20)
    assert answers.str.split().str.len().max() < 15
    assert not answers.str.contains("EOT").any()


def test_new_tokens_start_from_the_mean(base):
    model, tokenizer = models.load(str(base))
    before = model.get_input_embeddings().weight.detach().clone().numpy()
    models.add_tokens(model, tokenizer, "<EOT>")
    after = model.get_input_embeddings().weight.detach().numpy()
    np.testing.assert_array_equal(after[: len(WORDS)], before)
    np.testing.assert_allclose(after[len(WORDS)], before.mean(axis=0), atol=1e-6)


@pytest.mark.parametrize(
    ("special", "pad"),
    [
        ({}, "<unk>"),
        ({"pad_token": "</s>"}, "<unk>"),
        ({"pad_token": "<pad>"}, "<pad>"),
    ],
)
def test_padding_is_never_the_end_of_turn(tmp_path, special, pad):
    tokenizer = tokenizer_of(WORDS, eos_token="</s>", **special)
    model, tokenizer = models.load(str(save_llama(tmp_path, tokenizer)))
    models.add_tokens(model, tokenizer, "</s>")
    assert tokenizer.pad_token == pad
    assert tokenizer.pad_token_id != tokenizer.eos_token_id


def test_without_an_unknown_token_a_padding_token_is_made(tmp_path):
    from transformers import PreTrainedTokenizerFast

    inner = tokenizer_of(WORDS).backend_tokenizer
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="</s>")
    tokenizer.unk_token = None
    model, tokenizer = models.load(str(save_llama(tmp_path, tokenizer)))
    tokenizer.unk_token = None
    models.add_tokens(model, tokenizer, "</s>")
    assert tokenizer.pad_token == models.PAD
    assert model.get_input_embeddings().num_embeddings == len(WORDS) + 1


def test_no_end_of_turn_at_all_is_an_error(tmp_path, pool, recipe):
    folder = save_llama(tmp_path / "base", tokenizer_of(WORDS))
    with pytest.raises(TuneError, match="no end-of-sequence token; name one in end_of_turn"):
        tune.sft(pool, replace(recipe, model=str(folder)), tmp_path / "tuned")


def test_no_such_model_is_an_error(pool, recipe, tmp_path):
    with pytest.raises(ModelError, match="no model can be loaded from '.*nowhere'"):
        tune.sft(pool, replace(recipe, model=str(tmp_path / "nowhere")), tmp_path / "tuned")
    assert not (tmp_path / "tuned").exists()


def test_residual_dropout_rises_with_depth_and_is_off_in_evaluation(tmp_path):
    import torch

    tokenizer = tokenizer_of(WORDS, eos_token="</s>")
    model, _ = models.load(str(save_llama(tmp_path, tokenizer, layers=4)))
    models.add_residual_dropout(model, 0.3)
    dropped = {}

    def count(name):
        def hook(module, _, output):
            values = output[0] if isinstance(output, tuple) else output
            dropped.setdefault(name, []).append(float((values == 0).float().mean()))

        return hook

    for depth, layer in enumerate(model.model.layers):
        layer.self_attn.register_forward_hook(count((depth, "self_attn")))
        layer.mlp.register_forward_hook(count((depth, "mlp")))
    ids = torch.randint(0, 60, (16, 60), generator=torch.Generator().manual_seed(0))
    model.train()(ids)
    for depth in range(4):
        for part in ("self_attn", "mlp"):
            assert dropped[depth, part][0] == pytest.approx(0.3 * depth / 3, abs=0.01)
    model.eval()(ids)
    assert all(shares[1] == 0 for shares in dropped.values())


def test_residual_dropout_needs_llama_like_layers(tmp_path):
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(n_layer=2, n_embd=8, n_head=2, vocab_size=10))
    with pytest.raises(TuneError, match="self_attn and mlp; GPT2LMHeadModel has none"):
        models.add_residual_dropout(model, 0.1)


def test_adapters_are_the_same_whatever_was_drawn_before(recipe, pool, tmp_path):
    recipe = replace(recipe, epochs=None, steps=2, checkpoints=None, lora=tune.Lora(merge=False))
    found = []
    for drawn in (1, 5):
        torch.rand(drawn)  # by somebody else
        folder = tune.sft(pool, recipe, tmp_path / str(drawn))
        found.append((folder / "adapter_model.safetensors").read_bytes())
    assert found[0] == found[1]


@pytest.mark.parametrize("merge", [True, False])
def test_adapters_train_little_and_answer_alike_merged_or_not(recipe, pool, tmp_path, merge):
    recipe = replace(
        recipe,
        end_of_turn="<EOT>",
        epochs=1,
        learning_rate=1e-2,
        lora=tune.Lora(rank=4, alpha=8, merge=merge),
        checkpoints=tune.Checkpoints(),
    )
    folder = tune.sft(pool, recipe, tmp_path / "tuned")
    assert (folder / "adapter_config.json").exists() is not merge
    (checkpoint,) = folder.glob("checkpoint-*")
    assert (checkpoint / "adapter_config.json").exists()
    start, end = (models.load(str(path))[0] for path in (recipe.model, folder))
    old = start.get_input_embeddings().weight
    np.testing.assert_array_equal(
        end.get_input_embeddings().weight[: len(old)].detach(), old.detach()
    )
    answers = tune.generate(folder, pool.head(8), max_new_tokens=6)
    assert answers.equals(tune.generate(checkpoint, pool.head(8), max_new_tokens=6))
