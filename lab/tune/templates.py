"""How an example becomes the text that a model is trained on and asked with.

A template turns an example into a prompt and the text that follows it. The same template is used in
training and in generation; it is written beside the weights, so that nobody has to remember it.

Source: the Alpaca template is that of Stanford Alpaca (tatsu-lab/stanford_alpaca, train.py); a
chat template is the tokenizer's own. LIMA (arXiv:2305.11206, section 3) ends each utterance with a
token of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab import records, texts
from lab.errors import TuneError

Message = records.Message


@dataclass(frozen=True)
class TextTemplate:
    """A template of plain text: the prompt of a turn, and nothing else.

    The answer follows the prompt directly, and the end-of-turn token follows the answer. Turns of
    the history are written the same way, one after the other.
    """

    name: str
    prompt: str  # holds {instruction}
    prompt_with_input: str  # holds {instruction} and {input}
    system: str = "{content}\n\n"
    between_turns: str = "\n\n"  # between an answer's end-of-turn token and the next prompt
    end_of_user_turn: bool = False  # write the end-of-turn token after the prompt, too (LIMA)

    def __post_init__(self) -> None:
        for field, text, slots in (
            ("prompt", self.prompt, ("{instruction}",)),
            ("prompt_with_input", self.prompt_with_input, ("{instruction}", "{input}")),
            ("system", self.system, ("{content}",)),
        ):
            lacking = [slot for slot in slots if slot not in text]
            if lacking:
                raise TuneError(
                    f"{field} of template {self.name!r} must hold {lacking[0]}: {text!r}"
                )

    def question(self, instruction: str, input: str, end_of_turn: str) -> str:
        """Return the text of one request, up to where the answer starts."""
        form = self.prompt_with_input if input else self.prompt
        before, slot, after = form.partition("{input}")
        text = before.replace("{instruction}", instruction)
        if slot:
            text += input + after.replace("{instruction}", instruction)
        return text + (end_of_turn if self.end_of_user_turn else "")


@dataclass(frozen=True)
class ChatTemplate:
    """The chat template of the model's tokenizer, or the jinja `text` given here."""

    name: str = "chat"
    text: str | None = None


Template = TextTemplate | ChatTemplate

ALPACA = TextTemplate(
    name="alpaca",
    prompt=texts.ALPACA,
    prompt_with_input=texts.ALPACA_WITH_INPUT,
)
PLAIN = TextTemplate(
    name="plain",
    prompt="{instruction}",
    prompt_with_input="{instruction}\n\n{input}",
    end_of_user_turn=True,
)
CHAT = ChatTemplate()


@dataclass(frozen=True)
class Span:
    """Text, and whether a model is trained to write it."""

    text: str
    trained: bool


def spans(
    example: Mapping[str, Any],
    template: Template,
    tokenizer: Any,
    *,
    end_of_turn: str,
    train_history: bool = False,
) -> list[Span]:
    """Write an example as alternating spans of prompt and answer; the last is its output.

    Parameters
    ----------
    example : row of a pool
        Its history, instruction, input and output are used. Without an `output` the spans end
        where the answer starts: what a model is asked with.
    template : TextTemplate or ChatTemplate
        The form of the text.
    tokenizer : PreTrainedTokenizer
        Holds the chat template; not used by a TextTemplate.
    end_of_turn : str
        The token that ends an answer; trained as part of it.
    train_history : bool
        Train on the assistant turns of the history, too.

    Raises
    ------
    TuneError
        If a chat template cannot be rendered, or does not write an answer after its prompt.
    """
    if isinstance(template, ChatTemplate):
        return _chat(example, template, tokenizer, end_of_turn, train_history=train_history)
    return _text(example, template, end_of_turn, train_history=train_history)


def render(
    template: ChatTemplate, tokenizer: Any, messages: Sequence[Message], *, ask: bool
) -> str:
    """Return the text of `messages` in a chat template; `ask` opens the assistant's turn."""
    import jinja2

    try:
        text = tokenizer.apply_chat_template(
            list(messages),
            chat_template=template.text,
            tokenize=False,
            add_generation_prompt=ask,
        )
    except (jinja2.TemplateError, ValueError, TypeError) as error:
        raise TuneError(
            f"the chat template {template.name!r} cannot be rendered: {error}"
        ) from error
    return str(text)


def _text(
    example: Mapping[str, Any], template: TextTemplate, end: str, *, train_history: bool
) -> list[Span]:
    found: list[Span] = []
    pending = ""
    for turn in example["history"]:
        if turn["role"] == "assistant":
            found += [Span(pending, trained=False), Span(turn["content"] + end, train_history)]
            pending = template.between_turns
        elif turn["role"] == "system":
            pending += template.system.replace("{content}", turn["content"])
        else:
            pending += template.question(turn["content"], "", end)
    pending += template.question(str(example["instruction"]), str(example["input"]), end)
    found.append(Span(pending, trained=False))
    if "output" in example:
        found.append(Span(str(example["output"]) + end, trained=True))
    return found


def _chat(
    example: Mapping[str, Any],
    template: ChatTemplate,
    tokenizer: Any,
    end: str,
    *,
    train_history: bool,
) -> list[Span]:
    asked = records.prompt(example)
    answers = [number for number, turn in enumerate(asked) if turn["role"] == "assistant"]
    answers = answers if train_history else []
    messages = list(asked)
    if "output" in example:
        messages = records.conversation(example)
        answers = [*answers, len(messages) - 1]
    found: list[Span] = []
    done = ""
    for number in answers:
        prompt = render(template, tokenizer, messages[:number], ask=True)
        whole = render(template, tokenizer, messages[: number + 1], ask=False)
        answer, ending, _ = whole[len(prompt) :].partition(end)
        content = messages[number]["content"].strip()
        if not prompt.startswith(done) or not whole.startswith(prompt) or content not in answer:
            raise TuneError(
                f"the chat template {template.name!r} does not write the answer right after its "
                f"own prompt: prompt ends {prompt[-40:]!r}, whole text ends {whole[-80:]!r}"
            )
        if not ending:
            raise TuneError(
                f"the chat template {template.name!r} does not write {end!r} after an answer: "
                f"{whole[-80:]!r}"
            )
        found += [Span(prompt[len(done) :], trained=False), Span(answer + ending, trained=True)]
        done = prompt + answer + ending
    if "output" not in example:
        prompt = render(template, tokenizer, messages, ask=True)
        found.append(Span(prompt[len(done) :], trained=False))
    return found
