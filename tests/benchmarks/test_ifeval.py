from benchmarks import ifeval


def test_a_sign_that_is_no_letter_is_drawn():
    row = {"kwargs": [None, {"letter": "#"}, {"letter": "a"}, {"n": 1}]}
    assert ifeval.drawn_places(row) == [1]


def test_chance_moves_the_rates_by_what_hangs_on_it():
    found = {
        1: {"strict": [True, True], "loose": [True, True]},
        2: {"strict": [True], "loose": [False]},
    }
    assert ifeval.rates(found) == (100.0, 100.0, 50.0, 66.67)
    made = ifeval.outcomes(found, [(1, 1)])
    assert set(made) == {
        (100.0, 100.0, 50.0, 66.67),
        (50.0, 66.67, 50.0, 66.67),
        (100.0, 100.0, 0.0, 33.33),
        (50.0, 66.67, 0.0, 33.33),
    }
    assert "50.00 to 100.00" in ifeval.table({"ours": ifeval.rates(found)}, made)
