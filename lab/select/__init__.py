"""Choosing the few: every method sees arrays only and returns its picks in order."""

from lab.select.baselines import longest, random, top
from lab.select.clustered import agglomerative_centres, car, centres, kmeans
from lab.select.compare import compare
from lab.select.deita import deita
from lab.select.doubly_greedy import doubly_greedy
from lab.select.dsir import dsir
from lab.select.facility import facility
from lab.select.kcenter import kcenter, medoid
from lab.select.learned import learn_value, learned
from lab.select.matched import matched
from lab.select.mig import mig
from lab.select.mining import best_size, instruction_mining
from lab.select.nearest import nearest
from lab.select.novel import novelsum
from lab.select.qdit import qdit
from lab.select.round_robin import round_robin
from lab.select.s1 import s1
from lab.select.selection import Selection
from lab.select.sets import graphfilter, instag
from lab.select.sharded import kcenter_shards, kcenter_two_rounds
from lab.select.stratified import stratified
from lab.select.tradeoff import dpp, mmr
from lab.select.tsds import tsds
from lab.select.uot import uot
from lab.select.zip import zip  # noqa: A004 - the name under which it was published

__all__ = [
    "Selection",
    "agglomerative_centres",
    "best_size",
    "car",
    "centres",
    "compare",
    "deita",
    "doubly_greedy",
    "dpp",
    "dsir",
    "facility",
    "graphfilter",
    "instag",
    "instruction_mining",
    "kcenter",
    "kcenter_shards",
    "kcenter_two_rounds",
    "kmeans",
    "learn_value",
    "learned",
    "longest",
    "matched",
    "medoid",
    "mig",
    "mmr",
    "nearest",
    "novelsum",
    "qdit",
    "random",
    "round_robin",
    "s1",
    "stratified",
    "top",
    "tsds",
    "uot",
    "zip",
]
