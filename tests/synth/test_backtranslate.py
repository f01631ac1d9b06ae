"""Backtranslation: segments, the five-point scale, a second iteration that rates better."""

import pytest

from lab import records, testbed
from lab.synth import backtranslate, curated, segments, tagged, turned
from lab.synth.backtranslate import SEED_TAG, WEB_TAG, read_score
from lab.testbed import chains

LONG = "Tea is made from the leaves of one plant, and how they are dried makes it what it is. "


def teacher(**settings):
    return testbed.client(testbed.Teacher(**settings), store=":memory:")


def test_segments_of_markdown_html_and_plain_text():
    text, other, third = (LONG * 8 + name for name in ("one", "two", "three"))
    markdown = f"# Tea\n\n{text}\n\n## MENU ITEMS\n\n{text}a\n\n# Home\n\n{text}b\n\n#\n\n{text}c"
    page = (
        f"<html><nav>{text}</nav><h2>Green &amp; black</h2><p>{other}</p>"
        f"<script>{text}</script><h2>Login</h2><p>{text}d</p></html>"
    )
    found = segments([markdown, page, "short", third], max_repeated=1.0)
    assert found["header"].tolist() == ["Tea", "Green & black", "text"]
    assert found["document"].tolist() == [0, 1, 3]
    assert found["output"].str.len().between(600, 3000).all()
    assert (found["instruction"] == "").all()


def test_a_segment_that_repeats_itself_falls():
    assert len(segments([f"# Tea\n{LONG * 8}"])) == 0


def test_bounds_out_of_order():
    with pytest.raises(ValueError, match=r"min_characters must be from 0 to max_characters=5"):
        segments([], min_characters=9, max_characters=5)


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("Good.\nScore: 4", 4.0),
        ("好。\n分数：5", 5.0),
        ("Score: 3/5", 3.0),
        ("Score: 4\nBut perhaps more.", None),
        ("Score: 9", None),
        ("", None),
    ],
)
def test_the_rating_is_on_the_last_line(text, score):
    assert read_score(text) == score


def test_instructions_fit_and_what_is_no_answer_falls():
    pool = testbed.pool(80, noise=0.5, seed=4)
    result = backtranslate(pool, teacher(), keep=500)
    assert result.stopped_because == "nothing left to ask"
    truths = [chains.read(text).answer for text in result.examples["instruction"]]
    assert truths == result.examples["output"].tolist()
    assert result.reasons["rated too low"] > 10
    assert set(result.examples["parent"]) <= set(pool.index)


def test_a_rater_tuned_on_the_first_iteration_raises_the_quality():
    pool = testbed.pool(120, noise=0.5, seed=4)
    calls = []

    def refine(iteration, kept):
        calls.append((iteration, len(kept)))
        return teacher(noise=0.2, seed=1)

    once = backtranslate(pool, teacher(noise=2.5), keep=500)
    twice = backtranslate(pool, teacher(noise=2.5), keep=500, refine=refine)
    assert calls[0][0] == 2
    assert calls[0][1] > 0

    assert right(twice) >= right(once)
    assert len(twice.examples) > 1.5 * len(once.examples)  # recall, where the first missed half


def test_tags_are_system_turns_of_new_rows():
    pool = testbed.pool(3)
    seeds, web = tagged(pool, augmented=False), tagged(pool, augmented=True, language="zh")
    assert seeds["history"].iloc[0] == [{"role": "system", "content": SEED_TAG["en"]}]
    assert web["history"].iloc[0] == [{"role": "system", "content": WEB_TAG["zh"]}]
    assert seeds["parent"].tolist() == pool.index.tolist()
    records.validate(seeds)


def test_a_backward_model_is_taught_in_the_words_it_is_asked_in():
    pool = testbed.pool(6)
    rows = turned(pool)
    backward = teacher()
    backtranslate(pool, teacher(), keep=6, backward=backward)
    sent = {
        tuple(one["content"] for one in reply.request["messages"])
        for reply in backward.store.rows()
    }
    taught = zip(rows["history"], rows["instruction"], strict=True)
    assert {(*(turn["content"] for turn in before), asked) for before, asked in taught} == sent
    assert rows["output"].tolist() == [records.user_turn(row) for _, row in pool.iterrows()]
    assert rows["parent"].tolist() == pool.index.tolist()


def test_a_rating_that_is_none():
    with pytest.raises(ValueError, match=r"min_score must be from 1 to 5, got 6"):
        backtranslate(testbed.pool(3), teacher(), keep=1, min_score=6)


def right(made):
    known = [chains.read(text) for text in made.examples["instruction"]]
    told = zip(known, made.examples["output"], strict=True)
    return sum(one is not None and one.answer == text for one, text in told) / len(known)


def test_the_quality_of_what_is_kept_rises_with_each_iteration():
    """The rater of each iteration errs less, as one does that is tuned on better rows."""
    pool, asked = testbed.pool(200, noise=0.5, seed=4), []

    def refine(iteration, kept):
        asked.append((iteration, len(kept)))
        return teacher(noise={2: 1.2, 3: 0.3}[iteration], seed=iteration)

    made = [backtranslate(pool, teacher(noise=3.0), keep=500)]
    made += [
        backtranslate(pool, teacher(noise=3.0), keep=500, refine=[refine] * number)
        for number in (1, 2)
    ]
    quality = [right(one) for one in made]
    assert quality[0] < quality[1] < quality[2]
    assert [number for number, _ in asked] == [2, 2, 3]


def test_another_model_may_write_the_instructions():
    rater, backward = teacher(), teacher(seed=7)
    made = backtranslate(testbed.pool(20, seed=4), rater, keep=5, backward=backward)
    assert len(made.examples) == 5
    assert backward.server_log.summary()["calls"] >= 5
    assert made.calls == sum(one.server_log.summary()["calls"] for one in (rater, backward))


def test_an_answer_is_asked_for_with_both_tags():
    both = tagged(testbed.pool(1), augmented=None)["history"].iloc[0]
    assert both == [{"role": "system", "content": f"{SEED_TAG['en']} {WEB_TAG['en']}"}]


def test_a_rating_is_a_filter_for_any_method():
    pool = testbed.pool(40, noise=0.5, seed=3)
    kept = curated(pool, teacher())
    assert kept.index.equals(pool.index)
    assert kept.tolist() == (pool["fault"] == "").tolist()
    with pytest.raises(ValueError, match=r"min_score must be from 1 to 5, got 0"):
        curated(pool, teacher(), min_score=0)
