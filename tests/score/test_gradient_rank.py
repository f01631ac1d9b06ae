import numpy as np
import pytest

from lab import records, score
from lab.score.gradient_rank import PROJECTIONS, spectrum
from lab.score.layout import ALPACA


def slow(folder, row):
    """The definition: the whole gradient of each matrix, and its singular values."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder).float().eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    before = tokenizer(ALPACA.prompt(row, "</s>"))["input_ids"]
    after = tokenizer(row["output"], add_special_tokens=False)["input_ids"]
    labels = torch.tensor([[-100] * len(before) + after])
    model(input_ids=torch.tensor([before + after]), labels=labels).loss.backward()
    found = {}
    for name in PROJECTIONS:
        norms, ranks = [], []
        for key, weight in model.named_parameters():
            if key.endswith(f"{name}.weight"):
                values = np.linalg.svd(weight.grad.double().numpy(), compute_uv=False)
                shares = values / values.sum()
                norms.append(values.sum())
                ranks.append(np.exp(-sum(p * np.log(p) for p in shares if p > 0)))
        found[name] = np.mean(norms), np.mean(ranks)
    return found


def test_equal_to_the_slow_definition(pool, llama):
    found = score.gradient_rank(pool.iloc[:4], model=llama)
    for (_, row), (_, made) in zip(pool.iloc[:4].iterrows(), found.iterrows(), strict=True):
        expected = slow(llama, row)
        for name, (norm, rank) in expected.items():
            assert made[f"{name}_nuclear_norm"] == pytest.approx(norm, rel=1e-3)
            assert made[f"{name}_effective_rank"] == pytest.approx(rank, rel=1e-2)
        norm, rank = np.mean(list(expected.values()), axis=0)
        assert made["nuclear_norm"] == pytest.approx(norm, rel=1e-3)
        assert made["effective_rank"] == pytest.approx(rank, rel=1e-2)
        assert made["tokens"] == len(row["output"].split())


def test_spectra_of_known_matrices():
    import torch

    assert spectrum(torch.eye(4), torch.eye(4)) == pytest.approx((4, 4))
    assert spectrum(3 * torch.eye(4), torch.eye(4)) == pytest.approx((12, 4))
    one = torch.ones(1, 5)
    assert spectrum(one, one) == pytest.approx((5, 1))  # one token: one direction
    assert spectrum(torch.ones(6, 3), torch.ones(6, 3))[1] == pytest.approx(1, abs=1e-3)
    norm, rank = spectrum(torch.zeros(2, 3), torch.ones(2, 3))
    assert norm == 0
    assert np.isnan(rank)


def test_order_does_not_matter_and_no_slopes_are_left_behind(pool, llama):
    first = score.gradient_rank(pool, model=llama, projections=["v_proj"])
    again = score.gradient_rank(pool.iloc[::-1], model=llama, projections=["v_proj"])
    np.testing.assert_allclose(again.loc[pool.index], first, rtol=1e-4)
    names = ["tokens", "v_proj_nuclear_norm", "v_proj_effective_rank"]
    assert list(first.columns) == [*names, "nuclear_norm", "effective_rank"]


def test_what_cannot_be_scored_is_missing(llama):
    said = ("", "one " * 80, "一")
    rows = records.frame([{"instruction": "say", "output": each} for each in said])
    found = score.gradient_rank(rows, model=llama)
    assert found["effective_rank"].isna().tolist() == [True, True, False]
    assert found["tokens"].tolist() == [0, 80, 1]


def test_a_model_without_such_layers_is_refused(pool, llama):
    with pytest.raises(ValueError, match=r"no linear layer named \['c_attn'\]"):
        score.gradient_rank(pool, model=llama, projections=["c_attn"])
