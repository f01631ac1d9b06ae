import pytest
import yaml
from huggingface_hub import parse_eval_result_entries

from lab import paths
from lab.judge.published import items, write_eval_results


def table(model="m", task="t", values=(1, 0, 1, 1)):
    return items.table(
        {"model": model, "task": task, "item": str(n), "metric": "acc,none", "value": value}
        for n, value in enumerate(values)
    )


def read(path):
    return parse_eval_result_entries(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_what_is_written_is_read_back_by_the_hubs_own_reader(tmp_path):
    (path,) = write_eval_results(
        tmp_path,
        table(values=[*[1, 0, 1, 1] * 10, None]),
        {"t": ("acc,none", "org/set", "t")},
        date="2026-01-02",
        source_url="https://example.org",
    )
    assert path == tmp_path / ".eval_results" / "t.yaml"
    (entry,) = read(path)
    assert (entry.dataset_id, entry.task_id, entry.value) == ("org/set", "t", 0.75)
    assert (entry.date, entry.source_url) == ("2026-01-02", "https://example.org")
    assert entry.notes.startswith("t, acc,none; 40 items, 1 more without a value; 95 % interval 0.")


@pytest.mark.parametrize(
    "name", ["no", "1.10", "null", "2026-01-02", "!!python/object:os.system", "a: b\n- c", "教育"]
)
def test_no_name_becomes_anything_but_a_text(tmp_path, name):
    (path,) = write_eval_results(tmp_path, table(task=name), {name: ("acc,none", name, name)})
    (entry,) = read(path)
    assert (entry.dataset_id, entry.task_id) == (name, name)
    assert path.parent == tmp_path / ".eval_results"


def test_a_model_of_the_testbed_says_so(tmp_path):
    for file in paths.base_model().iterdir():
        (tmp_path / file.name).symlink_to(file)
    (path,) = write_eval_results(tmp_path, table(), {"t": ("acc,none", "org/set", "t")})
    assert read(path)[0].notes.endswith("; a model of the testbed")


def test_errors_say_what_there_is(tmp_path):
    with pytest.raises(ValueError, match="no value of 'f1' on 't'; there are t acc,none"):
        write_eval_results(tmp_path, table(), {"t": ("f1", "org/set", "t")})
    with pytest.raises(ValueError, match="there are none"):
        write_eval_results(tmp_path, table(values=[None]), {"t": ("acc,none", "org/set", "t")})
    import pandas as pd

    with pytest.raises(ValueError, match="must be of one model, got a, b"):
        write_eval_results(tmp_path, pd.concat([table("a"), table("b")]), {})
    assert not (tmp_path / ".eval_results").exists()
