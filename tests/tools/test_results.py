import pandas as pd
import pytest

from lab import ablate, origins, paths
from tools import docs, markdown, results

VERDICT = {"first": "a", "second": "b", "difference": 0.51234, "low": 0.4, "high": 0.6}
VERDICT |= {"margin": 0.05, "smallest_effect": 0.1, "p": 0.001, "p_holm": 0.002}
VERDICT |= {"equivalence": False, "prompts": 1000, "seeds": 3}
BLOCK = "# T\n<!-- findings -->\n<!-- /findings -->\n"


@pytest.fixture(autouse=True)
def root(monkeypatch, tmp_path):
    """A checkout of its own: two READMEs, no RESULTS.md, no benchmarks."""
    monkeypatch.setattr(paths, "root", lambda: tmp_path)
    (tmp_path / "benchmarks" / "results").mkdir(parents=True)
    for name in docs.READMES:
        (tmp_path / name).write_text(BLOCK)
    return tmp_path


def publish(name="diversity", claim="Diverse wins.", *, verdict="supported", model="testbed"):
    origins.forget()
    origins.note("model", model)
    row = {"claim": claim, "verdict": verdict, **VERDICT}
    return ablate.publish("less", pd.DataFrame([row], index=[name]))[0]


def forget():
    """Remove all runs, as on another machine."""
    for path in paths.runs().rglob("run.json"):
        path.unlink()


def test_without_runs_it_says_so(root):
    assert results.write() == [root / "RESULTS.md", root / "README.md", root / "README.zh-CN.md"]
    for name in ("RESULTS.md", *docs.READMES):
        assert results.NONE in (root / name).read_text()


def test_findings_are_shown_with_setting_verdict_and_run(root):
    good = publish()
    publish("noise", "Clean wins.", verdict="contradicted", model="gpt2")
    results.write()
    text = (root / "RESULTS.md").read_text()
    assert "### less: diversity (testbed)\n\nDiverse wins. **supported**" in text
    assert "### less: noise (local)\n\nClean wins. **contradicted**" in text
    assert "| a | b | 0.512 | 0.400 | 0.600 | 0.050 | 0.100 | 0.002 | 1,000 | 3 |" in text
    assert good.id in text
    rows = markdown.rows((root / "README.md").read_text())
    assert [tuple(row.values())[:5] for row in rows] == [
        ("less: diversity", "testbed", "Diverse wins.", "supported", "0.512 [0.400, 0.600]"),
        ("less: noise", "local", "Clean wins.", "contradicted", "0.512 [0.400, 0.600]"),
    ]
    assert rows[0]["made"].startswith(good.record["began"][:10])


def test_a_clean_clone_loses_no_finding(root):
    publish()
    results.write()
    before = {name: (root / name).read_text() for name in ("RESULTS.md", *docs.READMES)}
    forget()
    results.write()
    assert {name: (root / name).read_text() for name in before} == before


def test_another_machine_adds_its_own_and_keeps_the_rest(root):
    publish()
    results.write()
    section = results.sections((root / "RESULTS.md").read_text())[0].section
    forget()
    publish("noise", "Clean wins.")
    results.write()
    text = (root / "RESULTS.md").read_text()
    assert section in text
    assert [found.title for found in results.sections(text)] == ["less: diversity", "less: noise"]
    assert len(markdown.rows((root / "README.zh-CN.md").read_text())) == 2


@pytest.mark.parametrize(("year", "verdict"), [("2000", "contradicted"), ("9999", "supported")])
def test_of_two_with_one_title_the_newer_stays(year, verdict, root):
    publish()
    results.write()
    text = (root / "RESULTS.md").read_text()
    (found,) = results.sections(text)
    (root / "RESULTS.md").write_text(text.replace(found.began, f"{year}-01-01T00:00:00+00:00"))
    forget()
    publish(verdict="contradicted")
    results.write()
    (found,) = results.sections((root / "RESULTS.md").read_text())
    assert found.verdict == verdict


def test_a_row_that_only_a_readme_has_stays(root):
    row = {"ablation": "old", "setting": "testbed", "claim": "It | was."}
    table = markdown.table(pd.DataFrame([row]))
    (root / "README.md").write_text(markdown.fill(BLOCK, "findings", table))
    publish()
    results.write()
    rows = markdown.rows((root / "README.md").read_text())
    assert [row["ablation"] for row in rows] == ["less: diversity", "old"]
    assert rows[1]["claim"] == "It | was."


def test_a_section_that_cannot_be_read_is_refused_and_not_lost(root):
    text = results.HEAD + "\n## Ablations\n\n### by hand\n\nA note.\n"
    (root / "RESULTS.md").write_text(text)
    with pytest.raises(ValueError, match="needs title, verdict and run, got '### by hand"):
        results.write()
    assert (root / "RESULTS.md").read_text() == text


def test_the_findings_of_this_checkout_can_be_read(monkeypatch):
    monkeypatch.undo()
    text = paths.results().read_text(encoding="utf-8")
    rows = markdown.rows(
        markdown.block((paths.root() / "README.md").read_text(encoding="utf-8"), "findings")
    )
    assert [row["ablation"] for row in rows] == [found.title for found in results.sections(text)]


def test_uncommitted_changes_are_told(root):
    run = publish()
    run.record.update(commit="abcdef0123", dirty=True)
    assert results.of_run(run).commit == "abcdef0, with uncommitted changes"


def test_tables_of_benchmarks_follow(root):
    (paths.benchmark_results() / "novelty.md").write_text("### Novelty\n\n| a |\n| --- |\n")
    (paths.benchmark_results() / "ifd.md").write_text("| b |\n| --- |\n")
    results.write()
    text = (root / "RESULTS.md").read_text()
    assert "## Benchmarks\n\n### ifd\n\n| b |" in text
    assert "### Novelty\n\n| a |" in text
