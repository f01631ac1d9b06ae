import numpy as np
import pytest

from lab.judge.intervals import Interval, bootstrap, paired_difference


@pytest.fixture
def values():
    return np.random.default_rng(0).choice([0.0, 0.5, 1.0], size=(60, 4), p=[0.5, 0.2, 0.3])


def logistic(x):
    return 1 / (1 + np.exp(-x))


def test_one_column_is_students_interval_for_many_repetitions(values):
    found = bootstrap(values[:, 0], repetitions=20_000)
    column = values[:, 0]
    half = 2.001 * column.std(ddof=1) / np.sqrt(60)  # 2.001: Student's t at 59 degrees, 97.5 %
    assert found.estimate == column.mean()
    assert found.high - found.low == pytest.approx(2 * half, rel=0.02)


def test_by_slow_definition_of_the_two_way_bootstrap(values):
    """Draw rows and columns one by one; the fast draws have the same spread before stretching."""
    rng = np.random.default_rng(1)
    slow = [
        values[np.ix_(rng.integers(60, size=60), rng.integers(4, size=4))].mean()
        for _ in range(4000)
    ]
    from lab.judge import intervals

    fast = intervals.draw_means(values, 4000, np.random.default_rng(2))
    assert np.mean(fast) == pytest.approx(np.mean(slow), abs=0.005)
    assert np.std(fast) == pytest.approx(np.std(slow), rel=0.06)


def test_order_of_prompts_does_not_matter_and_seed_does(values):
    order = np.random.default_rng(3).permutation(60)
    assert bootstrap(values[order]) == bootstrap(values)
    assert bootstrap(values, seed=1) != bootstrap(values)
    assert paired_difference(values[order, 0], values[order, 1]) == paired_difference(
        values[:, 0], values[:, 1]
    )


def test_missing_values_stay_missing(values):
    holes = values.copy()
    holes[:10, 1] = np.nan
    found = bootstrap(holes)
    assert found.estimate == pytest.approx(np.nanmean(holes))
    assert found.low < found.estimate < found.high
    whole = bootstrap(values)
    assert found.high - found.low == pytest.approx(whole.high - whole.low, rel=0.15)


def test_a_difference_knows_that_prompts_are_shared():
    rng = np.random.default_rng(0)
    hardness = rng.normal(scale=3, size=(300, 1))
    one = (rng.random((300, 3)) < logistic(hardness + 0.5)).astype(float)
    two = (rng.random((300, 3)) < logistic(hardness)).astype(float)
    paired = paired_difference(one, two)
    apart = bootstrap(one).high - bootstrap(one).low
    assert paired.estimate == pytest.approx(one.mean() - two.mean())
    assert paired.high - paired.low < 0.75 * np.sqrt(2) * apart


def test_a_difference_of_equal_systems_is_zero(values):
    assert paired_difference(values[:, 0], values[:, 0]) == Interval(0.0, 0.0, 0.0)
    assert bootstrap([0.5] * 10) == Interval(0.5, 0.5, 0.5)


def test_numbers_of_seeds_may_differ(values):
    found = paired_difference(values[:, :1], values[:, 1:])
    assert found.estimate == pytest.approx(values[:, 0].mean() - values[:, 1:].mean())
    assert found.low < found.estimate < found.high


@pytest.mark.parametrize("prompts", [40, 250])
def test_intervals_cover_the_true_rate(prompts):
    """95 % of 2,000 simulated evaluations of one system, ties included."""
    rng = np.random.default_rng(prompts)
    rates = np.array([0.25, 0.2, 0.55])
    truth = float(rates @ [0.0, 0.5, 1.0])
    draws = rng.choice([0.0, 0.5, 1.0], p=rates, size=(2000, prompts))
    covered = [bootstrap(row, repetitions=500, seed=i).covers(truth) for i, row in enumerate(draws)]
    assert 0.93 <= np.mean(covered) <= 0.97


@pytest.mark.parametrize(("seeds", "spread"), [(3, 0.0), (3, 0.3), (5, 0.3), (10, 0.6)])
def test_intervals_over_seeds_and_prompts_cover_the_true_rate(seeds, spread):
    rng = np.random.default_rng(7)
    hardness, luck = rng.normal(size=(2, 400_000))
    truth = logistic(0.5 + 1.5 * hardness + spread * luck).mean()
    covered = []
    for i in range(2000):
        chance = logistic(
            0.5 + 1.5 * rng.normal(size=(100, 1)) + spread * rng.normal(size=(1, seeds))
        )
        answers = (rng.random((100, seeds)) < chance).astype(float)
        covered.append(bootstrap(answers, repetitions=200, seed=i).covers(truth))
    assert 0.93 <= np.mean(covered) <= 0.97


@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_intervals_of_a_difference_cover_the_true_one(spread):
    rng = np.random.default_rng(8)
    hardness, luck = rng.normal(size=(2, 400_000))
    truth = (
        logistic(1.5 * hardness + spread * luck + 0.8).mean()
        - logistic(1.5 * hardness + spread * luck).mean()
    )
    covered = []
    for i in range(2000):
        prompt = 1.5 * rng.normal(size=(100, 1))
        one, two = (
            (rng.random((100, 3)) < logistic(prompt + spread * rng.normal(size=(1, 3)) + shift))
            for shift in (0.8, 0.0)
        )
        covered.append(paired_difference(one, two, repetitions=200, seed=i).covers(truth))
    assert 0.93 <= np.mean(covered) <= 0.98


def test_an_interval_shows_itself():
    assert str(Interval(1.0, 0.5, 1.5)) == "1.000 [0.500, 1.500]"


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([1.0], {}, "at least 2 prompts for an interval, got 1"),
        ([[1.0], [np.nan]], {}, "1 prompts without any value, the first is row 1"),
        ([1.0, np.inf], {}, "finite or missing"),
        (np.zeros((2, 2, 2)), {}, r"got \(2, 2, 2\)"),
        ([[1.0, np.nan], [0.0, np.nan]], {}, "a seed without any value"),
        ([1.0, 0.0], {"repetitions": 10}, "at least 100, got 10"),
        ([1.0, 0.0], {"level": 95}, "between 0 and 1, got 95"),
    ],
)
def test_errors_say_what_came(values, options, message):
    with pytest.raises(ValueError, match=message):
        bootstrap(values, **options)


def test_a_difference_needs_the_same_prompts():
    with pytest.raises(ValueError, match="same prompts, got 2 and 3 rows"):
        paired_difference([1.0, 0.0], [1.0, 0.0, 1.0])
