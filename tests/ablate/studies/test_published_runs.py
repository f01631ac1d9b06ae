import numpy as np
import pandas as pd
import pytest

from lab import ablate
from lab.ablate import studies
from lab.errors import DataError

SCORES = "dataset,method,num_samples,seed,true_metric\nbbh,Random,500,0,38.0\nbbh,LESS,500,0,40.5\n"
LOSSES = (
    "dataset,method,num_samples,dev,test,seed\nbbh,LESS,500,0.2,3.1,0\nbbh,Random,500,0.3,3.3,0\n"
)
UNTUNED = "dataset,true_metric\nbbh,39.5\n"


def write(folder, scores=SCORES, losses=LOSSES, untuned=UNTUNED):
    folder.mkdir(parents=True)
    (folder / "budget_true_metric_budget.csv").write_text(scores)
    (folder / "budget_ce_loss_budget.csv").write_text(losses)
    (folder / "budget_true_metric_zero_shot.csv").write_text(untuned)


def outcomes(table):
    return table.pivot_table(index=["model", "task"], columns=["method", "seed"], values="score")


def test_scores_and_losses_are_joined_by_run(tmp_path):
    write(tmp_path / "tulu" / "quantile" / "llama")
    table = studies.published_runs(tmp_path)
    assert (
        table[["pool", "model", "task", "budget"]].to_numpy().tolist()
        == [["tulu", "llama", "bbh", 500]] * 2
    )
    assert table.set_index("method")[["score", "query_loss", "test_loss", "untuned"]].to_dict(
        "index"
    ) == {
        "Random": {"score": 38.0, "query_loss": 0.3, "test_loss": 3.3, "untuned": 39.5},
        "LESS": {"score": 40.5, "query_loss": 0.2, "test_loss": 3.1, "untuned": 39.5},
    }


def test_a_folder_without_runs_a_missing_neighbour_and_a_missing_column_are_named(tmp_path):
    with pytest.raises(DataError, match="holds no budget_true_metric_budget.csv"):
        studies.published_runs(tmp_path)
    write(tmp_path / "a", scores="dataset,method,num_samples,seed\nbbh,Random,500,0\n")
    with pytest.raises(DataError, match="no column 'true_metric'"):
        studies.published_runs(tmp_path)
    (tmp_path / "a" / "budget_ce_loss_budget.csv").unlink()
    write(tmp_path / "b")
    with pytest.raises(DataError):
        studies.published_runs(tmp_path)


def test_a_run_that_is_there_twice_is_refused(tmp_path):
    write(tmp_path / "m", scores=SCORES + "bbh,LESS,500,0,41.0\n")
    with pytest.raises(DataError, match="scores hold 1 runs twice.*'method': 'LESS'"):
        studies.published_runs(tmp_path)


def test_a_planted_gain_is_found_and_none_is_not():
    table = studies.simulated_runs({"p": {"good": [4.0] * 5, "idle": [0.0] * 5}}, seed=0)
    means = outcomes(table).T.groupby("method").mean().mean(axis=1)
    assert means["good"] - means["Random"] == pytest.approx(4.0, abs=1.0)
    claims = {
        "good": ablate.more("good beats random.", "good", "Random", by=1.0),
        "idle": ablate.more("idle beats random.", "idle", "Random", by=1.0),
    }
    found = ablate.verdicts(claims, outcomes(table))["verdict"]
    assert found["good"] == "supported"
    assert found["idle"] != "supported"
    with pytest.raises(ValueError, match="must be 5 numbers, got 2"):
        studies.simulated_runs({"p": {"x": [1.0, 2.0]}}, seed=0)


@pytest.mark.realdata
def test_the_published_study_gives_its_own_differences(shared):
    table = studies.published_runs(shared / "data" / "published_runs")
    assert len(table) == 6000
    assert not table.isna().to_numpy().any()
    # means over five models, tasks and budgets, minus random, as computed from the same files
    expected = {
        ("plot_data", "LESS (RR)"): 2.29,
        ("plot_data", "RDS+ (RR)"): 0.56,
        ("plot_data", "EMBED (RR)"): 0.34,
        ("dolci_plot_data", "RDS+ (RR)"): 3.21,
        ("dolci_plot_data", "LESS (RR)"): 2.64,
    }
    means = table.groupby(["pool", "method"])["score"].mean()
    for (pool, method), gain in expected.items():
        assert means[pool, method] - means[pool, "Random"] == pytest.approx(gain, abs=0.006)
    cells = ["pool", "model", "task", "budget"]
    clear = table.pivot_table(index=cells, columns="method", values="score")
    above = (clear["LESS (RR)"] > clear["Random"]).groupby("pool").mean()
    assert np.round(above * 100).to_dict() == {"plot_data": 70.0, "dolci_plot_data": 58.0}
    assert isinstance(above, pd.Series)
