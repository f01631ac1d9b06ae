import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from lab import embed, runs, testbed
from lab.errors import DataError

TEXTS = embed.texts(testbed.pool(120))


def test_vectors_are_the_projections_of_latent_semantic_analysis():
    got = embed.static(TEXTS, model=embed.lexical_table(TEXTS, dimensions=9)).to_numpy()
    sample = np.unique(TEXTS.to_numpy(dtype=object).astype(str))
    weigh = TfidfVectorizer(token_pattern=r"\w+|[^\w\s]+").fit(sample)
    svd = TruncatedSVD(8, n_iter=7, random_state=0).fit(weigh.transform(sample))
    wanted = svd.transform(weigh.transform(TEXTS))
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    # axes may differ in sign; products of rows do not
    np.testing.assert_allclose(got[:, :-1] @ got[:, :-1].T, wanted @ wanted.T, atol=1e-4)
    assert not got[:, -1].any()


def test_neither_other_rows_nor_their_order_change_a_vector():
    table = embed.lexical_table(TEXTS, dimensions=16)
    whole = embed.static(TEXTS, model=table)
    pd.testing.assert_frame_equal(
        embed.static(TEXTS.iloc[[50, 3]], model=table), whole.iloc[[50, 3]]
    )
    assert embed.lexical_table(TEXTS.iloc[::-1], dimensions=16) == table
    assert len(runs.frame("embed")) == 1


def test_unknown_words_lie_on_the_last_axis_and_chinese_characters_are_words():
    sample = pd.Series(["写一首诗", "写两首歌", "name a fruit", "name a river"])
    table = embed.lexical_table(sample, dimensions=4)
    made = embed.static(pd.Series(["zebra", "写", "name zebra", "Name"]), model=table).to_numpy()
    assert made[0].tolist() == [0, 0, 0, 1]
    assert made[1, -1] == 0
    np.testing.assert_allclose(made[2], made[3])


@pytest.mark.parametrize(
    ("texts", "more", "error", "message"),
    [
        (["a", " "], {}, DataError, "1 texts are blank"),
        (["a", "a"], {}, ValueError, "at least 2 distinct ones, got 1"),
        (["a", "b"], {"dimensions": 1}, ValueError, "dimensions must be at least 2, got 1"),
        (["a", "b"], {"words": 0}, ValueError, "words must be at least 1, got 0"),
    ],
)
def test_what_cannot_be_fitted(texts, more, error, message):
    with pytest.raises(error, match=message):
        embed.lexical_table(pd.Series(texts), **more)
