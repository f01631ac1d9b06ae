"""Self-Instruct's tasks: an instruction with `instances` of input and output.

Source: Wang et al. 2023, arXiv:2212.10560; its seed tasks and its 252 user-oriented instructions.
"""

from pathlib import Path
from typing import Any

from lab.errors import DataError
from lab.load.loaded import Example, Loaded, collect


def self_instruct(path: str | Path) -> Loaded:
    """Read tasks: one example an instance; `name`, `is_classification` and others are columns.

    Raises
    ------
    DataError
        If the file cannot be read, or not one task fits.

    Examples
    --------
    >>> from lab import paths
    >>> found = self_instruct(paths.samples() / "self-instruct.jsonl")
    >>> found.pool[["input", "output"]].values.tolist()
    [['moon', 'spoon'], ['light', 'night']]
    """
    return collect(path, _convert)


def _convert(given: dict[str, Any]) -> list[Example]:
    instances = given.get("instances")
    if not isinstance(instances, list) or not all(isinstance(one, dict) for one in instances):
        raise DataError("must be a list of objects", field="instances", value=instances)
    if "instruction" not in given or not instances:
        name = "instances" if "instruction" in given else "instruction"
        raise DataError("is missing", field=name, value=sorted(given))
    rest = {name: value for name, value in given.items() if name != "instances"}
    missing = [one for one in instances if "output" not in one]
    if missing:
        raise DataError("is missing", field="output", value=missing[0])
    return [{**rest, "input": one.get("input") or "", "output": one["output"]} for one in instances]
