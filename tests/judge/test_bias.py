import numpy as np
import pandas as pd
import pytest

from lab import judge, llm, records, testbed
from lab.errors import DataError
from lab.judge import forms, verdicts
from tests.judge.fakes import Direct

PROMPTS = 90


@pytest.fixture(scope="module")
def arena():
    """Prompts, two systems that answer as two judges would, padded at random, and the truth."""
    pool = testbed.prompts(400, seed=3)
    asked = [llm.Request(records.prompt(row)) for _, row in pool.iterrows()]
    one, two = (
        [reply.text for reply in Direct(testbed.Teacher(skill=0.6, seed=seed)).complete(asked)]
        for seed in (1, 2)
    )
    differ = [i for i, (x, y) in enumerate(zip(one, two, strict=True)) if x != y][:PROMPTS]
    index = pool.index[differ]
    plain = pd.DataFrame({"A": np.array(one)[differ], "B": np.array(two)[differ]}, index=index)
    rng = np.random.default_rng(0)
    padded = plain.map(lambda text: text + " indeed" * int(rng.choice([0, 4, 12])))
    return pool.loc[index], plain, padded


def merit(pool, texts):
    """Points of a above those of b, by the world's own truth."""
    points = {
        name: [testbed.grade(records.prompt(pool.loc[key]), text) for key, text in answers.items()]
        for name, answers in texts.items()
    }
    return pd.Series(np.subtract(points["A"], points["B"]), index=pool.index)


def effects(pool, texts, quality, seed, **planted):
    judges = {
        name: Direct(testbed.Teacher(skill=0.6, noise=1.0, seed=number + 2 * seed, **planted))
        for name, number in (("one", 1), ("two", 2))
    }
    made = judge.pairwise(texts["A"], texts["B"], judges, questions=pool, prompt=forms.VERDICT)
    families = {"one": "f1", "A": "f1", "two": "f2", "B": "f2"}
    return judge.bias(made, families=families, quality=quality).set_index("effect")


def covered(found, effect, truth):
    return found.loc[effect, "low"] <= truth <= found.loc[effect, "high"]


def test_planted_position_and_length_biases_are_recovered(arena):
    pool, _, padded = arena
    quality = merit(pool, padded)
    planted = {"position_bias": 0.8, "verbosity_bias": 0.7}
    hits = {"position": 0, "length": 0}
    for seed in range(20):
        found = effects(pool, padded, quality, seed, **planted)
        hits["position"] += covered(found, "position", 0.8)
        hits["length"] += covered(found, "length", 0.7)
        assert found.loc["position", "low"] > 0
    assert min(hits.values()) >= 17, hits


def test_planted_self_preference_is_recovered(arena):
    """Each judge meets its own answers word for word, so the judges keep their seeds."""
    pool, plain, _ = arena
    quality = merit(pool, plain)
    found = effects(pool, plain, quality, 0, self_preference=1.0)
    assert covered(found, "self_preference", 1.0)
    assert found.loc["self_preference", "low"] > 0
    none = effects(pool, plain, quality, 0)
    assert covered(none, "self_preference", 0.0)


def test_without_biases_intervals_cover_zero(arena):
    pool, _, padded = arena
    quality = merit(pool, padded)
    hits = dict.fromkeys(("position", "length", "self_preference"), 0)
    for seed in range(100):
        found = effects(pool, padded, quality, seed)
        for name in hits:
            hits[name] += covered(found, name, 0.0)
    assert min(hits.values()) >= 93, hits


def test_log_probabilities_give_the_planted_values_themselves():
    pool = testbed.prompts(40, seed=5)
    wrong = pd.Series(np.roll(pool["output"].to_numpy(), 1), index=pool.index, name="B")
    a = (pool["output"] + " indeed").rename("A")
    teacher = testbed.Teacher(noise=1.0, position_bias=0.5, verbosity_bias=0.25)
    client = testbed.client(teacher, store=":memory:")
    made = judge.pairwise(a, wrong, client, questions=pool, prompt=forms.LOGPROBS)
    texts = pd.DataFrame({"A": a, "B": wrong})
    found = judge.bias(made, quality=merit(pool, texts)).set_index("effect")["estimate"]
    assert found["position"] == pytest.approx(0.5, abs=1e-3)
    assert found["length"] == pytest.approx(0.25, abs=0.01)
    assert found["quality"] == pytest.approx(1.0, abs=0.01)


def table(prompts=60, judges=("j",), firsts="ab", seed=0):
    rng = np.random.default_rng(seed)
    rows = [
        {
            "prompt": f"p{i}",
            "judge": name,
            "first": first,
            "verdict": str(rng.choice(["a", "b", "tie", "invalid"], p=[0.45, 0.35, 0.15, 0.05])),
            "length_a": float(rng.integers(10, 90)),
            "length_b": float(rng.integers(10, 90)),
        }
        for i in range(prompts)
        for name in judges
        for first in firsts
    ]
    return verdicts.table(rows)


def test_by_slow_definition_of_position_alone():
    """With two orders and nothing else, the effect is half the difference of two logits."""
    made = table().assign(length_a=5.0, length_b=5.0)
    made = made[made["verdict"] != "invalid"]
    share = made.groupby("first")["preference"].mean()
    expected = (np.log(share["a"] / (1 - share["a"])) - np.log(share["b"] / (1 - share["b"]))) / 2
    found = judge.bias(made).set_index("effect")
    assert found.loc["position", "estimate"] == pytest.approx(expected)
    assert "lengths do not vary" in found.loc["length", "note"]


def test_what_is_not_identified_is_said():
    one_order = judge.bias(table(firsts="a")).set_index("effect")
    assert "both orders" in one_order.loc["position", "note"]
    assert np.isnan(one_order.loc["position", "estimate"])
    families = {"j": "x", "k": "x", "a": "x", "b": "y"}
    found = judge.bias(table(judges=("j", "k")), families=families).set_index("effect")
    assert "two families" in found.loc["self_preference", "note"]
    apart = judge.bias(table(judges=("j", "k")), families=families | {"k": "y"})
    assert apart.set_index("effect").loc["self_preference", "note"] == ""


def test_row_order_does_not_matter_and_invalid_verdicts_are_counted():
    made = table()
    one, two = judge.bias(made), judge.bias(made.sample(frac=1, random_state=1))
    numbers = ["estimate", "low", "high", "p_value"]
    np.testing.assert_allclose(one[numbers].astype(float), two[numbers].astype(float), atol=1e-8)
    assert one["invalid"].iloc[0] == made["verdict"].eq("invalid").sum() > 0


def test_errors_say_what_came():
    with pytest.raises(ValueError, match="at least 20 prompts, got 10"):
        judge.bias(table(prompts=10))
    with pytest.raises(ValueError, match="families misses 1 names, the first is 'b'"):
        judge.bias(table(), families={"j": "x", "a": "x"})
    with pytest.raises(ValueError, match="60 prompts have no quality, the first is 'p0'"):
        judge.bias(table(), quality=pd.Series({"q": 1.0}))
    always_first = table().assign(verdict=lambda rows: rows["first"])
    always_first["preference"] = always_first["first"].eq("a").astype(float)
    with pytest.raises(DataError, match="separated"):
        judge.bias(always_first)
