import pandas as pd
import pytest

from lab import filters


def test_too_few_or_missing_votes_are_out():
    pool = pd.DataFrame({"votes": [9, 10, None, 11], "question_votes": ["3", "x", "5", "4"]})
    assert filters.votes(pool, least=10).tolist() == [False, True, False, True]
    assert filters.votes(pool, least=4, column="question_votes").tolist() == [
        False,
        False,
        True,
        True,
    ]
    with pytest.raises(ValueError, match="column must be one of the pool's, got 'likes'"):
        filters.votes(pool, least=1, column="likes")
