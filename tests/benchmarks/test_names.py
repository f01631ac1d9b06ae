"""A script's folder is the first place that Python looks in, before the packages."""

import sys
from importlib.metadata import packages_distributions

from lab import paths


def test_no_benchmark_stands_before_a_package_of_its_name():
    scripts = {path.stem for path in (paths.root() / "benchmarks").glob("*.py")}
    packages = set(packages_distributions()) | sys.stdlib_module_names
    assert not scripts & (packages | {"coverage"})  # numba imports coverage where it finds it
