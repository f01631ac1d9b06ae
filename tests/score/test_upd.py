import numpy as np
import pytest

from lab import records, score
from lab.score.layout import ALPACA
from lab.score.upd import difficulty


def slow(folder, context, target):
    """The definition, token by token."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    before = tokenizer(context)["input_ids"]
    whole = before + tokenizer(target, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([whole])).logits[0].double()
    values = []
    for at in range(max(1, len(before)), len(whole)):
        p = logits[at - 1].softmax(-1).numpy()
        entropy = -sum(x * np.log(x) for x in p if x > 0)
        sure = max(0, 1 - entropy / np.log(len(p)))
        values.append(sure / (1 + np.exp(np.log(p[whole[at]]))))
    return np.mean(values)


@pytest.mark.parametrize("kind", ["llama", "bare_llama"])
def test_equal_to_the_slow_definition(pool, kind, request):
    folder = request.getfixturevalue(kind)
    found = score.upd(pool, model=folder)
    for (_, row), value in zip(pool.iterrows(), found, strict=True):
        expected = slow(folder, ALPACA.prompt(row, "</s>"), row["output"])
        assert value == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("chances", "true", "expected"),
    [
        ([0.5, 0.3, 0.1, 0.1], 0, 0.1048),
        ([0.25, 0.25, 0.25, 0.25], 2, 0.0),
        ([1.0, 0.0, 0.0, 0.0], 0, 0.5),  # sure and right
        ([1.0, 0.0, 0.0, 0.0], 1, 1.0),  # sure and wrong
    ],
)
def test_one_token(chances, true, expected):
    import torch

    logits = torch.tensor([chances]).log()
    assert difficulty(logits, torch.tensor([true])).item() == pytest.approx(expected, abs=1e-4)


def test_what_cannot_be_scored_is_missing(llama):
    said = ("", "one " * 80, "一")
    rows = records.frame([{"instruction": "say", "output": each} for each in said])
    assert score.upd(rows, model=llama).isna().tolist() == [True, True, False]


def test_it_is_kept_apart_from_losses(pool, llama):
    first = score.perplexity(pool, model=llama)
    assert not np.allclose(score.upd(pool, model=llama), first)
    assert score.perplexity(pool, model=llama).equals(first)
