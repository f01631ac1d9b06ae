"""The synthesis bench: what it holds, what it writes down, what it calls."""

import json
import re
import threading
import time
from functools import partial

import pytest

from lab import paths, synth, testbed
from lab.llm import prompts
from lab.synth import Terms
from lab.widgets import SynthesisBench

POOL = testbed.pool(60, seed=1)
LAZY = testbed.Teacher(laziness=0.3, noise=0.5)


@pytest.fixture
def methods(tmp_path):
    client = testbed.client(LAZY, store=tmp_path / "replies.db")
    return {
        "evol": partial(synth.evol_instruct, POOL, client),
        "answer": partial(synth.answer, POOL, client),
    }


@pytest.fixture
def bench(methods):
    return lambda **more: SynthesisBench(methods, pool=POOL, **more)


def tried(made):
    made.try_some(5)
    made.wait(120)
    return made.panel.view["tries"]


def test_the_prompt_is_shown_before_anything_is_sent(bench):
    made = bench()
    view = made.panel.view
    assert view["first"].startswith("evolve_")
    assert view["sent"][0][0] == "system"
    assert "evolve_equal" in [one["name"] for one in view["prompts"]]
    assert made.tried is None


def test_an_edit_is_sent_is_code_and_can_be_undone(bench):
    made = bench()
    first = made.panel.view["first"]
    own = [text for _, text in prompts.load("synth", first).sections]
    made.edit(first, ["Make it harder, please.", own[1]])
    assert made.panel.view["sent"][0] == ["system", "Make it harder, please."]
    scope = {"methods": {"evol": lambda keep, terms: (keep, terms)}}
    exec(made.code(), scope)  # noqa: S102 - the bench's own code
    keep, terms = scope["made"]
    assert keep == 50
    assert terms.prompts[first].sections[0][1] == "Make it harder, please."
    made.edit(first, own)
    assert made.terms.prompts == {}
    made.edit(first, ["Without its field.", "Nothing."])
    assert "must keep its fields ['instruction']" in made.panel.view["note"]


def test_five_are_tried_beside_their_parents_and_judged(bench):
    made = bench()
    rows = tried(made)
    assert len(rows) == 5
    assert all(row["parent"] for row in rows)
    said = made.panel.view["forecast"]
    low, high = (
        float(text.replace(",", "")) for text in re.findall(r"([\d,]+) to ([\d,]+) calls", said)[0]
    )
    assert 0 < low < 10 * made.tried.calls < high  # five of fifty: a range, not one number
    assert said.endswith(f"from {5 + len(made.tried.rejects)} candidates)")
    made.say("keep")
    made.say("drop", "too easy")
    verdicts = made.verdicts
    assert verdicts["verdict"].tolist() == ["keep", "drop"]
    assert verdicts["id"].tolist() == [row["id"] for row in rows[:2]]
    assert made.panel.view["tries"][1]["reason"] == "too easy"
    made.undo()
    assert len(made.verdicts) == 1
    with pytest.raises(ValueError, match=r"verdict must be keep or drop, got 'maybe'"):
        made.say("maybe")


def test_a_run_keeps_out_what_was_rejected_by_hand(bench):
    made = bench()
    rows = tried(made)
    made.say("drop", "wrong", id=rows[2]["id"])
    made.run(20)
    made.wait(120)
    result = made.result
    assert len(result.examples) == 20
    assert rows[2]["id"] not in result.examples.index
    assert result.reasons["rejected by hand"] == 1
    shown = made.panel.run
    assert (shown["kept"], shown["rejected"]) == (20, len(result.rejects))
    assert dict(shown["reasons"]) == result.reasons.to_dict()


def test_it_stops_and_goes_on_after_a_restart_for_nothing(bench):
    made = bench(terms=Terms(watch=None))
    tried(made)
    made.say("keep")
    made.panel.observe(lambda _change: made.stop(), "run")
    made.run(40)
    made.wait(120)
    assert made.result.stopped_because == "stopped by hand"
    again = bench()
    assert again.method == "evol"
    assert len(again.panel.view["tries"]) == 5
    assert again.panel.view["tries"][0]["verdict"] == "keep"
    assert "goes on from what is stored" in again.panel.run["because"]
    again.run(40)
    again.wait(120)
    assert len(again.result.examples) == 40
    once_more = bench()
    once_more.run(40)
    once_more.wait(120)
    assert once_more.result.cost_usd == 0
    assert once_more.result.examples.equals(again.result.examples)


def test_a_family_is_shown_from_its_ancestor(bench):
    made = bench()
    rows = tried(made)
    family = made.tree(rows[0]["id"])
    assert family.index[0] in POOL.index
    assert rows[0]["id"] in family.index


def test_another_method_and_what_is_none(bench):
    made = bench()
    made.pick("answer")
    assert made.panel.view["first"] == "answer"
    assert [role for role, _ in made.panel.view["sent"]] == ["user"]
    with pytest.raises(ValueError, match=r"name must be one of evol, answer, got 'x'"):
        made.pick("x")
    with pytest.raises(ValueError, match=r"methods must hold at least one, got none"):
        SynthesisBench({})


def test_a_report_escapes_what_a_model_wrote(bench, monkeypatch):
    folder = paths.human() / "synthesis"
    folder.mkdir(parents=True)
    tries = [{"id": "0" * 16, "instruction": "<b>x</b>", "output": "<script>"}]
    (folder / "bench.json").write_text(json.dumps({"tries": tries}))  # as a bench leaves them
    monkeypatch.setenv("WINNOW_REPORT", "1")
    shown = bench()._repr_mimebundle_()["text/html"]
    assert "<script>" not in shown
    assert "&lt;b&gt;" in shown


def test_a_run_can_begin_while_the_thread_of_the_last_one_is_ending(methods):
    ending, goes_on = threading.Event(), threading.Event()

    class Late(SynthesisBench):
        def _finish(self, *given):
            super()._finish(*given)
            if not ending.is_set():
                ending.set()
                goes_on.wait(60)  # all is written down, the thread still lives

    made = Late(methods, pool=POOL)
    made.try_some(2)
    assert ending.wait(60)
    made.run(3)
    working = [one for one in threading.enumerate() if one.name == "winnow-synthesis"]
    assert len(working) >= 1
    while made.result is None:
        time.sleep(0.01)
    assert working[0].is_alive(), "the first thread has not ended"
    goes_on.set()
    made.wait(60)
    assert len(made.result.examples) == 3
    assert len(made.panel.view["tries"]) == 2


def test_an_error_that_nobody_thought_of_ends_the_work_and_is_said(methods, monkeypatch):
    def broken(*, keep, terms):
        if keep == 1:  # the bench looks at the first prompt
            return methods["evol"](keep=keep, terms=terms)
        raise KeyError("no such thing")

    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    made = SynthesisBench({"evol": broken}, pool=POOL)
    made.try_some(2)
    made.wait(60)
    assert made.panel.run["state"] == "idle"
    assert made.panel.run["error"].startswith("it broke off")
