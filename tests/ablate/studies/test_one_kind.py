import pytest

from lab import records
from lab.ablate import studies

VERBS = {"Add": 9, "Say": 7, "Name": 2}
POOL = records.frame(
    [{"instruction": f"{verb} {i}.", "output": "."} for verb, n in VERBS.items() for i in range(n)]
)


def test_all_rows_begin_with_one_word_that_begins_enough_of_them():
    kinds = set()
    for seed in range(12):
        made = studies.one_kind(POOL, 5, seed=seed)
        assert len(made) == len(set(made.index)) == 5
        assert made["kind"].nunique() == 1
        assert made["instruction"].str.lower().str.startswith(made["kind"].iloc[0]).all()
        kinds.add(made["kind"].iloc[0])
    assert kinds == {"add", "say"}


def test_the_order_of_rows_does_not_matter():
    one, turned = (studies.one_kind(rows, 5, seed=3) for rows in (POOL, POOL[::-1]))
    assert one.index.tolist() == turned.index.tolist()


def test_too_many_rows_are_refused():
    with pytest.raises(ValueError, match="at most the 9 rows of the largest kind, got 10"):
        studies.one_kind(POOL, 10, seed=0)
