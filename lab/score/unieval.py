"""Yes-or-no questions to an encoder-decoder about how a response reads.

Source: Zhong et al. 2022, arXiv:2210.07197 (UniEval), dialogue questions, as its published model
was trained to read them. Instruction Mining (arXiv:2307.06290) takes three of them.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab import models, records
from lab.score import causal as causal_models
from lab.score import ledger
from lab.score.layout import rows

TOKENS = {"cpu": 4096, "cuda": 32768}
MAX_TOKENS = 1024  # the authors' limit
QUESTIONS = {
    "naturalness": "question: Is this a natural response in the dialogue? </s> response: {output}",
    "coherence": (
        "question: Is this a coherent response given the dialogue history? </s> response: {output}"
        " </s> dialogue history: {asked}"
    ),
    "understandability": (
        "question: Is this an understandable response in the dialogue? </s> response: {output}"
    ),
}


def unieval(pool: pd.DataFrame, *, model: str, device: str | None = None) -> pd.DataFrame:
    """Chance of "Yes" over "Yes" or "No", 0 to 1; higher is better; one column per question.

    The questions are naturalness, coherence and understandability. NaN where a text has more
    than 1,024 tokens (the authors cut it there).

    Source: Zhong et al. 2022, arXiv:2210.07197 (UniEval).
    Cost: three passes of an encoder-decoder per row, one decoding step each.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples.
    model : str
        Hub name or folder, such as `MingZhong/unieval-dialog`.
    device : str, optional
        As torch names it; the default is a GPU if there is one.

    Examples
    --------
    >>> from lab import testbed  # the model is downloaded
    >>> table = unieval(testbed.pool(2), model="MingZhong/unieval-dialog")  # doctest: +SKIP
    >>> table.columns.tolist()  # doctest: +SKIP
    ['naturalness', 'coherence', 'understandability']
    """
    texts = [
        _fill(question, records.user_turn(example), example["output"])
        for question in QUESTIONS.values()
        for example in rows(pool)
    ]
    values = _chances(texts, model, device).reshape(len(QUESTIONS), len(pool)).T
    return pd.DataFrame(values, index=pool.index, columns=list(QUESTIONS))


def _fill(question: str, asked: str, output: str) -> str:
    head, _, tail = question.partition("{output}")
    return head + output + tail.replace("{asked}", asked)


def _chances(texts: list[str], model: str, device: str | None) -> NDArray[np.float64]:
    """Return the chance of "Yes" after each text, or NaN where it does not fit."""
    import torch
    from transformers import AutoModelForSeq2SeqLM

    loaded = models.load(model, AutoModelForSeq2SeqLM, device=device)
    judge, tokenizer, device = loaded.model, loaded.tokenizer, loaded.device
    yes_no = [tokenizer(word)["input_ids"][0] for word in ("Yes", "No")]
    if yes_no[0] == yes_no[1]:
        raise ValueError(f"model must tell Yes from No, but {model} reads both as {yes_no[0]}")
    read = tokenizer(texts)["input_ids"] if texts else []
    keys = [ledger.key(ids) for ids in read]
    work = {key: ids for key, ids in zip(keys, read, strict=True) if len(ids) <= MAX_TOKENS}
    order = dict(sorted(work.items(), key=lambda item: (-len(item[1]), item[0])))
    padded = TOKENS["cpu" if device == "cpu" else "cuda"]

    def run(waiting: Sequence[list[int]]) -> Iterator[tuple[list[int], list[float]]]:
        lengths = [len(ids) for ids in waiting]
        for batch in causal_models.split(lengths, lengths, tokens=padded, logits=padded):
            sent = tokenizer.pad(
                {"input_ids": [waiting[row] for row in batch]}, return_tensors="pt"
            ).to(device)
            start = torch.full((len(batch), 1), judge.config.decoder_start_token_id).to(device)
            with torch.inference_mode():
                logits = judge(**sent, decoder_input_ids=start, use_cache=False).logits[:, 0]
            yield batch, logits[:, yes_no].double().softmax(-1)[:, 0].cpu().tolist()

    found = ledger.computed(f"unieval-{causal_models.identity(model, judge)}", order, run)
    return np.array([found.get(key, math.nan) for key in keys], dtype=np.float64)
