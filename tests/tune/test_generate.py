import pandas as pd
import pytest

from lab import tune


@pytest.fixture(scope="module")
def tuned(base, pool, tmp_path_factory):
    recipe = tune.Recipe(
        model=str(base),
        template=tune.PLAIN,
        steps=150,
        batch_size=32,
        learning_rate=1e-2,
        max_tokens=64,
        checkpoints=None,
    )
    return tune.sft(pool, recipe, tmp_path_factory.mktemp("tuned") / "model")


def greedy_one_by_one(folder, template, prompt, limit):
    """One prompt, no cache, no padding: the definition."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    text = template.question(prompt["instruction"], prompt["input"], tokenizer.eos_token)
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    asked = len(ids)
    with torch.inference_mode():
        while len(ids) < asked + limit:
            chosen = int(model(torch.tensor([ids])).logits[0, -1].argmax())
            if chosen == tokenizer.eos_token_id:
                break
            ids.append(chosen)
    return tokenizer.decode(ids[asked:], skip_special_tokens=True)


def test_equals_one_prompt_at_a_time(tuned, pool):
    some = pool.head(20)
    answers = tune.generate(tuned, some, max_new_tokens=12)
    expected = [greedy_one_by_one(tuned, tune.PLAIN, row, 12) for _, row in some.iterrows()]
    assert answers.tolist() == expected
    assert len(set(expected)) > 5


def test_order_and_batch_size_do_not_matter(tuned, pool):
    whole = tune.generate(tuned, pool, max_new_tokens=12)
    for size in (1, 7, 32):
        part = tune.generate(tuned, pool.iloc[::-1], max_new_tokens=12, batch_size=size)
        pd.testing.assert_series_equal(part.loc[pool.index], whole)


def test_messages_ask_the_same_as_a_pool(tuned, pool):
    messages = pd.Series(
        {key: [{"role": "user", "content": row["instruction"]}] for key, row in pool.iterrows()},
        name="messages",
    ).rename_axis("id")
    pd.testing.assert_series_equal(
        tune.generate(tuned, messages, max_new_tokens=8),
        tune.generate(tuned, pool, max_new_tokens=8),
        check_index_type=False,
    )
