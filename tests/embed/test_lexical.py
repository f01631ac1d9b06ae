import numpy as np
import pandas as pd
import pytest

from lab import embed
from lab.errors import DataError

TEXTS = pd.Series(
    [
        "the cat sat on the mat",
        "the cat lay on the mat",
        "two plus two is four",
        "two plus three is five",
        "the dog sat on the rug",
        "four plus five is nine",
    ],
    index=list("abcdef"),
)


def test_rows_are_unit_and_on_the_index():
    X = embed.lexical(TEXTS, dimensions=4)
    assert X.index.equals(TEXTS.index)
    assert X.to_numpy().dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1, rtol=1e-6)


def test_texts_that_share_words_are_near():
    X = embed.lexical(TEXTS, dimensions=3).to_numpy()
    assert X[0] @ X[1] > X[0] @ X[2]
    assert X[2] @ X[3] > X[2] @ X[4]


def test_with_every_dimension_a_product_is_the_cosine_of_tf_idf():
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = r"\w+|[^\w\s]"
    X = embed.lexical(TEXTS, dimensions=50).to_numpy()
    T = TfidfVectorizer(token_pattern=words, sublinear_tf=True).fit_transform(TEXTS)
    # one dimension fewer than texts is kept, so the products agree up to what it held
    assert np.corrcoef((X @ X.T).ravel(), (T @ T.T).toarray().ravel())[0, 1] > 0.98


def test_texts_without_spaces_are_near_if_they_share_words():
    topics = ["光合作用", "火山", "量子力学", "咖啡", "长城", "大熊猫", "太阳能", "茶叶"]
    forms = ["请解释{}是什么。", "写一首关于{}的诗。", "{}有哪些常见的误解？", "如何学习{}？"]
    texts = pd.Series([form.format(topic) for topic in topics for form in forms])
    S = embed.lexical(texts).to_numpy() @ embed.lexical(texts).to_numpy().T
    np.fill_diagonal(S, -9)
    assert (S.argmax(axis=1) % len(forms) == np.arange(len(texts)) % len(forms)).all()


def test_order_of_the_rows_does_not_matter():
    order = [3, 1, 5, 0, 2, 4]
    X, Y = embed.lexical(TEXTS), embed.lexical(TEXTS.iloc[order])
    pd.testing.assert_frame_equal(X.iloc[order], Y)


def test_equal_texts_get_equal_vectors():
    X = embed.lexical(pd.concat([TEXTS, TEXTS.rename(str.upper)]))
    np.testing.assert_array_equal(X.to_numpy()[:6], X.to_numpy()[6:])


def test_a_text_with_nothing_in_common_lies_on_the_last_axis():
    texts = pd.Series(["a b c d", "a b c e", "a b d e", "zyx wvu", "a c d e"])
    X = embed.lexical(texts, dimensions=2).to_numpy()
    assert X[3].tolist() == [0.0, 1.0]
    np.testing.assert_allclose(abs(X[[0, 1, 2, 4], 0]), 1, rtol=1e-6)


@pytest.mark.parametrize(
    ("texts", "settings", "error", "message"),
    [
        (["a", " "], {}, DataError, "1 texts are blank"),
        (["a", "a"], {}, ValueError, "at least 2 distinct ones, got 1"),
        (["a", "b"], {"dimensions": 1}, ValueError, "at least 2, got 1"),
    ],
)
def test_errors_say_what_came(texts, settings, error, message):
    with pytest.raises(error, match=message):
        embed.lexical(pd.Series(texts), **settings)
