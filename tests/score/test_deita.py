import numpy as np
import pytest

from lab import records, score


def slow_digit(folder, text):
    """The definition, one text at a time: the mean digit under the softmax of six logits."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        logits = model(**tokenizer(text, return_tensors="pt")).logits[0, -1]
    ids = tokenizer.convert_tokens_to_ids(list("123456"))
    chances = np.exp(logits[ids].double().numpy())
    return (chances / chances.sum() * np.arange(1, 7)).sum()


def test_complexity_equals_the_slow_definition(pool, llama):
    texts = [
        "You are a helpful assistant. Please identify the complexity score of the following user "
        f"query. \n##Query: {records.user_turn(row)}  \n##Complexity: "
        for _, row in pool.iterrows()
    ]
    expected = [slow_digit(llama, text) for text in texts]
    np.testing.assert_allclose(score.complexity(pool, model=llama), expected, atol=1e-4)


def test_quality_equals_the_slow_definition(pool, llama):
    texts = [
        "You are a helpful assistant. Please identify the quality score of the Response "
        f"corresponding to the Question. \n #Question#:\n{records.user_turn(row)}\n"
        f"#Response#:\n{row['output']} \n##Quality: "
        for _, row in pool.iterrows()
    ]
    expected = [slow_digit(llama, text) for text in texts]
    found = score.quality(pool, model=llama)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert found.between(1, 6).all()
    assert found.nunique() > 5


def test_braces_in_a_text_are_text(llama):
    odd = records.frame([{"instruction": "say {output}", "output": "{instruction} yes"}])
    plain = records.frame([{"instruction": "say no", "output": "yes"}])
    assert score.quality(odd, model=llama).notna().all()
    assert (
        score.complexity(odd, model=llama).iloc[0] != score.complexity(plain, model=llama).iloc[0]
    )


def test_too_long_is_missing(llama):
    pool = records.frame(
        [{"instruction": "the cat " * 40, "output": "yes"}, {"instruction": "say", "output": "no"}]
    )
    assert score.complexity(pool, model=llama).isna().tolist() == [True, False]


def test_a_scorer_needs_six_digits(tmp_path, llama):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    AutoModelForCausalLM.from_pretrained(llama).save_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(llama)
    vocabulary = tokenizer.get_vocab()
    for digit in "123456":
        vocabulary[f"no{digit}"] = vocabulary.pop(digit)
    from tokenizers import models

    tokenizer.backend_tokenizer.model = models.WordLevel(vocabulary, unk_token="<unk>")
    tokenizer.save_pretrained(tmp_path)
    pool = records.frame([{"instruction": "say", "output": "no"}])
    with pytest.raises(ValueError, match="a token for each digit from 1 to 6"):
        score.complexity(pool, model=str(tmp_path))
