"""Texts to unit vectors: a sentence encoder, a causal model's hidden states, words, or a server.

What a model makes is stored, and comes as an `Embedding`: `vectors`, and how many were made, found
and truncated. Words need no model: `lexical` gives its vectors straight away, and so does `static`
from a table of token vectors, which `distil` makes of an encoder and `lexical_table` of texts.
"""

from lab.embed.distil import distil
from lab.embed.endpoint import endpoint
from lab.embed.hidden import hidden
from lab.embed.lexical import lexical
from lab.embed.lexical_table import lexical_table
from lab.embed.sentences import sentences
from lab.embed.static import static
from lab.embed.texts import texts, vectors_of
from lab.embed.vectors import Embedding
from lab.embed.weighted_hidden import weighted_hidden

__all__ = [
    "Embedding",
    "distil",
    "endpoint",
    "hidden",
    "lexical",
    "lexical_table",
    "sentences",
    "static",
    "texts",
    "vectors_of",
    "weighted_hidden",
]
