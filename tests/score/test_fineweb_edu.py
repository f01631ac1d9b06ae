import numpy as np
import pytest

from lab import records, score


def test_equal_to_one_text_at_a_time(pool, reward_model):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(reward_model).eval()
    tokenizer = AutoTokenizer.from_pretrained(reward_model)
    found = score.fineweb_edu(pool, model=reward_model)
    for (_, row), value in zip(pool.iterrows(), found, strict=True):
        text = "\n".join(filter(None, (row["instruction"], row["input"], row["output"])))
        with torch.no_grad():
            expected = model(**tokenizer(text, return_tensors="pt")).logits[0, 0].item()
        assert value == pytest.approx(expected, abs=1e-4)


def test_parts_and_what_is_too_long_is_cut(pool, reward_model):
    answers = score.fineweb_edu(pool, model=reward_model, parts=["output"])
    assert not np.allclose(answers, score.fineweb_edu(pool, model=reward_model))
    words = "the cat sat " * 60
    rows = records.frame([{"instruction": "", "output": words + end} for end in ("", "red")])
    found = score.fineweb_edu(rows, model=reward_model)
    assert found.notna().all()
    assert found.nunique() == 1, "both are cut at the window"


def test_an_empty_text_is_missing(reward_model):
    rows = records.frame([{"instruction": "say", "output": said} for said in ("", "one")])
    found = score.fineweb_edu(rows, model=reward_model, parts=["output"])
    assert found.isna().tolist() == [True, False]
