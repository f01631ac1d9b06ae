"""Published set-ups as recipes, and ours for the testbed.

`dataclasses.replace(presets.lima, model="folder/of/weights")` puts your copy of the weights in: the
models are named here as the papers name them. What a source does not state stays at the default of
`Recipe`, which is that of `transformers.Trainer`.
"""

from lab import paths
from lab.models.decode import Decoding
from lab.tune.recipe import Lora, Recipe
from lab.tune.templates import ALPACA, PLAIN

# LIMA (arXiv:2305.11206, section 3), as told by two readings of the paper: batch 64 and a dropout
# of 0.2 for models smaller than 65B. Not stated there: whether the prompt is trained on (here it is
# not), gradient clipping, precision. Checkpoints were picked by hand among epochs 5 to 10 by what
# they write on 50 development prompts: see `tune.choose`.
lima = Recipe(
    model="llama-65b",
    template=PLAIN,
    end_of_turn="<|end_of_turn|>",
    train_history=True,
    max_tokens=2048,
    trim=True,
    epochs=15,
    batch_size=32,
    learning_rate=1e-5,
    last_learning_rate=1e-6,
    schedule="linear",
    betas=(0.9, 0.95),
    weight_decay=0.1,
    last_layer_dropout=0.3,
    bf16=True,
)
# The same section: one sample, at most 2,048 tokens.
lima_decoding = Decoding(temperature=0.7, top_p=0.9, repetition_penalty=1.2)

# AlpaGasus (arXiv:2307.08701, table 5; gpt4life/alpagasus, training/train_7b.sh): 4 GPUs x 4
# examples x 8 steps of accumulation; Alpaca's template and its length of 512, longer texts cut.
alpagasus_7b = Recipe(
    model="llama-7b",
    template=ALPACA,
    max_tokens=512,
    trim=True,
    epochs=3,
    batch_size=128,
    micro_batches=8,
    learning_rate=2e-5,
    schedule="cosine",
    warmup_ratio=0.03,
    weight_decay=0.0,
    bf16=True,
)
# The same table; training/train_13b.sh: 8 GPUs x 2 examples x 8 steps of accumulation.
alpagasus_13b = Recipe(
    model="llama-13b",
    template=ALPACA,
    max_tokens=512,
    trim=True,
    epochs=5,
    batch_size=128,
    micro_batches=8,
    learning_rate=1e-5,
    schedule="cosine",
    warmup_ratio=0.03,
    weight_decay=0.0,
    bf16=True,
)
# The set-up of LTD's authors (arXiv:2305.09246) is not known to us. These are the numbers of a
# public follow-up that says it follows them (for-ai/iterative-data-selection at f897744,
# scripts/finetune_galactica_with_accelerate.sh). The template is our choice. Examples are limited
# by the model's window, too, where that is shorter.
ltd = Recipe(
    model="facebook/galactica-1.3b",
    template=PLAIN,
    max_tokens=4096,
    trim=True,
    epochs=3,
    batch_size=128,
    micro_batches=8,
    learning_rate=1e-4,
    schedule="linear",
    warmup_ratio=0.03,
    lora=Lora(rank=64, alpha=16, dropout=0.1),
)
# Ours: some hundred to some thousand short examples on one CPU core, in seconds.
testbed = Recipe(
    model=str(paths.base_model()),
    template=PLAIN,
    end_of_turn="<|end_of_turn|>",  # in the base model's vocabulary, but never in its documents
    max_tokens=192,
    epochs=6,
    batch_size=32,
    micro_batches=2,  # halves the padding; more parts cost more than they save at this size
    learning_rate=1e-3,
    schedule="linear",
    checkpoints=None,
)
