import sys

import numpy as np
import pytest

from lab import records, score


def slow_sum(folder, context, target):
    """Summed log-probability of a target, one text at a time."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    before = tokenizer(context)["input_ids"]
    ids = before + tokenizer(target, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        chances = model(input_ids=torch.tensor([ids])).logits[0].double().log_softmax(-1)
    return sum(chances[i - 1, ids[i]].item() for i in range(len(before), len(ids)))


def shown(row):
    middle = f"Input:\n{row['input']}\n" if row["input"] else ""
    return f"Instruction:\n{row['instruction']}\n{middle}Response:\n"


def test_equal_to_the_slow_definition(pool, llama):
    few, anchors = pool[:4], pool[4:]
    expected = []
    for _, z in few.iterrows():
        first = f"{shown(z)}{z['output']}\n\n"
        wins = [
            slow_sum(llama, first + shown(x), x["output"]) > slow_sum(llama, shown(x), x["output"])
            for _, x in anchors.iterrows()
        ]
        expected.append(np.mean(wins))
    found = score.nuggets(few, model=llama, anchors=anchors)
    np.testing.assert_allclose(found, expected)
    assert found.nunique() > 1


def test_rows_at_once_and_their_order_do_not_matter(pool, llama, monkeypatch):
    whole = score.nuggets(pool, model=llama, anchors=pool[:3])
    monkeypatch.setattr(sys.modules["lab.score.nuggets"], "SEQUENCES_AT_ONCE", 4)
    shuffled = pool.sample(frac=1, random_state=3)
    found = score.nuggets(shuffled, model=llama, anchors=pool[:3])
    assert found.loc[pool.index].tolist() == whole.tolist()


def test_only_anchors_that_fit_are_counted(llama):
    anchors = records.frame(
        [{"instruction": "say", "output": "yes"}, {"instruction": "say", "output": "no " * 60}]
    )
    pool = records.frame(
        [{"instruction": "say", "output": "one"}, {"instruction": "say", "output": "two " * 60}]
    )
    found = score.nuggets(pool, model=llama, anchors=anchors)
    assert found.iloc[0] in (0.0, 1.0)
    assert np.isnan(found.iloc[1])


def test_no_anchor_is_an_error(pool, llama):
    with pytest.raises(ValueError, match="at least one example, got 0"):
        score.nuggets(pool, model=llama, anchors=pool[:0])
