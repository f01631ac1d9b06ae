import pandas as pd
import pytest

from lab import ablate, origins, paths

RESULTS = """# Results

## Ablations

| ablation | setting | claim | the paper | ours | verdict | n | made |
| --- | --- | --- | --- | --- | --- | --- | --- |
| old: a | testbed | A \\| B. | LIMA | 0.1 [0.0, 0.2] | supported | 9 prompts | 2020-01 |
| less: order | testbed | Old. | LIMA | 0.1 [0.0, 0.2] | undecided | 9 prompts | 2020-01 |

## Benchmarks

| ablation | setting |
| --- | --- |
| not | this |
"""


@pytest.fixture
def results(tmp_path, monkeypatch):
    file = tmp_path / "RESULTS.md"
    monkeypatch.setattr(paths, "results", lambda: file)
    return file


def publish(origin):
    origins.note("data", origin)
    claim = ablate.more("A beats B.", "a", "b", by=0.1)
    rows = pd.DataFrame({("a", 0): [1.0] * 20, ("b", 0): [0.0, 1.0] * 10})
    ablate.publish("less", ablate.verdicts({"order": claim}, rows))


def test_what_was_found_before_and_here_is_one_table_and_the_newer_counts(results):
    results.write_text(RESULTS, encoding="utf-8")
    publish(origins.TESTBED)
    table = ablate.recorded()
    assert table.index.tolist() == ["less: order", "old: a"]
    assert table["claim"].tolist() == ["A beats B.", "A | B."]
    assert table["verdict"].tolist() == ["supported", "supported"]
    assert table.loc["less: order", "ours"].startswith("0.500 [0.")
    assert table.loc["less: order", "n"] == "20 prompts, 1 seeds"


def test_findings_of_one_setting_alone_and_nothing_counts_as_used(results):
    publish(origins.TESTBED)
    origins.forget()
    publish("alpaca.json")
    used = origins.used()
    assert ablate.recorded()["setting"].tolist() == ["local", "testbed"]
    assert ablate.recorded(setting="testbed").index.tolist() == ["less: order"]
    assert origins.used() == used


def test_without_results_and_runs_there_is_nothing(results):
    assert len(ablate.recorded()) == 0


def test_the_results_of_this_checkout_can_be_read():
    found = ablate.recorded(setting="testbed")
    assert found.loc["less is more: diversity", "verdict"] in ("supported", "contradicted")
