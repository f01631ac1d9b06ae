import json
import shutil
import sys

import numpy as np
import pandas as pd
import pytest

from lab import embed
from lab.embed.distil import components, distil, weights
from lab.errors import DataError
from tests.embed.test_encoders import tiny_encoder  # noqa: F401 - the fixture `bert`

TEXTS = pd.Series(["red apple", "a b a", "dog", "red apple dog cat " * 9], index=list("wxyz"))


@pytest.fixture(scope="module", name="folder")
def distilled(tmp_path_factory, bert):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WINNOW_DATA", str(tmp_path_factory.mktemp("data")))
        return distil(bert, dimensions=8)


def tokens_of(folder, text):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    return tokenizer.encode(text, add_special_tokens=False).ids


def table_of(folder):
    from safetensors.numpy import load_file

    return load_file(folder / "model.safetensors")["embeddings"]


def test_by_definition_for_any_batch_and_order(folder, monkeypatch):
    table = table_of(folder)
    expected = [table[tokens_of(folder, text)].mean(axis=0) for text in TEXTS]
    expected = np.stack([mean / np.linalg.norm(mean) for mean in expected])
    for at_once in (1, 3, 4096):
        monkeypatch.setattr(sys.modules["lab.embed.static"], "AT_ONCE", at_once)
        X = embed.static(TEXTS, model=folder)
        assert X.index.equals(TEXTS.index)
        assert X.to_numpy().dtype == np.float32
        np.testing.assert_allclose(X, expected, atol=1e-6)
    pd.testing.assert_frame_equal(embed.static(TEXTS[::-1], model=folder)[::-1], X)


def test_long_texts_are_read_whole_or_cut(folder):
    X = embed.static(TEXTS, model=folder, max_tokens=2)
    table = table_of(folder)
    start = table[tokens_of(folder, TEXTS["z"])[:2]].mean(axis=0)
    np.testing.assert_allclose(X.loc["z"], start / np.linalg.norm(start), atol=1e-6)
    with pytest.raises(ValueError, match="max_tokens must be at least 1, got 0"):
        embed.static(TEXTS, model=folder, max_tokens=0)


def test_unknown_tokens_are_left_out_unless_there_is_nothing_else(folder):
    texts = pd.Series(["red ? 狗", "red", "狗", "?"])
    X = embed.static(texts, model=folder).to_numpy()
    np.testing.assert_allclose(X[0], X[1], atol=1e-6)
    np.testing.assert_allclose(X[2], X[3], atol=1e-6)


def test_the_table_is_what_the_encoder_makes_of_each_token(folder, bert):
    import torch
    from transformers import AutoModel, AutoTokenizer

    model, tokenizer = AutoModel.from_pretrained(bert).eval(), AutoTokenizer.from_pretrained(bert)
    rows = []
    with torch.inference_mode():
        for one in range(len(tokenizer)):
            ids = torch.tensor([[tokenizer.cls_token_id, one, tokenizer.sep_token_id]])
            rows.append(model(input_ids=ids).last_hidden_state[0].mean(dim=0).numpy())
    rows = np.stack(rows).astype(np.float64)
    centred = rows - rows.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    zipf = 1 / (np.arange(len(rows)) + 2)
    smooth = 1e-4 / (1e-4 + zipf / zipf.sum())
    expected = centred @ axes[:8].T * smooth[:, None]
    found = table_of(folder)
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-5)
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=1e-5)


def test_parts_of_the_distillation():
    X = np.random.default_rng(0).normal(size=(30, 4))
    made = components(X, 9)
    assert made.shape == (30, 4)
    np.testing.assert_allclose(np.abs(np.corrcoef(made.T) - np.eye(4)).max(), 0, atol=1e-9)
    top = np.abs(made).argmax(axis=0)
    assert (made[top, range(4)] > 0).all()
    falling = weights(np.arange(50), 1e-2)
    assert (np.diff(falling) > 0).all(), "rare tokens weigh more"


def test_unused_tokens_come_last_and_it_is_made_once(tmp_path, bert, folder):
    words = (bert / "vocab.txt").read_text().split()
    shutil.copytree(bert, tmp_path / "bert")
    for name in (tmp_path / "bert").glob("tokenizer*.json"):
        text = name.read_text()
        name.write_text(text.replace('"##z"', '"[unused1]"').replace('"z"', '"[unused0]"'))
    made = distil(tmp_path / "bert", dimensions=8)
    assert made != folder
    before = (made / "model.safetensors").stat().st_mtime_ns
    assert distil(tmp_path / "bert", dimensions=8) == made
    assert (made / "model.safetensors").stat().st_mtime_ns == before
    assert table_of(made).shape == (len(words), 8)
    about = json.loads((made / "config.json").read_text())
    assert about == {"model_type": "model2vec", "normalize": True, "hidden_dim": 8}


def test_shared_and_weighted_vectors_are_read(tmp_path, folder):
    from safetensors.numpy import load_file, save_file

    table = load_file(folder / "model.safetensors")["embeddings"]
    shutil.copytree(folder, tmp_path / "small")
    mapping = np.arange(len(table)) % 5
    weight = np.linspace(1, 2, len(table))
    parts = {"embeddings": table[:5].astype(np.float16), "mapping": mapping, "weights": weight}
    save_file(parts, tmp_path / "small" / "model.safetensors")
    X = embed.static(TEXTS, model=tmp_path / "small")
    ids = tokens_of(folder, TEXTS["x"])
    mean = (parts["embeddings"][mapping[ids]].astype(float) * weight[ids][:, None]).mean(axis=0)
    np.testing.assert_allclose(X.loc["x"], mean / np.linalg.norm(mean), atol=1e-5)


def test_sentence_transformers_layout_is_read(tmp_path, folder):
    from safetensors.numpy import save_file

    inner = tmp_path / "0_StaticEmbedding"
    inner.mkdir()
    save_file({"embedding.weight": table_of(folder)}, inner / "model.safetensors")
    shutil.copy(folder / "tokenizer.json", inner)
    pd.testing.assert_frame_equal(
        embed.static(TEXTS, model=tmp_path), embed.static(TEXTS, model=folder)
    )


@pytest.mark.peer
def test_equal_to_model2vec(folder):
    peer = pytest.importorskip("model2vec")
    model = peer.StaticModel.from_pretrained(folder, force_download=False)
    expected = model.encode(TEXTS.tolist(), max_length=None)
    np.testing.assert_allclose(embed.static(TEXTS, model=folder), expected, atol=1e-6)


def test_errors_say_what_is_wrong(bert, folder):
    with pytest.raises(DataError, match="holds no static model"):
        embed.static(TEXTS, model=bert)
    with pytest.raises(DataError, match="row y"):
        embed.static(pd.Series(["a", " "], index=["x", "y"]), model=folder)
    with pytest.raises(ValueError, match="dimensions must be at least 1, got 0"):
        distil(bert, dimensions=0)
    with pytest.raises(ValueError, match="smoothing must be above 0, got 0"):
        distil(bert, smoothing=0)
