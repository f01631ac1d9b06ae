import json

import pandas as pd
import pytest

from lab import judge
from lab.errors import DataError
from lab.judge import published


def write(path, *rows):
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def row(model, question, judgment, score, turn=1):
    more = {"judge": ["gpt-4", "single-v1"], "turn": turn, "score": score}
    return {"question_id": question, "model": model, "judgment": judgment, **more}


def test_all_forms_of_a_rating_are_read_and_the_unread_are_counted_per_system(tmp_path):
    path = write(
        tmp_path / "single.jsonl",
        row("strong", 81, "Good. Rating: [[9]]", 9),
        row("strong", 81, "Good. Rating: [[8]]", 8, turn=2),
        row("weak", 81, "Bad. [[rating: 3]]", -1),
        row("weak", 81, "Bad. [[rating]]: 2", -1, turn=2),
        row("weak", 82, "There is no answer.", -1),
    )
    made = published.mt_bench_ratings(path)
    assert made["rating"].tolist()[:4] == [9, 8, 3, 2]
    assert made["published"].isna().tolist() == [False, False, True, True, True]
    assert made["prompt"].tolist()[:2] == ["81-1", "81-2"]
    found = judge.mean_rating(made).set_index("system")
    assert found["mean"].to_dict() == {"strong": 8.5, "weak": 2.5}
    assert found["invalid"].to_dict() == {"strong": 0, "weak": 1}


def test_scores_stand_in_where_no_judgment_is_kept(tmp_path):
    given = [{"question_id": 1, "model": "m", "score": score} for score in (7, -1)]
    made = published.mt_bench_ratings(write(tmp_path / "s.jsonl", *given))
    assert made["rating"].tolist()[0] == 7
    assert pd.isna(made["rating"].iloc[1])


def test_what_is_no_judgment_is_refused_by_its_fields(tmp_path):
    path = write(tmp_path / "q.jsonl", {"question_id": 1, "turns": ["?"]})
    with pytest.raises(DataError, match="row 1: has none of the fields model, model_id"):
        published.mt_bench_ratings(path)
