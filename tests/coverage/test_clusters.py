import numpy as np
import pandas as pd
import pytest

from lab import coverage
from lab.coverage.clusters import by_size


def test_blobs_are_found_largest_first(X):
    labels = coverage.clusters(X)
    assert labels.index.equals(X.index)
    sizes = labels[labels >= 0].value_counts().sort_index()
    assert len(sizes) == 5
    assert sizes.is_monotonic_decreasing
    truth = np.arange(300) // 60
    truth[-10:] = 0
    assert all(len(set(truth[(labels == label).to_numpy()])) == 1 for label in sizes.index)


def same_partition(a, b):
    return len(set(zip(a, b, strict=True))) == len(set(a)) == len(set(b))


@pytest.mark.parametrize("k", [40, 299])
def test_on_the_graph_the_same_clusters_are_found(X, k):
    """With every distance in the graph the tree is that of the full matrix."""
    plain = coverage.clusters(X, min_size=10)
    graph = coverage.clusters(X, min_size=10, graph=coverage.neighbours(X, k=k))
    assert same_partition(plain, graph)


def test_parts_that_no_edge_joins_stay_apart(X):
    labels = coverage.clusters(X, min_size=12, graph=coverage.neighbours(X, k=11))
    assert labels.max() == 4


def test_clusters_are_numbered_by_size_then_by_row():
    assert by_size([5, 5, -1, 2, 2, 2, 9, 9]).tolist() == [1, 1, -1, 0, 0, 0, 2, 2]


def test_names_hold_what_is_special_to_a_cluster():
    texts = pd.Series(
        ["name a city in France", "name a city in Spain", "add two numbers", "add three numbers"],
        index=list("abcd"),
    )
    labels = pd.Series([0, 0, 1, 1], index=list("abcd"))
    found = coverage.names(texts, labels, words=2)
    assert "city" in found[0]
    assert set(found[1].split(", ")) == {"add", "numbers"}


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["怎样在家里做红烧肉？", "红烧豆腐怎么做才好吃？"], "红烧"),
        (["दाल बनाने की विधि बताओ", "चावल बनाने की विधि"], "बनाने"),
        (["カレーの作り方は？", "味噌汁の作り方を教えてください。"], "作り方"),
        (["สภาพอากาศวันนี้เป็นอย่างไร", "อากาศพรุ่งนี้"], "อากาศ"),
        (["Wie wird das Wetter für die Fahrt?", "Ist das Wetter für die Fahrt schön?"], "fahrt"),
    ],
)
def test_names_are_whole_words_of_any_script_without_function_words(texts, words):
    both = pd.Series([*texts, "Name the capital of Spain.", "Which city is the capital of Peru?"])
    found = coverage.names(both, pd.Series([0, 0, 1, 1]), words=1)
    assert found.tolist() == [words, "capital"]


def test_a_cluster_without_words_and_a_pool_without_clusters_have_names_too():
    assert coverage.names(pd.Series(["1 2", "3"]), pd.Series([0, 0])).tolist() == ["cluster 0"]
    assert coverage.names(pd.Series(["a", "b"]), pd.Series([-1, -1])).empty


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda X: coverage.clusters(X, min_size=1), "between 2 and the 300 rows, got 1"),
        (lambda X: coverage.clusters(X, min_samples=301), "between 1 and the 300 rows, got 301"),
        (
            lambda X: coverage.clusters(X, min_size=12, graph=coverage.neighbours(X, k=5)),
            "graph must hold 11 neighbours of 300 rows, got 5 of 300",
        ),
        (
            lambda X: coverage.names(pd.Series(["a"]), pd.Series([0], index=["b"])),
            "the same index",
        ),
        (lambda X: coverage.names(pd.Series(["a"]), pd.Series([0]), words=0), "at least 1, got 0"),
    ],
)
def test_errors_say_what_came(X, call, message):
    with pytest.raises(ValueError, match=message):
        call(X)
