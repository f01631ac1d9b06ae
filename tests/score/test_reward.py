import numpy as np
import pytest

from lab import records, score


def slow_reward(folder, question, answer):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        return model(**tokenizer(question, answer, return_tensors="pt")).logits[0].item()


def test_equal_to_one_pair_at_a_time(pool, reward_model):
    expected = [
        slow_reward(reward_model, records.user_turn(row), row["output"])
        for _, row in pool.iterrows()
    ]
    found = score.reward(pool, model=reward_model)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert found.nunique() > 5


def test_order_of_rows_does_not_matter(pool, reward_model, monkeypatch, tmp_path):
    first = score.reward(pool, model=reward_model)
    monkeypatch.setenv("WINNOW_DATA", str(tmp_path))
    second = score.reward(pool[::-1], model=reward_model)
    np.testing.assert_allclose(second.loc[pool.index], first, atol=1e-5)


def test_too_long_is_missing(pool, reward_model):
    found = score.reward(pool, model=reward_model, max_tokens=8)
    assert 0 < found.isna().sum() < len(pool)


def test_a_chat_model_reads_the_conversation(pool, reward_model, tmp_path):
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    AutoModelForSequenceClassification.from_pretrained(reward_model).save_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(reward_model)
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }} . {% endfor %}"
    tokenizer.save_pretrained(tmp_path)
    found = score.reward(pool, model=str(tmp_path))
    assert not np.allclose(found, score.reward(pool, model=reward_model))


def test_more_than_one_logit_is_no_reward(pool, tmp_path, reward_model):
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    AutoModelForSequenceClassification.from_pretrained(
        reward_model, num_labels=2, ignore_mismatched_sizes=True
    ).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(reward_model).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="one logit, but .* has 2"):
        score.reward(pool, model=str(tmp_path))
