"""A running batch of calls to a language model: rate, time left, spending, failures, samples."""

from typing import Any

from lab.llm.job import Job
from lab.widgets.work import Monitor

CUT = 200  # characters of a sample


def watch(job: Job, *, title: str = "calls", budget_usd: float | None = None) -> Monitor:
    """Show how a job goes, with buttons to pause and to go on.

    Parameters
    ----------
    job : Job
        From `Client.start`; watching it costs nothing and changes nothing.
    title : str
        What the calls are for.
    budget_usd : float, optional
        The cap that spending is shown against, in US dollars.

    Examples
    --------
    >>> from lab import llm, testbed
    >>> asked = llm.Request([{"role": "user", "content": "Name the capital of Peru."}])
    >>> job = testbed.client().start([asked])
    >>> _ = job.result()
    >>> shown = watch(job)
    >>> shown.panel.shown["total"]
    1
    >>> shown.close()
    """

    def press(name: str) -> None:
        if name == "Pause":
            job.pause()
        elif name == "Go on":
            job.resume()

    return Monitor(lambda: look(job, title, budget_usd), press=press)


def look(job: Job, title: str, budget_usd: float | None) -> dict[str, Any]:
    """Return what a monitor shows of a job."""
    now = job.snapshot()
    cap = "" if budget_usd is None else f" of {budget_usd:.2f}"
    left = "unknown" if now.eta_s is None else f"{now.eta_s:.0f} s"
    facts = [
        ["calls a second", f"{now.rate_per_s:.1f}"],
        ["time left", left],
        ["spent, USD", f"{now.spent_usd:.4f}{cap}"],
        ["from the store", f"{now.cached:,}"],
        ["under way", f"{now.in_flight:,}"],
        ["tried again", f"{now.retried:,}"],
        ["failed", f"{now.failed:,}"],
    ]
    facts += [["perhaps billed, USD", f"{now.uncertain_usd:.4f}"]] if now.uncertain_usd else []
    facts += [["stopped", now.reason]] if now.reason else []
    table = [["asked", "answered"], *([ask[:CUT], reply[:CUT]] for ask, reply in now.samples)]
    reasons: dict[str, int] = {}
    for completion in job.rows_so_far.values() if now.failed else ():
        if completion.error:
            reason = completion.error.split(":")[0]
            reasons[reason] = reasons.get(reason, 0) + 1
    facts += [[f"failed: {reason}", f"{count:,}"] for reason, count in sorted(reasons.items())]
    buttons = {"running": ["Pause"], "paused": ["Go on"]}.get(now.state, [])
    return {
        "title": title,
        "state": now.state,
        "done": now.done,
        "total": now.total,
        "facts": facts,
        "table": table if len(table) > 1 else [],
        "buttons": buttons,
        "over": now.state in ("finished", "stopped"),
    }
