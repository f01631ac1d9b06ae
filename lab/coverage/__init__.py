"""What a subset covers and what it misses; distances are of the embedding, never of the map."""

from lab.coverage.clusters import clusters, names
from lab.coverage.export import save_map
from lab.coverage.gaps import Comparison, Gaps, compare, gaps
from lab.coverage.measures import (
    cluster_entropy,
    curve,
    density,
    facility_value,
    mean_distance,
    novelsum,
    overlap,
    radius,
    recall,
    stability,
    vendi,
)
from lab.coverage.neighbours import Neighbours, neighbours
from lab.coverage.project import place, project, trustworthiness
from lab.coverage.reach import Reach, by_cluster, reach
from lab.coverage.titles import titles

__all__ = [
    "Comparison",
    "Gaps",
    "Neighbours",
    "Reach",
    "by_cluster",
    "cluster_entropy",
    "clusters",
    "compare",
    "curve",
    "density",
    "facility_value",
    "gaps",
    "mean_distance",
    "names",
    "neighbours",
    "novelsum",
    "overlap",
    "place",
    "project",
    "radius",
    "reach",
    "recall",
    "save_map",
    "stability",
    "titles",
    "trustworthiness",
    "vendi",
]
