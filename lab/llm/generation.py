"""Batched generation with log-probabilities, in which no row depends on its batch.

A plain loop over `model(…)` with its key-value cache: rows are padded on the left, each row draws
from a generator seeded by its own request, and leaves the batch's account when it is done.
"""

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lab import hashing, models

if TYPE_CHECKING:
    import torch

BLANK = "\n\n"
OPEN = "winnow-goes-on-here"  # stands where a message is left open


@dataclass
class _Row:
    """A request while it is generated."""

    body: Mapping[str, Any]
    prompt: list[int]
    generator: "torch.Generator"
    ends: set[int]  # tokens that end the reply
    made: list[int] = field(default_factory=list)
    logprobs: list[dict[str, Any]] = field(default_factory=list)
    finish: str | None = None


class Generator:
    """A causal language model that answers requests of the protocol, many at once.

    `stopping` is asked before each token; once it says so, what is under way is given up.
    """

    def __init__(self, model: str, *, device: "str | torch.device | None" = None) -> None:
        self.name = model
        self.stopping: Callable[[], bool] = bool
        self._device = device
        self._lock = threading.Lock()

    def replies(self, bodies: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | ValueError]:
        """Return one reply of the protocol per request, or the reason why there is none."""
        with self._lock:
            rows = [self._row(body) for body in bodies]
            fitting = [row for row in rows if isinstance(row, _Row)]
            for together in self._together(fitting):
                self._generate(together)
            return [self._reply(row) if isinstance(row, _Row) else row for row in rows]

    @cached_property
    def _loaded(self) -> models.Loaded:
        return models.causal(self.name, device=str(self._device) if self._device else None)

    @property
    def _tokenizer(self) -> Any:
        return self._loaded.tokenizer

    @property
    def _model(self) -> Any:
        return self._loaded.model

    @cached_property
    def _recurrent(self) -> bool:
        """Tell models with a state, such as Mamba: padding on the left would change it."""
        return bool(models.accepted(self._model, cache_params=None))

    @cached_property
    def _ends(self) -> set[int]:
        ends = self._model.generation_config.eos_token_id
        known = ends if isinstance(ends, list) else [ends]
        return {end for end in [*known, self._tokenizer.eos_token_id] if end is not None}

    def _row(self, body: Mapping[str, Any]) -> _Row | ValueError:
        import jinja2
        import torch

        ends = self._ends
        try:
            prompt = _prompt(self._tokenizer, body["messages"])
            if body.get("continue_final_message"):
                prompt, closing = left_open(self._tokenizer, body["messages"])
                ends = ends | closing
        except (jinja2.TemplateError, TypeError) as error:  # of this request, not of its batch
            return ValueError(f"the messages cannot be written: {error}")
        most = self._loaded.window
        if not prompt:
            return ValueError("the prompt is empty: the model has no token to begin with")
        if most is not None and len(prompt) + 1 > most:
            return ValueError(f"the prompt has {len(prompt)} tokens, the model takes {most}")
        generator = torch.Generator()
        generator.manual_seed(int(hashing.digest(dict(body), digits=15), 16))
        return _Row(body, prompt, generator, ends)

    def _together(self, rows: list[_Row]) -> list[list[_Row]]:
        """Return the rows that one batch may hold: all, or those of one length."""
        lengths = {len(row.prompt) if self._recurrent else 0: list[_Row]() for row in rows}
        for row in rows:
            lengths[len(row.prompt) if self._recurrent else 0].append(row)
        return list(lengths.values())

    def _generate(self, rows: list[_Row]) -> None:
        import torch

        width = max(len(row.prompt) for row in rows)
        device = self._model.device
        pads = [width - len(row.prompt) for row in rows]
        ids = torch.tensor(
            [[0] * pad + row.prompt for pad, row in zip(pads, rows, strict=True)], device=device
        )
        mask = torch.tensor(
            [[0] * pad + [1] * len(row.prompt) for pad, row in zip(pads, rows, strict=True)],
            device=device,
        )
        cache, cache_name = None, "cache_params" if self._recurrent else "past_key_values"
        with torch.inference_mode():
            while any(row.finish is None for row in rows):
                if self.stopping():
                    raise InterruptedError("the model was asked to stop")
                places = (mask.cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :]
                # a recurrent model has no padding, and goes wrong by a mask longer than its input
                seen = {} if self._recurrent else {"attention_mask": mask}
                out = self._model(
                    input_ids=ids,
                    use_cache=True,
                    **seen,
                    **{cache_name: cache},
                    **models.accepted(self._model, position_ids=places, logits_to_keep=1),
                )
                cache = out[cache_name]
                scores = out.logits[:, -1].float().log_softmax(-1).cpu()
                picked = [self._step(row, score) for row, score in zip(rows, scores, strict=True)]
                ids = torch.tensor(picked, device=device)[:, None]
                mask = torch.cat([mask, torch.ones_like(ids)], dim=1)

    def _step(self, row: _Row, scores: "torch.Tensor") -> int:
        """Pick the next token of a row; return it, or 0 if the row is done."""
        if row.finish is not None:
            return 0
        token = _pick(scores, row)
        if token in row.ends:
            row.finish = "stop"
            return 0
        row.made.append(token)
        if row.body.get("logprobs"):
            row.logprobs.append(self._logprob(token, scores, int(row.body["top_logprobs"] or 0)))
        stops = row.body.get("stop") or []
        if stops and any(stop in self._text(row) for stop in stops):
            row.finish = "stop"
        elif len(row.made) >= self._limit(row):
            row.finish = "length"
        return token

    def _limit(self, row: _Row) -> float:
        """Return the most tokens of a row's reply: as asked, and as fit into the model."""
        window = self._loaded.window
        full = math.inf if window is None else window - len(row.prompt)
        return min(float(row.body["max_tokens"]), full)

    def _logprob(self, token: int, scores: "torch.Tensor", most: int) -> dict[str, Any]:
        best = scores.topk(most) if most else None
        tops = (
            [
                {"token": self._tokenizer.decode([each]), "logprob": value}
                for each, value in zip(best.indices.tolist(), best.values.tolist(), strict=True)
            ]
            if best
            else []
        )
        own = {"token": self._tokenizer.decode([token]), "logprob": float(scores[token])}
        return {**own, "top_logprobs": tops}

    def _text(self, row: _Row) -> str:
        return str(self._tokenizer.decode(row.made, skip_special_tokens=True))

    def _reply(self, row: _Row) -> dict[str, Any]:
        text = self._text(row)
        for stop in row.body.get("stop") or []:
            text = text.partition(stop)[0]
        message = {"role": "assistant", "content": text}
        logprobs = {"content": row.logprobs} if row.body.get("logprobs") else None
        return {
            "model": self.name,
            "choices": [
                {
                    "index": 0,
                    "message": message,
                    "finish_reason": row.finish,
                    "logprobs": logprobs,
                }
            ],
            "usage": {"prompt_tokens": len(row.prompt), "completion_tokens": len(row.made)},
        }


