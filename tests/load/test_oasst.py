import json

from lab import load


def node(key, text, role, *replies, **more):
    return {
        "message_id": key,
        "text": text,
        "role": role,
        "lang": "en",
        "replies": list(replies),
        **more,
    }


BEST = node(
    "b", "best", "assistant", node("q", "and?", "prompter", node("e", "end", "assistant")), rank=0
)
TREE = node(
    "a",
    "ask",
    "prompter",
    node("u", "none", "assistant"),
    node("w", "worse", "assistant", rank=1),
    BEST,
)


def read(tmp_path, *rows, **options):
    path = tmp_path / "trees.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return load.oasst(path, **options)


def test_the_best_ranked_replies_make_one_example(tmp_path):
    pool = read(tmp_path, {"message_tree_id": "t", "prompt": TREE}).pool
    assert pool[["instruction", "output", "tree"]].values.tolist() == [["and?", "end", "t"]]
    assert [turn["content"] for turn in pool["history"].iloc[0]] == ["ask", "best"]


def test_every_path_is_an_example(tmp_path):
    pool = read(tmp_path, {"message_tree_id": "t", "prompt": TREE}, every_path=True).pool
    assert pool["output"].tolist() == ["end", "worse", "none"]


def test_deleted_replies_and_other_languages_are_left_out(tmp_path):
    gone = node(
        "a", "ask", "prompter", {**BEST, "deleted": True}, node("w", "worse", "assistant", rank=1)
    )
    german = {**TREE, "lang": "de", "message_id": "g"}
    found = read(tmp_path, {"prompt": gone}, {"prompt": german}, languages=["en"])
    assert found.pool["output"].tolist() == ["worse"]
    assert found.refused["reason"].tolist() == ["is in another language"]
    assert read(tmp_path, {"prompt": gone}, reviewed=False).pool["output"].tolist() == ["end"]


def test_flat_messages_become_trees(tmp_path):
    rows = [
        {"message_id": "2", "parent_id": "1", "text": "b", "role": "assistant", "rank": None},
        {"message_id": "1", "parent_id": None, "text": "a", "role": "prompter"},
        {"message_id": "9", "parent_id": "8", "text": "x", "role": "assistant"},
    ]
    found = read(tmp_path, *rows)
    assert found.pool[["instruction", "output"]].values.tolist() == [["a", "b"]]
    assert found.refused["reason"].tolist() == ["parent_id is of no message here"]
