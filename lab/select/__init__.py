"""Choosing the few: every method sees arrays only and returns its picks in order."""

from lab.select.baselines import longest, random, top
from lab.select.kcenter import kcenter
from lab.select.selection import Selection
from lab.select.stratified import stratified

__all__ = ["Selection", "kcenter", "longest", "random", "stratified", "top"]
