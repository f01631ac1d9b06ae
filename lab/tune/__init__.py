"""Fine-tune a causal language model on a pool, and let it answer.

`sft` writes a folder with the tuned model and `tune.json`, what was done; `generate` answers
prompts with the model in a folder.
"""

from lab.tune.decode import Decoding
from lab.tune.generate import generate
from lab.tune.recipe import Checkpoints, Lora, Recipe
from lab.tune.sft import sft
from lab.tune.templates import ALPACA, CHAT, PLAIN, ChatTemplate, TextTemplate

__all__ = [
    "ALPACA",
    "CHAT",
    "PLAIN",
    "ChatTemplate",
    "Checkpoints",
    "Decoding",
    "Lora",
    "Recipe",
    "TextTemplate",
    "generate",
    "sft",
]
