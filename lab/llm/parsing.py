"""From a reply's text to a value of a known shape, with a failure as a value too.

Works on what is stored: a better parser, or another shape, costs no call. Where the server keeps to
`response_format` the text is JSON; where it does not, JSON is looked for in it.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from lab.llm.request import Completion, Shape

FENCED = re.compile(r"```(?:json|JSON)?\s*\n(.*?)```", re.DOTALL)
TRAILING_COMMA = re.compile(r",\s*([}\]])")
OPENING = re.compile(r"[{\[]")
SHOWN = 120  # characters of a validation message


@dataclass(frozen=True)
class Parsed:
    """A value, or why there is none; `value` is None exactly when `error` is set.

    `error` starts with its kind: that of the completion (`refusal`, `empty`, `timeout` …), `length`
    (the text was cut before its value was whole), `no_json`, or `wrong_shape`.

    Examples
    --------
    >>> Parsed(None, "no_json: the reply holds no JSON value", "four").kind
    'no_json'
    """

    value: Any
    error: str | None
    raw: str | None  # the reply's text

    @property
    def kind(self) -> str:
        """Return `value`, or the kind of failure."""
        return "value" if self.error is None else self.error.partition(":")[0]


class _MisfitError(ValueError):
    """A value that does not fit its schema."""


def parse(completion: Completion, shape: Shape) -> Parsed:
    r"""Read a value of the given shape out of a reply.

    The text itself, then its fenced blocks, then every JSON object or list in it is tried, the last
    first: what stands before is an example of the form, or a first idea. In a reply that was cut no
    value counts that is followed by the start of another. Trailing commas and raw line ends in
    strings are forgiven; nothing else.

    Parameters
    ----------
    completion : Completion
        A reply, or a failure, which stays one.
    shape : pydantic model or JSON schema
        A model gives an instance of it, a schema gives plain values.

    Examples
    --------
    >>> reply = Completion('Here you are: {"score": 4,}')
    >>> parse(reply, {"type": "object", "properties": {"score": {"type": "integer"}}}).value
    {'score': 4}
    """
    if completion.text is None:
        return Parsed(None, completion.error, completion.raw)
    text, misfit = completion.text, None
    cut = completion.finish_reason == "length"
    for found, rest in _candidates(text):
        if cut and OPENING.search(rest):
            continue
        try:
            return Parsed(_fit(found, shape), None, text)
        except (ValidationError, _MisfitError) as error:
            misfit = misfit or str(error).replace("\n", " ")[:SHOWN]
    if cut:
        return Parsed(None, "length: the reply was cut before its value was whole", text)
    if misfit is not None:
        return Parsed(None, f"wrong_shape: {misfit}", text)
    return Parsed(None, "no_json: the reply holds no JSON value", text)


def tally(results: Sequence[Parsed | Completion]) -> dict[str, int]:
    """Count results by kind: the good ones first, then failures, most frequent first.

    Examples
    --------
    >>> tally([Completion("a"), Completion(None, "timeout: late"), Completion("b")])
    {'reply': 2, 'timeout': 1}
    """
    counts = Counter(result.kind for result in results)
    good = [kind for kind in ("value", "reply") if kind in counts]
    return {kind: counts[kind] for kind in [*good, *dict(counts.most_common())]}


def _fit(value: Any, shape: Shape) -> Any:
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        return shape.model_validate(value)
    import jsonschema

    schema = dict(shape)
    if schema.get("type") == "json_schema":
        schema = schema["json_schema"]["schema"]
    try:
        jsonschema.validate(value, schema)
    except jsonschema.ValidationError as error:
        raise _MisfitError(error.message) from None
    return value


def _candidates(text: str) -> Iterator[tuple[Any, str]]:
    """Yield JSON values in a text and what follows each, the likeliest first."""
    for value in _value(text.strip()):
        yield value, ""
    for block in reversed(list(FENCED.finditer(text))):
        for value in _value(block[1].strip()):
            yield value, text[block.end() :]
    decoder = json.JSONDecoder(strict=False)
    for whole in (text, TRAILING_COMMA.sub(r"\1", text)):
        end, found = 0, []
        for start in (found.start() for found in re.finditer(r"[{\[]", whole)):
            if start < end:
                continue
            try:
                value, end = decoder.raw_decode(whole, start)
            except ValueError:
                continue
            found.append((value, whole[end:]))
        yield from reversed(found)


def _value(text: str) -> Iterator[Any]:
    for form in (text, TRAILING_COMMA.sub(r"\1", text)):
        try:
            yield json.loads(form, strict=False)
        except ValueError:
            continue
        else:
            return
