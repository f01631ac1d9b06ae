"""Published set-ups as recipes; `dataclasses.replace` changes a field, such as the model's folder.

What a source does not state is left at the default of `Recipe`, and said so beside it.
"""

from lab import paths
from lab.tune.recipe import Recipe
from lab.tune.templates import PLAIN

testbed = Recipe(
    model=str(paths.base_model()),
    template=PLAIN,
    epochs=6,
    batch_size=32,
    learning_rate=1e-3,
    schedule="linear",
    max_tokens=192,
    checkpoints=None,
)
