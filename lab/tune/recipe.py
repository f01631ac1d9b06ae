"""The set-up of a fine-tuning: everything that a paper can set, and nothing about the data.

Source: the fields are those that LIMA (arXiv:2305.11206, section 3) and AlpaGasus
(arXiv:2307.08701, table 5) report; `lab.tune.presets` holds their values.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from lab import hashing
from lab.tune.structure import Thinking
from lab.tune.templates import ALPACA, ChatTemplate, Template, TextTemplate


@dataclass(frozen=True)
class Lora:
    """Low-rank adapters instead of full weights (arXiv:2106.09685); merged when finished.

    Examples
    --------
    >>> Recipe(model="gpt2", epochs=3, lora=Lora(rank=8)).lora.rank
    8
    """

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    target_modules: tuple[str, ...] = ()  # empty: every linear layer but the head
    merge: bool = True  # False leaves the adapter beside the name of its base model


@dataclass(frozen=True)
class Checkpoints:
    """When to write the weights of an unfinished run, and how many of them stay.

    The optimizer's state is kept for the newest checkpoint only: it is what a killed run goes on
    from. All weights are kept by default, to choose among by the quality of what they write.

    Examples
    --------
    >>> when = Checkpoints(every_steps=100, keep=2)
    >>> Recipe(model="gpt2", steps=300, checkpoints=when).checkpoints
    Checkpoints(every_steps=100, keep=2, resumable=True)
    """

    every_steps: int | None = None  # None: after each epoch
    keep: int | None = None  # None: all of them
    resumable: bool = True  # False saves weights only: a killed run starts again


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to fine-tune: a base model, a template, and the numbers of a training run.

    Exactly one of `epochs` and `steps` is given. `batch_size` counts examples in one update of
    the weights, over all devices and micro-batches, as papers report it.

    Examples
    --------
    >>> recipe = Recipe(model="gpt2", epochs=3, learning_rate=1e-5)
    >>> recipe.batch_size, recipe.max_tokens
    (32, 512)
    """

    model: str  # folder or hub name of a causal language model
    template: Template = ALPACA
    end_of_turn: str | None = None  # None: the tokenizer's, or what the chat template writes
    train_history: bool = False  # also train on the assistant turns before the last exchange
    thinking: Thinking = "train"  # "mask": in the text, without a loss; "drop": not in the text
    thinking_in_history: bool = True  # give that of earlier turns to the template, or leave it out
    max_tokens: int = 512
    trim: bool = False  # cut a longer answer at max_tokens (counted) instead of leaving it out

    epochs: int | None = None
    steps: int | None = None
    batch_size: int = 32
    micro_batches: int = 1  # parts of a batch held in memory one after the other
    order: Literal["random", "given"] = "random"  # "given": each epoch in the subset's order
    packing: bool = False  # join examples into full rows; attention stays inside an example

    learning_rate: float = 2e-5
    last_learning_rate: float = 0.0  # what linear and cosine schedules end at
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup_ratio: float = 0.0  # share of the steps
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0

    last_layer_dropout: float = 0.0  # residual dropout, 0 at the first layer, rising linearly
    neftune_alpha: float | None = None  # noise on embeddings (arXiv:2310.05914)
    lora: Lora | None = None
    bf16: bool = False
    checkpoints: Checkpoints | None = field(default_factory=Checkpoints)  # None: the end only
    seed: int = 0

    def __post_init__(self) -> None:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError(
                f"give exactly one of epochs and steps, got epochs={self.epochs}, "
                f"steps={self.steps}"
            )
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"{name} must be at least {least}, got {value}")
        if self.thinking not in ("train", "mask", "drop"):
            raise ValueError(f"thinking must be train, mask or drop, got {self.thinking!r}")
        if self.order not in ("random", "given"):
            raise ValueError(f"order must be random or given, got {self.order!r}")
        for name in ("warmup_ratio", "last_layer_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be in [0, 1), got {getattr(self, name)}")
        if self.batch_size % self.micro_batches:
            raise ValueError(
                f"micro_batches must divide the batch_size of {self.batch_size}, "
                f"got {self.micro_batches}"
            )
        if self.learning_rate <= 0 or not 0 <= self.last_learning_rate <= self.learning_rate:
            raise ValueError(
                "learning rates must be 0 <= last_learning_rate <= learning_rate, got "
                f"{self.last_learning_rate} and {self.learning_rate}"
            )

    def params(self) -> Mapping[str, Any]:
        """Return every field as plain JSON values, for a run's record or its hash."""
        return asdict(self)

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> "Recipe":
        """Return the recipe that `params` came from, also after a way through JSON."""
        fields = dict(params)
        form = fields["template"]
        fields["template"] = (TextTemplate if "prompt" in form else ChatTemplate)(**form)
        fields["betas"] = tuple(fields["betas"])
        if fields["checkpoints"] is not None:
            fields["checkpoints"] = Checkpoints(**fields["checkpoints"])
        if fields["lora"] is not None:
            modules = tuple(fields["lora"]["target_modules"])
            fields["lora"] = Lora(**{**fields["lora"], "target_modules": modules})
        return cls(**fields)

    def fingerprint(self) -> str:
        """Return a hash of every field: equal for equal recipes."""
        return hashing.digest(self.params(), digits=hashing.ID_DIGITS)


_LEAST = {
    "epochs": 1,
    "steps": 1,
    "batch_size": 1,
    "micro_batches": 1,
    "max_tokens": 2,
    "weight_decay": 0,
    "max_grad_norm": 0,
    "neftune_alpha": 0,
}
