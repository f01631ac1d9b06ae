from collections import Counter

import numpy as np
import pandas as pd
import pytest

from lab import filters


def pool(*outputs, **columns):
    return pd.DataFrame({"output": pd.Series(outputs, dtype="str")} | columns)


def tasks(*instructions):
    return pd.DataFrame({"instruction": pd.Series(instructions, dtype="str")})


@pytest.mark.parametrize(
    ("instruction", "keep"),
    [
        ("Name a fruit", True),
        ("3 fruits", True),
        ("", False),
        ("  ", False),
        ("Write a program that adds", False),
        ("write a Program", False),
        ("Rewrite a program", True),
        ("'Quoted' task", False),
        ("- item", False),
        ("[x]", False),
        ("\\n", False),
        ("写一首诗", False),
        ("Éclair recipe", False),
        (" Name", True),
    ],
)
def test_bad_start(instruction, keep):
    assert filters.no_bad_start(tasks(instruction)).tolist() == [keep]


def test_bad_start_with_other_openings_and_scripts():
    rows = tasks("写一首诗", "编写程序", "C++ (a) b")
    keep = filters.no_bad_start(rows, starts=("编写", "C++ ("), allow_non_ascii=True)
    assert keep.tolist() == [True, False, False]
    assert filters.no_bad_start(rows, starts=(), allow_non_ascii=True).all()


def test_echo():
    rows = pd.DataFrame(
        {
            "instruction": ["Copy", "Say hi", "Sum", "Nothing"],
            "input": ["same ", "", "1 2", ""],
            "output": [" same", "Say hi", "3", ""],
        }
    )
    assert filters.no_echo(rows).tolist() == [False, False, True, True]


@pytest.mark.parametrize(
    ("output", "keep"),
    [
        ("", False),
        ("?!… —", False),
        ("It is what it is.", True),
        ("And so, of the", False),
        ("She  by the", False),
        ("这是的了", True),
        ("的，了。", False),
        ("他们和我们", False),
        ("他们和苹果", True),
        ("meat", True),
        ("Asia", True),
        ("42", True),
        ("Yes", True),
        ("No.", True),
        ("是", True),
        ("不", True),
        ("in Paris", True),
        *((letter, True) for letter in "ABCDST"),
        ("(A)", True),
        ("They", True),
        ("😻🐱", True),
        ("They were here.", True),
        ("have been", True),
        ("They/them", True),
        ("A, an", False),
        ("A, a", True),
        ("D. All of the above", True),
        ("children's", True),
        (">", True),
        ("$", True),
        (":-)", True),
        (". .- .-. -- / ...", True),
        ("-----", False),
        (".....", False),
        ("+---+\n|   |\n+---+", True),
        ("\\d+\\.\\d+", True),
        ("\u200b", False),
        ("他们的", True),
        ("她在那。", True),
        ("對的。", True),
        ("與，或，的", False),
        ("這是的", True),
        ("你們與我們", False),
    ],
)
def test_content_words(output, keep):
    assert filters.content_words(pool(output)).tolist() == [keep]


def slow_share(text, words):
    found = text.lower().split()
    runs = [tuple(found[at : at + words]) for at in range(len(found) - words + 1)]
    return 1 - len(Counter(runs)) / len(runs) if runs else 0.0


@pytest.mark.parametrize("limit", [0.0, 0.1, 0.2, 0.4])
def test_repetition_by_definition(limit):
    draw = np.random.default_rng(0)
    texts = [" ".join(draw.choice(list("abcd"), size=n)) for n in range(60)]
    keep = filters.no_repetition(pool(*texts), max_repeated=limit, words=3, min_words=0)
    assert keep.tolist() == [slow_share(text, 3) <= limit for text in texts]
    assert 0 < keep.sum() < 60


def test_a_short_text_and_a_regular_expression_are_no_loop():
    regex = "^10" + r"\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9])" * 8 + "$"
    rows = pool("dum tsk tsk dum " * 5, regex, "so it goes on and on and " * 9)
    assert filters.no_repetition(rows).tolist() == [True, True, False]
    assert filters.no_repetition(rows, min_words=10).tolist() == [False, True, False]


def test_lists_of_like_sentences_are_no_loop_but_with_short_runs():
    names = ["chef", "nurse", "pilot", "judge", "baker", "poet", "diver", "clown", "vet", "king"]
    rows = pool("\n".join(f"- In ten years, who will most likely be a {name}?" for name in names))
    assert filters.no_repetition(rows).tolist() == [True]
    assert filters.no_repetition(rows, words=4).tolist() == [False]


def test_repetition_finds_a_loop_in_chinese():
    assert filters.no_repetition(pool("我喜欢你" * 20, "春眠不觉晓处处闻啼鸟")).tolist() == [
        False,
        True,
    ]


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_repetition_errors(share):
    with pytest.raises(ValueError, match=f"max_repeated must be between 0 and 1, got {share}"):
        filters.no_repetition(pool("a"), max_repeated=share)


@pytest.mark.parametrize(
    ("output", "keep"),
    [
        ("<p>Hello</p>", False),
        ("line<br/>break", False),
        ("see <a href='x'>this</a>", False),
        ("[here](http://x.org)", False),
        ("![picture](a.png)", False),
        ("go to https://x.org/y", False),
        ("www.example.com", False),
        ("a&nbsp;b", False),
        ("```html\n<p>Hello</p>\n```", True),
        ("use `<br>` here", True),
        ("```\nhttp://never.closed", True),
        ("- a list\n- of items", True),
        ("1 < 2 and 3 > 2, f(x)[0](y)", False),
        ("a <q and c> d", True),
        ("List<String> x", True),
    ],
)
def test_markup(output, keep):
    assert filters.no_markup(pool(output)).tolist() == [keep]
