"""Let a model answer prompts: batched, sorted by length, padded on the left, stopped at its token.

Greedy answers do not depend on batch size or order (fp32, but for exact ties of two tokens). Each
sampled answer has random numbers of its own, drawn from seed, prompt and sample number, so that
they do not depend on them either.

Source: LIMA's decoding is nucleus sampling with p = 0.9, temperature 0.7 and a repetition penalty
of 1.2 (arXiv:2305.11206, section 3); the penalty is CTRL's (arXiv:1909.05858).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lab.errors import DataError, TuneError
from lab.tune import model as models
from lab.tune import record
from lab.tune.decode import GREEDY, Decoding, decode
from lab.tune.encode import bos_ids, tokenise
from lab.tune.templates import CHAT, Template, spans

Messages = Sequence[Mapping[str, str]]
ROWS_AT_ONCE = 128


def generate(
    model_folder: str | Path,
    prompts: "pd.DataFrame | pd.Series[Any] | Sequence[Messages]",
    *,
    max_new_tokens: int = 256,
    decoding: Decoding = GREEDY,
    template: Template | None = None,
    batch_size: int = ROWS_AT_ONCE,
) -> "pd.Series[str]":
    """Answer each prompt with the model in a folder.

    Parameters
    ----------
    model_folder : path or hub name
        What `sft` returned, one of its checkpoints, or any causal language model.
    prompts : pool, or messages
        A pool is asked its instruction and input; its outputs are not looked at. Otherwise a
        series, or a list, of lists of messages that end with a user's.
    max_new_tokens : int
        At least 1; a longer answer is cut there.
    decoding : Decoding
        Greedy by default.
    template : TextTemplate or ChatTemplate, optional
        By default the one the model was tuned with, or else its tokenizer's chat template.
    batch_size : int
        Prompts at once; it changes speed and memory, not answers.

    Returns
    -------
    series of str
        Named `answer`, with the index of `prompts`; with several samples, a second level `sample`.

    Raises
    ------
    DataError
        If a prompt does not fit the model's window beside `max_new_tokens`, or does not end with a
        user's message.
    TuneError
        If no template is known.
    """
    if max_new_tokens < 1:
        raise ValueError(f"max_new_tokens must be at least 1, got {max_new_tokens}")
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    model, tokenizer = models.load(str(model_folder))
    model.to(models.device()).eval()
    known = record.recipe(model_folder)
    form = template or (known.template if known else None)
    form = form or (CHAT if tokenizer.chat_template else None)
    if form is None:
        raise TuneError(
            f"{model_folder} was not tuned here and has no chat template; give template="
        )
    index, asked = _questions(prompts)
    ids = _prompt_ids(index, asked, form, tokenizer)
    window = getattr(model.config, "max_position_embeddings", None)
    for key, prompt in zip(index, ids, strict=True):
        if window is not None and len(prompt) + max_new_tokens > window:
            raise DataError(
                f"a prompt of {len(prompt)} tokens and max_new_tokens={max_new_tokens} do not fit "
                f"the model's window of {window}",
                row=str(key),
            )
    written = decode(
        model,
        ids,
        decoding,
        stop=_stop_ids(model, tokenizer),
        max_new_tokens=max_new_tokens,
        batch_size=batch_size,
    )
    texts = [text.strip() for text in tokenizer.batch_decode(written, skip_special_tokens=True)]
    if decoding.samples > 1:
        index = pd.MultiIndex.from_product(
            [index, range(decoding.samples)], names=[index.name, "sample"]
        )
    return pd.Series(texts, index=index, name="answer", dtype="str")


def _questions(prompts: Any) -> tuple[pd.Index, list[dict[str, Any]]]:
    if isinstance(prompts, pd.DataFrame):
        rows = prompts[["history", "instruction", "input"]].to_dict("records")
        return prompts.index, [{str(name): value for name, value in row.items()} for row in rows]
    series = prompts if isinstance(prompts, pd.Series) else pd.Series(list(prompts), dtype="object")
    asked = []
    for key, messages in series.items():
        if not messages or messages[-1]["role"] != "user":
            raise DataError("a prompt must end with a user's message", row=str(key), value=messages)
        last = messages[-1]["content"]
        asked.append({"history": list(messages[:-1]), "instruction": last, "input": ""})
    return series.index, asked


def _prompt_ids(
    index: pd.Index, asked: list[dict[str, Any]], template: Template, tokenizer: Any
) -> list[list[int]]:
    end = tokenizer.eos_token or ""
    rows = [spans(question, template, tokenizer, end_of_turn=end) for question in asked]
    opening = bos_ids(tokenizer, template)
    found = [opening + ids for ids, _, _ in tokenise(rows, tokenizer)]
    for key, ids in zip(index, found, strict=True):
        if not ids:
            raise DataError("a prompt must have at least one token", row=str(key))
    return found


def _stop_ids(model: Any, tokenizer: Any) -> set[int]:
    known = model.generation_config.eos_token_id
    several = known if isinstance(known, list) else [known]
    return {token for token in [*several, tokenizer.eos_token_id] if token is not None}
