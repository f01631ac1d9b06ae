import json

import pytest

from lab import load, records
from lab.errors import DataError

GOOD = {"instruction": "Name a colour.", "input": "", "output": "Red."}


def lines(tmp_path, rows):
    path = tmp_path / "rows.jsonl"
    text = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    path.write_bytes(b"\n".join(text))
    return path


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        (b'{"instruction": "a", "output"', "", "broken JSON"),
        (b'{"instruction": "\xff", "output": "b"}', "", "invalid UTF-8"),
        (b'["not", "an", "object"]', "", "must be an object"),
        ({"input": "", "output": "b"}, "instruction", "is missing"),
        ({"instruction": "a"}, "output", "is missing"),
        ({"instruction": "a", "output": 3}, "output", "must be text, not int"),
        ({"instruction": None, "output": "b"}, "instruction", "must be text, not NoneType"),
        ({"instruction": "a", "input": ["x"], "output": "b"}, "input", "must be text, not list"),
        ({"instruction": " \n", "output": "b"}, "instruction", "is empty"),
        ({"instruction": "a", "output": "\ud800"}, "output", "holds half of a surrogate pair"),
        ({"instruction": "a", "output": "b", "history": ["x"]}, "history", "must be a list of"),
        ({"instruction": "a", "output": "b", "history": [["x", 1]]}, "history", "must hold text"),
        ({"instruction": "a", "output": "b\u0000"}, "output", "holds a NUL character"),
        (
            b'{"instruction": "a", "output": "b", "output": "c"}',
            "",
            "the key 'output' stands twice",
        ),
        (GOOD, "", "the same four texts as an earlier row"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_field_and_reason(tmp_path, row, field, reason):
    loaded = load.alpaca(lines(tmp_path, [GOOD, row, {**GOOD, "output": "Blue."}]))
    assert loaded.pool["output"].tolist() == ["Red.", "Blue."]
    refused = loaded.refused.iloc[0]
    assert (refused["file"], refused["row"], refused["field"]) == ("rows.jsonl", 2, field)
    assert refused["reason"].startswith(f"{field} {reason}".strip())
    assert refused["raw"]
    assert loaded.rows == len(loaded.pool) + len(loaded.refused) == 3


def test_what_is_kept_though_unusual(tmp_path):
    rows = [
        {"instruction": "用一句话介绍长城。", "output": "长城是中国古代的防御工程。"},
        {"instruction": "a", "input": None, "output": ""},
        {"instruction": "a\u2028b", "output": "c", "id": 7, "votes": 3},
        {"instruction": "d", "output": "e", "history": [["q", "r"]]},
    ]
    pool = load.alpaca(lines(tmp_path, rows)).pool
    assert pool["output"].tolist() == ["长城是中国古代的防御工程。", "", "c", "e"]
    assert pool["input"].tolist() == [""] * 4
    assert pool["given_id"].tolist()[2] == 7
    assert pool["votes"].tolist()[2] == 3
    assert [turn["role"] for turn in pool["history"].iloc[3]] == ["user", "assistant"]
    assert pool["source"].unique().tolist() == ["rows.jsonl"]
    records.validate(pool)


def test_a_file_of_another_format_is_an_error_that_says_so(tmp_path):
    path = lines(tmp_path, [{"text": "a"}, {"text": "b"}])
    with pytest.raises(
        DataError, match=r"fits \(instruction is missing\); it holds text;.*load\.auto"
    ):
        load.alpaca(path)


def test_a_refused_row_is_shown_in_its_own_letters(tmp_path):
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([GOOD, {"instruction": "说一个颜色。"}]))
    assert load.alpaca(path).refused["raw"].tolist() == ['{"instruction": "说一个颜色。"}']


def test_nan_is_a_missing_input_as_null_is(tmp_path):
    path = tmp_path / "nan.json"
    path.write_text('[{"instruction": "a", "input": NaN, "output": "b", "score": NaN}]')
    loaded = load.alpaca(path)
    assert loaded.pool["input"].tolist() == [""]
    assert len(loaded.refused) == 0


def test_an_array_that_broke_off_is_told(tmp_path):
    path = tmp_path / "cut.json"
    path.write_text(json.dumps([GOOD, {**GOOD, "output": "Blue."}])[:-1])
    loaded = load.alpaca(path)
    assert len(loaded.pool) == 2
    assert loaded.refused[["row", "reason"]].values.tolist() == [[3, "the array does not end"]]


def test_rows_nested_too_deep_are_refused(tmp_path):
    deep = "[" * 100 + "]" * 100
    row = f'{{"instruction": "a", "output": "b", "more": {deep}}}'.encode()
    refused = load.alpaca(lines(tmp_path, [GOOD, row])).refused.iloc[0]
    assert (refused["field"], refused["reason"]) == ("more", "more is nested deeper than 64 levels")


def test_columns_of_other_names(tmp_path):
    path = lines(tmp_path, [{"question": "a", "answer": "b", "output": "old"}, {"answer": "c"}])
    loaded = load.alpaca(path, columns={"instruction": "question", "output": "answer"})
    row = loaded.pool.iloc[0]
    assert (row["instruction"], row["output"], row["given_output"]) == ("a", "b", "old")
    assert loaded.refused[["field", "reason"]].values.tolist() == [
        ["question", "question is missing"]
    ]


def test_counts_of_reasons(tmp_path):
    loaded = load.alpaca(lines(tmp_path, [GOOD, GOOD, b"{", b"["]))
    assert loaded.reasons().to_dict() == {
        ("", "broken JSON"): 2,
        ("", "the same four texts as an earlier row"): 1,
    }
    assert repr(loaded) == "Loaded(4 rows: 1 in the pool, 3 refused)"


def test_the_dirty_sample_that_ships(tmp_path):
    from lab import paths

    loaded = load.alpaca(paths.samples() / "alpaca-dirty.jsonl")
    assert loaded.rows == len(loaded.pool) + len(loaded.refused)
    assert len(load.alpaca(paths.samples() / "alpaca.json").refused) == 0
    assert {"broken JSON", "invalid UTF-8", "output is missing"} <= set(loaded.refused["reason"])


@pytest.mark.realdata
def test_all_of_alpaca(shared):
    loaded = load.alpaca(shared / "data/alpaca/alpaca_data.json.gz")
    assert (len(loaded.pool), len(loaded.refused)) == (52_002, 0)
    assert (loaded.pool["output"].str.strip() == "").sum() == 28


@pytest.mark.realdata
def test_a_file_with_fourteen_broken_lines(shared):
    path = shared / "data/self_instruct/alpaca_libre_raw/alpaca_libre_tasks_v2.jsonl.gz"
    loaded = load.alpaca(path)
    assert loaded.reasons()[("", "broken JSON")] == 14
    assert loaded.rows == 2_280 + 14
    assert loaded.rows == len(loaded.pool) + len(loaded.refused)


@pytest.mark.realdata
def test_limas_rules_read_strictly_reject_93_of_its_own_400_forum_answers(shared):
    from lab import filters

    answers = load.alpaca(shared / "data/lima/lima.json.gz").pool.iloc[:400]
    size = answers["output"].str.len()
    assert ((size < 1_200).sum(), (size > 4_096).sum()) == (45, 3)
    long = filters.length(answers, min_words=0, min_characters=1_200, max_characters=4_096)
    plain = ~answers["output"].str.contains(r"\b(?:I|my)\b", regex=True)
    assert ((~long).sum(), (~plain).sum(), (~(long & plain)).sum()) == (48, 52, 93)
