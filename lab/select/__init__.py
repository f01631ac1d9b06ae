"""Choosing the few: every method sees arrays only and returns its picks in order."""

from lab.select.baselines import longest, random, top
from lab.select.clustered import agglomerative_centres, car, centres, kmeans
from lab.select.deita import deita
from lab.select.facility import facility
from lab.select.kcenter import kcenter, medoid
from lab.select.learned import learn_value, learned
from lab.select.matched import matched
from lab.select.mining import best_size, instruction_mining
from lab.select.novel import novelsum
from lab.select.s1 import s1
from lab.select.selection import Selection
from lab.select.sets import graphfilter, instag
from lab.select.stratified import stratified
from lab.select.tradeoff import dpp, mmr

__all__ = [
    "Selection",
    "agglomerative_centres",
    "best_size",
    "car",
    "centres",
    "deita",
    "dpp",
    "facility",
    "graphfilter",
    "instag",
    "instruction_mining",
    "kcenter",
    "kmeans",
    "learn_value",
    "learned",
    "longest",
    "matched",
    "medoid",
    "mmr",
    "novelsum",
    "random",
    "s1",
    "stratified",
    "top",
]
