"""A local model: the same numbers as transformers gives, whatever the batch."""

import math
import shutil

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from lab import llm, paths, records, testbed, tune
from lab.llm.generation import Generator

WORDS = [
    "<pad>",
    "<eos>",
    "<unk>",
    "the",
    "a",
    "cat",
    "dog",
    "sat",
    "ran",
    "on",
    "in",
    "mat",
    "hat",
    ".",
    ",",
    "user",
    "assistant",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny Llama with random weights and a word-level tokenizer."""
    path = tmp_path_factory.mktemp("tiny")
    plain = Tokenizer(models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="<unk>"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=plain, eos_token="<eos>", pad_token="<pad>", unk_token="<unk>"
    )
    tokenizer.save_pretrained(path)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(WORDS),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=48,
        eos_token_id=1,
        pad_token_id=0,
        bos_token_id=None,
        initializer_range=0.6,
    )
    LlamaForCausalLM(config).save_pretrained(path)
    return path


def ask(text, **settings):
    return llm.Request([{"role": "user", "content": text}], **{"max_tokens": 12} | settings)


PROMPTS = ["the cat", "a dog ran on the mat", "the", "cat sat in a hat , the dog", "dog"]


def test_greedy_replies_are_those_of_transformers(folder):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    client = llm.local(folder, batch_size=4, store=":memory:")
    replies = client.complete([ask(text, top_logprobs=2) for text in PROMPTS])
    for text, reply in zip(PROMPTS, replies, strict=True):
        ids = tokenizer(text, return_tensors="pt")
        out = model.generate(
            input_ids=ids["input_ids"],
            attention_mask=ids["attention_mask"],
            max_new_tokens=12,
            do_sample=False,
            return_dict_in_generate=True,
            output_scores=True,
        )
        made = out.sequences[0, ids["input_ids"].shape[1] :]
        made = [token for token in made.tolist() if token != 1]
        assert reply.text == tokenizer.decode(made, skip_special_tokens=True)
        assert reply.completion_tokens == len(made)
        scores = [step[0].log_softmax(-1) for step in out.scores]
        for token, step, said in zip(made, scores, reply.logprobs, strict=False):
            assert said["logprob"] == pytest.approx(float(step[token]), abs=1e-4)
            assert said["top_logprobs"][0]["logprob"] >= said["top_logprobs"][1]["logprob"]


def test_a_reply_depends_neither_on_its_batch_nor_on_its_place(folder):
    asked = [ask(text, temperature=1.3, top_p=0.9, draw=n) for text in PROMPTS for n in range(3)]
    whole = llm.local(folder, batch_size=8, store=":memory:").complete(asked)
    alone = llm.local(folder, batch_size=1, store=":memory:").complete(asked[::-1])
    assert [reply.text for reply in whole] == [reply.text for reply in alone[::-1]]
    assert len({reply.text for reply in whole[:3]}) > 1


def test_sampling_follows_the_probabilities(folder):
    generator = Generator(str(folder))
    [first] = generator.replies([ask("the", max_tokens=1, top_logprobs=16).body("m")])
    tops = first["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
    chances = {each["token"]: math.exp(each["logprob"]) for each in tops}
    assert sum(chances.values()) == pytest.approx(1.0, abs=1e-4)
    bodies = [ask("the", max_tokens=1, temperature=1.0, draw=n).body("m") for n in range(600)]
    drawn = [reply["choices"][0]["message"]["content"] for reply in generator.replies(bodies)]
    plain = chances.keys() - {"<eos>", "<pad>", "<unk>"}
    best = max(sorted(plain), key=chances.get)
    assert drawn.count(best) / 600 == pytest.approx(chances[best], abs=0.07)
    narrow = [
        ask("the", max_tokens=1, temperature=1.0, top_p=1e-6, draw=n).body("m") for n in range(20)
    ]
    assert len({r["choices"][0]["message"]["content"] for r in generator.replies(narrow)}) == 1


def test_it_shares_store_stops_and_failures_with_other_clients(folder, tmp_path):
    client = llm.local(folder, store=tmp_path / "replies.sqlite")
    [whole] = client.complete([ask("the cat")])
    words = whole.text.split()
    word = next(word for word in words if word != words[0])
    [stopped] = client.complete([ask("the cat", stop=[word])])
    assert stopped.finish_reason == "stop"
    assert stopped.text == whole.text.partition(word)[0]
    assert whole.finish_reason == ("length" if whole.completion_tokens == 12 else "stop")
    again = llm.local(folder, store=tmp_path / "replies.sqlite").complete([ask("the cat")])
    assert again[0].cached
    [long] = client.complete([ask("the cat " * 40)])
    assert long.error.endswith("the prompt has 80 tokens, the model takes 48")


def test_a_chat_template_is_used_where_there_is_one(folder, tmp_path):
    from transformers import AutoTokenizer

    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m.role }} {{ m.content }} {% endfor %}assistant"
    )
    tokenizer.save_pretrained(tmp_path)
    count = llm.tokenizer(str(tmp_path))
    messages = [{"role": "user", "content": "the cat"}]
    assert count(messages) == 4
    assert llm.tokenizer(str(folder))(messages) == 2
    [asked] = llm.local(tmp_path, store=":memory:").complete([ask("the cat")])
    [plain] = llm.local(folder, store=":memory:").complete([ask("user the cat assistant")])
    assert (asked.text, asked.prompt_tokens) == (plain.text, 4)


@pytest.mark.parametrize("family", ["bloom", "mpt", "mamba"])
def test_models_without_positions_or_a_window_answer_like_transformers(folder, tmp_path, family):
    import transformers

    size = {"vocab_size": len(WORDS), "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": None}
    kinds = {
        "bloom": ("Bloom", {"hidden_size": 32, "n_layer": 2, "n_head": 4}),
        "mpt": ("Mpt", {"d_model": 32, "n_layers": 2, "n_heads": 4, "max_seq_len": 48}),
        "mamba": ("Mamba", {"hidden_size": 32, "num_hidden_layers": 2, "state_size": 4}),
    }
    name, settings = kinds[family]
    torch.manual_seed(1)
    config = getattr(transformers, f"{name}Config")(**size, **settings, initializer_range=0.6)
    model = getattr(transformers, f"{name}ForCausalLM")(config).eval()
    model.save_pretrained(tmp_path)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(folder / file, tmp_path / file)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    texts = ["the cat", "a dog ran on the mat", "the dog"]
    replies = llm.local(tmp_path, batch_size=4, store=":memory:").complete(
        [ask(text, max_tokens=5) for text in texts]
    )
    for text, reply in zip(texts, replies, strict=True):
        ids = tokenizer(text, return_tensors="pt")["input_ids"]
        made = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=5, do_sample=False
        )[0, ids.shape[1] :]
        expected = tokenizer.decode([t for t in made.tolist() if t != 1], skip_special_tokens=True)
        assert (reply.text or "") == expected


def test_a_model_that_cannot_be_loaded_is_a_failure_that_says_why(folder, tmp_path):
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "config.json").write_text("{}")
    asked = [ask(f"the cat {n}") for n in range(5)]
    replies = llm.local(tmp_path, batch_size=2, store=":memory:").complete(asked)
    assert all("no model can be loaded from" in reply.error for reply in replies)


def test_a_temperature_left_out_is_that_of_the_protocol(folder):
    generator = Generator(str(folder))
    bodies = [ask("the", max_tokens=4, draw=n, **s).body("m")
              for s in ({"temperature": 1.0}, {"temperature": None, "top_p": None})
              for n in range(8)]  # fmt: skip
    texts = [reply["choices"][0]["message"]["content"] for reply in generator.replies(bodies)]
    assert len(set(texts[:8])) > 1
    assert len(set(texts[8:])) > 1  # drawn, not greedy


def test_other_weights_are_another_model(folder, tmp_path):
    model = LlamaForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        model.lm_head.weight.mul_(-1)
    model.save_pretrained(tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    one, two = llm.local(folder, store=":memory:"), llm.local(tmp_path, store=":memory:")
    assert one.server.provider != two.server.provider
    assert one.server.provider == llm.local(folder, store=":memory:").server.provider


def test_the_batch_has_a_size(folder):
    with pytest.raises(ValueError, match="batch_size must be 1 or more, got 0"):
        llm.local(folder, batch_size=0)


@pytest.mark.parametrize("template", [tune.ALPACA, tune.PLAIN])
def test_a_tuned_model_is_asked_as_it_was_trained(tmp_path, template):
    recipe = tune.Recipe(
        model=str(paths.base_model()),
        template=template,
        steps=30,
        batch_size=16,
        learning_rate=2e-3,
        max_tokens=160,
        checkpoints=None,
    )
    folder = tune.sft(testbed.pool(64), recipe, tmp_path / "tuned")
    asked = testbed.prompts(6).assign(input="")
    requests = [
        llm.Request(records.prompt(row), temperature=0, max_tokens=12)
        for row in asked.to_dict("records")
    ]
    replies = llm.local(folder, store=":memory:").complete(requests)
    said = tune.generate(folder, asked, max_new_tokens=12)
    assert [reply.text or "" for reply in replies] == said.tolist()


def test_messages_that_cannot_be_written_fail_alone(tmp_path):
    recipe = tune.Recipe(
        model=str(paths.base_model()), template=tune.PLAIN, steps=1, batch_size=2, checkpoints=None
    )
    client = llm.local(tune.sft(testbed.pool(4), recipe, tmp_path / "tuned"), store=":memory:")
    odd, good = (
        llm.Request([{"role": role, "content": "What is 2 plus 3?"}], temperature=0, max_tokens=4)
        for role in ("tool", "user")
    )
    broken, told = client.complete([odd, good])
    assert "cannot be written: no place for the role tool" in broken.error
    assert told.raw or told.text or told.error.startswith("empty")
