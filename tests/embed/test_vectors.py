import numpy as np
import pytest

from lab import paths
from lab.embed.vectors import Store
from lab.errors import StoreError


def test_what_is_added_is_read_again_by_another_store():
    with Store("e") as store:
        store.add(["a", "b"], np.array([[1, 2], [3, 4]], dtype=np.float32))
    with Store("e") as store:
        assert store.missing(["b", "c", "a"]) == ["c"]
        assert store.read(["b", "a"]).tolist() == [[3.0, 4.0], [1.0, 2.0]]
    with Store("other") as store:
        assert store.missing(["a"]) == ["a"]


def test_many_texts_are_asked_for_in_parts():
    texts = [str(number) for number in range(2000)]
    with Store("e") as store:
        store.add(texts[::2], np.zeros((1000, 1), np.float32))
        assert store.missing(texts) == texts[1::2]


def test_a_missing_vector_and_a_broken_file_are_named():
    with Store("e") as store, pytest.raises(StoreError, match="no vector for 'a'"):
        store.read(["a"])
    path = paths.store() / "embed" / "broken.sqlite"
    path.write_text("this is not a database, whatever its name says" * 100)
    with pytest.raises(StoreError, match=r"broken.sqlite is not a store of vectors"):
        Store("broken")
