"""What every method of the family keeps: exactly N, nothing lost, the same again, and no crash."""

from functools import partial

import pandas as pd
import pytest

from lab import coverage, embed, llm, records, synth, testbed
from lab.llm import prompts
from lab.synth import Terms
from lab.synth.said import CUT
from tests.synth.fakes import client
from tests.synth.test_said import HOSTILE, SYSTEM

LAZY = testbed.Teacher(skill=0.8, laziness=0.3, noise=0.5)
POOL = testbed.pool(60, noise=0.5, seed=2)
BARE = POOL[["history", *records.TEXTS, "source", "parent", "recipe"]]


def gaps():
    near = embed.lexical(POOL["instruction"])
    return coverage.gaps(near.iloc[:10], near, max_distance=0.6)


def length(rows):
    return rows["output"].str.len().astype(float)


METHODS = {
    "self_instruct": partial(synth.self_instruct, synth.load_seeds()),
    "alpaca": partial(synth.alpaca, synth.load_seeds()),
    "evol_instruct": partial(synth.evol_instruct, BARE),
    "answer": partial(synth.answer, BARE),
    "invert": partial(synth.invert, BARE),
    "rewrite": partial(synth.rewrite, BARE),
    "corrupt": partial(synth.corrupt, BARE),
    "persona": partial(synth.persona, BARE),
    "best_of": partial(synth.best_of, BARE, score=length, n=2),
    "backtranslate": partial(synth.backtranslate, BARE),
    "constrain": partial(synth.constrain, BARE),
    "self_align": partial(synth.self_align, BARE),
    "textbook": partial(synth.textbook, ["arithmetic", "geography", "colours"]),
    "magpie": partial(synth.magpie, "", open_turns=True),
    "fill": partial(synth.fill, gaps(), reference=BARE),
}
OTHER_NAMES = {
    "synthesise_shards",
    "eliminated",
    "load_seeds",
    "tree",
    "segments",
    "tagged",
    "curated",
    "turned",
}


@pytest.fixture(params=METHODS)
def method(request):
    return METHODS[request.param]


def test_every_method_of_the_part_is_under_this_contract():
    public = {name for name in synth.__all__ if name[0].islower()}
    assert public - OTHER_NAMES == set(METHODS) | {"reason"}  # which needs a model that thinks


def test_exactly_n_are_kept_and_all_others_have_a_reason(method):
    asked = testbed.client(LAZY, store=":memory:")
    result = method(asked, keep=7)
    assert result.stopped_because == "kept 7"
    examples, rejects = result
    assert len(examples) == 7
    records.validate(examples)
    assert (examples["output"].str.strip() != "").all()
    assert rejects["reason"].notna().all()
    assert result.cost_usd > 0
    assert result.calls == asked.server_log.summary()["calls"]
    assert set(examples["recipe"]) == {result.save()}


def test_the_same_seed_and_the_same_replies_give_the_same_for_nothing(method, tmp_path):
    first = method(testbed.client(LAZY, store=tmp_path / "replies.db"), keep=5)
    again = method(testbed.client(LAZY, store=tmp_path / "replies.db"), keep=5)
    assert again.cost_usd == 0
    assert again.examples.equals(first.examples)
    assert again.rejects.equals(first.rejects)


def test_a_dry_look_shows_what_would_be_sent_and_sends_nothing(method):
    asked = testbed.client(LAZY, store=":memory:")
    shown = []
    terms = Terms(watch=lambda now: shown.extend(now.asking) or True)
    result = method(asked, keep=5, terms=terms)
    assert result.stopped_because == "stopped by hand"
    assert result.calls == 0 == len(result.examples)
    assert shown[0].messages[-1]["content"] or shown[0].extra  # Magpie leaves the turn open


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_teacher_crashes_nothing_and_everything_is_counted(method, name):
    sent = []

    def say(body):
        sent.append(body)
        text = HOSTILE[name]
        if SYSTEM in text or text == "Name a fruit.":  # what was sent, sent back
            return "\n\n".join(turn["content"] for turn in body["messages"])
        return text

    limits = llm.Limits(max_tries=1, max_failure_rate=1.0)
    terms = Terms(candidates=30)
    result = method(client(say, limits=limits), keep=5, terms=terms)
    assert len(result.examples) == 0
    assert len(result.rejects) >= len(sent) > 0
    assert result.reasons.sum() == len(result.rejects)


def test_a_reply_that_is_cut_at_the_limit_of_tokens_is_a_counted_reject(method):
    result = method(
        testbed.client(store=":memory:"), keep=5, terms=Terms(max_tokens=4, candidates=20)
    )
    assert len(result.examples) == 0
    assert {CUT, "no examples", "no new topic"} & set(result.reasons.index)


def test_every_prompt_is_there_in_both_languages_with_the_same_fields():
    names = prompts.names("synth", "en")
    assert names == prompts.names("synth", "zh")
    for name in names:
        english, chinese = (prompts.load("synth", name, one) for one in ("en", "zh"))
        assert english.fields == chinese.fields, name
        assert "own" in english.source
        roles = [[role for role, _ in one.sections] for one in (english, chinese)]
        assert roles[0] == roles[1]


def test_chinese_prompts_go_the_whole_way(method):
    asked = testbed.client(testbed.Teacher(), store=":memory:")
    shown = []
    terms = Terms(
        language="zh", watch=lambda now: shown.extend(now.asking) or False, candidates=400
    )
    result = method(asked, keep=3, terms=terms)
    assert len(result.examples) == 3
    plain = pd.Series([turn["content"] for one in shown for turn in one.messages])
    own = METHODS["answer"], METHODS["best_of"], METHODS["magpie"]
    assert method in own or plain.str.contains("[\u4e00-\u9fff]").any()


def test_an_edited_prompt_is_what_is_sent_and_the_testbed_knows_it():
    edited = prompts.Prompt(
        "evolve_equal", "en", "by hand", (("system", "Be strict."), ("user", "{first} {second}"))
    )
    shown = []
    terms = Terms(
        prompts={"evolve_equal": edited}, watch=lambda now: shown.extend(now.asking) or False
    )
    synth.evol_instruct(BARE, testbed.client(store=":memory:"), keep=2, terms=terms)
    assert any(one.messages[0]["content"] == "Be strict." for one in shown)


def test_a_model_that_thinks_gives_traces_and_one_that_does_not_gives_reasons():
    thinks = testbed.client(testbed.Teacher(thinks=True), store=":memory:")
    result = synth.reason(BARE, thinks, keep=6, min_words=4)
    assert result.stopped_because == "kept 6"
    assert result.examples["thinking"].str.startswith("Let me think.").all()
    assert not result.examples["output"].str.contains("think>").any()
    longer = synth.reason(BARE, thinks, keep=6, min_words=500)
    assert set(longer.reasons.index) == {"thoughts too short or too long"}
    silent = synth.reason(BARE, testbed.client(store=":memory:"), keep=6)
    assert set(silent.reasons.index) == {"no thoughts"}
