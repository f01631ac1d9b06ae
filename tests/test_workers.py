"""Which tests go to one worker, where several run them."""

from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from conftest import pytest_xdist_make_scheduler, work_unit


def test_tests_of_one_server_are_one_unit_and_all_others_go_alone():
    units = {
        work_unit(f"tests/browser/test_{name}.py::test_it") for name in ("widgets", "synthesis")
    }
    assert len(units) == 1
    assert work_unit("tests/test_engine.py::test_a") == work_unit("tests/test_engine.py::test_b")
    assert work_unit("tests/select/test_kmeans.py::test_a") != work_unit(
        "tests/select/test_kmeans.py::test_b"
    )


def test_the_scheduler_of_make_test_sends_units(pytestconfig):
    pytest.importorskip("xdist")
    answers = {"dist": "loadgroup", "loadscopereorder": True, "tx": ["2*popen"]}
    config = SimpleNamespace(
        getvalue=answers.get, option=SimpleNamespace(**answers), rootpath=pytestconfig.rootpath
    )
    scheduler = pytest_xdist_make_scheduler(config, None)
    nodes = [Mock(shutting_down=False), Mock(shutting_down=False)]
    tests = [
        "tests/browser/test_a.py::t",
        "tests/select/test_a.py::t",
        "tests/browser/test_b.py::t",
    ]
    for node in nodes:
        scheduler.add_node(node)
    for node in nodes:
        scheduler.add_node_collection(node, tests)
    scheduler.schedule()
    sent = [[call.args[0] for call in node.send_runtest_some.call_args_list] for node in nodes]
    assert sent == [[[0, 2]], [[1]]]  # both browser tests go to one worker
    answers["dist"] = "load"
    assert pytest_xdist_make_scheduler(config, None) is None
