"""Which tests go to one worker, where several run them."""

from types import SimpleNamespace

import pytest

from conftest import pytest_xdist_make_scheduler, work_unit


def test_browser_tests_are_one_unit_and_all_others_go_alone():
    units = {
        work_unit(f"tests/browser/test_{name}.py::test_it") for name in ("widgets", "synthesis")
    }
    assert len(units) == 1
    assert work_unit("tests/select/test_kmeans.py::test_a") != work_unit(
        "tests/select/test_kmeans.py::test_b"
    )


def test_the_scheduler_of_make_test_sends_units(pytestconfig):
    pytest.importorskip("xdist")
    answers = {"dist": "loadgroup", "loadscopereorder": True, "tx": ["2*popen"]}
    config = SimpleNamespace(
        getvalue=answers.get, option=SimpleNamespace(**answers), rootpath=pytestconfig.rootpath
    )
    made = pytest_xdist_make_scheduler(config, None)
    assert made._split_scope("tests/browser/test_a.py::t") == work_unit(
        "tests/browser/test_b.py::t"
    )
    answers["dist"] = "load"
    assert pytest_xdist_make_scheduler(config, None) is None
