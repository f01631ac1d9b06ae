"""The findings of an ablation, recorded so that RESULTS.md and the index of reports show them."""

from typing import Any

import numpy as np
import pandas as pd

from lab import origins, records, runs

METHOD = "finding"


def publish(title: str, verdicts: pd.DataFrame) -> list[runs.Run]:
    """Record each verdict as a finding, whichever way it came out.

    The setting that is shown beside it (`setting` in the record: "testbed", "local", "mixed") is
    not asked for: it is taken from what this process used, see `lab.origins`.

    Parameters
    ----------
    title : str
        Of the ablation, such as "less is more"; a finding is called "title: name".
    verdicts : DataFrame
        From `ablate.verdicts`: one row per claim, its name in the index.

    Returns
    -------
    list of Run
        One per claim; an equal finding that is there already is returned as it is. Its params
        hold title, claim, setting, used, verdict and numbers (the row's own: difference, low,
        high, margin, smallest_effect, p, p_holm, prompts, seeds, equivalence, first, second).

    Examples
    --------
    >>> from lab import ablate
    >>> outcomes = pd.DataFrame({("a", 0): [1.0] * 90 + [0.0] * 10, ("b", 0): [0.0, 1.0] * 50})
    >>> claim = ablate.more("a beats b.", "a", "b", by=0.1)
    >>> (run,) = ablate.publish("letters", ablate.verdicts({"order": claim}, outcomes))
    >>> run.params["title"], run.params["verdict"]
    ('letters: order', 'supported')
    """
    used = origins.used()
    about = {"setting": origins.label(used), "used": origins.sentence(used)}
    return [_record(f"{title}: {name}", row, about) for name, row in verdicts.iterrows()]


def findings() -> list[runs.Run]:
    """Return the newest finding of each title and setting, in the order of their titles.

    Examples
    --------
    >>> findings()  # none yet in an empty folder of runs
    []
    """
    table = runs.frame("report")
    if len(table) == 0:
        return []
    table = table[table["method"] == METHOD]
    newest = table.drop_duplicates(["title", "setting"], keep="last").sort_values("title")
    return [runs.get(run_id) for run_id in newest["id"]]


def _record(title: str, verdict: "pd.Series[Any]", about: dict[str, str]) -> runs.Run:
    numbers = verdict.drop(["claim", "verdict"]).to_dict()
    params: dict[str, Any] = {"title": title, "claim": verdict["claim"], **about}
    params["verdict"] = verdict["verdict"]
    params["numbers"] = {str(name): _plain(value) for name, value in numbers.items()}
    done = runs.find("report", METHOD, params)
    if done is not None:
        return done
    with runs.start("report", METHOD, params) as run:
        records.write_parquet(pd.DataFrame([numbers]), run.folder / "summary.parquet")
    return run


def _plain(value: Any) -> Any:
    """Return a value of a verdict as JSON holds it, numbers to twelve digits."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    return round(float(value), 12) if isinstance(value, (float, np.floating)) else str(value)
