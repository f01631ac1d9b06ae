"""Examples as token ids, with the loss on answers alone, and a count of what was left out.

The ids of a prompt are the same in training and in generation: if the tokenizer would merge the
end of a prompt with the start of its answer, the two are tokenised apart.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lab import records
from lab.errors import TuneError
from lab.tune import structure
from lab.tune.recipe import Recipe
from lab.tune.templates import ChatTemplate, Span, Template, UnwrittenError, header, spans

TOO_LONG, NOTHING_LEFT = "longer than", "no answer left within"  # why examples do not fit
NO_LABEL = -100  # what torch's cross entropy ignores


@dataclass(frozen=True, eq=False)
class Encoded:
    """One example as ids; `labels` equal the ids where a model is trained, else NO_LABEL."""

    id: str
    input_ids: list[int]
    labels: list[int]

    def __len__(self) -> int:
        return len(self.input_ids)


@dataclass(frozen=True, eq=False)
class Encoding:
    """All examples that can be trained on, and the ids of the others with their reasons."""

    examples: list[Encoded]
    skipped: Mapping[str, str]  # id -> reason
    trimmed: Sequence[str]  # ids whose answer was cut at max_tokens
    split: int  # examples whose prompt and answer were tokenised apart

    def counts(self) -> dict[str, int]:
        """Return how many examples fell to each reason."""
        return dict(Counter(self.skipped.values()))


def encode(
    pool: pd.DataFrame,
    recipe: Recipe,
    tokenizer: Any,
    *,
    end_of_turn: str,
    window: int | None = None,
) -> Encoding:
    """Tokenise a pool for training; nothing is dropped without a reason on record.

    Parameters
    ----------
    pool : frame of examples
        Order does not matter: examples come back sorted by id.
    recipe : Recipe
        Its template, `max_tokens`, `trim`, `train_history` and `thinking` are used.
    tokenizer : PreTrainedTokenizer
        Any kind; a beginning-of-sequence token is added to text templates if it adds one.
    end_of_turn : str
        One token, trained as the end of each answer.
    window : int, optional
        The most tokens that the model can take, if fewer than `max_tokens`.

    Raises
    ------
    TuneError
        If a chat template cannot be used, or `end_of_turn` is not one token.
    """
    end_id = token_id(tokenizer, end_of_turn)
    written, skipped = _write(pool, recipe, tokenizer, end_of_turn)
    opening = bos_ids(tokenizer, recipe.template)
    limit = min(recipe.max_tokens, window or recipe.max_tokens)
    examples, trimmed, split = [], [], 0
    text = _template(recipe, tokenizer)
    if structure.is_marked(text):
        rows = [_marked(row, str(text), tokenizer, recipe) for row in written.values()]
    else:
        rows = tokenise(list(written.values()), tokenizer)
    for key, (ids, labels, apart) in zip(written, rows, strict=True):
        ends = end_id in labels if structure.is_marked(text) else labels[-1] == end_id
        if not ends:
            raise TuneError(f"example {key} does not end with the one token {end_of_turn!r}")
        example = Encoded(key, opening + ids, [NO_LABEL] * len(opening) + labels)
        split += apart
        if len(example) > limit and recipe.trim:
            cut = slice(limit)
            example = Encoded(key, example.input_ids[cut], example.labels[cut])
            trimmed.append(key)
        if len(example) > limit:
            skipped[key] = f"{TOO_LONG} {limit} tokens"
        elif all(label == NO_LABEL for label in example.labels[1:]):
            skipped[key] = f"{NOTHING_LEFT} {limit} tokens"
            trimmed = [other for other in trimmed if other != key]
        else:
            examples.append(example)
    return Encoding(examples, skipped, trimmed, split)


def _write(
    pool: pd.DataFrame, recipe: Recipe, tokenizer: Any, end: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the spans of each example by id, in order of ids, and why others have none.

    An example of a template that marks the assistant's text itself is given as it is.
    """
    if isinstance(recipe.template, ChatTemplate):
        header(recipe.template, tokenizer)  # a template that can write no example is an error
    marked = structure.is_marked(_template(recipe, tokenizer))
    skipped: dict[str, str] = {}
    written: dict[str, Any] = {}
    for key, row in sorted(pool.iterrows(), key=lambda pair: str(pair[0])):
        example = structure.chosen(
            dict(row), thinking=recipe.thinking, thinking_in_history=recipe.thinking_in_history
        )
        if not str(row["output"]).strip() and not records.structure(example).get("calls"):
            skipped[str(key)] = "empty answer"
        elif end in str(row["output"]):
            skipped[str(key)] = "end-of-turn token inside the answer"
        else:
            if marked:
                written[str(key)] = example
                continue
            try:
                written[str(key)] = spans(
                    example,
                    recipe.template,
                    tokenizer,
                    end_of_turn=end,
                    train_history=recipe.train_history,
                    thinking=recipe.thinking,
                )
            except UnwrittenError as error:
                skipped[str(key)] = str(error)
    return written, skipped


