"""Scores: one number per example, under its paper's name, scale and direction."""

from lab.score.length import length, length_tokens

__all__ = ["length", "length_tokens"]
