import threading

import pytest

from lab import origins


@pytest.mark.parametrize(
    ("found", "label"),
    [
        ({}, "unknown"),
        ({"data": ["testbed"], "model": ["testbed"], "teacher": ["testbed"]}, "testbed"),
        ({"data": ["sample files"]}, "samples"),
        ({"data": ["sample files", "testbed"]}, "testbed"),
        ({"data": ["a.json"], "model": ["gpt2"]}, "local"),
        ({"data": ["testbed"], "model": ["gpt2"]}, "mixed"),
        ({"data": ["a.json", "sample files"]}, "mixed"),
        ({"data": ["a.json"], "teacher": ["testbed"]}, "mixed"),
    ],
)
def test_a_label_says_testbed_or_local_only_where_all_of_it_is(found, label):
    assert origins.label(found) == label


def test_each_origin_is_told_once_to_who_watches():
    seen = []
    origins.note("data", "early.json")
    stop = origins.watch(lambda kind, origin: seen.append((kind, origin)))
    for _ in range(2):
        origins.note("model", "gpt2")
    stop()
    origins.note("model", "later")
    assert seen == [("data", "early.json"), ("model", "gpt2")]


def test_threads_note_into_one_account():
    threads = [threading.Thread(target=origins.note, args=("data", str(n))) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(origins.used()["data"]) == 20


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="kind must be one of data, model, teacher, got 'colour'"):
        origins.note("colour", "red")
