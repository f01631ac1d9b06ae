"""Ask judges to rate single answers.

Source: Zhou et al. 2023, arXiv:2305.11206, section 5 (ratings of 7B ablations, several samples of
each test prompt, mean with a 95 % interval); Zheng et al. 2023, arXiv:2306.05685.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from lab.judge import prompting
from lab.judge.forms import HELPFULNESS, RatingForm
from lab.judge.intervals import bootstrap
from lab.llm import Client, prompts


def rating(
    answers: "pd.Series[Any]",
    client: Client | Mapping[str, Client],
    *,
    questions: pd.DataFrame,
    prompt: RatingForm = HELPFULNESS,
    samples: int = 1,
) -> pd.DataFrame:
    """Rate single answers; higher is better, on the scale of `prompt`.

    Parameters
    ----------
    answers : Series of str (prompts,)
        Of one system, which it is named after.
    client : Client, or mapping from name to Client
        One judge, or several.
    questions : DataFrame
        A pool that holds the ids.
    prompt : RatingForm
        `HELPFULNESS` (1 to 6, as in LIMA), `MT_RATING` (1 to 10), or one's own.
    samples : int
        Ratings per judge and answer, >= 1; more than one needs a temperature above 0.

    Returns
    -------
    DataFrame
        One row per prompt, judge and sample: `prompt`, `system`, `judge`, `sample`, `rating`
        (missing where the reply could not be read), `length` in characters, `reply`, `error`,
        `cost_usd`, `key`.

    Examples
    --------
    >>> from lab import testbed
    >>> asked = testbed.prompts(2)
    >>> table = rating(asked["output"].rename("good"), testbed.client(), questions=asked)
    >>> table["rating"].tolist()
    [6.0, 6.0]
    """
    if samples < 1 or (samples > 1 and prompt.temperature == 0):
        raise ValueError(
            f"samples must be 1, or more at a temperature above 0; got {samples} samples at "
            f"temperature {prompt.temperature}"
        )
    if not answers.index.is_unique:
        raise ValueError("answers must have distinct ids")
    prompting.check_answers(answers, questions)
    template = prompts.load("judge", prompt.prompt, prompt.language)
    cells = [(key, draw) for key in answers.index for draw in range(samples)]
    requests = []
    texts = answers.astype("object").to_dict()
    examples = prompting.rows_of(questions, answers.index)
    for key, draw in cells:
        asked = prompting.question(examples[key])
        filled = template.messages(question=asked, answer=str(texts[key]))
        requests.append(prompting.request(prompt, filled, draw))
    system = "a" if answers.name is None else str(answers.name)
    rows = []
    for judge, one in prompting.judges(client).items():
        for (key, draw), reply in zip(cells, one.complete(requests), strict=True):
            keys = {"prompt": str(key), "system": system, "judge": judge, "sample": draw}
            size = float(len(str(texts[key])))
            read = {"rating": prompt.read(reply), "length": size}
            rows.append(keys | read | prompting.reply_columns(reply))
    return pd.DataFrame(rows)


def mean_rating(ratings: pd.DataFrame, *, repetitions: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Return the mean rating with its 95 % interval, one row per system and judge.

    Samples of a prompt are averaged before prompts are drawn; `invalid` counts ratings that could
    not be read, which stay out.

    Examples
    --------
    >>> from lab import judge, testbed
    >>> asked = testbed.prompts(3)
    >>> table = judge.rating(asked["output"].rename("good"), testbed.client(), questions=asked)
    >>> mean_rating(table).columns.tolist()
    ['system', 'judge', 'prompts', 'invalid', 'mean', 'low', 'high', 'length']
    """
    rows = []
    for (system, judge), group in ratings.groupby(["system", "judge"], sort=True):
        means = group.groupby("prompt")["rating"].mean().dropna()
        row: dict[str, Any] = {"system": system, "judge": judge, "prompts": len(means)}
        row |= {"invalid": int(group["rating"].isna().sum()), "mean": float(means.mean())}
        row |= {"low": np.nan, "high": np.nan, "length": float(group["length"].mean())}
        if len(means) > 1:
            found = bootstrap(means.to_numpy(), repetitions=repetitions, seed=seed)
            row |= {"low": found.low, "high": found.high}
        rows.append(row)
    return pd.DataFrame(rows)
