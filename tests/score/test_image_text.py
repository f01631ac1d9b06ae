import math

import numpy as np
import pytest

from lab import records, score
from lab.errors import DataError
from lab.score.image_text import sentences_of

SIZE = 16


@pytest.fixture(scope="module")
def clip(tmp_path_factory, request):
    """A tiny CLIP with random weights."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import (
        CLIPConfig,
        CLIPImageProcessorPil,
        CLIPModel,
        PreTrainedTokenizerFast,
    )

    folder = tmp_path_factory.mktemp("clip")
    words = ["<pad>", "<unk>", "a", "cat", "dog", "sits", "red", "blue", "mat", "<s>", "</s>"]
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 9), ("</s>", 10)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", bos_token="<s>"
    ).save_pretrained(folder)
    shape = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
    shape |= {"num_attention_heads": 2, "projection_dim": 8}
    text = shape | {"vocab_size": len(words), "max_position_embeddings": 12}
    text |= {"bos_token_id": 9, "eos_token_id": 10, "pad_token_id": 0}
    vision = shape | {"image_size": SIZE, "patch_size": 8}
    torch.manual_seed(0)
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=8)
    CLIPModel(config).save_pretrained(folder)
    CLIPImageProcessorPil(
        size={"shortest_edge": SIZE}, crop_size={"height": SIZE, "width": SIZE}
    ).save_pretrained(folder)
    return str(folder)


@pytest.fixture
def pictures(tmp_path):
    """Five rows with an image each."""
    from PIL import Image

    rng = np.random.default_rng(0)
    rows = []
    for number, text in enumerate(
        ["a cat sits", "a red cat. a blue dog.", "", "a dog. " * 12, "red mat . . blue mat"]
    ):
        file = tmp_path / f"{number}.png"
        Image.fromarray(rng.integers(0, 255, (20, 24, 3), dtype=np.uint8)).save(file)
        rows.append({"instruction": f"describe {number}", "output": text, "image": str(file)})
    return records.frame(rows)


def slow_score(folder, file, text):
    """The definition, one row and one sentence at a time."""
    import torch
    from PIL import Image
    from transformers import AutoTokenizer, CLIPImageProcessorPil, CLIPModel

    model = CLIPModel.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    processor = CLIPImageProcessorPil.from_pretrained(folder)
    vectors = []
    with torch.no_grad():
        pixels = processor(images=Image.open(file).convert("RGB"), return_tensors="pt")
        for sentence in [part.strip() for part in text.split(".") if part.strip()][:10]:
            told = model(**tokenizer(sentence, return_tensors="pt"), **pixels)
            vectors.append(told.text_embeds[0].numpy())
    return 100 * told.image_embeds[0].numpy() @ np.mean(vectors, axis=0) if vectors else math.nan


def test_equal_to_the_slow_definition(pictures, clip):
    found = score.image_text(pictures, model=clip)
    expected = [
        slow_score(clip, row["image"], row["output"]) if row["output"] else math.nan
        for _, row in pictures.iterrows()
    ]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert found.isna().tolist() == [False, False, True, False, False]
    assert found.name == "image_text"
    assert score.image_text(pictures[:0], model=clip).empty


def test_rows_at_once_and_their_order_do_not_matter(pictures, clip, monkeypatch):
    import sys

    first = score.image_text(pictures, model=clip)
    monkeypatch.setattr(sys.modules["lab.score.image_text"], "ROWS_AT_ONCE", 2)
    second = score.image_text(pictures[::-1], model=clip)
    np.testing.assert_allclose(second.loc[first.index], first, atol=1e-4)


def test_three_indicators(pictures, clip, reward_model):
    found = score.image_indicators(pictures, clip_model=clip, reward_model=reward_model)
    assert list(found.columns) == ["clip", "length", "reward"]
    assert found["length"].iloc[0] == pytest.approx(10 * len("a cat sits") / 1009)
    np.testing.assert_array_equal(found["clip"], score.image_text(pictures, model=clip))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("一只猫。它坐着。", ["一只猫", "它坐着"]),
        ("a.b", ["a", "b"]),
        ("a." * 12, ["a"] * 10),
    ],
)
def test_sentences(text, found):
    assert sentences_of(text) == found


def test_errors_say_which_row(pictures, clip, tmp_path, pool):
    with pytest.raises(DataError, match="need the column 'image'"):
        score.image_text(pool, model=clip)
    with pytest.raises(DataError, match=f"row {pictures.index[1]}, field 'image': no such image"):
        gone = pictures.assign(image=[pictures["image"].iloc[0], "nowhere.png", *[None] * 3])
        score.image_text(gone, model=clip)
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(DataError, match="not an image"):
        score.image_text(pictures.assign(image=str(tmp_path / "text.png")), model=clip)
