import pytest

from lab import coverage, llm, testbed
from lab.coverage.titles import parse_title
from lab.llm import prompts
from lab.testbed import Traffic


@pytest.fixture(name="asked", scope="module")
def three_kinds():
    pool = testbed.pool(600, seed=0)
    kinds = ["capital", "add", "plural"]
    some = pool[pool["family"].isin(kinds)]
    labels = some["family"].map({kind: place for place, kind in enumerate(kinds)})
    labels.iloc[0] = -1
    return some["instruction"], labels, kinds


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_cluster_is_named_after_what_it_holds(asked, language):
    texts, labels, kinds = asked
    prompt = prompts.load("coverage", "title", language)
    named = coverage.titles(texts, labels, testbed.client(), prompt=prompt)
    assert named["name"].tolist() == kinds
    assert named["reason"].isna().all()
    assert named["keywords"].tolist() == coverage.names(texts, labels).tolist()
    assert named.index.tolist() == [0, 1, 2]


def test_keywords_stand_in_where_a_call_fails(asked):
    texts, labels, _ = asked
    broken = Traffic(faults=testbed.Faults(malformed=1.0))
    namer = testbed.client(traffic=broken, limits=llm.Limits(max_tries=1))
    named = coverage.titles(texts, labels, namer)
    assert named["name"].tolist() == coverage.names(texts, labels).tolist()
    assert set(named["reason"]) == {"failed"}


@pytest.mark.parametrize(
    ("reply", "title"),
    [
        ("Capitals", "Capitals"),
        ("**Sums of numbers**", "Sums of numbers"),
        ("名称：《各国首都》。", "各国首都"),
        ("<script>x</script>", "<script>x</script>"),  # shown as text by what shows it
        ("one\ntwo", None),
        ("", None),
        ('""', None),
        (None, None),
        ("long " * 20, None),
    ],
)
def test_a_title_is_one_short_line(reply, title):
    assert parse_title(reply) == title


def test_errors(asked):
    texts, labels, _ = asked
    namer = testbed.client()
    with pytest.raises(ValueError, match="examples must be at least 1, got 0"):
        coverage.titles(texts, labels, namer, examples=0)
    with pytest.raises(ValueError, match="same index"):
        coverage.titles(texts.iloc[1:], labels, namer)
