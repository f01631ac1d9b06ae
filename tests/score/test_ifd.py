import numpy as np
import pandas as pd
import pytest

from lab import records, score
from lab.score.layout import ALPACA, PLAIN, Layout


def slow_mean_loss(folder, context, target):
    """The definition, one text at a time: logits of all positions, then the target's mean."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    before = tokenizer(context)["input_ids"]
    after = tokenizer(target, add_special_tokens=False)["input_ids"]
    ids = torch.tensor([before + after])
    with torch.no_grad():
        chances = model(input_ids=ids).logits.double().log_softmax(-1)
    first = max(1, len(before))
    return -np.mean([chances[0, i - 1, ids[0, i]].item() for i in range(first, ids.shape[1])])


@pytest.mark.parametrize("layout", [ALPACA, PLAIN], ids=["alpaca", "plain"])
@pytest.mark.parametrize("kind", ["llama", "bare_llama"])
def test_equal_to_the_slow_definition(pool, kind, layout, request):
    from transformers import AutoTokenizer

    folder = request.getfixturevalue(kind)
    end = AutoTokenizer.from_pretrained(folder).eos_token or ""
    pairs = [(layout.prompt(row, end), row["output"]) for row in pool.to_dict("records")]
    given = np.array([slow_mean_loss(folder, *pair) for pair in pairs])
    perplexity = score.perplexity(pool, model=folder, layout=layout)
    np.testing.assert_allclose(perplexity, np.exp(given), rtol=1e-4)

    many = [len(row["output"].split()) > 1 for row in pool.to_dict("records")]
    alone = np.array([slow_mean_loss(folder, layout.bare, row) for row in pool["output"][many]])
    ratio = score.ifd(pool, model=folder, layout=layout)[many]
    np.testing.assert_allclose(ratio, given[many] / alone, rtol=1e-4)
    ratio = score.ifd_perplexity(pool, model=folder, layout=layout)[many]
    np.testing.assert_allclose(ratio, np.exp(given[many]) / np.exp(alone), rtol=1e-4)


def test_the_two_definitions_agree_on_the_side_of_one_only(pool, llama):
    of_losses = score.ifd(pool, model=llama)
    of_perplexities = score.ifd_perplexity(pool, model=llama, layout=ALPACA)
    assert ((of_losses > 1) == (of_perplexities > 1)).all()
    alone = np.log(of_perplexities) / (of_losses - 1)  # the loss without the instruction
    assert alone.max() > 1.2 * alone.min() > 0, "so a distance from 1 means different things"


@pytest.mark.parametrize("name", ["perplexity", "ifd", "ifd_perplexity"])
def test_order_of_rows_does_not_matter(pool, llama, name, monkeypatch, tmp_path):
    shuffled = pool.sample(frac=1, random_state=2)
    first = getattr(score, name)(pool, model=llama)
    monkeypatch.setenv("WINNOW_DATA", str(tmp_path))  # nothing known yet
    second = getattr(score, name)(shuffled, model=llama)
    pd.testing.assert_series_equal(second.loc[pool.index], first, rtol=1e-6)


def test_what_cannot_be_scored_is_missing(llama, bare_llama):
    pool = records.frame(
        [
            {"instruction": "say", "output": ""},
            {"instruction": "say", "output": "the cat " * 40},
            {"instruction": "say", "output": "yes"},
            {"instruction": "say", "output": "the cat sat"},
        ]
    )
    for name in ("perplexity", "ifd", "ifd_perplexity"):
        missing = getattr(score, name)(pool, model=llama, layout=PLAIN).isna().tolist()
        assert missing == [True, True, False, False], name
    alone = score.ifd_perplexity(pool, model=bare_llama)
    assert alone.isna().tolist() == [True, True, True, False], "one token, and nothing before it"
    short = score.perplexity(pool, model=llama, layout=PLAIN, max_tokens=4)
    assert short.isna().tolist() == [True, True, False, True]


def test_no_instruction_means_one(pool, llama):
    same = Layout(lambda example, end: "one two", "one two")
    np.testing.assert_allclose(score.ifd(pool, model=llama, layout=same), 1.0)
    np.testing.assert_allclose(score.ifd_perplexity(pool, model=llama, layout=same), 1.0)


@pytest.mark.parametrize("name", ["perplexity", "ifd", "ifd_perplexity"])
def test_a_score_is_a_named_series_on_the_pools_index(pool, llama, name):
    scores = getattr(score, name)(pool, model=llama)
    assert scores.name == name
    assert scores.dtype == "float64"
    assert scores.index.equals(pool.index)
    assert getattr(score, name)(pool[:0], model=llama).empty
