"""Texts to unit vectors: a sentence encoder, a causal model's hidden states, words, or a server."""

from lab.embed.endpoint import endpoint
from lab.embed.hidden import hidden
from lab.embed.lexical import lexical
from lab.embed.sentences import sentences
from lab.embed.texts import texts

__all__ = ["endpoint", "hidden", "lexical", "sentences", "texts"]
