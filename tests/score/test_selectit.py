import numpy as np
import pytest

from lab import score
from lab.llm import prompts
from lab.score.selectit import OWN, code_level, token_level

PROMPTS = [prompts.load("score", name) for name in OWN]


@pytest.mark.parametrize(
    ("chances", "paper", "code"),
    [
        ((0, 0, 0, 0, 1), 5, 1.2788),
        ((0.1, 0.1, 0.1, 0.1, 0.6), 2.5, 0.5742),
        ((0, 0, 1, 0, 0), 3, 0.7673),
        ((0.02, 0.05, 0.13, 0.5, 0.3), 1.5, 0.3277),
        ((0.2, 0.2, 0.2, 0.2, 0.2), 0, 0),
    ],
)
def test_both_forms_of_the_token_level(chances, paper, code):
    given = np.array(chances, dtype=float)
    assert token_level(given) == pytest.approx(paper)
    assert code_level(given) == pytest.approx(code, abs=5e-5)


def slow_chances(folder, text):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = [tokenizer(f"{text} {rating}")["input_ids"] for rating in range(1, 6)]
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids[0][:-1]])).logits[0, -1]
    return logits[[row[-1] for row in ids]].double().softmax(-1).numpy()


def test_all_three_levels_equal_the_slow_definition(pool, llama, bare_llama):
    sizes = {llama: 7.0, bare_llama: 13.0}
    pool = pool.iloc[:3]
    found = score.selectit(pool, models=sizes, doubt=0.5)
    code = score.selectit_code(pool, models=sizes, doubt=0.5)
    for (_, row), *values in zip(pool.iterrows(), found, code, strict=True):
        fields = {name: row[name] for name in ("instruction", "input", "output")}
        texts = [prompt.messages(**fields)[0]["content"].rstrip() for prompt in PROMPTS]
        chances = [[slow_chances(folder, text) for text in texts] for folder in sizes]
        sentence = []
        for level in (token_level, code_level):
            each = [[level(chance) for chance in of_model] for of_model in chances]
            sentence.append([np.mean(made) / (1 + 0.5 * np.std(made)) for made in each])
        assert values[0] == pytest.approx(np.average(sentence[0], weights=[7, 13]), abs=1e-4)
        assert values[1] == pytest.approx(np.dot(sentence[1], [7, 13]), abs=1e-3)


def test_equal_prompts_cost_nothing_and_one_prompt_is_the_token_level(pool, llama):
    one = score.selectit(pool, models={llama: 2.0}, prompts=PROMPTS[:1])
    five = score.selectit(pool, models={llama: 1.0}, prompts=PROMPTS[:1] * 5)
    np.testing.assert_allclose(one, five, rtol=1e-9)
    assert one.dropna().between(0, 5).all()


def test_chinese_prompts_end_without_a_blank(pool, llama):
    chinese = [prompts.load("score", name, "zh") for name in OWN]
    ends = [prompt.sections[-1][1].rstrip()[-1] for prompt in chinese]
    assert ends == ["："] * 5
    with pytest.raises(ValueError, match="a token for each rating from 1 to 5"):
        score.selectit(pool, models={llama: 1.0}, prompts=chinese)  # its words end at blanks


def test_what_does_not_fit_is_missing_and_an_empty_pool_has_no_scores(pool, llama):
    from lab import records

    rows = records.frame([{"instruction": "say", "output": said} for said in ("one " * 90, "one")])
    found = score.selectit(rows, models={llama: 1.0}, prompts=PROMPTS[:1])
    assert found.isna().tolist() == [True, False]
    assert len(score.selectit(pool.iloc[:0], models={llama: 1.0})) == 0


def test_errors_say_what_came(pool, llama):
    for function in (score.selectit, score.selectit_code):
        with pytest.raises(ValueError, match="models must name models with .* above 0"):
            function(pool, models={})
        with pytest.raises(ValueError, match="models must name models with .* above 0"):
            function(pool, models={llama: 0.0})
    with pytest.raises(ValueError, match="prompts must hold at least one"):
        score.selectit(pool, models={llama: 1.0}, prompts=[])
    with pytest.raises(ValueError, match="doubt must be at least 0"):
        score.selectit(pool, models={llama: 1.0}, doubt=-1)
