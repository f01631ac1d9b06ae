from lab import filters, paths, score, select
from tools import advice, measured

HEAD = "| ablation | setting | verdict |\n| --- | --- | --- |\n"


def test_a_verdict_is_read_from_the_results_and_never_written_here(tmp_path, monkeypatch):
    page = tmp_path / "RESULTS.md"
    monkeypatch.setattr(paths, "results", lambda: page)
    assert measured.measured("select")["kcenter"] == "not yet: `ltd` has no finished run"
    rows = "| ltd: at the top | local | contradicted |\n| ltd: below all | testbed | supported |\n"
    page.write_text(f"## Ablations\n\n{HEAD}{rows}\n## Benchmarks\n")
    assert measured.measured("select")["kcenter"] == (
        "at the top: contradicted (local); below all: supported (testbed)"
    )
    assert "no finished run" in measured.measured("score")["ifd"]


def test_precision_comes_from_the_benchmark_where_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "benchmark_results", lambda: tmp_path)
    assert measured.measured("filters") == {}
    head = (
        "| filter | language | rows | to reject | precision | recall |\n|---|---|---|---|---|---|\n"
    )
    text = (
        f"{head}| no_refusal | all | 9 | 3 | 0.75 | 1.00 |\n| no_refusal | en | 5 | 1 | 1 | 1 |\n"
    )
    (tmp_path / "wording.md").write_text(text)
    assert measured.measured("filters") == {"no_refusal": "precision 0.75, recall 1.00 on 9 rows"}


def test_studies_name_methods_that_are_there():
    for part, module in (("score", score), ("select", select)):
        assert set(advice.STUDIES[part]) <= set(module.__all__)
    assert set(measured.measured("filters")) <= set(filters.__all__)
