"""Task sets as instruction data: definitions, templates and labels instead of conversations.

Each reader gives a `Loaded` with the columns `task`, `template` and `inverted`. How the tasks are
mixed is `select.stratified(pool["task"], …)`: temperatures and quotas are rates and caps.
"""

from lab.load.tasks.forms import BARE, Form
from lab.load.tasks.labelled import labelled
from lab.load.tasks.natural_instructions import natural_instructions
from lab.load.tasks.promptsource import promptsource

__all__ = ["BARE", "Form", "labelled", "natural_instructions", "promptsource"]
