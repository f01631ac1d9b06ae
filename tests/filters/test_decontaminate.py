import random
import sys

import numpy as np
import pandas as pd
import pytest

from lab import filters

QUESTION = "Janet sells nine duck eggs a day at two dollars each; how much does she earn in a week"


def pool(*outputs, instruction="Do it", input=""):
    n = len(outputs)
    return pd.DataFrame(
        {
            "instruction": pd.Series([instruction] * n, dtype="str"),
            "input": pd.Series([input] * n, dtype="str"),
            "output": pd.Series(outputs, dtype="str"),
        }
    )


def test_thirteen_words_in_a_row_give_a_text_away():
    words = QUESTION.split()
    rows = pool(
        f"He said: {QUESTION}!",
        " ".join(words[:13]).upper(),
        " ".join(words[:12]),
        " ".join([*words[1:7], "not", *words[7:13]]),
        "",
    )
    assert filters.decontaminate(rows, [QUESTION]).tolist() == [False, False, True, True, True]
    found = filters.contaminated_by(rows, ["Another text entirely", QUESTION])
    assert found.tolist() == [QUESTION, QUESTION, "", "", ""]


@pytest.mark.parametrize("words", [1, 3, 5])
def test_by_definition(words):
    draw = random.Random(words)

    def texts(n):
        return [" ".join(draw.choices("abcdefgh", k=draw.randint(words, 9))) for _ in range(n)]

    def runs(text):
        found = text.split()
        return {tuple(found[at : at + words]) for at in range(len(found) - words + 1)}

    held, outputs = texts(8), texts(80)
    given = set().union(*map(runs, held))
    keep = filters.decontaminate(pool(*outputs), held, words=words, fields=("output",))
    assert keep.tolist() == [not (runs(text) & given) for text in outputs]


def test_a_short_text_matches_only_itself():
    rows = pool("Name a fruit.", "Name a fruit and eat it", "name A FRUIT")
    assert filters.decontaminate(rows, ["Name a fruit"]).tolist() == [False, True, False]


def test_a_task_split_over_instruction_and_input_is_found():
    words = QUESTION.split()
    rows = pool("x", instruction=" ".join(words[:8]), input=" ".join(words[8:]))
    assert filters.decontaminate(rows, [QUESTION]).tolist() == [False]
    assert filters.decontaminate(rows, [QUESTION], fields=("instruction", "output")).all()


def test_chinese_counts_in_characters():
    held = ["一只鸡每天下九个蛋每个卖两元一周能挣多少钱"]
    rows = pool("题目：一只鸡每天下九个蛋每个卖两元。", "一只鸡每天下九个蛋每个")
    assert filters.decontaminate(rows, held).tolist() == [False, True]


def test_nothing_to_compare():
    assert filters.decontaminate(pool("a", "b"), []).tolist() == [True, True]
    assert filters.decontaminate(pool(), [QUESTION]).tolist() == []
    assert filters.decontaminate(pool("", "?"), ["", "!"]).tolist() == [True, True]


def test_by_vectors(monkeypatch):
    draw = np.random.default_rng(0)
    X, E = draw.normal(size=(60, 5)), draw.normal(size=(7, 5))
    rows = pool(*["x"] * 60)
    lengths = np.linalg.norm(X, axis=1)[:, None] * np.linalg.norm(E, axis=1)[None, :]
    products = X @ E.T / lengths
    keep = filters.decontaminate_semantic(rows, X, E, max_similarity=0.7)
    assert keep.tolist() == (products.max(axis=1) <= 0.7).tolist()
    assert 0 < keep.sum() < 60
    monkeypatch.setattr(sys.modules["lab.filters.decontaminate"], "BLOCK", 7)
    assert keep.equals(filters.decontaminate_semantic(rows, X, E, max_similarity=0.7))
    assert filters.decontaminate_semantic(rows, X, np.empty((0, 5))).all()


def test_errors_say_what_came():
    with pytest.raises(ValueError, match="words must be at least 1, got 0"):
        filters.decontaminate(pool("a"), ["b"], words=0)
    with pytest.raises(ValueError, match="X has 2 columns and evaluation_X 3"):
        filters.decontaminate_semantic(pool("a"), np.ones((1, 2)), np.ones((4, 3)))
    with pytest.raises(ValueError, match="between -1 and 1, got 1.5"):
        filters.decontaminate_semantic(
            pool("a"), np.ones((1, 2)), np.ones((1, 2)), max_similarity=1.5
        )


@pytest.mark.realdata
def test_a_real_leak_is_found(shared):
    """FLASK draws some of its prompts from the 252 tasks of Self-Instruct; GSM8K has none."""
    folder = shared / "data"
    flask = pd.read_json(folder / "eval_prompts" / "flask_evaluation.jsonl.gz", lines=True)
    tasks = pd.read_json(folder / "self_instruct" / "user_oriented_instructions.jsonl", lines=True)
    given = [item[0]["input"] for item in tasks["instances"]]
    rows = pool(*(f"{a}\n{b}" for a, b in zip(tasks["instruction"], given, strict=True)))
    leaked = filters.contaminated_by(rows, flask["instruction"]) != ""
    assert leaked.mean() > 0.5
    gsm8k = pd.read_json(folder / "gsm8k" / "test.jsonl.gz", lines=True)["question"]
    assert filters.decontaminate(rows, gsm8k).all()
