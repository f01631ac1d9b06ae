import threading
import time

import pytest

from lab import records, runs
from lab.ablate import Arm
from lab.tune import presets
from lab.widgets import Monitor, Work, board, watch
from lab.widgets import job as job_module
from tests.widgets.fakes import tell

NAMES = ("random", "best")


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.01)


def test_the_cell_returns_at_once_and_stop_is_heard():
    def wait(stop):
        stop.wait(60)
        return "done so far"

    began = time.monotonic()
    work = Work(wait, title="waiting")
    assert time.monotonic() - began < 5
    assert work.state == "running"
    tell(work.monitor.panel, {"kind": "press", "name": "Stop"})
    assert work.result(10) == "done so far"
    assert work.state == "stopped"
    assert time.monotonic() - began < 30


def test_a_failure_is_raised_where_the_result_is_asked_for():
    def fail(_stop):
        raise KeyError("lost")

    work = Work(fail, title="failing")
    with pytest.raises(KeyError, match="lost"):
        work.result(10)
    assert work.state == "failed"
    until(lambda: work.monitor.panel.shown["over"])
    assert ["error", "KeyError('lost')"] in work.monitor.panel.shown["facts"]


def test_waiting_too_short_is_said():
    gate = threading.Event()
    work = Work(lambda _stop: gate.wait(), title="slow one")
    with pytest.raises(TimeoutError, match=r"slow one still runs after 0\.01 s"):
        work.result(0.01)
    gate.set()
    assert work.result(10) is True
    assert work.state == "finished"


def test_a_monitor_looks_until_it_is_over():
    looks = []

    def look():
        looks.append(1)
        over = len(looks) > 3
        return {"title": "t", "state": "s", "facts": [], "buttons": [], "over": over}

    monitor = Monitor(look)
    until(lambda: monitor.panel.shown["over"])
    monitor.close()
    assert len(looks) == 4


class FakeJob:
    """A job that stands still, with the snapshot of a real one."""

    def __init__(self):
        self.state = "running"
        self.rows_so_far = {}

    def snapshot(self):
        from lab.llm import Progress

        return Progress(
            state=self.state, total=100, done=40, cached=10, failed=0, in_flight=8, retried=1,
            rate_per_s=12.5, eta_s=4.8, elapsed_s=3.0, spent_usd=0.5, uncertain_usd=0.0,
            samples=(("q", "<b>a</b>"),), reason=None,
        )  # fmt: skip

    def pause(self):
        self.state = "paused"

    def resume(self):
        self.state = "running"


def test_a_job_is_shown_paused_and_resumed():
    job = FakeJob()
    monitor = watch(job, budget_usd=2.0)
    shown = monitor.panel.shown
    assert (shown["done"], shown["total"], shown["buttons"]) == (40, 100, ["Pause"])
    assert ["spent, USD", "0.5000 of 2.00"] in shown["facts"]
    assert shown["table"][1] == ["q", "<b>a</b>"]
    tell(monitor.panel, {"kind": "press", "name": "Pause"})
    assert job.state == "paused"
    assert monitor.panel.shown["buttons"] == ["Go on"]
    tell(monitor.panel, {"kind": "press", "name": "Go on"})
    assert job.state == "running"
    monitor.close()


def test_failures_are_counted_by_reason():
    from lab.llm import Completion, Progress

    class Failed(FakeJob):
        def snapshot(self):
            values = {**vars(FakeJob.snapshot(self)), "failed": 2, "state": "finished"}
            return Progress(**values)

    job = Failed()
    words = dict.fromkeys(Completion.__dataclass_fields__)
    job.rows_so_far = {
        n: Completion(**{**words, "error": error})
        for n, error in enumerate(["timeout: 3 s", "timeout: 9 s", None])
    }
    facts = job_module.look(job, "calls", None)["facts"]
    assert ["failed: timeout", "2"] in facts


def test_a_board_shows_each_arm_as_its_models_come_in():
    subsets = {name: records.frame([{"instruction": name, "output": "b"}]) for name in NAMES}
    arms = [Arm(name, subset, presets.testbed) for name, subset in subsets.items()]
    monitor = board(arms, measure="exact")
    assert monitor.panel.shown["done"] == 0
    with runs.start("ablate", "arm", {"seed": arms[0].seed, "examples": 1}) as run:
        run.log(exact=0.75, arm="elsewhere", subset=records.fingerprint(arms[1].subset))
    until(lambda: monitor.panel.shown["done"] == 1)
    rows = monitor.panel.shown["table"]
    assert rows[0][3] == "exact (mean)"
    assert rows[1][:4] == ["random", "1", "0 of 1", ""]
    assert rows[2] == ["best", "1", "1 of 1", "0.750", "0.750", "0.750"]
    monitor.close()
    with pytest.raises(ValueError, match="at least one arm"):
        board([], measure="exact")


def test_a_board_in_a_report_is_a_table(monkeypatch):
    monkeypatch.setenv("WINNOW_REPORT", "1")
    look = {"title": "<t>", "state": "s", "facts": [["<a>", 1]], "table": [["<h>"]], "buttons": []}
    monitor = Monitor(lambda: {**look, "over": True})
    shown = monitor._repr_mimebundle_()["text/html"]
    assert "&lt;t&gt;" in shown
    assert "<h>" not in shown
