import pandas as pd
import pytest

from lab import ablate, origins, paths
from lab.ablate.papers import PAPERS
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


def publish(
    name="diversity", claim="Diverse wins.", *, verdict="supported", model="testbed", title="less"
):
    origins.forget()
    origins.note("model", model)
    row = {"claim": claim, "verdict": verdict, **VERDICT}
    return ablate.publish(title, pd.DataFrame([row], index=[name]))[0]


def forget():
    """Remove all runs, as on another machine."""
    for path in paths.runs().rglob("run.json"):
        path.unlink()


def test_a_value_of_each_seed_has_no_prompts(root, monkeypatch):
    monkeypatch.setitem(VERDICT, "prompts", 0)
    publish()
    results.write()
    (one,) = (found.row for found in results.read((root / "RESULTS.md").read_text()))
    assert one["n"] == "3 seeds"


def test_without_runs_it_says_so(root):
    names = ("RESULTS.md", "docs/methods.md", "README.md", "README.zh-CN.md")
    assert results.write() == [root / name for name in names]
    for name in ("RESULTS.md", *docs.READMES):
        assert results.NONE in (root / name).read_text()


def test_one_table_holds_every_claim_with_interval_power_and_run(root):
    good = publish()
    publish("noise", "Clean wins.", verdict="contradicted", model="gpt2")
    results.write()
    one, two = (found.row for found in results.read((root / "RESULTS.md").read_text()))
    assert (one["ablation"], one["setting"]) == ("less: diversity", "testbed")
    assert (two["ablation"], two["setting"]) == ("less: noise", "local")
    assert one["ours"] == "0.512 [0.400, 0.600]"
    assert (one["matters"], one["power"], one["p"]) == ("0.050", "0.100", "0.002")
    assert one["n"] == "1000 prompts, 3 seeds"
    assert one["run"] == f"`{good.id}`"
    assert one["made"].startswith(good.record["began"])
    assert [one["verdict"], two["verdict"]] == ["supported", "contradicted"]


def test_what_the_paper_says_stands_beside_with_where_it_was_read(root):
    publish(title="ltd")
    results.write()
    (row,) = markdown.rows((root / "RESULTS.md").read_text().partition("## Bench")[0])
    assert PAPERS["ltd"].figure in row["the paper"]
    assert PAPERS["ltd"].known in row["the paper"]


def test_the_readmes_lead_from_paper_to_function_notebook_and_verdicts(root):
    publish("a", title="ltd")
    publish("b", title="ltd", verdict="undecided")
    publish("c", title="mine")
    results.write()
    for name in docs.READMES:
        rows = markdown.rows((root / name).read_text())
        assert [row["paper"] for row in rows] == [PAPERS["ltd"].name, "mine"]
        assert rows[0]["function"] == "`select.kcenter`"
        assert rows[0]["verdicts"] == "1 supported, 1 undecided"
        assert rows[1]["function"] == ""


def test_a_clean_clone_loses_no_finding(root):
    publish()
    results.write()
    before = {name: (root / name).read_text() for name in ("RESULTS.md", *docs.READMES)}
    forget()
    results.write()
    assert {name: (root / name).read_text() for name in before} == before


def test_another_machine_adds_its_own_and_keeps_the_rest(root):
    publish(claim="It | was.")
    results.write()
    (kept,) = results.read((root / "RESULTS.md").read_text())
    forget()
    publish("noise", "Clean wins.")
    results.write()
    found = results.read((root / "RESULTS.md").read_text())
    assert [each.row["ablation"] for each in found] == ["less: diversity", "less: noise"]
    assert found[0] == kept
    assert kept.row["claim"] == "It | was."


@pytest.mark.parametrize(("year", "verdict"), [("2000", "contradicted"), ("9999", "supported")])
def test_of_two_with_one_title_the_newer_stays(year, verdict, root):
    publish()
    results.write()
    text = (root / "RESULTS.md").read_text()
    (found,) = results.read(text)
    began = found.row["made"].partition(", ")[0]
    (root / "RESULTS.md").write_text(text.replace(began, f"{year}-01-01T00:00:00+00:00"))
    forget()
    publish(verdict="contradicted")
    results.write()
    (found,) = results.read((root / "RESULTS.md").read_text())
    assert found.row["verdict"] == verdict


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("### by hand\n\nA note.\n", "hold what is no row: '### by hand'"),
        ("| ablation | claim |\n| --- | --- |\n| a | b |\n", r"a row .* needs \['setting'"),
    ],
)
def test_what_cannot_be_read_is_refused_and_not_lost(root, inside, message):
    text = f"{results.HEAD}\n{results.CLAIMS}\n{inside}"
    (root / "RESULTS.md").write_text(text)
    with pytest.raises(ValueError, match=message):
        results.write()
    assert (root / "RESULTS.md").read_text() == text


def test_the_findings_of_this_checkout_can_be_read(monkeypatch):
    monkeypatch.undo()
    found = results.read(paths.results().read_text(encoding="utf-8"))
    assert found
    for name in docs.READMES:
        block = markdown.block((paths.root() / name).read_text(encoding="utf-8"), "findings")
        assert len(markdown.rows(block)) == len({(each.study, each.key[1]) for each in found})


def test_uncommitted_changes_are_told(root):
    run = publish()
    run.record.update(commit="abcdef0123", dirty=True)
    assert results.of_run(run).row["made"].endswith(", abcdef0, with uncommitted changes")


def test_tables_of_benchmarks_follow(root):
    (paths.benchmark_results() / "novelty.md").write_text("### Novelty\n\n| a |\n| --- |\n")
    (paths.benchmark_results() / "ifd.md").write_text("| b |\n| --- |\n")
    results.write()
    text = (root / "RESULTS.md").read_text()
    assert "## Benchmarks\n\n### ifd\n\n| b |" in text
    assert "### Novelty\n\n| a |" in text
