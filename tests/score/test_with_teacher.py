"""Ratings and tags through a real client, held against the truth of the testbed."""

import numpy as np
import pytest

from lab import llm, score, testbed
from lab.llm import prompts


@pytest.fixture(scope="module")
def world():
    return testbed.pool(150, noise=0.5, seed=3)


@pytest.mark.parametrize("language", prompts.LANGUAGES)
@pytest.mark.parametrize("name", ["rating", "rating_cached"])
def test_a_perfect_rater_tells_the_truth_in_both_orders_and_languages(world, name, language):
    prompt = prompts.load("score", name, language)
    found = score.rating(world, testbed.client(), prompt=prompt)
    assert found.tolist() == world["quality"].tolist()


def test_planted_noise_is_found_and_precision_rises_with_the_cut(world):
    rater = testbed.client(testbed.Teacher(noise=0.5))
    table = score.ratings(world, {"rater": rater}, draws=6, temperature=1.0)
    assert score.rater_noise(table)["rater"] == pytest.approx(0.5, rel=0.15)
    first = table[table["draw"] == 0].set_index("id")["rating"].loc[world.index]
    good = world["quality"] >= 4.5
    precision = [good[first >= cut].mean() for cut in (0.0, 1.5, 3.0, 4.5)]
    recall = [(first[good] >= cut).mean() for cut in (0.0, 1.5, 3.0, 4.5)]
    assert precision == sorted(precision)
    assert recall == sorted(recall, reverse=True)
    assert precision[-1] > 0.95


def test_one_expected_rating_is_nearer_to_the_truth_than_one_draw(world):
    rater = testbed.client(testbed.Teacher(noise=1.0))
    one = score.rating(world, rater, temperature=1.0)
    mean = score.expected_rating(world, rater)
    assert (mean - world["quality"]).abs().mean() < (one - world["quality"]).abs().mean()


def test_failed_calls_are_missing_and_told_apart(world):
    traffic = testbed.Traffic(faults=testbed.Faults(server_error=0.2))
    rater = testbed.client(traffic=traffic, limits=llm.Limits(max_tries=1))
    table = score.ratings(world, {"rater": rater})
    failed = table["reason"] == "failed"
    assert 5 < failed.sum() < 80
    assert (table["rating"].isna() == failed).all()
    assert table.loc[failed, "error"].str.startswith("server").all()
    kept = table[~failed].set_index("id")["rating"]
    np.testing.assert_array_equal(kept, world["quality"].loc[kept.index])


def test_a_second_rater_with_a_planted_liking_for_length(world):
    raters = {
        "plain": testbed.client(testbed.Teacher(noise=0.3)),
        "fond": testbed.client(testbed.Teacher(noise=0.3, verbosity_bias=0.8, seed=1)),
    }
    table = score.ratings(world, raters).pivot(index="id", columns="rater", values="rating")
    own = [
        len(testbed.answer([{"role": "user", "content": turn}]).split()) + 1
        for turn in asked(world)
    ]
    trait = np.log2((world["output"].str.split().str.len() + 1) / own)
    row = score.rater_agreement(table.loc[world.index, list(raters)], trait=trait).iloc[0]
    assert row["low"] < 0.8 < row["high"]
    assert row["low"] > 0


def asked(pool):
    return [
        f"{i}\n\n{j}" if j else i for i, j in zip(pool["instruction"], pool["input"], strict=True)
    ]


def test_tags_name_the_domain(world):
    table = score.tags(world, testbed.client())
    named = [
        domain.replace("_", " ") in tags
        for domain, tags in zip(world["domain"], table["tags"], strict=True)
    ]
    assert all(named)
    assert (score.tag_count(table["tags"]) == 2).mean() > 0.9
    normal = score.normalise_tags(table["tags"], min_rows=3)
    assert len({tag for tags in normal for tag in tags}) < len(
        {t for tags in table["tags"] for t in tags}
    )
