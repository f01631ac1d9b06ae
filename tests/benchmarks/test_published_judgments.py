"""Published figures from published verdicts."""

import pytest

from benchmarks.published_judgments import compare


@pytest.fixture(scope="module")
def table(shared):
    return compare(shared / "data")


def of(table, source, what=""):
    return table[table["source"].str.startswith(source) & table["what"].str.contains(what)]


@pytest.mark.realdata
def test_alpaca_eval_figures_equal_the_leaderboards(table):
    for version, models in ((1, 3), (2, 5)):
        figures = of(table, f"AlpacaEval {version}", "win_rate|standard_error|n_wins|n_draws")
        figures = figures[figures["source"] == f"AlpacaEval {version}"]
        assert len(figures) == 5 * models
        assert figures["difference"].abs().max() < 1e-9
    everyone = of(table, "AlpacaEval 2, all models", ": win_rate")
    assert len(everyone) == 26
    assert everyone["difference"].abs().max() < 1e-6


@pytest.mark.realdata
def test_length_controlled_rates_come_close(table):
    theirs = of(table, "AlpacaEval 2, all models", "their coefficients")["difference"].abs()
    ours = of(table, "AlpacaEval 2, all models", "our coefficients")["difference"].abs()
    assert len(theirs) == len(ours) == 26
    assert theirs.mean() < 0.4
    assert theirs.max() < 0.6
    assert ours.mean() < 0.7
    assert ours.max() < 3.1
    plain = of(table, "AlpacaEval 1", "two terms")["difference"].abs()
    assert plain.max() < 0.7
    rows = of(table, "AlpacaEval 2, all models", "two terms")
    far = of(rows, "", "alpaca-7b")["note"].tolist()
    assert far == [note for note in far if note.startswith("refused: lengths overlap too little")]
    assert rows["ours"].notna().sum() == 3
    raw = of(table, "AlpacaEval 2, all models", ": win_rate").set_index("what")["ours"]
    for row in rows.dropna(subset="ours").itertuples():
        plain_gap = abs(raw[row.what.split(":")[0] + ": win_rate"] - row.published)
        assert abs(row.difference) < plain_gap  # where it is not refused it comes nearer


@pytest.mark.realdata
def test_vicuna_and_cherry_and_llmbar_equal_what_was_printed(table):
    for source, figures in (("Vicuna-80", 7), ("Cherry LLM", 6), ("LLMBar", 20)):
        printed = of(table, source).dropna(subset="published")
        assert len(printed) == figures
        assert printed["difference"].abs().max() < 1e-9


@pytest.mark.realdata
def test_pandalm_equals_what_was_printed_to_the_digit(table):
    counts = of(table, "PandaLM", "people: ")
    assert counts["difference"].tolist() == [0, 0, 0]
    assert of(table, "PandaLM", "kappa")["difference"].abs().max() < 0.005
    agreed = of(table, "PandaLM", "agreement").dropna(subset="published")
    assert len(agreed) == 2
    assert agreed["difference"].abs().max() < 0.05


@pytest.mark.realdata
def test_one_judge_varies_little_between_seeds(table):
    seeds = of(table, "AlpacaEval, one judge")
    assert of(seeds, "AlpacaEval", "win rate of output 2")["ours"].between(40, 60).all()
    spread = of(seeds, "AlpacaEval", "standard deviation")["ours"].iloc[0]
    assert 0 < spread < 1.5
    assert of(seeds, "AlpacaEval", "agreement")["ours"].iloc[0] > 80


@pytest.mark.realdata
def test_a_further_model_is_placed_beside_the_board(shared, tmp_path):
    theirs, mine = shared / "data" / "alpaca_eval", tmp_path / "alpaca_eval"
    annotator = "weighted_alpaca_eval_gpt4_turbo"
    (mine / "results" / "fresh" / annotator).mkdir(parents=True)
    for name in ("pref_matrix.csv.gz", "length_control_weights.csv"):
        (mine / name).symlink_to(theirs / name)
    file = f"{annotator}/annotations.json.gz"
    (mine / "results" / "fresh" / file).symlink_to(theirs / "results" / "vicuna-13b" / file)
    found = of(
        compare(tmp_path),
        "AlpacaEval 2",
        "fresh: length_controlled_winrate, our",
    )
    assert found["published"].isna().all()
    assert found["ours"].tolist() == [pytest.approx(9.2, abs=1.0)]  # as printed for vicuna-13b


def test_a_folder_without_verdicts_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no published verdicts"):
        compare(tmp_path)
