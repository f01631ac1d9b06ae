"""Tiny models with random weights, saved to a folder as anyone's would be."""

import pandas as pd
import pytest

from lab import records

TEXT = (
    "the a cat dog sat ran on under mat tree red blue what is are of to and one two three four "
    "five six 1 2 3 4 5 6 Yes No name list describe say yes no : . ? ### Instruction Input Response"
)
WORDS = TEXT.split()
SPECIAL = ["<unk>", "<s>", "</s>", "<pad>"]


def save_tokenizer(folder, *, bos=True):
    """Save a word-level tokenizer that, with `bos`, begins every text with <s>."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate([*SPECIAL, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Split(Regex(r"[.:?]"), behavior="isolated"),
        ]
    )
    if bos:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 1)]
        )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        model_max_length=64,
    )
    fast.save_pretrained(folder)
    return fast


def save_llama(folder, *, bos=True, seed=0):
    """Save a Llama of some thousand parameters with random weights."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    save_tokenizer(folder, bos=bos)
    torch.manual_seed(seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(SPECIAL) + len(WORDS),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=64,
            bos_token_id=1,
            eos_token_id=2,
            pad_token_id=3,
            initializer_range=0.4,
        )
    )
    model.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def llama(tmp_path_factory):
    """A folder with a tiny causal model whose tokenizer begins texts with <s>."""
    return save_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="session")
def bare_llama(tmp_path_factory):
    """The same without a beginning token, like GPT-2."""
    return save_llama(tmp_path_factory.mktemp("bare"), bos=False)


@pytest.fixture(scope="session")
def reward_model(tmp_path_factory):
    """A tiny encoder with one logit, as a reward model has."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("reward")
    save_tokenizer(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(SPECIAL) + len(WORDS),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=64,
        pad_token_id=3,
        num_labels=1,
        initializer_range=0.4,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def reading_model(tmp_path_factory):
    """A tiny encoder-decoder that knows Yes and No."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    folder = tmp_path_factory.mktemp("reading")
    save_tokenizer(folder, bos=False)
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=len(SPECIAL) + len(WORDS),
        d_model=16,
        d_kv=8,
        d_ff=32,
        num_layers=2,
        num_heads=2,
        pad_token_id=3,
        eos_token_id=2,
        decoder_start_token_id=3,
        initializer_factor=3.0,
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture
def pool() -> pd.DataFrame:
    """Nine examples of uneven length, with and without an input."""
    return records.frame(
        [
            {"instruction": "what is the cat ?", "output": "a cat is a red dog ."},
            {"instruction": "name one", "output": "one"},
            {"instruction": "list of two", "input": "one two", "output": "one and two and three"},
            {"instruction": "describe the tree", "output": "the tree is blue . the tree is red ."},
            {"instruction": "say yes", "output": "yes"},
            {"instruction": "say no", "input": "the dog ran under the mat", "output": "no ."},
            {"instruction": "what is of two ?", "output": "1 2 3 4 5 6"},
            {"instruction": "name the dog", "input": "red", "output": "the red dog sat on the mat"},
            {"instruction": "say", "output": "the cat sat"},
        ],
        source="test",
    )
