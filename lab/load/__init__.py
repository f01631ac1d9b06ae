"""Files to pools, and pools to files: nothing is lost on the way.

Each reader gives a `Loaded`: the pool, and every refused row with its line and its reason. `auto`
finds the format out; a new format is one module with one reader, one line here, and one in `auto`.
"""

from lab.load import prompt_sets, save, tasks
from lab.load.alpaca import alpaca
from lab.load.auto import auto
from lab.load.dolly import dolly
from lab.load.hub import dataset, hub, hub_parts, parts, to_dataset
from lab.load.loaded import Loaded
from lab.load.messages import messages
from lab.load.oasst import oasst
from lab.load.preference import preference
from lab.load.prompt_completion import prompt_completion
from lab.load.prompts import prompts
from lab.load.reddit import reddit
from lab.load.responses import responses
from lab.load.saved import saved
from lab.load.self_instruct import self_instruct
from lab.load.sharegpt import sharegpt
from lab.load.stack_exchange import stack_exchange
from lab.load.wikihow import wikihow

__all__ = [
    "Loaded",
    "alpaca",
    "auto",
    "dataset",
    "dolly",
    "hub",
    "hub_parts",
    "messages",
    "oasst",
    "parts",
    "preference",
    "prompt_completion",
    "prompt_sets",
    "prompts",
    "reddit",
    "responses",
    "save",
    "saved",
    "self_instruct",
    "sharegpt",
    "stack_exchange",
    "tasks",
    "to_dataset",
    "wikihow",
]
