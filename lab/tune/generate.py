"""Let a model answer prompts: batched, sorted by length, padded on the left, stopped at its token.

Greedy answers do not depend on batch size or order (fp32, but for exact ties of two tokens). Each
sampled answer has random numbers of its own, drawn from seed, prompt and sample number, so that
they do not depend on them either.

Source: LIMA's decoding is nucleus sampling with p = 0.9, temperature 0.7 and a repetition penalty
of 1.2 (arXiv:2305.11206, section 3); the penalty is CTRL's (arXiv:1909.05858).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from lab import models
from lab.errors import DataError, TuneError
from lab.models.decode import GREEDY, Decoding, Job, decode
from lab.tune import record
from lab.tune.answers import AnswerFile
from lab.tune.encode import bos_ids, tokenise
from lab.tune.templates import CHAT, Template, UnwrittenError, spans

Messages = Sequence[Mapping[str, str]]
_ASKED = ("history", "instruction", "input", "tools", "steps")
Prompts: TypeAlias = "pd.DataFrame | pd.Series[Any] | Sequence[Messages]"


def generate(
    model_folder: str | Path,
    prompts: "Prompts",
    *,
    max_new_tokens: int = 256,
    decoding: Decoding = GREEDY,
    template: Template | None = None,
    keep: str | Path | None = None,
) -> "pd.Series[str]":
    """Answer each prompt with the model in a folder: the texts of `completions`.

    Examples
    --------
    >>> from lab import paths, tune
    >>> asked = [[{"role": "user", "content": "Name the capital of Peru."}]]
    >>> said = generate(paths.base_model(), asked, max_new_tokens=3, template=tune.ALPACA)
    >>> len(said)
    1
    """
    found = completions(
        model_folder,
        prompts,
        max_new_tokens=max_new_tokens,
        decoding=decoding,
        template=template,
        keep=keep,
    )
    return found["answer"]


def completions(
    model_folder: str | Path,
    prompts: "Prompts",
    *,
    max_new_tokens: int = 256,
    decoding: Decoding = GREEDY,
    template: Template | None = None,
    keep: str | Path | None = None,
) -> pd.DataFrame:
    """Answer each prompt with the model in a folder, and say how each answer ended.

    Parameters
    ----------
    model_folder : path or name
        What `sft` returned, one of its checkpoints, or any causal language model.
    prompts : pool, or messages
        A pool is asked its history, instruction, input, tools and steps; its outputs are not
        looked at.
        Otherwise a series, or a list, of lists of messages that end with a user's.
    max_new_tokens : int
        At least 1; a longer answer is cut there, or where the model's window ends.
    decoding : Decoding
        Greedy by default.
    template : TextTemplate or ChatTemplate, optional
        By default the one the model was tuned with, or else its tokenizer's chat template.
    keep : path, optional
        A file of JSON lines that answers are added to, batch by batch. A call that is killed goes
        on from there; answers of another model or decoding are told apart.

    Returns
    -------
    frame
        `answer` (text without surrounding space), `tokens`, and `stopped` (False: cut), with the
        index of `prompts`; with several samples, a second level `sample`.

    Raises
    ------
    DataError
        If a prompt is empty, fills the model's window, or does not end with a user's message.
    ModelError
        If there is no such model.
    TuneError
        If no template is known.

    Examples
    --------
    >>> from lab import paths, testbed, tune
    >>> asked = testbed.prompts(2)
    >>> found = completions(paths.base_model(), asked, max_new_tokens=3, template=tune.ALPACA)
    >>> found.columns.tolist()
    ['answer', 'tokens', 'stopped']
    """
    if max_new_tokens < 1:
        raise ValueError(f"max_new_tokens must be at least 1, got {max_new_tokens}")
    loaded = models.causal(model_folder, dtype="bfloat16" if decoding.bf16 else "float32")
    model, tokenizer = loaded.model, loaded.tokenizer
    form = _template(model_folder, template, tokenizer)
    index, asked = _questions(prompts)
    prompt_ids = _prompt_ids(index, asked, form, tokenizer)
    jobs = _jobs(index, prompt_ids, decoding, max_new_tokens, loaded.window)
    store = AnswerFile(keep, model_folder, decoding)
    missing = [job for job in jobs if job not in store]
    for batch in decode(model, missing, decoding, stop=_stop_ids(model, tokenizer)):
        store.add([(missing[one.job], one.ids, one.stopped) for one in batch])
    if decoding.samples > 1:
        levels: list[Any] = [index, range(decoding.samples)]
        index = pd.MultiIndex.from_product(levels, names=[index.name, "sample"])
    return _frame(index, [store[job] for job in jobs], tokenizer)


def _jobs(
    index: pd.Index, prompts: list[list[int]], decoding: Decoding, limit: int, window: int | None
) -> list[Job]:
    jobs = []
    for key, ids in zip(index, prompts, strict=True):
        room = limit if window is None else min(limit, window - len(ids))
        if not ids or room < 1:
            raise DataError(
                f"a prompt must have 1 to {window} tokens less one, this one has {len(ids)}",
                row=str(key),
            )
        jobs += [Job(ids, sample, room) for sample in range(decoding.samples)]
    return jobs


def _frame(index: pd.Index, found: list[tuple[list[int], bool]], tokenizer: Any) -> pd.DataFrame:
    texts = [tokenizer.decode(ids, skip_special_tokens=True).strip() for ids, _ in found]
    return pd.DataFrame(
        {
            "answer": pd.Series(texts, index=index, dtype="str"),
            "tokens": pd.Series([len(ids) for ids, _ in found], index=index, dtype="int64"),
            "stopped": pd.Series([stopped for _, stopped in found], index=index, dtype="bool"),
        },
        index=index,
    )


def _template(model_folder: str | Path, given: Template | None, tokenizer: Any) -> Template:
    known = record.recipe(model_folder)
    if given is not None:
        return given
    if known is not None:
        return known.template
    if tokenizer.chat_template:
        return CHAT
    raise TuneError(f"{model_folder} was not tuned here and has no chat template; give template=")


def _questions(prompts: Any) -> tuple[pd.Index, list[dict[str, Any]]]:
    if isinstance(prompts, pd.DataFrame):
        names = [name for name in _ASKED if name in prompts.columns]
        rows = prompts[names].to_dict("records")
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
    rows = []
    for key, question in zip(index, asked, strict=True):
        try:
            rows.append(spans(question, template, tokenizer, end_of_turn=end))
        except UnwrittenError as error:
            raise DataError(str(error), row=str(key)) from error
    opening = bos_ids(tokenizer, template)
    return [opening + ids for ids, _, _ in tokenise(rows, tokenizer)]


def _stop_ids(model: Any, tokenizer: Any) -> set[int]:
    known = model.generation_config.eos_token_id
    several = known if isinstance(known, list) else [known]
    return {token for token in [*several, tokenizer.eos_token_id] if token is not None}
