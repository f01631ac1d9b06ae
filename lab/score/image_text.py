"""How well a text fits its image, for pools with an image column.

Source: Wei et al. 2023, arXiv:2308.12067 (InstructionGPT-4), the indicators in its released code.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab import models
from lab.errors import DataError, MissingPackageError
from lab.score.reward import reward

SENTENCES = 10
LONGEST_CAPTION = 1009  # characters of the longest caption in the authors' pool
ROWS_AT_ONCE = 32


def image_text(pool: pd.DataFrame, *, model: str, device: str | None = None) -> "pd.Series[float]":
    """CLIP score of the output for its image, -100 to 100; higher fits better.

    A hundred times the product of the image's unit vector and the mean of the unit vectors of
    the output's first ten sentences, parted at full stops. NaN for an output without a sentence.

    Source: Wei et al. 2023, arXiv:2308.12067, with CLIP (arXiv:2103.00020).
    Cost: one image and up to ten short texts through CLIP per row.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples with a column `image`, the path of a file.
    model : str
        Hub name or folder of a CLIP model; the authors' is
        `laion/CLIP-ViT-bigG-14-laion2B-39B-b160k`.
    device : str, optional
        As torch names it; the default is a GPU if there is one.

    Raises
    ------
    DataError
        If there is no column `image`, or a file is missing or no image.

    Examples
    --------
    >>> from lab import load  # the model is downloaded
    >>> pool = load.sharegpt("pictures.jsonl").pool  # doctest: +SKIP
    >>> image_text(pool, model="openai/clip-vit-base-patch32").name  # doctest: +SKIP
    'image_text'
    """
    import torch
    from transformers import AutoImageProcessor, AutoModel

    files = _files(pool)
    loaded = models.load(model, AutoModel, device=device, dtype="float32")
    clip, tokenizer, device = loaded.model, loaded.tokenizer, loaded.device
    images_of: Any = AutoImageProcessor
    processor = images_of.from_pretrained(models.find(model), backend="pil")
    window = clip.config.text_config.max_position_embeddings
    values: list[float] = []
    for start in range(0, len(pool), ROWS_AT_ONCE):
        part = pool.iloc[start : start + ROWS_AT_ONCE]
        images = [_open(files[key], key) for key in part.index]
        sentences = [sentences_of(text) for text in part["output"]]
        with torch.inference_mode():
            pixels = processor(images=images, return_tensors="pt").to(device)
            seen = _units(clip.get_image_features(**pixels))
            flat = [sentence for row in sentences for sentence in row]
            read = np.zeros((0, seen.shape[1]))
            if flat:
                sent = tokenizer(
                    flat, padding=True, truncation=True, max_length=window, return_tensors="pt"
                ).to(device)
                read = _units(clip.get_text_features(**sent))
        values += _scores(seen, read, [len(row) for row in sentences])
    return pd.Series(values, index=pool.index, name="image_text", dtype="float64")


def image_indicators(
    pool: pd.DataFrame, *, clip_model: str, reward_model: str, device: str | None = None
) -> pd.DataFrame:
    """Three traits of an image's text, `clip`, `length` and `reward`; higher is better.

    `length` is ten times the characters of the output over 1,009. A language model's rating, the
    fourth, is what `rating` gives with a prompt of one's own.

    Source: Wei et al. 2023, arXiv:2308.12067 (InstructionGPT-4).
    Cost: `image_text` and `reward`.

    Parameters
    ----------
    pool : DataFrame
        As in `image_text`.
    clip_model, reward_model : str
        As in `image_text` and `reward`.
    device : str, optional
        As torch names it; the default is a GPU if there is one.

    Examples
    --------
    >>> from lab import load  # the models are downloaded
    >>> pool = load.sharegpt("pictures.jsonl").pool  # doctest: +SKIP
    >>> models = {"clip_model": "openai/clip-vit-base-patch32", "reward_model": "a reward model"}
    >>> table = image_indicators(pool, **models)  # doctest: +SKIP
    """
    return pd.DataFrame(
        {
            "clip": image_text(pool, model=clip_model, device=device),
            "length": 10 * pool["output"].str.len().astype("float64") / LONGEST_CAPTION,
            "reward": reward(pool, model=reward_model, device=device),
        }
    )


def sentences_of(text: str) -> list[str]:
    """Return up to ten sentences, parted at full stops; empty ones are none.

    Examples
    --------
    >>> sentences_of("A cat. It sits.")
    ['A cat', 'It sits']
    """
    parts = [part.strip() for part in text.replace("。", ".").split(".")]
    return [part for part in parts if part][:SENTENCES]


def _files(pool: pd.DataFrame) -> dict[str, Path]:
    if "image" not in pool.columns:
        raise DataError(f"image scores need the column 'image'; the pool has {list(pool.columns)}")
    files = {}
    for key, name in pool["image"].items():
        if not isinstance(name, str | Path) or not Path(name).is_file():
            raise DataError("no such image file", row=str(key), field="image", value=name)
        files[str(key)] = Path(name)
    return files


def _open(path: Path, key: str) -> Any:
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise MissingPackageError("pillow", needed_by="score.image_text") from error
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise DataError("not an image", file=path, row=key, field="image") from error


def _units(features: Any) -> NDArray[np.float64]:
    """Return unit rows, whatever form the features come in."""
    rows = features if hasattr(features, "norm") else features.pooler_output
    unit: NDArray[np.float64] = (rows / rows.norm(dim=-1, keepdim=True)).double().cpu().numpy()
    return unit


def _scores(
    seen: NDArray[np.float64], read: NDArray[np.float64], counts: Sequence[int]
) -> list[float]:
    """Return 100 times each image's product with the mean of its own sentences."""
    ends = np.cumsum(counts)
    return [
        float(100 * image @ read[end - count : end].mean(0)) if count else math.nan
        for image, end, count in zip(seen, ends, counts, strict=True)
    ]
