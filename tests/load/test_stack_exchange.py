import pytest

from lab import filters, load
from lab.errors import DataError
from lab.load.stack_exchange import posts, stream

ROW = '<row Id="{}" PostTypeId="{}" {} Score="{}" Body="&lt;p&gt;{}&lt;/p&gt;" />'
POSTS = [
    ROW.format(1, 1, 'Title="Why?" Tags="&lt;a&gt;&lt;b&gt;" AcceptedAnswerId="3"', 5, "body one"),
    ROW.format(2, 2, 'ParentId="1"', 3, "low"),
    ROW.format(3, 2, 'ParentId="1"', 12, "high"),
    ROW.format(4, 1, 'Title="Nobody?"', 1, "unanswered"),
    ROW.format(5, 5, "", 0, "wiki"),
    ROW.format(6, 2, 'ParentId="99"', 1, "orphan"),
]


def dump(tmp_path, rows=POSTS, head=""):
    path = tmp_path / "site" / "Posts.xml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'<?xml version="1.0"?>{head}<posts>{"".join(rows)}</posts>')
    return path


def test_a_question_meets_its_top_answer(tmp_path):
    found = load.stack_exchange(dump(tmp_path), title_share=1)
    row = found.pool.iloc[0]
    assert (row["instruction"], row["output"], row["votes"]) == ("Why?", "high", 12)
    assert (row["category"], row["tags"], row["accepted"]) == ("site", ["a", "b"], True)
    assert row["output_html"] == "<p>high</p>"
    assert sorted(found.refused["reason"]) == [
        "a post of type 5",
        "a question without an answer that is wanted",
        "an answer without its question",
    ]


def test_all_answers_by_rank_and_questions_by_description(tmp_path):
    pool = load.stack_exchange(dump(tmp_path), every_answer=True, title_share=0).pool
    assert pool[["instruction", "output", "answer_rank"]].values.tolist() == [
        ["body one", "high", 0],
        ["body one", "low", 1],
    ]


def test_a_stream_gives_the_same_pairs_in_parts(tmp_path):
    many = [
        ROW.format(
            n, 1 + n % 2, f'Title="q{n}"' if n % 2 == 0 else f'ParentId="{n - 1}"', n, f"b{n}"
        )
        for n in range(2, 22)
    ]
    path = dump(tmp_path, many)
    whole = load.stack_exchange(path).pool
    parts = list(stream(path, rows=4))
    assert [len(part) for part in parts] == [4, 4, 2]
    assert [key for part in parts for key in part.index] == whole.index.tolist()
    bound = load.stack_exchange(path, least_votes=11)
    assert bound.pool["votes"].min() == 11
    assert "has fewer than 11 votes" in set(bound.refused["reason"])


def test_a_declared_document_type_is_refused(tmp_path):
    bomb = '<!DOCTYPE p [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    with pytest.raises(DataError, match="declares a document type, which no dump does"):
        list(posts(dump(tmp_path, head=bomb)))


def test_what_is_no_dump_or_breaks_off(tmp_path):
    path = dump(tmp_path)
    path.write_text(path.read_text()[:-40])
    assert "broken XML" in " ".join(load.stack_exchange(path).refused["reason"])
    path.write_text("<html><body></body></html>")
    with pytest.raises(DataError, match=r"holds no rows; is it a Posts.xml"):
        load.stack_exchange(path)


def test_the_share_of_titles_is_checked(tmp_path):
    with pytest.raises(ValueError, match="title_share must be between 0 and 1, got 2"):
        load.stack_exchange(dump(tmp_path), title_share=2)


@pytest.mark.realdata
def test_the_published_dumps_are_counted_whole(shared):
    """Rows of the file = questions with an answer + answers kept + everything refused."""
    path = shared / "data/stackexchange/coffee.stackexchange.com/Posts.xml.gz"
    found = load.stack_exchange(path, every_answer=True)
    assert found.rows + found.pool["question"].nunique() == 592
    best = load.stack_exchange(path).pool
    assert filters.votes(best, least=10).sum() == (best["votes"] >= 10).sum() > 30
