"""Magpie: a user's turn is left open, the beginning of the text comes once, and the end is seen."""

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from lab import llm, testbed
from lab.llm.generation import left_open
from lab.synth import Terms, magpie
from lab.testbed import chains
from tests.synth.fakes import client

WORDS = ["<s>", "<end>", "<unk>", "<user>", "<bot>", "what", "is", "the", "name", "of", "a", "cat"]
TEMPLATE = (
    "{{ '<s>' }}{% for m in messages %}{{ '<user>' if m.role == 'user' else '<bot>' }} "
    "{{ m.content }} {{ '<end>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<bot>' }}{% endif %}"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny chat model whose tokenizer, too, begins every text with <s>."""
    path = tmp_path_factory.mktemp("chat")
    plain = Tokenizer(models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="<unk>"))
    plain.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    plain.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 0)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=plain,
        bos_token="<s>",
        eos_token="<s>",
        unk_token="<unk>",
        extra_special_tokens=["<end>", "<user>", "<bot>"],
        chat_template=TEMPLATE,
    )
    tokenizer.save_pretrained(path)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=64,
        eos_token_id=0,
        bos_token_id=0,
        initializer_range=0.4,
    )
    LlamaForCausalLM(config).save_pretrained(path)
    return path


def test_the_prompt_ends_where_a_user_begins_and_begins_once(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    prompt, closing = left_open(tokenizer, [{"role": "user", "content": ""}])
    assert tokenizer.convert_ids_to_tokens(prompt) == ["<s>", "<user>"]
    assert tokenizer.convert_ids_to_tokens(list(closing)) == ["<end>"]
    begun, _ = left_open(tokenizer, [{"role": "user", "content": "what is"}])
    assert tokenizer.convert_ids_to_tokens(begun) == ["<s>", "<user>", "what", "is"]


def test_a_local_chat_model_makes_pairs_and_its_marks_do_not_get_through(folder):
    asked = llm.local(folder, store=":memory:")
    terms = Terms(candidates=40, max_tokens=24)
    made = magpie("", asked, keep=4, terms=terms)
    assert len(made.examples) + len(made.rejects) > 0
    texts = made.examples["instruction"].tolist() + made.rejects["reply"].tolist()
    assert texts
    assert not any("<user>" in text or "<end>" in text for text in texts)
    again = magpie("", llm.local(folder, store=":memory:"), keep=4, terms=terms)
    assert again.examples.equals(made.examples)
    assert again.rejects.equals(made.rejects)


def test_what_the_testbeds_teacher_asks_as_a_user_is_a_task_with_its_answer():
    made = magpie("", testbed.client(store=":memory:"), keep=20)
    told = zip(made.examples["instruction"].map(chains.read), made.examples["output"], strict=True)
    assert all(one is not None and one.answer == text for one, text in told)
    lazy = testbed.client(testbed.Teacher(laziness=0.9), store=":memory:")
    assert magpie("", lazy, keep=10).reasons["not novel"] > 5


def test_the_turn_is_said_to_be_open_and_a_system_turn_goes_before():
    sent = []

    def say(body):
        sent.append(body)
        return f"<|im_start|>{len(sent)}" if len(sent) == 1 else f"Tell me about thing {len(sent)}."

    made = magpie("You know history.", client(say), keep=1, open_turns=True)
    assert sent[0]["continue_final_message"] is True
    assert sent[0]["add_generation_prompt"] is False
    assert [turn["role"] for turn in sent[0]["messages"]] == ["system", "user"]
    assert sent[0]["messages"][1]["content"] == ""
    assert "continue_final_message" not in sent[-1]
    assert made.reasons["marks of the template in the instruction"] == 1


def test_a_server_that_would_answer_an_empty_question_is_refused():
    with pytest.raises(ValueError, match=r"client must be local, or a server that knows"):
        magpie("", client(lambda _: "x"), keep=1)
