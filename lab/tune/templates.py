"""How an example becomes the text that a model is trained on and asked with.

A template turns an example into a prompt and the text that follows it. The same template is used in
training and in generation; it is written beside the weights, so that nobody has to remember it.

Source: the Alpaca template is that of Stanford Alpaca (tatsu-lab/stanford_alpaca, train.py); a
chat template is the tokenizer's own. LIMA (arXiv:2305.11206, section 3) ends each utterance with a
token of its own.
"""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab import records, texts
from lab.errors import TuneError
from lab.tune import structure

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

    def jinja(self, *, bos: bool = False) -> str:
        """Return the chat template that writes messages as this template writes turns.

        What asks a tuned model by messages, such as a server, then asks it as it was trained. A
        message has no input: one that stands in the text of a user goes into `prompt`.

        Parameters
        ----------
        bos : bool
            Whether the tokenizer opens a plain text with its token of the beginning.

        Examples
        --------
        >>> PLAIN.jinja().count("eos_token")
        2
        """
        end = "{{ eos_token }}"
        user = _slotted(self.prompt, "{instruction}") + (end if self.end_of_user_turn else "")
        return (
            ("{{ bos_token }}" if bos else "")
            + "{% for message in messages %}{% if message['content'] is not string %}"
            + "{{ raise_exception('a message must have text as content') }}{% endif %}"
            + "{% if message['role'] in ['system', 'developer'] %}"
            + _slotted(self.system, "{content}")
            + "{% elif message['role'] == 'assistant' %}{{ message['content'] }}"
            + end
            + "{% if not loop.last %}"
            + _literal(self.between_turns)
            + "{% endif %}{% elif message['role'] == 'user' %}"
            + user
            + "{% else %}{{ raise_exception('no place for the role ' ~ message['role']) }}"
            + "{% endif %}{% endfor %}"
        )


def _slotted(form: str, slot: str) -> str:
    """Return a form in jinja, a message's content in its slots."""
    return "{{ message['content'] }}".join(map(_literal, form.split(slot)))


def _literal(text: str) -> str:
    return f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}" if text else ""


@dataclass(frozen=True)
class ChatTemplate:
    """The chat template of the model's tokenizer, or the jinja `text` given here."""

    name: str = "chat"
    text: str | None = None
    system_in_user: bool = False  # put a system turn before the first user's text (Gemma's way)


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


PROBES = ("winnow probe", "a second one")  # two answers without a common start
REWRITTEN = "the chat template changes the answer or leaves it out"


class UnwrittenError(TuneError):
    """An example that a template cannot write, though it writes others."""


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
    thinking: structure.Thinking = "train",
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
        Train on the assistant turns of the history, too; those of weight 0 never.
    thinking : {"train", "mask", "drop"}
        `mask` writes the thinking of an answer without a loss on it; to drop it is up to
        `structure.chosen`.

    Raises
    ------
    UnwrittenError
        If the template cannot write this example: it knows no such role or order, leaves a turn
        out, or changes the answer.
    TuneError
        If the template can write no example.

    Examples
    --------
    >>> example = {"history": [], "instruction": "Add 1 and 2.", "input": "", "output": "3."}
    >>> [span.text for span in spans(example, PLAIN, None, end_of_turn="</s>")]
    ['Add 1 and 2.</s>', '3.</s>']
    """
    if isinstance(template, ChatTemplate):
        found = _chat(example, template, tokenizer, end_of_turn, train_history=train_history)
    else:
        found = _text(example, template, end_of_turn, train_history=train_history)
    return _unthought(found, example) if thinking == "mask" else found


def _unthought(found: list[Span], example: Mapping[str, Any]) -> list[Span]:
    """Take the thinking of trained turns out of what a model is trained on."""
    held = records.structure(example)
    turns = [*example["history"], *held.get("steps", ())]
    told = [(turn["thinking"], turn["content"]) for turn in turns if turn.get("thinking")]
    told.append((held.get("thinking", ""), str(example.get("output", ""))))
    made: list[Span] = []
    for span in found:
        cut = max(structure.after_thinking(span.text, *one) for one in told) if span.trained else 0
        parts = [Span(span.text[:cut], trained=False), Span(span.text[cut:], span.trained)]
        made += parts if cut else [span]
    return made


def render(
    template: ChatTemplate,
    tokenizer: Any,
    messages: Sequence[Message],
    *,
    ask: bool,
    tools: Sequence[Mapping[str, Any]] | None = None,
) -> str:
    """Return the text of `messages` in a chat template; `ask` opens the assistant's turn.

    Raises
    ------
    UnwrittenError
        If the template refuses the messages.
    """
    import jinja2

    try:
        text = tokenizer.apply_chat_template(
            structure.written(_merged(messages) if template.system_in_user else messages),
            tools=list(tools) if tools else None,
            chat_template=template.text,
            tokenize=False,
            add_generation_prompt=ask,
        )
    except (jinja2.TemplateError, ValueError, TypeError) as error:
        raise UnwrittenError(
            f"the chat template {template.name!r} cannot be rendered: {error}"
        ) from error
    return str(text)


def header(template: ChatTemplate, tokenizer: Any) -> str:
    """Return what a chat template writes between its own prompt and an answer, "" for most.

    A template that ignores `add_generation_prompt` writes the assistant's name there, one for
    thinking models an empty thought. It is found by rendering two different answers, and is given
    to the model as the end of its prompt, in training and in generation.

    Raises
    ------
    TuneError
        If the template opens a turn in another way than it writes one: what a model is trained on
        would not be what it is asked with.

    Examples
    --------
    >>> from lab import models, paths
    >>> header(CHAT, models.tokenizer(paths.base_model()))
    ''
    """
    found = _header(template, tokenizer, str(template.text or tokenizer.chat_template))
    if found is None:
        prompt, whole, _ = _probed(template, tokenizer)
        raise TuneError(
            f"the chat template {template.name!r} does not write the answer right after its own "
            f"prompt: prompt ends {prompt[-40:]!r}, whole text ends {whole[-80:]!r}"
        )
    return found


@functools.lru_cache(maxsize=16)
def _header(template: ChatTemplate, tokenizer: Any, text: str) -> str | None:
    """Return what stands between a prompt and an answer; None if the prompt is not written."""
    del text  # a tokenizer may be given another template
    prompt, one, two = _probed(template, tokenizer)
    places = (at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b)
    start = next(places, 0)
    written = one.startswith(PROBES[0], start) and two.startswith(PROBES[1], start)
    if not written or not one.startswith(prompt) or start < len(prompt):
        return None
    between = one[len(prompt) : start]
    return between if between.strip() else ""  # a space before the answer is part of it


def _probed(template: ChatTemplate, tokenizer: Any) -> tuple[str, str, str]:
    """Return the prompt of a question, and its text with each of the two answers."""
    question = {"role": "user", "content": PROBES[0]}
    one, two = (
        render(template, tokenizer, [question, {"role": "assistant", "content": probe}], ask=False)
        for probe in PROBES
    )
    return render(template, tokenizer, [question], ask=True), one, two


def _asked(template: ChatTemplate, tokenizer: Any) -> str:
    """Return the header for a model that is only asked: its template's own prompt will do."""
    return _header(template, tokenizer, str(template.text or tokenizer.chat_template)) or ""


