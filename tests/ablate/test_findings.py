import pandas as pd

from lab import ablate

SUMMARY = pd.DataFrame({"mean": [0.5], "low": [0.4], "high": [0.6]}, index=["diverse"])


def publish(title, *, holds=True, mean=0.5):
    summary = SUMMARY.assign(mean=mean).rename_axis("arm")
    return ablate.publish(title, "Diverse beats narrow.", summary, holds=holds, setting="testbed")


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
