import numpy as np
import pandas as pd
import pytest

from lab import embed, paths
from lab.embed.weighted_hidden import _weighted

TEXTS = pd.Series(["Name a river.", "The Elbe is a river.", "Two plus two is four.", "Red."])


def one_by_one(text, limit=2048):
    """The weighted mean of one text's states, token by token."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    ids = AutoTokenizer.from_pretrained(paths.base_model())(text)["input_ids"][:limit]
    with torch.inference_mode():
        model = AutoModel.from_pretrained(paths.base_model()).eval()
        states = model(input_ids=torch.tensor([ids])).last_hidden_state[0].numpy()
    total = sum(range(1, len(ids) + 1))
    mean = sum(place * state for place, state in enumerate(states, start=1)) / total
    return mean / np.linalg.norm(mean)


def test_three_tokens_weigh_one_two_and_three_sixths():
    import torch

    found = _weighted(torch.tensor([[[6.0, 0.0, 0.0], [0.0, 6.0, 0.0], [0.0, 0.0, 6.0]]]))
    assert found.tolist() == [[1.0, 2.0, 3.0]]


@pytest.mark.parametrize("batch_tokens", [1, 64])
def test_by_definition_for_any_batch(batch_tokens):
    X = embed.weighted_hidden(TEXTS, model=paths.base_model(), batch_tokens=batch_tokens).vectors
    np.testing.assert_allclose(X, [one_by_one(text) for text in TEXTS], atol=1e-5)


def test_it_is_neither_the_mean_nor_kept_under_its_name():
    plain = embed.hidden(TEXTS, model=paths.base_model())
    weighted = embed.weighted_hidden(TEXTS, model=paths.base_model())
    assert weighted.found == 0
    assert not np.allclose(plain, weighted, atol=1e-2)


def test_what_is_longer_is_cut_and_counted():
    found = embed.weighted_hidden(TEXTS, model=paths.base_model(), max_tokens=3)
    assert found.truncated == 3
    np.testing.assert_allclose(found.vectors.iloc[1], one_by_one(TEXTS[1], 3), atol=1e-5)
