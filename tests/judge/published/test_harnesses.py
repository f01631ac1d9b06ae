import json
import math
import zipfile

import pytest

from lab.errors import DataError
from lab.judge.published import harnesses, items


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def lines(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def means(results):
    found = items.summary(results)
    return dict(zip(found["metric"], found["mean"], strict=True))


def test_lm_eval_has_a_row_per_document_filter_and_metric(tmp_path):
    results = {"gsm8k": {"exact_match,strict": 0.5, "exact_match_stderr,strict": 0.1, "alias": "g"}}
    more = {"model_name": "m", "n-samples": {"gsm8k": {"original": 9, "effective": 2}}}
    write(tmp_path / "results_2025.json", {"results": results, **more})
    rows = [
        {
            "doc_hash": h,
            "filter": f,
            "metrics": ["exact_match"],
            "exact_match": v,
            "filtered_resps": [str(v)],
        }
        for h, f, v in (("x", "strict", 1.0), ("x", "flexible", 0.0), ("y", "strict", 0.0))
    ]
    lines(tmp_path / "samples_gsm8k_2025-01-01T00.jsonl", *rows)
    lines(tmp_path / "samples_gsm8k_first.jsonl", rows[0])
    found = harnesses.lm_eval(tmp_path)
    assert len(found) == 3
    assert means(found) == {"exact_match,flexible": 0.0, "exact_match,strict": 0.5}
    reported = harnesses.lm_eval_reported(tmp_path / "results_2025.json")
    assert reported[["metric", "value", "stderr", "items"]].to_numpy().tolist() == [
        ["exact_match,strict", 0.5, 0.1, 2]
    ]


def test_lists_of_verdicts_are_items_of_their_own(tmp_path):
    write(tmp_path / "results.json", {"results": {"ifeval": {}}, "config": {"model": "m"}})
    row = {"doc_id": 0, "metrics": ["inst"], "inst": [True, False, True]}
    lines(tmp_path / "samples_ifeval.jsonl", row)
    assert means(harnesses.lm_eval(tmp_path)) == {"inst,none": pytest.approx(2 / 3)}


def inspect_log(values, epochs=1, **more):
    samples = [
        {"id": n, "epoch": 1, "scores": {"match": {"value": value, "answer": "a"}} if value else {}}
        for n, value in enumerate(values)
    ]
    about = {"model": "m", "task": "t", "config": {"epochs": epochs}}
    return {"status": "success", "eval": about, "samples": samples, **more}


def test_letters_and_unscored_samples_of_inspect(tmp_path):
    log = inspect_log(["C", "I", "P", {"x": 1, "y": True}, "unknown"])
    found = harnesses.inspect(write(tmp_path / "log.json", log))
    match = found[found["metric"] == "match"]
    assert match["value"].tolist()[:3] == [1.0, 0.0, 0.5]
    assert math.isnan(match["value"].iloc[3])
    assert found["metric"].unique().tolist() == ["match", "match,x", "match,y"]


def test_packed_logs_and_reduced_epochs_of_inspect(tmp_path):
    reduced = [{"scorer": "match", "samples": [{"sample_id": 0, "value": 0.75}]}]
    log = inspect_log(["C"], epochs=4, reductions=reduced)
    samples = log.pop("samples")
    with zipfile.ZipFile(tmp_path / "log.eval", "w") as packed:
        packed.writestr("header.json", json.dumps(log))
        packed.writestr("samples/0_epoch_1.json", json.dumps(samples[0]))
        packed.writestr("reductions.json", json.dumps(reduced))
    assert harnesses.inspect(tmp_path / "log.eval")["value"].tolist() == [0.75]
    with zipfile.ZipFile(tmp_path / "cut.eval", "w") as packed:
        packed.writestr("summaries.json", "[]")
    with pytest.raises(DataError, match="is no whole Inspect log"):
        harnesses.inspect(tmp_path / "cut.eval")
    with pytest.raises(DataError, match=r"holds no scores \(status 'success'\)"):
        harnesses.inspect(write(tmp_path / "none.json", inspect_log([None])))


def test_helm_leaves_perturbed_copies_out(tmp_path):
    write(tmp_path / "run_spec.json", {"name": "t", "adapter_spec": {"model": "m"}})
    stat = {"name": {"name": "exact_match", "split": "test"}, "count": 1, "mean": 1.0}
    entry = {"instance_id": "id1", "train_trial_index": 0, "stats": [stat]}
    copy = entry | {"perturbation": {"name": "typos"}}
    write(tmp_path / "per_instance_stats.json", [entry, copy])
    assert means(harnesses.helm(tmp_path)) == {"exact_match,test": 1.0}


def test_rollouts_are_draws_and_a_dry_run_is_refused(tmp_path):
    write(tmp_path / "metadata.json", {"env_id": "t", "model": "m"})
    row = {"id": 3, "completion": [{"role": "assistant"}], "total_ms": 5.0}
    lines(tmp_path / "results.jsonl", row | {"reward": 1.0}, row | {"reward": 0.0})
    found = harnesses.verifiers(tmp_path)
    assert found[["item", "draw", "metric", "value"]].to_numpy().tolist() == [
        ["3", 0, "reward", 1.0],
        ["3", 1, "reward", 0.0],
    ]
    lines(tmp_path / "results.jsonl", row | {"completion": [], "reward": 0.0})
    with pytest.raises(DataError, match="is a dry run"):
        harnesses.verifiers(tmp_path)


def test_any_rows_and_any_csv_of_predictions(tmp_path):
    path = lines(tmp_path / "s.jsonl", {"idx": 1, "run": "r", "score": [True], "pred": ["7"]})
    found = harnesses.records(path, model="run", task="amc", item="idx")
    assert found[["model", "task", "value", "answer"]].to_numpy().tolist() == [
        ["r", "amc", 1.0, "7"]
    ]
    csv = tmp_path / "p.csv"
    csv.write_text("s,row,gold,one,two\na,0,B,B,\na,1,C,C,C\n", encoding="utf-8")
    found = harnesses.predictions(csv, gold="gold", item=["s", "row"], task="mmlu")
    assert items.summary(found)["mean"].tolist() == [1.0, 0.5]
    with pytest.raises(DataError, match="field 'answer': is no column"):
        harnesses.predictions(csv, gold="answer", item=["s"], task="mmlu")


def test_samples_in_memory_are_read_as_those_of_files():
    line = {"filter": "none", "metrics": ["acc", "inst"], "acc": True, "inst": [True, False]}
    samples = [
        line | {"doc_hash": "x", "resps": [["yes"]], "filtered_resps": ["yes"]},
        line | {"doc_hash": "y", "resps": [["-"]], "filtered_resps": ["-"]},
        line | {"doc_hash": "x", "resps": [["yes"]], "filtered_resps": ["yes"]},
    ]
    found = harnesses.lm_eval_samples({"t": samples}, model="m", missing="-")
    acc = found[found["metric"] == "acc,none"].set_index("item")
    assert acc["value"].dropna().to_dict() == {"x": 1.0, "x#1": 1.0}
    assert math.isnan(acc["value"]["y"])
    assert acc["answer"].dropna().to_dict() == {"x": "yes", "x#1": "yes"}
    inst = found[found["metric"] == "inst,none"].set_index("item")["value"]
    assert inst.dropna().to_dict() == {"x-0": 1.0, "x-1": 0.0, "x-0#1": 1.0, "x-1#1": 0.0}


@pytest.mark.realdata
def test_five_checkpoints_on_the_questions_of_mmlu(shared):
    path = shared / "data/eval_logs/mmlu_checkpoints/predictions.csv.gz"
    found = harnesses.predictions(path, gold="gold", item=["subject", "row"], task="mmlu")
    wide = found.pivot_table(index="item", columns="model", values="value")
    assert len(wide) == 12343
    percent = {n: round(100 * wide[f"checkpoint_{n}"].mean(), 2) for n in (0, 50, 100, 150, 200)}
    assert percent == {0: 46.92, 50: 46.68, 100: 46.23, 150: 46.38, 200: 46.25}
    first, last = wide["checkpoint_0"] == 1, wide["checkpoint_200"] == 1
    assert [(first & last).sum(), (first & ~last).sum(), (~first & last).sum()] == [5116, 675, 593]
    runs = dict(iter(found.groupby("model")))
    difference, counts = items.paired(
        runs["checkpoint_0"], runs["checkpoint_200"], metric="exact_match"
    )
    assert counts["differ"] == 675 + 593
    assert 0 < difference.low < difference.estimate < difference.high < 0.013
    assert difference.estimate == pytest.approx((675 - 593) / 12343)


@pytest.mark.realdata
def test_rollouts_and_rewards_give_the_published_figures(shared):
    place = shared / "data" / "eval_logs"
    for folder in ("math-python--gpt-4.1-mini/578769a7", "math-python--gpt-5-nano/cb7a1799"):
        told = json.loads((place / "verifiers" / folder / "metadata.json").read_text())
        found = means(harnesses.verifiers(place / "verifiers" / folder))
        assert found["reward"] == pytest.approx(told["avg_reward"])
    fields = {"model": "run", "task": "task", "item": "idx"}
    found = harnesses.records(place / "skythought" / "scores.jsonl.gz", **fields)
    ours = items.summary(found).set_index(["model", "task"])["mean"]
    lines = (place / "skythought" / "metrics.jsonl").read_text().splitlines()
    told = [json.loads(line) for line in lines if line]
    known = [row for row in told if (row["run"], row["task"]) in ours.index]
    assert len(known) == len(ours)
    for row in known:
        assert round(100 * ours[row["run"], row["task"]], 1) == row["acc"]


@pytest.mark.realdata
def test_numbers_of_other_peoples_logs_come_out_as_reported(shared):
    place = shared / "data" / "eval_logs"
    for folder in (
        *(
            "meditron_pubmedqa/" + name
            for name in ("baseline", "old_prompt", "schema_L1", "schema_L4")
        ),
        *("meditron_medqa/schema_L1", "meditron_medqa/schema_L2"),
        "khayyam_loglikelihood/google__gemma-2-9b-it",
    ):
        ours = means(harnesses.lm_eval(place / "lm_eval" / folder))
        path = next((place / "lm_eval" / folder).glob("results*.json"))
        reported = harnesses.lm_eval_reported(path).set_index("metric")["value"]
        assert ours == pytest.approx(reported.to_dict())
    told = {
        "inspect_ai/log_streaming.eval": {"match": 0.75},
        "inspect_ai/2025-05-12T20-28-13-04-00_no-samples.json": {"match": pytest.approx(2 / 3)},
        "qwen2.5-7b_suite/gpqa-diamond.json.gz": {"choice": 0.5},
        "arc_easy_two_models/data_arc_qwen.json.gz": {"choice": pytest.approx(1 / 3)},
    }
    for name, reported in told.items():
        assert means(harnesses.inspect(place / "inspect" / name)) == reported
    tau = harnesses.records(
        place / "tau_bench/gpt-4o-airline_rewards.jsonl",
        model="gpt-4o",
        task="airline",
        item="task_id",
        value="reward",
        draw="trial",
    )
    assert means(tau) == {"reward": pytest.approx(0.42)}


@pytest.mark.realdata
def test_two_runs_of_one_accuracy_are_not_the_same_answers(shared):
    place = shared / "data/eval_logs/lm_eval/meditron_pubmedqa"
    one, two = (harnesses.lm_eval(place / name) for name in ("schema_L1", "schema_L4"))
    found, counts = items.paired(one, two, metric="exact_match,strict-match")
    assert found.estimate == 0
    assert counts["items"] == 500
    assert counts["other_answers"] == 35
    assert -0.03 < found.low < 0 < found.high < 0.03


@pytest.mark.realdata
def test_official_verdicts_of_ifeval_give_the_published_rates(shared):
    path = shared / "data/ifeval/verdicts/gpt4_official_540.jsonl.gz"
    found = means(harnesses.ifeval(path, model="gpt-4"))
    rates = {name: round(540 * rate) for name, rate in found.items() if "prompt" in name}
    assert rates == {"prompt_level_loose": 430, "prompt_level_strict": 417}
    assert round(832 * found["inst_level_strict"]) == 697
    assert round(832 * found["inst_level_loose"]) == 712
