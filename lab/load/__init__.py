"""Files to pools, and pools to files: nothing is lost on the way.

Each reader gives a `Loaded`: the pool, and every refused row with its line and its reason.
"""

from lab.load import prompt_sets, save
from lab.load.alpaca import alpaca
from lab.load.loaded import Loaded
from lab.load.messages import messages
from lab.load.saved import saved

__all__ = ["Loaded", "alpaca", "messages", "prompt_sets", "save", "saved"]
