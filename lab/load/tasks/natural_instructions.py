"""Super-NaturalInstructions: a file a task, with a definition, examples and instances.

Source: Wang et al. 2022, arXiv:2204.07705; allenai/natural-instructions, tasks/*.json. Files with
`metadata` and `examples` (instruction induction) and with `examples` of `input` and `target` (BBH)
hold tasks without a definition and are read in the same way.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab.errors import DataError
from lab.load import content, parse
from lab.load.loaded import Example, Loaded, gather
from lab.load.rows import Row, opened
from lab.load.tasks.forms import DESCRIBED, Form, Task, examples

_HEAD, _MARKS = 2**20, (b'"Instances"', b'"examples"')
_PAIRS = (("input", "output"), ("input", "target"), ("cause", "effect"), ("items", "concept"))


def natural_instructions(
    path: str | Path,
    *,
    form: Form = DESCRIBED,
    definition: str = "",
) -> Loaded:
    """Read a task file, or a folder of them: one example an instance.

    Parameters
    ----------
    path : path
        A JSON file, packed or not, or a folder of such files.
    form : Form
        How an instance is asked.
    definition : str
        Of tasks whose file gives none.

    Returns
    -------
    Loaded
        Columns `task` (the file's name), `template`, `inverted`, `references` (all right outputs),
        `categories`, `domains`. `rows` counts instances.

    Raises
    ------
    DataError
        If no file can be read as a task.
    """
    path = Path(path)
    opened(path)
    files = sorted(one for one in path.rglob("*") if content.kind(one) == ".json")
    tasks = (
        one
        for file in (files if path.is_dir() else [path])
        for one in _rows(file, form, definition)
    )
    return gather(tasks, _made, source=path.name)


def is_task(path: Path) -> bool:
    """Say whether a file is one JSON object of a task with its instances.

    Examples
    --------
    >>> from lab import paths
    >>> is_task(paths.samples() / "alpaca.json")
    False
    """
    if content.kind(path) != ".json":
        return False
    with content.unpacked(path) as stream:
        head = stream.read(_HEAD).lstrip()
    if not head.startswith(b"{") or not any(name in head for name in _MARKS):
        return False
    try:
        task, spoiled = _task(path, "")
    except DataError:
        return False
    return len(task.instances) > len(spoiled)


def _made(given: dict[str, Any]) -> Example:
    return given


def _rows(path: Path, form: Form, definition: str) -> Iterator[Row]:
    try:
        task, spoiled = _task(path, definition)
        made = examples(task, form)
    except DataError as error:
        yield Row(1, None, "", error.reason, file=path.name)
        return
    for number, value in spoiled:
        yield Row(number, None, str(value), "has no input and output as text", file=path.name)
    for number, example in enumerate(made, start=1):
        yield Row(number, example, "", file=path.name)


def _task(path: Path, definition: str) -> tuple[Task, list[tuple[int, Any]]]:
    with content.unpacked(path) as stream:
        data = content.whole(stream, path)
    try:
        value = parse.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"broken JSON: {error}", file=path) from error
    if not isinstance(value, dict):
        raise DataError("must be an object", file=path)
    held = value.get("Instances", value.get("examples", value.get("data")))
    if isinstance(held, dict):
        held = list(held.values())
    if not isinstance(held, list):
        raise DataError("holds no instances", file=path, value=sorted(value))
    found = [_pair(one) for one in held]
    spoiled = [
        (n, one) for n, (one, pair) in enumerate(zip(held, found, strict=True), 1) if not pair
    ]
    told = value.get("Definition", value.get("definition", definition))
    solved = [_pair(one) for one in value.get("Positive Examples", ())]
    names = ("Categories", "Domains", "Source", "URL", "Instance License")
    more = {
        name.lower().replace(" ", "_"): json.dumps(value[name], ensure_ascii=False)
        if isinstance(value[name], dict)
        else value[name]
        for name in names
        if name in value
    }
    return Task(
        name=path.name.split(".")[0],
        definition=told[0] if isinstance(told, list) and told else str(told or ""),
        instances=[pair for pair in found if pair],
        solved=[(pair[0], pair[1][0]) for pair in solved if pair],
        language=_language(value),
        more={name: of for name, of in more.items() if name != "source"},
    ), spoiled


def _pair(one: Any) -> tuple[str, list[str]] | None:
    for before, after in _PAIRS:
        if isinstance(one, dict) and before in one and after in one:
            given, said = one[before], one[after]
            given = ", ".join(map(str, given)) if isinstance(given, list) else given
            outputs = said if isinstance(said, list) else [said]
            outputs = [str(out) for out in outputs if isinstance(out, (str, int, float))]
            return (given, outputs) if isinstance(given, str) and outputs else None
    return None


def _language(value: dict[str, Any]) -> str:
    spoken = value.get("Instruction_language")
    return str(spoken[0]) if isinstance(spoken, list) and spoken else "English"
