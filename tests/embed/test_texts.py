import pytest

from lab import embed, records
from lab.errors import DataError


@pytest.fixture(name="pool")
def two_examples():
    return records.frame(
        [
            {"instruction": "Add.", "input": "1 2", "output": "3"},
            {"instruction": "Greet.", "output": "Hello."},
        ]
    )


def test_parts_are_joined_and_empty_ones_left_out(pool):
    assert embed.texts(pool).tolist() == ["Add.\n1 2\n3", "Greet.\nHello."]
    assert embed.texts(pool, parts=["output"]).tolist() == ["3", "Hello."]
    assert embed.texts(pool).index.equals(pool.index)


@pytest.mark.parametrize("parts", [[], ["answer"]])
def test_unknown_parts_are_named(pool, parts):
    with pytest.raises(ValueError, match=r"parts must be some of \['instruction'"):
        embed.texts(pool, parts=parts)


def test_an_example_with_nothing_to_embed_is_named(pool):
    with pytest.raises(DataError, match=f"row {pool.index[1]}: nothing to embed in 1 examples"):
        embed.texts(pool, parts=["input"])
