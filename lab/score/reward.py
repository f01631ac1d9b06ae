"""Human preference by a reward model.

Source: Ouyang et al. 2022, arXiv:2203.02155 (reward models).
"""

from typing import Any

import pandas as pd

from lab import records
from lab.score.regressor import one_logit


def reward(
    pool: pd.DataFrame,
    *,
    model: str,
    max_tokens: int | None = None,
    device: str | None = None,
) -> "pd.Series[float]":
    """Logit of a reward model for the output, any number; higher is preferred.

    A model with a chat template reads the conversation, any other reads the user turn and the
    output as a pair. NaN where an example does not fit. Logits of two models have no common scale.

    Source: any sequence classifier with one logit; Instruction Mining (arXiv:2307.06290) and
    InstructionGPT-4 (arXiv:2308.12067) use OpenAssistant's.
    Cost: one forward pass per row.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples.
    model : str
        Hub name or folder, such as `OpenAssistant/reward-model-deberta-v3-large-v2`.
    max_tokens : int, optional
        Longest example; the default is the tokenizer's own limit.
    device : str, optional
        As torch names it; the default is a GPU if there is one.

    Examples
    --------
    >>> from lab import testbed  # the model is downloaded
    >>> name = "OpenAssistant/reward-model-deberta-v3-large-v2"
    >>> reward(testbed.pool(2), model=name).name  # doctest: +SKIP
    'reward'
    """
    return one_logit(pool, model, _read, name="reward", max_tokens=max_tokens, device=device)


def _read(tokenizer: Any, example: dict[str, Any]) -> dict[str, list[int]]:
    """Turn an example into what the model takes, unpadded."""
    if tokenizer.chat_template:
        told = tokenizer.apply_chat_template(records.conversation(example), return_dict=True)
    else:
        told = tokenizer(records.user_turn(example), example["output"])
    return {name: list(values) for name, values in told.items()}
