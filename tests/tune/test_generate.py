import sys
from dataclasses import replace

import pandas as pd
import pytest
import torch

from lab import tune
from lab.errors import DataError, TuneError
from lab.models.decode import decode


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
        decoding = tune.Decoding(rows_at_once=size)
        part = tune.generate(tuned, pool.iloc[::-1], max_new_tokens=12, decoding=decoding)
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


def test_samples_do_not_depend_on_order_or_batch(tuned, pool):
    lima = replace(tune.presets.lima_decoding, samples=3)
    whole = tune.generate(tuned, pool.head(30), max_new_tokens=12, decoding=lima)
    assert whole.index.names == ["id", "sample"]
    assert len(whole) == 90
    assert whole.groupby(level="id").nunique().max() > 1
    small = replace(lima, rows_at_once=4)
    again = tune.generate(tuned, pool.head(30).iloc[::-1], max_new_tokens=12, decoding=small)
    pd.testing.assert_series_equal(again.loc[whole.index], whole)
    one = replace(lima, samples=1)
    first = tune.generate(tuned, pool.head(30), max_new_tokens=12, decoding=one)
    assert first.tolist() == whole.xs(0, level="sample").tolist()
    other = replace(lima, seed=1)
    assert tune.generate(tuned, pool.head(30), max_new_tokens=12, decoding=other).ne(whole).any()


def test_penalised_greedy_equals_transformers_generate(tuned, pool):
    """Also a check of the cache, the padding and the order: `generate` is a second definition."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tuned)
    model = AutoModelForCausalLM.from_pretrained(tuned)
    decoding = tune.Decoding(repetition_penalty=1.3)
    found = tune.generate(tuned, pool.head(12), max_new_tokens=10, decoding=decoding)
    for key, row in pool.head(12).iterrows():
        text = tune.PLAIN.question(row["instruction"], "", "</s>")
        ids = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
        whole = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=10,
            do_sample=False,
            repetition_penalty=1.3,
        )
        assert tokenizer.decode(whole[0, ids.shape[1] :], skip_special_tokens=True) == found[key]


def test_a_cut_answer_is_told_apart(tuned, pool):
    found = tune.completions(tuned, pool, max_new_tokens=2)
    assert (found["tokens"] <= 2).all()
    assert not found["stopped"].all()
    assert found.loc[~found["stopped"], "tokens"].eq(2).all()
    longer = tune.completions(tuned, pool, max_new_tokens=40)
    assert longer.loc[found["stopped"], "answer"].equals(found.loc[found["stopped"], "answer"])


def test_answers_end_where_the_window_ends(tuned, pool):
    long = pd.Series([[{"role": "user", "content": "w1 " * 125}]])
    found = tune.completions(tuned, long, max_new_tokens=50)
    assert found["tokens"].item() <= 128 - 126


def test_a_killed_generation_goes_on(tuned, pool, tmp_path, monkeypatch):
    decoding = tune.Decoding(rows_at_once=16)
    kept = tmp_path / "deep" / "answers.jsonl"
    expected = tune.generate(tuned, pool, max_new_tokens=8)
    done = []

    def killed(*args, **settings):
        for batch in decode(*args, **settings):
            if len(done) == 3:
                raise KeyboardInterrupt
            done.append(len(batch))
            yield batch

    module = sys.modules["lab.tune.generate"]
    monkeypatch.setattr(module, "decode", killed)
    with pytest.raises(KeyboardInterrupt):
        tune.generate(tuned, pool, max_new_tokens=8, decoding=decoding, keep=kept)
    kept.write_text(kept.read_text() + '{"key": "half')
    jobs = []

    def counted(model, missing, *args, **settings):
        jobs.extend(missing)
        return decode(model, missing, *args, **settings)

    monkeypatch.setattr(module, "decode", counted)
    again = tune.generate(tuned, pool, max_new_tokens=8, decoding=decoding, keep=kept)
    pd.testing.assert_series_equal(again, expected)
    assert len(jobs) == len(pool) - sum(done)
    jobs.clear()
    tune.generate(tuned, pool, max_new_tokens=8, decoding=decoding, keep=kept)
    assert not jobs
    warm = replace(decoding, temperature=0.5)
    tune.generate(tuned, pool.head(5), max_new_tokens=8, decoding=warm, keep=kept)
    assert len(jobs) == 5


def test_a_strange_file_of_answers_is_named(tuned, pool, tmp_path):
    kept = tmp_path / "answers.jsonl"
    kept.write_text('{"text": "hello"}\n')
    with pytest.raises(DataError, match=r"answers.jsonl, row 1: not an answer of a generation"):
        tune.generate(tuned, pool, keep=kept)


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ([{"role": "assistant", "content": "w1"}], "row 0: a prompt must end with a user's"),
        ([], "row 0: a prompt must end with a user's"),
        (
            [{"role": "user", "content": "w1 " * 200}],
            "row 0: a prompt must have 1 to 128 tokens less one, this one has 201",
        ),
    ],
)
def test_a_prompt_that_cannot_be_asked_is_named(tuned, messages, message):
    with pytest.raises(DataError, match=message):
        tune.generate(tuned, [messages])


def test_what_cannot_answer_is_an_error(base, tuned, pool):
    with pytest.raises(TuneError, match="was not tuned here and has no chat template"):
        tune.generate(base, pool)
    with pytest.raises(ValueError, match="max_new_tokens must be at least 1, got 0"):
        tune.generate(tuned, pool, max_new_tokens=0)
    assert len(tune.generate(base, pool.head(2), template=tune.PLAIN, max_new_tokens=3)) == 2


def test_no_prompts_no_answers(tuned, pool):
    assert tune.generate(tuned, pool.head(0)).empty


def test_tools_and_the_replies_of_tools_are_part_of_what_is_asked(
    bytes_base, bytes_tokenizer, talks, marked
):
    import torch
    from transformers import AutoModelForCausalLM

    from lab import records
    from lab.tune import structure

    model = AutoModelForCausalLM.from_pretrained(bytes_base, dtype=torch.float32).eval()
    template = tune.templates.ChatTemplate(text=marked)
    answers = tune.generate(bytes_base, talks, max_new_tokens=6, template=template)
    for key, row in talks.iterrows():
        text = bytes_tokenizer.apply_chat_template(
            structure.written(records.prompt(row)),
            tools=records.structure(row).get("tools"),
            chat_template=marked,
            tokenize=False,
            add_generation_prompt=True,
        )
        ids = bytes_tokenizer(text, add_special_tokens=False)["input_ids"]
        asked = len(ids)
        with torch.inference_mode():
            while len(ids) < asked + 6:
                chosen = int(model(torch.tensor([ids])).logits[0, -1].argmax())
                if chosen == bytes_tokenizer.eos_token_id:
                    break
                ids.append(chosen)
        expected = bytes_tokenizer.decode(ids[asked:], skip_special_tokens=True).strip()
        assert answers[key] == expected, row["instruction"]
    bare = talks.drop(columns=["tools", "steps"])
    assert (tune.generate(bytes_base, bare, max_new_tokens=6, template=template) != answers).any()


def test_a_text_template_refuses_a_prompt_with_tools(bytes_base, talks):
    with pytest.raises(DataError, match="a text template has no place for tools"):
        tune.generate(bytes_base, talks, max_new_tokens=2, template=tune.PLAIN)
