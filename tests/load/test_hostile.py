"""Files made to break a reader: each is refused with its reason, in bounded memory and time."""

import gzip
import json
import sys
import tracemalloc
from contextlib import contextmanager

import pytest
import zstandard

from lab import load
from lab.errors import DataError
from lab.load import content
from lab.load.loaded import MOST_TOOLS
from lab.load.tasks import promptsource

GOOD = {"instruction": "a", "output": "b"}
MB = 2**20


@contextmanager
def bounded(megabytes=60):
    """Fail if reading holds more than this at once."""
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < megabytes * MB


def auto(path, **more):
    with bounded():
        return load.auto(path, **more)


def refusal(path, message):
    with bounded(), pytest.raises(DataError, match=message):
        load.auto(path)


def lines(path, *rows):
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    )
    return path


@pytest.mark.parametrize("name", ["Posts.xml", "Posts.xml.gz"])
def test_entity_bombs_in_xml(tmp_path, name):
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    text = f'<!DOCTYPE p [<!ENTITY l0 "ha">{laughs}]><posts><row Id="1" Body="&l9;"/></posts>'
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    refusal(path, "declares a document type, which no dump does")


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_small_file_that_unpacks_to_gigabytes(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(content, "BOMB_BYTES", 16 * MB)
    told = "unpacks to more than 16,777,216 bytes, over 200 times"
    bombs = {
        "rows.jsonl": (b'{"a": "', told),
        "Posts.xml": (b"<posts>", told),
        "task.json": (b"[\n", told),
        "rows.csv": (b"a,b\n", "holds a line of more than 8,388,608 bytes"),
    }
    for name, (start, message) in bombs.items():
        path = tmp_path / f"{name}{'.gz' if pack is gzip.compress else '.zst'}"
        path.write_bytes(pack(start + b" " * (24 * MB)))
        assert path.stat().st_size < MB / 8
        refusal(path, message)


def test_a_dump_without_an_end_of_a_row(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["lab.load.stack_exchange"], "LONGEST", 4 * MB)
    path = tmp_path / "Posts.xml"
    path.write_text("<posts>" + " " * (8 * MB) + "</posts>")
    refusal(path, "holds no row in 4,194,304 bytes")


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}|||x",
        "{{ cycler.__init__.__globals__.os.system('true') }}|||x",
        "{{ text.__class__ }}|||x",
        "{% for a in range(999) %}{% for b in range(999) %}{% endfor %}{% endfor %}|||x",
        "{% for a in l %}{% for b in l %}{% for c in l %}{% endfor %}{% endfor %}{% endfor %}|||x",
        "{% import 'os' as os %}|||x",
    ],
)
def test_a_template_that_reaches_for_python_or_runs_forever(tmp_path, text):
    table = lines(tmp_path / "rows.jsonl", {"text": "t", "l": list(range(2_000))})
    templates = lines(
        tmp_path / "own.jsonl",
        {"name": "bad", "prompt": text.partition("|||")[0], "output": "x"},
        {"name": "good", "prompt": "Say {{text}}.", "output": "{{text}}"},
    )
    with bounded():
        found = promptsource(table, templates)
    assert found.pool["instruction"].tolist() == ["Say t."]
    assert found.refused["reason"].str.startswith("template bad: ").tolist() == [True]


def test_aliases_of_aliases_in_yaml(tmp_path):
    laughs = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12))
    path = tmp_path / "templates.yaml"
    path.write_text(f"l0: &l0 ha\n{laughs}\ntemplates:\n  x: {{name: x, jinja: *l11}}\n")
    refusal(path, "holds a template without text")


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.json"])
def test_a_line_of_ten_megabytes(tmp_path, name):
    path = lines(
        tmp_path / name, GOOD, {**GOOD, "output": "x" * (10 * MB)}, {**GOOD, "output": "c"}
    )
    found = auto(path)
    assert found.pool["output"].tolist() == ["b", "c"]
    assert found.refused["reason"].tolist() == ["longer than 8,388,608 bytes"]
    assert len(found.refused["raw"].iloc[0]) < 1_000


@pytest.mark.parametrize("end", ["\n", ""])
def test_a_line_of_ten_megabytes_in_a_table(tmp_path, end):
    path = tmp_path / "rows.csv"
    path.write_text("instruction,output\na," + "x" * (10 * MB) + end)
    refusal(path, r"rows\.csv: holds a line of more than 8,388,608 bytes")


def test_nul_bytes(tmp_path):
    rows = [
        GOOD,
        {**GOOD, "output": "x\0y"},
        json.dumps({**GOOD, "output": "z"}).replace("z", "\0"),
    ]
    found = auto(lines(tmp_path / "rows.jsonl", *rows))
    assert found.refused["reason"].tolist() == ["output holds a NUL character", "broken JSON"]
    (tmp_path / "rows.csv").write_bytes(b"instruction,output\na,b\nc,\0d\n")
    found = auto(tmp_path / "rows.csv")
    assert found.refused["reason"].tolist() == ["output holds a NUL character"]
    (tmp_path / "zeros.jsonl").write_bytes(bytes(MB))
    refusal(tmp_path / "zeros.jsonl", r"zeros\.jsonl: is in no known format")


def test_deep_json(tmp_path):
    bottomless = '{"instruction": "a", "output": ' + "[" * 200_000
    deep = {**GOOD, "meta": json.loads("[" * 80 + "]" * 80)}
    arguments = '{"a": ' * 80 + "1" + "}" * 80
    call = {"function": {"name": "f", "arguments": arguments}}
    talk = [{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [call]}]
    found = auto(lines(tmp_path / "rows.jsonl", GOOD, bottomless, deep))
    assert found.refused["reason"].tolist() == [
        "broken JSON",
        "meta is nested deeper than 64 levels",
    ]
    assert "nested too deep" in found.refused["value"].iloc[0]
    good = {"messages": [talk[0], {"role": "assistant", "content": "b"}]}
    found = auto(lines(tmp_path / "chat.jsonl", good, {"messages": talk}))
    assert found.refused["reason"].tolist() == [
        "tool_calls: the arguments of a call nested deeper than 64 levels"
    ]


def test_a_thousand_tools_in_a_row(tmp_path):
    talk = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    rows = [{"messages": talk, "tools": [tool] * n} for n in (1_000, MOST_TOOLS + 1, MOST_TOOLS)]
    found = auto(lines(tmp_path / "rows.jsonl", *rows))
    assert [len(tools) for tools in found.pool["tools"]] == [MOST_TOOLS]
    assert found.refused["reason"].tolist() == [
        "holds 1000 tools, at most 512",
        "holds 513 tools, at most 512",
    ]


def test_a_thousand_replies_of_tools_one_after_the_other(tmp_path):
    call = {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}
    steps = [call, {"role": "tool", "content": "again"}] * 1_000
    talk = [{"role": "user", "content": "a"}, *steps, {"role": "assistant", "content": "b"}]
    found = auto(lines(tmp_path / "rows.jsonl", {"messages": talk}))
    assert len(found.pool["steps"].iloc[0]) == 2_000
    with pytest.raises(DataError, match="holds 1001 answers, at most 256 become examples each"):
        load.messages(tmp_path / "rows.jsonl", every_turn=True)


def test_a_number_of_a_million_digits(tmp_path):
    found = auto(lines(tmp_path / "rows.jsonl", GOOD, '{"instruction": ' + "9" * MB + "}"))
    assert found.refused["reason"].tolist() == ["broken JSON"]
