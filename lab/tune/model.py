"""A base model and its tokenizer, made ready: end-of-turn token, padding, dropout, adapters.

Source: residual dropout that rises with depth is LIMA's (arXiv:2305.11206, section 3), after
Ouyang et al.: element-wise dropout on what each sublayer adds to the residual stream.
"""

from pathlib import Path
from typing import Any

from lab import models
from lab.errors import MissingPackageError, TuneError
from lab.tune.recipe import Lora, Recipe
from lab.tune.templates import ChatTemplate, render

PAD = "<|pad|>"
PROBE = "winnow probe"


def load(name: str, *, bf16: bool = False) -> tuple[Any, Any]:
    """Return the model and the tokenizer of a folder or name, in fp32 unless `bf16`, on the CPU.

    Raises
    ------
    ModelError
        If there is no such model.
    """
    loaded = models.causal(name, device="cpu", dtype="bfloat16" if bf16 else "float32")
    return loaded.model, loaded.tokenizer


def pad_id(tokenizer: Any) -> int:
    """Return what fills the end of a row in a batch; never looked at, so any token will do."""
    return 0 if tokenizer.pad_token_id is None else int(tokenizer.pad_token_id)


def end_of_turn(recipe: Recipe, tokenizer: Any) -> str:
    """Return the token that ends an answer: the recipe's, the chat template's or the tokenizer's.

    Raises
    ------
    TuneError
        If none can be found.
    """
    if recipe.end_of_turn is not None:
        return recipe.end_of_turn
    if isinstance(recipe.template, ChatTemplate):
        return _written_end(recipe.template, tokenizer)
    if tokenizer.eos_token is None:
        raise TuneError("the tokenizer has no end-of-sequence token; name one in end_of_turn")
    return str(tokenizer.eos_token)


def add_tokens(model: Any, tokenizer: Any, end: str) -> None:
    """Make `end` the stop token and give the tokenizer a padding token that is not it.

    New tokens start from the mean of the old embeddings. Tokenizer, model and generation set-up
    are changed in place.
    """
    tokenizer.add_special_tokens({"eos_token": end})
    if tokenizer.pad_token is None or tokenizer.pad_token == end:
        spare = tokenizer.unk_token
        pad = spare if spare is not None and spare != end else PAD
        tokenizer.add_special_tokens({"pad_token": pad})
    before = model.get_input_embeddings().num_embeddings
    if len(tokenizer) > before:
        _grow(model, before, len(tokenizer))
    for settings in (model.config, model.generation_config):
        settings.eos_token_id = tokenizer.eos_token_id
        settings.pad_token_id = tokenizer.pad_token_id


def add_residual_dropout(model: Any, last: float) -> None:
    """Drop elements of what layer i adds with probability last x i / (layers - 1), in training.

    Raises
    ------
    TuneError
        If the model's layers have no `self_attn` and `mlp` (they are not Llama-like).
    """
    from torch.nn.functional import dropout

    layers = getattr(model.get_decoder(), "layers", None)
    if layers is None or not all(hasattr(x, "self_attn") and hasattr(x, "mlp") for x in layers):
        raise TuneError(
            "last_layer_dropout needs layers with self_attn and mlp; "
            f"{type(model).__name__} has none"
        )
    for depth, layer in enumerate(layers):
        p = last * depth / max(len(layers) - 1, 1)

        def drop(module: Any, _: Any, output: Any, p: float = p) -> Any:
            if not isinstance(output, tuple):
                return dropout(output, p, training=module.training)
            return (dropout(output[0], p, training=module.training), *output[1:])

        for sublayer in (layer.self_attn, layer.mlp):
            sublayer.register_forward_hook(drop)


def add_lora(model: Any, lora: Lora, *, new_tokens: list[int], seed: int) -> Any:
    """Return `model` with adapters, drawn by `seed`; rows of new tokens are trained beside them."""
    try:
        import peft
    except ImportError:
        raise MissingPackageError("peft", needed_by="Recipe.lora") from None

    tied = bool(getattr(model.config, "tie_word_embeddings", False))
    names = ["embed_tokens"] if tied else ["embed_tokens", "lm_head"]
    config = peft.LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.target_modules) or "all-linear",
        trainable_token_indices=dict.fromkeys(names, new_tokens) if new_tokens else None,
        task_type="CAUSAL_LM",
    )
    return models.with_adapters(model, config, seed=seed)


def save(model: Any, tokenizer: Any, folder: Path, *, weights: Any = None) -> None:
    """Write the tokenizer and the weights, the model's own or these, to `folder`."""
    with models.no_bars():
        model.save_pretrained(folder, state_dict=weights)
    tokenizer.save_pretrained(folder)


def _written_end(template: ChatTemplate, tokenizer: Any) -> str:
    if template.text is None and not tokenizer.chat_template:
        raise TuneError(
            "the tokenizer has no chat template; use tune.ALPACA, or give "
            "tune.templates.ChatTemplate(text=...)"
        )
    messages = [
        {"role": "user", "content": PROBE},
        {"role": "assistant", "content": PROBE},
    ]
    text = render(template, tokenizer, messages, ask=False)
    ending = text.rpartition(PROBE)[2]
    special = {str(token) for token in tokenizer.get_added_vocab()} | set(
        tokenizer.all_special_tokens
    )
    written = [token for token in special if token and token in ending]
    if PROBE not in text:
        raise TuneError(
            f"the chat template {template.name!r} does not write the messages that it is given: "
            f"{text!r}"
        )
    if not written:
        raise TuneError(
            f"the chat template {template.name!r} ends an answer with {ending!r}, which holds no "
            "special token to stop at; name one in end_of_turn"
        )
    return min(written, key=lambda token: (ending.index(token), -len(token)))


def _grow(model: Any, before: int, after: int) -> None:
    import torch

    model.resize_token_embeddings(after, mean_resizing=False)
    with torch.no_grad():
        for module in (model.get_input_embeddings(), model.get_output_embeddings()):
            if module is not None:
                module.weight[before:] = module.weight[:before].mean(dim=0)
