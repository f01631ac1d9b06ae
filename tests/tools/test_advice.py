import importlib

import pytest

from tools.advice import ADVICE


@pytest.mark.parametrize("part", ADVICE)
def test_advice_is_of_methods_that_are_there(part):
    methods = importlib.import_module(f"lab.{part}").__all__
    assert set(ADVICE[part]) <= set(methods)
