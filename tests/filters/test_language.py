import sys

import pandas as pd
import pytest

from lab import filters
from lab.filters import text
from lab.texts import CJK

language = sys.modules["lab.filters.language"]  # its name in the package is the filter

ENGLISH = [
    "Explain how photosynthesis turns light into sugar.",
    "Write three tips for staying healthy during a long winter.",
    "def add(a, b): return a + b  # a function that adds two numbers",
    "What is the capital of France?",
]
CHINESE = [
    "请解释光合作用是如何把光能变成糖的。",
    "写出三条保持健康的建议。",
    "法国的首都是哪里？",
    "請用繁體中文寫一封感謝信給老師。",
]
OTHERS = {
    "fr": "Expliquez comment la photosynthèse transforme la lumière en sucre.",
    "de": "Erkläre, wie die Photosynthese Licht in Zucker verwandelt.",
    "es": "Explica cómo la fotosíntesis convierte la luz en azúcar.",
    "ru": "Объясните подробно, почему осенью листья деревьев меняют цвет и опадают.",
    "ja": "光合成がどのように光を糖に変えるかを説明してください。",
    "ko": "광합성이 빛을 설탕으로 바꾸는 방법을 설명하세요.",
}


def pool(*outputs):
    index = pd.Index([f"id{row}" for row in range(len(outputs))], name="id")
    return pd.DataFrame({"output": pd.Series(outputs, index=index, dtype="str")})


def keep(rows, *languages, **more):
    return filters.language(rows, languages=languages, fields=("output",), **more).tolist()


@pytest.mark.parametrize("text", ENGLISH)
def test_english(text):
    assert keep(pool(text), "en") == [True]
    assert keep(pool(text), "zh") == [False]


@pytest.mark.parametrize("text", CHINESE)
def test_chinese(text):
    assert keep(pool(text), "zh") == [True]
    assert keep(pool(text), "en") == [False]


@pytest.mark.parametrize(("code", "text"), OTHERS.items())
def test_other_languages(code, text):
    assert filters.language_of(pool(text), fields=("output",)).tolist() == [code]
    assert keep(pool(text), "en", "zh") == [False]
    assert keep(pool(text), "en", code) == [True]


def test_what_nobody_could_tell_is_kept():
    rows = pool("", "42", "x = 3y + 5z", "Paris", "好")
    assert filters.language_of(rows, fields=("output",)).tolist() == ["und"] * 5
    assert keep(rows, "zh") == [True] * 5
    assert keep(pool("Good morning"), "zh", min_letters=5) == [False]


@pytest.mark.parametrize(
    "rows",
    [
        ("Name a musical genre", "Jazz"),
        ("Name five Mexican dishes.", "Enchiladas, Chilaquiles, Tacos al Pastor"),
        ("Convert 3 kg to grams", "3000 grams"),
        ("List 5 famous Italian cheeses.", "Parmigiano Reggiano, Grana Padano, Provolone"),
        ("Create a regular expression.", "^(([A-Za-z0-9]+_+)|([A-Za-z0-9]+))*$"),
    ],
)
def test_short_english_tasks_with_foreign_names_are_english(rows):
    given = pd.DataFrame({"instruction": [rows[0]], "input": [""], "output": [rows[1]]})
    assert filters.language_of(given).tolist() == ["en"]


def test_a_chinese_task_with_code_is_chinese():
    code = "def add(a, b):\n    return a + b\n\nfor i in range(10):\n    print(add(i, i))"
    given = pd.DataFrame(
        {"instruction": ["用 Python 写一个求和函数"], "input": "", "output": [code]}
    )
    assert filters.language_of(given).tolist() == ["zh"]
    assert filters.language(given).tolist() == [False]


def test_numbers_do_not_sway_it():
    assert keep(pool("Generate a random number of ten digits. 9508735610 73109"), "en") == [True]


def test_the_texts_of_an_example_count_together():
    rows = pd.DataFrame({"instruction": [ENGLISH[0]], "input": [""], "output": ["Bonjour"]})
    assert filters.language(rows).tolist() == [True]


def test_one_call_does_not_change_the_next():
    rows = pool(OTHERS["fr"])
    first = filters.language_of(rows, candidates=("en", "de"), fields=("output",))
    assert first.isin(["en", "de"]).all()
    assert filters.language_of(rows, fields=("output",)).tolist() == ["fr"]


def test_errors_say_what_came():
    with pytest.raises(ValueError, match="no language 'xx'; the model knows"):
        filters.language(pool("a"), languages=("xx",), fields=("output",))
    with pytest.raises(ValueError, match="at least one code"):
        filters.language(pool("a"), languages=(), fields=("output",))


def test_signs_are_counted_by_bytes_as_by_patterns():
    texts = [
        "",
        "One two-three 4x",
        "naïve été",
        "我爱 Python 和かな",
        "Привет, мир",
        "a\u0301b",
        "{[`@Zz",
    ]
    rows = pd.Series(texts * 3, dtype="str").iloc[5:]
    found = language.signs(rows)
    for counts, pattern in (
        (found.letters, r"\pL"),
        (found.latin, "[A-Za-z]"),
        (found.words, r"\pL+"),
        (found.cjk, f"[{CJK}]"),
        (found.kana, "[\u3041-\u30ff]"),
    ):
        assert counts.tolist() == text.matches(rows, pattern).tolist()
