import gzip
import json

import pandas as pd
import pytest

from lab import load, records
from lab.report.leaks import leaks

KEY = "sk-" + "planted0123456789abcdef"
ROWS = [
    {"instruction": "Say hello.", "output": "Hello."},
    {"instruction": "Write to ann.lee@mail.example.org", "output": "Done."},
    {"instruction": "Think.", "output": f"<think>{KEY}</think>Yes."},
    {
        "instruction": "Call.",
        "output": "",
        "calls": [{"name": "send", "arguments": {"to": "+49 171 123 45 67"}}],
    },
]


def found(folder, **more):
    table = leaks(folder, **more)
    return [(row.file, row.row, row.what) for row in table.itertuples()]


@pytest.mark.parametrize("name", ["pool.parquet", "pool.jsonl", "pool.jsonl.gz", "chat.jsonl"])
def test_keys_and_personal_data_are_found_in_every_field(tmp_path, name):
    pool = records.frame(ROWS)
    write = load.save.parquet if name.endswith("parquet") else load.save.jsonl
    (load.save.messages if name == "chat.jsonl" else write)(pool, tmp_path / name)
    rows = {row for _, row, _ in found(tmp_path, environment={})}
    assert rows == {2, 3, 4}


def test_what_was_found_is_not_shown_whole(tmp_path):
    (tmp_path / "README.md").write_text(f"the key is {KEY}\n")
    (row,) = {row.begins for row in leaks(tmp_path, environment={}).itertuples()}
    assert row == "sk-pla…"


def test_secrets_of_this_process_are_found_in_any_form(tmp_path):
    (tmp_path / "notes.txt").write_text("ok\nmy word is open-sesame-42\n")
    assert found(tmp_path, environment={}) == []
    told = found(tmp_path, environment={"SHOP_PASSWORD": "open-sesame-42"})
    assert told == [("notes.txt", 2, "a secret of this machine")]


def test_paths_of_this_machine_are_found(tmp_path, data_folder):
    (tmp_path / "card.md").write_text(f"made in {data_folder}/runs\n")
    assert found(tmp_path, environment={}) == [("card.md", 1, "a path of this machine")]


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path):
    (tmp_path / "model.bin").write_bytes(b"\0\1")
    (tmp_path / "link.md").symlink_to("/etc/hostname")
    assert [(file, what) for file, _, what in found(tmp_path)] == [
        ("link.md", "a file that cannot be read here"),
        ("model.bin", "a file that cannot be read here"),
    ]


def test_broken_lines_are_looked_through_too(tmp_path):
    with gzip.open(tmp_path / "rows.jsonl.gz", "wt") as out:
        out.write(
            json.dumps({"a": [{"b": None}, 3, True]}) + "\n{broken ann.lee@mail.example.org\n"
        )
    assert [row for _, row, _ in found(tmp_path, environment={})] == [2]


def test_a_clean_folder_has_no_findings(tmp_path):
    load.save.parquet(records.frame(ROWS[:1]), tmp_path / "a.parquet")
    assert leaks(tmp_path, environment={}).equals(
        pd.DataFrame([], columns=["file", "row", "what", "begins"])
    )
