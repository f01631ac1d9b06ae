"""Files that are made here: no package of a model is needed."""

import numpy as np
import pytest

from lab import errors, models
from lab.models.gguf import check, check_template, convert

gguf = pytest.importorskip("gguf", reason="GGUF files need the package gguf")
WORDS = ["<unk>", "<s>", "</s>", "a", "b", "▁", "▁a", "▁b", *(f"<0x{n:02X}>" for n in range(256))]
WIDTH, HEADS, LAYERS = 32, 2, 1
TEMPLATE = "{% for m in messages %}{{ m['content'] }}</s>{% endfor %}"


class Writer(gguf.GGUFWriter):
    """Writes other values than it is told, and leaves weights out."""

    def __init__(self, path, architecture, changed, lacking):
        self.changed, self.lacking = changed, lacking
        super().__init__(path, architecture)

    def add_key_value(self, key, value, *args, **kwargs):
        super().add_key_value(key, self.changed.get(key, value), *args, **kwargs)

    def add_tensor(self, name, tensor):
        if name not in self.lacking:
            super().add_tensor(name, tensor)


def written(path, *, architecture="llama", template=TEMPLATE, changed=None, lacking=(), tools=None):
    """A Llama of one layer, with random weights."""
    writer = Writer(path, architecture, changed or {}, lacking)
    if tools is not None:
        writer.add_string("tokenizer.chat_template.tool_use", tools)
    writer.add_context_length(64)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(2 * WIDTH)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(WORDS))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(WORDS)
    writer.add_token_scores([-float(place) for place in range(len(WORDS))])
    writer.add_token_types([2, 3, 3, *[1] * 5, *[6] * 256])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(template)
    draw = np.random.default_rng(0)
    shapes = {
        "token_embd.weight": (len(WORDS), WIDTH),
        "output.weight": (len(WORDS), WIDTH),
        "output_norm.weight": (WIDTH,),
        "blk.0.attn_norm.weight": (WIDTH,),
        "blk.0.ffn_norm.weight": (WIDTH,),
        **{f"blk.0.attn_{part}.weight": (WIDTH, WIDTH) for part in ("q", "k", "v", "output")},
        "blk.0.ffn_gate.weight": (2 * WIDTH, WIDTH),
        "blk.0.ffn_up.weight": (2 * WIDTH, WIDTH),
        "blk.0.ffn_down.weight": (WIDTH, 2 * WIDTH),
    }
    for name, shape in shapes.items():
        writer.add_tensor(name, draw.normal(scale=0.1, size=shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_gguf_file_becomes_a_folder_that_answers(tmp_path):
    import torch

    convert(written(tmp_path / "tiny.gguf"), tmp_path / "tiny")
    loaded = models.causal(tmp_path / "tiny", device="cpu")
    assert loaded.window == 64
    assert loaded.tokenizer.chat_template == TEMPLATE
    assert (loaded.tokenizer.eos_token, loaded.model.generation_config.eos_token_id) == ("</s>", 2)
    raw = gguf.GGUFReader(tmp_path / "tiny.gguf")
    table = next(each for each in raw.tensors if each.name == "token_embd.weight").data
    with torch.inference_mode():
        kept = loaded.model.get_input_embeddings().weight.numpy()
    assert np.array_equal(kept, table)


def test_a_file_that_was_cut_off_is_refused(tmp_path):
    whole = written(tmp_path / "whole.gguf").read_bytes()
    for share in (0.01, 0.2, 0.5, 0.99):
        path = tmp_path / "cut.gguf"
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(errors.ModelError, match=r"cut.gguf is cut off"):
            check(path)
        with pytest.raises(errors.ModelError, match=r"cut.gguf is cut off"):
            convert(path, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_another_kind_of_file_is_refused(tmp_path):
    (tmp_path / "a.gguf").write_bytes(b"\x80\x04\x95pickle")
    with pytest.raises(errors.ModelError, match=r"is not a GGUF file: it starts with b'.x80"):
        check(tmp_path / "a.gguf")


def test_another_architecture_is_refused(tmp_path):
    path = written(tmp_path / "odd.gguf", architecture="rwkv9")
    with pytest.raises(errors.ModelError, match="architecture 'rwkv9'; transformers reads .*llama"):
        check(path)


HOSTILE = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ messages | attr('__class__') }}",
    "{% for m in messages %}{{ cycler.__init__.__globals__.os.system('touch x') }}{% endfor %}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}{{ os.system('id') }}",
    "{% for m in messages %}",
]


@pytest.mark.parametrize("template", HOSTILE)
def test_a_hostile_template_is_refused_and_never_rendered(tmp_path, template, monkeypatch):
    import jinja2

    def rendered(*_, **__):
        raise AssertionError("a template was rendered")

    monkeypatch.setattr(jinja2.Template, "render", rendered)
    with pytest.raises(errors.ModelError, match=r"chat template of bad.gguf"):
        convert(written(tmp_path / "bad.gguf", template=template), tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_template_for_tools_is_looked_at_too(tmp_path):
    with pytest.raises(errors.ModelError, match="reaches for '__subclasses__'"):
        check(written(tmp_path / "a.gguf", tools=HOSTILE[0]))


CLAIMS = {
    "llama.block_count": (2**31 - 1, "claims 2147483647 layers, with 12 weights"),
    "llama.embedding_length": (2**30, "claims embedding_length 1073741824; no weight is wider"),
    "llama.feed_forward_length": (2**30, "claims feed_forward_length 1073741824"),
    "llama.vocab_size": (2**31 - 1, "its metadata and its weights differ in size"),
    "llama.attention.head_count": (0, "cannot be converted: integer division"),
    "tokenizer.ggml.model": ("os.system", "tokenizer 'os.system'"),
    "tokenizer.ggml.eos_token_id": (10**6, "cannot be converted: list index out of range"),
}


@pytest.mark.filterwarnings("ignore:.*eos_token_id")
@pytest.mark.parametrize("key", CLAIMS)
def test_metadata_that_the_weights_belie_are_an_error_not_a_model(tmp_path, key):
    value, message = CLAIMS[key]
    path = written(tmp_path / "a.gguf", changed={key: value})
    with pytest.raises(errors.ModelError, match=message):
        convert(path, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_weights_that_are_not_there_are_not_drawn_at_random(tmp_path):
    path = written(tmp_path / "a.gguf", lacking=["blk.0.ffn_up.weight"])
    with pytest.raises(errors.ModelError, match=r"lacks 1 weights, .*layers.0.mlp.up_proj"):
        convert(path, tmp_path / "model")


def test_ordinary_templates_pass():
    check_template(
        "{%- for m in messages %}{% generation %}{{ m.content | trim }}{% endgeneration %}"
        "{% if loop.last %}{% break %}{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}{{ raise_exception('no __init__ here') }}{% endif %}",
        "model",
    )
