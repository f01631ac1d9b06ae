"""Language models and encoders by folder or hub name: find, load, identify, generate.

What every step needs of a language model or an encoder, once: `find` and `identity`, `causal` and
`load`, the head on wanted positions (`only_at`), and one decoding loop (`decode`).
"""

from lab.models.adapters import with_adapters
from lab.models.decode import Decoding, Job, Written, decode
from lab.models.head import head_of, only_at, states_at
from lab.models.load import Loaded, accepted, best_device, causal, load, no_bars, tokenizer, window
from lab.models.place import find, identity, origin

__all__ = [
    "Decoding",
    "Job",
    "Loaded",
    "Written",
    "accepted",
    "best_device",
    "causal",
    "decode",
    "find",
    "head_of",
    "identity",
    "load",
    "no_bars",
    "only_at",
    "origin",
    "states_at",
    "tokenizer",
    "window",
    "with_adapters",
]
