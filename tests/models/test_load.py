import shutil

import pytest
import torch
import transformers

from lab import errors, models, paths


def test_a_model_is_loaded_ready_to_run():
    loaded = models.causal(paths.base_model(), device="cpu")
    assert (loaded.model.dtype, loaded.model.training) == (torch.float32, False)
    assert (loaded.device, loaded.window) == ("cpu", 256)


def test_precision_is_as_asked_for():
    assert models.causal(paths.base_model(), dtype="bfloat16").model.dtype == torch.bfloat16


def test_a_name_of_the_data_folder_will_do():
    shutil.copytree(paths.base_model(), paths.models() / "small")
    assert models.causal("small").window == 256


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", "{"),
        ("config.json", '{"model_type": "no-such-architecture"}'),
        ("model.safetensors", "cut off"),
    ],
)
def test_what_cannot_be_loaded_is_told(tmp_path, name, content):
    folder = shutil.copytree(paths.base_model(), tmp_path / "broken")
    (folder / name).write_text(content)
    with pytest.raises(errors.ModelError, match=r"no model can be loaded from .*broken"):
        models.causal(folder)


def test_no_such_model():
    with pytest.raises(errors.ModelError, match="no model can be loaded from 'no-such/model'"):
        models.causal("no-such/model")


@pytest.mark.parametrize(
    ("config", "window"),
    [
        (transformers.LlamaConfig(max_position_embeddings=77), 77),
        (transformers.GPT2Config(n_positions=78), 78),
        (transformers.MptConfig(max_seq_len=79), 79),
        (transformers.BloomConfig(), None),
        (transformers.MambaConfig(), None),
        (transformers.Gemma3Config(text_config={"max_position_embeddings": 80}), 80),
    ],
)
def test_the_window_is_found_wherever_a_configuration_keeps_it(config, window):
    assert models.window(config) == window


def test_a_text_over_the_models_limit_is_no_warning(monkeypatch):
    from transformers import AutoTokenizer, tokenization_utils_base

    said = []
    monkeypatch.setattr(
        tokenization_utils_base.logger, "warning", lambda text, *_: said.append(text)
    )
    long = "the capital " * 300
    AutoTokenizer.from_pretrained(paths.base_model())(long)
    assert "maximum sequence length" in said.pop()
    read = models.tokenizer(paths.base_model())
    assert len(read(long)["input_ids"]) > read.model_max_length
    assert said == []
