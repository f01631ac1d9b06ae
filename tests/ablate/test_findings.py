import pandas as pd
import pytest

from lab import ablate, origins

SUMMARY = pd.DataFrame({"mean": [0.5], "low": [0.4], "high": [0.6]}, index=["diverse"])


@pytest.fixture(autouse=True)
def _on_the_testbed():
    origins.note("data", origins.TESTBED)


def publish(title, *, holds=True, mean=0.5):
    summary = SUMMARY.assign(mean=mean).rename_axis("arm")
    return ablate.publish(title, "Diverse beats narrow.", summary, holds=holds)


def test_a_finding_is_recorded_once_with_its_setting():
    first, second = publish("diversity"), publish("diversity")
    assert first.id == second.id
    (found,) = ablate.findings()
    assert found.params["setting"] == "testbed"
    assert found.frame("summary")["arm"].tolist() == ["diverse"]


def test_the_newest_finding_of_a_title_counts_and_negative_ones_too():
    publish("diversity")
    publish("noise", holds=False)
    publish("diversity", mean=0.7)
    found = ablate.findings()
    assert [run.params["title"] for run in found] == ["diversity", "noise"]
    assert found[0].frame("summary")["mean"].tolist() == [0.7]
    assert found[1].params["holds"] is False


def test_no_findings():
    assert ablate.findings() == []


def test_the_setting_is_of_what_was_used():
    assert publish("diversity").params["setting"] == "testbed"
    origins.note("model", "gpt2")
    run = publish("diversity")
    assert run.params["setting"] == "mixed"
    assert run.params["used"] == "data: testbed; model: gpt2"
    assert {found.params["setting"] for found in ablate.findings()} == {"testbed", "mixed"}
