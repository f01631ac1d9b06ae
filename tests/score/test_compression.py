import zlib

import numpy as np
import pytest

from lab import records, score


def test_by_definition_with_input_history_and_chinese():
    said = [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "您好"}]
    rows = [
        {"instruction": "Say it.", "output": "ha " * 50},
        {"instruction": "重复", "input": "床前明月光", "output": "床前明月光" * 30},
        {"instruction": "x", "output": ""},
        {"instruction": "Go on.", "output": "Yes.", "history": said},
    ]
    texts = [f"Say it.\n{'ha ' * 50}", f"重复\n床前明月光\n{'床前明月光' * 30}", "x"]
    sizes = [len(text.encode()) / len(zlib.compress(text.encode(), 9)) for text in texts]
    found = score.compression(records.frame(rows))
    assert found.tolist()[:3] == sizes
    assert (found > 2).tolist() == [True, True, False, False]
    alone = score.compression(records.frame([{**rows[3], "history": []}]))
    assert found.iloc[3] != alone.item(), "the history is read"


def test_nothing_is_missing():
    rows = records.frame([{"instruction": "", "output": ""}, {"instruction": "a", "output": "b"}])
    assert score.compression(rows).isna().tolist() == [True, False]
    assert len(score.compression(rows.iloc[:0])) == 0


def test_what_is_repeated_beyond_the_window_costs_as_much_as_the_first_time():
    rng = np.random.default_rng(0)
    once, between = ("".join(rng.choice(list("abcdefghij"), n)) for n in (2000, 40_000))
    said = [once + once + between, once + between + once]
    rows = records.frame([{"instruction": "", "output": output} for output in said])
    near, far = score.compression(rows)
    assert near == pytest.approx(far, rel=0.1)
    assert near > far