def _merged(messages: Sequence[Message]) -> list[Message]:
    """Put a system turn at the start of the user's turn that follows it."""
    if len(messages) < 2 or messages[0]["role"] != "system" or messages[1]["role"] != "user":
        return list(messages)
    both = f"{messages[0]['content']}\n\n{messages[1]['content']}"
    return [{**messages[1], "content": both}, *messages[2:]]


def _text(
    example: Mapping[str, Any], template: TextTemplate, end: str, *, train_history: bool
) -> list[Span]:
    held = records.structure(example)
    if any(name in held for name in ("tools", "calls", "steps")):
        raise UnwrittenError("a text template has no place for tools and tool calls")
    found: list[Span] = []
    pending = ""
    for turn in example["history"]:
        role, content = turn["role"], turn["content"]
        if turn.get("tool_calls"):
            raise UnwrittenError("a text template has no place for tool calls")
        if role == "assistant" and not pending.strip():
            raise UnwrittenError("a text template cannot write an assistant turn before a user's")
        if role == "assistant":
            found += [
                Span(pending, trained=False),
                Span(_thought(turn) + content + end, train_history and turn.get("weight") != 0),
            ]
            pending = template.between_turns
        elif role in ("system", "developer"):
            pending += template.system.replace("{content}", content)
        elif role == "user":
            pending += template.question(content, "", end)
        else:
            raise UnwrittenError(f"a text template has no place for a turn of the role {role!r}")
    pending += template.question(str(example["instruction"]), str(example["input"]), end)
    found.append(Span(pending, trained=False))
    if "output" in example:
        found.append(Span(_thought(held) + str(example["output"]) + end, trained=True))
    return found


def _thought(turn: Mapping[str, Any]) -> str:
    """Return thinking as it stands before an answer in plain text."""
    return f"<think>\n{turn['thinking']}\n</think>\n\n" if turn.get("thinking") else ""


def _chat(
    example: Mapping[str, Any],
    template: ChatTemplate,
    tokenizer: Any,
    end: str,
    *,
    train_history: bool,
) -> list[Span]:
    opening = header(template, tokenizer) if "output" in example else _asked(template, tokenizer)
    asked = records.prompt(example)
    tools = records.structure(example).get("tools")
    messages = records.conversation(example) if "output" in example else list(asked)
    answers = structure.trained_turns(example, train_history=train_history)
    found: list[Span] = []
    done = ""
    for number in answers:
        before = messages[:number]
        prompt = render(template, tokenizer, before, ask=True, tools=tools) + opening
        whole = render(template, tokenizer, messages[: number + 1], ask=False, tools=tools)
        if not whole.startswith(prompt):
            raise UnwrittenError(REWRITTEN)
        answer, ending, _ = whole[len(prompt) :].partition(end)
        if not prompt.startswith(done) or any(
            said not in answer for said in _said(messages[number])
        ):
            raise UnwrittenError(REWRITTEN)
        if not ending:
            raise TuneError(
                f"the chat template {template.name!r} does not write {end!r} after an answer: "
                f"{whole[-80:]!r}"
            )
        found += [Span(prompt[len(done) :], trained=False), Span(answer + ending, trained=True)]
        done = prompt + answer + ending
    if "output" not in example:
        prompt = render(template, tokenizer, messages, ask=True, tools=tools) + opening
        found.append(Span(prompt[len(done) :], trained=False))
    _check_turns(asked, "".join(span.text for span in found))
    return found


def _said(turn: Message) -> list[str]:
    """Return what must be in the text of an answer: its content, its thinking, names it calls."""
    names = [str(call["name"]) for call in turn.get("tool_calls", ())]
    return [turn["content"].strip(), str(turn.get("thinking", "")).strip(), *names]


def _check_turns(asked: Sequence[Message], text: str) -> None:
    """Raise UnwrittenError if a turn of the prompt is not in the text: a role is passed over."""
    for turn in asked:
        said = str(turn["content"]).rpartition("</think>")[2].strip()  # old thoughts may go
        if said not in text and json.dumps(said, ensure_ascii=False)[1:-1] not in text:
            role = turn["role"]
            raise UnwrittenError(f"the chat template leaves out a turn of the role {role!r}")
