"""The world's closed vocabulary, one token a word or small number, and its tokenizer.

Every text of the world survives encoding and decoding unchanged. Whole numbers are single tokens,
so that arithmetic is a matter of facts, not of carrying digits. Other words become `<unk>`.
"""

import re
from functools import cache
from typing import Any

from lab.testbed import documents, faults
from lab.testbed.world import FAMILIES, OPENERS
from lab.testbed.world.family import SLOT

PAD, UNKNOWN, BEGIN, END, TURN = "<pad>", "<unk>", "<s>", "</s>", "<|end_of_turn|>"
SPECIAL = (PAD, UNKNOWN, BEGIN, END, TURN)
PIECE = r"\n|###|[A-Za-z]+|[0-9]+|[^\sA-Za-z0-9]"  # what one token covers, if it is known
WINDOW = 256  # tokens that the base model sees at once
CLOSING = (".", ",", "?", "!", ":", ";", ")")  # no space stands before these
TEMPLATE = (  # words of the usual templates, so that none is unknown
    "### Instruction: ### Input: ### Response: Below is an instruction that describes a task, "
    "paired with an input that provides further context. Write a response that appropriately "
    "completes the request. user: assistant: system: Human: User: Assistant: System: Question: "
    "Answer: Explanation: ( ) ;\n"
)
CHAT_TEMPLATE = "{% for message in messages %}{{ message['content'] }}{{ eos_token }}{% endfor %}"


@cache
def words() -> tuple[str, ...]:
    """Return the whole vocabulary, special tokens first, in the order of token ids."""
    texts = [TEMPLATE, *OPENERS, *faults.EMPTY, *faults.FILLERS, *documents.phrases()]
    for family in FAMILIES:
        templates = [*family.phrasings, *family.statements, family.steps, family.final]
        texts += [SLOT.sub(r"\1 ", template) for template in templates]
        texts += family.source.words
    found = {piece for text in texts for piece in re.findall(PIECE, text)}
    return (*SPECIAL, *sorted(found | {"a", "an", "A", "An"}))


def tokenizer() -> Any:
    """Build the tokenizer, a `PreTrainedTokenizerFast` with a plain chat template.

    Turns are written one after the other, each ended by `</s>`; padding is a token of its own.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    known = {word: number for number, word in enumerate(words())}
    fast = Tokenizer(models.WordLevel(known, unk_token=UNKNOWN))
    fast.pre_tokenizer = pre_tokenizers.Split(Regex(PIECE), behavior="removed", invert=True)
    glue = [decoders.Replace(f" {mark}", mark) for mark in (*CLOSING, "\n")]
    glue += [decoders.Replace(f"{mark} ", mark) for mark in ("(", "\n")]
    joined = [decoders.WordPiece(prefix="\x00", cleanup=False), decoders.Fuse()]
    fast.decoder = decoders.Sequence([*joined, *glue])
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=fast,
        pad_token=PAD,
        unk_token=UNKNOWN,
        bos_token=BEGIN,
        eos_token=END,
        additional_special_tokens=[TURN],
        model_max_length=WINDOW,
        padding_side="left",
        clean_up_tokenization_spaces=False,
        chat_template=CHAT_TEMPLATE,
    )