def left_open(tokenizer: Any, messages: Sequence[Mapping[str, str]]) -> tuple[list[int], set[int]]:
    """Return the tokens up to where the last message, left open, goes on; and those that close it.

    A chat template writes the beginning of the text itself: its tokens get none added.
    """
    if tokenizer.chat_template is None:
        return _prompt(tokenizer, messages), set()
    last = {**messages[-1], "content": f"{messages[-1]['content']}{OPEN}"}
    shown = tokenizer.apply_chat_template(
        [*messages[:-1], last], add_generation_prompt=False, tokenize=False
    )
    before, _, after = str(shown).rpartition(OPEN)
    prompt = tokenizer(before, add_special_tokens=False)["input_ids"]
    closing = tokenizer(after, add_special_tokens=False)["input_ids"][:1]
    return list(prompt), set(closing) & set(tokenizer.all_special_ids)


def _prompt(tokenizer: Any, messages: Sequence[Mapping[str, str]]) -> list[int]:
    if tokenizer.chat_template is None:
        text = BLANK.join(message["content"] for message in messages)
        return list(tokenizer(text)["input_ids"])
    found = tokenizer.apply_chat_template(
        list(messages), add_generation_prompt=True, tokenize=True, return_dict=True
    )
    return list(found["input_ids"])


def _pick(scores: "torch.Tensor", row: _Row) -> int:
    """Pick a token: the likeliest at temperature 0, else drawn from the nucleus."""
    import torch

    temperature, top_p = row.body.get("temperature", 1.0), row.body.get("top_p", 1.0)
    if temperature == 0:
        return int(scores.argmax())
    chances, order = (scores / temperature).softmax(-1).sort(descending=True, stable=True)
    inside = chances.cumsum(-1) - chances < top_p
    chances = chances * inside
    place = torch.multinomial(chances / chances.sum(), 1, generator=row.generator)
    return int(order[place])
