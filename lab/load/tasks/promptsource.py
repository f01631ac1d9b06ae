"""Jinja templates over any table, as promptsource's `templates.yaml` or a table of one's own.

Source: Bach et al. 2022, arXiv:2202.01279; a template is prompt and answer with `|||` between them.
Templates are other people's code: they are rendered in jinja's sandbox, without attributes of
Python's objects, with short loops and bounded text.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from lab.errors import DataError
from lab.load import content
from lab.load.loaded import Example, Loaded, gather
from lab.load.rows import Row, read

BETWEEN = "|||"
LONGEST = 1_000_000  # characters of a rendered template
STEPS = 1_000  # of one range
ALL_STEPS = 100_000  # of all ranges that one row is written with
DEEPEST_LOOP = 2  # loops inside each other


@dataclass(frozen=True)
class Template:
    """A template by name; `choices` are the answers that it may name, with `|||` between them."""

    name: str
    text: str
    choices: str = ""


def promptsource(
    table: str | Path,
    templates: str | Path,
    *,
    names: Collection[str] | None = None,
    per_template: int | None = None,
) -> Loaded:
    """Write every row of a table in every template: one example each.

    Parameters
    ----------
    table : path
        A file of rows, whose columns the templates name.
    templates : path
        `templates.yaml`, or a table with the columns `name`, `prompt` and `output`.
    names : collection of str, optional
        The templates to use; all by default.
    per_template : int, optional
        At most so many rows a template, from the first on.

    Returns
    -------
    Loaded
        Columns `task` (the folder of the templates), `template`, `inverted` (false), `options`
        (the choices), and those of the table. Rows that a template skips (it writes no answer) or
        cannot write are refused.

    Raises
    ------
    DataError
        If a file cannot be read, or no template has one of `names`.
    """
    found = [one for one in read_templates(templates) if names is None or one.name in names]
    if not found:
        raise DataError("holds no template of these names", file=templates, value=names)
    task = Path(templates).resolve().parent.name
    rows = _written(Path(table), found, task, per_template)
    return gather(rows, lambda given: given, source=Path(table).name, hint="see load.tasks")


def read_templates(path: str | Path) -> list[Template]:
    """Read the templates of a file; tags of Python objects in it are read as plain mappings.

    Raises
    ------
    DataError
        If it is no such file, or asks for another object.
    """
    path = Path(path)
    if content.kind(path) not in (".yaml", ".yml"):
        rows = [row.value for row in read(path) if not row.reason]
        if not rows or not all({"name", "prompt", "output"} <= set(row) for row in rows):
            raise DataError("needs the columns name, prompt and output", file=path)
        return [
            Template(str(row["name"]), f"{row['prompt']}{BETWEEN}{row['output']}") for row in rows
        ]
    try:
        with content.unpacked(path) as stream:
            value = yaml.load(content.whole(stream, path), Loader=_Loader)  # noqa: S506 - a safe one
    except yaml.YAMLError as error:
        raise DataError(f"cannot be read as YAML: {error}", file=path) from error
    held = value.get("templates") if isinstance(value, dict) else None
    if not isinstance(held, dict):
        raise DataError("holds no templates", file=path)
    return [_template(one, path) for one in held.values()]


def _template(one: Any, path: Path) -> Template:
    """Read one template; what is no text (an alias of aliases of aliases) is none."""
    fields = one if isinstance(one, dict) else {}
    name, text, choices = (fields.get(key) for key in ("name", "jinja", "answer_choices"))
    if not isinstance(text, str) or not isinstance(choices or "", str):
        raise DataError("holds a template without text", file=path, field="jinja")
    return Template(name if isinstance(name, str) else "unnamed", text, choices or "")


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja without Python behind it, with short ranges and no products of texts."""

    intercepted_binops = frozenset(["*", "**"])

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, trim_blocks=False)
        self.left = ALL_STEPS
        self.globals = {"range": self.steps, "zip": zip, "len": len}
        self.filters["choice"] = lambda values: values[0] if values else ""
        self.filters["most_frequent"] = _most_frequent
        self.filters["highlight"] = lambda text: text

    def steps(self, *bounds: int) -> range:
        """Return a short range; all together may not be long."""
        found = range(*bounds)
        self.left -= len(found)
        if len(found) > STEPS or self.left < 0:
            raise SecurityError(
                f"a range of more than {STEPS:,} steps, or more than {ALL_STEPS:,} in all, is not "
                "allowed in a template"
            )
        return found

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Compute a product of numbers of moderate size alone."""
        if not all(isinstance(side, (int, float)) and abs(side) < 1e6 for side in (left, right)):
            raise SecurityError(f"{left!r} {operator} … is not allowed in a template")
        if operator == "**" and abs(right) > 8:
            raise SecurityError("such a power is not allowed in a template")
        return super().call_binop(context, operator, left, right)


def render(template: Template, row: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    """Return prompt, answer and choices of one row in one template.

    Raises
    ------
    DataError
        If the template cannot be written with this row, reaches for what the sandbox keeps away,
        or writes more than a million characters.

    Examples
    --------
    >>> render(Template("t", "Say {{a}}.|||{{answer_choices[0]}}", "x ||| y"), {"a": "x"})
    ('Say x.', 'x', ['x', 'y'])
    """
    sandbox = Sandbox()
    try:
        choices = _bounded(sandbox, template.choices, row) if template.choices else ""
        options = [one.strip() for one in choices.split(BETWEEN)] if choices else []
        values = {**row, **({"answer_choices": options} if options else {})}
        text = _bounded(sandbox, template.text, values)
    except (
        TemplateError,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
        RecursionError,
    ) as error:
        raise DataError(f"cannot be written: {error}", field=template.name) from error
    prompt, between, answer = text.partition(BETWEEN)
    if not between or not answer.strip():
        raise DataError("the template writes no answer for it", field=template.name)
    return prompt.strip(), answer.strip(), options


def _bounded(sandbox: Sandbox, text: str, values: Mapping[str, Any]) -> str:
    pieces, size = [], 0
    if _loops(sandbox.parse(text)) > DEEPEST_LOOP:
        raise DataError(f"has more than {DEEPEST_LOOP} loops inside each other")
    for piece in sandbox.from_string(text).generate(dict(values)):
        size += len(piece)
        if size > LONGEST:
            raise DataError(f"writes more than {LONGEST:,} characters")
        pieces.append(piece)
    return "".join(pieces)


def _loops(node: nodes.Node) -> int:
    """Return how many loops of a template stand inside each other at most."""
    inner = max((_loops(child) for child in node.iter_child_nodes()), default=0)
    return inner + isinstance(node, nodes.For)


def _written(table: Path, templates: list[Template], task: str, most: int | None) -> Iterator[Row]:
    for number, row in enumerate(read(table), start=1):
        if most is not None and number > most:
            return
        if row.reason or not isinstance(row.value, dict):
            yield Row(row.number, None, row.raw, row.reason or "must be an object", file=row.file)
            continue
        for template in templates:
            try:
                yield Row(row.number, _example(template, row.value, task), "", file=row.file)
            except DataError as error:
                reason = f"template {template.name}: {error.reason}"
                yield Row(row.number, None, row.raw or str(row.value), reason, file=row.file)


def _example(template: Template, row: Mapping[str, Any], task: str) -> Example:
    prompt, answer, options = render(template, row)
    taken = {"instruction", "input", "output", "history", "options", "task", "template"}
    rest = {f"given_{name}" if name in taken else name: value for name, value in row.items()}
    made = {"instruction": prompt, "input": "", "output": answer, "history": []}
    marked = {"task": task, "template": template.name, "inverted": False, "options": options}
    return {**rest, **made, **marked}


def _most_frequent(values: list[Any]) -> list[Any]:
    return sorted(set(values), key=lambda value: (-values.count(value), str(value)))


class _Loader(yaml.SafeLoader):
    """YAML without objects, but for promptsource's two tags, which become mappings."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor("!Template", _mapping)
_Loader.add_constructor("!TemplateMetadata", _mapping)
