import numpy as np
import pytest

from lab import select

RNG = np.random.default_rng(0)
LABELS = "abcdefgh"
VECTORS = {label: RNG.normal(size=3) for label in LABELS}
TAGS = [[LABELS[i] for i in RNG.integers(0, 8, RNG.integers(1, 4))] for _ in range(40)]
SCORES = RNG.uniform(0, 6, 40)


def by_definition(tags, scores, k, vectors, min_similarity, propagation):
    """The greedy choice over a matrix of all labels, row by row."""
    labels = sorted({label for of in tags for label in of})
    unit = np.array([vectors[label] / np.linalg.norm(vectors[label]) for label in labels])
    joined = np.zeros((len(labels), len(labels)))
    for p in range(len(labels)):
        for q in range(len(labels)):
            near = unit[p] @ unit[q] >= min_similarity
            joined[p, q] = 1.0 if p == q else propagation * (unit[p] @ unit[q]) * near
    share = joined / joined.sum(axis=0)  # what arrives at a label is 1 in all
    own = [[s * (label in of) for label in labels] for of, s in zip(tags, scores, strict=True)]
    spread = np.array(own) @ share
    mass, picks, information = np.zeros(len(labels)), [], []
    for _ in range(k):
        slope = 0.8 * (mass + 1e-6) ** -0.2
        left = [row for row in range(len(tags)) if row not in picks]
        picks.append(max(left, key=lambda row: (round(float(spread[row] @ slope), 9), -row)))
        mass += spread[picks[-1]]
        information.append(sum(mass**0.8))
    return picks, information


@pytest.mark.parametrize(("min_similarity", "propagation"), [(0.9, 1.0), (0.3, 2.0), (0.3, 0.0)])
def test_by_definition(min_similarity, propagation):
    given = {"min_similarity": min_similarity, "propagation": propagation}
    picked = select.mig(TAGS, SCORES, 40, vectors=VECTORS, **given)
    picks, information = by_definition(TAGS, SCORES, 40, VECTORS, **given)
    assert picked.indices.tolist() == picks
    np.testing.assert_allclose(picked.trace, information)
    if propagation == 0:
        assert select.mig(TAGS, SCORES, 40).indices.tolist() == picks


def test_a_label_nearby_is_informed_too():
    near = {"a": [1.0, 0.0], "b": [0.95, (1 - 0.95**2) ** 0.5]}
    tags, scores = [["a"], ["b"], ["a"]], [1.0, 0.9, 0.95]
    assert select.mig(tags, scores, 3, vectors=near).indices.tolist() == [0, 2, 1]
    assert select.mig(tags, scores, 3, vectors=near, propagation=0.0).indices.tolist() == [0, 1, 2]


def test_picks_alternate_over_labels_and_each_brings_less():
    tags = [["a"]] * 5 + [["b"]] * 5
    picked = select.mig(tags, np.ones(10), 10)
    assert picked.indices.tolist() == [0, 5, 1, 6, 2, 7, 3, 8, 4, 9]
    assert (np.diff(picked.trace) > 0).all()
    assert (np.diff(picked.trace[1::2], n=2) < 0).all()


def test_the_order_of_the_pool_makes_no_difference():
    order = RNG.permutation(40)
    moved = select.mig([TAGS[row] for row in order], SCORES[order], 15, vectors=VECTORS).indices
    assert order[moved].tolist() == select.mig(TAGS, SCORES, 15, vectors=VECTORS).indices.tolist()


def test_rows_without_label_or_score_are_left():
    tags, scores = [["a"], [], ["a", "a"], ["b"]], [1.0, 9.0, np.nan, 0.5]
    assert sorted(select.mig(tags, scores, 2).indices) == [0, 3]
    with pytest.raises(ValueError, match="k must be between 1 and the 2 rows available, got 3"):
        select.mig(tags, scores, 3)


@pytest.mark.parametrize(
    ("scores", "given", "message"),
    [
        ([-1.0, 1.0], {}, "scores must be at least 0, got -1.0"),
        ([1.0, 1.0], {"propagation": -2.0}, "propagation at least 0, got 0.9 and -2.0"),
        ([1.0, 1.0], {"min_similarity": 2.0}, "between 0 and 1 .*, got 2.0 and 1.0"),
        ([1.0, 1.0], {"vectors": {"a": [1.0]}}, r"hold every label, got none for \['b'\]"),
        ([1.0, 1.0], {"vectors": {"a": [1.0], "b": [0.0]}}, "not be of length 0, as that of 'b'"),
        ([1.0, 1.0], {"vectors": {"a": [1.0], "b": [np.nan]}}, "vectors must be finite"),
    ],
)
def test_errors_say_what_came(scores, given, message):
    with pytest.raises(ValueError, match=message):
        select.mig([["a"], ["b"]], scores, 1, **given)