def chat_template(template: Template, tokenizer: Any) -> str | None:
    """Return the jinja text by which whoever asks with messages asks as a model was trained."""
    if isinstance(template, ChatTemplate):
        return template.text or getattr(tokenizer, "chat_template", None)
    return template.jinja(bos=bool(bos_ids(tokenizer, template)))


def _template(recipe: Recipe, tokenizer: Any) -> str | None:
    """Return the jinja text that a recipe writes with; None for a text template."""
    if not isinstance(recipe.template, ChatTemplate):
        return None
    return chat_template(recipe.template, tokenizer)


def _marked(
    example: dict[str, Any], text: str, tokenizer: Any, recipe: Recipe
) -> tuple[list[int], list[int], bool]:
    """Return ids and labels as the template's own marks say."""
    ids, trained = structure.marked(
        example,
        text,
        tokenizer,
        train_history=recipe.train_history,
        thinking=recipe.thinking,
    )
    labels = [token if on else NO_LABEL for token, on in zip(ids, trained, strict=True)]
    return ids, labels, False


def bos_ids(tokenizer: Any, template: Template) -> list[int]:
    """Return the ids that open a sequence; a chat template writes its own."""
    if isinstance(template, ChatTemplate):
        return []
    first = tokenizer("")["input_ids"][:1]
    return list(first) if first and first[0] == tokenizer.bos_token_id else []


def token_id(tokenizer: Any, token: str) -> int:
    """Return the id of `token`, or raise TuneError if the tokenizer does not hold it whole."""
    ids = tokenizer(token, add_special_tokens=False)["input_ids"]
    if len(ids) != 1:
        raise TuneError(f"end_of_turn must be one token of the tokenizer, {token!r} is {len(ids)}")
    return int(ids[0])


def tokenise(
    rows: Sequence[Sequence[Span]], tokenizer: Any
) -> list[tuple[list[int], list[int], bool]]:
    """Return ids, labels and whether spans were tokenised apart, for each row of spans."""
    if not rows:
        return []
    texts = [
        "".join(span.text for span in row[: stop + 1]) for row in rows for stop in range(len(row))
    ]
    starts = iter(tokenizer(texts, add_special_tokens=False)["input_ids"])
    found = []
    for row in rows:
        prefixes = [next(starts) for _ in row]
        whole = prefixes[-1]
        apart = any(whole[: len(prefix)] != prefix for prefix in prefixes)
        if apart:
            parts = tokenizer([span.text for span in row], add_special_tokens=False)["input_ids"]
        else:
            ends = [len(prefix) for prefix in prefixes]
            parts = [whole[a:b] for a, b in zip([0, *ends], ends, strict=False)]
        ids = [token for part in parts for token in part]
        labels = [
            token if span.trained else NO_LABEL
            for span, part in zip(row, parts, strict=True)
            for token in part
        ]
        found.append((ids, labels, apart))
    return found
