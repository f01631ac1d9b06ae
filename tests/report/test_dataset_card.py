import pandas as pd
import pytest
import yaml

from lab import filters, records, runs, select
from lab.report.dataset_card import About, card

ROWS = [
    {"instruction": f"Describe the tea number {n}, please.", "output": f"It is green tea {n}."}
    for n in range(6)
]


@pytest.fixture
def pool():
    pool = records.frame(ROWS, source="<b>web|site</b>")
    pool.loc[pool.index[4:], "source"] = "mine"
    return pool


ABOUT = About(
    title="Tea",
    licence="cc-by-4.0",
    summary="Teas.",
    licences={"mine": "CC0"},
    tags=["tea"],
    limits=["Only tea."],
    citations=["Somebody 2020."],
)


def head(text):
    return yaml.safe_load(text.split("---\n")[1])


def test_the_head_says_what_the_hub_asks(pool):
    assert head(card(pool, ABOUT)) == {
        "pretty_name": "Tea",
        "license": "cc-by-4.0",
        "language": ["en"],
        "size_categories": ["n<1K"],
        "task_categories": ["text-generation"],
        "tags": ["instruction-tuning", "tea"],
        "configs": [
            {"config_name": "default", "data_files": "data/*.parquet"},
            {"config_name": "messages", "data_files": "messages/*.jsonl.gz"},
        ],
    }
    tools = records.frame([{**ROWS[0], "tools": [{"name": "f"}], "thinking": "t"}])
    assert head(card(tools, ABOUT))["tags"] == [
        *("instruction-tuning", "tea", "tool-use", "reasoning"),
    ]
    many = pd.concat([pool] * 200)
    assert head(card(many, ABOUT))["size_categories"] == ["1K<n<10K"]


def test_counts_sources_and_licences_are_those_of_the_pool(pool):
    text = card(pool, ABOUT)
    assert "| examples | 6 |" in text
    assert "| &lt;b&gt;web\\|site&lt;/b&gt; | 4 | as the whole |" in text
    assert "| mine | 2 | CC0 |" in text
    told = card(pool.assign(license=["x", "y", "x", "x", "z", None]), ABOUT)
    assert "4 | x, y |" in told
    assert "| mine | 2 | z |" in told


def test_filters_selection_and_lineage_come_from_the_runs(pool):
    keep = filters.length(pool, min_words=3)
    X = [[float(n), 1.0] for n in range(6)]
    with runs.start("select", "kcenter", {"k": 3, "seed": 7}, ["abc"]) as chosen:
        picks = select.kcenter(X, 3, seed=7)
        chosen.log(radius=0.5)
    with runs.start("synth", "rewrite", {"rounds": 2}) as made:
        made.log(kept=2)
    pool = picks.take(pool).assign(recipe=[made.id, None, "synth/gone-123"])
    text = card(pool, ABOUT, tally=filters.tally({"long enough": keep}), run_ids=[chosen.id])
    assert "| long enough | 0 |" in text
    assert "- `kcenter` with k 3, seed 7; radius 0.5" in text
    assert f"`{made.id}`, made 1 of these examples; rounds 2; " in text
    assert "`synth/gone-123`, made 1 of these examples; its record is not on this machine" in text
    assert "2 of 3 examples were made by a run, not written by people." in text
    assert "arXiv" in text.split("## Citations")[1]  # of k-center, from its docstring


def test_limits_say_what_is_wrong_with_the_pool(pool):
    worse = records.frame([*ROWS, {**ROWS[0], "output": ""}])
    text = card(worse, ABOUT)
    assert "1 of 7 instructions stand more than once." in text
    assert "1 of 7 examples have an empty answer." in text
    assert "- Only tea." in text


def test_a_title_and_a_licence_are_needed(pool):
    with pytest.raises(ValueError, match="about must name a title and a licence"):
        card(pool, About(title="Tea", licence=" "))
