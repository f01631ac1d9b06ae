import pandas as pd
import pytest

from lab import ablate, records
from lab.ablate.constrained import met
from lab.synth.constrain import CONSTRAINTS

POOL = records.frame(
    [{"instruction": f"Name river {i}.", "output": "Po.", "source": "mine"} for i in range(16)]
)
KEEPS = {
    "at most n words": "Po",
    "at least n words": "word " * 60,
    "no commas": "Po and Elbe",
    "capital letters": "PO",
    "in quotation marks": '"Po"',
    "ends with a phrase": "The Po. That is all.",
    "JSON": '{"river": "Po"}',
}


def test_each_constraint_comes_in_turn_and_the_answer_is_left_out():
    made = records.validate(ablate.constrained(POOL))
    assert made["constraint"].value_counts().to_dict() == {one.name: 2 for one in CONSTRAINTS}
    assert set(made["parent"]) == set(POOL.index)
    assert made["output"].eq("").all()
    asked = {key: POOL.loc[parent, "instruction"] for key, parent in made["parent"].items()}
    assert all(made.loc[key, "instruction"].startswith(text) for key, text in asked.items())
    assert not made["instruction"].str.contains("{n}", regex=False).any()


def test_the_order_of_rows_does_not_matter_and_the_seed_does():
    one, turned = ablate.constrained(POOL), ablate.constrained(POOL[::-1])
    assert set(one.index) == set(turned.index)
    assert set(one.index) != set(ablate.constrained(POOL, seed=1).index)


def test_an_answer_that_keeps_its_form_is_told_from_one_that_does_not():
    made = ablate.constrained(POOL)
    lines = {key: "* a\n" * n for key, n in made["n"].items()}
    good = pd.Series({key: KEEPS.get(name, lines[key]) for key, name in made["constraint"].items()})
    assert met(good, made).eq(1).all()
    bad = pd.Series("so, it goes " * 30, index=made.index)
    assert met(bad, made).eq(1).sum() == 2  # at least n words


def test_a_prompt_without_a_constraint_has_no_form():
    made = pd.concat([POOL.head(1), ablate.constrained(POOL.tail(1))])
    assert met(pd.Series("Po", index=made.index), made).isna().tolist() == [True, False]


def test_it_asks_in_chinese_and_in_no_other_language():
    assert "不超过" in ablate.constrained(POOL, language="zh")["instruction"].str.cat()
    with pytest.raises(ValueError, match="language must be one of en, zh, got 'de'"):
        ablate.constrained(POOL, language="de")
