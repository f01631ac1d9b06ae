import json

import pytest

from lab.errors import DataError
from lab.load import tasks
from lab.load.tasks.promptsource import Template, read_templates, render

YAML = """
dataset: x
templates:
  a1: !Template
    answer_choices: no ||| yes
    id: a1
    jinja: "Is {{text}} good? ||| {{answer_choices[label]}}"
    metadata: !TemplateMetadata
      languages: [en]
    name: good
  a2: !Template
    answer_choices: null
    jinja: "{% if label == 1 %}Repeat: {{text}} ||| {{text}}{% endif %}"
    name: repeat
"""
ROWS = [{"text": "tea", "label": 1}, {"text": "ash", "label": 0}]


def test_each_row_in_each_template(tmp_path):
    table, templates = tmp_path / "rows.jsonl", tmp_path / "templates.yaml"
    table.write_text("\n".join(map(json.dumps, ROWS)))
    templates.write_text(YAML)
    found = tasks.promptsource(table, templates)
    assert found.pool[["instruction", "output", "template"]].values.tolist() == [
        ["Is tea good?", "yes", "good"],
        ["Repeat: tea", "tea", "repeat"],
        ["Is ash good?", "no", "good"],
    ]
    assert found.pool["options"].iloc[0] == ["no", "yes"]
    assert found.refused["reason"].tolist() == [
        "template repeat: the template writes no answer for it"
    ]
    assert len(tasks.promptsource(table, templates, names=["good"], per_template=1).pool) == 1


def test_a_table_of_ones_own_templates(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text('name,prompt,output\nplain,"Say {{a}}.",{{a}}\n')
    assert read_templates(path) == [Template("plain", "Say {{a}}.|||{{a}}")]


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}|||x",
        "{{ text.__init__.__globals__ }}|||x",
        "{% for i in range(10000000) %}x{% endfor %}|||x",
        "{{ 'x' * 1000000000 }}|||x",
        "{{ 9 ** 999999999 }}|||x",
        "{% for i in range(999) %}{{ text }}{{ text }}{{ text }}{% endfor %}|||x",
        "{% include '/etc/passwd' %}|||x",
        "{{ missing }}|||x",
    ],
)
def test_a_template_that_reaches_for_python_is_refused(text):
    with pytest.raises(DataError, match="cannot be written|writes more than 1,000,000 characters"):
        render(Template("bad", text), {"text": "y" * 400})


def test_objects_in_a_file_of_templates_are_refused(tmp_path):
    path = tmp_path / "templates.yaml"
    path.write_text("templates: !!python/object/apply:os.system ['true']\n")
    with pytest.raises(DataError, match="cannot be read as YAML"):
        read_templates(path)
