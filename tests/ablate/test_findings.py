import pandas as pd
import pytest

from lab import ablate, origins


@pytest.fixture(autouse=True)
def _on_the_testbed():
    origins.note("data", origins.TESTBED)


def verdicts(gain=0.4):
    rows = {("a", 0): [1.0] * 90 + [0.0] * 10, ("b", 0): [1.0] * int(90 - 100 * gain)}
    rows["b", 0] += [0.0] * (100 - len(rows["b", 0]))
    claim = ablate.more("Diverse beats narrow.", "a", "b", by=0.1)
    return ablate.verdicts({"diversity": claim, "turned": turned()}, pd.DataFrame(rows))


def turned():
    return ablate.more("Narrow beats diverse.", "b", "a", by=0.1)


def test_each_verdict_is_recorded_once_with_its_setting_and_numbers():
    first, second = ablate.publish("less", verdicts()), ablate.publish("less", verdicts())
    assert [run.id for run in first] == [run.id for run in second]
    good, bad = ablate.findings()
    assert (good.params["title"], bad.params["title"]) == ("less: diversity", "less: turned")
    assert (good.params["verdict"], bad.params["verdict"]) == ("supported", "contradicted")
    assert good.params["claim"] == "Diverse beats narrow."
    assert good.params["setting"] == "testbed"
    numbers = good.params["numbers"]
    assert numbers["difference"] == pytest.approx(0.4)
    assert numbers["low"] < 0.4 < numbers["high"]
    assert (numbers["first"], numbers["equivalence"], numbers["prompts"]) == ("a", False, 100)
    assert good.frame("summary")["difference"].tolist() == pytest.approx([0.4])


def test_the_newest_finding_of_a_title_counts():
    ablate.publish("less", verdicts())
    ablate.publish("less", verdicts(gain=0.6))
    assert [run.params["numbers"]["difference"] for run in ablate.findings()] == pytest.approx(
        [0.6, -0.6]
    )


def test_no_findings():
    assert ablate.findings() == []


def test_the_setting_is_of_what_was_used():
    assert ablate.publish("less", verdicts())[0].params["setting"] == "testbed"
    origins.note("model", "gpt2")
    run = ablate.publish("less", verdicts())[0]
    assert run.params["setting"] == "mixed"
    assert run.params["used"] == "data: testbed; model: gpt2"
    assert {found.params["setting"] for found in ablate.findings()} == {"testbed", "mixed"}
