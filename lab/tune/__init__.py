"""Fine-tune a causal language model on a pool, and let it answer.

`sft` writes a folder with the tuned model and `tune.json`, what was done; `generate` answers
prompts with the model in a folder. Around them: `estimate` before, `choose` and `dev_loss` among
checkpoints, `launch_line` for several GPUs, `presets` for what papers did.
"""

from lab.models import Decoding
from lab.tune import presets, templates
from lab.tune.checkpoints import choose
from lab.tune.estimate import estimate
from lab.tune.generate import completions, generate
from lab.tune.launch import launch_line
from lab.tune.loss import answer_losses, dev_loss
from lab.tune.recipe import Checkpoints, Lora, Recipe
from lab.tune.sft import sft
from lab.tune.templates import ALPACA, CHAT, PLAIN

__all__ = [
    "ALPACA",
    "CHAT",
    "PLAIN",
    "Checkpoints",
    "Decoding",
    "Lora",
    "Recipe",
    "answer_losses",
    "choose",
    "completions",
    "dev_loss",
    "estimate",
    "generate",
    "launch_line",
    "presets",
    "sft",
    "templates",
]
