import json

from lab import load


def write(tmp_path, rows):
    path = tmp_path / "AskX.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_the_best_voted_answer_or_all(tmp_path):
    answers = [{"text": "<p>low</p>", "score": 1}, {"text": "high <sq>n<sq> dry", "score": 9}]
    path = write(
        tmp_path,
        [{"subreddit": "AskX", "question": "<p>Why?</p>", "answers": answers}, {"title": "t"}],
    )
    found = load.reddit(path)
    assert found.pool[["instruction", "output", "votes", "category"]].values.tolist() == [
        ["Why?", "high 'n' dry", 9, "AskX"]
    ]
    assert found.refused["field"].tolist() == ["answers"]
    assert load.reddit(path, every_answer=True).pool["answer_rank"].tolist() == [0, 1]


def test_posts_alone_are_prompts(tmp_path):
    path = write(tmp_path, [{"title": "[WP] A dragon knits.", "selftext": "Go.", "score": "7"}])
    row = load.reddit(path, answered=False).pool.iloc[0]
    assert (row["instruction"], row["input"], row["output"]) == ("A dragon knits.", "Go.", "")
    assert (row["votes"], row["answered"], row["category"]) == (7, False, "AskX")
