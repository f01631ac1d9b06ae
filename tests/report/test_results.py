import pandas as pd
import pytest

from lab import ablate, paths
from lab.report import results

SUMMARY = pd.DataFrame(
    {"arm": ["diverse"], "mean": [0.51234], "low": [0.4], "examples": [1000], "clear": [True]}
).set_index("arm")


@pytest.fixture(autouse=True)
def _no_benchmarks(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "benchmark_results", lambda: tmp_path / "benchmarks")
    (tmp_path / "benchmarks").mkdir()


def test_without_runs_it_says_so(tmp_path):
    text = results.write(tmp_path / "R.md").read_text()
    assert "No finished ablation was found" in text


def test_findings_are_shown_with_setting_verdict_and_run(tmp_path):
    good = ablate.publish("diversity", "Diverse wins.", SUMMARY, holds=True, setting="testbed")
    ablate.publish("noise", "Clean wins.", SUMMARY, holds=False, setting="local")
    text = results.write(tmp_path / "R.md").read_text()
    assert "### diversity (testbed)\n\nDiverse wins. This holds." in text
    assert "### noise (local)\n\nClean wins. This **does not hold**." in text
    assert "| diverse | 0.512 | 0.400 | 1,000 | yes |" in text
    assert good.id in text


def test_tables_of_benchmarks_follow(tmp_path):
    (paths.benchmark_results() / "novelty.md").write_text("### Novelty\n\n| a |\n| --- |\n")
    (paths.benchmark_results() / "ifd.md").write_text("| b |\n| --- |\n")
    text = results.write(tmp_path / "R.md").read_text()
    assert "## Benchmarks\n\n### ifd\n\n| b |" in text
    assert "### Novelty\n\n| a |" in text


def test_markdown_of_missing_values_and_line_breaks():
    table = pd.DataFrame({"x": [float("nan")], "text": ["a\nb | c"]})
    assert results.markdown(table).splitlines()[-1] == "| - | a b \\| c |"
