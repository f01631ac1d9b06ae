import numpy as np
import pytest

from lab import records, score

QUESTIONS = {
    "naturalness": "question: Is this a natural response in the dialogue? </s> response: {a}",
    "coherence": "question: Is this a coherent response given the dialogue history? </s> "
    "response: {a} </s> dialogue history: {q}",
    "understandability": "question: Is this an understandable response in the dialogue? </s> "
    "response: {a}",
}


def slow_chance(folder, text):
    """Yes over Yes or No at the first decoded token, one text at a time."""
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    model = AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    yes, no = tokenizer.convert_tokens_to_ids(["Yes", "No"])
    with torch.no_grad():
        sent = tokenizer(text, return_tensors="pt")
        chances = model(**sent, labels=torch.tensor([[no]])).logits[0, 0].softmax(-1)
    return (chances[yes] / (chances[yes] + chances[no])).item()


def test_equal_to_one_text_at_a_time(pool, reading_model):
    found = score.unieval(pool[:5], model=reading_model)
    assert list(found.columns) == list(QUESTIONS)
    for name, question in QUESTIONS.items():
        expected = [
            slow_chance(reading_model, question.format(a=row["output"], q=records.user_turn(row)))
            for _, row in pool[:5].iterrows()
        ]
        np.testing.assert_allclose(found[name], expected, atol=1e-4)
    assert found["coherence"].nunique() == 5


def test_an_empty_pool_gives_an_empty_table(pool, reading_model):
    assert score.unieval(pool[:0], model=reading_model).shape == (0, 3)


def test_yes_and_no_must_differ(pool, llama, reading_model, tmp_path):
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    AutoModelForSeq2SeqLM.from_pretrained(reading_model).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(llama).save_pretrained(tmp_path)  # begins all texts with <s>
    with pytest.raises(ValueError, match="must tell Yes from No"):
        score.unieval(pool, model=str(tmp_path))
